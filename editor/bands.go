package editor

import (
	"math"
	"math/bits"
)

// bands is the number of frequency bands the detector looks at. They leave out
// DC, the fundamentals of hum, and rumble.
const bands = 13

var bandEdgesHz = [bands + 1]float64{90, 190, 290, 390, 600, 900, 1300, 1900, 2700, 3900, 5500, 7500, 10500, 15000}

// levels is one look at the take: a level per band in dB.
type levels [bands]float32

// analyser measures the power in each band over a 10 ms Hann window. The
// signal is differentiated first, so that DC and rumble do not leak into the
// low bands; the gain undoes that.
type analyser struct {
	hop, win int // frames
	half     int // complex points: the window, zero-padded to a power of two, two real samples a point
	window   []float32
	cos, sin []float32 // cos and -sin of 2 pi k / half
	splitCos []float32 // the same of 2 pi k / (2 half)
	splitSin []float32
	at       []int32        // where the transform leaves bin k
	bin      [bands + 1]int // first bin of each band
	gain     [bands]float32
}

func newAnalyser(rateHz int) *analyser {
	hop := int(math.Round(float64(rateHz) * 0.005))
	win := 2 * int(math.Round(float64(rateHz)*0.005))
	half := 1 << bits.Len(uint(win-1)) / 2
	a := &analyser{
		hop: hop, win: win, half: half,
		window: make([]float32, win),
		cos:    make([]float32, half), sin: make([]float32, half),
		splitCos: make([]float32, half/2+1), splitSin: make([]float32, half/2+1),
		at: make([]int32, half),
	}
	var power float64
	for i := range a.window {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(win))
		a.window[i] = float32(w)
		power += w * w
	}
	for k := range half {
		s, c := math.Sincos(2 * math.Pi * float64(k) / float64(half))
		a.cos[k], a.sin[k] = float32(c), float32(-s)
	}
	for k := range a.splitCos {
		s, c := math.Sincos(math.Pi * float64(k) / float64(half))
		a.splitCos[k], a.splitSin[k] = float32(c), float32(-s)
	}
	for p := range a.at {
		a.at[reverseDigits(p, half)] = int32(p)
	}
	hz := float64(rateHz) / float64(2*half)
	for b, e := range bandEdgesHz {
		a.bin[b] = min(int(math.Ceil(e/hz)), half)
		if e >= 0.45*float64(rateHz) && b > 0 {
			a.bin[b] = a.bin[b-1]
		}
	}
	for b := range bands {
		mid := math.Sqrt(bandEdgesHz[b] * bandEdgesHz[b+1])
		d := 2 * math.Sin(math.Pi*min(mid/float64(rateHz), 0.5))
		// The power of one side of the spectrum, twice; over the window's.
		a.gain[b] = float32(2 / (float64(2*half) * power * d * d))
	}
	return a
}

// reverseDigits is the bin that an in-place radix-4 transform of n points
// (with one radix-2 pass at the end where n is not a power of four) leaves at
// position p.
func reverseDigits(p, n int) int {
	k, weight := 0, 1
	for n > 1 {
		r := 4
		if n == 2 {
			r = 2
		}
		n /= r
		k += p / n % r * weight
		weight *= r
	}
	return k
}

// measure writes the power in every band of the window that starts at d[0].
// re and im are scratch of half points.
func (a *analyser) measure(d, re, im []float32, out *levels) {
	for i := range a.win / 2 {
		re[i] = a.window[2*i] * d[2*i]
		im[i] = a.window[2*i+1] * d[2*i+1]
	}
	clear(re[a.win/2:])
	clear(im[a.win/2:])
	a.transform(re, im)
	for b := range bands {
		var sum float32
		for k := a.bin[b]; k < a.bin[b+1]; k++ {
			sum += a.power(re, im, k)
		}
		out[b] = sum * a.gain[b]
	}
}

// power is that of bin k of the real signal whose even and odd samples were
// the real and imaginary parts of the transformed points.
func (a *analyser) power(re, im []float32, k int) float32 {
	sign := float32(2)
	if k > a.half/2 {
		k, sign = a.half-k, -2
	}
	p, q := a.at[k], a.at[(a.half-k)&(a.half-1)]
	er, ei := (re[p]+re[q])*0.5, (im[p]-im[q])*0.5
	or, oi := (im[p]+im[q])*0.5, (re[q]-re[p])*0.5
	c, s := a.splitCos[k], a.splitSin[k]
	tr, ti := c*or-s*oi, c*oi+s*or
	return er*er + ei*ei + or*or + oi*oi + sign*(er*tr+ei*ti)
}

// transform is an in-place decimation-in-frequency Fourier transform, radix 4.
func (a *analyser) transform(re, im []float32) {
	n := a.half
	for size := n; size > 1; {
		if size == 2 {
			for p := 0; p < n; p += 2 {
				re[p], re[p+1] = re[p]+re[p+1], re[p]-re[p+1]
				im[p], im[p+1] = im[p]+im[p+1], im[p]-im[p+1]
			}
			return
		}
		q, step := size/4, n/size
		for j := range q {
			c1, s1 := a.cos[j*step], a.sin[j*step]
			c2, s2 := a.cos[2*j*step], a.sin[2*j*step]
			c3, s3 := a.cos[3*j*step], a.sin[3*j*step]
			for p := j; p < n; p += size {
				r0, i0 := re[p], im[p]
				r1, i1 := re[p+q], im[p+q]
				r2, i2 := re[p+2*q], im[p+2*q]
				r3, i3 := re[p+3*q], im[p+3*q]
				ar, ai, br, bi := r0+r2, i0+i2, r0-r2, i0-i2
				cr, ci, dr, di := r1+r3, i1+i3, i1-i3, r3-r1
				re[p], im[p] = ar+cr, ai+ci
				xr, xi := br+dr, bi+di
				re[p+q], im[p+q] = xr*c1-xi*s1, xr*s1+xi*c1
				xr, xi = ar-cr, ai-ci
				re[p+2*q], im[p+2*q] = xr*c2-xi*s2, xr*s2+xi*c2
				xr, xi = br-dr, bi-di
				re[p+3*q], im[p+3*q] = xr*c3-xi*s3, xr*s3+xi*c3
			}
		}
		size = q
	}
}

// decibels is 10 log10(power), good to 0.0002 dB.
func decibels(power float32) float32 {
	b := math.Float32bits(power)
	m := math.Float32frombits(b&0x7fffff|0x3f800000) - 1
	log2 := m * (1.4426157 + m*(-0.7170639+m*(0.4422742+m*(-0.2277126+m*0.0599456))))
	return 3.0103 * (float32(int32(b>>23)-127) + log2)
}
