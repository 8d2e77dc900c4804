package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/testdata/voices"
	"jackknife/wav"
)

// makeflawed makes a take with mistakes of some kinds, and what is known of it in
// a second file, a line a mistake: start and end in frames, kind, flawed words.
// makeflawed TAKE TRUTH VOICE KIND... ; the voice "formula" needs no program.
var _ = addScriptCommand("makeflawed", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: makeflawed TAKE TRUTH VOICE KIND...")
	}
	take, err := voices.Make(ts.MkAbs("."), voices.Config{
		Seed: 5, Voice: args[2], Script: "relaxation", Lines: 12, Background: "room", SNRDB: 45, Reverb: 0.2, PauseMin: 0.7, PauseMax: 1.4,
		Slips: args[3:], Confusers: 6,
		Format: wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2},
	})
	ts.Check(err)
	ts.Check(take.Write(ts.MkAbs(args[0])))
	truth, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	defer truth.Close()
	for _, s := range take.Truth.Slips {
		fmt.Fprintln(truth, s.Start, s.End, s.Kind+":", take.Truth.Phrases[s.Bad[0]].Text)
	}
})

// makemarked makes a short take with three claps and a clicker, and knocks and
// breaths that are none: makemarked TAKE.
var _ = addScriptCommand("makemarked", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: makemarked TAKE")
	}
	take, err := voices.Make(ts.MkAbs("."), voices.Config{
		Seed: 9, Voice: "formula", Script: "relaxation", Lines: 2, Background: "room", SNRDB: 45, PauseMin: 0.5, PauseMax: 0.8,
		Slips: []string{"claps", "clicker"}, Confusers: 2,
		Format: wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2},
	})
	ts.Check(err)
	ts.Check(take.Write(ts.MkAbs(args[0])))
})

// cuts checks the JSON of an edit against the truth of makeflawed: every mistake
// goes, and little else. A quarter of a second on either side is pause.
var _ = addScriptCommand("cuts", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cuts JSON TRUTH")
	}
	var list struct {
		Edits []struct{ Start, End, Fill int64 }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &list))
	truth := readTruth(ts, args[1])
	if len(list.Edits) != len(truth) {
		ts.Fatalf("%d edits for %d mistakes", len(list.Edits), len(truth))
	}
	for i, m := range truth {
		e := list.Edits[i]
		near := func(a, b int64) bool { return a-b < 12000 && b-a < 12000 }
		if !near(e.Start, m[0]) || !near(e.End, m[1]) || e.Fill != 0 {
			ts.Fatalf("edit %d takes %d to %d, the mistake is from %d to %d", i+1, e.Start, e.End, m[0], m[1])
		}
	}
})

// aslabels makes a label track of the truth of maketake, rounded to tenths of a
// second as transcripts are: aslabels TRUTH LABELS.
var _ = addScriptCommand("aslabels", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: aslabels TRUTH LABELS")
	}
	out, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	defer out.Close()
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var start, end float64
		_, err := fmt.Sscan(line, &start, &end)
		ts.Check(err)
		fmt.Fprintf(out, "%.1f\t%.1f\t%s", start/48000, end/48000, strings.SplitN(line, " ", 3)[2])
	}
})

// wholephrases checks how many phrases a take has, and that none of them is shorter
// than half a second: wholephrases JSON N.
var _ = addScriptCommand("wholephrases", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: wholephrases JSON N")
	}
	found := readPauses(ts, args[0])
	if got := fmt.Sprint(len(found) - 1); got != args[1] {
		ts.Fatalf("%s phrases, want %s", got, args[1])
	}
	for i := 1; i < len(found); i++ {
		if found[i].Start-found[i-1].End < 24000 {
			ts.Fatalf("phrase %d lasts %d frames", i, found[i].Start-found[i-1].End)
		}
	}
})
