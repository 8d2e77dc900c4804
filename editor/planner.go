package editor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
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
//
// Rules that ask for words or for a total have to know every pause: with them
// all edits come out at the end.
type Planner struct {
	Rules  []Rule
	Cuts   List // as Cuts makes it
	RateHz int
	Frames int64            // length of the take
	Min    int64            // frames; shorter pauses are left alone
	Seed   uint64           // of jitter
	Text   []Said           // what is said in the take, for rules that ask for words
	Yield  func(Edit) error // is given each edit, in order

	Counts Counts

	waiting  []Pause // for the end of the take
	scale    scale
	heardEnd int64 // end of the pause before
	middle   int64 // of the pause before
	next     int64 // middle of the pause to come, if it is known
	group    struct {
		cuts         List
		pauses       []Pause
		phrase       int64 // frames of the phrase before
		middle, next int64 // middles of the pauses around the group
	}
}

// scale is what the total asks of every pause: the first ones, so many, take a
// billionth more than the factor, so that any sum can be met to the frame.
type scale struct {
	factor Decimal
	first  int64
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
	if p.total() != nil || NeedText(p.Rules) {
		p.waiting = append(p.waiting, q)
		return nil
	}
	return p.pause(q)
}

func (p *Planner) pause(q Pause) error {
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
	h := heard{start: q.Heard.Start, length: q.Heard.Len(), phrase: q.Heard.Start - p.heardEnd}
	from, middle := p.middle, (q.Heard.Start+q.Heard.End)/2
	p.heardEnd, p.middle = q.Heard.End, middle
	if joined {
		g := &p.group
		if len(g.pauses) == 0 {
			g.phrase, g.middle = max(0, min(h.phrase, h.phrase+g.cuts[0].Start-h.start)), from
		}
		g.pauses, g.next = append(g.pauses, q), p.next
		return nil
	}
	h.before, h.after = p.said(from, middle), p.said(middle, p.next)
	return p.alone(q, h)
}

// said is the words of the phrases between two places.
func (p *Planner) said(from, to int64) string {
	if len(p.Text) == 0 {
		return ""
	}
	return saidIn(p.Text, from, to)
}

// Finish ends the take: what is left comes out.
func (p *Planner) Finish() error {
	if total := p.total(); total != nil {
		if err := p.fit(total); err != nil {
			return err
		}
	}
	return p.finish()
}

func (p *Planner) finish() error {
	for i, q := range p.waiting {
		p.next = p.Frames
		if i+1 < len(p.waiting) {
			n := p.waiting[i+1].Heard
			p.next = (n.Start + n.End) / 2
		}
		if err := p.pause(q); err != nil {
			return err
		}
	}
	p.waiting = nil
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

// total is the last rule that asks for a total, nil if there is none.
func (p *Planner) total() *Rule {
	for i := range slices.Backward(p.Rules) {
		if p.Rules[i].Verb == Total {
			return &p.Rules[i]
		}
	}
	return nil
}

// fit finds the scale at which the output is so many frames long. The length
// grows with the factor, and with every pause that takes a billionth more by one
// frame at most (pauses of less than a billion frames), so none is passed over.
func (p *Planner) fit(total *Rule) error {
	want := total.Length.At(p.RateHz)
	outOfReach := func(words string, n int64) error {
		ms := (n*1000 + int64(p.RateHz)/2) / int64(p.RateHz)
		return fmt.Errorf("total=%v cannot be reached: %s %s", total.Length, words, clock(Decimal(ms)*(one/1000)))
	}
	length := func(s scale) int64 {
		try, n := *p, p.Frames
		try.scale = s
		try.Yield = func(e Edit) error { n += e.Fill - e.Len(); return nil }
		try.finish() // nothing in it fails but Yield
		return n
	}
	if least := length(scale{}); want < least {
		return outOfReach("with the pauses as short as they may be, it lasts", least)
	}
	factor := Decimal(sort.Search(int(maxFactor), func(f int) bool { return length(scale{factor: Decimal(f) + 1}) > want }))
	p.scale = scale{factor: factor}
	if factor < maxFactor {
		p.scale.first = int64(sort.Search(len(p.waiting)+1, func(n int) bool { return length(scale{factor, int64(n) + 1}) > want }))
	}
	if most := length(p.scale); most != want {
		return outOfReach("with the pauses that may be longer, it lasts", most)
	}
	return nil
}

func touches(c Edit, q Pause) bool { return c.Start <= q.Heard.End && c.End >= q.Heard.Start }

func (p *Planner) cut(c Edit) error {
	p.Counts.Cuts++
	return p.Yield(c)
}

// alone edits a pause that no cut touches.
func (p *Planner) alone(q Pause, h heard) error {
	head, tail := q.Start == 0, q.End == p.Frames
	if head && tail {
		return nil // no phrase at all
	}
	if head || tail {
		return p.outer(q, head)
	}
	want, ok := p.want(h)
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
	g := p.group
	cuts, pauses := g.cuts, g.pauses
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
		want, ok = p.want(heard{
			start: min(first.Start, before.Heard.Start), length: length, phrase: g.phrase,
			before: p.said(g.middle, first.Start), after: p.said(last.End, g.next),
		})
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
	h.chance = Decimal(rand.New(rand.NewPCG(p.Seed, uint64(h.start))).Int64N(int64(2*one+1))) - one
	want := h.length
	for _, r := range p.Rules {
		want = min(r.apply(want, h, p.RateHz), maxFrames)
	}
	if r := p.total(); r != nil && r.holds(h, p.RateHz) {
		factor := p.scale.factor
		if h.number <= p.scale.first {
			factor++
		}
		want = min(factor.of(want), maxFrames)
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
