// Package hear listens to a take once and keeps what marks, retakes and blemishes
// are judged by: where the phrases are, how the spectrum of the voice moves, and
// how sharp sounds come and go. An hour of it is about 50 MB.
package hear

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/cmplx"
	"runtime"
	"slices"
	"sort"
	"sync"
	"time"

	"gonum.org/v1/gonum/dsp/fourier"

	"jackknife/editor"
	"jackknife/wav"
)

// Bands is how many bands a look has, Look how long it lasts: 20 ms.
const (
	Bands = 30
	looks = 50 // a second
)

// Heard is what is known of a take after one pass. Spans are frames.
type Heard struct {
	RateHz    int
	Frames    int64
	Channel   int // the one that was listened to: where speech stands out most
	Detection editor.Detection
	Pauses    []editor.Pause
	// Phrases lie between the pauses, as a listener hears them; a clap between
	// two pauses is one, too.
	Phrases []editor.Span
	// Sharp is the level of every millisecond in dBFS, above 600 Hz and below
	// 15 kHz.
	Sharp []float32
	// Mel is the power of every 20 ms in Bands bands, from 100 Hz to 7600 Hz, evenly
	// apart to the ear: Bands numbers a look.
	Mel []float32

	take *wav.Reader
	held []float64 // instead of take
}

// leastPause is what divides two phrases.
const leastPause = 250 * time.Millisecond

// Listen hears a take, which must stay open as long as Heard is used.
func Listen(ctx context.Context, take *wav.Reader) (*Heard, error) {
	h := &Heard{RateHz: take.Format().RateHz, Frames: take.Frames(), take: take}
	var err error
	h.Detection, err = editor.Detect(ctx, take, editor.DetectOptions{Min: leastPause}, func(p editor.Pause) error {
		h.Pauses = append(h.Pauses, p)
		return nil
	})
	if err != nil || h.Frames == 0 {
		return h, err
	}
	at := int64(0)
	for _, p := range h.Pauses {
		if p.Heard.Start > at {
			h.Phrases = append(h.Phrases, editor.Span{Start: at, End: p.Heard.Start})
		}
		at = p.Heard.End
	}
	if at < h.Frames {
		h.Phrases = append(h.Phrases, editor.Span{Start: at, End: h.Frames})
	}
	if err := h.choose(); err != nil {
		return nil, err
	}
	h.Sharp = make([]float32, h.Frames*1000/int64(h.RateHz))
	h.Mel = make([]float32, h.Look(h.Frames)*Bands)
	return h, h.hear(ctx)
}

// Hold hears samples of one channel as far as marks need it: Sharp, and nothing of
// the rest. It keeps x.
func Hold(x []float64, rateHz int) *Heard {
	h := &Heard{RateHz: rateHz, Frames: int64(len(x)), held: x}
	h.Sharp = make([]float32, h.Frames*1000/int64(rateHz))
	y := slices.Clone(x)
	for _, f := range sharpFilters(float64(rateHz)) {
		f.run(y)
	}
	for ms := range h.Sharp {
		h.Sharp[ms] = sharpness(y[h.Frame(ms):min(h.Frame(ms+1), h.Frames)])
	}
	return h
}

// Look is the number of the look that a frame is in.
func (h *Heard) Look(frame int64) int { return int(frame * looks / int64(h.RateHz)) }

// Millis is the number of the millisecond that a frame is in.
func (h *Heard) Millis(frame int64) int { return int(frame * 1000 / int64(h.RateHz)) }

// Frame is the first frame of a millisecond.
func (h *Heard) Frame(ms int) int64 { return (int64(ms)*int64(h.RateHz) + 999) / 1000 }

// Hole is a quiet place near a frame, the nearer the better: the middle of 30 ms,
// at most so many milliseconds before and after it.
func (h *Heard) Hole(frame int64, before, after int) int64 {
	const wide = 30
	const far = 0.08 // dB that a millisecond away counts for
	e, at := h.Sharp, h.Millis(frame)
	best, least := at, math.Inf(1)
	for i := max(0, at-before-wide/2); i+wide <= min(at+after+wide/2, len(e)); i++ {
		top := math.Inf(-1)
		for _, v := range e[i : i+wide] {
			top = max(top, float64(v))
		}
		if top += far * math.Abs(float64(i+wide/2-at)); top < least {
			best, least = i+wide/2, top
		}
	}
	return min(h.Frames, h.Frame(best))
}

// Words is what to cut for words of a transcript to go. Its times are rounded: a
// pause within 300 ms of them is the one that was meant, or else a hole in the
// sound within 120 ms. Of pauses on both sides the one before stays.
func (h *Heard) Words(s editor.Span) editor.Span {
	before, isBefore := h.pause(s.Start, func(p editor.Pause) int64 { return p.Heard.End })
	after, isAfter := h.pause(s.End, func(p editor.Pause) int64 { return p.Heard.Start })
	switch {
	case isBefore:
		s.Start = before.End
	default:
		s.Start = h.Hole(s.Start, 120, 120)
	}
	switch {
	case isBefore && isAfter:
		s.End = after.End
	case isAfter:
		s.End = after.Start
	default:
		s.End = h.Hole(s.End, 120, 120)
	}
	return s
}

// Line is what to keep for a line of a transcript to stay: it stands from start to
// end with the pause behind it, from lead with that before it, too.
func (h *Heard) Line(s editor.Span) (lead, start, end int64) {
	if p, ok := h.pause(s.Start, func(p editor.Pause) int64 { return p.Heard.End }); ok {
		lead, start = p.Start, p.End
	} else {
		start = h.Hole(s.Start, 120, 120)
		lead = start
	}
	if p, ok := h.pause(s.End, func(p editor.Pause) int64 { return p.Heard.Start }); ok {
		return lead, start, p.End
	}
	return lead, start, h.Hole(s.End, 120, 120)
}

// pause is the one nearest to a frame by one of its ends, if it is within 300 ms
// or the frame is inside it.
func (h *Heard) pause(frame int64, end func(editor.Pause) int64) (nearest editor.Pause, ok bool) {
	least := int64(h.RateHz) * 3 / 10
	for _, p := range h.Pauses {
		d := max(end(p)-frame, frame-end(p))
		if frame >= p.Heard.Start && frame <= p.Heard.End {
			return p, true
		}
		if d <= least {
			nearest, least, ok = p, d, true
		}
	}
	return nearest, ok
}

// Read fills x with the samples of the channel listened to, from a frame on;
// what lies outside of the take is 0.
func (h *Heard) Read(x []float64, from int64) error {
	_, err := h.read(x, from, h.Channel, nil)
	return err
}

func (h *Heard) read(x []float64, from int64, channel int, raw []byte) ([]byte, error) {
	clear(x)
	lo, hi := max(from, 0), min(from+int64(len(x)), h.Frames)
	if hi <= lo {
		return raw, nil
	}
	if h.take == nil {
		copy(x[lo-from:], h.held[lo:hi])
		return raw, nil
	}
	f := h.take.Format()
	if need := int(hi-lo) * f.FrameBytes(); len(raw) < need {
		raw = make([]byte, need)
	}
	n, err := h.take.ReadFrames(raw[:int(hi-lo)*f.FrameBytes()], lo)
	if err != nil && !(errors.Is(err, io.EOF) && int64(n) == hi-lo) {
		return raw, fmt.Errorf("frame %d: %w", lo, err)
	}
	part := x[lo-from:]
	if f.Channels == 1 {
		wav.Decode(part[:n], raw[:n*f.FrameBytes()], f)
		return raw, nil
	}
	one := f
	one.Channels = 1
	for i := range n {
		at := i*f.FrameBytes() + channel*f.SampleBytes
		wav.Decode(part[i:i+1], raw[at:at+f.SampleBytes], one)
	}
	return raw, nil
}

// choose takes the channel in which the loud places stand highest over the
// quiet ones, by 400 looks of 50 ms.
func (h *Heard) choose() error {
	channels := h.take.Format().Channels
	if channels == 1 {
		return nil
	}
	const probes = 400
	x := make([]float64, h.RateHz/20)
	var raw []byte
	best := math.Inf(-1)
	for c := range channels {
		levels := make([]float64, probes)
		for i := range levels {
			var err error
			if raw, err = h.read(x, (h.Frames-int64(len(x)))*int64(i)/(probes-1), c, raw); err != nil {
				return err
			}
			var sum, last float64
			for _, v := range x { // differences: neither DC nor hum count for much
				sum += (v - last) * (v - last)
				last = v
			}
			levels[i] = 10 * math.Log10(sum/float64(len(x))+1e-13)
		}
		sort.Float64s(levels)
		if range90 := levels[probes*95/100] - levels[probes/10]; range90 > best+1 {
			best, h.Channel = range90, c
		}
	}
	return nil
}

// piece is how much is heard at once: 10 s.
const piece = 10

// hear fills Sharp and Mel, as many pieces at once as there are processors.
func (h *Heard) hear(ctx context.Context) error {
	next := make(chan int64)
	failed := make(chan error, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for range cap(failed) {
		workers.Go(func() {
			e := newEar(h)
			for from := range next {
				if err := e.hear(from); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	var err error
	for from := int64(0); from < h.Frames && err == nil; from += int64(piece * h.RateHz) {
		select {
		case next <- from:
		case err = <-failed:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	close(next)
	workers.Wait()
	if err == nil {
		select {
		case err = <-failed:
		default:
		}
	}
	return err
}

// ear is what one worker hears with.
type ear struct {
	h       *Heard
	x       []float64
	raw     []byte
	window  []float64
	fft     *fourier.FFT
	y       []float64
	bins    []complex128
	bands   [Bands][]float64 // weights from first[b] on
	first   [Bands]int
	filters []biquad
}

func newEar(h *Heard) *ear {
	rate := float64(h.RateHz)
	e := &ear{h: h, window: make([]float64, int(0.030*rate))}
	size := 1
	for size < len(e.window) {
		size *= 2
	}
	e.fft, e.y = fourier.NewFFT(size), make([]float64, size)
	var norm float64
	for i := range e.window {
		e.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(len(e.window)))
		norm += e.window[i] * e.window[i]
	}
	for i := range e.window { // power in full scale
		e.window[i] *= math.Sqrt(2 / (norm * float64(size)))
	}
	mel := func(hz float64) float64 { return 2595 * math.Log10(1+hz/700) }
	hertz := func(mel float64) float64 { return 700 * (math.Pow(10, mel/2595) - 1) }
	low, high := mel(100), mel(min(7600, 0.45*rate))
	edge := func(b int) float64 { return hertz(low + (high-low)*float64(b)/(Bands+1)) }
	for b := range e.bands {
		l, m, r := edge(b), edge(b+1), edge(b+2)
		for k := 0; k <= size/2; k++ {
			hz := float64(k) * rate / float64(size)
			if w := min((hz-l)/(m-l), (r-hz)/(r-m)); w > 0 {
				if e.bands[b] == nil {
					e.first[b] = k
				}
				e.bands[b] = append(e.bands[b], w)
			}
		}
		if e.bands[b] == nil { // narrower than a bin
			e.first[b], e.bands[b] = int(math.Round(m*float64(size)/rate)), []float64{1}
		}
	}
	e.filters = sharpFilters(rate)
	return e
}

// sharpFilters leave what Sharp is the level of.
func sharpFilters(rate float64) []biquad {
	filters := []biquad{highPass(600, rate, 0.541), highPass(600, rate, 1.307)}
	if rate > 50000 {
		filters = append(filters, lowPass(15000, rate, 0.541), lowPass(15000, rate, 1.307))
	}
	return filters
}

// sharpness is the level of a millisecond.
func sharpness(x []float64) float32 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	return float32(10 * math.Log10(sum/float64(max(1, len(x)))+1e-13))
}

// hear hears the piece that begins at a frame.
func (e *ear) hear(from int64) error {
	h := e.h
	rate := int64(h.RateHz)
	lead := rate / 20 // for the filters to settle, and the first window
	to := min(from+piece*rate, h.Frames)
	if n := int(to - from + 2*lead); cap(e.x) < n {
		e.x = make([]float64, n)
	} else {
		e.x = e.x[:n]
	}
	var err error
	if e.raw, err = h.read(e.x, from-lead, h.Channel, e.raw); err != nil {
		return err
	}
	// Two windows 10 ms apart make a look.
	for l := (from*looks + rate - 1) / rate; l < min((to*looks+rate-1)/rate, int64(len(h.Mel)/Bands)); l++ {
		out := h.Mel[l*Bands : (l+1)*Bands]
		for half := range int64(2) {
			middle := (2*l+half)*rate/(2*looks) + rate/(4*looks)
			at := int(middle-from+lead) - len(e.window)/2
			for i, w := range e.window {
				e.y[i] = e.x[at+i] * w
			}
			clear(e.y[len(e.window):])
			e.bins = e.fft.Coefficients(e.bins, e.y)
			for b, weights := range e.bands {
				var sum float64
				for k, w := range weights {
					a := e.bins[e.first[b]+k]
					sum += w * (real(a)*real(a) + imag(a)*imag(a))
				}
				out[b] += float32(sum / 2)
			}
		}
	}
	for i := range e.filters {
		e.filters[i].run(e.x)
	}
	first := int((from*1000 + rate - 1) / rate)
	for ms := first; ms < len(h.Sharp) && h.Frame(ms) < to; ms++ {
		h.Sharp[ms] = sharpness(e.x[h.Frame(ms)-from+lead : h.Frame(ms+1)-from+lead])
	}
	return nil
}

// biquad is a second-order filter, in transposed direct form II.
type biquad struct{ b0, b1, b2, a1, a2 float64 }

// highPass and lowPass are of Butterworth's kind where q is 0.541 for the one
// and 1.307 for the other of two (R. Bristow-Johnson, Audio EQ Cookbook).
func highPass(hz, rate, q float64) biquad {
	w := 2 * math.Pi * hz / rate
	alpha, c := math.Sin(w)/(2*q), math.Cos(w)
	a0 := 1 + alpha
	return biquad{(1 + c) / 2 / a0, -(1 + c) / a0, (1 + c) / 2 / a0, -2 * c / a0, (1 - alpha) / a0}
}

func lowPass(hz, rate, q float64) biquad {
	w := 2 * math.Pi * hz / rate
	alpha, c := math.Sin(w)/(2*q), math.Cos(w)
	a0 := 1 + alpha
	return biquad{(1 - c) / 2 / a0, (1 - c) / a0, (1 - c) / 2 / a0, -2 * c / a0, (1 - alpha) / a0}
}

func (f *biquad) run(x []float64) {
	var s1, s2 float64
	for i, v := range x {
		y := f.b0*v + s1
		s1 = f.b1*v - f.a1*y + s2
		s2 = f.b2*v - f.a2*y
		x[i] = y
	}
}

// Spectrum is the power in the bins of an FFT of x under the falling half of a
// Hann window: for sounds that begin at once and die away. Bin k is at
// k*RateHz/(2*(len-1)) Hz.
func Spectrum(x []float64) []float64 {
	size := 1
	for size < len(x) {
		size *= 2
	}
	y := make([]float64, size)
	for i, v := range x {
		y[i] = v * (0.5 + 0.5*math.Cos(math.Pi*float64(i)/float64(len(x))))
	}
	bins := fourier.NewFFT(size).Coefficients(nil, y)
	power := make([]float64, len(bins))
	for k, b := range bins {
		a := cmplx.Abs(b)
		power[k] = a * a
	}
	return power
}
