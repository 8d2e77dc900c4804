package editor_test

import (
	"bytes"
	"context"
	"math"
	"testing"

	"jackknife/editor"
	"jackknife/wav"
)

// TestMemory: what a take becomes does not depend on the takes before it in the
// same memory, longer or of another format.
func TestMemory(t *testing.T) {
	ctx := context.Background()
	rules, err := editor.ParseRules("x1.7")
	if err != nil {
		t.Fatal(err)
	}
	var used editor.Memory
	for _, c := range []struct {
		rate, channels, bytes int
		length                float64
	}{{48000, 1, 3, 45}, {48000, 1, 3, 10}, {44100, 2, 2, 12}, {48000, 1, 3, 10}, {16000, 1, 2, 30}} {
		f := wav.Format{RateHz: c.rate, Channels: c.channels, Bits: 8 * c.bytes, SampleBytes: c.bytes}
		noise := room(uint64(c.rate))
		samples := make([][]float64, c.channels)
		for i := range samples {
			samples[i] = make([]float64, int(c.length*float64(c.rate)))
			for n := range samples[i] {
				at := float64(n) / float64(c.rate)
				samples[i][n] = noise(at)
				if math.Mod(at, 3) < 1.5 {
					samples[i][n] += 0.1 * math.Sin(2*math.Pi*200*at) * math.Sin(2*math.Pi*1003*at)
				}
			}
		}
		take, err := wav.Open(store(t, f, samples...))
		if err != nil {
			t.Fatal(err)
		}
		defer take.Close()
		edit := func(m *editor.Memory) []byte {
			var out bytes.Buffer
			r := m.NewRenderer(take, &out, 1)
			defer r.Stop()
			p := editor.Planner{Rules: rules, RateHz: c.rate, Frames: take.Frames(), Yield: func(e editor.Edit) error { return r.Edit(ctx, e) }}
			_, err := editor.Detect(ctx, take, editor.DetectOptions{Memory: m}, func(q editor.Pause) error {
				if err := r.Pause(ctx, q); err != nil {
					return err
				}
				return p.Pause(q)
			})
			if err == nil {
				err = p.Finish()
			}
			if err == nil {
				_, err = r.Finish(ctx)
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Counts.Changed < 2 {
				t.Fatalf("%+v: %+v", c, p.Counts)
			}
			return out.Bytes()
		}
		if !bytes.Equal(edit(&used), edit(new(editor.Memory))) {
			t.Errorf("%+v: another output in memory that was used before", c)
		}
	}
}
