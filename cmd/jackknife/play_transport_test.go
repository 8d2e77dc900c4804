//go:build cgo

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"jackknife/testdata/servers"
)

// TestPlayRolls has a player make the transport roll and a recorder roll with
// it: the take begins with the frame that the transport was set to, and ends
// where the transport was stopped at the end.
func TestPlayRolls(t *testing.T) {
	t.Run("jackd", func(t *testing.T) {
		jackServer(t, "-p", "128")
		playRolls(t)
	})
	t.Run("PipeWire", func(t *testing.T) {
		pipeWire(t)
		playRolls(t)
	})
}

func playRolls(t *testing.T) {
	dir := t.TempDir()
	if err := countingTake(filepath.Join(dir, "a.wav"), 48000, 2, 10*48000); err != nil {
		t.Fatal(err)
	}
	recorder := start(t, dir, "record", "both.wav", "--channels", "2", "--with-transport", "--name", "both")
	until(t, "both:in_2", "ports", "both:in_2")
	waiting(t, "both")
	player := start(t, dir, "play", "a.wav", "--roll", "--start", "2s", "--end", "4s", "--to", "both:")
	player.exit(t, exitDone)
	recorder.exit(t, exitDone)
	if !strings.Contains(player.err.String(), "a.wav: 96000 frames played") {
		t.Errorf("player: %s", player.err.String())
	}
	if out, err := exec.Command("jackknife", "transport", "status").Output(); err != nil || !strings.HasPrefix(string(out), "stopped") {
		t.Errorf("transport: %s, %v", out, err)
	}
	check := checked(t, filepath.Join(dir, "both.wav"))
	if check.First != 0 || check.Origin != 96000 || check.Mixed != 0 || len(check.Sounds) != 1 || check.Sounds[0].Frames != 96000 {
		t.Errorf("first %d, origin %d, mixed %d, sounds %v", check.First, check.Origin, check.Mixed, check.Sounds)
	}
}

// TestPlayFollows moves the transport under a player, while it stands and while
// it rolls: what is heard is what stands there in the take, from the first frame.
func TestPlayFollows(t *testing.T) {
	t.Run("jackd", func(t *testing.T) {
		jackServer(t, "-p", "128")
		playFollows(t)
	})
	t.Run("PipeWire", func(t *testing.T) {
		pipeWire(t)
		playFollows(t)
	})
}

func playFollows(t *testing.T) {
	dir := t.TempDir()
	if err := countingTake(filepath.Join(dir, "a.wav"), 48000, 2, 10*48000); err != nil {
		t.Fatal(err)
	}
	transport := func(words ...string) {
		t.Helper()
		if out, err := exec.Command("jackknife", append([]string{"transport"}, words...)...).CombinedOutput(); err != nil {
			t.Fatalf("transport %v: %v\n%s", words, err, out)
		}
	}
	recorder := start(t, dir, "record", "moved.wav", "--channels", "2", "--name", "moved")
	until(t, "moved:in_2", "ports", "moved:in_2")
	player := start(t, dir, "play", "a.wav", "--with-transport", "--to", "moved:")
	until(t, "jackknife-play", "ports", "-c", "moved:in_2")
	part := filepath.Join(dir, "moved.part.wav")
	transport("locate", "1s") // PipeWire has no transport before somebody plays
	transport("start")
	grown(t, part, 48000*8)
	transport("locate", "6s")
	grown(t, part, 3*48000*8)
	transport("locate", "9.9s") // the end is near: behind it there is silence
	grown(t, part, 4*48000*8)
	transport("locate", "500ms")
	grown(t, part, 5*48000*8)
	transport("stop")
	player.Process.Signal(syscall.SIGINT)
	player.exit(t, exitDone)
	recorder.Process.Signal(syscall.SIGINT)
	recorder.exit(t, exitDone)
	check := checked(t, filepath.Join(dir, "moved.wav"))
	var begins []int64
	for _, s := range check.Sounds {
		begins = append(begins, s.Count&(1<<23-1))
	}
	if len(begins) != 4 || begins[0] != 48000 || begins[1] != 288000 || begins[2] != 475200 || begins[3] != 24000 || check.Mixed != 0 {
		t.Errorf("heard from %v on, mixed %d; sounds %v", begins, check.Mixed, check.Sounds)
	}
}

// pipeWire starts a server of that kind.
func pipeWire(t *testing.T) {
	t.Helper()
	s, err := servers.StartPipeWire(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	point(t, s)
}

// until runs a command until it prints the text. (This process has JACK2's
// library, which does not see PipeWire.)
func until(t *testing.T, text string, args ...string) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if out, err := exec.Command("jackknife", args...).Output(); err == nil && strings.Contains(string(out), text) {
			return
		}
	}
	t.Fatalf("jackknife %v does not print %s", args, text)
}

// waiting waits until a recorder waits for a take.
func waiting(t *testing.T, client string) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if out, err := exec.Command("jackknife", "take", "status", "--name", client).Output(); err == nil && strings.HasPrefix(string(out), "waiting") {
			return
		}
	}
	t.Fatalf("%s does not wait", client)
}
