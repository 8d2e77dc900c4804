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

	lane int // column of the gutter; -1 where from and to are on one row
}

func (s *strand) straight() bool { return len(s.to) == 1 && s.to[0] == s.from }

// ends returns the first and the last row of the lane.
func (s *strand) ends() (top, bottom int) {
	return min(s.from, slices.Min(s.to)), max(s.from, slices.Max(s.to))
}

// before reports whether a must have a lane left of b's, or their lines would
// run into each other: some row has the output of a and an input of b.
func (a *strand) before(b *strand) bool { return slices.Contains(b.to, a.from) }

// layLanes gives each strand a lane so that none lies on another, with as few
// lanes as it can, and returns how many: the left-edge algorithm of channel
// routing (Hashimoto and Stevens, 1971) with its constraints. Where these
// contradict each other, as when two lines change places, lines touch.
func layLanes(strands []*strand) int {
	var open []*strand
	for _, s := range strands {
		s.lane = -1
		if !s.straight() {
			open = append(open, s)
		}
	}
	slices.SortStableFunc(open, func(a, b *strand) int {
		x, _ := a.ends()
		y, _ := b.ends()
		return cmp.Compare(x, y)
	})
	lane := 0
	for ; len(open) > 0; lane++ {
		free := func(s *strand) bool {
			return !slices.ContainsFunc(open, func(o *strand) bool { return o != s && o.before(s) })
		}
		ready := slices.DeleteFunc(slices.Clone(open), func(s *strand) bool { return !free(s) })
		if len(ready) == 0 {
			ready = open[:1]
		}
		end := -2
		for _, s := range slices.Clone(ready) {
			if top, bottom := s.ends(); top > end {
				s.lane, end = lane, bottom
			}
		}
		open = slices.DeleteFunc(slices.Clone(open), func(s *strand) bool { return s.lane >= 0 })
	}
	return lane
}

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
	lane := 1 + (2*s.lane+1)*(width-2)/(2*lanes)
	top, bottom := min(s.from, slices.Min(to)), max(s.from, slices.Max(to))
	for y := max(top, 0); y <= min(bottom, height-1); y++ {
		arms := 0
		if y > top {
			arms |= up
		}
		if y < bottom {
			arms |= down
		}
		if y == s.from {
			arms |= left
		}
		if slices.Contains(to, y) {
			arms |= right
		}
		put(lane, y, arms)
	}
	if top < 0 {
		cells[0][lane].arrow = '↑'
	}
	if bottom >= height {
		cells[height-1][lane].arrow = '↓'
	}
	level(s.from, 0, lane)
	for _, y := range to {
		level(y, lane+1, width)
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
