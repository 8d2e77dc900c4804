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

// measure compares channel c of a and b, interleaved, without what is so low
// that a seam holds less than three periods of it: rumble below hearing would
// otherwise decide, and make the hiss swell.
func measure(a, b []float64, channels, c int) overlap {
	var o overlap
	if len(a) == 0 {
		return o
	}
	follow := min(1, 6*math.Pi*float64(channels)/float64(len(a)))
	slowA, slowB := a[c], b[c]
	for i := c; i < len(a); i += channels {
		slowA += follow * (a[i] - slowA)
		slowB += follow * (b[i] - slowB)
		x, y := a[i]-slowA, b[i]-slowB
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

// scale is what a crossfade at down and up must be multiplied by so that its
// power goes straight from that of a to that of b, whatever the two have in
// common: until g1² + g2² + 2·r·g1·g2 = 1, r being measured. That is equal
// power for unrelated sound and equal gain for the same sound. It ends at +3
// dB: opposite sounds are not worth more noise.
func (o overlap) scale(down, up float64) float64 {
	want := o.a*down*down + o.b*up*up
	is := want + 2*o.ab*down*up
	if 2*is <= want {
		return math.Sqrt2
	}
	return math.Sqrt(want / is)
}

// blend crossfades channel c from a to b into a.
func (f fade) blend(a, b []float64, channels, c int, o overlap) {
	n := len(f)
	for i, up := range f {
		k, down := i*channels+c, f[n-1-i]
		a[k] = (a[k]*down + b[k]*up) * o.scale(down, up)
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
		f.blend(a, b, channels, c, measure(a, b, channels, c))
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
