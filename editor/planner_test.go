package editor

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// plan runs a Planner at 1000 Hz.
func plan(t *testing.T, rules string, frames int64, pauses []Pause, cuts ...Span) (List, Counts) {
	t.Helper()
	var l List
	p := Planner{Cuts: Cuts(cuts, "cut"), RateHz: 1000, Frames: frames, Min: 300,
		Yield: func(e Edit) error { l = append(l, e); return nil }}
	if rules != "" {
		var err error
		if p.Rules, err = ParseRules(rules); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range pauses {
		if err := p.Pause(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := l.Validate(frames); err != nil {
		t.Fatalf("%q: %v: %v", rules, l, err)
	}
	return l, p.Counts
}

// heardPause is a pause heard over [start, end), with pads of 60 and 30.
func heardPause(start, end int64) Pause {
	return Pause{Heard: Span{start, end}, Span: Span{start + 60, end - 30}, At: (start + end) / 2}
}

func TestPlanner(t *testing.T) {
	// Head to 500; phrases 500..2000, 3000..5000, 5600..8000, tail from 9000.
	const n = 10000
	head := Pause{Heard: Span{0, 500}, Span: Span{0, 470}, At: 200}
	tail := Pause{Heard: Span{9000, n}, Span: Span{9060, n}, At: 9500}
	pauses := []Pause{head, heardPause(2000, 3000), heardPause(5000, 5600), heardPause(8000, 8200), tail}
	for _, c := range []struct {
		name  string
		rules string
		cuts  []Span
		want  []Edit // Span and Fill only
	}{
		{"nothing", "", nil, nil},
		{"longer", "x1.5", nil, []Edit{{Span: Span{2500, 2500}, Fill: 500}, {Span: Span{5300, 5300}, Fill: 300}}},
		{"already so", "min=600ms", nil, nil},
		{"shorter", "=400ms", nil, []Edit{{Span: Span{2200, 2800}}, {Span: Span{5200, 5400}}}},
		{"not past the pads", "=0s", nil, []Edit{{Span: Span{2075, 2955}}, {Span: Span{5075, 5555}}}},
		{"one of them", "#2: +1s", nil, []Edit{{Span: Span{5300, 5300}, Fill: 1000}}},
		{"by the phrase before", "+50%phrase", nil, []Edit{{Span: Span{2500, 2500}, Fill: 750}, {Span: Span{5300, 5300}, Fill: 1000}}},
		{"head and tail longer", "head=1s; tail=1.5s", nil, []Edit{{Span: Span{0, 0}, Fill: 500}, {Span: Span{n, n}, Fill: 500}}},
		{"head and tail shorter", "head=100ms; tail=0s", nil, []Edit{{Span: Span{0, 400}}, {Span: Span{9060, n}}}},
		{"cut in speech", "", []Span{{1000, 1200}}, []Edit{{Span: Span{1000, 1200}}}},
		{"cut in speech, pauses longer", "+1s", []Span{{1000, 1200}}, []Edit{{Span: Span{1000, 1200}}, {Span: Span{2500, 2500}, Fill: 1000}, {Span: Span{5300, 5300}, Fill: 1000}}},
		{"cut swallows a pause", "+1s", []Span{{1900, 3100}}, []Edit{{Span: Span{1900, 3100}}, {Span: Span{5300, 5300}, Fill: 1000}}},
		{"cut from pause to pause", "=1.5s", []Span{{2400, 5100}}, []Edit{{Span: Span{2400, 5100}, Fill: 600}}}, // 400 + 500 heard
		{"cut from pause to pause, shorter", "=500ms", []Span{{2400, 5100}}, []Edit{{Span: Span{2200, 5300}}}},
		{"cut leaves less than a pause", "=2s", []Span{{2100, 5500}}, []Edit{{Span: Span{2100, 5500}}}},
		{"cut inside a pause", "x2", []Span{{2400, 2600}}, []Edit{{Span: Span{2400, 2600}, Fill: 800}, {Span: Span{5300, 5300}, Fill: 600}}},
		{"cut ends where a pause begins", "=2s", []Span{{1500, 2000}}, []Edit{{Span: Span{1500, 2000}, Fill: 1000}, {Span: Span{5300, 5300}, Fill: 1400}}},
		{"two cuts in one pause", "=1s", []Span{{2200, 2300}, {2500, 2600}}, []Edit{{Span: Span{2200, 2300}, Fill: 200}, {Span: Span{2500, 2600}}, {Span: Span{5300, 5300}, Fill: 400}}},
		{"cut into the head", "=2s", []Span{{300, 2500}}, []Edit{{Span: Span{300, 2500}}, {Span: Span{5300, 5300}, Fill: 1400}}},
		{"cut of the beginning", "=2s", []Span{{0, 2500}}, []Edit{{Span: Span{0, 2500}}, {Span: Span{5300, 5300}, Fill: 1400}}},
		{"cut into the tail", "=2s", []Span{{8500, 9500}}, []Edit{{Span: Span{2500, 2500}, Fill: 1000}, {Span: Span{5300, 5300}, Fill: 1400}, {Span: Span{8500, 9500}}}},
		{"cuts that overlap or touch", "", []Span{{1200, 1500}, {1000, 1200}, {1100, 1300}, {1700, 1800}}, []Edit{{Span: Span{1000, 1500}}, {Span: Span{1700, 1800}}}},
	} {
		l, counts := plan(t, c.rules, n, pauses, c.cuts...)
		got := slices.Clone(l)
		for i := range got {
			got[i].Reason, got[i].Confidence = "", 0
		}
		if !reflect.DeepEqual([]Edit(got), c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if wantCuts := len(Cuts(c.cuts, "")); counts.Cuts != wantCuts {
			t.Errorf("%s: counts %d cuts, want %d", c.name, counts.Cuts, wantCuts)
		}
	}
	if _, counts := plan(t, "=0s", n, pauses); counts != (Counts{Pauses: 2, Changed: 2, Held: 2}) {
		t.Errorf("counts %+v", counts)
	}
	l, _ := plan(t, "x1.5", n, pauses)
	if l[0].Reason != "pause 1, 1.000 s to 1.500 s" || l[0].Confidence != 1 {
		t.Errorf("edit says %q, %v", l[0].Reason, l[0].Confidence)
	}
}

// TestPlannerProperties: whatever rules and cuts meet, the list is valid, pads
// stay whole, and every cut frame is gone.
func TestPlannerProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	rules := []string{"", "x1.5", "x0.5", "=400ms", "=0s", "+1s; max=1.2s", "every 2: -200ms", "head=0.1s; tail=2s; min=700ms"}
	for range 10000 {
		const n = 20000
		var pauses []Pause
		for pos := rng.Int64N(2) * rng.Int64N(400); pos < n; {
			p := heardPause(pos, pos+310+rng.Int64N(1500))
			if pos == 0 {
				p.Start = 0
			}
			if p.Heard.End > n || p.Heard.End > n-400 && rng.IntN(2) == 0 {
				p.Heard.End, p.End = n, n
			}
			if p.Len() <= 0 || p.Heard.Len() < 300 {
				break
			}
			p.At = min(max(p.Start, p.At), p.End)
			pauses = append(pauses, p)
			pos = p.Heard.End + 100 + rng.Int64N(2000)
		}
		var cuts []Span
		for range rng.IntN(6) {
			at := rng.Int64N(n)
			cuts = append(cuts, Span{at, min(n, at+1+rng.Int64N(2000))})
		}
		rule := rules[rng.IntN(len(rules))]
		l, _ := plan(t, rule, n, pauses, cuts...)
		gone := func(f int64) bool {
			return slices.ContainsFunc(l, func(e Edit) bool { return e.Start <= f && f < e.End })
		}
		for _, c := range cuts {
			for _, f := range []int64{c.Start, (c.Start + c.End) / 2, c.End - 1} {
				if !gone(f) {
					t.Fatalf("%q, cuts %v: frame %d is kept: %v", rule, cuts, f, l)
				}
			}
		}
		for _, e := range l {
			if slices.ContainsFunc(cuts, func(c Span) bool { return c.Start <= e.End && e.Start <= c.End }) {
				continue // a cut may go anywhere
			}
			if !slices.ContainsFunc(pauses, func(p Pause) bool { return p.Start <= e.Start && e.End <= p.End }) {
				t.Fatalf("%q, cuts %v, pauses %v: edit %v lies in no pause", rule, cuts, pauses, e)
			}
		}
	}
}
