package editor

import (
	"cmp"
	"slices"
	"strings"
)

// ScriptLine is a line of a script and how it was read.
type ScriptLine struct {
	Number int // of the line in the script, from 1
	Text   string
	Read   []Span // where it was read, every time; none if it is missing
	// Wrong is how many words of the last reading are other than the script's, or
	// too many, or too few; Heard is that reading.
	Wrong int
	Heard string
	// Again says that it was read more often than the script has it.
	Again bool
}

// CompareScript finds every line of a script in a transcript: all places at which
// at most a third of its words differ (P. Sellers, 1980), none over another, that
// with the most words of its line first. Lines that the script has several times are
// given to the readings in order. Said is in the order of the middles.
func CompareScript(script string, said []Said) []ScriptLine {
	heard := tokens(said)
	var lines []ScriptLine
	left := map[string][]reading{} // of every text, those not given away
	count := map[string]int{}
	var all []reading
	for text := range strings.Lines(script) {
		w := words(text)
		if w == "" {
			continue
		}
		if count[w]++; count[w] == 1 {
			all = append(all, readings(w, heard)...)
		}
	}
	slices.SortStableFunc(all, func(a, b reading) int { return cmp.Or(b.right()-a.right(), a.wrong-b.wrong) })
	taken := make([]bool, len(heard))
	for _, r := range all {
		if slices.Contains(taken[r.from:r.to], true) {
			continue
		}
		for i := r.from; i < r.to; i++ {
			taken[i] = true
		}
		left[r.line] = append(left[r.line], r)
	}
	for _, own := range left {
		slices.SortFunc(own, func(a, b reading) int { return a.from - b.from })
	}
	number := 0
	for text := range strings.Lines(script) {
		number++
		w := words(text)
		if w == "" {
			continue
		}
		l := ScriptLine{Number: number, Text: strings.TrimSpace(text)}
		mine := left[w]
		if count[w] > 1 {
			mine = mine[:min(len(mine), 1)]
		}
		left[w] = left[w][len(mine):]
		count[w]--
		for _, r := range mine {
			l.Read, l.Wrong = append(l.Read, Span{heard[r.from].Start, heard[r.to-1].End}), r.wrong
			var words []string
			for _, h := range heard[r.from:r.to] {
				words = append(words, h.word)
			}
			l.Heard = strings.Join(words, " ")
		}
		l.Again = len(l.Read) > 1
		lines = append(lines, l)
	}
	return lines
}

// token is one word of a transcript; of an entry of several, each has its share of
// the time.
type token struct {
	Span
	word string
}

func tokens(said []Said) (all []token) {
	for _, s := range said {
		fields := strings.Fields(words(s.Words))
		for i, w := range fields {
			n := int64(len(fields))
			all = append(all, token{Span{s.Start + s.Len()*int64(i)/n, s.Start + s.Len()*int64(i+1)/n}, w})
		}
	}
	return all
}

// reading is a place in the transcript where a line stands.
type reading struct {
	line     string
	from, to int // tokens
	wrong    int
}

// right is how many of the words are those of the line.
func (r reading) right() int { return r.to - r.from - r.wrong }

// readings are all places in the transcript where a line may stand.
func readings(text string, heard []token) (places []reading) {
	line := strings.Fields(text)
	most := len(line) / 3
	type cell struct{ cost, from int }
	last, now := make([]cell, len(heard)+1), make([]cell, len(heard)+1)
	for j := range last {
		last[j].from = j // it may begin anywhere
	}
	for i, w := range line {
		now[0] = cell{i + 1, 0}
		for j, h := range heard {
			c := last[j]
			if h.word != w {
				c.cost++
			}
			if d := last[j+1]; d.cost+1 < c.cost {
				c = cell{d.cost + 1, d.from}
			}
			if d := now[j]; d.cost+1 < c.cost {
				c = cell{d.cost + 1, d.from}
			}
			now[j+1] = c
		}
		last, now = now, last
	}
	for j, c := range last {
		if c.cost <= most && c.from < j {
			places = append(places, reading{text, c.from, j, c.cost})
		}
	}
	return places
}

// Likeness is how two readings relate by their words.
type Likeness uint8

const (
	Unlike    Likeness = iota // they have little in common
	Corrected                 // less than half of the words differ
	Begun                     // the first is the beginning of the second
	Same                      // word by word
)

// CompareWords compares what was said first with what was said then.
func CompareWords(first, then string) Likeness {
	a, b := strings.Fields(words(first)), strings.Fields(words(then))
	if len(a) == 0 || len(b) == 0 {
		return Unlike
	}
	if slices.Equal(a, b) {
		return Same
	}
	// The last word may have been broken off.
	if n := len(a) - 1; n < len(b) && slices.Equal(a[:n], b[:n]) && strings.HasPrefix(b[n], a[n]) {
		return Begun
	}
	if 2*apart(a, b) < max(len(a), len(b)) {
		return Corrected
	}
	return Unlike
}

// SameWords is how much two readings have in common by their words, 0 to 1.
func SameWords(a, b string) float64 {
	x, y := strings.Fields(words(a)), strings.Fields(words(b))
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	return 1 - float64(apart(x, y))/float64(max(len(x), len(y)))
}

// apart is how many words have to be changed, added or taken away to make one of
// the other.
func apart(a, b []string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			c := diagonal
			if x != y {
				c++
			}
			diagonal = row[j+1]
			row[j+1] = min(c, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
