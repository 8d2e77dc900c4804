package editor_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"jackknife/editor"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

// TestCheck: what the editor makes passes over every kind of room; digital
// silence and a plain loop in its place never do.
func TestCheck(t *testing.T) {
	if testing.Short() {
		t.Skip("speaks for half a minute")
	}
	ctx, speech, dir := context.Background(), t.TempDir(), t.TempDir()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "background\tfill\tedits\tpass\tworst tone\tstep over limit\tperiod over limit\tequal\tclick\t")
	takes, edits, heard := 0, 0, 0
	for i, c := range corpus() {
		for _, snr := range []float64{40} {
			c.SNRDB, c.Lines = snr, 7
			made, err := voices.Make(speech, c)
			if err != nil {
				t.Fatal(err)
			}
			takes++
			name := filepath.Join(dir, fmt.Sprintf("%d-%.0f.wav", i, snr))
			if err := made.Write(name); err != nil {
				t.Fatal(err)
			}
			take := openFile(t, name)
			var l editor.List
			rate := take.Format().RateHz
			p := editor.Planner{RateHz: rate, Frames: take.Frames(), Min: int64(rate) * 3 / 10, Yield: func(e editor.Edit) error { l = append(l, e); return nil }}
			if p.Rules, err = editor.ParseRules("x2; #3: =400ms; #5: =5s"); err != nil {
				t.Fatal(err)
			}
			if len(made.Truth.Phrases) > 4 {
				a, b := made.Truth.Phrases[3], made.Truth.Phrases[3]
				middle := (a.Start + b.End) / 2 // in the middle of a phrase
				p.Cuts = editor.Cuts([]editor.Span{{Start: middle, End: middle + int64(rate)/5}}, "cut")
			}
			if _, err := editor.Detect(ctx, take, editor.DetectOptions{}, p.Pause); err != nil {
				t.Fatal(err)
			}
			if err := p.Finish(); err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"room tone", "silence", "loop"} {
				edited := filepath.Join(dir, "out.wav")
				w, err := wav.CreateLike(edited, take)
				if err != nil {
					t.Fatal(err)
				}
				if kind == "room tone" {
					_, err = editor.Render(ctx, take, l, editor.DetectOptions{}, 0, w)
				} else {
					err = crude(w, take, l, kind == "loop")
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Commit(); err != nil {
					t.Fatal(err)
				}
				out := openFile(t, edited)
				up, err := editor.Check(ctx, take, out, l, editor.DetectOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if up.Differ > 0 || up.Kept == 0 {
					t.Errorf("%s %s: %d of %d kept frames differ", c.Background, kind, up.Differ, up.Kept)
				}
				worst := map[editor.MeasureKind]float64{}
				pass, fills, failed := 0, 0, 0
				for _, h := range up.Edits {
					var faults []string
					for _, m := range h.Measures {
						v := m.Value
						if m.Kind == editor.StepDB || m.Kind == editor.Period {
							v -= m.Limit
						}
						if had, ok := worst[m.Kind]; !ok || v > had {
							worst[m.Kind] = v
						}
						if m.Fails() {
							faults = append(faults, fmt.Sprintf("%v %.2f over %.2f", m.Kind, m.Value, m.Limit))
						}
					}
					if h.Out.Len() > int64(rate) { // long enough to tell
						fills++
						if len(faults) > 0 {
							failed++
						}
					}
					if kind == "room tone" {
						edits++
					}
					if len(faults) == 0 {
						pass++
					} else if kind == "room tone" {
						heard++
						t.Logf("%s %.0f dB: edit at %.3f s, %d frames: %s", c.Background, snr, float64(h.Out.Start)/float64(rate), h.Out.Len(), strings.Join(faults, ", "))
					}
				}
				if kind == "room tone" && worst[editor.ToneDB] > 2 {
					t.Errorf("%s %.0f dB: a fill is %.1f dB from the tone", c.Background, snr, worst[editor.ToneDB])
				}
				if kind != "room tone" && failed < fills {
					t.Errorf("%s %.0f dB: %d of %d long fills of %s pass", c.Background, snr, fills-failed, fills, kind)
				}
				fmt.Fprintf(table, "%s %.0f dB\t%s\t%d\t%d\t%.2f dB\t%.2f dB\t%.2f\t%.2f ms\t%.2f\t\n", c.Background, snr, kind, len(up.Edits), pass,
					worst[editor.ToneDB], worst[editor.StepDB], worst[editor.Period], worst[editor.RunMS], worst[editor.Click])
				out.Close()
				os.Remove(edited)
			}
			take.Close()
			os.Remove(name)
		}
	}
	table.Flush()
	if takes < 5 || heard > 0 {
		t.Errorf("%d takes: %d of %d edits do not pass", takes, heard, edits)
	}
}

// TestCheckPassesTheRoom: pauses are taken out of takes and put back as they
// were. Nothing can be heard of that, whatever the room does by itself.
func TestCheckPassesTheRoom(t *testing.T) {
	if testing.Short() {
		t.Skip("speaks for ten seconds")
	}
	speech, dir := t.TempDir(), t.TempDir()
	fills := 0
	for i, c := range corpus() {
		c.SNRDB, c.Lines, c.Noises, c.PauseMin, c.PauseMax = 40, 5, 0, 1.4, 4
		made, err := voices.Make(speech, c)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, fmt.Sprint(i, ".wav"))
		if err := made.Write(name); err != nil {
			t.Fatal(err)
		}
		whole := openFile(t, name)
		w, err := wav.CreateLike(filepath.Join(dir, fmt.Sprint(i, "-short.wav")), whole)
		if err != nil {
			t.Fatal(err)
		}
		var l editor.List
		var at, gone int64
		rate, phrases := int64(c.Format.RateHz), made.Truth.Phrases
		for k := range len(phrases) - 1 {
			quiet := editor.Span{Start: max(phrases[k].End, phrases[k].Audible.End) + rate/5, End: phrases[k+1].Start - rate/5}
			fill := quiet.Len() * 2 / 3
			if fill < rate/5 {
				continue
			}
			from := quiet.Start + fill/4
			if err := w.CopyFrames(whole, at, from-at); err != nil {
				t.Fatal(err)
			}
			l = append(l, editor.Edit{Span: editor.Span{Start: from - gone, End: from - gone}, Fill: fill})
			at, gone = from+fill, gone+fill
		}
		if err := w.CopyFrames(whole, at, whole.Frames()-at); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		short := openFile(t, filepath.Join(dir, fmt.Sprint(i, "-short.wav")))
		up, err := editor.Check(context.Background(), short, whole, l, editor.DetectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range up.Edits {
			fills++
			for _, m := range h.Measures {
				if m.Fails() {
					t.Errorf("%s: the room itself at %.3f s, %d frames: %v %.2f over %.2f", c.Background, float64(h.Out.Start)/float64(rate), h.Out.Len(), m.Kind, m.Value, m.Limit)
				}
			}
		}
		short.Close()
		whole.Close()
	}
	if fills < 15 {
		t.Errorf("%d pauses", fills)
	}
}

func openFile(t *testing.T, name string) *wav.Reader {
	t.Helper()
	r, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// crude writes the edited take as simple programs do: joins without seams, fills
// of digital silence or of 300 ms of the take again and again.
func crude(w *wav.Writer, take *wav.Reader, l editor.List, loop bool) error {
	f := take.Format()
	for _, r := range l.Regions(take.Frames()) {
		if !r.Tone() {
			if err := w.CopyFrames(take, r.Take.Start, r.Take.Len()); err != nil {
				return err
			}
			continue
		}
		period := int64(f.RateHz) * 3 / 10
		for n := r.Out.Len(); n > 0; n -= period {
			piece := min(n, period)
			var err error
			if loop {
				err = w.CopyFrames(take, r.Take.Start-period/2, piece)
			} else {
				_, err = w.Write(make([]byte, piece*int64(f.FrameBytes())))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
