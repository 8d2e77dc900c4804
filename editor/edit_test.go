package editor_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"jackknife/editor"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

// TestEditOfATake goes the whole way over files: detection, rules, a cut, the
// render as the pauses come, in every format and over every background. What
// is kept is the take's, byte for byte; the quiet that is new sounds like the
// quiet beside it; and the file, the stream and a later render of the same
// list are the same.
func TestEditOfATake(t *testing.T) {
	for i, c := range []voices.Config{
		{Background: "room", Format: wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}, DC: 0.003},
		{Background: "fan", Format: wav.Format{RateHz: 44100, Channels: 2, Bits: 16, SampleBytes: 2}, Reverb: 0.2},
		{Background: "traffic", Format: wav.Format{RateHz: 22050, Channels: 1, Bits: 32, SampleBytes: 4}},
		{Background: "hiss", Format: wav.Format{RateHz: 32000, Channels: 1, Bits: 32, SampleBytes: 4, Encoding: wav.Float}},
		{Background: "hum", Format: wav.Format{RateHz: 16000, Channels: 3, Bits: 64, SampleBytes: 8, Encoding: wav.Float}},
		{Background: "", Format: wav.Format{RateHz: 16000, Channels: 1, Bits: 16, SampleBytes: 2}},
	} {
		name := c.Background
		if name == "" {
			name = "nothing"
		}
		t.Run(fmt.Sprintf("%s %v", name, c.Format), func(t *testing.T) {
			c.Seed, c.Voice, c.Script, c.Lines, c.SNRDB, c.Mistakes = uint64(i+1), "formula", "prose", 5, 50, 1
			made, err := voices.Make(t.TempDir(), c)
			if err != nil {
				t.Fatal(err)
			}
			in, out := filepath.Join(t.TempDir(), "take.wav"), filepath.Join(t.TempDir(), "out.wav")
			if err := made.Write(in); err != nil {
				t.Fatal(err)
			}
			editOneTake(t, in, out, made.Truth.Mistakes)
		})
	}
}

func editOneTake(t *testing.T, in, out string, mistakes []editor.Span) {
	ctx := context.Background()
	before, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	take, err := wav.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer take.Close()
	f := take.Format()
	rules, err := editor.ParseRules("x1.5; min=1.2s; every 3: -400ms")
	if err != nil {
		t.Fatal(err)
	}
	w, err := wav.CreateLike(out, take)
	if err != nil {
		t.Fatal(err)
	}
	r := editor.NewRenderer(take, w, 5)
	var l editor.List
	var pauses []editor.Pause
	p := editor.Planner{Rules: rules, Cuts: editor.Cuts(mistakes, "cut"), RateHz: f.RateHz, Frames: take.Frames(), Min: int64(f.RateHz) * 3 / 10,
		Yield: func(e editor.Edit) error {
			l = append(l, e)
			return r.Edit(ctx, e)
		}}
	if _, err := editor.Detect(ctx, take, editor.DetectOptions{}, func(q editor.Pause) error {
		pauses = append(pauses, q)
		if err := r.Pause(ctx, q); err != nil {
			return err
		}
		return p.Pause(q)
	}); err != nil {
		t.Fatal(err)
	}
	if err := p.Finish(); err != nil {
		t.Fatal(err)
	}
	res, err := r.Finish(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if len(l) < 4 || p.Counts.Cuts != 1 || res.Filled == 0 || res.Frames != l.Length(take.Frames()) {
		t.Fatalf("%d edits, %+v, %+v", len(l), p.Counts, res)
	}
	if after, err := os.ReadFile(in); err != nil || !bytes.Equal(before, after) {
		t.Fatalf("the take has changed: %v", err)
	}
	result, err := wav.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	if result.Format() != f || result.Frames() != res.Frames {
		t.Fatalf("output is %v, %d frames", result.Format(), result.Frames())
	}
	var stream bytes.Buffer
	if _, err := editor.Render(ctx, take, l, editor.DetectOptions{}, 5, &stream); err != nil {
		t.Fatal(err)
	}
	written := make([]byte, res.Frames*int64(f.FrameBytes()))
	if _, err := result.ReadFrames(written, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, stream.Bytes()) {
		t.Fatal("file and stream are not the same")
	}
	checkKept(t, take, result, l)
	checkLevels(t, take, result, l, pauses)
}

// checkKept compares every region of the take with its place in the output,
// but for 15 ms, half a seam, beside cuts.
func checkKept(t *testing.T, take, result *wav.Reader, l editor.List) {
	t.Helper()
	size := take.Format().FrameBytes()
	half := int64(take.Format().RateHz) * 15 / 1000
	regions := l.Regions(take.Frames())
	for i, r := range regions {
		if r.Tone() {
			continue
		}
		from, to := int64(0), r.Take.Len()
		if i > 0 && !regions[i-1].Tone() {
			from += half
		}
		if i+1 < len(regions) && !regions[i+1].Tone() {
			to -= half
		}
		if to <= from {
			continue
		}
		a, b := make([]byte, int(to-from)*size), make([]byte, int(to-from)*size)
		if _, err := take.ReadFrames(a, r.Take.Start+from); err != nil {
			t.Fatal(err)
		}
		if _, err := result.ReadFrames(b, r.Out.Start+from); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("region %v is not what it was", r)
		}
	}
}

// checkLevels compares the level of each fill of half a second and more with
// that of the clean tone of its pause, or pauses where a cut has joined two.
// Where the take is digital silence, so is the fill.
func checkLevels(t *testing.T, take, result *wav.Reader, l editor.List, pauses []editor.Pause) {
	t.Helper()
	rate := int64(take.Format().RateHz)
	worst, n := 0.0, 0
	for _, r := range l.Regions(take.Frames()) {
		if !r.Tone() || r.Out.Len() < rate/2 {
			continue
		}
		n++
		var power, frames float64
		for _, p := range pauses {
			if p.Start <= r.Take.Start && r.Take.Start <= p.End || p.Start <= r.Take.End && r.Take.End <= p.End {
				for _, s := range p.Tone {
					v := spreadOf(firstChannel(t, take, s), int(rate))
					power += v * v * float64(s.Len())
					frames += float64(s.Len())
				}
			}
		}
		have := spreadOf(firstChannel(t, result, r.Out), int(rate))
		if around := (editor.Span{Start: r.Take.Start - 100, End: r.Take.Start + 100}); spreadOf(firstChannel(t, take, around), int(rate)) == 0 {
			if have != 0 {
				t.Errorf("fill %v of digital silence has level %v", r, have)
			}
			continue
		}
		if frames < float64(rate)/4 {
			continue // too little to tell a level by
		}
		worst = max(worst, math.Abs(20*math.Log10(have/math.Sqrt(power/frames))))
	}
	t.Logf("%d fills, the worst %.2f dB off its pause", n, worst)
	if n == 0 || worst > 1.5 { // rumble is nowhere twice the same
		t.Errorf("%d fills, one of them %.2f dB off its pause", n, worst)
	}
}

func firstChannel(t *testing.T, r *wav.Reader, s editor.Span) []float64 {
	t.Helper()
	f := r.Format()
	raw := make([]byte, s.Len()*int64(f.FrameBytes()))
	if _, err := r.ReadFrames(raw, s.Start); err != nil {
		t.Fatal(err)
	}
	x := make([]float64, int(s.Len())*f.Channels)
	wav.Decode(x, raw, f)
	for i := range s.Len() {
		x[i] = x[int(i)*f.Channels]
	}
	return x[:s.Len()]
}

// spreadOf is the level of the differences over 1 ms: of what can be heard
// rather than of rumble, which no second of a room has twice the same.
func spreadOf(x []float64, rateHz int) float64 {
	lag := rateHz / 1000
	var squares float64
	for i := lag; i < len(x); i++ {
		squares += (x[i] - x[i-lag]) * (x[i] - x[i-lag])
	}
	return math.Sqrt(squares / float64(len(x)-lag))
}

// TestEditIsInterrupted: a context that ends, ends the render.
func TestEditIsInterrupted(t *testing.T) {
	in := filepath.Join(t.TempDir(), "take.wav")
	made := voices.Take{Config: voices.Config{Format: wav.Format{RateHz: 8000, Channels: 1, Bits: 16, SampleBytes: 2}}, Samples: [][]float64{make([]float64, 9000)}}
	if err := made.Write(in); err != nil {
		t.Fatal(err)
	}
	take, err := wav.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer take.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	for _, l := range []editor.List{nil, {{Span: editor.Span{Start: 100, End: 200}}}, {{Span: editor.Span{Start: 100, End: 100}, Fill: 48000}}} {
		if _, err := editor.Render(ctx, take, l, editor.DetectOptions{}, 0, &out); err != context.Canceled {
			t.Errorf("%v: %v", l, err)
		}
	}
}

// BenchmarkEdit edits ten minutes of 24-bit mono, pauses half as long again,
// and says how many times as long that takes as copying the file does in the
// same run (x-copy).
func BenchmarkEdit(b *testing.B) {
	const rate, minutes = 48000, 10
	dir := b.TempDir()
	in, out := filepath.Join(dir, "take.wav"), filepath.Join(dir, "out.wav")
	f := wav.Format{RateHz: rate, Channels: 1, Bits: 24, SampleBytes: 3}
	w, err := wav.Create(in, f)
	if err != nil {
		b.Fatal(err)
	}
	// A phrase of 1.8 s, a pause of 0.8 s, and so on.
	rng := rand.New(rand.NewPCG(1, 1))
	x, raw := make([]float64, rate*13/5), make([]byte, rate*13/5*3)
	for range minutes * 60 * 5 / 13 {
		for i := range x {
			x[i] = rng.NormFloat64() * 1e-3
			if i < rate*9/5 {
				x[i] += 0.1 * math.Sin(float64(i)/30) * math.Sin(float64(i)/8000)
			}
		}
		wav.Encode(raw, x, f)
		if _, err := w.Write(raw); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		b.Fatal(err)
	}
	take, err := wav.Open(in)
	if err != nil {
		b.Fatal(err)
	}
	defer take.Close()
	ctx := context.Background()
	write := func(fill func(w *wav.Writer) error) time.Duration {
		start := time.Now()
		w, err := wav.CreateLike(out, take)
		if err != nil {
			b.Fatal(err)
		}
		w.Replace = true
		if err := fill(w); err != nil {
			b.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	rules, err := editor.ParseRules("x1.5")
	if err != nil {
		b.Fatal(err)
	}
	var edit, copied time.Duration
	for b.Loop() {
		b.StopTimer()
		copied += write(func(w *wav.Writer) error { return w.CopyFrames(take, 0, take.Frames()) })
		b.StartTimer()
		edit += write(func(w *wav.Writer) error {
			r := editor.NewRenderer(take, w, 0)
			defer r.Stop()
			p := editor.Planner{Rules: rules, RateHz: rate, Frames: take.Frames(), Min: rate * 3 / 10,
				Yield: func(e editor.Edit) error { return r.Edit(ctx, e) }}
			if _, err := editor.Detect(ctx, take, editor.DetectOptions{}, func(q editor.Pause) error {
				if err := r.Pause(ctx, q); err != nil {
					return err
				}
				return p.Pause(q)
			}); err != nil {
				return err
			}
			if err := p.Finish(); err != nil {
				return err
			}
			_, err := r.Finish(ctx)
			return err
		})
	}
	b.SetBytes(take.Frames() * 3)
	b.ReportMetric(float64(edit)/float64(copied), "x-copy")
}
