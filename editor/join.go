package editor

import (
	"cmp"
	"slices"
)

// Join makes one list of several: those of their cuts that overlap or touch
// become one, as sure as the least sure of them, with the reasons of both.
func Join(lists ...List) List {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b Edit) int { return cmp.Compare(a.Start, b.Start) })
	var l List
	for _, e := range all {
		k := len(l) - 1
		if k < 0 || e.Start > l[k].End {
			l = append(l, e)
			continue
		}
		l[k].End, l[k].Fill = max(l[k].End, e.End), l[k].Fill+e.Fill
		l[k].Confidence = min(l[k].Confidence, e.Confidence)
		if e.Reason != l[k].Reason {
			l[k].Reason += "; " + e.Reason
		}
	}
	return l
}
