package alsa

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Use is who uses a card at the moment, and how.
type Use struct {
	Programs []Program // that have a device of the card open, but this one
	Streams  []Stream  // that are open
}

// Program is a running program that has devices of a card open.
type Program struct {
	PID     int
	Name    string // as the kernel has it, up to 15 letters
	Args    []string
	Devices []string // "controlC0", "pcmC0D0p"
}

// ReadsPeaks reports whether the program is one that reads an Envy24's meters.
func (p Program) ReadsPeaks() bool { return p.Name == "envy24control" || p.Name == "mudita24" }

// Stream is an open PCM stream. A figure that the kernel does not show is 0.
type Stream struct {
	Capture  bool
	PID      int // of its owner
	RateHz   int
	Channels int
	Block    int // frames of a period
	Buffer   int // frames of all periods
}

// readUse looks through the folders of the kernel: devices is /dev/snd, card is
// /proc/asound/cardN. Programs of other users are seen only by what they play
// or record.
func readUse(devices, card string, number int) Use {
	var u Use
	names, _ := filepath.Glob(filepath.Join(card, "pcm*[pc]", "sub*", "hw_params"))
	for _, name := range names {
		params, _ := os.ReadFile(name)
		status, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "status"))
		if s, open := parseStream(string(params), string(status)); open {
			s.Capture = strings.HasSuffix(filepath.Dir(filepath.Dir(name)), "c")
			u.Streams = append(u.Streams, s)
		}
	}
	var files []os.FileInfo
	for _, pattern := range []string{"controlC%d", "pcmC%dD*", "midiC%dD*", "hwC%dD*"} {
		names, _ := filepath.Glob(filepath.Join(devices, fmt.Sprintf(pattern, number)))
		for _, name := range names {
			if f, err := os.Stat(name); err == nil {
				files = append(files, f)
			}
		}
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		pid, _ := strconv.Atoi(filepath.Base(process))
		held := heldDevices(process, files)
		for _, s := range u.Streams {
			if s.PID == pid && len(held) == 0 {
				held = []string{"pcm"}
			}
		}
		if len(held) == 0 || pid == os.Getpid() {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(process, "comm"))
		line, _ := os.ReadFile(filepath.Join(process, "cmdline"))
		u.Programs = append(u.Programs, Program{pid, string(bytes.TrimSpace(name)),
			strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00"), held})
	}
	slices.SortFunc(u.Programs, func(a, b Program) int { return cmp.Compare(a.PID, b.PID) })
	return u
}

// heldDevices lists those of the files that a process has open, each once.
func heldDevices(process string, files []os.FileInfo) []string {
	var held []string
	open, _ := filepath.Glob(filepath.Join(process, "fd", "*"))
	for _, name := range open {
		if to, err := os.Readlink(name); err != nil || !filepath.IsAbs(to) {
			continue // a pipe, a socket
		}
		f, err := os.Stat(name)
		if err != nil {
			continue
		}
		for _, file := range files {
			if os.SameFile(f, file) && !slices.Contains(held, file.Name()) {
				held = append(held, file.Name())
			}
		}
	}
	return held
}

// parseStream reads the kernel's account of a stream; false when it is closed.
func parseStream(hwParams, status string) (s Stream, open bool) {
	for line := range strings.Lines(hwParams + "\n" + status) {
		key, value, ok := strings.Cut(line, ":")
		word, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		n, err := strconv.Atoi(word)
		if !ok || err != nil {
			continue
		}
		switch strings.TrimSpace(key) {
		case "rate":
			s.RateHz, open = n, true
		case "channels":
			s.Channels = n
		case "period_size":
			s.Block = n
		case "buffer_size":
			s.Buffer = n
		case "owner_pid":
			s.PID = n
		}
	}
	return s, open
}
