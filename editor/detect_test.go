package editor_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"jackknife/editor"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

var (
	pcm24 = wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}
	float = wav.Format{RateHz: 48000, Channels: 1, Bits: 32, SampleBytes: 4, Encoding: wav.Float}
)

// store writes samples[channel][frame] as a take and gives its name.
func store(t testing.TB, f wav.Format, samples ...[]float64) string {
	t.Helper()
	f.Channels = len(samples)
	name := filepath.Join(t.TempDir(), "take.wav")
	w, err := wav.Create(name, f)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	x := make([]float64, len(samples[0])*f.Channels)
	for c, s := range samples {
		for i, v := range s {
			x[i*f.Channels+c] = v
		}
	}
	raw := make([]byte, len(x)*f.SampleBytes)
	wav.Encode(raw, x, f)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return name
}

// seconds is n seconds of f(t).
func seconds(n float64, f func(t float64) float64) []float64 {
	x := make([]float64, int(n*48000))
	for i := range x {
		x[i] = f(float64(i) / 48000)
	}
	return x
}

// room is room tone of -60 dBFS.
func room(seed uint64) func(float64) float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	return func(float64) float64 { return 0.001 * rng.NormFloat64() }
}

// vowel is a buzz at 150 Hz between two times.
func vowel(t, from, to float64) float64 {
	if t < from || t >= to {
		return 0
	}
	var v float64
	for h := 1.0; h < 20; h++ {
		v += math.Sin(2*math.Pi*150*h*t) / h
	}
	return 0.05 * v * math.Sqrt(math.Sin(math.Pi*(t-from)/(to-from)))
}

// TestDetectLowRates: speech is found wherever there is any band to look in.
func TestDetectLowRates(t *testing.T) {
	for _, rate := range []int{1000, 1500, 2000, 3000, 3999} {
		tone, f := room(1), pcm24
		f.RateHz = rate
		x := make([]float64, 10*rate)
		for i := range x {
			at := float64(i) / float64(rate)
			x[i] = tone(at)
			if at >= 3 && at < 4 || at >= 6 && at < 7 {
				x[i] += 0.1 * math.Sin(2*math.Pi*150*at) * math.Sqrt(math.Sin(math.Pi*(at-math.Floor(at))))
			}
		}
		take, err := wav.Open(store(t, f, x))
		if err != nil {
			t.Fatal(err)
		}
		defer take.Close()
		var pauses []editor.Pause
		if _, err := editor.Detect(t.Context(), take, editor.DetectOptions{}, func(p editor.Pause) error {
			pauses = append(pauses, p)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(pauses) != 3 {
			t.Fatalf("%d Hz: %v", rate, pauses)
		}
		for i, want := range [][2]float64{{0, 3}, {4, 6}, {7, 10}} {
			from, to := float64(pauses[i].Start)/float64(rate), float64(pauses[i].End)/float64(rate)
			if from < want[0]-0.01 || to > want[1]+0.01 || from > want[0]+0.15 || to < want[1]-0.15 {
				t.Errorf("%d Hz: pause %d from %.3f to %.3f s, want %v", rate, i+1, from, to, want)
			}
		}
	}
}

// TestDetectAnyLength: however many looks a take has, all can be read.
func TestDetectAnyLength(t *testing.T) {
	f := wav.Format{RateHz: 8000, Bits: 16, SampleBytes: 2}
	hiss := room(5)
	for looks := range 350 {
		x := make([]float64, 40*looks+7)
		for i := range x {
			x[i] = hiss(0)
		}
		d, found := detect(t, store(t, f, x), editor.DetectOptions{})
		check(t, d, found)
	}
}

func TestDetectSound(t *testing.T) {
	nothing := func(float64) float64 { return 0 }
	tone := room(1)
	spoken := func(t float64) float64 { return tone(t) + vowel(t, 3, 4) + vowel(t, 6, 7) }
	with := func(f, g func(float64) float64) func(float64) float64 {
		return func(t float64) float64 { return f(t) + g(t) }
	}
	broken := seconds(10, spoken)
	for i := 100; i < len(broken); i += 10000 {
		broken[i], broken[i+1], broken[i+2] = math.NaN(), math.Inf(1), math.Inf(-1)
	}
	phrases := [][2]float64{{3, 4}, {6, 7}}
	for _, c := range []struct {
		name    string
		format  wav.Format
		samples [][]float64
		phrases [][2]float64 // seconds
	}{
		{"spoken", pcm24, [][]float64{seconds(10, spoken)}, phrases},
		{"digital silence", pcm24, [][]float64{seconds(10, nothing)}, nil},
		{"room tone", pcm24, [][]float64{seconds(10, room(2))}, nil},
		{"0.2 s of room tone", pcm24, [][]float64{seconds(0.2, room(3))}, nil},
		{"no frame", pcm24, [][]float64{{}}, nil},
		{"one frame", pcm24, [][]float64{{0.5}}, nil},
		{"DC", float, [][]float64{seconds(10, with(spoken, func(float64) float64 { return 0.3 }))}, phrases},
		{"hum", float, [][]float64{seconds(10, with(spoken, func(t float64) float64 { return 0.1 * math.Sin(2*math.Pi*50*t) }))}, phrases},
		{"rumble that comes and goes", float, [][]float64{seconds(10, with(spoken, func(t float64) float64 {
			return 0.1 * math.Sin(2*math.Pi*15*t) * math.Sin(2*math.Pi*0.2*t)
		}))}, phrases},
		{"not numbers", float, [][]float64{broken}, nil},
		{"the second channel speaks", pcm24, [][]float64{seconds(10, room(4)), seconds(10, spoken)}, phrases},
		{"one channel speaks after the other", pcm24, [][]float64{
			seconds(10, func(t float64) float64 { return tone(t) + vowel(t, 3, 4) }),
			seconds(10, func(t float64) float64 { return tone(t) + vowel(t, 6, 7) })}, phrases},
		{"digital silence, then the room", pcm24, [][]float64{seconds(10, func(t float64) float64 {
			if t < 2 {
				return 0
			}
			return spoken(t)
		})}, phrases},
		{"a steady vowel in digital silence", pcm24, [][]float64{seconds(10, func(t float64) float64 {
			if t < 3 || t >= 6 {
				return 0
			}
			return 0.05*math.Sin(2*math.Pi*450*t) + 0.03*math.Sin(2*math.Pi*1050*t)
		})}, [][2]float64{{3, 6}}},
		{"room tone between digital silences", pcm24, [][]float64{seconds(10, func(t float64) float64 {
			if t < 3 || t >= 6 {
				return 0
			}
			return tone(t)
		})}, nil},
		{"speech at either end", pcm24, [][]float64{seconds(5, func(t float64) float64 { return tone(t) + vowel(t, -1, 1) + vowel(t, 4, 6) })}, [][2]float64{{0, 1}, {4, 5}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, found := detect(t, store(t, c.format, c.samples...), editor.DetectOptions{})
			check(t, d, found)
			if c.name == "not numbers" {
				return // clicks all over: no panic, and sound spans, is all that is asked
			}
			if d.Phrases != len(c.phrases) {
				t.Fatalf("%d phrases, want %d: %v", d.Phrases, len(c.phrases), found)
			}
			want := []float64{0}
			for _, p := range c.phrases {
				want = append(want, p[0], p[1])
			}
			want = append(want, float64(d.Frames)/48000)
			var k int
			for i := 0; i < len(want); i += 2 {
				if want[i+1]-want[i] < 0.1 {
					continue // no pause
				}
				if k >= len(found) {
					if d.Frames < 48000/2 {
						return // too short for a pause
					}
					t.Fatalf("pause %d is missing: %v", k+1, found)
				}
				p := found[k].Heard
				k++
				if a, b := float64(p.Start)/48000, float64(p.End)/48000; math.Abs(a-want[i]) > 0.05 || math.Abs(b-want[i+1]) > 0.05 {
					t.Errorf("pause %d is from %.3f to %.3f s, want %.3f to %.3f", k, a, b, want[i], want[i+1])
				}
			}
			if k != len(found) {
				t.Errorf("%d pauses, want %d", len(found), k)
			}
		})
	}
}

// check holds what is true of all pauses.
func check(t testing.TB, d editor.Detection, found []editor.Pause) {
	t.Helper()
	if d.Pauses != len(found) {
		t.Errorf("%d pauses counted, %d yielded", d.Pauses, len(found))
	}
	last := int64(0)
	for i, p := range found {
		switch {
		case p.Heard.Start < last || p.Heard.End > d.Frames:
			t.Errorf("pause %d, %v, is out of place", i+1, p.Heard)
		case p.Start < p.Heard.Start || p.End > p.Heard.End || p.Len() <= 0:
			t.Errorf("pause %d: %v is not inside %v", i+1, p.Span, p.Heard)
		case p.At < p.Start || p.At > p.End:
			t.Errorf("pause %d: quietest at %d, outside %v", i+1, p.At, p.Span)
		case math.IsNaN(p.LevelDB) || p.LevelDB < -141:
			t.Errorf("pause %d: level %v", i+1, p.LevelDB)
		}
		at := p.Start
		for _, s := range p.Tone {
			if s.Start < at || s.End > p.End || s.Len() <= 0 {
				t.Errorf("pause %d: tone %v is out of place in %v", i+1, s, p.Span)
			}
			at = s.End
		}
		last = p.Heard.End
	}
}

// TestDetectSpeechWithoutPauses: a minute without a breath yields nothing to
// edit in the middle of it.
func TestDetectSpeechWithoutPauses(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var at, to, pitch float64
	x := seconds(60, func(t float64) float64 {
		if t >= to {
			at, to, pitch = t, t+0.08+0.1*rng.Float64(), 100+80*rng.Float64()
		}
		var v float64
		for h := 1.0; h < 15; h++ {
			v += math.Sin(2*math.Pi*pitch*h*t) / h
		}
		return 0.05*v*math.Sin(math.Pi*(t-at)/(to-at)) + 0.0005*rng.NormFloat64()
	})
	d, found := detect(t, store(t, pcm24, x), editor.DetectOptions{})
	check(t, d, found)
	if len(found) > 0 {
		t.Errorf("found pauses in unbroken speech: %v", found)
	}
}

// TestDetectGated: between phrases that a gate has cut out of digital silence,
// all that sounds is kept.
func TestDetectGated(t *testing.T) {
	take, err := voices.Make(t.TempDir(), voices.Config{Seed: 3, Voice: "formula", Script: "prose", Lines: 6, Format: pcm24})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "take.wav")
	if err := take.Write(name); err != nil {
		t.Fatal(err)
	}
	d, found := detect(t, name, editor.DetectOptions{})
	check(t, d, found)
	for _, p := range take.Truth.Phrases {
		if n := voices.Editable(p.Span, found); n > 0 {
			var loudest float64
			for _, q := range found {
				for i := max(q.Start, p.Start); i < min(q.End, p.End); i++ {
					loudest = max(loudest, math.Abs(take.Samples[0][i]))
				}
			}
			if loudest > 1e-4 {
				t.Errorf("%d frames of %q, up to %.1f dBFS, may be edited", n, p.Text, 20*math.Log10(loudest))
			}
		}
	}
}

// TestDetectBreaths: a breath is kept like a phrase, or the pause goes on through
// it and through a click; words on their own are lost in neither case.
func TestDetectBreaths(t *testing.T) {
	take, err := voices.Make(t.TempDir(), voices.Config{Seed: 40, Voice: "formula", Script: "relaxation", Background: "room", SNRDB: 40, Noises: 14, Format: pcm24})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "take.wav")
	if err := take.Write(name); err != nil {
		t.Fatal(err)
	}
	for _, breaths := range []editor.Breaths{editor.BreathsKept, editor.BreathsInPause} {
		d, found := detect(t, name, editor.DetectOptions{Breaths: breaths})
		check(t, d, found)
		var s voices.Score
		s.Add(take.Truth, d.RateHz, found)
		if s.Lost > 0 || s.WorstMS() > 0 {
			t.Errorf("breaths %d: %d phrases lost, %.0f ms of speech may be edited", breaths, s.Lost, s.WorstMS())
		}
		for _, n := range take.Truth.Noises {
			kept := voices.Editable(n.Span, found) == 0
			within := slices.ContainsFunc(found, func(p editor.Pause) bool { return p.Heard.Start <= n.Start && p.Heard.End >= n.End })
			if breaths == editor.BreathsKept && n.Kind == "breath" && !kept || breaths == editor.BreathsInPause && !within {
				t.Errorf("breaths %d: %s at %d: kept %v, in a pause %v", breaths, n.Kind, n.Start, kept, within)
			}
			for _, p := range found {
				for _, tone := range p.Tone {
					if tone.Start < n.End && n.Start < tone.End {
						t.Errorf("breaths %d: %s at %d is in room tone %v", breaths, n.Kind, n.Start, tone)
					}
				}
			}
		}
		if n := len(take.Truth.Phrases); breaths == editor.BreathsInPause && d.Phrases != n {
			t.Errorf("%d phrases found, %d spoken", d.Phrases, n)
		}
	}
}

// TestDetectAnyMachine: the result does not depend on the number of processors
// nor on what runs first.
func TestDetectAnyMachine(t *testing.T) {
	take, err := voices.Make(t.TempDir(), voices.Config{Seed: 9, Voice: "formula", Script: "relaxation", Background: "fan", SNRDB: 30, Noises: 4, Mistakes: 1,
		Format: wav.Format{RateHz: 44100, Channels: 2, Bits: 16, SampleBytes: 2}})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "take.wav")
	if err := take.Write(name); err != nil {
		t.Fatal(err)
	}
	wantD, want := detect(t, name, editor.DetectOptions{})
	check(t, wantD, want)
	for _, procs := range []int{1, 3, 8} {
		before := runtime.GOMAXPROCS(procs)
		d, found := detect(t, name, editor.DetectOptions{})
		runtime.GOMAXPROCS(before)
		if !reflect.DeepEqual(d, wantD) || !reflect.DeepEqual(found, want) {
			t.Errorf("on %d processors the result is another", procs)
		}
	}
}

// endless is a WAV file of any length: a header, then the same second again and
// again.
type endless struct{ head, second []byte }

func (e endless) ReadAt(p []byte, at int64) (int, error) {
	for n := 0; n < len(p); {
		if at < int64(len(e.head)) {
			k := copy(p[n:], e.head[at:])
			n, at = n+k, at+int64(k)
			continue
		}
		k := copy(p[n:], e.second[(at-int64(len(e.head)))%int64(len(e.second)):])
		n, at = n+k, at+int64(k)
	}
	return len(p), nil
}

func endlessTake(t testing.TB, seconds int, second []float64) *wav.Reader {
	t.Helper()
	e := endless{second: make([]byte, 3*len(second))}
	wav.Encode(e.second, second, pcm24)
	size := seconds * len(e.second)
	e.head = append(e.head, "RIFF....WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	e.head = binary.LittleEndian.AppendUint32(e.head, 48000)
	e.head = binary.LittleEndian.AppendUint32(e.head, 3*48000)
	e.head = append(e.head, 3, 0, 24, 0)
	e.head = append(e.head, "data"...)
	e.head = binary.LittleEndian.AppendUint32(e.head, uint32(size))
	binary.LittleEndian.PutUint32(e.head[4:], uint32(len(e.head)-8+size))
	take, err := wav.NewReader(e, int64(len(e.head)+size))
	if err != nil {
		t.Fatal(err)
	}
	return take
}

// TestDetectMemory: a pause, or a phrase, of hours takes no more memory than
// one of seconds.
func TestDetectMemory(t *testing.T) {
	tone := room(7)
	for name, second := range map[string][]float64{
		"pause":   seconds(1, tone),
		"phrases": seconds(1, func(t float64) float64 { return tone(t) + vowel(t, 0.1, 0.9) }),
	} {
		take := endlessTake(t, 2*3600, second)
		runtime.GC()
		var most uint64
		var stats runtime.MemStats
		watch := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				runtime.ReadMemStats(&stats)
				most = max(most, stats.HeapInuse)
				select {
				case <-watch:
					return
				default:
					runtime.Gosched()
				}
			}
		}()
		d, err := editor.Detect(context.Background(), take, editor.DetectOptions{}, func(editor.Pause) error { return nil })
		close(watch)
		<-done
		if err != nil {
			t.Fatal(err)
		}
		if most > 40<<20 {
			t.Errorf("%s for two hours: %d MiB of heap", name, most>>20)
		}
		t.Logf("%s for two hours: %d MiB of heap, %d phrases, %d pauses", name, most>>20, d.Phrases, d.Pauses)
	}
}

func TestDetectStops(t *testing.T) {
	tone := room(8)
	take := endlessTake(t, 600, seconds(1, func(t float64) float64 { return tone(t) + vowel(t, 0.1, 0.5) }))
	stop := errors.New("stop")
	n := 0
	_, err := editor.Detect(context.Background(), take, editor.DetectOptions{}, func(editor.Pause) error {
		n++
		return stop
	})
	if err != stop || n != 1 {
		t.Errorf("after an error of yield: %v, %d calls", err, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err = editor.Detect(ctx, take, editor.DetectOptions{}, func(editor.Pause) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after a cancel: %v", err)
	}
}

func BenchmarkDetect(b *testing.B) {
	take, err := voices.Make(b.TempDir(), voices.Config{Seed: 4, Voice: "formula", Script: "relaxation", Background: "room", SNRDB: 40, PauseMin: 1.6, PauseMax: 4, Format: pcm24})
	if err != nil {
		b.Fatal(err)
	}
	name := filepath.Join(b.TempDir(), "take.wav")
	if err := take.Write(name); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(3 * take.Truth.Frames)
	for b.Loop() {
		detect(b, name, editor.DetectOptions{})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(int64(b.N)*take.Truth.Frames), "ns/frame")
}

// TestDetectNotFinite: samples that are no numbers are counted once, wherever they
// stand: at the ends of the take and around those of a stretch of 20 s.
func TestDetectNotFinite(t *testing.T) {
	for _, rate := range []int{44100, 48000, 96000} {
		f := float
		f.RateHz = rate
		frames := 45*rate + 17
		left, right := make([]float64, frames), make([]float64, frames)
		var want int64
		for i := 7; i < frames; i += 1009 {
			left[i] = math.NaN()
			want++
		}
		for stretch := 0; stretch < frames; stretch += 20 * rate {
			for i := max(stretch-300, 8); i < min(stretch+300, frames); i++ {
				right[i] = math.Inf(1)
				want++
			}
		}
		right[frames-1] = math.Inf(-1)
		want++
		d, _ := detect(t, store(t, f, left, right), editor.DetectOptions{})
		if d.NotFinite != want || d.NotFiniteAt != 7 {
			t.Errorf("%d Hz: %d from frame %d, want %d from 7", rate, d.NotFinite, d.NotFiniteAt, want)
		}
	}
}
