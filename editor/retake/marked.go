package retake

import (
	"strings"

	"jackknife/editor"
	"jackknife/editor/marks"
)

// Marked is what marks say shall go.
type Marked struct {
	editor.Span
	Marks   []marks.Mark // that stand together, without a line between them
	Flawed  editor.Span  // from the first flawed line to the end of the last; empty if there is none
	By      editor.Span  // the first line after the marks; empty at the end of the take
	Matched bool         // the flawed line is known by its retake, not only by its place
	Back    bool         // two marks: back to the mark before
	// Confidence is that of the marks and of the choice of the line.
	Confidence float64
}

// Why says it in words.
func (m Marked) Why() string {
	why := string(m.Marks[0].Kind)
	if words := m.Marks[0].Words; words != "" {
		why += " " + words
	}
	switch {
	case m.Flawed.Len() == 0:
		why += ", no line before it"
	case m.Back:
		why += " twice, back to the mark before"
	case m.Matched:
		why += ", the line was said again"
	default:
		why += ", the line before it"
	}
	if m.By.Len() == 0 {
		why += ", to the end"
	}
	return why
}

// Keeps reports whether a mark says that what is before it is good: a cue point
// or label that begins with keep or good.
func Keeps(m marks.Mark) bool {
	word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(m.Words)), " ")
	return word == "keep" || word == "good"
}

// A match of a line with what follows a mark counts from here on: the mark has
// said already that something was wrong.
const leastMatch = 0.15

// Cuts is what the marks say: each cuts from the flawed line to the first line
// after it. The flawed line is the one of the three before that comes again
// after the mark, or else the last one. Two marks go back to the last mark
// before them, or the start of the take; presses of a clicker less than 0.9 s
// apart are one.
//
//	lines   aaaa  bbbb  cc  !  bbbb  dddd       ! the mark
//	cut           [..........)                  b is said again
//	lines   aaaa  bbbb  cc  !  eeee
//	cut                 [......)                nothing is: c, the last line
func (t *Take) Cuts() []Marked {
	rate := int64(t.Heard.RateHz)
	var cuts []Marked
	floor := int64(0) // the end of the last mark before: lines before it are settled
	found := t.Marks
	for len(found) > 0 {
		if Keeps(found[0]) {
			floor, found = found[0].End, found[1:]
			continue
		}
		n, back := 1, false
		for n < len(found) && !Keeps(found[n]) && found[n].Start-found[n-1].End < 5*rate && !t.between(found[n-1], found[n]) {
			back = back || found[n].Kind != marks.Clicker || found[n].Start-found[n-1].End > rate*9/10
			n++
		}
		m := Marked{Marks: found[:n], Back: back, Confidence: 0.75}
		t.cut(&m, floor)
		floor, found = m.Marks[n-1].End, found[n:]
		if k := len(cuts) - 1; k >= 0 && m.Start <= cuts[k].End {
			m.Start = min(m.End, cuts[k].End)
		}
		if m.Len() > 0 {
			cuts = append(cuts, m)
		}
	}
	return cuts
}

// between reports whether a line begins between two marks.
func (t *Take) between(a, b marks.Mark) bool {
	for _, l := range t.Lines {
		if l.Start >= a.Start && l.Start < b.Start {
			return true
		}
	}
	return false
}

// cut fills in what the marks cut, of the lines from floor on.
func (t *Take) cut(m *Marked, floor int64) {
	rate := int64(t.Heard.RateHz)
	start, end := m.Marks[0].Start, m.Marks[len(m.Marks)-1].End
	first, after := len(t.Lines), len(t.Lines) // the first line that may be flawed, the one after the marks
	for i, l := range t.Lines {
		if l.Start >= floor && first == len(t.Lines) {
			first = i
		}
		if l.Start >= end && l.Start > start {
			after = i
			break
		}
	}
	m.End = t.Heard.Frames
	if after < len(t.Lines) {
		m.By = t.Lines[after]
		m.End = t.ahead(m.By.Start)
	}
	if first >= after { // nothing to go but the mark itself
		m.Start, m.Confidence = min(m.End, t.ahead(start)), 0.5
		return
	}
	line, part := after-1, int64(0)
	if m.Back {
		line = first
	} else if after < len(t.Lines) {
		sure := leastMatch
		for i := max(first, after-reach); i < after; i++ {
			p := t.pairs[[2]int{i, after}]
			if p == nil || !p.near {
				continue
			}
			if p.again >= sure {
				line, part, sure, m.Matched = i, 0, p.again, true
			}
			if p.part > max(sure, 0.9) {
				line, part, sure, m.Matched = i, p.from, p.part, true
			}
		}
		if prev := t.pairs[[2]int{line - 1, after}]; m.Matched && part == 0 && line > first && t.Lines[line].Len() < rate/2 &&
			prev != nil && prev.near && prev.again >= leastMatch {
			line-- // begun again, and broken off at once
		}
		if m.Matched {
			m.Confidence = max(0.9, sure)
		} else if prev := line - 1; prev >= first && t.Lines[line].Len() < rate*9/10 && t.Lines[line].Start-t.Lines[prev].End < rate*6/10 {
			line = prev // a short word right behind: "sorry"
		}
	}
	m.Flawed = editor.Span{Start: t.Lines[line].Start, End: t.Lines[after-1].End}
	m.Start = t.ahead(m.Flawed.Start)
	if part > 0 {
		m.Start, m.Flawed.Start = part, part
	}
	var sure float64
	for _, k := range m.Marks {
		sure = max(sure, k.Confidence)
	}
	m.Confidence = min(m.Confidence, max(sure, 0.5))
}
