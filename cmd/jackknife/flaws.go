package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/editor/hear"
	"jackknife/editor/inspect"
	"jackknife/editor/marks"
	"jackknife/editor/retake"
	"jackknife/wav"
)

// markWish says which marks count.
type markWish struct {
	kinds         []string
	teach, labels string
}

var markKinds = []string{"claps", "clicker", "dropped", "cues"}

func (w *markWish) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringSliceVar(&w.kinds, "marks", []string{"claps", "clicker", "dropped"}, "`kinds` of marks: claps (three, of hands or fingers), clicker, dropped (while it was recorded), cues (all cue points of the file)")
	f.StringVar(&w.teach, "teach", "", "another sound is the mark: `file` with one or several of it, and little else")
	f.StringVar(&w.labels, "mark-labels", "", "Audacity `labels` are marks, too")
	c.RegisterFlagCompletionFunc("marks", cobra.FixedCompletions(markKinds, cobra.ShellCompDirectiveNoFileComp))
}

// changed reports whether any of the flags was given.
func (w *markWish) changed(c *cobra.Command) string {
	for _, name := range []string{"marks", "teach", "mark-labels"} {
		if c.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

// find listens to a take and finds its marks.
func (w *markWish) find(ctx context.Context, take *wav.Reader, name string) (*hear.Heard, []marks.Mark, error) {
	var kinds []marks.Kind
	var cues, dropped bool
	for _, k := range w.kinds {
		switch k {
		case "claps", "clicker":
			kinds = append(kinds, marks.Kind(k))
		case "dropped":
			dropped = true
		case "cues", "cue":
			cues = true
		default:
			return nil, nil, usagef("--marks %q: want %s", k, strings.Join(markKinds, ", "))
		}
	}
	h, err := hear.Listen(ctx, take)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", shown(name), err)
	}
	var found, heard []marks.Mark
	if len(kinds) > 0 || cues || dropped {
		if found, err = marks.Find(h); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", shown(name), err)
		}
		heard = slices.Clone(found)
		found = slices.DeleteFunc(found, func(m marks.Mark) bool { return !slices.Contains(kinds, m.Kind) })
	}
	if w.teach != "" {
		taught, err := w.taught(ctx, h)
		if err != nil {
			return nil, nil, err
		}
		found = slices.DeleteFunc(found, func(m marks.Mark) bool {
			return slices.ContainsFunc(taught, func(t marks.Mark) bool { return t.Start < m.End && t.End > m.Start })
		})
		found = append(found, taught...)
	}
	for _, m := range take.Marks() {
		if !cues && !(dropped && m.Mistake) {
			continue
		}
		if k := slices.IndexFunc(heard, func(o marks.Mark) bool { return droppedFor(m, o, h.RateHz) }); k >= 0 {
			if !slices.Contains(kinds, heard[k].Kind) {
				found = append(found, heard[k])
			}
			continue // the recorder heard it, too: one mark, not two
		}
		found = append(found, marks.Mark{Span: editor.Span{Start: m.Frame, End: m.Frame}, Kind: marks.Cue, Confidence: 1, Words: oneLine(m.Label)})
	}
	if w.labels != "" {
		text, title, err := readText(w.labels, nil)
		if err != nil {
			return nil, nil, err
		}
		labels, err := editor.ParseText(title, text, h.RateHz)
		if err != nil {
			return nil, nil, err
		}
		for _, l := range labels {
			if l.End > h.Frames {
				return nil, nil, fmt.Errorf("%s: a label at %s, past the end of the take at %s", title, clock(l.End, h.RateHz), clock(h.Frames, h.RateHz))
			}
			found = append(found, marks.Mark{Span: l.Span, Kind: marks.Label, Confidence: 1, Words: oneLine(l.Words)})
		}
	}
	slices.SortStableFunc(found, func(a, b marks.Mark) int { return int(a.Start - b.Start) })
	return h, found, nil
}

// droppedFor reports whether a cue point is what record --on-marker dropped for a mark.
func droppedFor(cue wav.Mark, m marks.Mark, rateHz int) bool {
	d := cue.Frame - m.Start
	return cue.Label == string(m.Kind) && max(d, -d) < int64(rateHz)/10
}

// taught finds the sound of --teach.
func (w *markWish) taught(ctx context.Context, h *hear.Heard) ([]marks.Mark, error) {
	take, err := wav.OpenCoded(ctx, w.teach)
	if err != nil {
		return nil, err
	}
	defer take.Close()
	sound, err := hear.Listen(ctx, take)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown(w.teach), err)
	}
	pattern, err := marks.Teach(sound)
	if err != nil {
		return nil, &failure{code: exitFailed, err: fmt.Errorf("%s: %w", shown(w.teach), err), hint: "record the sound a few times with a second of quiet around each"}
	}
	return pattern.Find(h)
}

// oneLine is text for one line of a table or a plan.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// flaws is what the user wants cut out without naming the place.
type flaws struct {
	markWish
	cutMarks bool
	above    float64 // retakes at least so sure; 0 for none
	keep     string
	clean    []string // kinds of blemishes in pauses that room tone covers
	cutText  []string // words, or an expression between slashes
	lines    string   // of the transcript that stay
}

func (w *flaws) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&w.cutMarks, "cut-marks", false, "cut what the speaker marked: back from three claps, snaps, a dog clicker or take mark to the start of the flawed line")
	f.Float64Var(&w.above, "cut-above", 0, "also cut retakes of which jackknife mistakes is so `sure`, 0.95 to 1")
	w.markWish.flags(c)
	keepFlag(c, &w.keep)
	f.StringSliceVar(&w.clean, "clean", nil, "cover these with room tone, in pauses: clicks, breaths, coughs, knocks, plosives")
	f.StringArrayVar(&w.cutText, "cut-text", nil, "cut these `words` wherever the transcript of --text has them; /you know/ is a regular expression")
	f.StringVar(&w.lines, "keep-lines", "", "keep these `lines` of the transcript only, as in 3-9,12")
	c.RegisterFlagCompletionFunc("clean", cobra.FixedCompletions(cleanable, cobra.ShellCompDirectiveNoFileComp))
}

var cleanable = []string{"clicks", "breaths", "coughs", "knocks", "plosives"}

func keepFlag(c *cobra.Command, keep *string) {
	c.Flags().StringVar(keep, "keep", "last", "which attempt of a retake stays: last, first, longest or cleanest")
	c.RegisterFlagCompletionFunc("keep", cobra.FixedCompletions(keeps, cobra.ShellCompDirectiveNoFileComp))
}

var keeps = []string{"last", "first", "longest", "cleanest"}

func (w *flaws) any() bool {
	return w.cutMarks || w.above > 0 || len(w.clean) > 0 || w.needsText()
}

func (w *flaws) needsText() bool { return len(w.cutText) > 0 || w.lines != "" }

func (w *flaws) check() error {
	if w.above != 0 && !(w.above >= 0.95 && w.above <= 1) {
		return &failure{code: exitUsage, err: fmt.Errorf("--cut-above %v: want 0.95 to 1", w.above), hint: "jackknife mistakes lists what is less sure; cut it by hand with --cut"}
	}
	if !slices.Contains(keeps, w.keep) {
		return usagef("--keep %q: want %s", w.keep, strings.Join(keeps, ", "))
	}
	for _, k := range w.clean {
		if !slices.Contains(cleanable, k) {
			return usagef("--clean %q: want %s", k, strings.Join(cleanable, ", "))
		}
	}
	if !w.cutMarks && (w.teach != "" || w.labels != "") {
		return usagef("--teach and --mark-labels need --cut-marks")
	}
	return nil
}

// edits is what is to go of a take, and what room tone is to cover.
func (w *flaws) edits(ctx context.Context, take *wav.Reader, name string, said []editor.Said) (cuts, covers editor.List, err error) {
	if !w.any() || take.Frames() == 0 {
		return nil, nil, nil
	}
	h, found, err := w.find(ctx, take, name)
	if err != nil {
		return nil, nil, err
	}
	if len(w.clean) > 0 {
		var kinds []inspect.Kind
		for _, k := range w.clean {
			kinds = append(kinds, inspect.Kind(strings.TrimSuffix(k, "s")))
		}
		all, err := inspect.Inspect(ctx, take, h, found)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", shown(name), err)
		}
		covers = inspect.Cleaned(all, kinds)
	}
	if w.needsText() {
		if cuts, err = w.textCuts(h, said); err != nil {
			return nil, nil, err
		}
	}
	if !w.cutMarks && w.above == 0 {
		return editor.Join(cuts), covers, nil
	}
	t, err := retake.Analyse(ctx, h, found)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", shown(name), err)
	}
	blemishes, err := toKeep(ctx, w.keep, take, t)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", shown(name), err)
	}
	for _, m := range mistakesOf(t, max(w.above, 0.95), w.keep, blemishes, said) {
		if m.mark && w.cutMarks || !m.mark && w.above > 0 && !m.refrain {
			cuts = append(cuts, m.edit())
		}
	}
	return editor.Join(cuts), covers, nil
}

// textCuts is what --cut-text and --keep-lines ask for. A transcript's times are
// rounded: a cut begins and ends in the pauses or holes of the sound nearby.
func (w *flaws) textCuts(h *hear.Heard, said []editor.Said) (editor.List, error) {
	var l editor.List
	for _, what := range w.cutText {
		found, partial, err := editor.FindSaid(said, what)
		if err != nil {
			return nil, usagef("--cut-text %q: %w", what, err)
		}
		if partial > 0 && len(found) == 0 {
			return nil, &failure{code: exitFailed, err: fmt.Errorf("--cut-text %q: the transcript says in which line it is, not where in it", what), hint: "whisper --word_timestamps True places words"}
		}
		if len(found) == 0 {
			return nil, &failure{code: exitNoMatch, err: fmt.Errorf("--cut-text %q: not in the transcript", what)}
		}
		for _, s := range found {
			l = append(l, editor.Edit{Span: h.Words(s), Reason: "text " + oneLine(what), Confidence: 0.9})
		}
	}
	if w.lines != "" {
		order, err := editor.ParseOrder(w.lines, len(said))
		if err != nil {
			return nil, usagef("--keep-lines %w", err)
		}
		if !slices.IsSorted(order) {
			return nil, &failure{code: exitUsage, err: fmt.Errorf("--keep-lines %s: lines stay where they are", w.lines), hint: "jackknife comp TAKE --text FILE --lines " + w.lines + " puts them in another order"}
		}
		kept := make([]bool, len(said))
		for _, n := range order {
			kept[n-1] = true
		}
		at := int64(0) // the end of what stays
		gone := func(end int64) {
			l = append(l, editor.Edit{Span: editor.Span{Start: at, End: end}, Reason: "lines not kept", Confidence: 0.9})
		}
		for i, line := range said {
			if !kept[i] {
				continue
			}
			lead, start, end := h.Line(line.Span)
			switch {
			case at == 0 && i > 0:
				gone(lead)
			case i > 0 && !kept[i-1]:
				gone(start)
			}
			at = end
		}
		if len(said) > 0 && !kept[len(said)-1] {
			gone(h.Frames)
		}
	}
	l = slices.DeleteFunc(l, func(e editor.Edit) bool { return e.Len() <= 0 })
	return editor.Join(l), nil
}

// mistake is a place in a take that went wrong, by a mark or as a retake.
type mistake struct {
	editor.Span             // what would go
	kind, why   string      // claps, false start ...
	flawed, by  editor.Span // the flawed line and the one that replaces it
	confidence  float64
	mark        bool
	refrain     bool
}

func (m mistake) edit() editor.Edit {
	// Two decimals: what else it says would be no better known.
	return editor.Edit{Span: m.Span, Reason: m.why, Confidence: math.Round(m.confidence*100) / 100}
}

// mistakesOf is what marks say and, where they say nothing, retakes that are at
// least so sure; in order.
func mistakesOf(t *retake.Take, least float64, keep string, blemishes []inspect.Blemish, said []editor.Said) []mistake {
	var all []mistake
	for _, c := range t.Cuts() {
		all = append(all, mistake{Span: c.Span, kind: string(c.Marks[0].Kind), why: c.Why(), flawed: c.Flawed, by: c.By, confidence: c.Confidence, mark: true})
	}
	marked := len(all)
	for _, p := range t.Proposals(least / 5) { // words may make it surer
		if p.Confidence = judged(p, said); p.Confidence < least {
			continue
		}
		m := mistake{Span: p.Span, kind: p.Kind, why: p.Kind, flawed: p.Flawed, by: p.By, confidence: p.Confidence, refrain: p.Refrain}
		if firstStays(p, keep, blemishes) {
			m.Span, m.why = t.Second(p), p.Kind+", the first stays"
		}
		if !slices.ContainsFunc(all[:marked], func(o mistake) bool { return o.Start < m.End && o.End > m.Start }) {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b mistake) int { return int(a.Start - b.Start) })
	return all
}

// toKeep is what must be known of a take to choose which attempts stay.
func toKeep(ctx context.Context, keep string, take *wav.Reader, t *retake.Take) ([]inspect.Blemish, error) {
	if keep != "cleanest" {
		return nil, nil
	}
	return inspect.Inspect(ctx, take, t.Heard, t.Marks)
}

// firstStays reports whether the first of two attempts is the one to keep. What was
// broken off is not cleaner for being short; of two as clean the last stays.
func firstStays(p retake.Proposal, keep string, blemishes []inspect.Blemish) bool {
	stars := func(s editor.Span) (n int) {
		for _, b := range blemishes {
			if b.Start < s.End && b.End > s.Start {
				n += b.Severity
			}
		}
		return n
	}
	switch keep {
	case "first":
		return true
	case "longest":
		return p.Flawed.Len() > p.By.Len()
	case "cleanest":
		return p.Kind != retake.FalseStart && stars(p.Flawed) < stars(p.By)
	}
	return false
}

// judged is how sure a proposal is in the light of the words, if they are known.
// That a line was corrected cannot be told from one that begins like another.
func judged(p retake.Proposal, said []editor.Said) float64 {
	flawed, by := editor.WordsIn(said, p.Flawed), editor.WordsIn(said, p.By)
	if flawed == "" || by == "" {
		return p.Confidence
	}
	switch editor.CompareWords(flawed, by) {
	case editor.Same, editor.Begun:
		return 1 - (1-p.Confidence)/3
	case editor.Corrected:
		return min(p.Confidence, 0.9)
	}
	return p.Confidence / 5
}

// noMistake is the error of a take in which nothing was found.
func noMistake(name, what, hint string) error {
	return &failure{code: exitNoMatch, err: errors.New(shown(name) + ": " + what), hint: hint}
}
