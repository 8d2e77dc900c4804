package inspect

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/dsp/fourier"

	"jackknife/editor"
	"jackknife/editor/hear"
	"jackknife/editor/marks"
)

// Shape is what a sound between pauses is judged by.
type Shape struct {
	Seconds  float64
	Voiced   float64 // part of its loud 20 ms that have a pitch
	UnderDB  float64 // under the speech of the take
	Low      float64 // part of the power below 300 Hz
	AttackMS float64 // from 20 dB below its top to its top
	Flat     float64 // how flat the spectrum is, 0 to 1
	Falls    float64 // dB that the level falls over the second half
}

// islands finds breaths, coughs and knocks among the phrases: short sounds
// without a pitch.
func islands(h *hear.Heard, found []marks.Mark) ([]Blemish, error) {
	var all []Blemish
	speech := SpeechDB(h)
	for _, p := range h.Phrases {
		if slices.ContainsFunc(found, func(m marks.Mark) bool { return m.Start < p.End && m.End > p.Start }) {
			continue
		}
		s, err := ShapeOf(h, p, speech)
		if err != nil {
			return nil, err
		}
		kind := s.Kind()
		if kind == "" {
			continue
		}
		b := Blemish{Span: p, Kind: kind, Severity: 2, Level: fmt.Sprintf("%.0f dB under the voice", max(0, s.UnderDB)), InPause: true}
		switch {
		case kind == Cough || kind == Knock:
			b.Severity = 3
		case s.UnderDB > 25:
			b.Severity = 1
		}
		b.Span = free(h, p)
		all = append(all, b)
	}
	return all, nil
}

// free is an island with its surroundings, as far as they may be edited.
func free(h *hear.Heard, p editor.Span) editor.Span {
	for _, q := range h.Pauses {
		if q.Heard.End == p.Start && q.End > q.Start {
			p.Start = q.End
		}
		if q.Heard.Start == p.End && q.End > q.Start {
			p.End = q.Start
		}
	}
	return p
}

// Kind is what a sound of that shape is, "" for speech. Noise is flat, the voice
// has a pitch and takes its time to begin.
func (s Shape) Kind() Kind {
	noise := s.Flat > 0.26
	switch {
	case s.Low > 0.95 && s.Seconds < 0.5 && s.UnderDB > 15:
		return Plosive
	case s.AttackMS <= 8 && s.Seconds < 0.25 && s.UnderDB > 10 && s.Low < 0.3 && s.Voiced < 0.5, s.AttackMS <= 16 && s.Seconds < 0.4 && s.UnderDB > 24:
		return Click
	case noise && s.Low > 0.6:
		return Knock
	case noise && s.AttackMS > 45 && s.UnderDB > 6 && s.Voiced < 0.3:
		return Breath
	case noise && s.AttackMS <= 45:
		return Cough
	case s.AttackMS < 18 && s.Falls > 25 && s.Seconds < 1 && s.UnderDB > 3:
		return Knock
	}
	return ""
}

// SpeechDB is the usual level, above 600 Hz, of the long phrases of a take.
func SpeechDB(h *hear.Heard) float64 {
	var v []float64
	for _, p := range h.Phrases {
		if p.Len() > int64(h.RateHz) {
			v = append(v, loud(h, p))
		}
	}
	if len(v) == 0 {
		return -24
	}
	return median(v)
}

// ShapeOf measures a sound of at most some seconds.
func ShapeOf(h *hear.Heard, p editor.Span, speech float64) (Shape, error) {
	rate := h.RateHz
	s := Shape{Seconds: float64(p.Len()) / float64(rate)}
	if p.Len() > 2*int64(rate) { // no noise of the mouth or the house lasts so long
		s.Voiced = 1
		return s, nil
	}
	x := make([]float64, p.Len())
	if err := h.Read(x, p.Start); err != nil {
		return s, err
	}
	e := h.Sharp[h.Millis(p.Start):min(len(h.Sharp), h.Millis(p.End)+1)]
	if len(e) < 20 {
		return s, nil
	}
	wide := smoothed(x, rate)
	top := 0
	for i, v := range wide {
		if v > wide[top] {
			top = i
		}
	}
	from := top
	for from > 0 && wide[from-1] > wide[top]-20 {
		from--
	}
	s.AttackMS = float64(top - from)
	half, end := 0.0, 0.0
	for i, v := range wide {
		if i >= top && i < top+len(wide)/4+1 {
			half = max(half, v)
		}
		if i >= len(wide)*3/4 {
			end += v / float64(len(wide)-len(wide)*3/4)
		}
	}
	s.Falls = half - end
	s.UnderDB = speech - loud(h, p)
	s.Voiced, s.Low, s.Flat = pitched(x, rate)
	return s, nil
}

// smoothed is the level of every millisecond over 5 ms, in dBFS.
func smoothed(x []float64, rate int) []float64 {
	n := len(x) * 1000 / rate
	out := make([]float64, n)
	for i := range out {
		from, to := max(0, (i-2)*rate/1000), min(len(x), (i+3)*rate/1000)
		var sum float64
		for _, v := range x[from:to] {
			sum += v * v
		}
		out[i] = 10 * math.Log10(sum/float64(max(1, to-from))+1e-13)
	}
	return out
}

// pitched looks at windows of 40 ms every 20 ms within 15 dB of the loudest: the
// part that has a pitch of 70 to 400 Hz (the autocorrelation comes back to 0.5
// there), the part of the power below 300 Hz, and how flat the spectrum is from
// 300 Hz to 5 kHz.
func pitched(x []float64, rate int) (voiced, low, flat float64) {
	wide, hop := rate/25, rate/50
	size := 1
	for size < 2*wide {
		size *= 2
	}
	fft := fourier.NewFFT(size)
	y := make([]float64, size)
	var bins []complex128
	type window struct{ power, pitch, low, flat float64 }
	var all []window
	var loudest float64
	for at := 0; at == 0 || at+wide <= len(x); at += hop {
		clear(y)
		for i := range min(wide, len(x)-at) {
			y[i] = x[at+i] * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(wide)))
		}
		bins = fft.Coefficients(bins, y)
		var w window
		var logs, sum, n float64
		for k, b := range bins {
			p := real(b)*real(b) + imag(b)*imag(b)
			hz := float64(k) * float64(rate) / float64(size)
			if hz > 40 {
				w.power += p
				if hz < 300 {
					w.low += p
				}
			}
			if hz > 300 && hz < 5000 {
				logs, sum, n = logs+math.Log(p+1e-15), sum+p+1e-15, n+1
			}
			if hz < 60 || hz > 2000 {
				p = 0
			}
			bins[k] = complex(p, 0)
		}
		w.flat = math.Exp(logs/n) / (sum / n)
		y = fft.Sequence(y, bins)
		if y[0] > 0 {
			for lag := rate / 400; lag <= rate/70; lag++ {
				w.pitch = max(w.pitch, y[lag]/y[0]/(1-float64(lag)/float64(wide)))
			}
		}
		loudest = max(loudest, w.power)
		all = append(all, w)
	}
	var n, power float64
	for _, w := range all {
		if w.power < loudest*0.03 {
			continue
		}
		n++
		if w.pitch > 0.6 {
			voiced++
		}
		low, flat, power = low+w.low, flat+w.flat, power+w.power
	}
	return voiced / n, low / (power + 1e-15), flat / n
}

// clicks finds short sharp sounds: in pauses, and where speech is weak.
func clicks(h *hear.Heard, found []marks.Mark) ([]Blemish, error) {
	e := h.Sharp
	var all []Blemish
	add := func(i int, db, over float64, inside bool) {
		s := editor.Span{Start: h.Frame(max(0, i-12)), End: min(h.Frames, h.Frame(i+28))}
		if slices.ContainsFunc(found, func(m marks.Mark) bool { return m.Start < s.End && m.End > s.Start }) {
			return
		}
		if k := len(all) - 1; k >= 0 && s.Start <= all[k].End {
			all[k].End = s.End
			return
		}
		b := Blemish{Span: s, Kind: Click, Severity: 1, Level: fmt.Sprintf("%.0f dBFS", db)}
		_, b.InPause = pauseAround(h, s)
		if over > 20 {
			b.Severity = 2
		}
		all = append(all, b)
	}
	for _, p := range h.Pauses {
		from, to := h.Millis(p.Start), min(len(e), h.Millis(p.End))
		if to-from < 60 {
			continue
		}
		level := slices.Clone(e[from:to])
		slices.Sort(level)
		usual, spread := float64(level[len(level)/2]), float64(level[len(level)*9/10]-level[len(level)/2])
		limit := usual + max(9, 3*spread)
		for i := from + 3; i < to-3; i++ {
			db := float64(e[i])
			if db < limit || !top(e, i, 8) {
				continue
			}
			// Short: 12 ms before and 25 ms after it is nearly gone.
			if mean(e[max(from, i-22):max(from+1, i-10)]) < usual+5 && mean(e[min(to-1, i+22):min(to, i+34)]) < usual+6 {
				add(i, db, db-usual, false)
			}
		}
	}
	return all, nil
}

func top(e []float32, i, near int) bool {
	for k := max(0, i-near); k < min(len(e), i+near+1); k++ {
		if e[k] > e[i] || e[k] == e[i] && k < i {
			return false
		}
	}
	return true
}

func mean(e []float32) float64 {
	var sum float64
	for _, v := range e {
		sum += float64(v)
	}
	return sum / float64(max(1, len(e)))
}

// plosives finds bursts below 80 Hz that stand out of the low sound around by
// 15 dB for 20 to 200 ms: breath that hits the microphone. Those that noises are
// known of stay with them.
func plosives(h *hear.Heard, noises []Blemish) ([]Blemish, error) {
	const piece = 10 // s
	rate := h.RateHz
	hop := rate / 100
	n := int(h.Frames) / hop
	low, rest := make([]float64, n), make([]float64, n)
	x := make([]float64, piece*rate+rate)
	for from := int64(0); from < h.Frames; from += int64(piece * rate) {
		if err := h.Read(x, from-int64(rate)); err != nil {
			return nil, err
		}
		var f [2]lowPass2
		f[0].set(80, rate, 0.541)
		f[1].set(80, rate, 1.307)
		var dc float64
		for i, v := range x {
			dc += (v - dc) * 2 * math.Pi * 15 / float64(rate) // below 15 Hz nothing is heard
			y := f[1].step(f[0].step(v - dc))
			at := from - int64(rate) + int64(i)
			if at < from || at >= h.Frames {
				continue
			}
			if k := int(at) / hop; k < n {
				low[k] += y * y
				rest[k] += (v - dc - y) * (v - dc - y)
			}
		}
	}
	db := make([]float64, n)
	for k := range db {
		db[k] = 10 * math.Log10(low[k]/float64(hop)+1e-12)
	}
	sorted := slices.Clone(db)
	slices.Sort(sorted)
	if n < 100 {
		return nil, nil
	}
	floor, usual := sorted[n/5], sorted[n*9/10]
	limit := max(floor+20, usual+9, -38)
	var all []Blemish
	for k := 0; k < n; k++ {
		if db[k] < limit {
			continue
		}
		from := k
		loudest := db[k]
		for k < n && db[k] > limit-6 {
			loudest = max(loudest, db[k])
			k++
		}
		for from > 0 && db[from-1] > limit-6 {
			from--
		}
		var l, r float64
		for i := from; i < k; i++ {
			l, r = l+low[i], r+rest[i]
		}
		s := editor.Span{Start: int64(from * hop), End: int64(k * hop)}
		// Where there is more sound above 80 Hz it is speech, which may be low, too.
		if k-from < 2 || k-from > 20 || l < r && loudest < usual+12 || slices.ContainsFunc(noises, func(n Blemish) bool { return n.Start < s.End && n.End > s.Start }) {
			continue
		}
		b := Blemish{Span: s, Kind: Plosive, Severity: 2, Level: fmt.Sprintf("%.0f dBFS below 80 Hz", loudest)}
		_, b.InPause = pauseAround(h, s)
		all = append(all, b)
	}
	return all, nil
}

// lowPass2 is a second-order low-pass.
type lowPass2 struct{ b0, b1, a1, a2, s1, s2 float64 }

func (f *lowPass2) set(hz float64, rate int, q float64) {
	w := 2 * math.Pi * hz / float64(rate)
	alpha, c := math.Sin(w)/(2*q), math.Cos(w)
	a0 := 1 + alpha
	f.b0, f.b1, f.a1, f.a2 = (1-c)/2/a0, (1-c)/a0, -2*c/a0, (1-alpha)/a0
}

func (f *lowPass2) step(v float64) float64 {
	y := f.b0*v + f.s1
	f.s1 = f.b1*v - f.a1*y + f.s2
	f.s2 = f.b0*v - f.a2*y
	return y
}

// room finds hum and buzz in the pauses: lines of the mains and of a phone's
// 217 Hz in the mean spectrum of up to a minute of room tone.
func room(h *hear.Heard) ([]Blemish, error) {
	size := 1
	for size < h.RateHz/2 {
		size *= 2
	}
	fft := fourier.NewFFT(size)
	x, power := make([]float64, size), make([]float64, size/2+1)
	var bins []complex128
	windows := 0
	var quiet []editor.Span
	for _, p := range h.Pauses {
		for at := p.Start; at+int64(size) <= p.End; at += int64(size) {
			quiet = append(quiet, editor.Span{Start: at, End: at + int64(size)})
		}
	}
	step := max(1, len(quiet)/100)
	for i := 0; i < len(quiet); i += step {
		if err := h.Read(x, quiet[i].Start); err != nil {
			return nil, err
		}
		var norm float64
		for k := range x { // Blackman and Harris, 1978: 92 dB beside a line
			t := 2 * math.Pi * (float64(k) + 0.5) / float64(size)
			w := 0.35875 - 0.48829*math.Cos(t) + 0.14128*math.Cos(2*t) - 0.01168*math.Cos(3*t)
			x[k] *= w
			norm += w
		}
		bins = fft.Coefficients(bins, x)
		for k, b := range bins {
			power[k] += 2 * (real(b)*real(b) + imag(b)*imag(b)) / (norm * norm)
		}
		windows++
	}
	if windows == 0 {
		return nil, nil
	}
	for k := range power {
		power[k] /= float64(windows)
	}
	hz := float64(h.RateHz) / float64(size)
	// line is the level of a line and how far it stands out.
	line := func(f float64) (db, over float64) {
		at := int(math.Round(f / hz))
		if at < 8 || at+12 >= len(power) {
			return -200, 0
		}
		var peak float64
		for k := at - 2; k <= at+2; k++ {
			peak = max(peak, power[k])
		}
		around := slices.Concat(power[at-min(at-1, 14):at-4], power[at+5:min(len(power), at+15)])
		slices.Sort(around)
		return 10 * math.Log10(peak+1e-20), 10 * math.Log10((peak+1e-20)/(around[len(around)/2]+1e-20))
	}
	whole := editor.Span{Start: 0, End: h.Frames}
	var all []Blemish
	best, bestDB, mains := 0, 0.0, 0.0
	for _, f := range []float64{50, 60} {
		n, sum := 0, 0.0
		for k := 1.0; k <= 8; k++ {
			db, over := line(k * f)
			if over > 10 {
				n++
				sum += math.Pow(10, db/10)
			}
		}
		if n > best {
			best, bestDB, mains = n, 10*math.Log10(sum+1e-20), f
		}
	}
	if best >= 2 {
		b := Blemish{Span: whole, Kind: Hum, Severity: 1, Level: fmt.Sprintf("%.0f Hz and its multiples, %.0f dBFS", mains, bestDB)}
		if bestDB > h.Detection.SpeechDB-45 {
			b.Severity = 2
		}
		if bestDB > h.Detection.SpeechDB-30 {
			b.Severity = 3
		}
		all = append(all, b)
	}
	n, sum := 0, 0.0
	for k := 1.0; k <= 8; k++ {
		if db, over := line(k * slots); over > 10 {
			n++
			sum += math.Pow(10, db/10)
		}
	}
	if n >= 4 {
		return append(all, Blemish{Span: whole, Kind: Buzz, Severity: 3, Level: fmt.Sprintf("%.0f dBFS", 10*math.Log10(sum))}), nil
	}
	calls, err := buzzes(h)
	return append(all, calls...), err
}

// slots is how often a second a telephone of the GSM kind sends: 26 frames last
// 120 ms.
const slots = 216.68

// buzzes finds the telephones that call: bursts of half a second and more in which
// the level comes back 216.68 times a second, short and sharp each time, exactly so
// as no voice does.
func buzzes(h *hear.Heard) ([]Blemish, error) {
	const size, hop = 512, 128 // ms
	fft := fourier.NewFFT(size)
	x := make([]float64, size)
	var bins []complex128
	var all []Blemish
	for at := 0; at+size <= len(h.Sharp); at += hop {
		var mean float64
		for i, db := range h.Sharp[at : at+size] {
			x[i] = math.Pow(10, float64(db)/20)
			mean += x[i] / size
		}
		for i := range x {
			x[i] = (x[i] - mean) * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/size))
		}
		bins = fft.Coefficients(bins, x)
		var lines, sum float64
		for k, b := range bins {
			hz := float64(k) * 1000 / size
			if hz < 30 {
				continue
			}
			p := real(b)*real(b) + imag(b)*imag(b)
			sum += p
			if math.Abs(hz-slots) < 4 || math.Abs(hz-2*slots) < 4 {
				lines += p
			}
		}
		if lines < 0.4*sum {
			continue
		}
		s := editor.Span{Start: h.Frame(at), End: min(h.Frames, h.Frame(at+size))}
		sharp, err := pulsed(h, s)
		if err != nil {
			return nil, err
		}
		if !sharp {
			continue
		}
		if k := len(all) - 1; k >= 0 && s.Start <= all[k].End {
			all[k].End = s.End
			continue
		}
		_, in := pauseAround(h, s)
		all = append(all, Blemish{Span: s, Kind: Buzz, Severity: 3, Level: fmt.Sprintf("%.0f dBFS", loud(h, s)), InPause: in})
	}
	return all, nil
}

// pulsed reports whether a span, laid over itself slot by slot, is the same each
// time, and most of it within a quarter of the slot.
func pulsed(h *hear.Heard, s editor.Span) (bool, error) {
	const parts = 64
	x := make([]float64, s.Len()+1)
	if err := h.Read(x, s.Start-1); err != nil {
		return false, err
	}
	var sum, n [parts]float64
	for i := range x[1:] {
		d := x[i+1] - x[i] // the edges
		k := int(math.Mod(float64(i)*slots/float64(h.RateHz), 1) * parts)
		sum[k], n[k] = sum[k]+d*d, n[k]+1
	}
	for k := range sum {
		sum[k] /= max(1, n[k])
	}
	slices.Sort(sum[:])
	var top, whole float64
	for k, v := range sum {
		whole += v
		if k >= parts*3/4 {
			top += v
		}
	}
	return top > 0.75*whole, nil
}
