//go:build cgo

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jackknife/testdata/servers"
)

const walked = `name: walk
patch:
  lines:
    - system:capture_{1..3} -> system:playback_{1..3}
    - system:capture_4 -/> system:playback_4
tracks: [{name: voice, from: "system:capture_1"}]
record: {bits: 16, for: 30ms}
edit: {pauses: [x1.5]}
profiles:
  killed-up: {hooks: {after-up: [{shell: 'kill -KILL $$PPID'}]}}
  killed-record: {hooks: {before-record: [{shell: 'kill -KILL $$PPID'}]}}
  killed-edit: {hooks: {after-edit: [{shell: 'kill -KILL $$PPID'}]}}
  killed-down: {hooks: {before-down: [{shell: 'kill -KILL $$PPID'}]}}
  failed-up: {hooks: {before-up: [["false"]]}}
  failed-record: {hooks: {after-record: [["false"]]}}
`

// TestSessionWalk walks at random through the commands of a session, some of
// them killed or failing in the middle, others patching meanwhile. Whatever the
// way was, up ends where the plan has nothing to do, and down where it began.
func TestSessionWalk(t *testing.T) {
	server, err := servers.StartJackd(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	dir := t.TempDir()
	file := filepath.Join(dir, "walk.yaml")
	if err := os.WriteFile(file, []byte(walked), 0o666); err != nil {
		t.Fatal(err)
	}
	var way []string
	do := func(args ...string) (string, error) {
		way = append(way, strings.Join(args, " "))
		c := exec.Command("jackknife", args...)
		c.Dir, c.Env = dir, append(append(os.Environ(), server.Env()...), "XDG_STATE_HOME="+dir)
		out, err := c.Output()
		return string(out), err
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := do(args...)
		if err != nil {
			t.Fatalf("%v: %v\nafter %s", args, err, strings.Join(way, "\n      "))
		}
		return out
	}
	must("connect", "system:capture_4", "system:playback_4")
	began := must("patch", "save", "-")
	steps := [][]string{
		{"session", "up", file}, {"session", "up", file}, {"session", "down", file},
		{"session", "record", file}, {"session", "edit", file}, {"session", "plan", file}, {"session", "run", file},
		{"session", "up", file, "--profile", "killed-up"}, {"session", "record", file, "--profile", "killed-record"},
		{"session", "edit", file, "--profile", "killed-edit"}, {"session", "down", file, "--profile", "killed-down"},
		{"session", "run", file, "--profile", "killed-edit"}, {"session", "run", file, "--profile", "failed-record"},
		{"session", "up", file, "--profile", "failed-up"}, {"session", "takes", file, "--reject", "1"},
	}
	rng := rand.New(rand.NewPCG(7, 7))
	const walks, long = 4, 6
	for range walks {
		way = nil
		for range long {
			do(steps[rng.IntN(len(steps))]...)
		}
		must("session", "up", file)
		if plan := must("session", "plan", file); plan != "nothing to do\n" {
			t.Fatalf("up, and the plan is\n%s\nafter %s", plan, strings.Join(way, "\n      "))
		}
		must("session", "down", file)
		if ended := must("patch", "save", "-"); ended != began {
			t.Fatalf("down, and the patch is\n%s\nnot\n%s\nafter %s", ended, began, strings.Join(way, "\n      "))
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "walk.session", "takes", "*.part.wav")); len(left) > 0 {
			t.Fatalf("left behind: %v", left)
		}
	}
	takes := must("session", "takes", file)
	if strings.Contains(takes, "unfinished") {
		t.Error(takes)
	}
	fmt.Fprint(t.Output(), takes)
}
