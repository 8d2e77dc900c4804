package retake

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"

	"jackknife/editor"
	"jackknife/editor/hear"
	"jackknife/editor/inspect"
)

// Reading is a line of a text as one of several takes has it, once.
type Reading struct {
	Take        int         // index of the take
	editor.Span             // with the pause behind it, up to the next line or mark
	Voice       editor.Span // from its first sound to its last
	// Flawed says that the take itself has it again, better.
	Flawed bool
	// Lacking says that others have more of it, or other words.
	Lacking bool
	// Blemishes is the sum of the stars of what inspect finds in it.
	Blemishes int
	LevelDB   float64 // of the voice
	Words     string  // if a transcript has them

	first, last int // lines of the take
}

// Line is a line of a text, and its readings in the order of the takes and of time.
type Line struct {
	Readings []Reading
	Best     int // the one to take
}

// Source is one of several takes of a text.
type Source struct {
	*Take
	Said      []editor.Said // what a transcript has; may be empty
	Blemishes []inspect.Blemish
}

// Readings finds the lines of a text that was read in several takes, and chooses
// the best reading of each. The takes are aligned one after the other, line by line
// (S. Needleman and C. Wunsch, 1970), by sound and, where it is known, by words; a
// line of one may be two or three of another, by pauses.
func Readings(ctx context.Context, takes []Source) ([]Line, error) {
	s := score{takes: takes}
	s.listen()
	var lines []Line
	for k := range takes {
		own := s.lines(k)
		if k == 0 {
			lines = own
			continue
		}
		var err error
		if lines, err = s.align(ctx, lines, own); err != nil {
			return nil, err
		}
		lines = s.attempts(lines, k+1)
	}
	if len(takes) == 1 {
		lines = s.attempts(lines, 1)
	}
	s.choose(lines)
	return lines, nil
}

// score aligns takes.
type score struct {
	takes []Source
	voice voice // of all takes, one behind the other
	first []int // look of voice at which each take begins
	least float64
}

// listen puts the voices of all takes together.
func (s *score) listen() {
	var all []float64
	for _, t := range s.takes {
		s.first = append(s.first, len(s.voice.square))
		s.voice.looks = append(s.voice.looks, t.voice.looks...)
		s.voice.square = append(s.voice.square, t.voice.square...)
		s.voice.theta += t.voice.theta / float32(len(s.takes))
		for _, p := range t.pairs {
			all = append(all, p.whole)
		}
	}
	// What lines of one take have in common is what chance gives.
	s.least = 0.15
	if slices.Sort(all); len(all) > 20 {
		s.least = min(0.25, max(0.05, all[len(all)*9/10]))
	}
}

// lines are those of a take, without those that marks say shall go. Where only an
// echo parts two they are one.
func (s *score) lines(k int) []Line {
	t := s.takes[k]
	cuts := t.Cuts()
	var lines []Line
	for i, last := 0, 0; i < len(t.Lines); i = last + 1 {
		for last = i; last+1 < len(t.Lines) && t.echoed[last+1]; last++ {
		}
		if !slices.ContainsFunc(cuts, func(c Marked) bool { return t.Lines[i].Start < c.End && t.Lines[last].End > c.Start }) {
			lines = append(lines, Line{Readings: []Reading{s.reading(k, i, last)}})
		}
	}
	return lines
}

// reading is some lines of a take as one.
func (s *score) reading(k, first, last int) Reading {
	t := s.takes[k]
	r := Reading{Take: k, Voice: editor.Span{Start: t.Lines[first].Start, End: t.Lines[last].End}, first: first, last: last}
	r.Start, r.End = t.border(first), t.Heard.Frames
	if last+1 < len(t.Lines) {
		r.End = t.border(last + 1)
	}
	for _, m := range t.Marks {
		if m.Start >= r.Voice.End && m.Start < r.End { // up to the mark
			r.End = min(r.End, m.Start)
			for _, p := range t.Heard.Pauses {
				if p.Heard.End > r.Voice.End && p.Heard.Start < m.Start {
					r.End = min(r.End, t.within(p))
				}
			}
		}
	}
	for _, b := range s.takes[k].Blemishes {
		if b.Len() < t.Heard.Frames/2 && b.Start < r.End && b.End > r.Voice.Start {
			r.Blemishes += b.Severity
		}
	}
	r.LevelDB = t.power(r.Voice)
	r.Words = editor.WordsIn(s.takes[k].Said, editor.Span{Start: r.Start, End: r.End})
	return r
}

// border is where a line begins to be another: in the pause before it, near its
// end; the first one has all that is before it.
func (t *Take) border(i int) int64 {
	if i == 0 {
		return 0
	}
	at := t.Lines[i].Start
	for _, p := range t.Heard.Pauses {
		if p.Start < at && p.Heard.End >= at-int64(t.Heard.RateHz)/20 {
			return min(at, t.within(p))
		}
	}
	return max(t.Lines[i-1].End, min(at, t.Heard.Hole(at, 200, 20)))
}

// within is where to part what a pause divides: 60 ms before its end, which leaves
// room for a seam, or in the middle of a short one.
func (t *Take) within(p editor.Pause) int64 {
	return max((p.Start+p.End)/2, p.End-int64(t.Heard.RateHz)*6/100)
}

// power is the level of a part of the take in dBFS, 100 Hz to 7600 Hz.
func (t *Take) power(s editor.Span) float64 {
	const bands = hear.Bands
	h := t.Heard
	from, to := h.Look(s.Start), min(len(h.Mel)/bands, h.Look(s.End)+1)
	var sum float64
	for _, p := range h.Mel[from*bands : max(from, to)*bands] {
		sum += float64(p)
	}
	return 10 * math.Log10(sum/float64(max(1, to-from))+1e-12)
}

// step is what one step of an alignment takes of each side.
type step struct{ have, more int }

var steps = [...]step{{1, 1}, {1, 2}, {2, 1}, {1, 3}, {3, 1}}

// place is where a step begins.
type place struct {
	i, j int
	step
}

// unmatched is what a line costs that the other side does not have.
const unmatched = 0.02

// align puts the lines of one more take beside those that are known.
func (s *score) align(ctx context.Context, have, more []Line) ([]Line, error) {
	likeness, err := s.compare(ctx, have, more)
	if err != nil {
		return nil, err
	}
	n, m := len(have), len(more)
	best := make([][]float64, n+1)
	came := make([][]step, n+1)
	for i := range best {
		best[i], came[i] = make([]float64, m+1), make([]step, m+1)
		for j := range best[i] {
			best[i][j] = math.Inf(-1)
			if i == 0 && j == 0 {
				best[i][j] = 0
			}
			better := func(v float64, by step) {
				if v > best[i][j] {
					best[i][j], came[i][j] = v, by
				}
			}
			if i > 0 {
				better(best[i-1][j]-unmatched, step{1, 0})
			}
			if j > 0 {
				better(best[i][j-1]-unmatched, step{0, 1})
			}
			for _, by := range steps {
				if i < by.have || j < by.more {
					continue
				}
				l, ok := likeness[place{i - by.have, j - by.more, by}]
				if !ok {
					continue
				}
				// Lines that are one on the other side are more like it together than
				// each is alone; an attempt and its retake are not.
				for a := i - by.have; a < i && by.have+by.more > 2; a++ {
					for b := j - by.more; b < j; b++ {
						ok = ok && likeness[place{a, b, step{1, 1}}] < l
					}
				}
				if ok {
					better(best[i-by.have][j-by.more]+l-s.least, by)
				}
			}
		}
	}
	var lines []Line
	for i, j := n, m; i > 0 || j > 0; {
		by := came[i][j]
		l := s.joined(have[i-by.have : i])
		l.Readings = append(l.Readings, s.joined(more[j-by.more:j]).Readings...)
		lines = append(lines, l)
		i, j = i-by.have, j-by.more
	}
	slices.Reverse(lines)
	return lines, nil
}

// joined is several lines as one. A take that has not all of them has a part only.
func (s *score) joined(lines []Line) Line {
	if len(lines) == 0 {
		return Line{}
	}
	if len(lines) == 1 {
		return Line{Readings: slices.Clone(lines[0].Readings)}
	}
	var l Line
	for _, part := range lines {
		for _, r := range part.Readings {
			k := slices.IndexFunc(l.Readings, func(o Reading) bool { return o.Take == r.Take })
			if k < 0 {
				l.Readings = append(l.Readings, r)
				continue
			}
			o := l.Readings[k]
			l.Readings[k] = s.reading(r.Take, min(o.first, r.first), max(o.last, r.last))
		}
	}
	return l
}

// band is how far from the straight way an alignment may go, in lines.
const band = 15

// compare finds the likeness of all that a step may take.
func (s *score) compare(ctx context.Context, have, more []Line) (map[place]float64, error) {
	var places []place
	n, m := len(have), len(more)
	for i := range n {
		for j := range m {
			if d := float64(j) - float64(i)*float64(m)/float64(n); math.Abs(d) > band+math.Abs(float64(n-m)) {
				continue
			}
			for _, by := range steps {
				if i+by.have <= n && j+by.more <= m {
					places = append(places, place{i, j, by})
				}
			}
		}
	}
	found := make([]float64, len(places))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			a := aligner{v: &s.voice}
			for k := range next {
				p := places[k]
				found[k] = s.alike(&a, s.joined(have[p.i:p.i+p.have]), s.joined(more[p.j:p.j+p.more]), p.have+p.more > 2)
			}
		})
	}
	var err error
	for k := range places {
		select {
		case next <- k:
			continue
		case <-ctx.Done():
			err = ctx.Err()
		}
		break
	}
	close(next)
	workers.Wait()
	likeness := map[place]float64{}
	for k, p := range places {
		if found[k] > 0 {
			likeness[p] = found[k]
		}
	}
	return likeness, err
}

// alike is the greatest likeness of any reading of one with any of another, 0 if
// they cannot be the same by their lengths.
func (s *score) alike(a *aligner, x, y Line, joined bool) (best float64) {
	for _, p := range x.Readings {
		for _, q := range y.Readings {
			v, w := s.span(p), s.span(q)
			most := 3.0
			if joined {
				most = 1.6
			}
			ratio := float64(v.len()) / float64(w.len())
			if v.len() < least || w.len() < least || max(v.len(), w.len()) > 3000 || ratio > most || ratio < 1/most {
				continue
			}
			l := a.whole(v, w)
			if p.Words != "" && q.Words != "" {
				l = 0.3*l + 0.7*editor.SameWords(p.Words, q.Words)
			}
			best = max(best, l)
		}
	}
	return best
}

// span is the looks of a reading in the voice of all takes.
func (s *score) span(r Reading) span {
	t := s.takes[r.Take]
	return span{s.first[r.Take] + t.spans[r.first].from, s.first[r.Take] + t.spans[r.last].to}
}

// attempts puts lines that only one take has, twice, together: where it seems to say
// the one over again, or the one is as like the readings of other takes as the
// other is. The last attempt counts; so many takes are aligned.
func (s *score) attempts(lines []Line, takes int) []Line {
	sure := 0.3 // no other take has it, either
	if takes == 1 {
		sure = 0.5
	}
	proposals := make([][]Proposal, len(s.takes))
	for k, t := range s.takes {
		proposals[k] = t.Proposals(sure)
	}
	a := aligner{v: &s.voice}
	again := func(r, q Reading, others Line) bool { // r comes before q
		for _, p := range proposals[r.Take] {
			if !p.Refrain && r.Voice.Start >= p.Start && r.Voice.End <= p.End && q.Voice.Start <= p.By.Start && q.Voice.End >= p.By.End {
				return true
			}
		}
		others.Readings = slices.DeleteFunc(slices.Clone(others.Readings), func(o Reading) bool { return o.Take == r.Take })
		x := s.alike(&a, Line{Readings: []Reading{r}}, others, false)
		y := s.alike(&a, Line{Readings: []Reading{q}}, others, false)
		return min(x, y) > s.least && min(x, y) > 0.6*max(x, y)
	}
	for i := 0; i+1 < len(lines); {
		joined := false
		for j := i + 1; j < min(len(lines), i+1+reach) && !joined; j++ {
			if len(lines[i].Readings) > 1 && len(lines[j].Readings) > 1 {
				continue
			}
			for x := range lines[i].Readings {
				r := &lines[i].Readings[x]
				y := slices.IndexFunc(lines[j].Readings, func(q Reading) bool { return q.Take == r.Take })
				if y < 0 || !again(*r, lines[j].Readings[y], Line{Readings: slices.Concat(lines[i].Readings, lines[j].Readings)}) {
					continue
				}
				r.Flawed, joined = true, true
				all := append(lines[j].Readings, lines[i].Readings...)
				for k := j - 1; k > i; k-- { // what was said in between: sorry
					if o := lines[k].Readings; len(o) == 1 && o[0].Take == r.Take {
						o[0].Flawed = true
						all = append(all, o[0])
						lines = slices.Delete(lines, k, k+1)
						j--
					}
				}
				slices.SortStableFunc(all, func(p, q Reading) int {
					return cmp.Or(cmp.Compare(p.Take, q.Take), cmp.Compare(p.Start, q.Start))
				})
				lines[j].Readings = all
				lines = slices.Delete(lines, i, i+1)
				break
			}
		}
		if joined {
			i = max(0, i-reach)
			continue
		}
		i++
	}
	return lines
}

// choose takes the best reading of every line: one that is not said again, that is
// complete, with the fewest blemishes, within 3 dB of the usual level; of those alike
// the last.
func (s *score) choose(lines []Line) {
	var levels []float64
	for _, l := range lines {
		for _, r := range l.Readings {
			levels = append(levels, r.LevelDB)
		}
	}
	if len(levels) == 0 {
		return
	}
	slices.Sort(levels)
	usual := levels[len(levels)/2]
	for i := range lines {
		l := &lines[i]
		var faults [][4]int
		for k, r := range l.Readings {
			r.Lacking = s.lacking(l.Readings, k)
			f := [4]int{0, 0, r.Blemishes, int(math.Abs(r.LevelDB-usual) / 3)}
			if r.Flawed {
				f[0] = 1
			}
			if r.Lacking {
				f[1] = 1
			}
			l.Readings[k] = r
			faults = append(faults, f)
		}
		l.Best = 0
		for k := range faults {
			if slices.Compare(faults[k][:], faults[l.Best][:]) <= 0 {
				l.Best = k
			}
		}
	}
}

// lacking says whether a reading is not complete: its words are fewer than those of
// another, or others than those of most; or it lasts less than three quarters of
// the longest.
func (s *score) lacking(all []Reading, k int) bool {
	most, agree, best := 0.0, 0, 0
	for i, r := range all {
		if r.Flawed {
			continue
		}
		most = max(most, float64(r.Voice.Len())/float64(s.takes[r.Take].Heard.RateHz))
		if r.Words == "" || all[k].Words == "" {
			continue
		}
		n := 0
		for _, o := range all {
			if !o.Flawed && o.Words != "" && editor.SameWords(r.Words, o.Words) == 1 {
				n++
			}
		}
		best = max(best, n)
		if i == k {
			agree = n
		}
	}
	r := all[k]
	return agree < best || r.Voice.Len() < int64(0.75*most*float64(s.takes[r.Take].Heard.RateHz))
}

// whole is the likeness of two lines from start to end, and no more.
func (a *aligner) whole(x, y span) float64 {
	const never = float32(-1e9)
	n, m := x.len(), y.len()
	last, now := grown(a.row[0], m+1), grown(a.row[1], m+1)
	a.row[0], a.row[1] = last, now
	for j := range last {
		last[j] = never
		if j <= loose {
			last[j] = 0
		}
	}
	for i := range n {
		now[0] = never
		for j := 1; j <= m; j++ {
			g := a.v.theta - a.v.distance(x.from+i, y.from+j-1)
			s := max(last[j-1]+2*g, last[j]+g, now[j-1]+g)
			if i < loose && j <= loose {
				s = max(s, 2*g)
			}
			now[j] = s
		}
		last, now = now, last
	}
	return float64(last[m] / (a.v.theta * float32(n+m)))
}
