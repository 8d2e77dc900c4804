package editor

import (
	"math"

	"jackknife/wav"
)

// piece is a stretch of the take's clean room tone, as it is stored. Per
// channel, its mean and its level around the mean.
type piece struct {
	Span
	raw   []byte
	sums  []sums // of every channel in turn, look after look
	mean  []float64
	level []float64 // RMS
	odd   bool      // holds what is not a number
}

// sums are of lookFrames frames from at on.
type sums struct {
	at            int64
	x, squares, n float64
}

// A fifth of the frames tells the level of a long piece well enough: they are
// taken 16 in a row, from places that keep no time with any hum.
const (
	lookFrames = 16
	lookStep   = 80
)

// measure looks at p.raw; x is memory to work with.
func (p *piece) measure(f wav.Format, x []float64) []float64 {
	channels, size := f.Channels, int64(f.FrameBytes())
	p.sums = p.sums[:0]
	p.odd = false
	step, shift := int64(lookStep), int64(39) // 0.61 of 64
	if f.Encoding == wav.Float || p.Len() < 128*lookStep {
		step, shift = lookFrames, 0
	}
	for k := int64(0); k*step < p.Len(); k++ {
		at := k*step + k*shift%(lookStep-lookFrames+1)
		n := min(lookFrames, p.Len()-at)
		if n <= 0 {
			break
		}
		x = sized(x, int(n)*channels)
		p.odd = decode(x, p.raw[at*size:(at+n)*size], f) || p.odd
		for c := range channels {
			s := sums{at: p.Start + at, n: float64(n)}
			for i := c; i < len(x); i += channels {
				s.x += x[i]
				s.squares += x[i] * x[i]
			}
			p.sums = append(p.sums, s)
		}
	}
	p.mean, p.level = make([]float64, channels), make([]float64, channels)
	for c := range channels {
		var all sums
		for k := c; k < len(p.sums); k += channels {
			all.x += p.sums[k].x
			all.squares += p.sums[k].squares
			all.n += p.sums[k].n
		}
		if all.n > 0 {
			p.mean[c] = all.x / all.n
			p.level[c] = math.Sqrt(max(0, all.squares/all.n-p.mean[c]*p.mean[c]))
		}
	}
	return x
}

// decode is wav.Decode, but what is not a number is silence; it reports
// whether there was any.
func decode(x []float64, raw []byte, f wav.Format) (odd bool) {
	wav.Decode(x, raw, f)
	if f.Encoding == wav.Float {
		for i, v := range x {
			if v-v != 0 {
				x[i], odd = 0, true
			}
		}
	}
	return odd
}

// level is how loud the room tone is at a place, per channel: RMS around the
// mean, and the mean (direct current).
type level struct{ rms, mean []float64 }

// levelIn is the level of the pieces inside window, leaning on the level of
// all of them by as much as 100 ms of sound would weigh: a short look at a
// rumbling room says little.
func levelIn(pieces []piece, window Span, channels int, rateHz int) level {
	l := level{make([]float64, channels), make([]float64, channels)}
	for c := range channels {
		var n, sum, squares float64 // inside the window
		var all, allSum, allSquares float64
		for _, p := range pieces {
			w := float64(p.Len())
			all += w
			allSum += w * p.mean[c]
			allSquares += w * p.level[c] * p.level[c]
			inside := max(0, min(p.End, window.End)-max(p.Start, window.Start))
			var seen sums
			for k := c; inside > 0 && k < len(p.sums); k += channels {
				if s := p.sums[k]; s.at >= window.Start && s.at+int64(s.n) <= window.End {
					seen.n += s.n
					seen.x += s.x
					seen.squares += s.squares
				}
			}
			if seen.n > 0 {
				weight := float64(inside) / seen.n
				n += float64(inside)
				sum += weight * seen.x
				squares += weight * max(0, seen.squares-2*p.mean[c]*seen.x+seen.n*p.mean[c]*p.mean[c])
			}
		}
		if all == 0 {
			continue
		}
		lean := float64(rateHz) / 10
		l.rms[c] = math.Sqrt((squares + lean*allSquares/all) / (n + lean))
		l.mean[c] = (sum + lean*allSum/all) / (n + lean)
	}
	return l
}

// ramp leads from one level to another over so many frames.
type ramp struct {
	from, to level
	frames   int64
}

// at is the level of channel c at a frame, and how much it grows a frame.
func (r *ramp) at(c int, frame int64) (rms, mean, rise, drift float64) {
	n := float64(r.frames)
	rise, drift = (r.to.rms[c]-r.from.rms[c])/n, (r.to.mean[c]-r.from.mean[c])/n
	f := float64(frame)
	return r.from.rms[c] + rise*f, r.from.mean[c] + drift*f, rise, drift
}
