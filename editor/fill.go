package editor

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"gonum.org/v1/gonum/dsp/fourier"
)

// piece is a stretch of the take's clean room tone, decoded. Per channel, its
// mean and its level around the mean.
type piece struct {
	Span
	x     []float64 // interleaved, as in the take
	mean  []float64
	level []float64 // RMS
}

func (p *piece) measure(channels int) {
	p.mean, p.level = make([]float64, channels), make([]float64, channels)
	const step = 5 // every fifth frame tells the level well enough
	for c := range channels {
		var n, sum, squares float64
		for i := c; i < len(p.x); i += step * channels {
			x := p.x[i]
			n++
			sum += x
			squares += x * x
		}
		if n > 0 {
			p.mean[c] = sum / n
			p.level[c] = math.Sqrt(max(0, squares/n-p.mean[c]*p.mean[c]))
		}
	}
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
			from, to := max(p.Start, window.Start), min(p.End, window.End)
			const step = 5
			for i := from; i < to; i += step {
				x := p.x[int(i-p.Start)*channels+c] - p.mean[c]
				n += step
				sum += step * (x + p.mean[c])
				squares += step * x * x
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

// grain is a stretch of room tone to be overlapped with others.
type grain struct {
	x         []float64 // interleaved
	back      bool      // read from its end
	gain, off []float64 // per channel: they make its level 1 and its mean 0
	piece     int       // where it was cut: so many frames into a piece
	at        int64
}

// walk is one channel of half a grain: where it begins in x, and the way to
// the next frame.
func (g *grain) walk(second bool, half, channels, c int) (at, step int) {
	switch {
	case !g.back && second:
		return half*channels + c, channels
	case !g.back:
		return c, channels
	case second:
		return (half-1)*channels + c, -channels
	}
	return (2*half-1)*channels + c, -channels
}

// grainFunc makes a grain that may follow another.
type grainFunc func(last grain) grain

// filler makes room tone without end: grains overlapping by half, crossfaded
// by their measured correlation. Each channel has level 1 and mean 0.
type filler struct {
	channels int
	cut      grainFunc
	fade     fade    // half a grain
	follow   float64 // how fast common forgets what is below 30 Hz
	last     grain
	free     []float64 // the block's memory
	block    []float64 // what read has not yet given
}

// begin makes f a filler of other grains; half is the fade over half a grain.
func (f *filler) begin(channels, rateHz int, half fade, cut grainFunc) {
	f.channels, f.cut, f.fade, f.block = channels, cut, half, nil
	f.follow = min(1, 2*math.Pi*30*commonStep/float64(rateHz))
	f.free = sized(f.free, len(half)*channels)
	f.last = cut(grain{piece: -1})
}

// sized is x with n elements, of any value.
func sized[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}

// read fills dst.
func (f *filler) read(dst []float64) {
	for len(dst) > 0 {
		dst = dst[copy(dst, f.take(len(dst))):]
	}
}

// take gives up to n samples, to be used before the next call.
func (f *filler) take(n int) []float64 {
	if len(f.block) == 0 {
		f.next()
	}
	x := f.block[:min(n, len(f.block))]
	f.block = f.block[len(x):]
	return x
}

// next joins the second half of the grain before to the first half of a new
// one. Noise goes together with any noise. Hum does so only a quarter period
// apart, where both it and the noise keep their power through the crossfade: of
// eight grains, the first to have next to nothing in common with the one before
// is taken, or else the one that has least.
func (f *filler) next() {
	const little = 0.1
	var g grain
	var o overlap
	for least, tries := 2.0, 0; tries < 8 && least >= little; tries++ {
		other := f.cut(f.last)
		shared := f.common(&other, 0, f.channels)
		if r := math.Abs(shared.r()); r < least {
			least, g, o = r, other, shared
		}
	}
	f.block = f.free
	for c := range f.channels {
		if f.channels > 1 {
			o = f.common(&g, c, c+1)
		}
		if math.Abs(o.r()) < little {
			o.ab = 0
		}
		f.join(&g, c, o)
	}
	f.last = g
}

// join crossfades channel c of the two halves into the block, as fade.blend
// does, straight from where they lie.
func (f *filler) join(g *grain, c int, o overlap) {
	half := len(f.fade)
	a, b := f.last.x, g.x
	i, stepA := f.last.walk(true, half, f.channels, c)
	k, stepB := g.walk(false, half, f.channels, c)
	gainA, offA, gainB, offB := f.last.gain[c], f.last.off[c], g.gain[c], g.off[c]
	for n, up := range f.fade {
		down := f.fade[half-1-n]
		v := (a[i]*gainA+offA)*down + (b[k]*gainB+offB)*up
		if o.ab != 0 {
			v *= o.scale(down, up)
		}
		f.block[n*f.channels+c] = v
		i += stepA
		k += stepB
	}
}

// commonStep: a seventh of the frames tells enough.
const commonStep = 7

// common compares the second half of the grain before with the first half of
// g, in channels [from, to). It listens above 30 Hz: rumble below hearing would
// otherwise decide, and make the hiss flutter.
func (f *filler) common(g *grain, from, to int) overlap {
	half := len(f.fade)
	a, b := f.last.x, g.x
	var o overlap
	for c := from; c < to; c++ {
		i, stepA := f.last.walk(true, half, f.channels, c)
		k, stepB := g.walk(false, half, f.channels, c)
		gainA, gainB := f.last.gain[c], g.gain[c]
		slowA, slowB := a[i], b[k]
		for n := 0; n < half; n += commonStep {
			slowA += f.follow * (a[i] - slowA)
			slowB += f.follow * (b[k] - slowB)
			x, y := (a[i]-slowA)*gainA, (b[k]-slowB)*gainB
			o.a += x * x
			o.b += y * y
			o.ab += x * y
			i += commonStep * stepA
			k += commonStep * stepB
		}
	}
	return o
}

// grainMillis are the grain lengths tried, longest first.
var grainMillis = [...]int{250, 180, 125, 90, 64, 45}

// grains cuts grains out of the pieces: any place, either direction, either
// sign, but never two neighbours from less than 62 ms apart, and from a whole
// grain apart where the pieces allow. It returns the length of the grains: the
// longest for which a quarter of the tone can begin one.
func grains(pieces []piece, channels, rateHz int, rng *rand.Rand) (int64, grainFunc) {
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
	near := millis(62, rateHz)
	gains, offs := make([][]float64, 2*len(pieces)), make([][]float64, 2*len(pieces))
	for k, p := range pieces {
		for upside := range 2 {
			gain, off := make([]float64, channels), make([]float64, channels)
			for c := range channels {
				if p.level[c] > 0 {
					gain[c] = float64(1-2*upside) / p.level[c]
					off[c] = -p.mean[c] * gain[c]
				}
			}
			gains[2*k+upside], offs[2*k+upside] = gain, off
		}
	}
	return length, func(last grain) grain {
		best, far := grain{}, int64(-1)
		for range 8 {
			u, k := rng.Int64N(starts), 0
			for room := max(0, pieces[k].Len()-length); u >= room; room = max(0, pieces[k].Len()-length) {
				u -= room
				k++
			}
			apart := length
			if k == last.piece {
				apart = min(length, max(u-last.at, last.at-u))
			}
			if apart > far {
				best.piece, best.at, far = k, u, apart
			}
			if far == length {
				break
			}
		}
		p := &pieces[best.piece]
		if far <= near { // bad luck eight times over: go to the farther end
			room := p.Len() - length - 1
			best.at = 0
			if last.at < room/2 {
				best.at = room
			}
		}
		best.x = p.x[int(best.at)*channels : int(best.at+length)*channels]
		turn := rng.Uint64()
		best.back = turn&2 != 0
		side := 2*best.piece + int(turn&1)
		best.gain, best.off = gains[side], offs[side]
		return best
	}
}

// spectral makes grains of the pieces' mean spectrum with phases by chance,
// the same in all channels so that the room stays where it is. It is for
// pieces too short to be cut into grains without repeating themselves.
// The spectrum is Welch's: Hann windows of 85 ms, a quarter apart.
func spectral(pieces []piece, channels, rateHz int, rng *rand.Rand) (int64, grainFunc) {
	var longest int64
	for _, p := range pieces {
		longest = max(longest, p.Len())
	}
	window := int64(1) << max(0, bits.Len64(uint64(min(longest, millis(85, rateHz))))-1)
	length := max(millis(250, rateHz)/2*2, 4)
	if window < 8 {
		return 0, nil
	}
	power := make([][]float64, channels)
	fft := fourier.NewFFT(int(window))
	x := make([]float64, window)
	var bins []complex128
	for c := range power {
		power[c] = make([]float64, window/2+1)
		for _, p := range pieces {
			if p.level[c] == 0 {
				continue
			}
			for at := int64(0); at+window <= p.Len(); at += window / 4 {
				for i := range x {
					hann := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(window))
					x[i] = (p.x[(int(at)+i)*channels+c] - p.mean[c]) / p.level[c] * hann
				}
				bins = fft.Coefficients(bins, x)
				for k, b := range bins {
					power[c][k] += real(b)*real(b) + imag(b)*imag(b)
				}
			}
		}
		power[c][0] = 0
	}
	size := int(length)
	synth := fourier.NewFFT(size)
	bins = make([]complex128, size/2+1)
	phases := make([]complex128, size/2+1)
	y := make([]float64, size)
	plain, none := make([]float64, channels), make([]float64, channels)
	for c := range plain {
		plain[c] = 1
	}
	return length, func(grain) grain {
		x := make([]float64, size*channels)
		for k := range phases {
			sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
			phases[k] = complex(cos, sin)
		}
		for c, spectrum := range power {
			var squares float64
			for k := range bins {
				at := float64(k) * float64(window) / float64(size)
				i := min(int(at), len(spectrum)-2)
				part := at - float64(i)
				p := spectrum[i]*(1-part) + spectrum[i+1]*part
				bins[k] = phases[k] * complex(math.Sqrt(p), 0)
				squares += 2 * p
			}
			var gain float64
			if squares > 0 {
				gain = 1 / math.Sqrt(squares)
			}
			synth.Sequence(y, bins)
			for i, v := range y {
				x[i*channels+c] = v * gain
			}
		}
		return grain{x: x, gain: plain, off: none}
	}
}
