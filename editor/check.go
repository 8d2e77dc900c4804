package editor

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"

	"jackknife/wav"
)

// Checkup is what Check found: whether the frames that were to be kept are those
// of the take, and what can be heard of the edits.
type Checkup struct {
	Kept, Differ    int64 // frames of the take in the output; those of them that are not the same
	FirstDifference int64 // frame of the output, -1 if there is none
	Edits           []Heard
}

// Heard is what was measured where one edit was made.
type Heard struct {
	Edit     int  // index in the list
	Out      Span // of the output: the fill, or a join, which has no length
	Measures []Measure
}

// Fails reports whether any measure does.
func (h Heard) Fails() bool { return slices.ContainsFunc(h.Measures, Measure.Fails) }

// Measure is one measure, and what passes. A measure that cannot be taken, for
// want of tone or of time, is not there.
type Measure struct {
	Kind         MeasureKind
	Value, Limit float64 // the value fails above the limit
}

// Fails reports whether the measure says that the edit can be heard.
func (m Measure) Fails() bool { return !(m.Value <= m.Limit) }

// MeasureKind says what is measured.
type MeasureKind uint8

const (
	// ToneDB is the distance of a fill from the nearest room tone: root mean
	// square over third octaves, dB, less what chance can make of it in so short a
	// time. At most 1 dB, or half as much again as one stretch of the tone around
	// differs from the others.
	ToneDB MeasureKind = iota
	// StepDB is how far the level above 80 Hz steps at the edges, over 100 ms on
	// either side: at most 0.5 dB more than the tone's own level does (four standard
	// deviations: there are hundreds of edges in a take).
	StepDB
	// Period is how much a fill repeats itself: the highest autocorrelation of
	// its envelope in six bands, at lags from 0.2 s to 3 s. At most 0.05 more
	// than that of as much room tone, or than chance makes of noise; of both, where
	// the room itself beats, as with a fan.
	Period
	// RunMS is the longest run of equal samples in a fill: at most 1 ms, or what
	// the tone itself has.
	RunMS
	// Click is the second difference at the edges against the 99.9th percentile
	// of that of the sound around: at most 1.3, or what the sound around has, and
	// what seam and rounding to whole samples add.
	Click
)

const MeasureKinds = int(Click) + 1

func (k MeasureKind) String() string {
	return [...]string{"tone_db", "step_db", "period", "run_ms", "click"}[k]
}

// The limits of the measures.
const (
	mostToneDB = 1.0
	unevenTone = 1.5 // times what one stretch of an uneven tone is from the others
	mostStepDB = 0.5
	mostPeriod = 0.05
	mostRunMS  = 1.0
	mostClick  = 1.3
	blended    = 1.05 // times what the sound around has: a seam adds a little to it
)

// Check measures what can be heard of the edits of l in the edited take, and
// whether every frame outside its fills and seams is the take's own, byte for
// byte. Both must have one format. It finds the pauses of the take again, for
// their room tone.
func Check(ctx context.Context, take, edited *wav.Reader, l List, o DetectOptions) (*Checkup, error) {
	f, n := take.Format(), take.Frames()
	switch g := edited.Format(); {
	case f.RateHz != g.RateHz || f.Channels != g.Channels || f.Bits != g.Bits || f.SampleBytes != g.SampleBytes || f.Encoding != g.Encoding:
		return nil, fmt.Errorf("the take is %s at %d Hz, what was made of it %s at %d Hz: frames can be compared in one format only", formatWords(f), f.RateHz, formatWords(g), g.RateHz)
	case edited.Frames() != l.Length(n):
		return nil, fmt.Errorf("%d frames, the plan makes %d", edited.Frames(), l.Length(n))
	}
	c := checker{take: newFrameReader(take), out: newFrameReader(edited), format: f, frames: n}
	if len(l) > 0 && n > 0 {
		if _, err := Detect(ctx, take, o, func(p Pause) error { c.pauses = append(c.pauses, p); return nil }); err != nil {
			return nil, err
		}
	}
	up := &Checkup{FirstDifference: -1}
	kept, shift := int64(0), int64(0) // first frame of the take not yet looked at; what to add for the output
	for i, e := range l {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next := n
		if i+1 < len(l) {
			next = l[i+1].Start
		}
		half := int64(0)
		if e.Fill == 0 {
			half = halfSeam(e, kept, next, c.pauses, n, f.RateHz)
		}
		if err := c.same(up, Span{kept, e.Start - half}, shift); err != nil {
			return nil, err
		}
		h := Heard{Edit: i, Out: Span{e.Start + shift, e.Start + shift + e.Fill}}
		shift += e.Fill - e.Len()
		kept = e.End + half
		var err error
		if h.Measures, err = c.measure(e, h.Out, half); err != nil {
			return nil, err
		}
		up.Edits = append(up.Edits, h)
	}
	return up, c.same(up, Span{kept, n}, shift)
}

type checker struct {
	take, out *frameReader
	format    wav.Format
	frames    int64 // of the take
	pauses    []Pause
	window    *fourier.FFT
	envelope  *fourier.FFT
}

// same compares frames of the take with where they stand in the output.
func (c *checker) same(up *Checkup, s Span, shift int64) error {
	size := int64(c.format.FrameBytes())
	a, b := make([]byte, pieceFrames*size), make([]byte, pieceFrames*size)
	for at := s.Start; at < s.End; at += pieceFrames {
		n := min(pieceFrames, s.End-at)
		if err := readFull(c.take.r, a[:n*size], at); err != nil {
			return err
		}
		if err := readFull(c.out.r, b[:n*size], at+shift); err != nil {
			return err
		}
		up.Kept += n
		if bytes.Equal(a[:n*size], b[:n*size]) {
			continue
		}
		for i := range n {
			if !bytes.Equal(a[i*size:(i+1)*size], b[i*size:(i+1)*size]) {
				if up.Differ++; up.FirstDifference < 0 {
					up.FirstDifference = at + shift + i
				}
			}
		}
	}
	return nil
}

// read gives the channels of some frames, apart.
func (c *checker) read(r *frameReader, s Span) ([][]float64, error) {
	x, err := r.read(s.Start, int(s.Len()))
	if err != nil {
		return nil, err
	}
	apart := make([][]float64, c.format.Channels)
	for k := range apart {
		y := make([]float64, s.Len())
		for i := range y {
			if v := x[i*len(apart)+k]; v-v == 0 {
				y[i] = v
			}
		}
		apart[k] = y
	}
	return apart, nil
}

// near is the clean tone of the pauses nearest to e, as much as is wanted if
// there is so much within a minute.
func (c *checker) near(e Edit, want int64) []Span {
	var spans []Span
	var total int64
	j, _ := slices.BinarySearchFunc(c.pauses, e.Start, func(p Pause, at int64) int {
		if p.End < at {
			return -1
		}
		return 1
	})
	for i := j - 1; total < want && (i >= 0 || j < len(c.pauses)); {
		left, right := int64(math.MaxInt64), int64(math.MaxInt64)
		if i >= 0 {
			left = e.Start - c.pauses[i].End
		}
		if j < len(c.pauses) {
			right = max(0, c.pauses[j].Start-e.End)
		}
		if min(left, right) > millis(reachMillis, c.format.RateHz) {
			break
		}
		p := 0
		if left < right {
			p, i = i, i-1
		} else {
			p, j = j, j+1
		}
		for _, s := range c.pauses[p].Tone {
			if s = clip(s, e.Span, want); s.Len() >= millis(pieceMillis, c.format.RateHz) {
				spans = append(spans, s)
				total += s.Len()
			}
		}
	}
	return spans
}

// How much tone an edit is held against.
const (
	nearToneMillis   = 1500
	periodToneMillis = 6000
	stepMillis       = 100
	leastStepMillis  = 20
	clickMillis      = 2
	bodyMillis       = 100
)

// measure takes all measures of one edit; each is the worst of the channels.
func (c *checker) measure(e Edit, out Span, half int64) ([]Measure, error) {
	rate := c.format.RateHz
	ms := func(n int) int64 { return millis(n, rate) }
	var near, far [][][]float64 // pieces, channels
	var nearFrames int64
	for _, s := range c.near(e, ms(periodToneMillis)) {
		x, err := c.read(c.take, s)
		if err != nil {
			return nil, err
		}
		far = append(far, x)
		if nearFrames < ms(nearToneMillis) {
			near = append(near, x)
			nearFrames += s.Len()
		}
	}
	// What is around the edges, in the output and in the take.
	reach := ms(stepMillis) + half
	around := Span{max(0, out.Start-reach), min(c.out.r.Frames(), out.End+reach)}
	y, err := c.read(c.out, around)
	if err != nil {
		return nil, err
	}
	body := far
	for _, at := range []int64{e.Start, e.End} {
		x, err := c.read(c.take, Span{max(0, at-ms(bodyMillis)), min(c.frames, at+ms(bodyMillis))})
		if err != nil {
			return nil, err
		}
		body = append(slices.Clip(body), x)
	}
	var worst [MeasureKinds]*Measure
	note := func(kind MeasureKind, value, limit float64) {
		if w := worst[kind]; w == nil || value-limit > w.Value-w.Limit {
			worst[kind] = &Measure{kind, value, limit}
		}
	}
	for k := range c.format.Channels {
		of := func(pieces [][][]float64) [][]float64 {
			one := make([][]float64, len(pieces))
			for i, p := range pieces {
				one[i] = p[k]
			}
			return one
		}
		tone, fill := of(near), y[k][out.Start-around.Start:out.End-around.Start]
		if d, own, ok := c.toneDB(fill, tone, of(far)); ok {
			note(ToneDB, d, max(mostToneDB, unevenTone*own))
		}
		if own, value, ok := c.period(fill, of(far)); ok {
			note(Period, value, own+mostPeriod)
		}
		if len(fill) > 0 {
			own := 0
			for _, x := range tone {
				own = max(own, equalRun(x))
			}
			note(RunMS, float64(equalRun(fill))*1000/float64(rate), max(mostRunMS, float64(own)*1000/float64(rate)))
		}
		heard, own := c.heard(y[k]), of(far)
		for i, x := range own {
			own[i] = c.heard(x)
		}
		for _, edge := range c.edges(e, out) {
			w := min(edge.room, ms(stepMillis), int64(longest(own)/2))
			if w < ms(leastStepMillis) {
				continue
			}
			at := edge.at - around.Start
			if own, ok := ownStep(own, int(w)); ok && at >= w && at+w <= int64(len(heard)) {
				note(StepDB, math.Abs(levelDB(heard[at:at+w])-levelDB(heard[at-w:at])), 4*own+mostStepDB)
			}
		}
		typical, most := bends(of(body))
		if typical == 0 {
			continue
		}
		seamIn, seamOut := half, half
		if len(fill) > 0 {
			seamIn, seamOut = fillSeams(e, c.pauses, c.frames, rate)
		}
		for _, at := range []int64{out.Start - half, out.Start + seamIn, out.End - seamOut, out.End + half} {
			from, to := max(0, at-ms(clickMillis)-around.Start), min(int64(len(y[k])), at+ms(clickMillis)-around.Start)
			if to-from > 2 {
				note(Click, bend(y[k][from:to])/typical, max(mostClick, blended*most/typical)+c.rounding()/typical)
			}
		}
	}
	var all []Measure
	for _, m := range worst {
		if m != nil {
			all = append(all, *m)
		}
	}
	return all, nil
}

// rounding is the second difference that rounding to the format's steps makes at
// most of nothing.
func (c *checker) rounding() float64 {
	if c.format.Encoding == wav.Float {
		return 0
	}
	return 2 * math.Pow(2, float64(1-c.format.Bits))
}

// edge is a place of the output with tone on both sides of it, so much.
type edge struct{ at, room int64 }

// edges are the edges of an edit at which the level can be compared.
func (c *checker) edges(e Edit, out Span) []edge {
	var left, right int64 // tone beside the edit
	if p := pauseAt(c.pauses, e.Start); p != nil {
		left = e.Start - p.Start
	}
	if p := pauseAt(c.pauses, e.End); p != nil {
		right = p.End - e.End
	}
	if e.Fill == 0 {
		return []edge{{at: out.Start, room: min(left, right)}}
	}
	return []edge{{at: out.Start, room: min(left, e.Fill)}, {at: out.End, room: min(right, e.Fill)}}
}

// toneDB is how far a fill is from the tone near it, and how far one stretch of
// the tone around is from the others, where they are long enough to tell.
func (c *checker) toneDB(fill []float64, near, far [][]float64) (d, own float64, ok bool) {
	rate := c.format.RateHz
	size := 1
	for 2*size <= min(len(fill), longest(near), rate/5) {
		size *= 2
	}
	if size < rate/50 {
		return 0, 0, false
	}
	if c.window == nil || c.window.Len() != size {
		c.window = fourier.NewFFT(size)
	}
	d, ok = c.thirdOctaves(c.spectrum(fill), c.spectrum(near...))
	all := c.spectrum(far...)
	for _, x := range far {
		one := c.spectrum(x)
		rest := spectrum{make([]float64, len(one.power)), all.windows - one.windows}
		for k := range rest.power {
			rest.power[k] = all.power[k] - one.power[k]
		}
		if d, ok := c.thirdOctaves(one, rest); ok {
			own = max(own, d)
		}
	}
	return d, own, ok
}

// spectrum is the power of windows that overlap by half, added up.
type spectrum struct {
	power   []float64
	windows int
}

func (c *checker) spectrum(pieces ...[]float64) spectrum {
	size := c.window.Len()
	s := spectrum{power: make([]float64, size/2+1)}
	y, bins := make([]float64, size), make([]complex128, size/2+1)
	for _, x := range pieces {
		mean := meanOf(x)
		for at := 0; at+size <= len(x); at += size / 2 {
			for i := range y {
				y[i] = (x[at+i] - mean) * (0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(size)))
			}
			c.window.Coefficients(bins, y)
			for k, b := range bins {
				s.power[k] += (real(b)*real(b) + imag(b)*imag(b)) / (float64(size) * float64(size) * 3 / 16)
			}
			s.windows++
		}
	}
	return s
}

// thirdOctaves is the distance of two spectra, dB: the root of the mean square
// over the third octaves from 50 Hz up, less what chance can make of it (the
// mean of that and three standard deviations).
func (c *checker) thirdOctaves(x, tone spectrum) (float64, bool) {
	if x.windows == 0 || tone.windows == 0 {
		return 0, false
	}
	size, rate := float64(c.window.Len()), float64(c.format.RateHz)
	// Hertz times seconds is how many independent values a level is made of.
	seconds := func(s spectrum) float64 { return float64(s.windows+1) / 2 * size / rate }
	var sum, mean, spread, bands float64
	for i := -13; i <= 12; i++ {
		center := 1000 * math.Pow(2, float64(i)/3)
		low, high := center*math.Pow(2, -1.0/6), center*math.Pow(2, 1.0/6)
		if high > 0.45*rate {
			break
		}
		a, b := (high-low)*seconds(x), (high-low)*seconds(tone)
		from, to := int(math.Ceil(low*size/rate)), int(math.Ceil(high*size/rate))
		if to-from < 2 || min(a, b) < 32 {
			continue
		}
		var is, want float64
		for k := from; k < to; k++ {
			is += x.power[k]
			want += tone.power[k]
		}
		const tiny = 1e-16 // -160 dB
		d := 10 * math.Log10((is/float64(x.windows)+tiny)/(want/float64(tone.windows)+tiny))
		const db = 10 / math.Ln10
		variance := db * db * (1/a + 1/b)
		sum += d * d
		mean += variance
		spread += 2 * variance * variance
		bands++
	}
	return math.Sqrt(max(0, sum-mean-3*math.Sqrt(spread)) / max(1, bands)), bands >= 5
}

func longest(pieces [][]float64) (n int) {
	for _, x := range pieces {
		n = max(n, len(x))
	}
	return n
}

// period is how much x repeats itself, and how much as long a piece of the tone
// does so.
func (c *checker) period(x []float64, tone [][]float64) (own, value float64, ok bool) {
	e := c.envelopes([][]float64{x})
	least := 40 // looks of 10 ms
	if len(e) < least {
		return 0, 0, false
	}
	t := c.envelopes(tone)
	n := min(len(e), 1000)
	value, at := repeats(e[:n])
	for ; len(t) >= least; t = t[min(len(t), max(1, n/4)):] {
		r, _ := repeats(t[:min(len(t), n)])
		own = max(own, r)
	}
	for _, x := range tone { // what keeps time does so within a stretch
		if t := c.envelopes([][]float64{x}); len(t) >= least {
			r, _ := repeats(t[:min(len(t), n)])
			own = max(own, r)
		}
	}
	noise := chance(n, at)
	if own > noise { // a fan, say: chance comes on top
		return math.Hypot(own, noise), value, true
	}
	return noise, value, true
}

// envelopes is the level in six bands, in dB, of every 10 ms of the pieces, one
// after the other.
func (c *checker) envelopes(pieces [][]float64) [][]float64 {
	rate := c.format.RateHz
	hop := rate / 100
	if c.envelope == nil {
		c.envelope = fourier.NewFFT(2 * hop)
	}
	y, bins := make([]float64, 2*hop), make([]complex128, hop+1)
	var all [][]float64
	for _, x := range pieces {
		for at := 0; at+2*hop <= len(x); at += hop {
			for i := range y {
				y[i] = x[at+i] * (0.5 - 0.5*math.Cos(math.Pi*float64(i)/float64(hop)))
			}
			c.envelope.Coefficients(bins, y)
			var levels []float64
			for b := 1; b < len(envelopeHz); b++ {
				from, to := envelopeHz[b-1]/50, envelopeHz[b]/50
				if to > hop {
					break
				}
				sum := 1e-16
				for _, v := range bins[from:to] {
					sum += real(v)*real(v) + imag(v)*imag(v)
				}
				levels = append(levels, math.Log(sum))
			}
			all = append(all, levels)
		}
	}
	return all
}

var envelopeHz = [...]int{100, 300, 800, 2000, 5000, 9000, 15000}

// repeats is the highest autocorrelation of the envelopes, the mean of the
// bands, and the number of looks it was found over. A level that rises or falls
// all the way is no repetition.
func repeats(e [][]float64) (highest float64, over int) {
	n := len(e)
	size := 1
	for size < 2*n {
		size *= 2
	}
	fft := fourier.NewFFT(size)
	sum := make([]float64, n)
	for b := range e[0] {
		x := make([]float64, size)
		var mean, slope, spread float64
		for i := range n {
			mean += e[i][b] / float64(n)
		}
		for i := range n {
			t := float64(i) - float64(n-1)/2
			slope += t * (e[i][b] - mean)
			spread += t * t
		}
		for i := range n {
			x[i] = e[i][b] - mean - slope/spread*(float64(i)-float64(n-1)/2)
		}
		bins := fft.Coefficients(nil, x)
		for k, v := range bins {
			bins[k] = complex(real(v)*real(v)+imag(v)*imag(v), 0)
		}
		r := fft.Sequence(nil, bins)
		if r[0] <= 0 {
			continue
		}
		for lag := range n {
			sum[lag] += r[lag] / r[0] * float64(n) / float64(n-lag) / float64(len(e[0]))
		}
	}
	over = n
	best := math.Inf(-1)
	for lag := 20; lag <= min(300, n-20); lag++ {
		if d := sum[lag] - chance(n, n-lag); d > best {
			best, highest, over = d, sum[lag], n-lag
		}
	}
	return highest, over
}

// chance is an autocorrelation that noise hardly ever exceeds at any lag, over
// so many looks of all: six bands, looks of 20 ms that overlap by half.
func chance(looks, over int) float64 {
	return 4.5 / math.Sqrt(3*float64(min(looks, over)))
}

// equalRun is the most samples in a row that are the same.
func equalRun(x []float64) int {
	most, run := min(1, len(x)), 1
	for i := 1; i < len(x); i++ {
		if run++; x[i] != x[i-1] {
			run = 1
		}
		most = max(most, run)
	}
	return most
}

// heard is x without rumble: what is below 80 Hz falls by 12 dB an octave, as it
// does for a listener.
func (c *checker) heard(x []float64) []float64 {
	if len(x) == 0 {
		return nil
	}
	follow := min(1, 2*math.Pi*80/float64(c.format.RateHz))
	y := make([]float64, len(x))
	first, second := x[0], 0.0
	for i, v := range x {
		first += follow * (v - first)
		v -= first
		second += follow * (v - second)
		y[i] = v - second
	}
	return y
}

// ownStep is the step that the level of the tone makes from one window to the
// next, dB, root mean square.
func ownStep(tone [][]float64, w int) (float64, bool) {
	var sum, n float64
	for _, x := range tone {
		for at := 0; at+2*w <= len(x); at += max(1, w/2) {
			d := levelDB(x[at:at+w]) - levelDB(x[at+w:at+2*w])
			sum += d * d
			n++
		}
	}
	return math.Sqrt(sum / max(1, n)), n >= 3
}

// levelDB is the level around the mean.
func levelDB(x []float64) float64 {
	mean, sum := meanOf(x), 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return 10 * math.Log10(sum/float64(len(x))+1e-16)
}

func meanOf(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(max(1, len(x)))
}

// bends is the 99.9th percentile of the second differences of the pieces, and
// the greatest.
func bends(pieces [][]float64) (typical, most float64) {
	var all []float64
	for _, x := range pieces {
		for i := 2; i < len(x); i++ {
			all = append(all, math.Abs(x[i]-2*x[i-1]+x[i-2]))
		}
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[(len(all)-1)*999/1000], all[len(all)-1]
}

// bend is the greatest second difference.
func bend(x []float64) float64 {
	most := 0.0
	for i := 2; i < len(x); i++ {
		most = max(most, math.Abs(x[i]-2*x[i-1]+x[i-2]))
	}
	return most
}
