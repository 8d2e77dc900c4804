package editor

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"gonum.org/v1/gonum/dsp/fourier"

	"jackknife/wav"
)

// spectral makes grains of the pieces' mean spectrum with phases by chance,
// the same in all channels so that the room stays where it is. It is for
// pieces too short to be cut into grains without repeating themselves.
// The spectrum is Welch's: Hann windows of 85 ms, a quarter apart.
func spectral(pieces []piece, f wav.Format, rng *rand.Rand) (int64, grainFunc) {
	channels, rateHz := f.Channels, f.RateHz
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
	var tone []float64
	for c := range power {
		power[c] = make([]float64, window/2+1)
		for _, p := range pieces {
			if p.hiss[c] == 0 {
				continue
			}
			tone = sized(tone, int(p.Len())*channels)
			decode(tone, p.raw, f)
			for at := int64(0); at+window <= p.Len(); at += window / 4 {
				for i := range x {
					hann := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(window))
					x[i] = (tone[(int(at)+i)*channels+c] - p.mean[c]) / p.hiss[c] * hann
				}
				bins = fft.Coefficients(bins, x)
				for k, b := range bins {
					power[c][k] += real(b)*real(b) + imag(b)*imag(b)
				}
			}
		}
		power[c][0] = 0
	}
	size, lag := int(length), float64(hissLag(rateHz))
	synth := fourier.NewFFT(size)
	bins = make([]complex128, size/2+1)
	phases := make([]complex128, size/2+1)
	y := make([]float64, size)
	return length, func(int64, []grain, []echo) grain {
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
				hiss := 2 * math.Sin(math.Pi*lag*float64(k)/float64(size))
				squares += 2 * p * hiss * hiss
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
		return grain{x: x}
	}
}
