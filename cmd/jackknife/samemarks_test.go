package main

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/editor/hear"
	"jackknife/editor/marks"
	"jackknife/wav"
)

// samemarks checks that the cue points of a recording are the marks of what was
// played, in order and as far apart, to 10 ms: samemarks PLAYED RECORDED.
var _ = addScriptCommand("samemarks", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: samemarks PLAYED RECORDED")
	}
	played, err := wav.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer played.Close()
	recorded, err := wav.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	defer recorded.Close()
	h, err := hear.Listen(context.Background(), played)
	ts.Check(err)
	want, err := marks.Find(h)
	ts.Check(err)
	cues := recorded.Marks()
	if len(want) < 2 || len(cues) != len(want) {
		ts.Fatalf("%d marks were played, %d recorded: %v", len(want), len(cues), cues)
	}
	for i, c := range cues {
		d := (c.Frame - cues[0].Frame) - (want[i].Start - want[0].Start)
		if c.Label != string(want[i].Kind) || max(d, -d) > 480 {
			ts.Fatalf("mark %d is %v, %s at %d was played", i+1, c, want[i].Kind, want[i].Start)
		}
	}
})
