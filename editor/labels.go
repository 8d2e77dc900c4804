package editor

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// FormatLabels is the list as an Audacity label track: start and end in seconds,
// then what is done and why. A fill is as long as it says, wherever its label
// ends; what lies under the label goes.
//
//	62.500000000	64.100000000	cut: why
//	70.000000000	70.000000000	fill 500ms: why
func (l List) FormatLabels(rateHz int) []byte {
	var b bytes.Buffer
	for _, e := range l {
		what := "cut"
		if e.Fill > 0 {
			what = "fill " + exactly(e.Fill, rateHz).String()
		}
		if e.Reason != "" {
			what += ": " + strings.ReplaceAll(e.Reason, "\t", " ")
		}
		fmt.Fprintf(&b, "%.9f\t%.9f\t%s\n", float64(e.Start)/float64(rateHz), float64(e.End)/float64(rateHz), what)
	}
	return b.Bytes()
}

// exactly is so many frames, in seconds where a millisecond says it.
func exactly(frames int64, rateHz int) Duration {
	if d := (Duration{Seconds: Decimal(frames*1000/int64(rateHz)) * (one / 1000)}); frames < maxFrames/1000 && d.At(rateHz) == frames && d.Seconds <= maxSeconds {
		return d
	}
	return Duration{Frames: frames}
}

// ParseEditLabels reads what FormatLabels writes, as it comes back from
// Audacity: moved, removed, added to. The labels may stand in any order; cuts that
// touch are one. File is
// the file's name, for the error messages: they begin with file:line:column.
func ParseEditLabels(file string, text []byte, rateHz int, frames int64) (List, error) {
	labels, lines, err := parseLabels(file, text, rateHz)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(labels))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(labels[a].Start, labels[b].Start), cmp.Compare(labels[a].End, labels[b].End))
	})
	var l List
	for n, i := range order {
		fail := func(format string, args ...any) error {
			return &LineError{file, lines[i], 1, fmt.Sprintf(format, args...)}
		}
		e := Edit{Span: labels[i].Span, Confidence: 1}
		s := scanner{text: labels[i].Words}
		switch {
		case s.skip("cut"):
		case s.skip("fill "):
			s.space()
			var d Duration
			d, err = s.duration()
			e.Fill = d.At(rateHz)
		default:
			err = errors.New("no edit")
		}
		if err == nil && s.rest() != "" && !s.skip(":") {
			err = errors.New("no colon")
		}
		if err != nil {
			return nil, fail("label %q: want cut or fill 500ms, and then, after a colon, why", labels[i].Words)
		}
		e.Reason = strings.TrimSpace(strings.ReplaceAll(s.rest(), "\t", " "))
		if err := (List{e}).Validate(frames); err != nil {
			return nil, fail("%s", strings.TrimPrefix(err.Error(), "edit 1: "))
		}
		last := len(l) - 1
		switch {
		case last >= 0 && e.Start == l[last].End && e.Fill == 0 && l[last].Fill == 0: // a line that was said three times
			l[last].End = e.End
			switch reason := &l[last].Reason; {
			case *reason == "":
				*reason = e.Reason
			case e.Reason != "" && e.Reason != *reason:
				*reason += "; " + e.Reason
			}
			continue
		case last >= 0 && e.Start <= l[last].End:
			return nil, fail("begins before the label in line %d has ended, or touches it; make them one", lines[order[n-1]])
		}
		l = append(l, e)
	}
	return l, nil
}
