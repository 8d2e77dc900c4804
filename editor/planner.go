package editor

import (
	"fmt"
	"slices"
)

// Planner turns the pauses of a take, as they are found, into the edits that
// the rules and the cuts ask for. Edits come out in order, each as soon as no
// later pause can change it, so that rendering can begin while detection runs.
//
// A pause that no cut touches is edited on its own. A pause is lengthened in
// its quietest place and shortened around it, never past its pads; head and
// tail are changed at the very beginning and end of the take.
//
// Where cuts touch pauses, a listener hears what is left of those pauses as
// one. The rules speak of that one, and its edit is made one with the cut:
//
//	take            aaaa....xxxxxx......bbbb      a, b phrases; x the mistake; . pauses
//	cut                   [........]
//	heard           aaaa........bbbb              one pause of 8
//	rule =12        aaaa..[~~~~]......bbbb        the cut, filled by 4
//	rule =4         aaaa.[][...........].bbbb  -> one longer cut: aaaa....bbbb
//
//	cut swallows    aaa[xx......xx]bbb            no pause is left: the cut alone
//	cut inside      aaa..[..]...bbb               what is left is one pause
//	cut at an end   [xxxx..]...bbb                what is left is the head: rules do not touch it
type Planner struct {
	Rules  []Rule
	Cuts   List // as Cuts makes it
	RateHz int
	Frames int64            // length of the take
	Min    int64            // frames; shorter pauses are left alone
	Yield  func(Edit) error // is given each edit, in order

	Counts Counts

	heardEnd int64 // end of the pause before
	group    struct {
		cuts   List
		pauses []Pause
	}
}

// Counts says what a Planner did.
type Counts struct {
	Pauses  int // heard in the output's sense: joined ones count once, head and tail not at all
	Changed int // pauses made longer or shorter, head and tail included
	Cuts    int
	Held    int // pauses that would have become shorter than their pads allow
}

// seamMillis is the length of a seam from tone to tone, nearMillis of one with
// speech beside it.
const (
	seamMillis = 30
	nearMillis = 5
)

func millis(n, rateHz int) int64 { return int64(n) * int64(rateHz) / 1000 }

// Pause takes the next pause of the take.
func (p *Planner) Pause(q Pause) error {
	joined := false
	if n := len(p.group.cuts); n > 0 {
		if joined = touches(p.group.cuts[n-1], q); !joined {
			if err := p.closeGroup(); err != nil {
				return err
			}
		}
	}
	for len(p.Cuts) > 0 && p.Cuts[0].End < q.Heard.Start {
		if err := p.cut(p.Cuts[0]); err != nil {
			return err
		}
		p.Cuts = p.Cuts[1:]
	}
	for len(p.Cuts) > 0 && touches(p.Cuts[0], q) {
		p.group.cuts = append(p.group.cuts, p.Cuts[0])
		p.Cuts = p.Cuts[1:]
		joined = true
	}
	phrase := q.Heard.Start - p.heardEnd
	p.heardEnd = q.Heard.End
	if joined {
		p.group.pauses = append(p.group.pauses, q)
		return nil
	}
	return p.alone(q, phrase)
}

// Finish ends the take: what is left comes out.
func (p *Planner) Finish() error {
	if err := p.closeGroup(); err != nil {
		return err
	}
	for _, c := range p.Cuts {
		if err := p.cut(c); err != nil {
			return err
		}
	}
	p.Cuts = nil
	return nil
}

func touches(c Edit, q Pause) bool { return c.Start <= q.Heard.End && c.End >= q.Heard.Start }

func (p *Planner) cut(c Edit) error {
	p.Counts.Cuts++
	return p.Yield(c)
}

// alone edits a pause that no cut touches.
func (p *Planner) alone(q Pause, phrase int64) error {
	head, tail := q.Start == 0, q.End == p.Frames
	if head && tail {
		return nil // no phrase at all
	}
	if head || tail {
		return p.outer(q, head)
	}
	want, ok := p.want(heard{start: q.Heard.Start, length: q.Heard.Len(), phrase: phrase})
	more := want - q.Heard.Len()
	half := min(millis(seamMillis, p.RateHz)/2, q.Len()/2)
	switch {
	case !ok || more == 0:
		return nil
	case more > 0:
		at := min(max(q.At, q.Start+2*half), q.End-2*half)
		if q.Len() < 4*half {
			at = q.Start + q.Len()/2
		}
		return p.changed(Edit{Span: Span{at, at}, Fill: more}, q.Heard.Len(), want)
	}
	less := min(-more, q.Len()-2*half)
	if less < -more {
		p.Counts.Held++
	}
	if less <= 0 {
		return nil
	}
	from := min(max(q.At-less/2, q.Start+half), q.End-half-less)
	return p.changed(Edit{Span: Span{from, from + less}}, q.Heard.Len(), q.Heard.Len()-less)
}

// outer gives the head or the tail the length its rule asks for.
func (p *Planner) outer(q Pause, head bool) error {
	verb, name := Tail, "tail"
	if head {
		verb, name = Head, "head"
	}
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.Verb == verb })
	if i < 0 {
		return nil
	}
	length := q.Heard.Len()
	more := p.Rules[i].Length.At(p.RateHz) - length
	less := min(max(-more, 0), q.Len())
	if less < -more {
		p.Counts.Held++
	}
	e := Edit{Span: Span{q.End - less, q.End}, Fill: max(more, 0)}
	if head {
		e.Span = Span{q.Start, q.Start + less}
	}
	if e.Len() == 0 && e.Fill == 0 {
		return nil
	}
	p.Counts.Changed++
	return p.Yield(p.explained(e, name, length, length+e.Fill-e.Len()))
}

// closeGroup edits the pauses that the cuts of the group have made one.
func (p *Planner) closeGroup() error {
	cuts, pauses := p.group.cuts, p.group.pauses
	if len(cuts) == 0 {
		return nil
	}
	p.group.cuts, p.group.pauses = nil, nil
	first, last := &cuts[0], &cuts[len(cuts)-1]
	before, after := pauses[0], pauses[len(pauses)-1]
	length := int64(0)
	for _, q := range pauses {
		length += q.Heard.Len()
		for _, c := range cuts {
			length -= max(0, min(c.End, q.Heard.End)-max(c.Start, q.Heard.Start))
		}
	}
	outer := first.Start == 0 || last.End == p.Frames || before.Start == 0 || after.End == p.Frames
	want, ok := length, false
	if !outer && length > 0 {
		want, ok = p.want(heard{start: min(first.Start, before.Heard.Start), length: length})
	}
	got := want
	if ok && want != length {
		was := length
		if want > length {
			first.Fill = want - length
		} else {
			// Take from both sides, as far as the pads and half a seam allow.
			half := millis(seamMillis, p.RateHz) / 2
			left := max(0, first.Start-(before.Start+half))
			right := max(0, after.End-half-last.End)
			less := min(length-want, left+right)
			if less < length-want {
				p.Counts.Held++
			}
			fromLeft := min(left, max(less-right, less/2))
			first.Start -= fromLeft
			last.End += less - fromLeft
			got = length - less
		}
		if got != was {
			p.Counts.Changed++
			first.Reason = p.explained(*first, fmt.Sprintf("%s, pause %d", first.Reason, p.Counts.Pauses), was, got).Reason
		}
	}
	for _, c := range cuts {
		if err := p.cut(c); err != nil {
			return err
		}
	}
	return nil
}

// want is the length that the rules give to a pause, and whether they may.
func (p *Planner) want(h heard) (int64, bool) {
	if h.length < p.Min {
		return 0, false
	}
	p.Counts.Pauses++
	h.number = int64(p.Counts.Pauses)
	want := h.length
	for _, r := range p.Rules {
		want = min(r.apply(want, h, p.RateHz), maxFrames)
	}
	return want, true
}

func (p *Planner) changed(e Edit, was, is int64) error {
	p.Counts.Changed++
	return p.Yield(p.explained(e, fmt.Sprintf("pause %d", p.Counts.Pauses), was, is))
}

func (p *Planner) explained(e Edit, what string, was, is int64) Edit {
	seconds := func(frames int64) float64 { return float64(frames) / float64(p.RateHz) }
	e.Reason = fmt.Sprintf("%s, %.3f s to %.3f s", what, seconds(was), seconds(is))
	e.Confidence = 1
	return e
}
