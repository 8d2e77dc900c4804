package retake

import (
	"cmp"
	"slices"

	"jackknife/editor"
)

// Kinds of retakes.
const (
	FalseStart = "false start" // broken off, then said from its start
	Full       = "full"        // said to its end, then again
	Double     = "double"      // spoiled twice
	Partial    = "partial"     // gone on from somewhere in the line
)

// Proposal is a line that seems to have been said again.
type Proposal struct {
	editor.Span             // what would go: from the flawed words to those that replace them
	Kind        string      // of the above
	Flawed, By  editor.Span // the line, or the part of it, and what replaces it
	Confidence  float64     // right as often as it says, on made voices: see MISTAKES.md
	// Refrain says that it stands there three times or more: most likely on purpose.
	Refrain bool
}

// Proposals are what may be mistakes, in the order of the take, none over
// another, each at least so sure.
func (t *Take) Proposals(least float64) []Proposal {
	var all []Proposal
	for i := range t.Lines {
		best, at := (*pair)(nil), 0
		sure := func(p *pair) float64 { return max(p.again, p.part) }
		for j := i + 1; j < min(len(t.Lines), i+1+reach); j++ {
			if p := t.pairs[[2]int{i, j}]; p != nil && p.near && (best == nil || sure(p) > sure(best)) {
				best, at = p, j
			}
		}
		if best == nil || sure(best) < least {
			continue
		}
		if p := t.proposal(i, at, best); p.Confidence >= least {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b Proposal) int { return cmp.Compare(b.Confidence, a.Confidence) })
	var kept []Proposal
	for _, p := range all {
		for _, k := range kept {
			if p.Start < k.End && p.End > k.Start {
				if p.Start >= k.Start {
					p.End = p.Start // what is left of it goes with the other
				} else {
					p.End, p.Kind = k.Start, Double
				}
			}
		}
		if p.Len() > int64(t.Heard.RateHz)/5 {
			kept = append(kept, p)
		}
	}
	slices.SortFunc(kept, func(a, b Proposal) int { return cmp.Compare(a.Start, b.Start) })
	return kept
}

func (t *Take) proposal(i, j int, p *pair) Proposal {
	q := Proposal{Flawed: t.Lines[i], By: t.Lines[j], Confidence: p.again, Kind: Full, Refrain: t.family(i, j, p.whole).lines > 2}
	switch {
	case p.part > p.again:
		q.Kind, q.Confidence = Partial, p.part
		q.Flawed.Start = p.from
		q.Start, q.End = q.Flawed.Start, t.ahead(q.By.Start)
		return q
	case p.covered > 0.8 && float64(q.Flawed.Len()) < 0.85*float64(q.By.Len()):
		q.Kind = FalseStart
	}
	q.Start, q.End = t.ahead(q.Flawed.Start), t.ahead(q.By.Start)
	return q
}

// ahead is where to cut before something that begins at a frame: where its pad
// begins, if a pause is before it.
func (t *Take) ahead(frame int64) int64 {
	pauses := t.Heard.Pauses
	i, _ := slices.BinarySearchFunc(pauses, frame, func(p editor.Pause, f int64) int { return cmp.Compare(p.Heard.End, f) })
	if i < len(pauses) && pauses[i].Start <= frame {
		return min(frame, pauses[i].End)
	}
	return frame
}

// behind is where to cut after something that ends at a frame.
func (t *Take) behind(frame int64) int64 {
	pauses := t.Heard.Pauses
	i, _ := slices.BinarySearchFunc(pauses, frame, func(p editor.Pause, f int64) int { return cmp.Compare(p.End, f) })
	if i < len(pauses) && pauses[i].Heard.Start <= frame {
		return max(frame, pauses[i].Start)
	}
	return frame
}

// quietest is the middle of the quietest 30 ms between two milliseconds, above
// 600 Hz.
func (t *Take) quietest(from, to int) int64 {
	const wide = 30
	e := t.Heard.Sharp
	best, level := from, float32(0)
	for i := from; i+wide <= min(to, len(e)); i++ {
		var top float32 = -200
		for _, v := range e[i : i+wide] {
			top = max(top, v)
		}
		if i == from || top < level {
			best, level = i, top
		}
	}
	return t.Heard.Frame(best + wide/2)
}

// Second is what goes if the first attempt stays: the second one, and the pause
// before it.
func (t *Take) Second(p Proposal) editor.Span {
	return editor.Span{Start: t.behind(p.Flawed.End), End: t.behind(p.By.End)}
}
