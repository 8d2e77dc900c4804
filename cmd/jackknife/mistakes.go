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
	var asJSON, labels, step bool
	var ask stepper
	var to []string
	var script string
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
sure it is. --keep says which attempt stays: the last, the first, the longest or the cleanest.

With --text the words are shown, and count: a line said again word by word, or
broken off, becomes surer, one with other words less sure, and one that was
corrected is never quite sure. --script FILE also says of each line of a text
whether it was read, once, and as it stands there.

--step asks about one after the other: each is played as it is and as it would be
cut (into JACK as jackknife play does, or to --device), and you answer y, n, l for
later, b or a to hear it again, u to go back. The decisions become a plan, -o, in
which what stays or waits is a comment.

jackknife edit --cut-above 0.95 cuts what is at least so sure, but no line that
stands there three times. Exit 4 if there is nothing to list.`,
		Example: `  jackknife mistakes take.wav
  jackknife mistakes take.wav --least 0.6 --text take.srt
  jackknife mistakes take.wav --labels > take.txt    # look at them in Audacity
  jackknife mistakes take.wav --text words.json --script text.txt
  jackknife mistakes take.wav --step -o take.edits
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
			if script != "" && text == "" {
				return usagef("--script needs --text FILE: what was read")
			}
			if step {
				var err error
				if ask.play.to, err = parseSelectors(to); err == nil {
					err = ask.check()
				}
				if err != nil {
					return err
				}
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
			var lines []editor.ScriptLine
			if script != "" {
				content, _, err := readText(script, nil)
				if err != nil {
					return err
				}
				lines = editor.CompareScript(string(content), said)
			}
			h, found, err := want.find(c.Context(), take, args[0])
			if err != nil {
				return err
			}
			t, err := retake.Analyse(c.Context(), h, found)
			if err != nil {
				return fmt.Errorf("%s: %w", shown(args[0]), err)
			}
			blemishes, err := toKeep(c.Context(), keep, take, t)
			if err != nil {
				return fmt.Errorf("%s: %w", shown(args[0]), err)
			}
			all := mistakesOf(t, least, keep, blemishes, said)
			if step {
				ask.s, ask.take, ask.name, ask.all, ask.said = s, take, args[0], all, said
				if len(all) > 0 {
					return ask.run(c.Context())
				}
			}
			switch {
			case asJSON:
				err = writeMistakesJSON(s.out, h.RateHz, all, said, lines)
			case labels:
				for _, m := range all {
					fmt.Fprintf(s.out, "%s\t%s\tcut: %s %.2f\n", seconds(m.Start, h.RateHz), seconds(m.End, h.RateHz), m.why, m.confidence)
				}
			default:
				writeMistakes(s.out, h.RateHz, all, said)
				writeScript(s.out, h.RateHz, lines)
			}
			if err == nil && len(all) == 0 && script == "" {
				return noMistake(args[0], "no mistake found", "--least 0.1 lists what is less likely")
			}
			return err
		},
	}
	f := c.Flags()
	want.flags(c)
	keepFlag(c, &keep)
	f.Float64Var(&least, "least", 0.3, "list what is at least so `sure`")
	f.StringVar(&text, "text", "", "`file` that says where which words are: SRT, WebVTT, whisper's JSON, CTM, Audacity labels")
	f.StringVar(&script, "script", "", "`file` with what should have been read, a line a line")
	f.BoolVar(&step, "step", false, "play and ask about one after the other")
	f.StringVarP(&ask.out, "output", "o", "", "with --step: plan to write")
	f.BoolVarP(&ask.force, "force", "f", false, "with --step: replace an existing plan")
	f.BoolVarP(&ask.silent, "quiet", "q", false, "with --step: play only when asked to")
	f.StringArrayVar(&to, "to", nil, "with --step: inputs that hear it, by selector")
	deviceFlag(c, &ask.play.device)
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
			fmt.Fprint(w, "; stands there three times, on purpose?")
		}
		fmt.Fprintln(w)
		if len(said) > 0 {
			fmt.Fprintf(w, "%21s %q\n%21s %q\n", "", editor.WordsIn(said, m.flawed), "", editor.WordsIn(said, m.by))
		}
	}
}

// writeScript lists the lines of a script that were not read once and well.
func writeScript(w io.Writer, rate int, lines []editor.ScriptLine) {
	if len(lines) == 0 {
		return
	}
	good := 0
	fmt.Fprintf(w, "%5s  %-12s %-8s %s\n", "line", "read at", "how", "text")
	for _, l := range lines {
		at, how := "–", "missing"
		if n := len(l.Read); n > 0 {
			at, how = clock(l.Read[n-1].Start, rate), "flawed"
		}
		switch {
		case len(l.Read) > 0 && l.Again:
			how = fmt.Sprintf("%d times", len(l.Read))
		case len(l.Read) > 0 && l.Wrong == 0:
			good++
			continue
		}
		fmt.Fprintf(w, "%5d  %-12s %-8s %q\n", l.Number, at, how, l.Text)
		if l.Wrong > 0 {
			fmt.Fprintf(w, "%27s %q\n", "read as", l.Heard)
		}
	}
	fmt.Fprintf(w, "%d of %d lines read once and as they stand\n", good, len(lines))
}

func writeMistakesJSON(w io.Writer, rate int, all []mistake, said []editor.Said, lines []editor.ScriptLine) error {
	type line struct {
		Number int        `json:"line"`
		Text   string     `json:"text"`
		Read   []spanJSON `json:"read"`
		Wrong  int        `json:"wrong_words"`
		Heard  string     `json:"heard,omitempty"`
	}
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
		Script   []line `json:"script,omitempty"`
	}{rate, []item{}, nil}
	for _, l := range lines {
		j := line{l.Number, l.Text, []spanJSON{}, l.Wrong, l.Heard}
		for _, r := range l.Read {
			j.Read = append(j.Read, spanJSON(r))
		}
		out.Script = append(out.Script, j)
	}
	for _, m := range all {
		out.Mistakes = append(out.Mistakes, item{spanJSON(m.Span), m.kind, m.why, spanJSON(m.flawed), spanJSON(m.by), m.confidence, m.mark, m.refrain,
			editor.WordsIn(said, m.flawed), editor.WordsIn(said, m.by)})
	}
	return writeJSON(w, out)
}
