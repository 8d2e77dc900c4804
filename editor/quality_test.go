package editor_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"text/tabwriter"

	"jackknife/editor"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

// ratios of speech to room tone, dB.
var ratios = []float64{20, 30, 40, 60}

// corpus is the takes that the detector is judged by: voices and texts on
// which nothing was tuned, a few lines of each. JACKKNIFE_CORPUS=held-out takes
// all of them, tuning those that thresholds may be tuned on, full both.
func corpus() []voices.Config {
	var (
		mono48   = wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}
		mono44   = wav.Format{RateHz: 44100, Channels: 1, Bits: 16, SampleBytes: 2}
		mono96   = wav.Format{RateHz: 96000, Channels: 1, Bits: 32, SampleBytes: 4, Encoding: wav.Float}
		stereo44 = wav.Format{RateHz: 44100, Channels: 2, Bits: 16, SampleBytes: 2}
		stereo48 = wav.Format{RateHz: 48000, Channels: 2, Bits: 24, SampleBytes: 3}
	)
	base := []voices.Config{
		{Voice: "espeak en-gb-x-rp+f4", Script: "monologue", Background: "room", Reverb: 0.2, Format: mono48, DC: 0.003},
		{Voice: "flite kal16", Script: "workshop", Background: "fan", Reverb: 0.35, Format: mono44},
		{Voice: "espeak en-gb-scotland+m5", Script: "workshop", Background: "traffic", Format: stereo44, DC: -0.002},
		{Voice: "alsa", Script: "monologue", Background: "hiss", Reverb: 0.25, Format: mono48},
		{Voice: "flite awb", Script: "monologue", Background: "hum", Reverb: 0.15, Format: mono96, DC: 0.001},
	}
	tuning := []voices.Config{
		{Voice: "espeak en-us+m1", Script: "relaxation", Background: "room", Reverb: 0.3, Format: mono48, PauseMin: 1.6, PauseMax: 4},
		{Voice: "espeak en-gb+f2", Script: "prose", Background: "fan", Reverb: 0.4, Format: stereo48},
		{Voice: "flite slt", Script: "relaxation", Background: "hum", Format: mono44, PauseMin: 1.6, PauseMax: 4},
		{Voice: "flite rms", Script: "prose", Background: "traffic", Reverb: 0.2, Format: mono48},
		{Voice: "formula", Script: "prose", Background: "hiss", Format: mono44},
	}
	lines, rounds := 0, 4
	switch os.Getenv("JACKKNIFE_CORPUS") {
	case "full":
		base = append(base, tuning...)
	case "tuning":
		base = tuning
	case "held-out":
	default:
		lines, rounds = 9, 1
	}
	var out []voices.Config
	for round := range rounds {
		for i, c := range base {
			c.Seed, c.Lines, c.Noises = uint64(100*round+i+1), lines, 2
			out = append(out, c)
		}
	}
	return out
}

// score adds up how pauses agree with the truth; times in ms.
type score struct {
	phrases, lost  int
	clear          []float64 // per phrase: clearly audible speech inside what may be edited; more than 10 ms is harm
	pauses, missed int
	edges          []float64 // distance of every found edge
	quiet, false_  float64   // pause time, and what of it is called speech
}

func (s *score) add(t voices.Truth, rateHz int, found []editor.Pause) {
	ms := func(frames int64) float64 { return float64(frames) * 1000 / float64(rateHz) }
	for _, p := range t.Phrases {
		if p.Audible.Len() == 0 {
			continue
		}
		s.phrases++
		if overlap(p.Audible, found, func(q editor.Pause) editor.Span { return q.Heard }) == p.Audible.Len() {
			s.lost++
		}
		var clear int64
		for _, run := range p.ClearRuns {
			clear += overlap(run, found, func(q editor.Pause) editor.Span { return q.Span })
		}
		s.clear = append(s.clear, ms(clear))
	}
	near, far := int64(rateHz/50), int64(rateHz*2/5)
	noisy := func(a, b int64) bool {
		return slices.ContainsFunc(t.Noises, func(n voices.Noise) bool { return n.Start < b && n.End+far > a })
	}
	last := -1
	for i, p := range t.Phrases {
		if p.Audible.Len() == 0 {
			continue
		}
		if last >= 0 {
			a, b := t.Phrases[last].Audible.End, p.Audible.Start
			if b-a >= int64(rateHz)*3/10 && !noisy(a, b) {
				s.pauses++
				if k := slices.IndexFunc(found, func(q editor.Pause) bool { return q.Heard.Start < (a+b)/2 && q.Heard.End > (a+b)/2 }); k < 0 {
					s.missed++
				} else {
					s.edges = append(s.edges, math.Abs(ms(found[k].Heard.Start-a)), math.Abs(ms(found[k].Heard.End-b)))
				}
			}
		}
		last = i
	}
	at := int64(0)
	for i := 0; i <= len(t.Phrases); i++ {
		end, next := t.Frames, int64(0)
		if i < len(t.Phrases) {
			p := t.Phrases[i]
			end, next = min(p.Start, p.Audible.Start)-near, max(p.End, p.Audible.End)+near
			if p.Audible.Len() == 0 {
				end, next = p.Start-near, p.End+near
			}
		}
		if q := (editor.Span{Start: at, End: end}); q.Len() > 0 && !noisy(q.Start, q.End) {
			s.quiet += ms(q.Len())
			s.false_ += ms(q.Len() - overlap(q, found, func(q editor.Pause) editor.Span { return q.Heard }))
		}
		at = max(at, next)
	}
}

func overlap(s editor.Span, found []editor.Pause, of func(editor.Pause) editor.Span) (n int64) {
	for _, p := range found {
		q := of(p)
		n += max(0, min(s.End, q.End)-max(s.Start, q.Start))
	}
	return n
}

func percentile(v []float64, p float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return v[min(len(v)-1, int(p/100*float64(len(v))))]
}

// TestQuality holds the detector to its targets on takes it was not tuned on.
func TestQuality(t *testing.T) {
	if testing.Short() {
		t.Skip("speaks for half a minute")
	}
	speech, dir := t.TempDir(), t.TempDir()
	scores := map[float64]*score{}
	for _, c := range corpus() {
		takes, err := voices.MakeEach(speech, c, ratios...)
		if errors.Is(err, voices.ErrMissing) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, take := range takes {
			snr := take.Config.SNRDB
			name := filepath.Join(dir, "take.wav")
			if err := take.Write(name); err != nil {
				t.Fatal(err)
			}
			_, found := detect(t, name, editor.DetectOptions{})
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
			if scores[snr] == nil {
				scores[snr] = new(score)
			}
			var one score
			one.add(take.Truth, c.Format.RateHz, found)
			scores[snr].add(take.Truth, c.Format.RateHz, found)
			t.Logf("%-26s %-8s %2.0f dB: lost %d, clear %3.0f ms, missed %d/%d, edges %2.0f/%3.0f ms, false %.2f %%", c.Voice, c.Background, snr,
				one.lost, slices.Max(one.clear), one.missed, one.pauses, percentile(one.edges, 50), percentile(one.edges, 95), 100*one.false_/one.quiet)
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "SNR\tphrases\tlost\tintact\tto 10 ms\tworst\tpauses missed\tedge median\tp95\tfalse speech\t")
	for _, snr := range ratios {
		s := scores[snr]
		whole, intact := 0, 0
		for _, ms := range s.clear {
			if ms <= 10 {
				whole++
			}
			if ms == 0 {
				intact++
			}
		}
		unharmed, worst := 100*float64(whole)/float64(len(s.clear)), slices.Max(s.clear)
		median, p95, wrong := percentile(s.edges, 50), percentile(s.edges, 95), 100*s.false_/s.quiet
		fmt.Fprintf(w, "%.0f dB\t%d\t%d\t%.1f %%\t%.1f %%\t%.0f ms\t%d/%d\t%.0f ms\t%.0f ms\t%.2f %%\t\n", snr, s.phrases, s.lost, 100*float64(intact)/float64(len(s.clear)), unharmed, worst, s.missed, s.pauses, median, p95, wrong)
		if s.lost > 0 {
			t.Errorf("%.0f dB: %d phrases lost", snr, s.lost)
		}
		if least := map[bool]float64{true: 99, false: 99.7}[snr < 30]; unharmed < least {
			t.Errorf("%.0f dB: only %.1f %% of the phrases lie outside what may be edited but for 10 ms, want %.1f %%", snr, unharmed, least)
		}
		if snr >= 30 && worst > 30 {
			t.Errorf("%.0f dB: %.0f ms of clear speech may be edited", snr, worst)
		}
		if s.missed > 0 {
			t.Errorf("%.0f dB: %d of %d pauses missed", snr, s.missed, s.pauses)
		}
		if median > 15 || p95 > 45 {
			t.Errorf("%.0f dB: pause edges are off by %.0f ms (median), %.0f ms (95 %%)", snr, median, p95)
		}
		if wrong > 0.8 {
			t.Errorf("%.0f dB: %.2f %% of the pause time called speech", snr, wrong)
		}
	}
	w.Flush()
}

func detect(t testing.TB, name string, o editor.DetectOptions) (editor.Detection, []editor.Pause) {
	t.Helper()
	take, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer take.Close()
	var found []editor.Pause
	d, err := editor.Detect(context.Background(), take, o, func(p editor.Pause) error {
		found = append(found, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, found
}
