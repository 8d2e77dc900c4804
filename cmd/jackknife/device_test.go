//go:build cgo

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"jackknife/wav"
)

// plays WHOLE CHANNEL,... ARG... runs jackknife play ARG... and checks that the
// card played every frame of the take WHOLE on these of its channels, one after
// the other and not a frame more in between, and silence on the others. A busy
// machine may come too late for the card, which play tells: then it is played
// again.
var _ = addScriptCommand("plays", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: plays WHOLE CHANNEL,... ARG...")
	}
	onto, err := parseSockets("plays", args[1])
	ts.Check(err)
	for range 10 {
		err := ts.Exec("jackknife", append([]string{"play"}, args[2:]...)...)
		var exit interface{ ExitCode() int }
		if errors.As(err, &exit) && exit.ExitCode() == exitWithGaps {
			continue
		}
		ts.Check(err)
		ts.Check(playedWhole(filepath.Join(ts.MkAbs("cards"), "played"), ts.MkAbs(args[0]), onto))
		return
	}
	ts.Fatalf("the card never got it in time")
})

// TestDeviceHangs: a device that keeps a call for ever, as one that is pulled out
// can, does not keep the program.
func TestDeviceHangs(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	other, err := os.OpenFile(pipe, os.O_RDWR, 0) // so that there is one who could write
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	config := filepath.Join(dir, "asound.conf")
	text := strings.ReplaceAll(`
pcm.default { type null }
pcm.hears { type file slave.pcm { type null } file "/dev/null" infile "PIPE" format "raw" }
pcm.plays { type file slave.pcm { type null } file "PIPE" format "raw" }
`, "PIPE", pipe)
	if err := os.WriteFile(config, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ALSA_CONFIG_PATH", config)
	recorder := start(t, dir, "record", "take.wav", "--device", "hears")
	recorder.exit(t, exitNoServer)
	if err := countingTake(filepath.Join(dir, "long.wav"), 48000, 2, 10*48000); err != nil { // more than a pipe holds
		t.Fatal(err)
	}
	player := start(t, dir, "play", "long.wav", "--device", "plays")
	player.exit(t, exitNoServer)
	for _, p := range []*program{recorder, player} {
		if !strings.Contains(p.err.String(), "the device has stopped: it does not answer for 3s") {
			t.Errorf("%v: %s", p.Args[1:], p.err.String())
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "take.wav")); err != nil {
		t.Error(err)
	}
}

func playedWhole(played, whole string, onto []int) error {
	const sockets = 10
	raw, err := os.ReadFile(played)
	if err != nil {
		return err
	}
	take, err := wav.Open(whole)
	if err != nil {
		return err
	}
	defer take.Close()
	f := take.Format()
	bytes := make([]byte, int(take.Frames())*f.FrameBytes())
	if n, err := take.ReadFrames(bytes, 0); int64(n) != take.Frames() || err != nil && err != io.EOF {
		return fmt.Errorf("%d frames: %w", n, err)
	}
	want := make([]float32, int(take.Frames())*f.Channels)
	wav.Decode(want, bytes, f)
	frames := len(raw) / (4 * sockets)
	if int64(frames) < take.Frames() {
		return fmt.Errorf("the card played %d of %d frames", frames, take.Frames())
	}
	var faults []string
	for i := range frames {
		var expect [sockets]int32
		for k, socket := range onto {
			if int64(i) < take.Frames() {
				// Exact for 24 bits; wider than float32 is not played.
				expect[socket-1] = int32(float64(want[i*f.Channels+k%f.Channels]) * (1 << 31))
			}
		}
		for c, v := range expect {
			if got := int32(binary.LittleEndian.Uint32(raw[4*(i*sockets+c):])); got != v && len(faults) < 5 {
				faults = append(faults, fmt.Sprintf("frame %d socket %d: played %d, want %d", i, c+1, got, v))
			}
		}
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "\n"))
	}
	return nil
}
