package editor

import (
	"math"
	"slices"
	"sort"

	"jackknife/wav"
)

// piece is a stretch of the take's clean room tone, as it is stored, and its
// level, per channel.
type piece struct {
	Span
	raw  []byte
	sums []sums // of every channel in turn, look after look
	level
	odd   bool   // holds what is not a number
	chord *chord // nil: the ear has not listened to it
}

// level is how loud the room tone is at a place, per channel: its mean (direct
// current), its RMS around it, and the RMS of its hiss, the difference of frames
// 83 us apart. Hiss is what tells: rumble below hearing is never the same for
// two moments, and a fill that went by it would flutter.
type level struct{ mean, rms, hiss []float64 }

func newLevel(channels int) level {
	x := make([]float64, 3*channels)
	return level{x[:channels:channels], x[channels : 2*channels : 2*channels], x[2*channels:]}
}

// sums are of n frames, most often lookFrames, from at on. struct jk_sums in
// samples.h is the same.
type sums struct {
	at                  int64
	x, squares, hiss, n float64
}

// hissLag is how far apart frames are whose difference is hiss.
func hissLag(rateHz int) int { return min(max(1, (rateHz+6000)/12000), lookFrames/2) }

// A fifth of the frames tells the level of a long piece well enough: they are
// taken 16 in a row, from places that keep no time with any hum.
const (
	lookFrames = 16
	lookStep   = 80
)

// measure looks at p.raw; x is memory to work with.
func (p *piece) measure(f wav.Format, x []float64) []float64 {
	channels := f.Channels
	p.sums = p.sums[:0]
	p.odd = false
	step, shift := int64(lookStep), int64(39) // 0.61 of 64
	if f.Encoding == wav.Float || p.Len() < 128*lookStep {
		step, shift = lookFrames, 0
	}
	p.sums = slices.Grow(p.sums, channels*int((p.Len()+step-1)/step))
	for k, shifted := int64(0), int64(0); k < p.Len(); k += step {
		at := k + shifted
		if at >= p.Len() {
			break
		}
		for range channels {
			p.sums = append(p.sums, sums{at: p.Start + at, n: float64(min(lookFrames, p.Len()-at))})
		}
		if shifted += shift; shifted > lookStep-lookFrames {
			shifted -= lookStep - lookFrames + 1
		}
	}
	x = p.sumUp(f, x)
	p.level = newLevel(channels)
	for c := range channels {
		var all sums
		for k := c; k < len(p.sums); k += channels {
			all.x += p.sums[k].x
			all.squares += p.sums[k].squares
			all.hiss += p.sums[k].hiss
			all.n += p.sums[k].n
		}
		if all.n > 0 {
			p.mean[c] = all.x / all.n
			p.rms[c] = math.Sqrt(max(0, all.squares/all.n-p.mean[c]*p.mean[c]))
			p.hiss[c] = math.Sqrt(all.hiss / all.n)
		}
	}
	return x
}

// sumUpGo is sumUp in Go: it finds the sums of the looks.
func (p *piece) sumUpGo(f wav.Format, x []float64) []float64 {
	channels, size, lag := f.Channels, int64(f.FrameBytes()), hissLag(f.RateHz)
	for k := range p.sums {
		s, c, n := &p.sums[k], k%channels, int(p.sums[k].n)
		if c == 0 {
			x = sized(x, n*channels)
			at := s.at - p.Start
			p.odd = decode(x, p.raw[at*size:(at+int64(n))*size], f) || p.odd
		}
		for i := c; i < len(x); i += channels {
			s.x += x[i]
			s.squares += float64(x[i] * x[i])
		}
		for i := c + lag*channels; i < len(x); i += channels {
			d := x[i] - x[i-lag*channels]
			s.hiss += float64(d * d)
		}
		if n > lag {
			s.hiss *= s.n / float64(n-lag)
		}
	}
	return x
}

// decode is wav.Decode, but what is not a number, or no sound, is silence; it
// reports whether there was any.
func decode(x []float64, raw []byte, f wav.Format) (odd bool) {
	decodeSamples(x, raw, f)
	if f.Encoding == wav.Float {
		for i, v := range x {
			if !(v > -noSound && v < noSound) {
				x[i], odd = 0, true
			}
		}
	}
	return odd
}

// plain24 reports whether samples are what most takes hold.
func plain24(f wav.Format) bool {
	return f.SampleBytes == 3 && f.Bits == 24 && f.Encoding == wav.PCM && !f.BigEndian
}

// levelIn is the level of the pieces inside window, leaning on the level of
// all of them by as much as 100 ms of sound would weigh: a short look at a
// rumbling room says little.
func levelIn(pieces []piece, window Span, channels int, rateHz int) level {
	l := newLevel(channels)
	for c := range channels {
		var in, all sums // inside the window; of all, in frames
		for _, p := range pieces {
			w := float64(p.Len())
			all.n += w
			all.x += w * p.mean[c]
			all.squares += w * p.rms[c] * p.rms[c]
			all.hiss += w * p.hiss[c] * p.hiss[c]
			inside := max(0, min(p.End, window.End)-max(p.Start, window.Start))
			var seen sums
			first := sort.Search(len(p.sums)/channels, func(k int) bool { return p.sums[k*channels].at >= window.Start })
			for k := first*channels + c; k < len(p.sums); k += channels {
				s := &p.sums[k]
				if s.at+int64(s.n) > window.End {
					break
				}
				seen.n += s.n
				seen.x += s.x
				seen.squares += s.squares
				seen.hiss += s.hiss
			}
			if seen.n > 0 {
				weight := float64(inside) / seen.n
				in.n += float64(inside)
				in.x += weight * seen.x
				in.squares += weight * max(0, seen.squares-2*p.mean[c]*seen.x+seen.n*p.mean[c]*p.mean[c])
				in.hiss += weight * seen.hiss
			}
		}
		if all.n == 0 {
			continue
		}
		lean := float64(rateHz) / 10
		l.mean[c] = (in.x + lean*all.x/all.n) / (in.n + lean)
		l.rms[c] = math.Sqrt((in.squares + lean*all.squares/all.n) / (in.n + lean))
		l.hiss[c] = math.Sqrt((in.hiss + lean*all.hiss/all.n) / (in.n + lean))
	}
	return l
}

// ramp leads from one level to another over so many frames.
type ramp struct {
	from, to level
	frames   int64
}

// hiss is the level of channel c at a frame.
func (r *ramp) hiss(c int, frame int64) float64 {
	return r.from.hiss[c] + (r.to.hiss[c]-r.from.hiss[c])*float64(frame)/float64(r.frames)
}

// mean is the direct current of channel c at a frame, and how much it grows a
// frame.
func (r *ramp) mean(c int, frame int64) (mean, drift float64) {
	drift = (r.to.mean[c] - r.from.mean[c]) / float64(r.frames)
	return r.from.mean[c] + drift*float64(frame), drift
}

// rms is the level around the mean of channel c, the lower of both ends.
func (r *ramp) rms(c int) float64 { return min(r.from.rms[c], r.to.rms[c]) }
