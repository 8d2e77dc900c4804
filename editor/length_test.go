package editor_test

import (
	"context"
	"testing"

	"jackknife/editor"
	"jackknife/wav"
)

// A take may end anywhere in the looks that are read at once.
func TestDetectTakesOfEveryLength(t *testing.T) {
	f := wav.Format{RateHz: 8000, Channels: 1, Bits: 16, SampleBytes: 2}
	for looks := 1; looks < 340; looks++ {
		x := make([]float64, 40*looks+looks%40)
		for i := range x {
			x[i] = 0.001 * float64(i*i%37)
		}
		take, err := wav.Open(store(t, f, x))
		if err != nil {
			t.Fatal(err)
		}
		_, err = editor.Detect(context.Background(), take, editor.DetectOptions{}, func(editor.Pause) error { return nil })
		take.Close()
		if err != nil {
			t.Errorf("%d frames: %v", len(x), err)
		}
	}
}
