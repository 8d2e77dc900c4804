package rt

import (
	"math"
	"math/cmplx"
	"math/rand/v2"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Probe is a burst of noise whose way out of one socket and into another can be
// found to a fraction of a frame: as loud at all frequencies, from ProbeLowHz
// to 9/20 of the rate, at phases that a seed chooses.
type Probe struct {
	rateHz  int
	samples []float64
}

// ProbeLowHz is the lowest frequency of a probe: below, cards hold back direct
// current, which turns phases.
const ProbeLowHz = 200

const probeFrames = 1 << 14

// NewProbe makes a burst with its highest sample at a value.
func NewProbe(rateHz int, peak float64, seed uint64) *Probe {
	chance := rand.New(rand.NewPCG(seed, 0))
	spectrum := make([]complex128, probeFrames)
	for k := 1; k < probeFrames/2; k++ {
		if hz := float64(k*rateHz) / probeFrames; hz >= ProbeLowHz && hz <= 0.45*float64(rateHz) {
			spectrum[k] = cmplx.Rect(1, 2*math.Pi*chance.Float64())
			spectrum[probeFrames-k] = cmplx.Conj(spectrum[k])
		}
	}
	p := &Probe{rateHz: rateHz, samples: make([]float64, probeFrames)}
	highest := 0.0
	for i, v := range fourier.NewCmplxFFT(probeFrames).Sequence(nil, spectrum) {
		p.samples[i] = real(v)
		highest = max(highest, math.Abs(real(v)))
	}
	for i := range p.samples {
		p.samples[i] *= peak / highest
	}
	return p
}

// Samples are the frames of the burst, one channel.
func (p *Probe) Samples() []float64 { return p.samples }

// Echo is what came back of a probe.
type Echo struct {
	Frames   float64 // from the probe's first frame to where it was heard
	Gain     float64 // by which it was heard
	Inverted bool    // its polarity was turned
	Clear    float64 // how far it stands out of the rest: its peak by that's RMS
}

// clearEnough is how far an echo stands out that is none by chance: the highest
// of a hundred thousand values of noise is below 6.
const clearEnough = 10

// Find looks for the probe in what was heard from the probe's first frame on.
// Where it is, is found from the peak of the correlation first, then from the
// phase of the impulse response around that, whose slope over frequency is the
// rest of the delay.
func (p *Probe) Find(heard []float64) (Echo, bool) {
	size := 1
	for size < len(heard)+len(p.samples) {
		size *= 2
	}
	fft := fourier.NewCmplxFFT(size)
	x, y := make([]complex128, size), make([]complex128, size)
	var energy float64
	for i, v := range p.samples {
		x[i] = complex(v, 0)
		energy += v * v
	}
	for i, v := range heard {
		y[i] = complex(v, 0)
	}
	x, y = fft.Coefficients(x, x), fft.Coefficients(y, y)
	for k := range y {
		y[k] *= cmplx.Conj(x[k])
	}
	y = fft.Sequence(y, y)
	at := 0
	for i := range heard {
		if math.Abs(real(y[i])) > math.Abs(real(y[at])) {
			at = i
		}
	}
	scale := float64(size) * energy
	e := Echo{Frames: float64(at), Inverted: real(y[at]) < 0}
	const around = 256 // frames of the impulse response
	var rest float64
	n := 0
	for i := range heard {
		if i < at-around || i >= at+around {
			rest += real(y[i]) * real(y[i])
			n++
		}
	}
	if n > 0 && rest > 0 {
		e.Clear = math.Abs(real(y[at])) / math.Sqrt(rest/float64(n))
	} else if y[at] != 0 {
		e.Clear = math.Inf(1)
	}
	if e.Clear < clearEnough {
		return e, false
	}
	response := make([]complex128, 2*around)
	for i := range response {
		from := at + i
		if i >= around {
			from -= 2 * around
		}
		d := float64(i)
		if i >= around {
			d -= 2 * around
		}
		fade := 0.5 + 0.5*math.Cos(math.Pi*d/around)
		response[i] = complex(real(y[(from+size)%size])*fade, 0)
	}
	if e.Inverted {
		for i := range response {
			response[i] = -response[i]
		}
	}
	response = fourier.NewCmplxFFT(2*around).Coefficients(response, response)
	var delay float64
	for range 3 {
		var slope, weight, level, bins float64
		for k := 1; k < around; k++ {
			if hz := float64(k*p.rateHz) / (2 * around); hz < 2*ProbeLowHz || hz > 0.43*float64(p.rateHz) {
				continue
			}
			w := math.Pi * float64(k) / around // radians a frame
			h := response[k] * cmplx.Rect(1, w*delay)
			power := real(h)*real(h) + imag(h)*imag(h)
			slope -= power * w * cmplx.Phase(h)
			weight += power * w * w
			level += math.Sqrt(power)
			bins++
		}
		delay += slope / weight
		band := 0.9 - 2*ProbeLowHz/float64(p.rateHz) // of the spectrum, that the probe fills
		e.Gain = level / bins * band / scale
	}
	e.Frames += delay
	return e, true
}
