package voices

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/dsp/fourier"
)

func fromDB(db float64) float64 { return math.Pow(10, db/20) }

func toDB(ratio float64) float64 { return 20 * math.Log10(ratio+1e-12) }

func rms(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum / float64(max(len(x), 1)))
}

func peak(x []float64) float64 {
	var p float64
	for _, v := range x {
		p = max(p, math.Abs(v))
	}
	return p
}

func scale(x []float64, by float64) []float64 {
	for i := range x {
		x[i] *= by
	}
	return x
}

// envelope is the RMS over ms milliseconds around every sample.
func envelope(x []float64, rateHz int, ms float64) []float64 {
	w := max(1, int(float64(rateHz)*ms/1000))
	sum := make([]float64, len(x)+1)
	for i, v := range x {
		sum[i+1] = sum[i] + v*v
	}
	e := make([]float64, len(x))
	for i := range e {
		a, b := max(0, i-w/2), min(len(x), i-w/2+w)
		e[i] = math.Sqrt(max(0, sum[b]-sum[a]) / float64(w))
	}
	return e
}

// trim cuts off what lies db below the peak at both ends.
func trim(x []float64, rateHz int, db float64) []float64 {
	e := envelope(x, rateHz, 4)
	limit := peak(e) * fromDB(db)
	a, b := 0, len(x)
	for a < b && e[a] < limit {
		a++
	}
	for b > a && e[b-1] < limit {
		b--
	}
	return x[a:b]
}

// resample changes the rate by a windowed sinc, one set of taps for every phase.
func resample(x []float64, from, to int) []float64 {
	g := gcd(from, to)
	up, down := to/g, from/g
	if up == down {
		return append([]float64(nil), x...)
	}
	const lobes = 24
	cut := min(1, float64(to)/float64(from)) * 0.97
	reach := int(lobes/cut) + 1
	phases := make([][]float64, up)
	for p := range phases {
		taps := make([]float64, 2*reach+1)
		for k := range taps {
			t := float64(p)/float64(up) + float64(reach-k)
			switch {
			case t == 0:
				taps[k] = cut
			case math.Abs(t) < float64(reach):
				taps[k] = math.Sin(math.Pi*cut*t) / (math.Pi * t) * (0.5 + 0.5*math.Cos(math.Pi*t/float64(reach)))
			}
		}
		phases[p] = taps
	}
	y := make([]float64, len(x)*up/down)
	for i := range y {
		at, taps := i*down/up-reach, phases[i*down%up]
		var v float64
		for k := max(0, -at); k < min(len(taps), len(x)-at); k++ {
			v += x[at+k] * taps[k]
		}
		y[i] = v
	}
	return y
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// block is how much of shaped noise is made at once.
const block = 1 << 15

var blockWindow = func() []float64 {
	w := make([]float64, block)
	for i := range w {
		w[i] = math.Sin(math.Pi * (float64(i) + 0.5) / block)
	}
	return w
}()

// shaped is Gaussian noise of n samples and unit power whose spectrum has the
// given magnitude: independent blocks, overlapping with sine windows.
func shaped(n, rateHz int, rng *rand.Rand, magnitude func(hz float64) float64) []float64 {
	fft := fourier.NewFFT(block)
	shape := make([]float64, block/2+1)
	for k := range shape {
		shape[k] = magnitude(float64(k) * float64(rateHz) / block)
	}
	shape[0], shape[block/2] = 0, 0
	x := make([]float64, n)
	spectrum, y := make([]complex128, block/2+1), make([]float64, block)
	for at := -block / 2; at < n; at += block / 2 {
		for k := range spectrum {
			spectrum[k] = complex(rng.NormFloat64()*shape[k], rng.NormFloat64()*shape[k])
		}
		fft.Sequence(y, spectrum)
		for i := max(0, -at); i < min(block, n-at); i++ {
			x[at+i] += y[i] * blockWindow[i]
		}
	}
	return scale(x, 1/(rms(x)+1e-30))
}

// convolve is x through the impulse response h, as long as x.
func convolve(x, h []float64) []float64 {
	size := 1 << 16
	for size < 2*len(h) {
		size *= 2
	}
	fft := fourier.NewFFT(size)
	pad := make([]float64, size)
	copy(pad, h)
	response := fft.Coefficients(nil, pad)
	spectrum := make([]complex128, size/2+1)
	out, y := make([]float64, len(x)), make([]float64, size)
	step := size - len(h) + 1
	for at := 0; at < len(x); at += step {
		clear(pad)
		copy(pad[:step], x[at:])
		fft.Coefficients(spectrum, pad)
		for k := range spectrum {
			spectrum[k] *= response[k] / complex(float64(size), 0)
		}
		fft.Sequence(y, spectrum)
		for i := range min(size, len(x)-at) {
			out[at+i] += y[i]
		}
	}
	return out
}

// bandPass keeps lo to hi, with soft skirts.
func bandPass(lo, hi float64) func(float64) float64 {
	return func(hz float64) float64 {
		if hz == 0 {
			return 0
		}
		return 1 / math.Sqrt((1+math.Pow(lo/hz, 6))*(1+math.Pow(hz/hi, 6)))
	}
}

// backgrounds are what rooms sound like, as magnitude over frequency.
var backgrounds = map[string]func(hz float64) float64{
	"room":    func(f float64) float64 { return math.Pow(f/100, -0.85) + 0.01 },
	"fan":     func(f float64) float64 { return math.Pow(f/120, -0.6)/(1+math.Pow(f/1800, 2)) + 0.006 },
	"traffic": func(f float64) float64 { return math.Pow(f/60, -1.3) + 0.006 },
	"hiss":    func(f float64) float64 { return math.Pow(f/1000, -0.15) },
	"hum":     func(f float64) float64 { return math.Pow(f/100, -0.7) + 0.02 },
	"laptop":  func(f float64) float64 { return math.Pow(f/300, -0.4)/(1+math.Pow(f/5000, 2)) + 0.01 },
}

// background is n samples of a room's tone, near unit power: coloured noise
// that drifts by a decibel or so every 15 s, and mains hum.
func background(n, rateHz int, rng *rand.Rand, kind string) []float64 {
	shape := backgrounds[kind]
	type bump struct{ hz, db float64 }
	var bumps []bump
	for _, hz := range []float64{125, 300, 700, 1500, 3500, 8000} {
		bumps = append(bumps, bump{hz, 2 * rng.NormFloat64()})
	}
	x := shaped(n, rateHz, rng, func(hz float64) float64 {
		if hz < 12 {
			return 0
		}
		var db float64
		for _, b := range bumps {
			o := math.Log2(hz/b.hz) / 0.3
			db += b.db * math.Exp(-o*o/2)
		}
		return shape(hz) * fromDB(db)
	})
	rate := float64(rateHz)
	switch kind {
	case "fan":
		hz := 7 + 12*rng.Float64()
		for i := range x {
			t := float64(i) / rate
			x[i] = x[i]*(1+0.12*math.Sin(2*math.Pi*hz*t)) + 0.1*math.Sin(12*math.Pi*hz*t)
		}
	case "traffic":
		rumble := shaped(n, rateHz, rng, bandPass(25, 180))
		gain := wander(n, 4*rateHz, 3, rng)
		for i := range x {
			x[i] += 1.2 * rumble[i] * gain(i)
		}
	}
	if kind == "laptop" { // a fan's and a coil's whine
		blade, coil := 380+60*rng.Float64(), 6800+900*rng.Float64()
		for i := range x {
			t := float64(i) / rate
			x[i] += 0.15*math.Sin(2*math.Pi*blade*t+2*math.Sin(0.8*t)) + 0.04*math.Sin(2*math.Pi*coil*t)
		}
	}
	gain := wander(n, 15*rateHz, 1, rng)
	mains, hum := 50+10*rng.IntN(2), 0.15
	if kind == "hum" {
		hum = 1.2
	}
	var a, p [9]float64
	for k := 1; k < 9; k++ {
		a[k], p[k] = hum/math.Pow(float64(k), 1.3)*(0.3+0.7*rng.Float64()), 2*math.Pi*rng.Float64()
	}
	period := make([]float64, rateHz/gcd(rateHz, mains))
	for i := range period {
		for k := 1; k < 9; k++ {
			period[i] += a[k] * math.Sin(2*math.Pi*float64(mains*k*i)/rate+p[k])
		}
	}
	for i := range x {
		x[i] = x[i]*gain(i) + period[i%len(period)]
	}
	return x
}

// wander is a gain that goes in straight lines between random levels, for frames
// in order.
func wander(n, every int, db float64, rng *rand.Rand) func(i int) float64 {
	points := make([]float64, n/every+2)
	for k := range points {
		points[k] = db * rng.NormFloat64()
	}
	var gain float64
	return func(i int) float64 {
		if i%32 == 0 {
			k, f := i/every, float64(i%every)/float64(every)
			gain = fromDB(points[k]*(1-f) + points[k+1]*f)
		}
		return gain
	}
}

// reverberation is a room's impulse response: the direct sound, and a tail that
// falls by 60 dB in rt seconds and starts 12 dB below it.
func reverberation(rateHz int, rt float64, rng *rand.Rand) []float64 {
	n := int(1.2 * rt * float64(rateHz))
	h := shaped(n, rateHz, rng, bandPass(120, 6000))
	for i := range h {
		h[i] *= math.Pow(10, -3*float64(i)/float64(rateHz)/rt)
	}
	clear(h[:min(n, rateHz/250)])
	scale(h, fromDB(-12)/(rms(h)*math.Sqrt(float64(n))+1e-12))
	h[0] = 1
	return h
}

// decaying is band-limited noise that rises at once and falls by 1/e in tau
// seconds.
func decaying(n, rateHz int, rng *rand.Rand, lo, hi, tau float64) []float64 {
	x := shaped(n, rateHz, rng, bandPass(lo, hi))
	for i := range x {
		t := float64(i) / float64(rateHz)
		x[i] *= math.Exp(-t/tau) * min(1, t/0.0006)
	}
	return x
}

// clap is one clap of the hands.
func clap(rateHz int, rng *rand.Rand) []float64 {
	n := rateHz * 16 / 100
	hz := 900 + 1300*rng.Float64()
	x := decaying(n, rateHz, rng, 0.6*hz, 1.7*hz, 0.004+0.006*rng.Float64())
	wide := decaying(n, rateHz, rng, 300, 9000, 0.003+0.003*rng.Float64())
	room := decaying(n, rateHz, rng, 200, 6000, 0.02+0.03*rng.Float64())
	late := rateHz / 250
	for i := range x {
		x[i] += 0.5 * wide[i]
		if i >= late {
			x[i] += 0.06 * room[i-late]
		}
	}
	return scale(x, fromDB(-12+8*rng.Float64())/peak(x))
}

// lipClick is the small wet click of a mouth that opens.
func lipClick(rateHz int, rng *rand.Rand) []float64 {
	x := make([]float64, rateHz/50)
	for range 2 {
		hz, tau := 1200+3300*rng.Float64(), 0.001+0.002*rng.Float64()
		for i := range x {
			t := float64(i) / float64(rateHz)
			x[i] += math.Exp(-t/tau) * math.Sin(2*math.Pi*hz*t)
		}
	}
	return scale(x, fromDB(-42+14*rng.Float64())/peak(x))
}

// breath is one breath in.
func breath(rateHz int, rng *rand.Rand) []float64 {
	x := shaped(int((0.25+0.5*rng.Float64())*float64(rateHz)), rateHz, rng, bandPass(400, 5000))
	for i := range x {
		x[i] *= math.Pow(math.Sin(math.Pi*float64(i)/float64(len(x))), 1.5)
	}
	return scale(x, fromDB(-52+14*rng.Float64())/rms(x))
}
