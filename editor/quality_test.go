package editor_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"text/tabwriter"

	"jackknife/editor"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

// ratios of speech to room tone, dB.
var ratios = []float64{20, 30, 40, 60}

// corpus is the takes that the detector is judged by: a few lines each of
// voices and texts on which nothing was tuned. JACKKNIFE_CORPUS names one of
// voices.Corpora to take all of it, or full for all of them.
func corpus() []voices.Config {
	switch set := os.Getenv("JACKKNIFE_CORPUS"); set {
	case "":
		return voices.Rounds("held-out", 1, 9)
	case "full":
		return append(append(voices.Rounds("held-out", 4, 0), voices.Rounds("tuning", 4, 0)...), voices.Rounds("fresh", 4, 0)...)
	default:
		return voices.Rounds(set, 4, 0)
	}
}

// TestQuality holds the detector to its targets on takes it was not tuned on.
func TestQuality(t *testing.T) {
	if testing.Short() {
		t.Skip("speaks for ten seconds")
	}
	speech, dir := t.TempDir(), t.TempDir()
	scores := map[float64]*voices.Score{}
	for _, snr := range ratios {
		scores[snr] = new(voices.Score)
	}
	for _, c := range corpus() {
		takes, err := voices.MakeEach(speech, c, ratios...)
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
			var one voices.Score
			one.Add(take.Truth, c.Format.RateHz, found)
			scores[snr].Join(one)
			t.Logf("%-26s %-8s %2.0f dB: lost %d, clear %3.0f ms, missed %d/%d, edges %2.0f/%3.0f ms, false %.2f %%", c.Voice, c.Background, snr,
				one.Lost, one.WorstMS(), one.Missed, one.Pauses, one.EdgeMS(50), one.EdgeMS(95), one.FalsePercent())
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "SNR\tphrases\tlost\tintact\tto 10 ms\tworst\tpauses missed\tedge median\tp95\tfalse speech\t")
	for _, snr := range ratios {
		s := scores[snr]
		fmt.Fprintf(w, "%.0f dB\t%d\t%d\t%.1f %%\t%.1f %%\t%.0f ms\t%d/%d\t%.0f ms\t%.0f ms\t%.2f %%\t\n", snr, s.Phrases, s.Lost,
			s.Unharmed(0), s.Unharmed(10), s.WorstMS(), s.Missed, s.Pauses, s.EdgeMS(50), s.EdgeMS(95), s.FalsePercent())
		if s.Lost > 0 {
			t.Errorf("%.0f dB: %d phrases lost", snr, s.Lost)
		}
		if least := map[bool]float64{true: 99, false: 99.7}[snr < 30]; s.Unharmed(10) < least {
			t.Errorf("%.0f dB: only %.1f %% of the phrases lie outside what may be edited but for 10 ms, want %.1f %%", snr, s.Unharmed(10), least)
		}
		if snr >= 30 && s.WorstMS() > 30 {
			t.Errorf("%.0f dB: %.0f ms of clear speech may be edited", snr, s.WorstMS())
		}
		if s.Missed > 0 {
			t.Errorf("%.0f dB: %d of %d pauses missed", snr, s.Missed, s.Pauses)
		}
		if !(s.EdgeMS(50) <= 15 && s.EdgeMS(95) <= 45) {
			t.Errorf("%.0f dB: pause edges are off by %.0f ms (median), %.0f ms (95 %%)", snr, s.EdgeMS(50), s.EdgeMS(95))
		}
		if s.FalsePercent() > 0.8 {
			t.Errorf("%.0f dB: %.2f %% of the pause time called speech", snr, s.FalsePercent())
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
