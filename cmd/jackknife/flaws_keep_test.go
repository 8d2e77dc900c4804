package main

import (
	"testing"

	"jackknife/editor"
	"jackknife/editor/inspect"
	"jackknife/editor/retake"
)

func TestWhichAttemptStays(t *testing.T) {
	full := retake.Proposal{Kind: retake.Full, Flawed: editor.Span{Start: 1000, End: 3000}, By: editor.Span{Start: 4000, End: 5500}}
	broken := full
	broken.Kind = retake.FalseStart
	click := func(at int64, severity int) []inspect.Blemish {
		return []inspect.Blemish{{Span: editor.Span{Start: at, End: at + 10}, Severity: severity}}
	}
	for _, c := range []struct {
		name      string
		p         retake.Proposal
		keep      string
		blemishes []inspect.Blemish
		first     bool
	}{
		{"last", full, "last", click(4500, 3), false},
		{"first", full, "first", click(1500, 3), true},
		{"longest", full, "longest", nil, true},
		{"a click in the second", full, "cleanest", click(4500, 1), true},
		{"a click in the first", full, "cleanest", click(1500, 1), false},
		{"clicks in both, the first's are worse", full, "cleanest", append(click(1500, 3), click(4500, 1)...), false},
		{"a click between them", full, "cleanest", click(3500, 3), false},
		{"as clean as each other", full, "cleanest", nil, false},
		{"broken off", broken, "cleanest", click(4500, 3), false},
	} {
		if got := firstStays(c.p, c.keep, c.blemishes); got != c.first {
			t.Errorf("%s: the first stays: %v", c.name, got)
		}
	}
}
