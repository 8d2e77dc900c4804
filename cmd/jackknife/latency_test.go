//go:build cgo

package main

import (
	"encoding/json"
	"math"
	"testing"

	"jackknife/testdata/loopback"
)

// TestLatency measures cables of known lengths on a server, quiet ones and
// noisy ones, and what JACK is told of them.
func TestLatency(t *testing.T) {
	jackServer(t, "-p", "256")
	for _, test := range []struct {
		cable  loopback.Config
		within float64
	}{
		{loopback.Config{Frames: 1000, Gain: 1, Playback: 600, Capture: 400}, 0.002},
		{loopback.Config{Frames: 2345.4, Gain: -0.1, Playback: 2000, Capture: 300}, 0.02},
		{loopback.Config{Frames: 3000.75, Gain: 0.3, Noise: 0.05, Playback: 256, Capture: 512}, 0.1},
	} {
		test.cable.Channels = 2
		cable, err := loopback.Start("cable", test.cable)
		if err != nil {
			t.Fatal(err)
		}
		var r roundTrip
		for try := 1; ; try++ { // a machine that is too busy says so
			p := start(t, t.TempDir(), "latency", "--to", "cable-out:playback_2", "--from", "cable-in:capture_2", "--json", "--times", "2")
			p.Wait()
			if err := json.Unmarshal(p.out.Bytes(), &r); err == nil {
				// A server that skips a block in one client and not in the other
				// has a cable that is so much longer or shorter.
				off := r.Frames - test.cable.Frames
				blocks := math.Round(off / 256)
				if blocks == 0 || math.Abs(off-256*blocks) > test.within || try == 10 {
					break
				}
				continue
			}
			if try == 10 {
				t.Fatalf("%+v: %s%s", test.cable, p.out.String(), p.err.String())
			}
		}
		told := float64(test.cable.Playback + test.cable.Capture)
		if math.Abs(r.Frames-test.cable.Frames) > test.within || r.Inverted != (test.cable.Gain < 0) ||
			math.Abs(r.GainDB-levelDB(math.Abs(test.cable.Gain))) > 0.5 || r.RateHz != 48000 || r.Block != 256 {
			t.Errorf("%+v: measured %+v", test.cable, r)
		}
		if float64(r.JackFrames[0]) != told || r.JackFrames[0] != r.JackFrames[1] || math.Abs(r.Difference-(r.Frames-told)) > 1e-6 {
			t.Errorf("%+v: JACK was told of %v frames: %+v", test.cable, told, r)
		}
		cable.Close()
	}
}
