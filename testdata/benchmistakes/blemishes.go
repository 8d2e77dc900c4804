package main

import (
	"fmt"

	"jackknife/editor"
	"jackknife/editor/inspect"
	"jackknife/testdata/voices"
)

// blemishOf is as what a sound between phrases should be listed.
var blemishOf = map[string]inspect.Kind{"lip": inspect.Click, "breath": inspect.Breath, "pop": inspect.Plosive, "cough": inspect.Cough, "knock": inspect.Knock, "slam": inspect.Knock}

// addBlemishes counts which sounds were found, and as what; and what was found
// where nothing is.
func (s *score) addBlemishes(w *work, snr string) {
	rate := w.found.Heard.RateHz
	hit := make([]bool, len(w.blemishes))
	for _, z := range w.truth.Noises {
		want := blemishOf[z.Kind]
		if want == "" {
			continue
		}
		row, at := s.blemishes.at(z.Kind), s.blemishes.at(z.Kind, snr)
		row.there, at.there = row.there+1, at.there+1
		as := ""
		for k, b := range w.blemishes {
			if b.Len() < int64(3*rate) && overlap(b.Span, z.Span) > 0 {
				hit[k] = true
				if b.Kind == want {
					as = string(want)
				} else if as == "" {
					as = string(b.Kind)
				}
			}
		}
		if as == string(want) {
			row.found, at.found = row.found+1, at.found+1
		} else {
			fmt.Fprintf(s.verbose, "%s %s seed %d: %s at %s is %q\n", w.config.Voice, snr, w.config.Seed, z.Kind, clock(z.Start, rate), as)
		}
	}
	for k, b := range w.blemishes {
		switch b.Kind {
		case inspect.Click, inspect.Breath, inspect.Plosive, inspect.Cough, inspect.Knock:
		default:
			continue
		}
		row := s.blemishes.at("all " + string(b.Kind))
		if hit[k] {
			row.right++
			continue
		}
		row.wrong++
		fmt.Fprintf(s.verbose, "%s %s seed %d: false %s at %s %s %s\n", w.config.Voice, snr, w.config.Seed, b.Kind, clock(b.Start, rate), b.Level, spoken(w.truth, b.Span))
	}
}

func spoken(t voices.Truth, s editor.Span) string {
	for _, p := range t.Phrases {
		if overlap(p.Span, s) > 0 {
			return p.Text
		}
	}
	return ""
}
