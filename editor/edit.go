package editor

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
)

// Edit replaces the frames of Span by Fill frames of room tone. It is the only
// kind of edit there is:
//
//	a cut               |aaaa[xxxx]bbbb|  ->  |aaaabbbb|        Fill 0
//	a longer pause      |aaaa[]bbbb|      ->  |aaaa~~~~bbbb|    empty Span
//	a shorter pause     |aa[..]bb|        ->  |aabb|            Fill 0
//	a covered mistake   |aaaa[xxxx]bbbb|  ->  |aaaa~~~~bbbb|    Fill == Span.Len()
type Edit struct {
	Span
	Fill       int64   // frames of room tone
	Reason     string  // one line, for people
	Confidence float64 // 0 to 1: how sure the one who proposed it is
}

// List is a set of edits of one take in the order of the take. Neighbours keep
// at least one frame between them. The empty list is the identity.
type List []Edit

// Validate reports the first edit that cannot be applied to a take of n frames.
func (l List) Validate(n int64) error {
	for i, e := range l {
		switch {
		case e.Start < 0 || e.End < e.Start:
			return fmt.Errorf("edit %d: span [%d, %d) runs backwards", i+1, e.Start, e.End)
		case e.End > n:
			return fmt.Errorf("edit %d: span [%d, %d) ends past the end of the take (%d frames)", i+1, e.Start, e.End, n)
		case e.Fill < 0:
			return fmt.Errorf("edit %d: fill of %d frames", i+1, e.Fill)
		case e.Len() == 0 && e.Fill == 0:
			return fmt.Errorf("edit %d: at frame %d: changes nothing", i+1, e.Start)
		case !(e.Confidence >= 0 && e.Confidence <= 1):
			return fmt.Errorf("edit %d: confidence %v is not between 0 and 1", i+1, e.Confidence)
		case i > 0 && e.Start < l[i-1].End:
			return fmt.Errorf("edit %d: starts at frame %d, before edit %d ends at frame %d", i+1, e.Start, i, l[i-1].End)
		case i > 0 && e.Start == l[i-1].End:
			return fmt.Errorf("edit %d: touches edit %d at frame %d; make them one", i+1, i, e.Start)
		}
	}
	return nil
}

// Length is the number of frames a take of n frames has after the edits.
func (l List) Length(n int64) int64 {
	for _, e := range l {
		n += e.Fill - e.Len()
	}
	return n
}

// Region is a span of the take, or of room tone, placed in the output.
type Region struct {
	Out  Span // frames of the output
	Take Span // the frames of the take that stand there; for tone, those it replaces
	Edit int  // index of the edit whose room tone this is, -1 for the take
}

// Tone reports whether r is room tone.
func (r Region) Tone() bool { return r.Edit >= 0 }

// Regions is the playlist: what stands where in the output of a take of n
// frames. The regions are in order, without gaps, none of them empty.
//
//	take     |aaaa[xx]bbb[]cccc|
//	regions  |aaaa|bbb|~~~|cccc|
func (l List) Regions(n int64) []Region {
	var regions []Region
	var out, pos int64
	add := func(s Span, frames int64, edit int) {
		if frames > 0 {
			regions = append(regions, Region{Span{out, out + frames}, s, edit})
			out += frames
		}
	}
	for i, e := range l {
		add(Span{pos, e.Start}, e.Start-pos, -1)
		add(e.Span, e.Fill, i)
		pos = e.End
	}
	add(Span{pos, n}, n-pos, -1)
	return regions
}

// Output is the time map: the frame of the output at which a frame of the take
// stands. A frame that was replaced goes to the place in the fill that it would
// have had, at most to the fill's end.
func (l List) Output(frame int64) int64 {
	var shift int64
	for _, e := range l {
		if frame < e.Start {
			break
		}
		if frame < e.End {
			return e.Start + shift + min(frame-e.Start, e.Fill)
		}
		shift += e.Fill - e.Len()
	}
	return frame + shift
}

// Change is an edit that one of two lists has and the other has not.
type Change struct {
	Edit
	Added bool // it is the second that has it
}

// Diff is how b differs from l, in the order of the take. Edits are the same if
// they do the same; their reasons do not count.
func (l List) Diff(b List) []Change {
	var changes []Change
	order := func(x, y Edit) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End), cmp.Compare(x.Fill, y.Fill))
	}
	for len(l) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(l) > 0 && order(l[0], b[0]) < 0:
			changes, l = append(changes, Change{l[0], false}), l[1:]
		case len(l) == 0 || order(l[0], b[0]) > 0:
			changes, b = append(changes, Change{b[0], true}), b[1:]
		default:
			l, b = l[1:], b[1:]
		}
	}
	return changes
}

// Inverse is the list that makes the take again of the output. It reports false
// if that cannot be, because frames of the take are gone.
func (l List) Inverse() (List, bool) {
	var inverse List
	var shift int64
	for _, e := range l {
		if e.Len() > 0 {
			return nil, false
		}
		inverse = append(inverse, Edit{Span: Span{e.Start + shift, e.Start + shift + e.Fill}, Reason: e.Reason, Confidence: e.Confidence})
		shift += e.Fill
	}
	return inverse, true
}

// Cuts turns spans into a list of cuts: sorted, those that overlap or touch
// made one, empty ones left out.
func Cuts(spans []Span, reason string) List {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	var l List
	for _, s := range spans {
		if s.Len() <= 0 {
			continue
		}
		if k := len(l) - 1; k >= 0 && s.Start <= l[k].End {
			l[k].End = max(l[k].End, s.End)
			continue
		}
		l = append(l, Edit{Span: s, Reason: reason, Confidence: 1})
	}
	return l
}

// pauseAt is the pause whose editable span holds frame or ends at it, nil if
// there is none.
func pauseAt(pauses []Pause, frame int64) *Pause {
	i := sort.Search(len(pauses), func(i int) bool { return pauses[i].End >= frame })
	if i < len(pauses) && pauses[i].Start <= frame {
		return &pauses[i]
	}
	return nil
}
