package editor

import "math"

// fade is the rising half of a crossfade: the sine of an angle that goes from
// 0 to a right angle. The falling half is the same, read backwards.
type fade []float64

func newFade(frames int64) fade {
	f := make(fade, frames)
	for i := range f {
		f[i] = math.Sin(math.Pi / 2 * (float64(i) + 0.5) / float64(frames))
	}
	return f
}

// overlap is what two stretches of sound to be crossfaded have in common: their
// energies and their product, per channel.
type overlap struct{ a, b, ab float64 }

// measure compares channel c of a and b, interleaved.
func measure(a, b []float64, channels, c int) overlap {
	var o overlap
	for i := c; i < len(a); i += channels {
		x, y := a[i], b[i]
		o.a += x * x
		o.b += y * y
		o.ab += x * y
	}
	return o
}

// r is the correlation, 0 where one side is silent.
func (o overlap) r() float64 {
	if e := math.Sqrt(o.a * o.b); e > 0 {
		return o.ab / e
	}
	return 0
}

// blend crossfades channel c from a to b into dst so that the power goes
// straight from a's to b's whatever the two have in common: the fades are
// scaled until g1² + g2² + 2·r·g1·g2 = 1, r being measured. That is equal
// power for unrelated sound and equal gain for the same sound. Scaling ends at
// +3 dB: opposite sounds are not worth more noise. dst may be a or b.
func (f fade) blend(dst, a, b []float64, channels, c int, o overlap) {
	n := len(f)
	if math.Abs(o.r()) < 0.05 {
		if channels == 1 {
			dst, a, b = dst[:n], a[:n], b[:n]
			for i, up := range f {
				dst[i] = a[i]*f[n-1-i] + b[i]*up
			}
			return
		}
		for i, up := range f {
			k := i*channels + c
			dst[k] = a[k]*f[n-1-i] + b[k]*up
		}
		return
	}
	for i, up := range f {
		k, down := i*channels+c, f[n-1-i]
		want := o.a*down*down + o.b*up*up
		is := want + 2*o.ab*down*up
		scale := math.Sqrt2
		if 2*is > want {
			scale = math.Sqrt(want / is)
		}
		dst[k] = (a[k]*down + b[k]*up) * scale
	}
}

// seam crossfades from a to b into a, interleaved, len(f) frames. What the two
// have of direct current is led over on its own, so that it neither steps nor
// swells.
func (f fade) seam(a, b []float64, channels int) {
	if len(f) == 0 {
		return
	}
	for c := range channels {
		da, db := center(a, channels, c), center(b, channels, c)
		f.blend(a, a, b, channels, c, measure(a, b, channels, c))
		for i, up := range f {
			a[i*channels+c] += da + (db-da)*up*up
		}
	}
}

// center takes the mean out of channel c of x and returns it.
func center(x []float64, channels, c int) float64 {
	if len(x) == 0 {
		return 0
	}
	var sum float64
	for i := c; i < len(x); i += channels {
		sum += x[i]
	}
	mean := sum / float64(len(x)/channels)
	for i := c; i < len(x); i += channels {
		x[i] -= mean
	}
	return mean
}
