//go:build cgo

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"jackknife/jackgraph"
	"jackknife/testdata/counter"
	"jackknife/testdata/servers"
)

// TestRecordQuantumOnPipeWire changes PipeWire's block size under a take.
// Whatever that costs, it is a gap of exactly that length. The player that is
// recorded may come too late itself, and then plays on after the gap.
func TestRecordQuantumOnPipeWire(t *testing.T) {
	onOneProcessor(t)
	s, err := servers.StartPipeWire(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	point(t, s)
	dir := t.TempDir()
	if err := countingTake(filepath.Join(dir, "long.wav"), 48000, 2, 30*48000); err != nil {
		t.Fatal(err)
	}
	start(t, dir, "play", "long.wav", "--to", "system:playback_{1..2}", "--name", "count")
	for limit := time.Now().Add(10 * time.Second); exec.Command("jackknife", "ports", "count:out_2").Run() != nil; {
		if time.Now().After(limit) {
			t.Fatal("play has no ports")
		}
	}
	part := filepath.Join(dir, "take.part.wav")
	p := start(t, dir, "record", "take.wav", "--json", "--from", "count:out_{1,2}")
	for i, quantum := range []int{256, 2048, 64, 1024} {
		grown(t, part, int64(i+1)*20_000*8)
		if out, err := exec.Command("pw-metadata", "-n", "settings", "0", "clock.force-quantum", fmt.Sprint(quantum)).CombinedOutput(); err != nil || !strings.Contains(string(out), "clock.force-quantum") {
			t.Fatalf("quantum %d: %v\n%s", quantum, err, out)
		}
	}
	grown(t, part, 5*20_000*8)
	p.Process.Signal(syscall.SIGINT)
	p.Wait()
	if code := p.ProcessState.ExitCode(); code != exitDone && code != exitWithGaps {
		t.Fatalf("exit code %d\n%s", code, p.err.String())
	}

	var summary struct{ Gaps []counter.Run }
	if err := json.Unmarshal(p.out.Bytes(), &summary); err != nil {
		t.Fatal(err)
	}
	check := checked(t, filepath.Join(dir, "take.wav"))
	t.Logf("%d frames, gaps %v, silent %v, slips %v", check.Frames, summary.Gaps, check.Silent, check.Slips)
	for _, g := range summary.Gaps {
		if !slices.ContainsFunc(check.Silent, func(r counter.Run) bool { return r.At <= g.At && g.At+g.Frames <= r.At+r.Frames }) {
			t.Errorf("gap %v is not silent", g)
		}
	}
	if check.Mixed != 0 {
		t.Errorf("%d frames are mixed", check.Mixed)
	}
	for _, slip := range check.Slips {
		if slip.By > 0 {
			t.Errorf("%d frames are missing at %d, and nothing stands for them", slip.By, slip.At)
		}
	}
}

// onOneProcessor has the programs that a test starts from here on share one processor:
// where its machine stands still for a while, all of them do, and none overtakes another.
func onOneProcessor(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	var had, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &had); err != nil {
		t.Fatal(err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if had.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		unix.SchedSetaffinity(0, &had)
		runtime.UnlockOSThread()
	})
}

// TestRecordForecast: a disk that is too small for what is wanted is told at
// once, and one that gets full in time.
func TestRecordForecast(t *testing.T) {
	jackServer(t, "-p", "256")
	_, from := counting(t, 2)
	dir, _ := smallDisk(t, 4096) // 11 s of two channels
	for _, test := range []struct{ length, says string }{
		{"1h", "the disk has room for 1"},
		{"", "s more"},
	} {
		args := []string{"record", "take.wav", "--from", from}
		if test.length != "" {
			args = append(args, "--for", test.length)
		}
		p := start(t, dir, args...)
		grown(t, filepath.Join(dir, "take.part.wav"), 100_000)
		p.Process.Signal(os.Interrupt)
		p.exit(t, exitDone)
		if !strings.Contains(p.err.String(), "warning: .: the disk has room") || !strings.Contains(p.err.String(), test.says) {
			t.Errorf("--for %q: %s", test.length, p.err.String())
		}
		os.Remove(filepath.Join(dir, "take.wav"))
	}
}

// TestRecordAlone records as a service does: no terminal, and standard input,
// output and error closed.
func TestRecordAlone(t *testing.T) {
	jackServer(t, "-p", "128")
	_, from := counting(t, 2)
	dir := t.TempDir()
	p := &program{Cmd: exec.Command("setsid", "sh", "-c", `exec jackknife record take.wav --from "$1" --name alone <&- >&- 2>&-`, "sh", from)}
	p.Dir = dir
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	await(t, "the take's connections", func(g jackgraph.Graph) bool { return len(g.Connections) == 2 })
	grown(t, filepath.Join(dir, "take.part.wav"), 100_000)
	p.Process.Signal(os.Interrupt)
	p.exit(t, exitDone)
	check := checked(t, filepath.Join(dir, "take.wav"))
	if check.First != 0 || check.Mixed != 0 || len(check.Slips)+len(check.Silent) != 0 {
		t.Errorf("%+v", check)
	}
}
