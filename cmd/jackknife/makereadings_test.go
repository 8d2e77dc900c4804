package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/editor"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

// makereading makes a take of one script, read by a program's voice, and a label
// track of what is said in it: makereading TAKE LABELS SEED KIND... The other
// seeds read it otherwise; the kinds are mistakes.
var _ = addScriptCommand("makereading", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: makereading TAKE LABELS SEED KIND...")
	}
	seed, err := strconv.ParseUint(args[2], 10, 64)
	ts.Check(err)
	take, err := voices.Make(ts.MkAbs("."), voices.Config{
		Seed: seed, Voice: "espeak en-us+m1", Script: "story", Background: "room", SNRDB: 45, PauseMin: 0.7, PauseMax: 1.2, Slips: args[3:], Confusers: 2,
		Format: wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2},
	})
	ts.Check(err)
	ts.Check(take.Write(ts.MkAbs(args[0])))
	var labels bytes.Buffer
	for _, p := range take.Truth.Phrases {
		fmt.Fprintf(&labels, "%.1f\t%.1f\t%s\n", float64(p.Start)/48000, float64(p.End)/48000, p.Text)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), labels.Bytes(), 0o666))
})

// madeof checks that every stretch of an output that a table names stands in it as
// it does in its take, byte for byte but for 15 ms at its ends where takes meet:
// madeof OUT TABLE.
var _ = addScriptCommand("madeof", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: madeof OUT TABLE")
	}
	c, err := editor.ParseComp(args[1], []byte(ts.ReadFile(args[1])))
	ts.Check(err)
	open := func(name string) *wav.Reader {
		r, err := wav.Open(ts.MkAbs(name))
		ts.Check(err)
		return r
	}
	out := open(args[0])
	defer out.Close()
	if out.Frames() != c.Frames() {
		ts.Fatalf("%d frames, the table says %d", out.Frames(), c.Frames())
	}
	read := func(r *wav.Reader, from, n int64) []byte {
		raw := make([]byte, int(n)*r.Format().FrameBytes())
		if got, err := r.ReadFrames(raw, from); int64(got) != n {
			ts.Fatalf("%d of %d frames: %v", got, n, err)
		}
		return raw
	}
	at := int64(0)
	for i, s := range c.Chosen() {
		take := open(c.Takes[s.Take].Name)
		seam := int64(take.Format().RateHz) * 15 / 1000
		if !bytes.Equal(read(take, s.Start+seam, s.Len()-2*seam), read(out, at+seam, s.Len()-2*seam)) {
			ts.Fatalf("stretch %d is not as it was", i+1)
		}
		take.Close()
		at += s.Len()
	}
})
