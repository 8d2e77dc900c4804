package retake_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jackknife/editor/hear"
	"jackknife/editor/inspect"
	"jackknife/editor/marks"
	"jackknife/editor/retake"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

// source reads a script with some slips, without the line of a number, if that is
// not negative.
func source(t *testing.T, voice, script string, seed uint64, without int, slips ...string) (retake.Source, voices.Truth) {
	t.Helper()
	made, err := voices.Make(t.TempDir(), voices.Config{
		Seed: seed, Voice: voice, Script: script, Background: "room", SNRDB: 40, Reverb: 0.2, PauseMin: 0.7, PauseMax: 1.3, Slips: slips, Confusers: 3,
		Format: wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	if without >= 0 { // from the pause before a line to the one before the next
		good := slices.DeleteFunc(slices.Clone(made.Truth.Phrases), func(p voices.Phrase) bool { return p.Bad })
		from, to := good[without].Start-12000, good[without+1].Start-12000
		made.Samples[0] = slices.Delete(made.Samples[0], int(from), int(to))
		var kept []voices.Phrase
		for _, p := range made.Truth.Phrases {
			switch {
			case p.Start >= to:
				p.Start, p.End = p.Start-(to-from), p.End-(to-from)
			case p.End > from:
				continue
			}
			kept = append(kept, p)
		}
		made.Truth.Phrases = kept
	}
	name := filepath.Join(t.TempDir(), "take.wav")
	if err := made.Write(name); err != nil {
		t.Fatal(err)
	}
	take, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { take.Close() })
	ctx := context.Background()
	h, err := hear.Listen(ctx, take)
	if err != nil {
		t.Fatal(err)
	}
	found, err := marks.Find(h)
	if err != nil {
		t.Fatal(err)
	}
	s := retake.Source{}
	if s.Take, err = retake.Analyse(ctx, h, found); err != nil {
		t.Fatal(err)
	}
	if s.Blemishes, err = inspect.Inspect(ctx, take, h, found); err != nil {
		t.Fatal(err)
	}
	return s, made.Truth
}

// saidIn is the lines that a reading holds; flawed ones in brackets.
func saidIn(truth voices.Truth, r retake.Reading) string {
	var all []string
	for _, p := range truth.Phrases {
		if m := (p.Start + p.End) / 2; m >= r.Start && m < r.End {
			if p.Bad {
				p.Text = "[" + p.Text + "]"
			}
			all = append(all, p.Text)
		}
	}
	return strings.Join(all, " ")
}

func TestBestOfSeveralReadings(t *testing.T) {
	// Three takes, of which two lack a line.
	for _, voice := range []string{"espeak en-gb+f2"} {
		var sources []retake.Source
		var truths []voices.Truth
		for k, slips := range [][]string{{"full", "claps"}, {"false start", "clicker"}, {"full"}} {
			s, truth := source(t, voice, "workshop", uint64(70+k), 3*k-1, slips...)
			sources, truths = append(sources, s), append(truths, truth)
		}
		lines, err := retake.Readings(context.Background(), sources)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, l := range lines {
			best := l.Readings[l.Best]
			got = append(got, saidIn(truths[best.Take], best))
			for k, r := range l.Readings {
				t.Log(i, k == l.Best, r.Take, r.Flawed, r.Lacking, r.Blemishes, fmt.Sprintf("%.1f", r.LevelDB), saidIn(truths[r.Take], r))
			}
		}
		if want := strings.Join(voices.Scripts["workshop"], " "); strings.Join(got, " ") != want {
			t.Errorf("%s:\n%s\nwant\n%s", voice, strings.Join(got, "\n"), strings.Join(voices.Scripts["workshop"], "\n"))
		}
	}
}

func TestReadingsFollowOnEachOther(t *testing.T) {
	s, _ := source(t, "formula", "story", 3, -1)
	lines, err := retake.Readings(context.Background(), []retake.Source{s})
	if err != nil {
		t.Fatal(err)
	}
	at := int64(0)
	for _, l := range lines {
		for _, r := range l.Readings {
			if r.Start != at {
				t.Errorf("a line begins at %d, the one before ended at %d", r.Start, at)
			}
			at = r.End
		}
	}
	if at != s.Heard.Frames {
		t.Errorf("the last line ends at %d of %d", at, s.Heard.Frames)
	}
	if _, err := retake.Readings(context.Background(), nil); err != nil {
		t.Error(err)
	}
}
