package main

import (
	"math"
	"math/rand/v2"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/wav"
)

// phrases writes nine seconds of a room (24-bit, 48 kHz) in which something
// like a voice can be heard from 1 to 2 s, 3 to 4.5 s and 6.5 to 8 s: phrases FILE [SEED]
var _ = addScriptCommand("phrases", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: phrases FILE [SEED]")
	}
	seed := uint64(1)
	if len(args) == 2 {
		seed = uint64(args[1][0])
	}
	const rate = 48000
	f := wav.Format{RateHz: rate, Channels: 1, Bits: 24, SampleBytes: 3}
	rng := rand.New(rand.NewPCG(seed, 0))
	x := make([]float64, 9*rate)
	for i := range x {
		x[i] = rng.NormFloat64() * 1e-3
	}
	for _, s := range [][2]float64{{1, 2}, {3, 4.5}, {6.5, 8}} {
		for i := int(s[0] * rate); i < int(s[1]*rate); i++ {
			t := float64(i) / rate
			for k := 1.0; k < 20; k++ {
				x[i] += 0.1 / k * math.Sin(2*math.Pi*150*k*t) * (1 + 0.5*math.Sin(2*math.Pi*4*t))
			}
		}
	}
	w, err := wav.Create(ts.MkAbs(args[0]), f)
	ts.Check(err)
	data := make([]byte, 3*len(x))
	wav.Encode(data, x, f)
	_, err = w.Write(data)
	ts.Check(err)
	ts.Check(w.Commit())
})
