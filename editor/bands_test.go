package editor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"jackknife/wav"
)

// TestBandsTwins: the build with C and the one without see the same bits, so
// that a plan does not depend on the build.
func TestBandsTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, rate := range []int{8000, 22050, 44100, 48000, 51200, 96000} {
		a := newAnalyser(rate)
		const n = 50
		raw := make([]byte, 8*a.reach(n))
		for i := range raw {
			raw[i] = byte(rng.Uint32())
		}
		for _, stored := range [][2]int{{2, 2}, {3, 3}, {2, 4}, {3, 6}, {4, 4}, {4, 8}} {
			d, twin := make([]float32, a.reach(n)-1), make([]float32, a.reach(n)-1)
			differencesOf(raw, stored[0], stored[1], d)
			differencesGo(raw, stored[0], stored[1], twin)
			if !slices.Equal(d, twin) {
				t.Fatalf("%d Hz, %d bytes every %d: differences differ", rate, stored[0], stored[1])
			}
			for i := range d { // from full scale down to nothing
				d[i] *= float32(math.Exp2(-40 * float64(i) / float64(len(d))))
			}
			single, singleTwin := make([]levels, n+2*margin), make([]levels, n+2*margin)
			a.measure(d, single[:n])
			a.measureGo(d, singleTwin[:n])
			if !slices.Equal(single, singleTwin) {
				t.Fatalf("%d Hz: bands differ:\n%v\n%v", rate, single[0], singleTwin[0])
			}
			l := looks{make([]levels, n), make([]levels, n), make([]float32, n)}
			lTwin := looks{make([]levels, n), make([]levels, n), make([]float32, n)}
			smooth(single, l)
			smoothGo(singleTwin, lTwin)
			if !slices.Equal(l.fast, lTwin.fast) || !slices.Equal(l.slow, lTwin.slow) || !slices.Equal(l.power, lTwin.power) {
				t.Fatalf("%d Hz: levels differ", rate)
			}
		}
	}
}

// TestToneTwins: so do the loops of the tone's model.
func TestToneTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 3*cell + 7
	now := looks{make([]levels, n), make([]levels, n), make([]float32, n)}
	mean := make([]levels, n/cellThin+1)
	silence := decibels(1e-14)
	for i := range n {
		for b := range now.fast[i] {
			now.fast[i][b], now.slow[i][b] = silence, silence
			if b < bands && i%50 > 0 {
				now.fast[i][b] = -70 + 3*float32(rng.NormFloat64())
				now.slow[i][b] = -70 + 0.5*float32(rng.NormFloat64())
			}
		}
		if i%7 == 0 {
			now.fast[i][rng.IntN(bands)] += 30
		}
	}
	for c := range mean {
		for b := range bands {
			mean[c][b] = -70 + float32(rng.NormFloat64())
		}
	}
	m := tone{sigma: gaussian, all: spread{0.1, 0.3}, slowAll: spread{0.1, 0.3}}
	for b := range bands {
		m.slowSpread[b] = spread{0.1, 0.6}
	}
	fast, slow := m.limits()
	is, isTwin := make([]byte, n), make([]byte, n)
	judgeLooks(now, mean, &fast, &slow, is)
	judgeGo(now, mean, &fast, &slow, isTwin)
	if !slices.Equal(is, isTwin) {
		t.Errorf("judgements differ:\n%v\n%v", is, isTwin)
	}
	for what := range byte(lookVoiced << 1) {
		odd, core := what&lookActive == 0 || what&lookOdd != 0, what&lookCore == 0 || what&lookActive != 0
		if possible := odd && core && (what&lookVoiced == 0 || what&lookCore != 0); possible != slices.Contains(is, what) {
			t.Errorf("looks that are %04b: %v, want %v", what, !possible, possible)
		}
	}
	over := unreached
	for b := range bands {
		over[b] = 3
	}
	marks, marksTwin := make([]byte, n), make([]byte, n)
	stands(now.fast, mean, &over, marks)
	standsGo(now.fast, mean, &over, marksTwin)
	if !slices.Equal(marks, marksTwin) {
		t.Errorf("marks differ:\n%v\n%v", marks, marksTwin)
	}
	clean := make([]bool, n)
	for i, m := range marks {
		clean[i] = m == markSounds
	}
	sums, sumsTwin := make([]levels, len(mean)), make([]levels, len(mean))
	sum(now.fast, clean, sums)
	sumGo(now.fast, clean, sumsTwin)
	if !slices.Equal(sums, sumsTwin) {
		t.Errorf("sums differ:\n%v\n%v", sums, sumsTwin)
	}
}

// TestSamplesTwins: so do samples of 24 bits, at any length, and the sums of
// room tone.
func TestSamplesTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, channels := range []int{1, 2, 3} {
		f := wav.Format{RateHz: 48000, Channels: channels, Bits: 24, SampleBytes: 3}
		for n := range 60 {
			x, y := make([]float64, n), make([]float64, n)
			raw, twin := make([]byte, 3*n), make([]byte, 3*n)
			for i := range x {
				x[i] = rng.NormFloat64()
				switch i % 7 {
				case 0:
					x[i] = math.NaN()
				case 1:
					x[i] = (math.Round(x[i]*1e6) + 0.5) / (1 << 23)
				}
			}
			encodeSamples(raw, x, f)
			wav.Encode(twin, x, f)
			if !slices.Equal(raw, twin) {
				t.Fatalf("%v is encoded as %v, want %v", x, raw, twin)
			}
			decodeSamples(x, raw, f)
			wav.Decode(y, raw, f)
			if !slices.Equal(x, y) {
				t.Fatalf("%v is decoded as %v, want %v", raw, x, y)
			}
		}
		for _, n := range []int64{5, 100, 300, 128*lookStep + 77, 20000} {
			p := piece{Span: Span{1000, 1000 + n}, raw: make([]byte, n*int64(f.FrameBytes()))}
			for i := range p.raw {
				p.raw[i] = byte(rng.Uint32())
			}
			p.measure(f, nil)
			got := slices.Clone(p.sums)
			for i := range p.sums {
				p.sums[i] = sums{at: p.sums[i].at, n: p.sums[i].n}
			}
			p.sumUpGo(f, nil)
			if !slices.Equal(got, p.sums) {
				t.Fatalf("%d channels, %d frames: sums differ", channels, n)
			}
		}
	}
}

// TestBandsOfTones: a tone shows its level in its band, 27 dB above all others
// but the neighbours.
func TestBandsOfTones(t *testing.T) {
	for _, rate := range []int{16000, 44100, 48000, 96000} {
		a := newAnalyser(rate)
		r := float64(rate) / float64(a.thin)
		for b := 3; b < bands && bandEdgesHz[b+1] < 0.45*r; b++ {
			hz := math.Sqrt(bandEdgesHz[b] * bandEdgesHz[b+1])
			d := make([]float32, a.reach(1)-1)
			for i := range d {
				s := func(i int) float64 { return 0.1 * math.Sin(2*math.Pi*hz*float64(i)/r) }
				d[i] = float32(s(i+1) - s(i))
			}
			one := make([]levels, 1)
			a.measure(d, one)
			if got := decibels(one[0][b]); math.Abs(float64(got)+23) > 1 {
				t.Errorf("%d Hz: a tone of -23 dBFS at %.0f Hz shows as %.1f", rate, hz, got)
			}
			for other := range bands {
				if got := decibels(one[0][other] + 1e-14); (other < b-1 || other > b+1) && got > -50 {
					t.Errorf("%d Hz: a tone at %.0f Hz shows as %.1f dB in band %d", rate, hz, got, other)
				}
			}
		}
	}
}
