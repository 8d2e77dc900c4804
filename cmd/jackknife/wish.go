package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/wav"
)

// wish is what the user asks of the pauses and cuts of a take.
type wish struct {
	pauses, cuts    []string
	rulesFile, text string
	breaths, fill   string
	min             time.Duration
	seed            uint64
	flaws           flaws
}

func (w *wish) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVarP(&w.pauses, "pauses", "p", nil, "`rule` for the pauses: x1.5, +2s, =3s, min=4s, max=1s ...")
	f.StringVar(&w.rulesFile, "rules", "", "`file` of rules; those of --pauses come after them")
	f.StringVar(&w.text, "text", "", "`file` that says where which words are: SRT, WebVTT, whisper's JSON, CTM, Audacity labels")
	f.StringArrayVarP(&w.cuts, "cut", "c", nil, "cut `START-END`, times of the take")
	w.flaws.flags(c)
	f.DurationVar(&w.min, "min", 300*time.Millisecond, "shortest pause that rules may touch")
	breathsFlag(c, &w.breaths)
	f.StringVar(&w.fill, "fill", "tone", "what new quiet is made of: tone (the room's own sound) or silence (digital)")
	c.RegisterFlagCompletionFunc("fill", cobra.FixedCompletions([]string{"tone", "silence"}, cobra.ShellCompDirectiveNoFileComp))
	f.Uint64Var(&w.seed, "seed", 0, "another seed grows other room tone and jitters otherwise")
}

// job is the work that the wish makes of a take.
func (w *wish) job(take *wav.Reader, name string) (*job, error) {
	if w.min <= 0 {
		return nil, usagef("--min %v: a pause lasts longer than that", w.min)
	}
	if w.fill != "tone" && w.fill != "silence" {
		return nil, usagef("--fill %q: want tone or silence", w.fill)
	}
	rate := take.Format().RateHz
	j := &job{take: take, name: name, min: w.min, silence: w.fill == "silence", seed: w.seed}
	var err error
	if j.breaths, err = parseBreaths(w.breaths); err != nil {
		return nil, err
	}
	if j.rules, err = w.rules(); err != nil {
		return nil, err
	}
	if w.text != "" {
		text, title, err := readText(w.text, nil)
		if err != nil {
			return nil, err
		}
		if j.text, err = editor.ParseText(title, text, rate); err != nil {
			return nil, err
		}
	} else if w.flaws.needsText() {
		return nil, &failure{code: exitUsage, err: errors.New("--cut-text and --keep-lines need --text FILE"), hint: "whisper's JSON with word_timestamps says where which word is"}
	} else if editor.NeedText(j.rules) {
		return nil, &failure{code: exitUsage, err: errors.New("a rule asks for words: --text FILE is missing"), hint: "whisper, subtitles or Audacity labels say where which words are"}
	}
	var spans []editor.Span
	for _, text := range w.cuts {
		span, err := editor.ParseSpan(text, rate)
		if err != nil {
			return nil, usagef("--cut %q: %w", text, err)
		}
		if span.End > take.Frames() {
			return nil, usagef("--cut %q: ends past the end of the take at %s", text, clock(take.Frames(), rate))
		}
		spans = append(spans, span)
	}
	j.cuts, j.flaws = editor.Cuts(spans, "cut"), w.flaws
	return j, j.flaws.check()
}

// rules are those of the file and then those of the command line; x1.5 if
// nothing is asked for at all.
func (w *wish) rules() ([]editor.Rule, error) {
	var rules []editor.Rule
	if w.rulesFile != "" {
		text, title, err := readText(w.rulesFile, nil)
		if err != nil {
			return nil, err
		}
		if rules, err = editor.ParseRulesFile(title, text); err != nil {
			return nil, err
		}
	}
	pauses := w.pauses
	if w.rulesFile == "" && len(pauses) == 0 && len(w.cuts) == 0 && !w.flaws.any() {
		pauses = []string{"x1.5"}
	}
	for _, text := range pauses {
		r, err := editor.ParseRules(text)
		if err != nil {
			return nil, usagef("--pauses %q: %w", text, err)
		}
		rules = append(rules, r...)
	}
	return rules, nil
}
