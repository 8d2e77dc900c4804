package voices

import (
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/dsp/fourier"

	"jackknife/editor"
)

// hearingHz are the edges of the bands in which a listener hears the voice
// over the room.
var hearingHz = []float64{90, 180, 270, 360, 470, 600, 740, 900, 1080, 1300, 1600, 2000, 2500, 3200, 4200, 5500, 7500, 10500, 15000}

// over is, for every look of 10 ms, how far the voice stands over the mean of
// the room over a second around, in the band where that is most.
func over(voice, room [][]float64, gain float64) []float64 {
	const around = 100 // looks
	out := make([]float64, len(voice))
	sum := make([]float64, len(voice[0]))
	for i := -around; i < len(voice); i++ {
		if i+around < len(voice) {
			for b, p := range room[i+around] {
				sum[b] += p
			}
		}
		if i > around {
			for b, p := range room[i-around-1] {
				sum[b] -= p
			}
		}
		if i >= 0 {
			count := float64(min(len(voice)-1, i+around) - max(0, i-around) + 1)
			for b, p := range voice[i] {
				out[i] = max(out[i], p/(gain*max(sum[b], 0)/count+1e-13))
			}
		}
	}
	return out
}

// hear fills in what can be heard of every phrase, from looks every hop frames.
func (t *Truth) hear(over []float64, hop int) {
	for k := range t.Phrases {
		p := &t.Phrases[k]
		to := len(over)
		if k+1 < len(t.Phrases) {
			to = int(t.Phrases[k+1].Start)/hop - 4
		}
		from := max(0, int(p.Start)/hop-4)
		p.Audible, _ = t.runs(over[:to], from, hop, p.End, 1)
		p.Clear, p.ClearRuns = t.runs(over[:to], from, hop, p.End, 4)
	}
}

// runs finds the looks from one on that exceed need: their extent and the runs.
// After the dry end the first hole of 250 ms ends the phrase.
func (t *Truth) runs(over []float64, from, hop int, dryEnd int64, need float64) (all editor.Span, runs []editor.Span) {
	last := -1
	for i := from; i < len(over); i++ {
		if over[i] <= need {
			continue
		}
		if last >= 0 && i-last > 50 && int64(last*hop) >= dryEnd {
			break
		}
		if last < 0 || i > last+1 {
			runs = append(runs, editor.Span{Start: max(0, int64(i*hop-hop/2))})
		}
		last = i
		runs[len(runs)-1].End = min(int64(i*hop+hop-hop/2), t.Frames)
	}
	if len(runs) > 0 {
		all = editor.Span{Start: runs[0].Start, End: runs[len(runs)-1].End}
	}
	return all, runs
}

// bandPower is the power in the hearing bands of 10 ms Hann windows centred on
// multiples of hop. It is written apart from the detector's on purpose.
func bandPower(x []float64, rateHz, hop int) [][]float64 {
	win, size := 2*hop, 1
	for size < win {
		size *= 2
	}
	fft := fourier.NewFFT(size)
	window := make([]float64, win)
	var norm float64
	for i := range window {
		window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(win))
		norm += window[i] * window[i]
	}
	var first []int
	for _, hz := range hearingHz {
		if hz < 0.45*float64(rateHz) {
			first = append(first, int(math.Ceil(hz*float64(size)/float64(rateHz))))
		}
	}
	n := len(x)/hop + 1
	out := make([][]float64, n)
	flat := make([]float64, n*(len(first)-1))
	y, spectrum := make([]float64, size), make([]complex128, size/2+1)
	for i := range out {
		clear(y)
		for k := range window {
			if at := i*hop - hop + k; at >= 0 && at < len(x) {
				y[k] = window[k] * x[at]
			}
		}
		fft.Coefficients(spectrum, y)
		out[i], flat = flat[:len(first)-1], flat[len(first)-1:]
		for b := range out[i] {
			for k := first[b]; k < first[b+1]; k++ {
				a := cmplx.Abs(spectrum[k])
				out[i][b] += 2 * a * a / (float64(size) * norm)
			}
		}
	}
	return out
}
