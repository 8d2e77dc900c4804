// Package loudness measures how loud audio is heard, after ITU-R BS.1770-5.
package loudness

import "math"

// Weighting is the K-weighting of one channel (BS.1770-5, annex 1): a shelf for
// the head, and a high-pass.
type Weighting struct {
	shelf, pass biquad
}

// NewWeighting makes the filters for a rate. The standard gives coefficients
// for 48 kHz; these come from the analogue filters behind them, so that every
// rate has the same response.
func NewWeighting(rateHz int) Weighting {
	const (
		shelfHz, shelfQ, gainDB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
		passHz, passQ           = 38.13547087602444, 0.5003270373238773
	)
	k := math.Tan(math.Pi * shelfHz / float64(rateHz))
	high := math.Pow(10, gainDB/20)
	band := math.Pow(high, 0.4996667741545416)
	a0 := 1 + k/shelfQ + k*k
	w := Weighting{shelf: biquad{
		b0: (high + band*k/shelfQ + k*k) / a0,
		b1: 2 * (k*k - high) / a0,
		b2: (high - band*k/shelfQ + k*k) / a0,
		a1: 2 * (k*k - 1) / a0,
		a2: (1 - k/shelfQ + k*k) / a0,
	}}
	k = math.Tan(math.Pi * passHz / float64(rateHz))
	a0 = 1 + k/passQ + k*k
	w.pass = biquad{b0: 1, b1: -2, b2: 1, a1: 2 * (k*k - 1) / a0, a2: (1 - k/passQ + k*k) / a0}
	return w
}

// Next weights a sample.
func (w *Weighting) Next(x float64) float64 { return w.pass.next(w.shelf.next(x)) }

// biquad is a filter of second order, transposed direct form II.
type biquad struct {
	b0, b1, b2, a1, a2 float64
	s1, s2             float64
}

func (f *biquad) next(x float64) float64 {
	y := f.b0*x + f.s1
	f.s1 = f.b1*x - f.a1*y + f.s2
	f.s2 = f.b2*x - f.a2*y
	return y
}

// Momentary follows the momentary loudness of one channel: that of the last
// 400 ms, moved on in steps of 100 ms (EBU Tech 3341).
type Momentary struct {
	weighting Weighting
	fresh     Weighting
	step      int // samples of a step
	n         int // in the step that is being added
	sum       float64
	steps     [4]float64 // mean squares of the last steps
}

// NewMomentary makes one for a rate.
func NewMomentary(rateHz int) Momentary {
	w := NewWeighting(rateHz)
	return Momentary{weighting: w, fresh: w, step: max(1, rateHz/10)}
}

// Add takes a sample; full scale is 1.
func (m *Momentary) Add(x float64) {
	y := m.weighting.Next(x)
	m.sum += y * y
	if m.n++; m.n < m.step {
		return
	}
	if math.IsNaN(m.sum) || math.IsInf(m.sum, 0) { // a sample that was no number stays in no filter
		m.weighting, m.sum = m.fresh, 0
	}
	copy(m.steps[:], m.steps[1:])
	m.steps[len(m.steps)-1] = m.sum / float64(m.n)
	m.n, m.sum = 0, 0
}

// LUFS is the loudness now; minus infinity for silence.
func (m *Momentary) LUFS() float64 {
	var sum float64
	for _, s := range m.steps {
		sum += s
	}
	return -0.691 + 10*math.Log10(sum/float64(len(m.steps)))
}
