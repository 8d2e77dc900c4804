// Package marks finds what a speaker left in a take to say that something went
// wrong: three claps, three snaps of the fingers, a dog clicker, or a sound that
// was taught.
package marks

import (
	"cmp"
	"math"
	"slices"

	"jackknife/editor"
	"jackknife/editor/hear"
)

// Kind says what a mark is.
type Kind string

const (
	Claps   Kind = "claps" // three, of the hands or of the fingers
	Clicker Kind = "clicker"
	Taught  Kind = "taught"
	Cue     Kind = "cue"   // a cue point in the file, as the recorder drops it
	Label   Kind = "label" // in an Audacity label track
)

// Mark is one mark: three claps are one, every press of a clicker is one.
type Mark struct {
	editor.Span
	Kind       Kind
	Confidence float64
	Words      string // of a cue point or a label
}

// transient is a sharp sound: its peak is reached within some 14 ms.
type transient struct {
	ms       int     // the loudest millisecond
	db       float64 // level there
	rise     float64 // dB over what was loudest 14 to 24 ms before
	decay    int     // ms until it has fallen by 20 dB
	isolated float64 // dB over the 36 ms before
	after    float64 // dB over what follows 60 to 130 ms later
	low      float64 // part of the power below 500 Hz
	centroid float64 // Hz, above 500 Hz
}

// sharp is the milliseconds of a take, and what is quiet in it.
type sharp struct {
	e     []float32
	floor float64
}

func (s sharp) mean(from, to int) float64 {
	from, to = max(from, 0), min(to, len(s.e))
	if to <= from {
		return s.floor
	}
	var sum float64
	for _, v := range s.e[from:to] {
		sum += math.Pow(10, float64(v)/10)
	}
	return 10 * math.Log10(sum/float64(to-from)+1e-13)
}

// percentile is that of the levels of some milliseconds.
func (s sharp) percentile(from, to, percent int) float64 {
	from, to = max(from, 0), min(to, len(s.e))
	if to <= from {
		return s.floor
	}
	v := slices.Clone(s.e[from:to])
	slices.Sort(v)
	return float64(v[min(len(v)-1, len(v)*percent/100)])
}

// transients finds the sharp sounds of a take.
func transients(h *hear.Heard) ([]transient, sharp, error) {
	s := sharp{e: h.Sharp}
	every := max(1, len(s.e)/100000)
	var sample []float32
	for i := 0; i < len(s.e); i += every {
		sample = append(sample, s.e[i])
	}
	slices.Sort(sample)
	if len(sample) > 0 {
		s.floor = float64(sample[len(sample)/5])
	}
	var found []transient
	x := make([]float64, h.RateHz*34/1000)
	for i, v := range s.e {
		db := float64(v)
		if db < s.floor+14 || !s.peak(i) {
			continue
		}
		before := -130.0
		for k := max(0, i-24); k <= i-14; k++ {
			before = max(before, float64(s.e[k]))
		}
		if db < before+8 {
			continue
		}
		t := transient{ms: i, db: db, rise: db - before, decay: s.decay(i), isolated: db - s.mean(i-50, i-14), after: db - s.percentile(i+60, i+130, 50)}
		if t.decay > 130 {
			continue
		}
		if err := h.Read(x, h.Frame(max(0, i-4))); err != nil {
			return nil, s, err
		}
		power := hear.Spectrum(x)
		var all, low, high, at float64
		for k, p := range power {
			hz := float64(k) * float64(h.RateHz) / float64(2*(len(power)-1))
			switch {
			case hz > 500:
				high, at = high+p, at+p*hz
				all += p
			case hz > 60:
				low, all = low+p, all+p
			}
		}
		t.low, t.centroid = low/(all+1e-15), at/(high+1e-15)
		found = append(found, t)
	}
	return found, s, nil
}

// peak reports whether nothing within 12 ms is louder, and nothing as loud
// comes before.
func (s sharp) peak(i int) bool {
	for k := max(0, i-12); k < min(len(s.e), i+13); k++ {
		if s.e[k] > s.e[i] || s.e[k] == s.e[i] && k < i {
			return false
		}
	}
	return true
}

// decay is how many ms it takes from a peak until 5 ms together are 20 dB below
// it or near the floor.
func (s sharp) decay(i int) int {
	limit := max(float64(s.e[i])-20, s.floor+4)
	for k := 0; k < 150; k++ {
		if s.mean(i+k, i+k+5) < limit {
			return k
		}
	}
	return 150
}

// Find finds the marks of the kinds; all but Taught, Cue and Label, if none is
// named.
func Find(h *hear.Heard, kinds ...Kind) ([]Mark, error) {
	found, s, err := transients(h)
	if err != nil {
		return nil, err
	}
	want := func(k Kind) bool { return len(kinds) == 0 || slices.Contains(kinds, k) }
	used := map[int]bool{}
	var marks []Mark
	if want(Claps) {
		marks = threes(h, found, s, used)
	}
	if want(Clicker) {
		marks = append(marks, presses(h, found, s, used)...)
	}
	slices.SortFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Start, b.Start) })
	return marks, nil
}

// threes finds three sharp sounds alike in an even rhythm, with quiet between:
// claps, or snaps of the fingers.
func threes(h *hear.Heard, all []transient, s sharp, used map[int]bool) []Mark {
	var sounds []transient
	for _, t := range all {
		if t.rise > 14 && t.db > s.floor+22 && t.decay < 120 && t.low < 0.45 && t.centroid > 700 && t.centroid < 6000 && t.isolated > 16 && t.after > 16 {
			sounds = append(sounds, t)
		}
	}
	var marks []Mark
	for k := 0; k+2 < len(sounds); k++ {
		run := sounds[k : k+3]
		confidence, ok := rhythm(run, s)
		if !ok {
			continue
		}
		for _, t := range run {
			used[t.ms] = true
		}
		last := run[2]
		marks = append(marks, Mark{
			Span: editor.Span{Start: h.Frame(max(0, run[0].ms-5)), End: min(h.Frames, h.Frame(last.ms+last.decay+20))},
			Kind: Claps, Confidence: confidence,
		})
		k += 2
	}
	return marks
}

// rhythm judges three sounds: how sure it is that they are one mark.
func rhythm(run []transient, s sharp) (float64, bool) {
	first, second := float64(run[1].ms-run[0].ms), float64(run[2].ms-run[1].ms)
	if min(first, second) < 150 || max(first, second) > 650 || max(first, second)/min(first, second) > 1.6 {
		return 0, false
	}
	low, high, part := run[0].db, run[0].db, 0.0
	for _, t := range run {
		low, high, part = min(low, t.db), max(high, t.db), part+t.low/3
	}
	if high-low > 9 {
		return 0, false
	}
	quiet := math.Inf(1)
	for i := range 2 {
		quiet = min(quiet, low-s.percentile(run[i].ms+80, run[i+1].ms-12, 50))
	}
	if quiet < 17 {
		return 0, false
	}
	c := 1 - 0.8*part - 0.3*math.Abs(math.Log(first/second)) - 0.02*(high-low) + 0.01*(quiet-25)
	return min(max(c, 0.05), 0.99), true
}

// presses finds the clicks of a dog clicker: two alike, of its press and its
// release, high and very short, with quiet before and between.
func presses(h *hear.Heard, all []transient, s sharp, used map[int]bool) []Mark {
	var sounds []transient
	for _, t := range all {
		if !used[t.ms] && t.decay < 60 && t.centroid > 2300 && t.low < 0.25 {
			sounds = append(sounds, t)
		}
	}
	var marks []Mark
	for k, a := range sounds {
		if used[a.ms] || a.db < s.floor+16 || a.rise < 14 || a.isolated < 16 {
			continue
		}
		for _, b := range sounds[k+1:] {
			gap := b.ms - a.ms
			if gap > 240 {
				break
			}
			if gap < 55 || b.db-a.db < -14 || b.db-a.db > 11 {
				continue
			}
			between := s.floor
			if gap > 45 {
				between = s.percentile(a.ms+30, b.ms-10, 50)
			}
			if a.db-s.percentile(a.ms-150, a.ms-12, 90) < 15 || a.db-between < 15 {
				continue
			}
			alike := math.Exp(-1.5 * math.Abs(math.Log(a.centroid/b.centroid)))
			used[a.ms], used[b.ms] = true, true
			marks = append(marks, Mark{
				Span: editor.Span{Start: h.Frame(max(0, a.ms-5)), End: min(h.Frames, h.Frame(b.ms+b.decay+20))},
				Kind: Clicker, Confidence: min(max(0.5*alike+0.5*min(1, (a.db-s.floor-20)/25), 0), 0.99),
			})
			break
		}
	}
	return marks
}
