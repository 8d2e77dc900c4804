//go:build cgo

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"jackknife/jackgraph"
)

// TestAudioThreadCallsNothing traces the audio threads of a player and a
// recorder while they roll: the only system call is the one by which libjack
// waits for the next cycle and lets the next client go.
func TestAudioThreadCallsNothing(t *testing.T) {
	mayTrace(t)
	jackServer(t, "-p", "128")
	dir := t.TempDir()
	if err := countingTake(filepath.Join(dir, "long.wav"), 48000, 2, 60*48000); err != nil {
		t.Fatal(err)
	}
	player := start(t, dir, "play", "long.wav", "--name", "player")
	await(t, "the player", func(g jackgraph.Graph) bool { return len(g.Connections) == 2 })
	recorder := start(t, dir, "record", "take.wav", "--from", "player:", "--name", "recorder")
	await(t, "the recorder", func(g jackgraph.Graph) bool { return len(g.Connections) == 4 })
	for _, p := range []*program{player, recorder} {
		thread := audioThread(t, p.Process.Pid)
		trace := filepath.Join(dir, "trace")
		strace := exec.Command("strace", "-p", fmt.Sprint(thread), "-o", trace)
		if err := strace.Start(); err != nil {
			t.Fatal(err)
		}
		const cycles = 400
		var calls map[string]int
		for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
			if calls = traced(t, trace); calls["futex"] > 2*cycles {
				break
			}
		}
		strace.Process.Signal(syscall.SIGINT)
		strace.Wait()
		if calls["futex"] < 2*cycles {
			t.Errorf("%v: %v in 20 s: it does not roll", p.Args[1], calls)
		}
		delete(calls, "futex")
		if len(calls) > 0 {
			t.Errorf("%v: the audio thread calls %v", p.Args[1], calls)
		}
	}
	recorder.Process.Signal(syscall.SIGINT)
	recorder.Wait() // a traced thread may come too late: that is a gap, not an error
}

// mayTrace skips a test where no process may trace another, as in some containers.
func mayTrace(t *testing.T) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(strace, "-o", os.DevNull, "true").Run(); err != nil {
		t.Skip("no process may trace another here: ", err)
	}
}

// audioThread is the thread of a process that runs in real time.
func audioThread(t *testing.T, pid int) string {
	t.Helper()
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	var found []string
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(b), ") ")                                 // the 3rd field is the first of these
		if fields := strings.Fields(rest); len(fields) > 38 && fields[38] == "1" { // SCHED_FIFO
			found = append(found, filepath.Base(filepath.Dir(name)))
		}
	}
	if err := exec.Command("chrt", "-f", "1", "true").Run(); err != nil && len(found) == 0 {
		t.Skip("no thread may run in real time here, by which the audio thread is known: ", err)
	}
	if len(found) != 1 {
		t.Fatalf("threads %v run in real time", found)
	}
	return found[0]
}

// traced counts the system calls of a trace.
func traced(t *testing.T, name string) map[string]int {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	calls := map[string]int{}
	for line := range strings.Lines(string(b)) {
		call, _, ok := strings.Cut(line, "(")
		if ok && !strings.HasPrefix(line, "---") {
			calls[strings.TrimPrefix(strings.TrimSpace(call), "<... ")]++
		}
	}
	return calls
}
