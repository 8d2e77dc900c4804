//go:build cgo

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"jackknife/editor"
	"jackknife/testdata/loopback"
	"jackknife/wav"
)

// cabled starts a server and a cable whose length JACK knows.
func cabled(t *testing.T, channels int) {
	t.Helper()
	jackServer(t, "-p", "256")
	cable, err := loopback.Start("cable", loopback.Config{Channels: channels, Frames: 1537, Gain: 1, Playback: 1000, Capture: 537})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cable.Close)
}

// allFrames reads all of a take, each frame as it is in the file.
func allFrames(t *testing.T, name string) ([]byte, *wav.Reader) {
	t.Helper()
	take, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { take.Close() })
	raw := make([]byte, take.Frames()*int64(take.Format().FrameBytes()))
	if n, _ := take.ReadFrames(raw, 0); int64(n) != take.Frames() {
		t.Fatalf("%s: %d of %d frames", name, n, take.Frames())
	}
	return raw, take
}

// withoutGaps runs a program until it loses nothing: on a busy machine a client
// comes too late now and then, and says so.
func withoutGaps(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	for try := 1; ; try++ {
		p := start(t, dir, args...)
		p.Wait()
		switch code := p.ProcessState.ExitCode(); {
		case code == exitDone:
			return p
		case code != exitWithGaps || try == 10:
			t.Fatalf("%v: exit code %d\n%s", args, code, p.err.String())
		}
		files, _ := filepath.Glob(filepath.Join(dir, "new*"))
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestOverdub: what comes back of a backing stands in the overdub where it
// stands in the backing, to the frame and to the bit.
func TestOverdub(t *testing.T) {
	cabled(t, 2)
	dir := t.TempDir()
	if err := countingTake(filepath.Join(dir, "backing.wav"), 48000, 2, 48000); err != nil {
		t.Fatal(err)
	}
	p := withoutGaps(t, dir, "record", "new.wav", "--overdub", "backing.wav", "--bits", "24", "--for", "1200ms",
		"--from", "cable-in:capture_{1..2}", "--to", "cable-out:playback_{1..2}")
	if !strings.Contains(p.err.String(), "1537 frames (32.0 ms) later") {
		t.Errorf("said %s", p.err.String())
	}
	backing, _ := allFrames(t, filepath.Join(dir, "backing.wav"))
	got, take := allFrames(t, filepath.Join(dir, "new.wav"))
	if take.Frames() != 57600 || !bytes.Equal(got[:len(backing)], backing) {
		t.Errorf("%d frames; the backing begins at byte %d", take.Frames(), bytes.Index(got, backing[:600]))
	}
	if rest := got[len(backing):]; len(bytes.Trim(rest, "\x00")) > 0 {
		t.Error("there is something after the end of the backing")
	}
}

// TestPunch mends the end of a take: it is the old one, byte for byte, up to the
// seam at the punch, and what was recorded after it; the old one is whole, and
// what was recorded lines up with what was played of it.
func TestPunch(t *testing.T) {
	cabled(t, 1)
	dir := t.TempDir()
	const at, roll, n = 60000, 24000, 96000
	oldName := filepath.Join(dir, "old.wav")
	if err := countingTake(oldName, 48000, 1, n); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("ffmpeg", "-v", "error", "-i", oldName, "-c", "copy", "-write_bext", "1", "-metadata", "description=Tuesday", filepath.Join(dir, "told.wav")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Rename(filepath.Join(dir, "told.wav"), oldName); err != nil {
		t.Fatal(err)
	}
	if _, err := wav.AddMarks(oldName, []wav.Mark{{Frame: 500, Label: "first"}, {Frame: 90000, Label: "flubbed"}}); err != nil {
		t.Fatal(err)
	}
	old, _ := allFrames(t, oldName)
	p := withoutGaps(t, dir, "record", "new.wav", "--json", "--punch", "old.wav", "--at", "1.25s", "--roll", "500ms", "--for", "1s",
		"--from", "cable-in:capture_1", "--to", "cable-out:playback_1")

	if again, _ := allFrames(t, oldName); !bytes.Equal(again, old) {
		t.Error("the old take has changed")
	}
	whole, take := allFrames(t, filepath.Join(dir, "new-whole.wav"))
	if take.Frames() != n+48000 || !bytes.Equal(whole[:3*n], old) {
		t.Fatalf("the whole has %d frames and does not begin with the old take", take.Frames())
	}
	pass := whole[3*n:]
	if !bytes.Equal(pass[:3*roll], old[3*(at-roll):3*at]) {
		t.Errorf("what was recorded of %v is at byte %d of the pass", old[3*(at-roll):3*(at-roll)+9], bytes.Index(pass, old[3*(at-roll):3*(at-roll+100)]))
	}
	if m := take.Marks(); !slices.Equal(m, []wav.Mark{{Frame: 500, Label: "first"}, {Frame: 90000, Label: "flubbed"}, {Frame: n, Label: "punch at 0:00:01.250"}}) {
		t.Errorf("marks %v", m)
	}
	joined, made := allFrames(t, filepath.Join(dir, "new.wav"))
	if m := made.Marks(); len(m) == 0 || m[0] != (wav.Mark{Frame: 500, Label: "first"}) {
		t.Errorf("marks of the new take: %v", m)
	}
	for _, name := range []string{"new-whole.wav", "new.wav"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Contains(b, []byte("bext")) || !bytes.Contains(b, []byte("Tuesday")) {
			t.Errorf("%s: what the old take said of itself is gone (%v)", name, err)
		}
	}
	var told struct {
		File   string   `json:"file"`
		Files  []string `json:"files"`
		Frames int64    `json:"frames"`
	}
	if err := json.Unmarshal(p.out.Bytes(), &told); err != nil || told.File != "new.wav" || len(told.Files) != 1 || told.Files[0] != "new.wav" || told.Frames != made.Frames() {
		t.Errorf("told %s: %v", p.out.String(), err)
	}
	if events, err := os.ReadFile(filepath.Join(dir, "new.events.jsonl")); err == nil && !bytes.Contains(events, []byte(`"take":"new.wav"`)) {
		t.Errorf("%s", events)
	}
	const seam = 48 * 30
	if len(joined) != 3*(at+48000-roll) || !bytes.Equal(joined[:3*(at-seam)], old[:3*(at-seam)]) || !bytes.Equal(joined[3*(at+seam):], pass[3*(roll+seam):]) {
		t.Errorf("%d bytes are not the old take and the pass", len(joined))
	}
	plan, err := readPlan(filepath.Join(dir, "new.wav.edits"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if e := plan.Edits; len(e) != 1 || e[0].Span != (editor.Span{Start: at, End: n + roll}) || e[0].Fill != 0 {
		t.Errorf("plan %+v", e)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*pass*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	// It can be done again, from the plan alone.
	run := start(t, dir, "apply", "new.wav.edits", "-o", "again.wav")
	run.exit(t, exitDone)
	if again, _ := allFrames(t, filepath.Join(dir, "again.wav")); !bytes.Equal(again, joined) {
		t.Error("the plan makes something else of the whole")
	}
}

// TestPunchStoppedTooEarly: nothing is joined, and what was recorded is there.
func TestPunchStoppedTooEarly(t *testing.T) {
	cabled(t, 1)
	dir := t.TempDir()
	if err := countingTake(filepath.Join(dir, "old.wav"), 48000, 1, 10*48000); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir, "record", "new.wav", "--punch", "old.wav", "--roll", "8s", "--from", "cable-in:capture_1", "--to", "cable-out:playback_1")
	awaitSize(t, filepath.Join(dir, "new-pass.part.wav"), 100<<10)
	p.Process.Signal(syscall.SIGINT)
	p.exit(t, exitFailed)
	if !strings.Contains(p.err.String(), "stopped before the punch at 0:00:10.000; nothing is joined") {
		t.Errorf("said %s", p.err.String())
	}
	for name, want := range map[string]bool{"new.wav": false, "new-whole.wav": false, "new-pass.wav": true} {
		if files, _ := filepath.Glob(filepath.Join(dir, name)); len(files) == 1 != want {
			t.Errorf("%s is there: %v", name, !want)
		}
	}
}

// awaitSize waits for a file to have so many bytes.
func awaitSize(t *testing.T, name string, bytes int64) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if st, err := os.Stat(name); err == nil && st.Size() >= bytes {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("never saw %s with %d bytes", name, bytes)
		}
	}
}
