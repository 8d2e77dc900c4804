// Package retake finds what a speaker said again because it went wrong the first
// time, by sound alone, and what marks in the take say about it. It proposes;
// people decide.
package retake

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sort"
	"sync"

	"jackknife/editor"
	"jackknife/editor/hear"
	"jackknife/editor/inspect"
	"jackknife/editor/marks"
)

// Take is a take whose lines have been compared with those that follow them.
type Take struct {
	Heard *hear.Heard
	Marks []marks.Mark
	// Lines are the phrases without the marks.
	Lines []editor.Span
	// echoed says of a line that it begins in the echo of the one before it.
	echoed []bool

	voice *voice
	spans []span
	pairs map[[2]int]*pair
	// likely is how like each other two lines are that are so not by chance.
	likely float64
}

// ahead is how many lines after one are compared with it, reach how far a retake
// may be away: lines and seconds.
const (
	ahead = 8
	reach = 3
	most  = 30
)

// pair is two lines, the first of which may be flawed and the second its retake.
type pair struct {
	likeness
	near     bool // within reach: only then are the rest set
	features [features]float64
	again    float64 // how sure it is that the second replaces all of the first
	part     float64 // that it replaces the first from a frame on, which is:
	from     int64
}

// Analyse compares the lines of a take.
func Analyse(ctx context.Context, h *hear.Heard, found []marks.Mark) (*Take, error) {
	t := &Take{Heard: h, Marks: found, pairs: map[[2]int]*pair{}}
	t.voice = hearVoice(h)
	if err := t.divide(); err != nil {
		return nil, err
	}
	t.part()
	for _, l := range t.Lines {
		from := h.Look(l.Start)
		t.spans = append(t.spans, span{from, min(max(from+3, h.Look(l.End)), len(t.voice.db))})
	}
	far, err := t.compare(ctx)
	if err != nil {
		return nil, err
	}
	t.feel(far)
	t.Judge(&wholeModel, &partModel)
	return t, nil
}

// divide makes the lines: the phrases without the marks in them, and without
// what is no speech.
func (t *Take) divide() error {
	h := t.Heard
	rate := int64(h.RateHz)
	speech := inspect.SpeechDB(h)
	var failed error
	add := func(s editor.Span, piece bool) {
		if s.Len() < rate/5 || piece && !t.speaks(s, speech) {
			return
		}
		shape, err := inspect.ShapeOf(h, s, speech)
		if err != nil {
			failed = err
		}
		if shape.Kind() == "" {
			t.Lines = append(t.Lines, s)
		}
	}
	k := 0
	for _, p := range h.Phrases {
		whole := p
		for k < len(t.Marks) && t.Marks[k].End+rate/2 < p.Start {
			k++
		}
		for _, m := range t.Marks[k:] {
			if m.Start >= p.End {
				break
			}
			if m.Len() == 0 {
				continue // a place, not a sound
			}
			if m.Start > p.Start {
				add(editor.Span{Start: p.Start, End: m.Start}, true)
			}
			// Behind the mark its echo dies away.
			p.Start = max(p.Start, min(p.End, t.quietest(h.Millis(m.End), h.Millis(m.End)+300)))
		}
		add(p, p.Start > whole.Start)
	}
	return failed
}

// An echo may fill a pause, so that two lines are one phrase: where the level falls
// so far below that of the phrase, for so many looks, another line begins.
const (
	echoDB = 28
	echo   = 13
)

// part divides lines where only their echo is left.
func (t *Take) part() {
	var all []editor.Span
	t.echoed = nil
	add := func(l editor.Span, echoed bool) {
		all, t.echoed = append(all, l), append(t.echoed, echoed)
	}
	shortest := int64(t.Heard.RateHz / 5)
	for _, l := range t.Lines {
		from, to := t.Heard.Look(l.Start), min(t.Heard.Look(l.End), len(t.voice.db))
		quiet := t.loud(from, to) - echoDB
		run, echoed := 0, false
		for i := from; i < to; i++ {
			if t.voice.db[i] < quiet {
				run++
				continue
			}
			if end, begin := t.frame(i-run+1), t.frame(i-1); run >= echo && end-l.Start >= shortest && l.End-begin >= shortest {
				add(editor.Span{Start: l.Start, End: end}, echoed)
				l.Start, echoed = begin, true
			}
			run = 0
		}
		add(l, echoed)
	}
	t.Lines = all
}

// loud is the level that a fifth of the looks exceed.
func (t *Take) loud(from, to int) float32 {
	if to <= from {
		return 0
	}
	levels := slices.Sorted(slices.Values(t.voice.db[from:to]))
	return levels[len(levels)*4/5]
}

// speaks reports whether a third of what is left beside a mark is as loud as
// speech, and not only its echo.
func (t *Take) speaks(s editor.Span, speech float64) bool {
	e := t.Heard.Sharp[t.Heard.Millis(s.Start):min(len(t.Heard.Sharp), t.Heard.Millis(s.End))]
	n := 0
	for _, v := range e {
		if float64(v) > speech-25 {
			n++
		}
	}
	return 3*n > len(e)
}

// least is the shortest line that is compared, in looks.
const least = 10

// compare fills in the likenesses of pairs, and of every line with lines far
// away, by which the take itself says what chance is.
func (t *Take) compare(ctx context.Context) ([][]likeness, error) {
	n := len(t.Lines)
	far := make([][]likeness, n)
	rate := float64(t.Heard.RateHz)
	next := make(chan int)
	var lock sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			a := aligner{v: t.voice}
			for i := range next {
				if t.spans[i].len() < least {
					continue
				}
				for j := i + 1; j < min(n, i+1+ahead); j++ {
					if float64(t.Lines[j].Start-t.Lines[i].End)/rate > 45 {
						break
					}
					if t.spans[j].len() >= least && t.spans[i].len() < 1500 && t.spans[j].len() < 1500 {
						p := &pair{likeness: a.compare(t.spans[i], t.spans[j])}
						if j-i <= reach {
							p.hole, p.holeA = a.holes(t.spans[i].len(), t.spans[j].len())
						}
						lock.Lock()
						t.pairs[[2]int{i, j}] = p
						lock.Unlock()
					}
				}
				for _, k := range t.strangers(i) {
					far[i] = append(far[i], a.compare(t.spans[i], t.spans[k]))
				}
			}
		})
	}
	var err error
	for i := range n {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
			err = ctx.Err()
		}
		break
	}
	close(next)
	workers.Wait()
	return far, err
}

// strangers are up to twelve lines of about the length of a line, more than
// four lines away from it.
func (t *Take) strangers(i int) []int {
	var all []int
	for k, s := range t.spans {
		if d := k - i; (d > 4 || d < -4) && s.len() > 15 && s.len() < 1500 && (d <= 150 && d >= -150) {
			all = append(all, k)
		}
	}
	apart := func(k int) float64 {
		return math.Abs(math.Log(float64(t.spans[k].len()) / float64(t.spans[i].len())))
	}
	sort.SliceStable(all, func(x, y int) bool { return apart(all[x]) < apart(all[y]) })
	return all[:min(len(all), 12)]
}

// chance is what a score of a line comes to against strangers.
type chance struct{ mean, deviation float64 }

func (c chance) of(score float64) float64 { return (score - c.mean) / c.deviation }

// against is the chance of one score. The two best are left out: they may be
// true repeats.
func against(far []likeness, score func(likeness) float64, all chance) chance {
	if len(far) < 4 {
		return all
	}
	v := make([]float64, len(far))
	for i, l := range far {
		v[i] = score(l)
	}
	slices.Sort(v)
	mean, deviation := moments(v[:len(v)-2])
	return chance{mean, 0.5*deviation + 0.5*all.deviation}
}

func moments(v []float64) (mean, deviation float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		deviation += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, math.Sqrt(deviation)
}

// features is how many things are looked at in a pair.
const features = 46

// feel fills in the features of the pairs within reach.
func (t *Take) feel(far [][]likeness) {
	rate := float64(t.Heard.RateHz)
	n := len(t.Lines)
	scores := []func(likeness) float64{
		func(l likeness) float64 { return l.prefixA },
		func(l likeness) float64 { return l.suffix },
		func(l likeness) float64 { return l.whole },
		func(l likeness) float64 { return l.joint },
		func(l likeness) float64 { return l.resume },
	}
	var all []chance
	for _, score := range scores {
		var v []float64
		for _, f := range far {
			for _, l := range f {
				v = append(v, score(l))
			}
		}
		c := chance{0.1, 0.1}
		if len(v) > 8 {
			slices.Sort(v)
			v = v[:len(v)-len(v)/20]
			c.mean, c.deviation = moments(v)
			c.deviation += 0.02
		}
		all = append(all, c)
	}
	t.likely = max(0.2, all[2].mean+3*all[2].deviation)
	gaps := make([]float64, max(0, n-1))
	for i := range gaps {
		gaps[i] = float64(t.Lines[i+1].Start-t.Lines[i].End) / rate
	}
	gap := 1.0
	if n > 1 {
		sorted := slices.Clone(gaps)
		slices.Sort(sorted)
		gap = sorted[len(sorted)/2]
	}
	level := make([]float64, n)
	for i, s := range t.spans {
		level[i] = t.level(s)
	}
	a := aligner{v: t.voice}
	for at, p := range t.pairs {
		i, j := at[0], at[1]
		between := 0.0
		for k := i + 1; k < j; k++ {
			between += float64(t.Lines[k].Len()) / rate
		}
		if j-i > reach || float64(t.Lines[j].Start-t.Lines[i].End)/rate > most {
			continue
		}
		z := make([]float64, len(scores))
		for k, score := range scores {
			z[k] = against(far[i], score, all[k]).of(score(p.likeness))
		}
		var takenUp float64
		p.from, takenUp = t.resumption(&a, i, j, p)
		first, second := against(far[i], scores[0], all[0]), against(far[j], scores[0], all[0])
		g := t.family(i, j, p.whole)
		ratio := math.Log(float64(t.spans[i].len()) / float64(t.spans[j].len()))
		before, after := gap, gap
		if i > 0 {
			before = gaps[i-1]
		}
		if j < n-1 {
			after = gaps[j]
		}
		p.features = [features]float64{
			p.prefixA, p.prefixB, p.suffix, p.whole, p.joint, p.covered,
			z[0], z[1], z[2], z[3],
			ratio, math.Abs(ratio), math.Log(float64(t.spans[i].len()) / looks),
			math.Log(float64(t.Lines[j].Start-t.Lines[i].End)/rate + 0.1),
			math.Log((gaps[i] + 0.05) / (gap + 0.05)),
			math.Exp(-math.Abs(math.Log((gaps[j-1] + 0.05) / (0.5*(before+after) + 0.05)))),
			float64(j - i), between,
			float64(min(4, g.lines-2)),
			t.abrupt(i) - level[i],
			p.resume, z[4], p.resumeTo,
			float64(p.resumeAt-t.spans[i].from) / float64(t.spans[i].len()),
			math.Log(float64(t.spans[i].to-p.resumeAt+1) / float64(t.spans[j].len())),
			g.spread, g.least, g.even,
			second.of(p.prefixB), against(far[j], scores[2], all[2]).of(p.whole),
			t.later(j, j+3, second), t.earlier(i, 3, first), t.amid(i, j),
			z[0] - max(t.later(i, i+ahead-1, first, j), t.earlier(i, ahead, first)),
			p.prefixA / max(p.covered, 0.1),
			math.Log(float64(t.spans[i].len())/looks*(1-min(p.joint, 0.95)) + 0.05),
			math.Log(float64(t.spans[j].len())/looks*(1-min(p.prefixB, 0.95)) + 0.05),
			level[i] - level[j],
			t.abrupt(j) - level[j],
			math.Log(float64(t.spans[j].len()) / looks),
			math.Log(p.hole + 1), p.hole / float64(min(t.spans[i].len(), t.spans[j].len())),
			math.Log(p.holeA + 1), math.Log(p.hole+1) - math.Log(p.holeA+1),
			takenUp, t.dip(t.Heard.Look(p.from)),
		}
		p.near = true
	}
}

// Judge says how sure the models are of the pairs within reach.
func (t *Take) Judge(whole, part *Model) {
	for _, p := range t.pairs {
		if p.near {
			p.again, p.part = whole.Judge(p.features[:]), part.Judge(p.features[:])
		}
	}
}

// later is how much of a line comes again in those after it, up to another, but
// for some.
func (t *Take) later(i, to int, c chance, without ...int) float64 {
	most := -1.0
	for k := i + 1; k <= to; k++ {
		if p := t.pairs[[2]int{i, k}]; p != nil && !slices.Contains(without, k) {
			most = max(most, c.of(p.prefixA))
		}
	}
	return most
}

// earlier is how much of a line was in one of so many before it.
func (t *Take) earlier(i, lines int, c chance) float64 {
	most := -1.0
	for k := i - lines; k < i; k++ {
		if p := t.pairs[[2]int{k, i}]; p != nil {
			most = max(most, c.of(p.prefixB))
		}
	}
	return most
}

// amid is the most that a line between two has in common with the second.
func (t *Take) amid(i, j int) float64 {
	most := 0.0
	for k := i + 1; k < j; k++ {
		if p := t.pairs[[2]int{k, j}]; p != nil {
			most = max(most, p.prefixA)
		}
	}
	return most
}

// looks is how many there are in a second.
const looks = 50

// level is the mean level of looks over the room, in dB.
func (t *Take) level(s span) float64 {
	var sum float64
	for _, db := range t.voice.db[s.from:s.to] {
		sum += math.Pow(10, float64(db)/10)
	}
	return 10 * math.Log10(sum/float64(max(1, s.len()))+1e-12)
}

// abrupt is the level of the last 60 ms of a line: high where it was broken off.
func (t *Take) abrupt(i int) float64 {
	s := t.spans[i]
	return t.level(span{max(s.from, s.to-4), max(s.from+1, s.to-1)})
}

// family is the lines nearby that are alike.
type family struct {
	lines  int
	spread float64 // of the logarithms of their lengths
	least  float64 // the least likeness of neighbours among them
	even   float64 // how evenly they follow each other: the spread of the logarithms of their distances
}

// family finds the lines that are nearly as like one of two as they are like each
// other. Refrains, mantras and counting have many, as long as one another and
// evenly apart.
func (t *Take) family(i, j int, whole float64) family {
	members := []int{}
	for k := max(0, i-ahead); k < min(len(t.Lines), j+ahead+1); k++ {
		is := k == i || k == j
		for _, one := range [2]int{i, j} {
			p := t.pairs[[2]int{min(k, one), max(k, one)}]
			is = is || p != nil && p.whole > max(t.likely, 0.65*whole)
		}
		if is {
			members = append(members, k)
		}
	}
	f := family{lines: len(members), least: whole}
	var lengths, distances []float64
	for n, k := range members {
		lengths = append(lengths, math.Log(float64(t.spans[k].len())))
		if n == 0 {
			continue
		}
		last := members[n-1]
		distances = append(distances, math.Log(float64(t.Lines[k].Start-t.Lines[last].Start)+1))
		if p := t.pairs[[2]int{last, k}]; p != nil {
			f.least = min(f.least, p.whole)
		}
	}
	_, f.spread = moments(lengths)
	_, f.even = moments(distances)
	return f
}
