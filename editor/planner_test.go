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
	for _, c := range []struct {
		rules string
		cuts  []Span
		want  int64
	}{
		{"total=12s", nil, 12000},
		{"total=10s", nil, 10000},
		{"total=9100f", nil, 9100},
		{"total=13777f; x1.5; ±20%", nil, 13777},
		{"#2: total=11.111s", nil, 11111},
		{"head=2s; tail=3s; total=20s; total=15s", nil, 15000},
		{"total=12.345s", []Span{{2400, 5100}, {7000, 7100}}, 12345},
	} {
		if l, _ := plan(t, c.rules, n, pauses, c.cuts...); l.Length(n) != c.want {
			t.Errorf("%q, cuts %v: %d frames, want %d", c.rules, c.cuts, l.Length(n), c.want)
		}
	}
	for rules, want := range map[string]string{
		"total=5s":        "total=5s cannot be reached: with the pauses as short as they may be, it lasts 0:08.64",
		"5s..: total=11s": "total=11s cannot be reached: with the pauses that may be longer, it lasts 0:10",
		"total=900:00:00": "total=900:00:00 cannot be reached: with the pauses that may be longer, it lasts 4:26:48.4",
	} {
		r, err := ParseRules(rules)
		if err != nil {
			t.Fatal(err)
		}
		p := Planner{Rules: r, RateHz: 1000, Frames: n, Min: 300, Yield: func(Edit) error { t.Error("an edit"); return nil }}
		for _, q := range pauses {
			if err := p.Pause(q); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Finish(); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", rules, err, want)
		}
	}
	l, _ := plan(t, "x1.5", n, pauses)
	if l[0].Reason != "pause 1, 1.000 s to 1.500 s" || l[0].Confidence != 1 {
		t.Errorf("edit says %q, %v", l[0].Reason, l[0].Confidence)
	}
}

// TestPlannerWords: rules that ask for words find them in the phrase on either
// side, whatever was cut from between.
func TestPlannerWords(t *testing.T) {
	const n = 12000
	pauses := []Pause{heardPause(2000, 3000), heardPause(5000, 6000), heardPause(8000, 9000)}
	text := []Said{{Span{300, 900}, "Now"}, {Span{1000, 2600}, "breathe in."}, {Span{2700, 4900}, "And out;"}, {Span{6000, 7000}, "again"}, {Span{9100, 9900}, "breathe in"}}
	for _, c := range []struct {
		rules string
		cuts  []Span
		want  []Span // fills at, of
	}{
		{`after "breathe in": +1s`, nil, []Span{{2500, 1000}}},
		{`after "now breathe": +1s`, nil, []Span{{2500, 1000}}},
		{`before "breathe in": +1s`, nil, []Span{{8500, 1000}}},
		{`before "and": +1s`, nil, []Span{{2500, 1000}}},
		{`before "again" after "out": +1s`, nil, []Span{{5500, 1000}}},
		{`after "breathe": +1s`, []Span{{2200, 5200}}, []Span{{2200, 1000}}},
		{`after "out": +1s`, []Span{{2200, 5200}}, nil},
		{`before "again": +1s`, []Span{{2200, 5200}}, []Span{{2200, 1000}}},
		{`before "and": +1s`, []Span{{2200, 5200}}, nil},
		{`after "nothing": +1s`, nil, nil},
	} {
		rules, err := ParseRules(c.rules)
		if err != nil {
			t.Fatal(err)
		}
		var got []Span
		p := Planner{Rules: rules, Text: text, Cuts: Cuts(c.cuts, "cut"), RateHz: 1000, Frames: n, Min: 300,
			Yield: func(e Edit) error {
				if e.Fill > 0 {
					got = append(got, Span{e.Start, e.Fill})
				}
				return nil
			}}
		for _, q := range pauses {
			if err := p.Pause(q); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Finish(); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s, cuts %v: %v, %v; want %v", c.rules, c.cuts, got, err, c.want)
		}
	}
}

// TestJitter: every pause its own length within the range; the seed decides.
func TestJitter(t *testing.T) {
	rules := []Rule{{Verb: Exactly, Length: Duration{Frames: 2000}}, {Verb: Jitter, Factor: 8 * one / 100}}
	lengths := func(seed uint64) (all []int64) {
		p := Planner{Rules: rules, RateHz: 1000, Frames: 1 << 20, Min: 300, Seed: seed, Yield: func(e Edit) error {
			all = append(all, e.Fill+1000-e.Len())
			return nil
		}}
		for i := range int64(400) {
			if err := p.Pause(heardPause(1000+2000*i, 2000+2000*i)); err != nil {
				t.Fatal(err)
			}
		}
		return all
	}
	a := lengths(1)
	if !slices.Equal(a, lengths(1)) || slices.Equal(a, lengths(2)) {
		t.Error("the seed does not decide alone")
	}
	var sum int64
	for _, n := range a {
		sum += n
	}
	if least, most, mean := slices.Min(a), slices.Max(a), sum/int64(len(a)); least < 1840 || least > 1850 || most > 2160 || most < 2150 || mean < 1985 || mean > 2015 {
		t.Errorf("from %d to %d, %d on average; want 1840 to 2160 around 2000", least, most, mean)
	}
}

// TestPlannerProperties: whatever rules and cuts meet, the list is valid, pads
// stay whole, and every cut frame is gone.
func TestPlannerProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	rules := []string{"", "x1.5", "x0.5", "=400ms", "=0s", "+1s; max=1.2s", "every 2: -200ms", "head=0.1s; tail=2s; min=700ms", "±50%", `after "b": x2`}
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
