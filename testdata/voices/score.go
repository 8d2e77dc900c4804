package voices

import (
	"math"
	"slices"

	"jackknife/editor"
)

// Score adds up how found pauses agree with the truth.
type Score struct {
	Phrases, Lost  int       // lost: wholly inside a pause
	ClearMS        []float64 // per phrase, clearly audible speech inside what may be edited
	Pauses, Missed int
	EdgesMS        []float64 // how far off each edge of a found pause is
	QuietMS        float64   // pause time,
	FalseMS        float64   // and what of it is taken for speech
}

// leastPauseMS is 0.3 s, the shortest pause looked for, and 10 ms at either end,
// to which ends are known.
const leastPauseMS = 320

// Add judges the pauses found in a take of the given truth. Pauses with a
// breath, a click or a clap in them are not judged.
func (s *Score) Add(t Truth, rateHz int, found []editor.Pause) {
	ms := func(frames int64) float64 { return float64(frames) * 1000 / float64(rateHz) }
	for _, p := range t.Phrases {
		if p.Audible.Len() == 0 {
			continue
		}
		s.Phrases++
		if heard(p.Audible, found) == p.Audible.Len() {
			s.Lost++
		}
		var clear int64
		for _, run := range p.ClearRuns {
			clear += Editable(run, found)
		}
		s.ClearMS = append(s.ClearMS, ms(clear))
	}
	near, far := int64(rateHz/50), int64(rateHz*2/5)
	noisy := func(a, b int64) bool {
		return slices.ContainsFunc(t.Noises, func(n Noise) bool { return n.Start < b && n.End+far > a })
	}
	last := -1
	for i, p := range t.Phrases {
		if p.Audible.Len() == 0 {
			continue
		}
		if last >= 0 {
			a, b := t.Phrases[last].Audible.End, p.Audible.Start
			if ms(b-a) >= leastPauseMS && !noisy(a, b) {
				s.Pauses++
				if k := slices.IndexFunc(found, func(q editor.Pause) bool { return q.Heard.Start < (a+b)/2 && q.Heard.End > (a+b)/2 }); k < 0 {
					s.Missed++
				} else {
					s.EdgesMS = append(s.EdgesMS, math.Abs(ms(found[k].Heard.Start-a)), math.Abs(ms(found[k].Heard.End-b)))
				}
			}
		}
		last = i
	}
	at := int64(0)
	for i := 0; i <= len(t.Phrases); i++ {
		end, next := t.Frames, int64(0)
		if i < len(t.Phrases) {
			p := t.Phrases[i]
			end, next = min(p.Start, p.Audible.Start)-near, max(p.End, p.Audible.End)+near
			if p.Audible.Len() == 0 {
				end, next = p.Start-near, p.End+near
			}
		}
		if q := (editor.Span{Start: at, End: end}); q.Len() > 0 && !noisy(q.Start, q.End) {
			s.QuietMS += ms(q.Len())
			s.FalseMS += ms(q.Len() - heard(q, found))
		}
		at = max(at, next)
	}
}

// Join adds what another score has counted.
func (s *Score) Join(o Score) {
	s.Phrases, s.Lost = s.Phrases+o.Phrases, s.Lost+o.Lost
	s.ClearMS, s.EdgesMS = append(s.ClearMS, o.ClearMS...), append(s.EdgesMS, o.EdgesMS...)
	s.Pauses, s.Missed = s.Pauses+o.Pauses, s.Missed+o.Missed
	s.QuietMS, s.FalseMS = s.QuietMS+o.QuietMS, s.FalseMS+o.FalseMS
}

// Unharmed is the percentage of the phrases of which at most so much clear
// speech may be edited.
func (s *Score) Unharmed(ms float64) float64 {
	n := 0
	for _, c := range s.ClearMS {
		if c <= ms {
			n++
		}
	}
	return 100 * float64(n) / float64(max(len(s.ClearMS), 1))
}

// WorstMS is the most clear speech of one phrase that may be edited.
func (s *Score) WorstMS() float64 {
	var worst float64
	for _, c := range s.ClearMS {
		worst = max(worst, c)
	}
	return worst
}

// EdgeMS is a percentile of the distances of the edges; NaN without any.
func (s *Score) EdgeMS(percent float64) float64 {
	if len(s.EdgesMS) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(s.EdgesMS))
	return v[min(len(v)-1, int(percent/100*float64(len(v))))]
}

// FalsePercent is how much of the pause time is taken for speech.
func (s *Score) FalsePercent() float64 { return 100 * s.FalseMS / max(s.QuietMS, 1) }

// Editable is how many frames of s may be edited.
func Editable(s editor.Span, found []editor.Pause) (n int64) {
	for _, p := range found {
		n += max(0, min(s.End, p.End)-max(s.Start, p.Start))
	}
	return n
}

// heard is how many frames of s are inside pauses.
func heard(s editor.Span, found []editor.Pause) (n int64) {
	for _, p := range found {
		n += max(0, min(s.End, p.Heard.End)-max(s.Start, p.Heard.Start))
	}
	return n
}
