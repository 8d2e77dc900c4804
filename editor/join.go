package editor

import (
	"cmp"
	"slices"
)

// Join makes one list of several: edits that overlap or touch become one, as sure
// as the less sure of them, with the reasons of both. What both take away goes
// once; what one covers and the other cuts is cut.
func Join(lists ...List) List {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b Edit) int { return cmp.Compare(a.Start, b.Start) })
	var l List
	j := Joiner{Yield: func(e Edit) error { l = append(l, e); return nil }}
	for _, e := range all {
		j.add(e) // Yield does not fail
	}
	j.Finish()
	return l
}

// Joiner joins edits as they come with others that are known beforehand. The
// zero values of all but Yield will do.
type Joiner struct {
	Known List // in order
	Yield func(Edit) error
	held  *Edit
}

// Edit takes the next edit, in order.
func (j *Joiner) Edit(e Edit) error {
	for len(j.Known) > 0 && j.Known[0].Start <= e.Start {
		if err := j.add(j.Known[0]); err != nil {
			return err
		}
		j.Known = j.Known[1:]
	}
	return j.add(e)
}

// Finish yields what is left.
func (j *Joiner) Finish() error {
	for _, e := range j.Known {
		if err := j.add(e); err != nil {
			return err
		}
	}
	j.Known = nil
	if j.held == nil {
		return nil
	}
	e := *j.held
	j.held = nil
	return j.Yield(e)
}

func (j *Joiner) add(e Edit) error {
	h := j.held
	if h == nil || e.Start > h.End {
		j.held = &e
		if h != nil {
			return j.Yield(*h)
		}
		return nil
	}
	both := max(0, min(h.End, e.End)-e.Start)
	h.End, h.Fill = max(h.End, e.End), max(0, h.Fill+e.Fill-both)
	h.Confidence = min(h.Confidence, e.Confidence)
	if e.Reason != h.Reason {
		h.Reason += "; " + e.Reason
	}
	return nil
}
