package editor

import (
	"cmp"
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"

	"jackknife/wav"
)

// hum is the mains in a fill, if they stand out of the room tone. Grains of a
// steady tone beat where they overlap; so its lines are taken out of them, and
// put back as the take has them on either side, in phase with both.
type hum struct {
	cycles float64               // of the mains a frame
	lines  []int                 // what stands out, as multiples of the mains
	turns  [][phasors]complex128 // of every line
	fill   []oscillator          // every line, channel after channel
}

const (
	humMillis  = 100  // a block: whole periods of 50 and of 60 Hz; a spectrum of it has a value every 10 Hz
	humHz      = 3000 // what blocks are thinned to
	mostHumHz  = 1000
	humPairs   = 3   // of blocks, to hear whether there is hum
	pitchPairs = 40  // and to tell its frequency
	humAbove   = 10  // times the power beside the strongest line,
	lineAbove  = 4   // or beside any other
	lineMillis = 400 // of the take, in which a line is measured
	phasors    = 64  // frames from one exact phase to the next
)

// mains are the frequencies of mains, in cycles a block.
var mains = [...]int{5, 6}

// ear hears hum in pieces. It keeps what it works with; the zero value is ready for
// pieces of one format.
type ear struct {
	format        wav.Format
	thin, size    int // frames a value, values a block
	top           int // of a spectrum, in steps of 10 Hz
	fft           *fourier.FFT
	window        []float64
	frames, block []float64
	first, second []complex128
}

// chord is what pairs of neighbouring blocks have in common for every 10 Hz: how
// much of one goes on in the next in phase, and the power 20 Hz beside, summed up.
type chord struct {
	together []complex128
	beside   []float64
	pairs    int
}

func newChord(top int) *chord {
	return &chord{together: make([]complex128, top+1), beside: make([]float64, top+1)}
}

func (c *chord) add(o *chord) {
	for k := range c.together {
		c.together[k] += o.together[k]
		c.beside[k] += o.beside[k]
	}
	c.pairs += o.pairs
}

// prepare readies the ear for pieces of a format; it reports false where the rate is
// too low to hear hum.
func (e *ear) prepare(f wav.Format) bool {
	if e.format != f {
		*e = ear{format: f, thin: max(1, f.RateHz/humHz)}
		e.size = f.RateHz * humMillis / 1000 / e.thin
		if e.top = min(mostHumHz*humMillis/1000, e.size/2-3); e.top < mains[0] {
			return false
		}
		e.fft = fourier.NewFFT(e.size)
		e.window, e.block = make([]float64, e.size), make([]float64, e.size)
		for i := range e.window {
			e.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(e.size))
		}
		e.first, e.second = make([]complex128, e.size/2+1), make([]complex128, e.size/2+1)
	}
	return e.top >= mains[0]
}

// hum hears whether hum stands out of the pieces; nil if not.
func (e *ear) hum(pieces []piece, f wav.Format) *hum {
	if !e.prepare(f) {
		return nil
	}
	longest := make([]*piece, len(pieces))
	for i := range pieces {
		longest[i] = &pieces[i]
	}
	slices.SortStableFunc(longest, func(p, q *piece) int { return cmp.Compare(q.Len(), p.Len()) })
	all := newChord(e.top)
	for _, p := range longest {
		if p.chord == nil {
			p.chord = e.listen(p, humPairs)
		}
		if all.add(p.chord); all.pairs >= humPairs {
			break
		}
	}
	best := all.mains()
	if best == nil {
		return nil
	}
	all = newChord(e.top)
	for _, p := range longest {
		all.add(e.listen(p, pitchPairs-all.pairs))
	}
	var slope, weight float64
	for _, k := range best.lines {
		s := all.together[k*int(best.cycles)]
		slope += cmplx.Abs(s) * float64(k) * cmplx.Phase(s) / (2 * math.Pi)
		weight += cmplx.Abs(s) * float64(k*k)
	}
	best.cycles = (best.cycles + slope/weight) / float64(e.size*e.thin)
	for _, k := range best.lines {
		best.turns = append(best.turns, turns(float64(k)*best.cycles))
	}
	return best
}

// mains is the hum that stands out, its frequency in cycles a block; nil if none.
func (c *chord) mains() *hum {
	var best *hum
	var loudest float64
	for _, base := range mains {
		h, power, strongest := new(hum), 0.0, 0.0
		for k := 1; k*base < len(c.together); k++ {
			p, noise := cmplx.Abs(c.together[k*base]), c.beside[k*base]
			if p > lineAbove*noise {
				h.lines = append(h.lines, k)
				power += p
				strongest = max(strongest, p/noise)
			}
		}
		if strongest > humAbove && power > loudest {
			h.cycles, best, loudest = float64(base), h, power
		}
	}
	return best
}

// listen is the chord of so many pairs of blocks of p, or as many as there are.
func (e *ear) listen(p *piece, pairs int) *chord {
	heard := newChord(e.top)
	length := int64(e.thin * e.size)
	for at := p.Start; at+2*length <= p.End && heard.pairs < pairs; at += 2 * length {
		e.frames = sized(e.frames, int(2*length)*e.format.Channels)
		size := int64(e.format.FrameBytes())
		decode(e.frames, p.raw[(at-p.Start)*size:(at-p.Start+2*length)*size], e.format)
		half := len(e.frames) / 2
		for c := range e.format.Channels {
			e.spectrum(e.first, e.frames[:half], c)
			e.spectrum(e.second, e.frames[half:], c)
			for k := 2; k <= e.top; k++ {
				heard.together[k] += cmplx.Conj(e.first[k]) * e.second[k]
				heard.beside[k] += (power(e.first[k-2]) + power(e.first[k+2]) + power(e.second[k-2]) + power(e.second[k+2])) / 4
			}
		}
		heard.pairs++
	}
	return heard
}

func power(z complex128) float64 { return real(z)*real(z) + imag(z)*imag(z) }

// spectrum is that of channel c of a block of frames.
func (e *ear) spectrum(dst []complex128, frames []float64, c int) {
	step := e.thin * e.format.Channels
	for i, w := range e.window {
		var sum float64
		for k := i*step + c; k < (i+1)*step; k += e.format.Channels {
			sum += frames[k]
		}
		e.block[i] = sum * w
	}
	e.fft.Coefficients(dst, e.block)
}

// oscillator is one line: its level goes from one to the other over its frames.
type oscillator struct {
	cycles, phase float64 // a frame; at the first one
	from, to      float64
	frames        float64
	turns         *[phasors]complex128
}

// turns are the first frames of a line of level 1 and no phase.
func turns(cycles float64) (t [phasors]complex128) {
	for i := range t {
		t[i] = cmplx.Rect(1, 2*math.Pi*cycles*float64(i))
	}
	return t
}

// add puts times the line on channel c of x, which begins at a frame of the line. It
// gives the same however the frames come in parts.
func (o *oscillator) add(x []float64, c, channels int, at int64, times float64) {
	var base complex128
	slope := (o.to - o.from) / o.frames
	for i := c; i < len(x); i += channels {
		if k := at & (phasors - 1); k == 0 || i == c {
			_, turn := math.Modf(o.cycles*float64(at-k) + o.phase)
			base = cmplx.Rect(1, 2*math.Pi*turn)
		}
		x[i] += times * (o.from + slope*float64(at)) * real(base*o.turns[at&(phasors-1)])
		at++
	}
}

// measure gives the lines in every channel of p from a window's first frame on, as
// they are over the whole periods in it.
func (h *hum) measure(p *piece, window Span, f wav.Format) []oscillator {
	channels, frame := f.Channels, int64(f.FrameBytes())
	n := int64(math.Round(math.Floor(float64(window.Len())*h.cycles) / h.cycles))
	n = min(n, window.Len())
	x := make([]float64, int(n)*channels)
	decode(x, p.raw[(window.Start-p.Start)*frame:(window.Start-p.Start+n)*frame], f)
	lines := make([]oscillator, 0, channels*len(h.lines))
	for c := range channels {
		for i, k := range h.lines {
			cycles := float64(k) * h.cycles
			step, z, sum := cmplx.Rect(1, -2*math.Pi*cycles), complex(1, 0), complex(0, 0)
			for at := c; at < len(x); at += channels {
				sum += complex(x[at], 0) * z
				z *= step
			}
			level, phase := cmplx.Polar(sum)
			level *= 2 / float64(max(n, 1))
			lines = append(lines, oscillator{cycles, phase / (2 * math.Pi), level, level, 1, &h.turns[i]})
		}
	}
	return lines
}

// lead makes the lines of a fill in the place of e: in phase with the take before
// and behind it.
func (h *hum) lead(pieces []piece, e Edit, f wav.Format) {
	before, after := h.near(pieces, e.Start, f), h.near(pieces, e.End, f)
	h.fill = before
	own := make([][phasors]complex128, len(before))
	for i := range h.fill {
		o := &h.fill[i]
		o.frames, o.to = float64(max(e.Fill, 1)), after[i].to
		off := after[i].phase - o.phase - o.cycles*o.frames
		o.cycles += (off - math.Round(off)) / o.frames
		own[i] = turns(o.cycles)
		o.turns = &own[i]
	}
}

// near is the lines of the piece nearest to a frame, from that frame on.
func (h *hum) near(pieces []piece, at int64, f wav.Format) []oscillator {
	away := func(p *piece) int64 { return max(p.Start-at, at-p.End, 0) }
	nearest := &pieces[0]
	for i := range pieces {
		if p := &pieces[i]; away(p) < away(nearest) {
			nearest = p
		}
	}
	half := millis(lineMillis, f.RateHz) / 2
	window := Span{at - half, at + half}
	if window.End > nearest.End {
		window = Span{nearest.End - 2*half, nearest.End}
	}
	window.Start = max(window.Start, nearest.Start)
	window.End = min(max(window.End, window.Start+2*half), nearest.End)
	lines := h.measure(nearest, window, f)
	for i := range lines {
		lines[i].phase += lines[i].cycles * float64(at-window.Start)
	}
	return lines
}

// add puts the hum on x, which begins at a frame of the fill.
func (h *hum) add(x []float64, channels int, at int64) {
	for i := range h.fill {
		h.fill[i].add(x, i/len(h.lines), channels, at, 1)
	}
}

// remove takes the hum out of x, a part of g that begins at a frame of it.
func (h *hum) remove(x []float64, g *grain, channels int, at int64) {
	for i := range g.hum {
		g.hum[i].add(x, i/len(h.lines), channels, at, -1)
	}
}
