package main

import (
	"encoding/json"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/wav"
)

// flawof copies the first mistake of a list to a file of its own, and what an edited
// take has for a second on either side of where it was: flawof JSON TAKE FLAW EDITED JOIN.
var _ = addScriptCommand("flawof", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: flawof JSON TAKE FLAW EDITED JOIN")
	}
	var list struct {
		Mistakes []struct{ Start, End int64 }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &list))
	if len(list.Mistakes) == 0 {
		ts.Fatalf("no mistake in %s", args[0])
	}
	m := list.Mistakes[0]
	piece := func(from, to string, start, end int64) {
		r, err := wav.Open(ts.MkAbs(from))
		ts.Check(err)
		defer r.Close()
		w, err := wav.Create(ts.MkAbs(to), r.Format())
		ts.Check(err)
		start, end = max(0, start), min(r.Frames(), end)
		ts.Check(w.CopyFrames(r, start, end-start))
		ts.Check(w.Commit())
	}
	piece(args[1], args[2], m.Start, m.End)
	piece(args[3], args[4], m.Start-48000, m.Start+48000)
})
