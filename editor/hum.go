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

// findHum hears whether hum stands out of the pieces; nil if not.
func findHum(pieces []piece, f wav.Format) *hum {
	thin := max(1, f.RateHz/humHz)
	size := f.RateHz * humMillis / 1000 / thin
	top := min(mostHumHz*humMillis/1000, size/2-3)
	if top < mains[0] {
		return nil
	}
	b := blocks{pieces: slices.Clone(pieces), format: f, thin: thin, size: size, fft: fourier.NewFFT(size)}
	slices.SortStableFunc(b.pieces, func(p, q piece) int { return cmp.Compare(q.Len(), p.Len()) })
	together, beside := b.listen(humPairs, top)
	var best *hum
	var loudest float64
	for _, base := range mains {
		h, power, strongest := new(hum), 0.0, 0.0
		for k := 1; k*base <= top; k++ {
			p, noise := cmplx.Abs(together[k*base]), beside[k*base]
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
	if best == nil {
		return nil
	}
	together, _ = b.listen(pitchPairs, top)
	var slope, weight float64
	for _, k := range best.lines {
		s := together[k*int(best.cycles)]
		slope += cmplx.Abs(s) * float64(k) * cmplx.Phase(s) / (2 * math.Pi)
		weight += cmplx.Abs(s) * float64(k*k)
	}
	best.cycles = (best.cycles + slope/weight) / float64(size*thin)
	for _, k := range best.lines {
		best.turns = append(best.turns, turns(float64(k)*best.cycles))
	}
	return best
}

// blocks listens to pieces block by block, thinned out.
type blocks struct {
	pieces     []piece
	format     wav.Format
	thin, size int
	fft        *fourier.FFT
	frames     []float64
}

// listen gives, for every 10 Hz, how much of one block goes on in the next in phase,
// and the power 20 Hz beside; both are sums over so many pairs.
func (b *blocks) listen(pairs, top int) (together []complex128, beside []float64) {
	together, beside = make([]complex128, top+1), make([]float64, top+1)
	length := int64(b.thin * b.size)
	for _, p := range b.pieces {
		for at := p.Start; at+2*length <= p.End && pairs > 0; at += 2 * length {
			first, second := b.spectra(&p, at), b.spectra(&p, at+length)
			for c := range first {
				for k := 2; k <= top; k++ {
					together[k] += cmplx.Conj(first[c][k]) * second[c][k]
					for _, s := range [...][]complex128{first[c], second[c]} {
						beside[k] += (power(s[k-2]) + power(s[k+2])) / 4
					}
				}
			}
			pairs--
		}
	}
	return together, beside
}

func power(z complex128) float64 { return real(z)*real(z) + imag(z)*imag(z) }

// spectra are those of the channels of the block at a frame of p.
func (b *blocks) spectra(p *piece, at int64) [][]complex128 {
	channels, frame := b.format.Channels, int64(b.format.FrameBytes())
	n := int64(b.thin * b.size)
	b.frames = sized(b.frames, int(n)*channels)
	decode(b.frames, p.raw[(at-p.Start)*frame:(at-p.Start+n)*frame], b.format)
	all := make([][]complex128, channels)
	x := make([]float64, b.size)
	for c := range all {
		clear(x)
		for i := range x {
			for j := range b.thin {
				x[i] += b.frames[(i*b.thin+j)*channels+c]
			}
			x[i] *= 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(b.size))
		}
		all[c] = b.fft.Coefficients(nil, x)
	}
	return all
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
