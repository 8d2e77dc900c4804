package editor

import (
	"math/rand/v2"
	"testing"
)

// The parts of detection, each in ns a sample of a 48 kHz/24-bit take.
func benchmarkPart(b *testing.B, run func(a *analyser, raw []byte, d []float32, single []levels, l looks)) {
	a := newAnalyser(48000)
	const n = batch
	rng := rand.New(rand.NewPCG(1, 1))
	raw := make([]byte, 3*a.reach(n))
	for i := 0; i < len(raw); i += 3 {
		raw[i], raw[i+1] = byte(rng.Uint32()), byte(rng.Uint32())
	}
	d := make([]float32, a.reach(n)-1)
	differencesGo(raw, 3, 3, d)
	single := make([]levels, n+2*margin)
	a.measure(d, single[:n])
	l := looks{make([]levels, n), make([]levels, n), make([]float32, n)}
	b.SetBytes(int64(3 * n * a.hop))
	for b.Loop() {
		run(a, raw, d, single, l)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n*a.hop), "ns/sample")
}

func BenchmarkDifferences(b *testing.B) {
	benchmarkPart(b, func(a *analyser, raw []byte, d []float32, _ []levels, _ looks) { differencesOf(raw, 3, 3, d) })
}

func BenchmarkMeasure(b *testing.B) {
	benchmarkPart(b, func(a *analyser, _ []byte, d []float32, single []levels, _ looks) { a.measure(d, single[:batch]) })
}

func BenchmarkMeasureGo(b *testing.B) {
	benchmarkPart(b, func(a *analyser, _ []byte, d []float32, single []levels, _ looks) { a.measureGo(d, single[:batch]) })
}

func BenchmarkSmooth(b *testing.B) {
	benchmarkPart(b, func(_ *analyser, _ []byte, _ []float32, single []levels, l looks) { smooth(single, l) })
}
