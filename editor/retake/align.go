package retake

import "math"

// span is looks.
type span struct{ from, to int }

func (s span) len() int { return s.to - s.from }

// likeness is how much two lines sound the same, part by part. Every look that
// agrees earns theta minus the distance, and 1 means perfect agreement.
type likeness struct {
	prefixA, prefixB float64 // how much of the line comes again at the start of the other
	covered          float64 // how far into the first that goes, of its length
	suffix           float64 // how much of the first comes again at the end of the other
	whole            float64 // both from start to end; may be negative
	joint            float64 // prefix and suffix together, with a hole between
	hole, holeA      float64 // what the worst stretch of the whole alignment costs, and of that of prefixA, in looks; of neighbours only
	resume           float64 // how much of the second stands somewhere inside the first, from its start on
	resumeAt         int     // the look of the first where that begins, or would
	resumeTo         float64 // how far it goes, of what is left of the first
}

// aligner compares lines; it keeps its memory.
type aligner struct {
	v          *voice
	slack      int       // how many looks late either line may begin or end
	gain       []float32 // theta - distance, row by row
	row        [2][]float32
	from       [2][]int32
	lost       [2][]float32 // what the stretch that ends here costs
	worst      [2][]float32 // and the worst stretch so far
	pre, suf   []float32    // best score of a prefix that ends in row i or before, of a suffix that begins there or later
	preB, sufB []int32      // and the columns
}

// loose is how late lines may begin or end, in looks: 120 ms.
const loose = 6

func grown[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}

// compare aligns two lines by dynamic programming. Beside the whole alignment
// (H. Sakoe and S. Chiba, 1978) it finds those that begin together and end
// anywhere, that end together, and that begin with the second line anywhere in
// the first: local ones as in T. Smith and M. Waterman, 1981.
func (a *aligner) compare(x, y span) likeness {
	n, m := x.len(), y.len()
	theta := a.v.theta
	a.slack = loose
	a.fill(x, y)
	a.pre, a.suf = grown(a.pre, n+1), grown(a.suf, n+1)
	a.preB, a.sufB = grown(a.preB, n+1), grown(a.sufB, n+1)
	var l likeness
	most := 2 * theta
	s, i, full := a.prefix(n, m, false, a.pre, a.preB)
	l.prefixA, l.prefixB, l.covered = float64(s/(most*float32(n))), float64(s/(most*float32(m))), float64(i)/float64(n)
	l.whole = float64(full / (theta * float32(n+m)))
	s, _, _ = a.prefix(n, m, true, a.suf, a.sufB)
	l.suffix = float64(s / (most * float32(n)))
	for i := range n + 1 {
		if a.preB[i]+a.sufB[n-i] <= int32(m) {
			l.joint = max(l.joint, float64((a.pre[i]+a.suf[n-i])/(most*float32(n))))
		}
	}
	l.resume, l.resumeAt, l.resumeTo = a.inside(n, m)
	l.resumeAt += x.from
	return l
}

// fill sets what the looks of two spans earn together.
func (a *aligner) fill(x, y span) {
	n, m := x.len(), y.len()
	a.gain = grown(a.gain, n*m)
	for i := range n {
		for j := range m {
			a.gain[i*m+j] = a.v.theta - a.v.distance(x.from+i, y.from+j)
		}
	}
}

// prefix is the best score of an alignment that begins at both starts (or, if
// backwards, both ends), how many looks of the first it takes, and the score of
// the one that takes all. Best[i] is the best score within the first i looks of
// the first, columns[i] how many of the second it takes.
func (a *aligner) prefix(n, m int, backwards bool, best []float32, columns []int32) (score float32, rows int, full float32) {
	const never = float32(-1e9)
	last, now := grown(a.row[0], m+1), grown(a.row[1], m+1)
	a.row[0], a.row[1] = last, now
	for j := range last {
		last[j] = never
		if j <= a.slack {
			last[j] = 0
		}
	}
	best[0], columns[0] = 0, 0
	var column int32
	for i := range n {
		row := a.gain[i*m : (i+1)*m]
		step, at := 1, 0
		if backwards {
			row = a.gain[(n-1-i)*m : (n-i)*m]
			step, at = -1, m-1
		}
		now[0] = never
		for j := 1; j <= m; j++ {
			g := row[at]
			at += step
			s := max(last[j-1]+2*g, last[j]+g, now[j-1]+g)
			if i < a.slack && j <= a.slack {
				s = max(s, 2*g)
			}
			now[j] = s
			if s > score {
				score, rows, column = s, i+1, int32(j)
			}
		}
		best[i+1], columns[i+1] = score, column
		last, now = now, last
	}
	return score, rows, last[m]
}

// holes is what the worst stretch of the alignment of both starts costs, in looks
// that agree: of the one that takes all, and of the best one.
func (a *aligner) holes(n, m int) (whole, best float64) {
	const never = float32(-1e9)
	for k := range 2 {
		a.row[k], a.lost[k], a.worst[k] = grown(a.row[k], m+1), grown(a.lost[k], m+1), grown(a.worst[k], m+1)
	}
	a.slack = loose
	for j := range m + 1 {
		a.row[0][j], a.lost[0][j], a.worst[0][j] = never, 0, 0
		if j <= a.slack {
			a.row[0][j] = 0
		}
	}
	var score, hole float32
	for i := range n {
		row, lost, worst := a.row[i%2], a.lost[i%2], a.worst[i%2]
		now, losing, worse := a.row[1-i%2], a.lost[1-i%2], a.worst[1-i%2]
		now[0], losing[0], worse[0] = never, 0, 0
		for j := 1; j <= m; j++ {
			g := a.gain[i*m+j-1]
			s, earned, l, w := row[j-1]+2*g, 2*g, lost[j-1], worst[j-1]
			if up := row[j] + g; up > s {
				s, earned, l, w = up, g, lost[j], worst[j]
			}
			if left := now[j-1] + g; left > s {
				s, earned, l, w = left, g, losing[j-1], worse[j-1]
			}
			if i < a.slack && j <= a.slack && 2*g > s {
				s, earned, l, w = 2*g, 2*g, 0, 0
			}
			l = max(0, l-earned)
			now[j], losing[j], worse[j] = s, l, max(w, l)
			if s > score {
				score, hole = s, worse[j]
			}
		}
	}
	return float64(a.worst[n%2][m] / a.v.theta), float64(hole / a.v.theta)
}

// lead is the least of a line, in looks, that stays before what is said again.
const lead = 15

// inside aligns the start of the second line with any place in the first, at
// least 0.3 s after its start and before its end: the score as a part of the
// second or of what is left of the first, whichever is less, the place, and how
// much of what is left of the first it takes.
func (a *aligner) inside(n, m int) (score float64, at int, reach float64) {
	const never = float32(-1e9)
	last, now := grown(a.row[0], m+1), grown(a.row[1], m+1)
	from, here := grown(a.from[0], m+1), grown(a.from[1], m+1)
	a.row[0], a.row[1], a.from[0], a.from[1] = last, now, from, here
	for j := range last {
		last[j] = never
	}
	theta := a.v.theta
	for i := lead; i < n; i++ {
		row := a.gain[i*m : (i+1)*m]
		now[0] = never
		for j := 1; j <= m; j++ {
			g := row[j-1]
			s, f := last[j-1]+2*g, from[j-1]
			if up := last[j] + g; up > s {
				s, f = up, from[j]
			}
			if left := now[j-1] + g; left > s {
				s, f = left, here[j-1]
			}
			if j <= a.slack && i < n-lead && 2*g > s {
				s, f = 2*g, int32(i)
			}
			now[j], here[j] = s, f
			if s <= 0 {
				continue
			}
			// A place that agrees with all that is left of the first is what is
			// looked for, be it broken off or flawed.
			left := float32(n - int(f))
			if part := float64(s / (2 * theta * min(left, float32(m)))); part > score && left >= lead {
				score, at, reach = part, int(f), float64(i+1-int(f))/float64(left)
			}
		}
		last, now = now, last
		from, here = here, from
	}
	return math.Min(score, 1), at, reach
}
