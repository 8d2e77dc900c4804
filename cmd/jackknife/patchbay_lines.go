package main

import (
	"cmp"
	"slices"
)

// strand is the connections of one output as they are drawn: a line from its
// row to a lane, and from there to the rows of its inputs. Rows are lines of
// the screen below the heads of the columns; -1 and the number of lines stand
// for what is scrolled out of sight.
type strand struct {
	output int // its place among all outputs, for its colour
	from   int
	to     []int
	strong []int // those of to that belong to the chosen row

	lane int    // column of the gutter; -1 where from and to are on one row
	tail *trunk // a second lane, where one alone would lie on others
	jog  int    // the row that leads there
}

func (s *strand) straight() bool { return len(s.to) == 1 && s.to[0] == s.from }

// trunk is what of a strand goes down one lane: from where it comes in, on the
// left, to where it goes out.
type trunk struct {
	*strand
	in   int
	outs []int
	lane int
}

// ends returns the first and the last row of a trunk.
func (t *trunk) ends() (top, bottom int) {
	return min(t.in, slices.Min(t.outs)), max(t.in, slices.Max(t.outs))
}

// before reports whether t must have a lane left of o's, or their lines would
// lie on each other: where t comes in o goes out.
func (t *trunk) before(o *trunk) bool { return slices.Contains(o.outs, t.in) }

// layLanes gives each strand a lane so that none lies on another, with as few
// lanes as it can, and returns how many: the left-edge algorithm of channel
// routing (Hashimoto and Stevens, 1971). Where two strands change places one of
// them takes a second lane by way of a row, of so many, on which nothing else
// is. ok is false where there is no such row.
func layLanes(strands []*strand, rows int) (lanes int, ok bool) {
	busy := make([]bool, rows)
	use := func(row int) {
		if row >= 0 && row < rows {
			busy[row] = true
		}
	}
	var open, done []*trunk
	for _, s := range strands {
		s.lane, s.tail = -1, nil
		use(s.from)
		for _, y := range s.to {
			use(y)
		}
		if !s.straight() {
			open = append(open, &trunk{s, s.from, s.to, -1})
		}
	}
	for ; len(open) > 0; lanes++ {
		slices.SortStableFunc(open, func(a, b *trunk) int {
			x, _ := a.ends()
			y, _ := b.ends()
			return cmp.Compare(x, y)
		})
		ready := slices.DeleteFunc(slices.Clone(open), func(t *trunk) bool {
			return slices.ContainsFunc(open, func(o *trunk) bool { return o.strand != t.strand && o.before(t) && o.in >= 0 && o.in < rows })
		})
		if len(ready) == 0 {
			whole := slices.IndexFunc(open, func(t *trunk) bool { return t.strand.tail == nil })
			if whole < 0 {
				return lanes, false
			}
			t := open[whole]
			row := freeRow(busy, t)
			if row < 0 {
				return lanes, false
			}
			use(row)
			t.strand.jog = row
			t.strand.tail = &trunk{t.strand, row, t.outs, -1}
			t.outs = []int{row}
			open = append(open, t.strand.tail)
			lanes--
			continue
		}
		end := -2
		for _, t := range ready {
			if top, bottom := t.ends(); top > end {
				t.lane, end = lanes, bottom
				done = append(done, t)
			}
		}
		open = slices.DeleteFunc(open, func(t *trunk) bool { return t.lane >= 0 })
	}
	for _, t := range done {
		if t != t.strand.tail {
			t.strand.lane = t.lane
		}
	}
	return lanes, true
}

// freeRow returns the row that nothing is on and that is nearest to the middle
// of a trunk, -1 for none.
func freeRow(busy []bool, t *trunk) int {
	top, bottom := t.ends()
	middle, best := (top+bottom)/2, -1
	for y := range busy {
		if !busy[y] && (best < 0 || distanceTo(middle, y) < distanceTo(middle, best)) {
			best = y
		}
	}
	return best
}

func distanceTo(a, b int) int { return max(a-b, b-a) }

// lineCell is what stands on one place of the gutter: where lines go from
// there, and whose they are.
type lineCell struct {
	arms   int // of up, down, left, right
	output int
	strong bool
	arrow  rune // instead, at an edge of the screen
}

const (
	up = 1 << iota
	down
	left
	right
)

const (
	thinLines = " ╵╷│╴┘┐┤╶└┌├─┴┬┼"
	boldLines = " ╹╻┃╸┛┓┫╺┗┏┣━┻┳╋"
)

func (c lineCell) rune() rune {
	switch {
	case c.arrow != 0:
		return c.arrow
	case c.strong:
		return []rune(boldLines)[c.arms]
	}
	return []rune(thinLines)[c.arms]
}

// drawStrands draws strands that have their lanes into a gutter.
func drawStrands(strands []*strand, lanes, width, height int) [][]lineCell {
	cells := make([][]lineCell, height)
	for y := range cells {
		cells[y] = make([]lineCell, width)
	}
	for _, s := range strands {
		s.draw(cells, s.to, lanes, false)
	}
	for _, s := range strands {
		if len(s.strong) > 0 {
			s.draw(cells, s.strong, lanes, true)
		}
	}
	return cells
}

// draw draws the lines to some of a strand's rows.
func (s *strand) draw(cells [][]lineCell, to []int, lanes int, strong bool) {
	height, width := len(cells), len(cells[0])
	put := func(x, y, arms int) { cells[y][x].put(arms, s.output, strong) }
	level := func(y, from, end int) {
		for x := from; x < end && y >= 0 && y < height; x++ {
			put(x, y, left|right)
		}
	}
	if s.straight() {
		level(s.from, 0, width)
		return
	}
	// Lanes are spread over the gutter, whose first and last columns are left
	// to the rows.
	column := func(lane int) int { return 1 + (2*lane+1)*(width-2)/(2*lanes) }
	// upright draws a lane between two rows; arms says what leaves it where.
	upright := func(x, from int, to []int, arms func(y int) int) {
		top, bottom := min(from, slices.Min(to)), max(from, slices.Max(to))
		for y := max(top, 0); y <= min(bottom, height-1); y++ {
			a := arms(y)
			if y > top {
				a |= up
			}
			if y < bottom {
				a |= down
			}
			put(x, y, a)
		}
		if top < 0 {
			cells[0][x].arrow = '↑'
		}
		if bottom >= height {
			cells[height-1][x].arrow = '↓'
		}
	}
	at := func(y, row, arm int) int {
		if y == row {
			return arm
		}
		return 0
	}
	first := column(s.lane)
	last, rest := first, s.from
	level(s.from, 0, first)
	if s.tail != nil {
		last, rest = column(s.tail.lane), s.jog
		out, in := right, left
		if last < first {
			out, in = left, right
		}
		upright(first, s.from, []int{s.jog}, func(y int) int { return at(y, s.from, left) | at(y, s.jog, out) })
		level(s.jog, min(first, last)+1, max(first, last))
		put(last, s.jog, in)
	}
	upright(last, rest, to, func(y int) int {
		arms := 0
		if s.tail == nil {
			arms = at(y, s.from, left)
		}
		if slices.Contains(to, y) {
			arms |= right
		}
		return arms
	})
	for _, y := range to {
		level(y, last+1, width)
	}
}

// put draws arms of an output's line on a cell. Where lines cross the upright
// one is on top, or the strong one: they are joined only where they look it.
func (c *lineCell) put(arms, output int, strong bool) {
	const upright, level = up | down, left | right
	other := c.arms != 0 && c.output != output
	switch {
	case other && c.arms == upright && arms == level:
		if !strong {
			return
		}
		c.arms = arms
	case other && c.arms == level && arms == upright:
		c.arms = arms
	default:
		c.arms |= arms
	}
	c.output, c.strong = output, strong
}
