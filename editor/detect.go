package editor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
	"time"

	"jackknife/wav"
)

// DetectOptions are what the user may turn. The zero value is the default.
type DetectOptions struct {
	// Min is the shortest pause worth naming; 300 ms if zero.
	Min time.Duration
	// Before and After are the pads kept untouched before and after every
	// phrase where the take has 30 dB and more between speech and tone;
	// more is kept where it has less. 30 ms and 60 ms if zero.
	Before, After time.Duration
}

// Detection is what Detect learned of the whole take.
type Detection struct {
	RateHz  int
	Frames  int64
	Phrases int
	Pauses  int
	// FloorDB is the level of the room tone, SpeechDB that of the phrases,
	// both in dBFS from 90 Hz to 15 kHz.
	FloorDB, SpeechDB float64
	Bands             []Band
}

// Band is the room tone in one frequency band, and what it takes to leave it;
// means over the take, in dBFS.
type Band struct {
	LowHz, HighHz float64
	ToneDB        float64
	// ActiveDB continues a phrase, CoreDB starts one.
	ActiveDB, CoreDB float64
}

// SNRDB is how far the speech stands above the room tone.
func (d Detection) SNRDB() float64 { return d.SpeechDB - d.FloorDB }

// stretch is how many looks are analysed at once, and how far the tone model
// sees either way: 10 s.
const stretch = 20 * cell

// looks is one channel of a stretch.
type looks struct {
	fast, slow []levels // mean of 3 and of 9 looks around
	power      []float32
}

// Detect finds the pauses of the take and yields them in order, each as soon
// as it is final. A phrase in any channel is a phrase. Pauses at the head and
// the tail of the take are yielded as well (Start is 0, End is the length).
//
// Method: 10 ms looks every 5 ms in 13 bands; per band the room tone's level
// in dB is nearly normal, so its mean is tracked and a look is speech when any
// band leaves it by far; from such cores phrases grow outward under a low
// threshold. Phrases nearer than 150 ms are one.
//
// Yield is called from one goroutine only. The result does not depend on the
// number of processors.
func Detect(ctx context.Context, take *wav.Reader, o DetectOptions, yield func(Pause) error) (Detection, error) {
	f := take.Format()
	d := Detection{RateHz: f.RateHz, Frames: take.Frames(), FloorDB: math.Inf(-1), SpeechDB: math.Inf(-1)}
	if f.RateHz < 4000 {
		return d, fmt.Errorf("%d Hz: too low a rate to find speech in", f.RateHz)
	}
	a := newAnalyser(f.RateHz)
	total := take.Frames()/int64(a.hop) + 1
	count := int((total + stretch - 1) / stretch)

	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	type result struct {
		channels []looks
		err      error
	}
	slots := make(chan chan result, runtime.GOMAXPROCS(0)+2)
	workers.Go(func() {
		defer close(slots)
		for s := range count {
			slot := make(chan result, 1)
			select {
			case slots <- slot:
			case <-ctx.Done():
				return
			}
			workers.Go(func() {
				first := int64(s) * stretch
				c, err := a.look(take, first, int(min(stretch, total-first)))
				slot <- result{c, err}
			})
		}
	})

	t := newTracker(&d, a.hop, o, yield)
	var before, now []looks
	for slot := range slots {
		r := <-slot
		if r.err != nil {
			return d, r.err
		}
		if now != nil {
			if err := t.feed(before, now, r.channels); err != nil {
				return d, err
			}
		}
		before, now = now, r.channels
	}
	if err := ctx.Err(); err != nil {
		return d, err
	}
	if err := t.feed(before, now, nil); err != nil {
		return d, err
	}
	return d, t.finish()
}

// look measures n looks from look first on.
func (a *analyser) look(take *wav.Reader, first int64, n int) ([]looks, error) {
	f := take.Format()
	const margin = 4
	// The first sample is the one before the first window, for the difference.
	start := (first-margin)*int64(a.hop) - int64(a.win/2) - 1
	frames := (n-1+2*margin)*a.hop + a.win + 1
	from, to := max(start, 0), min(start+int64(frames), take.Frames())
	raw := make([]byte, max(to-from, 0)*int64(f.FrameBytes()))
	for at := from; at < to; {
		got, err := take.ReadFrames(raw[(at-from)*int64(f.FrameBytes()):], at)
		at += int64(got)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if got == 0 {
			return nil, fmt.Errorf("frame %d: %w", at, io.ErrUnexpectedEOF)
		}
	}
	samples := make([]float32, len(raw)/f.SampleBytes)
	wav.Decode(samples, raw, f)
	channels := make([]looks, f.Channels)
	d := make([]float32, frames)
	re, im := make([]float32, a.half), make([]float32, a.half)
	single := make([]levels, n+2*margin)
	for c := range channels {
		clear(d)
		if to > from {
			last := finite(samples[c])
			for i := range to - from {
				x := finite(samples[int(i)*f.Channels+c])
				d[from-start+i] = x - last
				last = x
			}
		}
		for i := range single {
			a.measure(d[1+i*a.hop:], re, im, &single[i])
		}
		channels[c] = smooth(single, n, margin)
	}
	return channels, nil
}

// finite reads what is not a number as silence.
func finite(x float32) float32 {
	if x-x != 0 {
		return 0
	}
	return x
}

func smooth(single []levels, n, margin int) looks {
	l := looks{make([]levels, n), make([]levels, n), make([]float32, n)}
	for i := range n {
		for b := range bands {
			at := i + margin
			three := single[at-1][b] + single[at][b] + single[at+1][b]
			nine := three
			for k := 2; k <= 4; k++ {
				nine += single[at-k][b] + single[at+k][b]
			}
			l.fast[i][b] = decibels(three/3 + 1e-14)
			l.slow[i][b] = decibels(nine/9 + 1e-14)
			l.power[i] += single[at][b]
		}
	}
	return l
}
