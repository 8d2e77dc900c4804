//go:build cgo

package editor

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestBandsWidths: every vector width that this processor has sees the same
// bits.
func TestBandsWidths(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	a := newAnalyser(48000)
	const n = 50
	d := make([]float32, a.reach(n)-1)
	for i := range d {
		d[i] = float32(rng.NormFloat64())
	}
	want, got := make([]levels, n), make([]levels, n)
	a.measureGo(d, want)
	for _, width := range []int{4, 8, 16} {
		if !a.measureBy(width, d, got) {
			t.Logf("no vectors of %d floats here", width)
		} else if !slices.Equal(got, want) {
			t.Errorf("vectors of %d floats see other bits", width)
		}
		clear(got)
	}
}

func BenchmarkMeasureBy8(b *testing.B) {
	benchmarkPart(b, func(a *analyser, _ []byte, d []float32, single []levels, _ looks) { a.measureBy(8, d, single[:batch]) })
}

func BenchmarkMeasureBy4(b *testing.B) {
	benchmarkPart(b, func(a *analyser, _ []byte, d []float32, single []levels, _ looks) { a.measureBy(4, d, single[:batch]) })
}
