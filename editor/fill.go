package editor

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"

	"jackknife/wav"
)

// grain is a stretch of the take's room tone that stands in a fill, forwards or
// backwards. Where its level is the one wanted there, it stays as it is.
type grain struct {
	Span
	back  bool
	plain bool
	piece int
	at    int64        // frame of the fill at which it begins; the take before is negative
	hiss  []float64    // level of every channel
	hum   []oscillator // every line, channel after channel, from Start on; nil if none stands out
	x     []float64    // made from the spectrum: interleaved, level 1, mean 0
}

// passage is the next part of a fill: frames of the take, or new samples.
type passage struct {
	Span
	back bool
	x    []float64 // interleaved; nil = the frames of Span
}

// grainFunc makes a grain that begins at a frame of the fill, after others, some
// of which repeated what came before them.
type grainFunc func(at int64, before []grain, echoes []echo) grain

// echo is so many frames that came again after a lag. Several at one lag are
// heard as a beat.
type echo struct{ at, lag, frames int64 }

// echo is what of g repeats b, which came before: the same frames, the same way.
func (g *grain) echo(b *grain) echo {
	n := min(b.End, g.End) - max(b.Start, g.Start)
	if n <= 0 || g.back != b.back {
		return echo{}
	}
	e := echo{at: g.at, lag: g.at - b.at, frames: n}
	if g.back {
		e.lag += g.End - b.End
	} else {
		e.lag += b.Start - g.Start
	}
	return e
}

// filler makes room tone: grains whose ends overlap, crossfaded by their
// measured correlation.
//
//	|aaaaaaaaaaa|                 what lies between the overlaps is
//	          \/|bbbbbbbbbbb|     copied, if its level is right
type filler struct {
	format wav.Format
	pieces []piece
	cut    grainFunc
	ramp   ramp
	hum    *hum      // nil if none stands out
	length int64     // of a grain, frames
	fade   fade      // of an overlap
	follow float64   // how fast common forgets what is below 30 Hz
	before []grain   // the last ones, that under way at the end
	echoes []echo    // of those of late
	used   int64     // frames of it
	done   int64     // frames of the fill
	block  []float64 // what there still is of an overlap

	over, tail, head, other, body []float64 // memory
	turned                        []byte
}

const (
	lapMillis    = 30   // overlap of two grains, at most half of them
	recallMillis = 3000 // what was heard so lately had better not come again
	beatMillis   = 10   // lags are the same within
	// A grain is plain within these bounds: less than can be heard.
	plainRatio = 1.05 // 0.4 dB
	plainShift = 0.2  // of direct current, against the level
	// Beyond this a grain is measured by itself: its piece is uneven.
	unevenRatio = 1.19 // 1.5 dB
)

// begin makes f a filler of other grains. Those in heard come just before.
func (f *filler) begin(format wav.Format, pieces []piece, r ramp, h *hum, length int64, lap fade, heard grain, cut grainFunc) {
	f.format, f.pieces, f.ramp, f.hum, f.length, f.fade, f.cut = format, pieces, r, h, length, lap, cut
	f.follow = min(1, 2*math.Pi*30*commonStep/float64(format.RateHz))
	f.block, f.used, f.done = nil, 0, 0
	f.before, f.echoes = append(f.before[:0], heard), f.echoes[:0]
	f.enter(f.choose())
}

// sized is x with n elements, of any value.
func sized[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}

// enter makes g the grain under way.
func (f *filler) enter(g grain) {
	late := g.at - millis(recallMillis, f.format.RateHz)
	f.before = slices.DeleteFunc(f.before, func(b grain) bool { return b.at < late-f.length })
	f.echoes = slices.DeleteFunc(f.echoes, func(e echo) bool { return e.at < late })
	for i := range f.before {
		if e := g.echo(&f.before[i]); e.frames > 0 {
			f.echoes = append(f.echoes, e)
		}
	}
	f.before = append(f.before, g)
}

func (f *filler) now() *grain { return &f.before[len(f.before)-1] }

// choose cuts a grain to begin at the next frame of the fill.
func (f *filler) choose() grain {
	g := f.cut(f.done, f.before, f.echoes)
	if g.x == nil {
		f.weigh(&g)
		if f.hum != nil {
			g.hum = f.hum.measure(&f.pieces[g.piece], g.Span, f.format)
		}
		g.plain = f.hum == nil && f.isPlain(&g)
	}
	return g
}

// weigh sets the level of g: that of its piece, unless it strays far from it.
func (f *filler) weigh(g *grain) {
	p := &f.pieces[g.piece]
	g.hiss = p.hiss
	own := levelIn(f.pieces[g.piece:g.piece+1], g.Span, f.format.Channels, f.format.RateHz).hiss
	for c, l := range own {
		if l > p.hiss[c]*unevenRatio || p.hiss[c] > l*unevenRatio {
			g.hiss = own
		}
	}
}

func (f *filler) isPlain(g *grain) bool {
	p := &f.pieces[g.piece]
	if p.odd {
		return false
	}
	for c, l := range g.hiss {
		for _, at := range [...]int64{f.done, min(f.done+f.length, f.ramp.frames)} {
			want := f.ramp.hiss(c, at)
			mean, _ := f.ramp.mean(c, at)
			if want > l*plainRatio || l > want*plainRatio || math.Abs(mean-p.mean[c]) > plainShift*f.ramp.rms(c) {
				return false
			}
		}
	}
	return true
}

// read fills dst.
func (f *filler) read(dst []float64) {
	for len(dst) > 0 {
		s := f.next(int64(len(dst) / f.format.Channels))
		if s.x != nil {
			dst = dst[copy(dst, s.x):]
			continue
		}
		n := int(s.Len()) * f.format.Channels
		decode(dst[:n], f.stored(f.now(), s.Span), f.format)
		if s.back {
			backwards(dst[:n], f.format.Channels)
		}
		dst = dst[n:]
	}
}

// next gives up to n frames, to be used before the next call.
func (f *filler) next(n int64) passage {
	channels := f.format.Channels
	lap := int64(len(f.fade))
	if len(f.block) == 0 && f.used == f.length-lap {
		f.join()
	}
	if len(f.block) > 0 {
		n = min(n, int64(len(f.block)/channels))
		x := f.block[:int(n)*channels]
		f.block = f.block[len(x):]
		return f.heard(x, n)
	}
	n = min(n, f.length-lap-f.used)
	g, from := f.now(), f.used
	f.used += n
	if g.plain {
		f.done += n
		return passage{Span: g.part(from, n), back: g.back}
	}
	f.body = sized(f.body, int(n)*channels)
	f.decode(f.body, g, from)
	f.lead(f.body, g, f.done, 1)
	return f.heard(f.body, n)
}

// heard is x, the next n frames of the fill, with the hum.
func (f *filler) heard(x []float64, n int64) passage {
	if f.hum != nil {
		f.hum.add(x, f.format.Channels, f.done)
	}
	f.done += n
	return passage{x: x}
}

// part is where n frames of g lie that are heard from a frame on.
func (g *grain) part(from, n int64) Span {
	if g.back {
		return Span{g.End - from - n, g.End - from}
	}
	return Span{g.Start + from, g.Start + from + n}
}

// stored is the bytes of s, which lies in g.
func (f *filler) stored(g *grain, s Span) []byte {
	p, size := &f.pieces[g.piece], int64(f.format.FrameBytes())
	return p.raw[(s.Start-p.Start)*size : (s.End-p.Start)*size]
}

// reversed is the bytes of s, a part of the grain under way, frames in reverse
// order, in the memory of to.
func (f *filler) reversed(to []byte, s Span) []byte {
	raw, size := f.stored(f.now(), s), f.format.FrameBytes()
	to = sized(to, len(raw))
	o, i := 0, len(raw)-size
	if size <= 8 { // what is too much of eight bytes is written over by the next frame
		for ; i >= 0 && i+8 > len(raw); i -= size {
			copy(to[o:o+size], raw[i:])
			o += size
		}
		for ; i >= 0 && o+8 <= len(to); i -= size {
			binary.LittleEndian.PutUint64(to[o:], binary.LittleEndian.Uint64(raw[i:]))
			o += size
		}
	}
	for ; i >= 0; i -= size {
		copy(to[o:o+size], raw[i:])
		o += size
	}
	return to
}

// backwards puts the frames of x in reverse order.
func backwards(x []float64, channels int) {
	for i, k := 0, len(x)-channels; i < k; i, k = i+channels, k-channels {
		for c := range channels {
			x[i+c], x[k+c] = x[k+c], x[i+c]
		}
	}
}

// decode gives g from a frame on, as it is heard but for the hum.
func (f *filler) decode(dst []float64, g *grain, from int64) {
	channels := f.format.Channels
	if g.x != nil {
		copy(dst, g.x[int(from)*channels:])
		return
	}
	part := g.part(from, int64(len(dst)/channels))
	decode(dst, f.stored(g, part), f.format)
	if f.hum != nil {
		f.hum.remove(dst, g, channels, part.Start-g.Start)
	}
	if g.back {
		backwards(dst, channels)
	}
}

// lead brings x, decoded from g, to the level wanted from frame at of the fill
// on, and its direct current to that times dc.
func (f *filler) lead(x []float64, g *grain, at int64, dc float64) {
	const steps = 64 // frames of one gain
	channels := f.format.Channels
	for done := 0; done < len(x); done += steps * channels {
		y := x[done:min(done+steps*channels, len(x))]
		for c := range channels {
			middle := at + int64(done/channels+steps/2)
			gain := f.ramp.hiss(c, middle)
			mean, _ := f.ramp.mean(c, middle)
			mean *= dc
			switch {
			case g.x != nil:
			case g.plain:
				gain, mean = 1, (dc-1)*f.pieces[g.piece].mean[c]
			case g.hiss[c] == 0:
				gain = 1
				mean -= f.pieces[g.piece].mean[c]
			default:
				gain /= g.hiss[c]
				mean -= gain * f.pieces[g.piece].mean[c]
			}
			for i := c; i < len(y); i += channels {
				y[i] = y[i]*gain + mean
			}
		}
	}
}

// samples decodes g from a frame on: as it is heard from frame at of the fill
// on, around its mean.
func (f *filler) samples(dst []float64, g *grain, from, at int64) {
	f.decode(dst, g, from)
	f.lead(dst, g, at, 0)
}

// join leads from the grain under way to a new one. Noise goes together with
// any noise. Hum does so only a quarter period apart, where both it and the
// noise keep their power through the crossfade: of eight grains, the first to
// have next to nothing in common with the one before is taken, or else the one
// that has least.
func (f *filler) join() {
	const little = 0.1
	channels, lap := f.format.Channels, int64(len(f.fade))
	size := int(lap) * channels
	f.tail, f.head, f.other, f.over = sized(f.tail, size), sized(f.head, size), sized(f.other, size), sized(f.over, size)
	f.samples(f.tail, f.now(), f.length-lap, f.done)
	var g grain
	for least, tries := 2.0, 0; tries < 8 && least >= little; tries++ {
		other := f.choose()
		f.decode(f.other, &other, 0)
		if r := math.Abs(f.common(f.tail, f.other, 0, channels).r()); r < least {
			least, g = r, other
			f.head, f.other = f.other, f.head
		}
	}
	f.lead(f.head, &g, f.done, 0)
	for c := range channels {
		o := f.common(f.tail, f.head, c, c+1)
		if math.Abs(o.r()) < little {
			o.ab = 0
		}
		f.crossfade(f.mean(f.now(), c), f.mean(&g, c), c, o)
	}
	f.block = f.over
	f.used = lap
	f.enter(g)
}

// mean is the direct current of channel c of g where the next overlap begins,
// and how much it grows a frame.
func (f *filler) mean(g *grain, c int) [2]float64 {
	if g.plain {
		return [2]float64{f.pieces[g.piece].mean[c]}
	}
	mean, drift := f.ramp.mean(c, f.done)
	return [2]float64{mean, drift}
}

// crossfade goes from tail to head in channel c, as fade.seam does; ma and mb
// are their direct current.
func (f *filler) crossfade(ma, mb [2]float64, c int, o overlap) {
	i, last := c, len(f.fade)-1
	for n, up := range f.fade {
		down := f.fade[last-n]
		v := f.tail[i]*down + f.head[i]*up
		if o.ab != 0 {
			v *= o.scale(down, up)
		}
		f.over[i] = v + ma[0] + (mb[0]-ma[0])*up*up
		ma[0] += ma[1]
		mb[0] += mb[1]
		i += f.format.Channels
	}
}

// commonStep: a seventh of the frames tells enough.
const commonStep = 7

// common compares a and b in channels [from, to). It listens above 30 Hz:
// rumble below hearing would otherwise decide, and make the hiss flutter.
func (f *filler) common(a, b []float64, from, to int) overlap {
	channels := f.format.Channels
	var o overlap
	for c := from; c < to; c++ {
		slowA, slowB := a[c], b[c]
		for i := c; i < len(a); i += commonStep * channels {
			slowA += f.follow * (a[i] - slowA)
			slowB += f.follow * (b[i] - slowB)
			x, y := a[i]-slowA, b[i]-slowB
			o.a += x * x
			o.b += y * y
			o.ab += x * y
		}
	}
	return o
}

// grainMillis are the grain lengths tried, longest first.
var grainMillis = [...]int{250, 180, 125, 90, 64, 45}

// grains cuts grains out of the pieces: any place, either direction, but never
// two neighbours from less than 62 ms apart; of 24, the one that repeats
// least at one lag of a fill so long. It returns the length of the grains: the longest for
// which a quarter of the tone can begin one.
func grains(pieces []piece, fill int64, rateHz int, rng *rand.Rand) (int64, grainFunc) {
	var total int64
	for _, p := range pieces {
		total += p.Len()
	}
	var length, starts int64
	for _, ms := range grainMillis {
		length, starts = millis(ms, rateHz)/2*2, 0
		for _, p := range pieces {
			starts += max(0, p.Len()-length)
		}
		if starts >= total/4 {
			break
		}
	}
	if starts == 0 || length == 0 {
		return 0, nil
	}
	near, beat := millis(62, rateHz), millis(beatMillis, rateHz)
	return length, func(at int64, before []grain, echoes []echo) grain {
		var best grain
		last := before[len(before)-1]
		for least, tries := math.Inf(1), 0; tries < 24 && least > 0; tries++ {
			u, k := rng.Int64N(starts), 0
			for room := max(0, pieces[k].Len()-length); u >= room; room = max(0, pieces[k].Len()-length) {
				u -= room
				k++
			}
			g := grain{piece: k, back: rng.Uint64()&1 != 0, at: at}
			g.Start = pieces[k].Start + u
			g.End = g.Start + length
			var most float64
			for i := range before {
				e := g.echo(&before[i])
				if e.frames == 0 {
					continue
				}
				for _, h := range echoes {
					if max(e.lag-h.lag, h.lag-e.lag) <= beat {
						e.frames += h.frames
					}
				}
				most = max(most, float64(e.frames)/float64(max(length, fill-e.lag)))
			}
			if max(g.Start-last.Start, last.Start-g.Start) <= near {
				most += 8
			}
			if most < least {
				best, least = g, most
			}
		}
		if max(best.Start-last.Start, last.Start-best.Start) <= near { // bad luck eight times over: go to the farther end
			p := pieces[best.piece]
			best.Start = p.Start
			if last.Start-p.Start < (p.Len()-length)/2 {
				best.Start = p.End - length - 1
			}
			best.End = best.Start + length
		}
		return best
	}
}
