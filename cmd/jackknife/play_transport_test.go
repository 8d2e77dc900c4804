//go:build cgo

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"jackknife/jackgraph"
)

// TestPlayRolls has a player make the transport roll and a recorder roll with
// it: the take begins with the frame that the transport was set to, and ends
// where the transport was stopped at the end.
func TestPlayRolls(t *testing.T) {
	jackServer(t, "-p", "128")
	dir := t.TempDir()
	if err := countingTake(filepath.Join(dir, "a.wav"), 48000, 2, 10*48000); err != nil {
		t.Fatal(err)
	}
	recorder := start(t, dir, "record", "both.wav", "--channels", "2", "--with-transport", "--name", "both")
	await(t, "the recorder", func(g jackgraph.Graph) bool { _, ok := g.Port("both:in_2"); return ok })
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
	jackServer(t, "-p", "128")
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
	transport("locate", "1s")
	recorder := start(t, dir, "record", "moved.wav", "--channels", "2", "--name", "moved")
	await(t, "the recorder", func(g jackgraph.Graph) bool { _, ok := g.Port("moved:in_2"); return ok })
	player := start(t, dir, "play", "a.wav", "--with-transport", "--to", "moved:")
	await(t, "the player", func(g jackgraph.Graph) bool { return len(g.Connections) == 2 })
	part := filepath.Join(dir, "moved.part.wav")
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
