package wav

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// staircase makes frames [from, from+n): each sample of frame i holds i, so
// that a misplaced frame shows its own number.
func staircase(f Format, from, n int64) []byte {
	p := make([]byte, 0, n*int64(f.FrameBytes()))
	var sample [8]byte
	for i := from; i < from+n; i++ {
		binary.LittleEndian.PutUint64(sample[:], uint64(i))
		for range f.Channels {
			p = append(p, sample[:f.SampleBytes]...)
		}
	}
	return p
}

func checkStaircase(t testing.TB, r *Reader) {
	t.Helper()
	if got := frames(t, r); !bytes.Equal(got, staircase(r.Format(), 0, r.Frames())) {
		t.Errorf("%d frames: not the frames that were written", r.Frames())
	}
}

var twelve24 = Format{RateHz: 48000, Channels: 12, Bits: 24, SampleBytes: 3}

func TestTake(t *testing.T) {
	for _, f := range formats() {
		name := filepath.Join(t.TempDir(), "take.wav")
		k, err := CreateTake(name, f)
		if err != nil {
			t.Fatal(err)
		}
		for at := int64(0); at < 10_001; at += 73 {
			if _, err := k.Write(staircase(f, at, min(73, 10_001-at))); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.Finish(); err != nil {
			t.Fatal(err)
		}
		r := mustOpen(t, name)
		if r.Frames() != 10_001 || r.Format() != f || len(r.Notes()) > 0 || r.data%takePage != 0 {
			t.Errorf("%v: %d frames of %v, audio at byte %d, notes %q", f, r.Frames(), r.Format(), r.data, r.Notes())
		}
		checkStaircase(t, r)
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "*")); len(left) != 1 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// While the take is recorded, whoever opens the part file finds a valid take,
// never longer than what was written.
func TestTakeIsValidAtAnyTime(t *testing.T) {
	f := Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3} // odd frames: the pad byte matters
	name := filepath.Join(t.TempDir(), "take.wav")
	k, err := createTake(name, f, 5*time.Millisecond, maxRIFF)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	deadline := time.Now().Add(20 * time.Second)
	for at := int64(0); len(seen) < 10 && time.Now().Before(deadline); at += 1001 {
		if _, err := k.Write(staircase(f, at, 1001)); err != nil {
			t.Fatal(err)
		}
		r, err := Open(k.Part())
		if err != nil {
			t.Fatal(err)
		}
		if r.Frames() > k.Frames() {
			t.Fatalf("header claims %d frames, %d were written", r.Frames(), k.Frames())
		}
		if !seen[r.Frames()] {
			seen[r.Frames()] = true
			checkStaircase(t, r)
		}
		r.Close()
		time.Sleep(time.Millisecond)
	}
	if len(seen) < 10 {
		t.Errorf("the header moved %d times", len(seen))
	}
	if err := k.Finish(); err != nil {
		t.Fatal(err)
	}
	r := mustOpen(t, name)
	if r.Frames() != k.Frames() {
		t.Errorf("%d frames, wrote %d", r.Frames(), k.Frames())
	}
	checkStaircase(t, r)
}

func TestTakeBecomesRF64(t *testing.T) {
	name := filepath.Join(t.TempDir(), "take.wav")
	k, err := createTake(name, twelve24, time.Hour, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < 5000; at += 500 {
		if _, err := k.Write(staircase(twelve24, at, 500)); err != nil {
			t.Fatal(err)
		}
		if err := k.sync(); err != nil {
			t.Fatal(err)
		}
		r := mustOpen(t, k.Part())
		if want := k.Frames() > 2600; want != (r.Container() == "RF64") || r.Frames() != k.Frames() || len(r.Notes()) > 0 {
			t.Errorf("at %d frames: %s of %d frames, notes %q", k.Frames(), r.Container(), r.Frames(), r.Notes())
		}
	}
	if err := k.Finish(); err != nil {
		t.Fatal(err)
	}
	checkStaircase(t, mustOpen(t, name))
}

func TestTakeReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "take.wav")
	first, err := CreateTake(name, twelve24)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CreateTake(name, twelve24); err == nil {
		t.Fatal("a second recorder of one name was let in")
	} else {
		t.Log(err)
	}
	os.WriteFile(name, []byte("someone else's"), 0666)
	if err := first.Finish(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("finishing over an existing file: %v", err)
	} else {
		t.Log(err)
	}
	if b, _ := os.ReadFile(name); string(b) != "someone else's" {
		t.Error("the existing file was touched")
	}
	mustOpen(t, first.Part())
	if _, err := CreateTake(name, twelve24); !errors.Is(err, fs.ErrExist) {
		t.Errorf("beginning over an existing file: %v", err)
	}
	os.Remove(name)
	if _, err := CreateTake(name, twelve24); err == nil {
		t.Error("the part file of an earlier take was not noticed")
	} else {
		t.Log(err)
	}
}

// inChild runs the named test of this binary in another process, where it can
// be killed or starved.
func inChild(t *testing.T, test, name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), "WAV_TEST_CHILD="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestTakeSurvivesKill(t *testing.T) {
	if name := os.Getenv("WAV_TEST_CHILD"); name != "" {
		k, err := createTake(name, twelve24, 20*time.Millisecond, maxRIFF)
		if err != nil {
			t.Fatal(err)
		}
		for at := int64(0); ; at += 480 {
			if _, err := k.Write(staircase(twelve24, at, 480)); err != nil {
				t.Fatal(err)
			}
			fmt.Println(at + 480)
			time.Sleep(2 * time.Millisecond)
		}
	}
	name := filepath.Join(t.TempDir(), "take.wav")
	cmd := inChild(t, t.Name(), name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said int64
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		fmt.Sscan(lines.Text(), &said)
		if said >= 200*480 {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()

	part := filepath.Join(filepath.Dir(name), "take.part.wav")
	r := mustOpen(t, part)
	if r.Frames() == 0 || r.Frames() > said+480 {
		t.Errorf("header claims %d frames, %d were written", r.Frames(), said)
	}
	checkStaircase(t, r)
	// All that was written is in the file, behind what the header claims.
	all, err := OpenDamaged(context.Background(), part)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	if all.Frames() < said {
		t.Errorf("%d frames in the file, %d were written", all.Frames(), said)
	}
	checkStaircase(t, all)
}

// A disk that fills up in the middle of a frame and is freed again must cost
// nothing and move no channel.
func TestTakeOnFullDisk(t *testing.T) {
	if name := os.Getenv("WAV_TEST_CHILD"); name != "" {
		fullDisk(t, name)
		return
	}
	name := filepath.Join(t.TempDir(), "take.wav")
	cmd := inChild(t, t.Name(), name)
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r := mustOpen(t, name)
	if r.Frames() != 8000 {
		t.Errorf("%d frames, wrote 8000", r.Frames())
	}
	checkStaircase(t, r)
}

func fullDisk(t *testing.T, name string) {
	limit := func(n uint64) {
		var old unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: n, Max: old.Max}); err != nil {
			t.Fatal(err)
		}
	}
	k, err := createTake(name, twelve24, time.Millisecond, maxRIFF)
	if err != nil {
		t.Fatal(err)
	}
	const room = 2222*36 + 17
	limit(4096 + room)
	var pending []byte
	failures := 0
	for at := int64(0); at < 8000; at += 400 {
		pending = append(pending, staircase(twelve24, at, 400)...)
		n, err := k.Write(pending)
		if err != nil {
			failures++
			if !errors.Is(err, syscall.EFBIG) || n%36 != 0 || k.Frames() != 2222 {
				t.Fatalf("%d bytes taken, %d frames in the file: %v", n, k.Frames(), err)
			}
		}
		pending = pending[n:]
		if at == 6000 {
			limit(unix.RLIM_INFINITY)
		}
	}
	if failures < 3 || len(pending) > 0 {
		t.Fatalf("%d failures, %d bytes left", failures, len(pending))
	}
	if err := k.Finish(); err != nil {
		t.Fatal(err)
	}
}

// straced runs the named test in a child whose system calls are tampered with.
func straced(t *testing.T, inject, name string) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(strace, "-o", "/dev/null", "true").Run(); err != nil {
		t.Skip("no process may trace another here, as in some containers: ", err)
	}
	cmd := inChild(t, t.Name(), name)
	cmd.Args = append([]string{"strace", "-f", "-o", "/dev/null", "-e", "inject=" + inject}, cmd.Args...)
	cmd.Path = strace
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// A disk that fails to sync must not cost the take, nor go unsaid.
func TestTakeWhenSyncFails(t *testing.T) {
	if name := os.Getenv("WAV_TEST_CHILD"); name != "" {
		k, err := createTake(name, twelve24, time.Millisecond, maxRIFF)
		if err != nil {
			t.Fatal(err)
		}
		at := int64(0)
		for deadline := time.Now().Add(20 * time.Second); k.Suspect() == nil && time.Now().Before(deadline); at += 480 {
			if _, err := k.Write(staircase(twelve24, at, 480)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		if !errors.Is(k.Suspect(), syscall.EIO) {
			t.Fatalf("suspect: %v", k.Suspect())
		}
		r := mustOpen(t, k.Part())
		if r.Frames() >= at {
			t.Errorf("the header claims %d frames that were not synced", r.Frames())
		}
		if _, err := k.Write(staircase(twelve24, at, 480)); err != nil {
			t.Fatal(err)
		}
		if err := k.Finish(); !errors.Is(err, syscall.EIO) {
			t.Errorf("finish: %v", err)
		}
		return
	}
	name := filepath.Join(t.TempDir(), "take.wav")
	straced(t, "fdatasync:error=EIO:when=3", name)
	checkStaircase(t, mustOpen(t, name))
}

// A disk that takes a second to sync must not hold up the writer.
func TestTakeOnSlowDisk(t *testing.T) {
	if name := os.Getenv("WAV_TEST_CHILD"); name != "" {
		k, err := createTake(name, twelve24, time.Millisecond, maxRIFF)
		if err != nil {
			t.Fatal(err)
		}
		var longest time.Duration
		for at := int64(0); at < 200*480; at += 480 {
			p, began := staircase(twelve24, at, 480), time.Now()
			if _, err := k.Write(p); err != nil {
				t.Fatal(err)
			}
			longest = max(longest, time.Since(began))
			time.Sleep(5 * time.Millisecond)
		}
		if longest > 700*time.Millisecond {
			t.Errorf("a write took %v", longest)
		}
		if err := k.Finish(); err != nil {
			t.Error(err)
		}
		return
	}
	name := filepath.Join(t.TempDir(), "take.wav")
	straced(t, "fdatasync:delay_enter=1000000", name)
	r := mustOpen(t, name)
	if r.Frames() != 200*480 {
		t.Errorf("%d frames, wrote %d", r.Frames(), 200*480)
	}
	checkStaircase(t, r)
}
