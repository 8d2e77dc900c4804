package retake_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"jackknife/editor"
	"jackknife/editor/hear"
	"jackknife/editor/marks"
	"jackknife/editor/retake"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

var mono = wav.Format{RateHz: 44100, Channels: 1, Bits: 16, SampleBytes: 2}

// analysed writes samples as a take and analyses it.
func analysed(t *testing.T, x []float64) *retake.Take {
	t.Helper()
	name := filepath.Join(t.TempDir(), "take.wav")
	w, err := wav.Create(name, mono)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, len(x)*mono.SampleBytes)
	wav.Encode(raw, x, mono)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	r, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	h, err := hear.Listen(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	found, err := marks.Find(h)
	if err != nil {
		t.Fatal(err)
	}
	a, err := retake.Analyse(context.Background(), h, found)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// reads is a take of espeak's, which is on every machine that runs the tests.
func reads(t *testing.T, seed uint64, script string, lines int, slips ...string) *voices.Take {
	t.Helper()
	take, err := voices.Make(t.TempDir(), voices.Config{
		Seed: seed, Voice: "espeak en-us+m1", Script: script, Lines: lines, Background: "room", SNRDB: 45, PauseMin: 0.6, PauseMax: 1.3,
		Slips: slips, Format: mono,
	})
	if err != nil {
		t.Fatal(err)
	}
	return take
}

// harms reports whether a cut takes more than 60 ms of a good phrase.
func harms(take *voices.Take, s editor.Span) bool {
	for _, p := range take.Truth.Phrases {
		if !p.Bad && min(s.End, p.End)-max(s.Start, p.Start) > 2646 {
			return true
		}
	}
	return false
}

// removes reports whether the cuts take nearly all of the flawed phrases.
func removes(take *voices.Take, s voices.Slip, cuts []editor.Span) bool {
	for _, b := range s.Bad {
		p := take.Truth.Phrases[b]
		var gone int64
		for _, c := range cuts {
			gone += max(0, min(c.End, p.End)-max(c.Start, p.Start))
		}
		if gone*100 < 85*p.Len() {
			return false
		}
	}
	return true
}

func spans[T any](all []T, of func(T) editor.Span) (out []editor.Span) {
	for _, x := range all {
		out = append(out, of(x))
	}
	return out
}

func TestRetakesAreProposed(t *testing.T) {
	take := reads(t, 3, "letter", 0, "false start", "full", "double", "false start")
	all := analysed(t, take.Samples[0]).Proposals(0.3)
	cuts := spans(all, func(p retake.Proposal) editor.Span { return p.Span })
	found := 0
	for _, s := range take.Truth.Slips {
		if removes(take, s, cuts) {
			found++
		}
	}
	if found < len(take.Truth.Slips)-1 {
		t.Errorf("%d of %d mistakes proposed: %+v", found, len(take.Truth.Slips), all)
	}
	for _, p := range all {
		if p.Confidence >= 0.85 && harms(take, p.Span) {
			t.Errorf("%+v takes good words", p)
		}
	}
}

// The first and the last line of a take may be said again, too.
func TestRetakeAtTheVeryStartAndEnd(t *testing.T) {
	voices.Scripts["three"] = []string{"The old bridge was closed in the winter.", "Nobody asked the children what they had seen.", "Tomorrow the ferry leaves at a quarter past nine."}
	defer delete(voices.Scripts, "three")
	take := reads(t, 1, "three", 0, "full", "full", "full")
	cuts := spans(analysed(t, take.Samples[0]).Proposals(0.3), func(p retake.Proposal) editor.Span { return p.Span })
	for i, s := range take.Truth.Slips {
		if !removes(take, s, cuts) {
			t.Errorf("mistake %d of %d is not proposed: %v", i+1, len(take.Truth.Slips), cuts)
		}
	}
}

// What stands there many times is meant.
func TestRefrainsAreSpared(t *testing.T) {
	for _, script := range [][]string{
		{"I am calm and awake.", "I am calm and awake.", "I am calm and awake.", "I am calm and awake."},
		{"Breathe in, two, three.", "Breathe out, two, three.", "Breathe in, two, three.", "Breathe out, two, three."},
	} {
		voices.Scripts["refrain"] = append([]string{"The garden lies in the shade."}, append(script, "Far away a dog is barking.", "The evening is warm.")...)
		take := reads(t, 2, "refrain", 0, "partial") // no line has a second half: nothing goes wrong
		delete(voices.Scripts, "refrain")
		if len(take.Truth.Slips) > 0 {
			t.Fatal("a mistake was made")
		}
		for _, p := range analysed(t, take.Samples[0]).Proposals(0.3) {
			if !p.Refrain || p.Confidence >= 0.5 {
				t.Errorf("%+v of %q", p, script[0])
			}
		}
	}
}

// A mark cuts the line before it even if it never comes again, and the whole
// mistake if it does.
func TestMarksCutTheFlawedLine(t *testing.T) {
	take := reads(t, 4, "letter", 0, "claps", "clicker", "snaps")
	a := analysed(t, take.Samples[0])
	cuts := a.Cuts()
	if len(cuts) != len(take.Truth.Slips) {
		t.Errorf("%d cuts for %d marked mistakes: %+v", len(cuts), len(take.Truth.Slips), cuts)
	}
	for _, s := range take.Truth.Slips {
		if !removes(take, s, spans(cuts, func(m retake.Marked) editor.Span { return m.Span })) {
			t.Errorf("%s at %d is not cut", s.Kind, s.Start)
		}
	}
	for _, c := range cuts {
		if harms(take, c.Span) {
			t.Errorf("%+v takes good words", c)
		}
		if c.Why() == "" || c.By.Len() == 0 {
			t.Errorf("%+v does not say why, or what comes instead", c)
		}
	}
}

// lines is five bursts of a hum, a second long and a second apart, over a faint
// room; marks are placed by hand.
func lines(t *testing.T, found ...marks.Mark) *retake.Take {
	t.Helper()
	x := make([]float64, 44100*11)
	state := uint32(7)
	for i := range x {
		state = state*1664525 + 1013904223
		x[i] = 2e-4 * (float64(state)/math.MaxUint32 - 0.5)
		if second := i / 44100; second%2 == 1 {
			for h := 1.0; h < 20; h++ {
				hz := 110 + 15*float64(second)
				x[i] += 0.1 / h * math.Sin(2*math.Pi*hz*h*float64(i)/44100) * math.Sin(math.Pi*float64(i%44100)/44100)
			}
		}
	}
	a := analysed(t, x)
	if len(a.Lines) != 5 {
		t.Fatalf("%d lines: %v", len(a.Lines), a.Lines)
	}
	a.Marks = found
	return a
}

func cue(seconds float64, words string) marks.Mark {
	at := int64(seconds * 44100)
	return marks.Mark{Span: editor.Span{Start: at, End: at}, Kind: marks.Cue, Confidence: 1, Words: words}
}

// The lines begin at 1, 3, 5, 7 and 9 seconds and last one.
func TestGrammarOfMarks(t *testing.T) {
	second := func(frame int64) float64 { return math.Round(float64(frame)/4410) / 10 }
	for _, c := range []struct {
		name  string
		marks []marks.Mark
		cuts  [][2]float64 // seconds from which and to which; from 0.2 before a line it is that line's
		back  bool
	}{
		{"none", nil, nil, false},
		{"one, after the third line", []marks.Mark{cue(6.5, "")}, [][2]float64{{5, 7}}, false},
		{"in the middle of a line", []marks.Mark{cue(5.5, "")}, [][2]float64{{5, 7}}, false},
		{"before the first line", []marks.Mark{cue(0.5, "")}, [][2]float64{{0.5, 1}}, false},
		{"after the last line", []marks.Mark{cue(10.5, "")}, [][2]float64{{9, 11}}, false},
		{"two apart", []marks.Mark{cue(2.5, ""), cue(6.5, "")}, [][2]float64{{1, 3}, {5, 7}}, false},
		{"two together, to the start", []marks.Mark{cue(6.3, ""), cue(6.6, "")}, [][2]float64{{1, 7}}, true},
		{"two together, to a mark that keeps", []marks.Mark{cue(4.5, "keep"), cue(8.3, ""), cue(8.6, "")}, [][2]float64{{5, 9}}, true},
		{"one that keeps", []marks.Mark{cue(4.5, "good so far")}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cuts := lines(t, c.marks...).Cuts()
			if len(cuts) != len(c.cuts) {
				t.Fatalf("%d cuts, want %d: %+v", len(cuts), len(c.cuts), cuts)
			}
			for i, want := range c.cuts {
				from, to := second(cuts[i].Start), second(cuts[i].End)
				if math.Abs(from-want[0]) > 0.2 || math.Abs(to-want[1]) > 0.2 || cuts[i].Back != c.back {
					t.Errorf("cut %.1f to %.1f s (back %v), want %.1f to %.1f", from, to, cuts[i].Back, want[0], want[1])
				}
			}
		})
	}
}

func TestTakesWithoutMistakes(t *testing.T) {
	noise := make([]float64, 44100*8)
	state := uint32(1)
	for i := range noise {
		state = state*1664525 + 1013904223
		noise[i] = 0.1 * (float64(state)/math.MaxUint32 - 0.5)
	}
	one := reads(t, 8, "letter", 1)
	for name, x := range map[string][]float64{"nothing": nil, "a frame": {0.1}, "silence": make([]float64, 44100), "noise": noise, "one phrase": one.Samples[0]} {
		a := analysed(t, x)
		if p, c := a.Proposals(0), a.Cuts(); len(p) > 0 || len(c) > 0 {
			t.Errorf("%s: %v, %v", name, p, c)
		}
	}
}
