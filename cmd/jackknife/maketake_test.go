package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/testdata/voices"
	"jackknife/wav"
)

// maketake makes a take of six spoken lines over a room, and what is known of
// it in a second file, a line a phrase in frames: maketake take.wav truth.txt.
// With a number after these, so many of the pauses hold a breath or a click.
// Its voice is made by formula and needs no program.
var _ = addScriptCommand("maketake", func(ts *testscript.TestScript, neg bool, args []string) {
	noises := 0
	if len(args) == 3 {
		var err error
		noises, err = strconv.Atoi(args[2])
		ts.Check(err)
		args = args[:2]
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: maketake TAKE TRUTH [NOISES]")
	}
	take, err := voices.Make(ts.MkAbs("."), voices.Config{
		Seed: 2, Voice: "formula", Script: "relaxation", Lines: 6, Background: "room", SNRDB: 45, PauseMin: 0.8, PauseMax: 1.5, Noises: noises,
		Format: wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3},
	})
	ts.Check(err)
	ts.Check(take.Write(ts.MkAbs(args[0])))
	truth, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	defer truth.Close()
	for _, p := range take.Truth.Phrases {
		fmt.Fprintln(truth, p.Audible.Start, p.Audible.End, p.Text)
	}
})

// agrees checks the JSON of pauses against the truth of maketake: every pause
// between two phrases is there, to 60 ms.
var _ = addScriptCommand("agrees", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: agrees JSON TRUTH")
	}
	found := readPauses(ts, args[0])
	truth := readTruth(ts, args[1])
	if len(found) != len(truth)+1 {
		ts.Fatalf("%d pauses around %d phrases", len(found), len(truth))
	}
	near := func(what string, got, want int64) {
		if d := got - want; d < -2880 || d > 2880 {
			ts.Fatalf("%s at frame %d, want %d", what, got, want)
		}
	}
	for i, p := range truth {
		near(fmt.Sprintf("start of phrase %d", i+1), found[i].End, p[0])
		near(fmt.Sprintf("end of phrase %d", i+1), found[i+1].Start, p[1])
		for _, q := range found {
			if q.Editable.Start < q.Start || q.Editable.End > q.End || q.Editable.Start < p[1] && q.Editable.End > p[0] {
				ts.Fatalf("frames %d to %d may be edited, phrase %d is from %d to %d", q.Editable.Start, q.Editable.End, i+1, p[0], p[1])
			}
		}
	}
})

type listedPause struct {
	Start, End int64
	Editable   struct{ Start, End int64 }
}

func readPauses(ts *testscript.TestScript, name string) []listedPause {
	var list struct{ Pauses []listedPause }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(name)), &list))
	return list.Pauses
}

func readTruth(ts *testscript.TestScript, name string) (phrases [][2]int64) {
	for line := range strings.Lines(ts.ReadFile(name)) {
		var p [2]int64
		_, err := fmt.Sscan(line, &p[0], &p[1])
		ts.Check(err)
		phrases = append(phrases, p)
	}
	return phrases
}
