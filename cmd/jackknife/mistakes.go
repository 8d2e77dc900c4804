package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/editor/retake"
)

func mistakesCommand(s *streams) *cobra.Command {
	var want markWish
	var asJSON, labels bool
	var least float64
	var keep, text string
	c := &cobra.Command{
		Use:   "mistakes TAKE",
		Short: "List what seems to have been said again because it went wrong",
		Long: `List the mistakes of a take: what the speaker marked (see jackknife marks), and
lines that seem to have been said again because they went wrong, found by sound
alone: false starts, full, double and partial retakes. Refrains, mantras and
counting are told from them by their pattern, but "left hand" and "right hand"
sound like a corrected word: the list proposes, you decide. How often it is right
at which confidence stands in MISTAKES.md.

Columns: what would go, where the replacement begins, the length of what goes, how
sure it is. --keep says which attempt stays: the last, the first or the longest.
--text FILE prints the words, if you have subtitles or a transcript.

jackknife edit --cut-above 0.95 cuts what is at least so sure, but no line that
stands there three times. Exit 4 if there is nothing to list.`,
		Example: `  jackknife mistakes take.wav
  jackknife mistakes take.wav --least 0.6 --text take.srt
  jackknife mistakes take.wav --labels > take.txt    # look at them in Audacity
  jackknife mistakes take.wav --json
  jackknife edit take.wav -o out.wav --cut-marks --cut-above 0.95`,
		Args: oneTake,
		RunE: func(c *cobra.Command, args []string) error {
			if asJSON && labels {
				return usagef("--json and --labels: choose one")
			}
			w := flaws{keep: keep}
			if err := w.check(); err != nil {
				return err
			}
			if !(least >= 0 && least <= 1) {
				return usagef("--least %v: want 0 to 1", least)
			}
			take, err := openTake(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			var said []editor.Said
			if text != "" {
				content, title, err := readText(text, nil)
				if err != nil {
					return err
				}
				if said, err = editor.ParseText(title, content, take.Format().RateHz); err != nil {
					return err
				}
			}
			h, found, err := want.find(c.Context(), take, args[0])
			if err != nil {
				return err
			}
			t, err := retake.Analyse(c.Context(), h, found)
			if err != nil {
				return fmt.Errorf("%s: %w", shown(args[0]), err)
			}
			all := mistakesOf(t, least, keep)
			switch {
			case asJSON:
				err = writeMistakesJSON(s.out, h.RateHz, all, said)
			case labels:
				for _, m := range all {
					fmt.Fprintf(s.out, "%s\t%s\tcut: %s %.2f\n", seconds(m.Start, h.RateHz), seconds(m.End, h.RateHz), m.why, m.confidence)
				}
			default:
				writeMistakes(s.out, h.RateHz, all, said)
			}
			if err == nil && len(all) == 0 {
				return noMistake(args[0], "no mistake found", "--least 0.1 lists what is less likely")
			}
			return err
		},
	}
	f := c.Flags()
	want.flags(c)
	keepFlag(c, &keep)
	f.Float64Var(&least, "least", 0.3, "list what is at least so `sure`")
	f.StringVar(&text, "text", "", "`file` that says where which words are: SRT, WebVTT, whisper's JSON, Audacity labels")
	f.BoolVar(&asJSON, "json", false, "print JSON, positions in frames")
	f.BoolVar(&labels, "labels", false, "print an Audacity label track, as jackknife labels --from reads it")
	return c
}

func writeMistakes(w io.Writer, rate int, all []mistake, said []editor.Said) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(w, "%5s  %-12s %-12s %8s %5s  %s\n", "#", "from", "again at", "length", "sure", "what")
	for i, m := range all {
		again := "–"
		if m.by.Len() > 0 {
			again = clock(m.by.Start, rate)
		}
		fmt.Fprintf(w, "%5d  %-12s %-12s %6.2f s %5.2f  %s", i+1, clock(m.Start, rate), again, float64(m.Len())/float64(rate), m.confidence, m.why)
		if m.refrain && !m.mark {
			fmt.Fprint(w, "; stands there more than twice, on purpose?")
		}
		fmt.Fprintln(w)
		if len(said) > 0 {
			fmt.Fprintf(w, "%21s %q\n%21s %q\n", "", editor.WordsIn(said, m.flawed), "", editor.WordsIn(said, m.by))
		}
	}
}

func writeMistakesJSON(w io.Writer, rate int, all []mistake, said []editor.Said) error {
	type item struct {
		spanJSON
		Kind       string   `json:"kind"`
		Reason     string   `json:"reason"`
		Flawed     spanJSON `json:"flawed"`
		By         spanJSON `json:"replaced_by"`
		Confidence float64  `json:"confidence"`
		Marked     bool     `json:"marked"`
		Refrain    bool     `json:"refrain"`
		Words      string   `json:"words,omitempty"`
		ByWords    string   `json:"replaced_by_words,omitempty"`
	}
	out := struct {
		RateHz   int    `json:"rate_hz"`
		Mistakes []item `json:"mistakes"`
	}{rate, []item{}}
	for _, m := range all {
		out.Mistakes = append(out.Mistakes, item{spanJSON(m.Span), m.kind, m.why, spanJSON(m.flawed), spanJSON(m.by), m.confidence, m.mark, m.refrain,
			editor.WordsIn(said, m.flawed), editor.WordsIn(said, m.by)})
	}
	return writeJSON(w, out)
}
