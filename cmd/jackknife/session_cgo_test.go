//go:build cgo

package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/jackgraph/jackd"
	"jackknife/wav"
)

// killedat MOMENT runs evening.yaml with the profile of that name, whose hook
// kills the session in that moment, and checks that status, down and up go on
// from there: nothing is lost and nothing left behind.
var _ = addScriptCommand("killedat", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: killedat MOMENT")
	}
	if err := ts.Exec("jackknife", "session", "run", "evening.yaml", "--profile", args[0]); err == nil {
		ts.Fatalf("the session was not killed")
	}
	ts.Check(ts.Exec("jackknife", "session", "status", "evening.yaml"))
	ts.Check(ts.Exec("jackknife", "session", "down", "evening.yaml"))
	if pid := jackd.Running(ts.Getenv("JACK_DEFAULT_SERVER")); pid != 0 {
		ts.Fatalf("killed at %s: the server is left behind", args[0])
	}
	for _, pattern := range []string{"evening.session/before-*", "evening.session/journal.jsonl", "evening.session/takes/*.part.wav", "state/jackknife/session.json"} {
		if left, _ := filepath.Glob(ts.MkAbs(pattern)); len(left) > 0 {
			ts.Fatalf("killed at %s: left behind: %v", args[0], left)
		}
	}
	ts.Check(ts.Exec("jackknife", "session", "takes", "evening.yaml"))
	takes := ts.ReadFile("stdout")
	if strings.Contains(takes, "unfinished") {
		ts.Fatalf("killed at %s:\n%s", args[0], takes)
	}
	files, err := filepath.Glob(ts.MkAbs("evening.session/takes/*.wav"))
	ts.Check(err)
	for _, file := range files {
		if !strings.Contains(takes, filepath.Base(file)) {
			ts.Fatalf("killed at %s: %s is not in the log:\n%s", args[0], file, takes)
		}
	}
	ts.Check(ts.Exec("jackknife", "session", "up", "evening.yaml"))
	ts.Check(ts.Exec("jackknife", "session", "plan", "evening.yaml"))
	if plan := ts.ReadFile("stdout"); plan != "nothing to do\n" {
		ts.Fatalf("killed at %s, up again:\n%s", args[0], plan)
	}
	ts.Check(ts.Exec("jackknife", "session", "down", "evening.yaml"))
})

// rolling CLIENT waits until a recorder rolls.
var _ = addScriptCommand("rolling", func(ts *testscript.TestScript, neg bool, args []string) {
	for limit := time.Now().Add(15 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if ts.Exec("jackknife", "take", "status", "--name", args[0]) == nil && strings.HasPrefix(ts.ReadFile("stdout"), "rolling") {
			return
		}
	}
	ts.Fatalf("%s does not roll", args[0])
})

// killown kills the server of ownname.
var _ = addScriptCommand("killown", func(ts *testscript.TestScript, neg bool, args []string) {
	pid := jackd.Running(ts.Getenv("JACK_DEFAULT_SERVER"))
	if pid == 0 {
		ts.Fatalf("no server runs")
	}
	p, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(p.Kill())
	for limit := time.Now().Add(10 * time.Second); jackd.Running(ts.Getenv("JACK_DEFAULT_SERVER")) != 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			ts.Fatalf("the server does not end")
		}
	}
})

// sounding PORT waits until a port is there.
var _ = addScriptCommand("sounding", func(ts *testscript.TestScript, neg bool, args []string) {
	for limit := time.Now().Add(15 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if ts.Exec("jackknife", "ports", args[0]) == nil {
			return
		}
	}
	ts.Fatalf("there is no %s", args[0])
})

// longer A B checks that the take B lasts longer than A, aslong that both last
// as long.
var (
	_ = addScriptCommand("longer", func(ts *testscript.TestScript, neg bool, args []string) {
		if a, b := framesOf(ts, args[0]), framesOf(ts, args[1]); b <= a {
			ts.Fatalf("%s has %d frames, %s %d", args[0], a, args[1], b)
		}
	})
	_ = addScriptCommand("aslong", func(ts *testscript.TestScript, neg bool, args []string) {
		if a, b := framesOf(ts, args[0]), framesOf(ts, args[1]); b != a {
			ts.Fatalf("%s has %d frames, %s %d", args[0], a, args[1], b)
		}
	})
)

func framesOf(ts *testscript.TestScript, file string) int64 {
	take, err := wav.Open(ts.MkAbs(file))
	ts.Check(err)
	defer take.Close()
	return take.Frames()
}
