// Package inspect finds what a take suffers from: clicks, breaths, plosives,
// coughs, doors, hum, clipping, dropouts and more; where, how bad, and what helps.
package inspect

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"jackknife/editor"
	"jackknife/editor/hear"
	"jackknife/editor/marks"
	"jackknife/wav"
)

// Kind is a kind of blemish.
type Kind string

const (
	Click    Kind = "click"    // of lips and tongue, or of the cable
	Breath   Kind = "breath"   // between phrases
	Plosive  Kind = "plosive"  // a p or b that hits the microphone
	Cough    Kind = "cough"    //
	Knock    Kind = "knock"    // doors, chairs, knocks on the desk
	Hum      Kind = "hum"      // of the mains
	Buzz     Kind = "buzz"     // of a mobile phone
	DC       Kind = "dc"       // the wave is not about zero
	Clipping Kind = "clipping" // the converter's end was reached
	Peak     Kind = "peak"     // above full scale between samples
	Dropout  Kind = "dropout"  // a hole in the sound
	Silence  Kind = "silence"  // digital, longer than a dropout
	DeadAir  Kind = "dead air" // a pause far longer than the others
	Jump     Kind = "jump"     // from here on the voice has another level
)

// Kinds is all of them, as they are listed.
var Kinds = []Kind{Click, Breath, Plosive, Cough, Knock, Hum, Buzz, DC, Clipping, Peak, Dropout, Silence, DeadAir, Jump}

// Blemish is one of them.
type Blemish struct {
	editor.Span
	Kind     Kind
	Severity int    // 1 hardly heard, 2 heard, 3 spoils the take
	Level    string // how much of it there is, in words
	InPause  bool   // room tone can take its place
}

var remedies = map[Kind]string{
	Click:    "--clean clicks, in pauses; in speech a de-clicker",
	Breath:   "--clean breaths, or leave it",
	Plosive:  "a high-pass at 100 Hz there; a pop filter",
	Cough:    "cut it, or --clean coughs",
	Knock:    "cut it, or --clean knocks; say the line again if it lies in one",
	Hum:      "a notch filter; another mains socket, a balanced cable",
	Buzz:     "no phone near the microphone; say it again",
	DC:       "a high-pass at 20 Hz before any other edit",
	Clipping: "say it again with less gain",
	Peak:     "1 dB less gain before it is encoded",
	Dropout:  "say it again; see the take's .events.jsonl",
	Silence:  "record without a gate; --fill tone covers what edits make",
	DeadAir:  "-p max=4s shortens it",
	Jump:     "adjust the level of one part; the same distance to the microphone",
}

// Remedy is what helps.
func (b Blemish) Remedy() string { return remedies[b.Kind] }

// Inspect finds the blemishes of a take that was heard, whose marks are known.
func Inspect(ctx context.Context, take *wav.Reader, h *hear.Heard, found []marks.Mark) ([]Blemish, error) {
	if h.Frames == 0 {
		return nil, nil
	}
	all, err := samples(ctx, take, h)
	if err != nil {
		return nil, err
	}
	add := func(more []Blemish, err error) error {
		all = append(all, more...)
		return err
	}
	noises, err := islands(h, found)
	if err := add(noises, err); err != nil {
		return nil, err
	}
	for _, look := range []func() ([]Blemish, error){
		func() ([]Blemish, error) { return clicks(h, found) },
		func() ([]Blemish, error) { return plosives(h, noises) },
		func() ([]Blemish, error) { return buzzes(h) },
		func() ([]Blemish, error) { return room(h) },
		func() ([]Blemish, error) { return deadAir(h), nil },
		func() ([]Blemish, error) { return jumps(h, noises), nil },
	} {
		if err := add(look()); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b Blemish) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	return all, nil
}

// Cleaned are the edits that put room tone in the place of blemishes of some
// kinds, as far as they lie in pauses.
func Cleaned(all []Blemish, kinds []Kind) editor.List {
	var l editor.List
	for _, b := range all {
		if b.InPause && b.Len() > 0 && slices.Contains(kinds, b.Kind) {
			l = append(l, editor.Edit{Span: b.Span, Fill: b.Len(), Reason: string(b.Kind) + " covered", Confidence: 1})
		}
	}
	return editor.Join(l)
}

// deadAir is pauses of 5 s and more that are four times as long as most.
func deadAir(h *hear.Heard) []Blemish {
	var lengths []int64
	for _, p := range h.Pauses {
		lengths = append(lengths, p.Heard.Len())
	}
	if len(lengths) == 0 {
		return nil
	}
	slices.Sort(lengths)
	limit := max(5*int64(h.RateHz), 4*lengths[len(lengths)/2])
	if len(lengths) < 4 {
		limit = 10 * int64(h.RateHz)
	}
	var all []Blemish
	for _, p := range h.Pauses {
		if p.Heard.Len() >= limit {
			b := Blemish{Span: p.Heard, Kind: DeadAir, Severity: 2, Level: fmt.Sprintf("%.1f s", float64(p.Heard.Len())/float64(h.RateHz))}
			all = append(all, b)
		}
	}
	return all
}

// jumps finds where the level of the voice changes for good, by 4 dB and more
// over eight lines on either side: another sitting, another distance.
func jumps(h *hear.Heard, noises []Blemish) []Blemish {
	const lines = 8
	var starts []int64
	var levels []float64
	for _, p := range h.Phrases {
		if slices.ContainsFunc(noises, func(n Blemish) bool { return n.Start < p.End && n.End > p.Start }) {
			continue
		}
		starts, levels = append(starts, p.Start), append(levels, loud(h, p))
	}
	var all []Blemish
	last := -lines
	change := func(i int) float64 { return median(levels[i:i+lines]) - median(levels[i-lines:i]) }
	for i := lines; i+lines <= len(levels); i++ {
		if math.Abs(change(i)) < 4 || i-last < lines {
			continue
		}
		most := i // where it changes most
		for k := i; k < min(i+lines, len(levels)-lines+1); k++ {
			if math.Abs(change(k)) > math.Abs(change(most)) {
				most = k
			}
		}
		c := change(most)
		// Over so many lines several places change alike: it is where both sides are
		// nearest to a level of their own.
		best, least := most, math.Inf(1)
		for k := max(most-lines/2, lines/2); k <= min(most+lines/2, len(levels)-lines/2); k++ {
			from, to := max(0, most-lines), min(len(levels), most+lines)
			if apart := scatter(levels[from:k]) + scatter(levels[k:to]); apart < least {
				best, least = k, apart
			}
		}
		last = best
		b := Blemish{Span: editor.Span{Start: starts[best], End: starts[best]}, Kind: Jump, Severity: 2, Level: fmt.Sprintf("%+.1f dB", c)}
		if math.Abs(c) > 8 {
			b.Severity = 3
		}
		all = append(all, b)
	}
	return all
}

// scatter is how far values are from their median, all together.
func scatter(v []float64) (sum float64) {
	m := median(v)
	for _, x := range v {
		sum += math.Abs(x - m)
	}
	return sum
}

// loud is the level of a span in the milliseconds that are loud in it, in dBFS
// above 600 Hz.
func loud(h *hear.Heard, s editor.Span) float64 {
	e := h.Sharp[h.Millis(s.Start):min(len(h.Sharp), h.Millis(s.End))]
	if len(e) == 0 {
		return -130
	}
	v := slices.Clone(e)
	slices.Sort(v)
	return float64(v[len(v)*9/10])
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

// pauseAround is the pause that holds a span in what may be edited of it.
func pauseAround(h *hear.Heard, s editor.Span) (editor.Pause, bool) {
	i, _ := slices.BinarySearchFunc(h.Pauses, s.Start, func(p editor.Pause, at int64) int { return cmp.Compare(p.End, at) })
	if i < len(h.Pauses) && h.Pauses[i].Start <= s.Start && h.Pauses[i].End >= s.End {
		return h.Pauses[i], true
	}
	return editor.Pause{}, false
}
