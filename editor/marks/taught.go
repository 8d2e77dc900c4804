package marks

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"

	"jackknife/editor"
	"jackknife/editor/hear"
)

// Pattern is a sound that was taught: whatever a speaker likes to leave as a
// mark.
type Pattern struct {
	picture [][]float64 // by step of 5 ms and band, dB over 35 dB below the loudest
	enough  float64     // the likeness of another one of them
}

const (
	stepMS       = 5
	pictureBands = 20
	pictureRange = 35  // dB
	longest      = 160 // steps: 0.8 s
)

// Teach learns a sound from a take that holds little else, once or several
// times. Several say how different it may be.
func Teach(h *hear.Heard) (*Pattern, error) {
	p := painter{h: h}
	at := onsets(h)
	if len(at) == 0 {
		return nil, errors.New("no sound that stands out")
	}
	var pictures [][][]float64
	for i, ms := range at[:min(len(at), 12)] {
		to := ms + longest*stepMS
		if i+1 < len(at) {
			to = min(to, at[i+1]-20)
		}
		picture, err := p.picture(ms, max(6, (to-ms)/stepMS))
		if err != nil {
			return nil, err
		}
		pictures = append(pictures, trimmed(picture))
	}
	// The one that is most like the others is the pattern.
	best, most := 0, -1.0
	var lowest float64
	for i, a := range pictures {
		sum, low := 0.0, 1.0
		for k, b := range pictures {
			if k != i {
				l := alike(a, padded(b, len(a)))
				sum, low = sum+l, min(low, l)
			}
		}
		if sum > most {
			best, most, lowest = i, sum, low
		}
	}
	enough := 0.8
	if len(pictures) > 1 {
		enough = min(max(lowest-0.05, 0.65), 0.85)
	}
	return &Pattern{pictures[best], enough}, nil
}

// Find finds a taught sound in a take.
func (p *Pattern) Find(h *hear.Heard) ([]Mark, error) {
	paint := painter{h: h}
	var marks []Mark
	for _, ms := range onsets(h) {
		if k := len(marks) - 1; k >= 0 && h.Frame(ms) < marks[k].End {
			continue
		}
		likeness := 0.0
		for shift := -15; shift <= 15; shift += stepMS {
			picture, err := paint.picture(ms+shift, len(p.picture))
			if err != nil {
				return nil, err
			}
			likeness = max(likeness, alike(p.picture, picture))
		}
		if likeness >= p.enough {
			marks = append(marks, Mark{
				Span:       editor.Span{Start: h.Frame(max(0, ms-5)), End: min(h.Frames, h.Frame(ms+len(p.picture)*stepMS))},
				Kind:       Taught,
				Confidence: min(0.99, 0.5+0.5*(likeness-p.enough)/(1-p.enough)),
			})
		}
	}
	return marks, nil
}

// onsets are the milliseconds at which something begins that stands 18 dB out of
// the room and 12 dB out of the 60 ms before it.
func onsets(h *hear.Heard) []int {
	e := smooth(h.Sharp, 5)
	sorted := slices.Clone(e)
	slices.Sort(sorted)
	if len(sorted) == 0 {
		return nil
	}
	floor := sorted[len(sorted)/5]
	var at []int
	for i := range e {
		top := float32(-200)
		for k := i; k < min(len(e), i+20); k++ {
			top = max(top, e[k])
		}
		if top < floor+18 || len(at) > 0 && i-at[len(at)-1] < 40 {
			continue
		}
		before := float32(-200)
		for k := max(0, i-60); k < i-2; k++ {
			before = max(before, e[k])
		}
		if i >= 3 && top < before+12 || e[i] < top-12 {
			continue
		}
		at = append(at, i)
	}
	return at
}

// smooth is the power mean of so many milliseconds from each on.
func smooth(e []float32, wide int) []float32 {
	out := make([]float32, len(e))
	var sum float64
	power := make([]float64, len(e))
	for i, v := range e {
		power[i] = math.Pow(10, float64(v)/10)
	}
	for i := range e {
		sum += power[i]
		if i >= wide {
			sum -= power[i-wide]
		}
		if i >= wide-1 {
			out[i-wide+1] = float32(10 * math.Log10(max(sum, 1e-15)/float64(wide)))
		}
	}
	for i := max(0, len(e)-wide+1); i < len(e); i++ {
		out[i] = e[i]
	}
	return out
}

// painter makes pictures of sounds: levels by time and frequency.
type painter struct {
	h   *hear.Heard
	fft *fourier.FFT
	x   []float64
}

// picture is so many steps from a millisecond on, 300 Hz to 10 kHz.
func (p *painter) picture(ms, steps int) ([][]float64, error) {
	rate := p.h.RateHz
	window := rate * 2 * stepMS / 1000
	if p.fft == nil {
		p.fft = fourier.NewFFT(window)
	}
	hop := float64(rate) * stepMS / 1000
	p.x = make([]float64, int(hop*float64(steps))+window)
	if err := p.h.Read(p.x, int64(ms)*int64(rate)/1000-int64(window)/2); err != nil {
		return nil, err
	}
	top := math.Inf(-1)
	picture := make([][]float64, steps)
	y := make([]float64, window)
	var bins []complex128
	high := min(10000, 0.45*float64(rate))
	for i := range picture {
		from := int(float64(i) * hop)
		for k := range y {
			y[k] = p.x[from+k] * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(k)+0.5)/float64(window)))
		}
		bins = p.fft.Coefficients(bins, y)
		var power [pictureBands]float64
		for k, b := range bins {
			hz := float64(k) * float64(rate) / float64(window)
			if hz < 300 || hz >= high {
				continue
			}
			band := int(pictureBands * math.Log(hz/300) / math.Log(high/300))
			power[min(band, pictureBands-1)] += real(b)*real(b) + imag(b)*imag(b)
		}
		picture[i] = make([]float64, pictureBands)
		for b, v := range power {
			picture[i][b] = 10 * math.Log10(v+1e-12)
			top = max(top, picture[i][b])
		}
	}
	for _, row := range picture {
		for b := range row {
			row[b] = max(0, row[b]-top+pictureRange)
		}
	}
	return picture, nil
}

// trimmed is a picture without the quiet steps at its end.
func trimmed(picture [][]float64) [][]float64 {
	n := len(picture)
	for n > 6 && slices.Max(picture[n-1]) < 10 {
		n--
	}
	return picture[:n]
}

func padded(picture [][]float64, n int) [][]float64 {
	out := slices.Clone(picture[:min(n, len(picture))])
	for len(out) < n {
		out = append(out, make([]float64, pictureBands))
	}
	return out
}

// alike is the correlation of two pictures of one size.
func alike(a, b [][]float64) float64 {
	var sa, sb, saa, sbb, sab, n float64
	for i := range a {
		for k, x := range a[i] {
			y := b[i][k]
			sa, sb, n = sa+x, sb+y, n+1
			saa, sbb, sab = saa+x*x, sbb+y*y, sab+x*y
		}
	}
	d := math.Sqrt((saa-sa*sa/n)*(sbb-sb*sb/n)) + 1e-9
	return (sab - sa*sb/n) / d
}
