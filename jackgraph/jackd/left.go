package jackd

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Slots is how many servers JACK2 has places for on a machine.
const Slots = 8

// registry is JACK2's table of servers (common/shm.h): a header that ends in the
// places, each a process and a name.
const (
	registry     = "/dev/shm/jack-shm-registry"
	registryMark = 0x4a41434b
	slotsAt      = 24
	slotBytes    = 264
)

// Slot is the place of a server in JACK2's table.
type Slot struct {
	Server string
	UID    int // of the user who started it
	PID    int
}

// Dead reports whether its server was killed: it has not given the place back.
func (s Slot) Dead() bool { return errors.Is(syscall.Kill(s.PID, 0), syscall.ESRCH) }

// Ours reports whether this user started it.
func (s Slot) Ours() bool { return s.UID == os.Getuid() }

// Taken returns the places that are taken.
func Taken() ([]Slot, error) {
	b, err := os.ReadFile(registry)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseSlots(b)
}

func parseSlots(b []byte) ([]Slot, error) {
	const end = slotsAt + Slots*slotBytes
	order := binary.NativeEndian
	if len(b) < end || order.Uint32(b) != registryMark || order.Uint32(b[16:]) != end {
		return nil, fmt.Errorf("%s: not a table of JACK2", registry)
	}
	var slots []Slot
	for at := slotsAt; at < end; at += slotBytes {
		name, _, _ := bytes.Cut(b[at+4:at+slotBytes], []byte{0})
		// jack-UID:NAME:
		user, server, ok := strings.Cut(strings.TrimPrefix(string(name), "jack-"), ":")
		uid, err := strconv.Atoi(user)
		pid := int(int32(order.Uint32(b[at:])))
		if pid > 0 && ok && err == nil {
			slots = append(slots, Slot{strings.TrimSuffix(server, ":"), uid, pid})
		}
	}
	return slots, nil
}

// freeLimit is how long it may take to free a place.
const freeLimit = 10 * time.Second

// Free gives the place of a dead server back. JACK2 lets only a server of the
// same name have it: so one starts under that name, without a card, and ends.
func (s Slot) Free(ctx context.Context) error {
	if !s.Dead() {
		return fmt.Errorf("server %s: runs (process %d)", s.Server, s.PID)
	}
	if !s.Ours() {
		return fmt.Errorf("server %s: user %d started it", s.Server, s.UID)
	}
	ctx, cancel := context.WithTimeout(ctx, freeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "jackd", "-n", s.Server, "-r", "-d", "dummy")
	cmd.Env = append(os.Environ(), "JACK_NO_AUDIO_RESERVATION=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	err := cmd.Start()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("jackd: %w", ErrNoProgram)
	}
	if err != nil {
		return fmt.Errorf("jackd: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	defer func() { <-ended }() // ctx sees to it
	for Running(s.Server) != cmd.Process.Pid {
		select {
		case <-ended:
			return fmt.Errorf("server %s: its place is not free: jackd ended", s.Server)
		case <-ctx.Done():
			return fmt.Errorf("server %s: its place is not free: %w", s.Server, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
	end(cmd.Process, ended)
	return nil
}

// Store is where JACK2 keeps the metadata of all servers of this user: files of
// Berkeley DB that processes share, with locks in them. A process that is killed
// while it has one leaves it locked, and every server and client that comes
// waits for it without end.
type Store struct {
	Folder string
	Users  []int // processes that have it open, but for this one
}

// FindStore returns this user's store, ok where there is one.
func FindStore() (s Store, ok bool) {
	s.Folder = fmt.Sprintf("/dev/shm/jack_db-%d", os.Getuid())
	if _, err := os.Stat(s.Folder); err != nil {
		return s, false
	}
	files, _ := filepath.Glob(filepath.Join(s.Folder, "__db.*"))
	inodes := make(map[string]bool) // the store of a container has the same name
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			inodes[strconv.FormatUint(info.Sys().(*syscall.Stat_t).Ino, 10)+" "+file] = true
		}
	}
	maps, _ := filepath.Glob("/proc/[0-9]*/maps")
	for _, file := range maps {
		if !openIn(file, inodes) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && pid != os.Getpid() {
			s.Users = append(s.Users, pid)
		}
	}
	slices.Sort(s.Users)
	return s, true
}

// openIn reports whether a process has one of the files in its memory, or is a
// server whose memory this user may not look at.
func openIn(maps string, inodes map[string]bool) bool {
	text, err := os.ReadFile(maps)
	if errors.Is(err, os.ErrPermission) {
		info, err := os.Stat(filepath.Dir(maps))
		comm, _ := os.ReadFile(filepath.Join(filepath.Dir(maps), "comm"))
		return err == nil && int(info.Sys().(*syscall.Stat_t).Uid) == os.Getuid() && bytes.HasPrefix(comm, []byte("jack"))
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) == 6 && inodes[words[4]+" "+words[5]] {
			return true
		}
	}
	return false
}

// Remove removes a store that nobody uses. What it holds belongs to ports that
// are gone.
func (s Store) Remove() error {
	if len(s.Users) > 0 {
		return &LockError{s}
	}
	return os.RemoveAll(s.Folder)
}

// LockError is that jackd waits for a lock in the store, which a process that
// was killed has left.
type LockError struct{ Store }

func (e *LockError) Error() string {
	return fmt.Sprintf("jackd waits for a lock in %s that a killed program has left", e.Folder)
}

// Stuck returns a server that has the store open and waits for a lock in it, 0
// where none does.
func (s Store) Stuck() (pid int) {
	for _, pid := range s.Users {
		if !strings.HasPrefix(Program(pid), "jackd") {
			continue // the first threads of others may wait for whatever they like
		}
		stuck := true
		for range 10 {
			stuck = stuck && waitsForLock(pid)
			if stuck {
				time.Sleep(20 * time.Millisecond)
			}
		}
		if stuck {
			return pid
		}
	}
	return 0
}

// waitsForLock reports whether the first thread of a process sleeps in a lock:
// jackd's waits for signals.
func waitsForLock(pid int) bool {
	where, _ := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", pid))
	return bytes.HasPrefix(where, []byte("futex"))
}
