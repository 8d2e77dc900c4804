package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"jackknife/jackgraph"
)

// The journal stays small, and what is dropped from it are its oldest entries.
func TestJournalSize(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("JACK_DEFAULT_SERVER", "journal-test")
	name, err := journalFile()
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 1000)
	const n = 3 * journalSize / 1000
	for i := range n {
		change := jackgraph.Change{Action: jackgraph.Connect, Connection: jackgraph.Connection{From: fmt.Sprint("a:", i), To: "b:" + long}}
		if err := remember("connect", []jackgraph.Change{change}); err != nil {
			t.Fatal(err)
		}
		if i%100 != 0 {
			continue
		}
		if s, err := os.Stat(name); err != nil || s.Size() > journalSize+2*int64(len(long)) {
			t.Fatalf("after %d: %v, %v", i+1, s, err)
		}
	}
	j, err := readJournal(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(j.Done) < journalSize/3/len(long) {
		t.Errorf("%d entries are left", len(j.Done))
	}
	first := n - len(j.Done)
	if got := j.Done[0].Changes[0].From; got != fmt.Sprint("a:", first) {
		t.Errorf("begins with %s, want a:%d", got, first)
	}

	// An entry larger than all the journal may be stays.
	huge := slices.Repeat([]jackgraph.Change{{Action: jackgraph.Connect, Connection: jackgraph.Connection{From: "a:" + long, To: "b"}}}, 2*journalSize/1000)
	for range 2 {
		if err := remember("patch load", huge); err != nil {
			t.Fatal(err)
		}
	}
	if j, err = readJournal(name); err != nil || len(j.Done) != 2 || j.Done[1].Command != "patch load" {
		t.Errorf("%d entries are left, %v", len(j.Done), err)
	}
}
