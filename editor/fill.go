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
	const step = 3 // every third frame tells the level well enough
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
			const step = 3
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

// place is where a grain was cut: so many frames into a piece.
type place struct {
	piece int
	at    int64
}

// grainFunc cuts a grain that may follow the one from last.
type grainFunc func(dst []float64, last place) place

// filler makes room tone without end: grains overlapping by half, crossfaded
// by their measured correlation. Each channel has level 1 and mean 0.
type filler struct {
	channels        int
	grain           grainFunc
	fade            fade    // half a grain
	follow          float64 // how fast common forgets what is below 30 Hz
	last            place
	old, now, spare []float64
	free            []float64 // the block's memory
	block           []float64 // what read has not yet given
}

// begin makes f a filler of other grains; half is the fade over half a grain.
func (f *filler) begin(channels, rateHz int, half fade, grain grainFunc) {
	f.channels, f.grain, f.fade, f.block = channels, grain, half, nil
	f.follow = min(1, 2*math.Pi*30*commonStep/float64(rateHz))
	size := len(half) * f.channels
	f.old, f.now, f.spare = sized(f.old, 2*size), sized(f.now, 2*size), sized(f.spare, 2*size)
	f.free = sized(f.free, size)
	f.last = grain(f.old, place{-1, 0})
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
	half := len(f.free)
	const little = 0.1
	least, chosen := 2.0, place{}
	for range 8 {
		at := f.grain(f.now, f.last)
		r := math.Abs(f.common(0, f.channels).r())
		if r < least {
			least, chosen = r, at
			f.now, f.spare = f.spare, f.now
		}
		if least < little {
			break
		}
	}
	f.now, f.spare, f.last = f.spare, f.now, chosen
	f.block = f.free
	for c := range f.channels {
		o := f.common(c, c+1)
		if math.Abs(o.r()) < little {
			o.ab = 0
		}
		f.fade.blend(f.block, f.old[half:], f.now[:half], f.channels, c, o)
	}
	f.old, f.now = f.now, f.old
}

// commonStep: a seventh of the frames tells enough.
const commonStep = 7

// common compares the second half of the grain before with the first half of
// the next, in channels [from, to). It listens above 30 Hz: rumble below
// hearing would otherwise decide, and make the hiss flutter.
func (f *filler) common(from, to int) overlap {
	half := len(f.free)
	a, b := f.old[half:], f.now[:half]
	var o overlap
	for c := from; c < to; c++ {
		slowA, slowB := a[c], b[c]
		for i := c; i < half; i += commonStep * f.channels {
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
	return length, func(dst []float64, last place) place {
		best, far := place{}, int64(-1)
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
				best, far = place{k, u}, apart
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
		src := p.x[int(best.at)*channels : int(best.at+length)*channels]
		turn := rng.Uint64()
		for c := range channels {
			var gain float64
			if p.level[c] > 0 {
				gain = 1 / p.level[c]
			}
			if turn&1 != 0 {
				gain = -gain
			}
			off := -p.mean[c] * gain
			switch {
			case turn&2 != 0:
				for i, j := c, len(src)-channels+c; i < len(dst); i, j = i+channels, j-channels {
					dst[i] = src[j]*gain + off
				}
			case channels == 1:
				for i, x := range src {
					dst[i] = x*gain + off
				}
			default:
				for i := c; i < len(dst); i += channels {
					dst[i] = src[i]*gain + off
				}
			}
		}
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
	return length, func(dst []float64, _ place) place {
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
				dst[i*channels+c] = v * gain
			}
		}
		return place{}
	}
}
