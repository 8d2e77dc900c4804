package main

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"jackknife/jackgraph"
)

// Lines of the screen around the ports, and the smallest screen.
const (
	headLines, footLines = 2, 3
	leastWidth           = 40
	leastHeight          = headLines + 3 + footLines
)

// SGR parameters: the terminal's own colours, and what shows without any.
const (
	plain    = ""
	bold     = "1"
	faint    = "2"
	reversed = "7"
	framed   = "1;4" // the chosen row of the column without the focus
	wrong    = "1;31"
)

// strandColours follow each other from output to output.
var strandColours = []string{"36", "33", "32", "35", "34", "31"}

func styled(style, text string) string {
	if style == plain || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[m"
}

// lines is how many rows a column shows.
func (p *patchbay) lines() int { return max(p.height-headLines-footLines, 1) }

// widths returns those of each column and of the gutter between them.
func (p *patchbay) widths() (side, gutter int) {
	longest := 0
	for i := range p.columns {
		for _, r := range p.columns[i].rows {
			longest = max(longest, ansi.StringWidth(r.text())+2) // and a line
		}
	}
	narrow, wide := max(p.width/5, 6), max(p.width/3, 6)
	side = min(max(longest, (p.width-wide)/2), (p.width-narrow)/2)
	return side, p.width - 2*side
}

// portIndent stands before a port. On the right the end of its line has the
// place.
const portIndent = "   "

// text is the row without its lines: the end of a client's name, or a port
// below it.
func (r portRow) text() string {
	if r.port == nil {
		return " " + printable(r.client)
	}
	text := portIndent + printable(r.port.Short())
	if r.port.Pretty != "" {
		text += " “" + printable(r.port.Pretty) + "”"
	}
	if r.port.Type != jackgraph.Audio {
		text += " " + printable(string(r.port.Type))
	}
	return text
}

// rowAt returns the side and row at a place on the screen, row -1 for none.
func (p *patchbay) rowAt(x, y int) (side, row int) {
	width, gutter := p.widths()
	if x >= width+gutter {
		side = 1
	}
	c := &p.columns[side]
	row = c.top + y - headLines
	if y < headLines || y >= headLines+p.lines() || row >= len(c.rows) || side == 0 && x >= width {
		return side, -1
	}
	return side, row
}

func (p *patchbay) View() tea.View {
	v := tea.NewView("")
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "jackknife patchbay"
	if p.width < leastWidth || p.height < leastHeight {
		v.Content = ansi.Truncate(fmt.Sprintf("%dx%d is too small: %dx%d is needed", p.width, p.height, leastWidth, leastHeight), p.width, "")
		return v
	}
	lines := []string{p.head()}
	switch {
	case p.help:
		lines = append(lines, "")
		lines = append(lines, strings.Split(patchbayKeys, "\n")...)
	case p.choosing != nil:
		lines = append(lines, p.choosing.view(p.lines())...)
	default:
		lines = append(lines, p.titles())
		lines = append(lines, p.body()...)
	}
	lines = lines[:min(len(lines), p.height-footLines)]
	for len(lines) < p.height-footLines {
		lines = append(lines, "")
	}
	lines = append(lines, p.foot()...)
	if p.asking != nil {
		at := min(ansi.StringWidth(p.asking.line(p.width)), p.width-1)
		v.Cursor = tea.NewCursor(at, p.height-1)
	}
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], p.width, "…")
	}
	v.Content = strings.Join(lines, "\n")
	return v
}

func (p *patchbay) head() string {
	text := styled(bold, " jackknife patchbay") + "  " + p.server
	if p.stopped {
		return text + "  " + styled(wrong, "the server has stopped: waiting for it")
	}
	return text + styled(faint, fmt.Sprintf("  %s, %s", plural(len(p.graph.Ports), "port"), plural(len(p.graph.Connections), "connection")))
}

func (p *patchbay) titles() string {
	width, gutter := p.widths()
	var titles [2]string
	for i, c := range p.columns {
		text := " " + strings.ToUpper(columnTitle(c.dir))
		if p.types != "" {
			text += " " + string(p.types)
		}
		if c.filter != "" {
			text += " /" + printable(c.filter)
		}
		text = ansi.Truncate(text, width-2, "…") + " "
		style := bold
		if i == p.focus {
			style = reversed
		}
		titles[i] = styled(style, text) + strings.Repeat(" ", width-ansi.StringWidth(text))
	}
	return titles[0] + strings.Repeat(" ", gutter) + titles[1]
}

// strands returns the connections to be drawn. Those of the chosen row are
// among them even where they lead out of sight. all is false where there is
// room for these alone, or for none.
func (p *patchbay) strands(gutter int) (strands []*strand, lanes int, all bool) {
	height := p.lines()
	place := func(c *column, row int) int { return max(-1, min(row-c.top, height)) }
	var rows [2]map[string]int
	for i := range p.columns {
		rows[i] = make(map[string]int)
		for n, r := range p.columns[i].rows {
			if r.port != nil {
				rows[i][r.port.Name] = place(&p.columns[i], n)
			}
		}
	}
	strong := make(map[jackgraph.Connection]bool)
	focus := &p.columns[p.focus]
	if r, ok := focus.chosen(); ok {
		for _, c := range p.around(focus, r) {
			strong[c] = true
		}
	}
	all = true
	for {
		outputs := make(map[string]*strand)
		for _, c := range p.graph.Connections {
			from, shown := rows[0][c.From]
			to, too := rows[1][c.To]
			fromSeen, toSeen := from >= 0 && from < height, to >= 0 && to < height
			if !shown || !too || !(all && fromSeen && toSeen) && !(strong[c] && (fromSeen || toSeen)) {
				continue
			}
			s := outputs[c.From]
			if s == nil {
				s = &strand{output: p.outputNumber(c.From), from: from}
				outputs[c.From] = s
				strands = append(strands, s)
			}
			s.to = append(s.to, to)
			if strong[c] {
				s.strong = append(s.strong, to)
			}
		}
		lanes, fits := layLanes(strands, height)
		switch {
		case fits && lanes <= gutter-2:
			return strands, lanes, all
		case !all:
			return nil, 0, false
		}
		strands, all = nil, false
	}
}

// outputNumber numbers the outputs, so that each keeps its colour.
func (p *patchbay) outputNumber(name string) int {
	return slices.IndexFunc(p.graph.Ports, func(port jackgraph.Port) bool { return port.Name == name })
}

func (p *patchbay) body() []string {
	side, gutter := p.widths()
	height := p.lines()
	strands, lanes, all := p.strands(gutter)
	cells := drawStrands(strands, lanes, gutter, height)
	busy := make(map[string]bool)
	for _, c := range p.graph.Connections {
		busy[c.From], busy[c.To] = true, true
	}
	chosenPeers := p.peers()
	var lines []string
	for y := range height {
		var texts [2]string
		for i := range p.columns {
			c := &p.columns[i]
			at := cells[y][0]
			if i == 1 {
				at = cells[y][gutter-1]
			}
			n := c.top + y
			if n >= len(c.rows) {
				texts[i] = strings.Repeat(" ", side)
				continue
			}
			r := c.rows[n]
			mark := ' '
			switch {
			case r.port == nil:
			case chosenPeers[r.port.Name]:
				mark = '●'
			case busy[r.port.Name] && (!all || at.arms == 0):
				mark = '○'
			}
			texts[i] = p.row(i, n, side, at, mark)
		}
		lines = append(lines, texts[0]+gutterText(cells[y])+texts[1])
	}
	if len(p.graph.Ports) == 0 && !p.stopped {
		lines[0] = styled(faint, " no ports")
	}
	return lines
}

// peers returns the ports that the chosen row of the column with the focus is
// connected to.
func (p *patchbay) peers() map[string]bool {
	peers := make(map[string]bool)
	c := &p.columns[p.focus]
	r, ok := c.chosen()
	if !ok {
		return peers
	}
	for _, connection := range p.around(c, r) {
		if c.dir == jackgraph.Output {
			peers[connection.To] = true
		} else {
			peers[connection.From] = true
		}
	}
	return peers
}

// row draws a row of a column, with the end of its line and a mark beside the
// gutter.
func (p *patchbay) row(side, n, width int, at lineCell, mark rune) string {
	c := &p.columns[side]
	r := c.rows[n]
	text := ansi.Truncate(r.text(), width-2, "…")
	style := plain
	switch {
	case n == c.at && side == p.focus:
		style = reversed
	case n == c.at:
		style = framed
	case r.port == nil:
		style = bold
	}
	room := width - ansi.StringWidth(text)
	if r.port == nil {
		return styled(style, text) + strings.Repeat(" ", room)
	}
	name := text[len(portIndent):]
	fill, lineStyle := " ", plain
	if at.arms != 0 {
		at.arms, at.arrow, lineStyle = left|right, 0, at.style()
		fill = string(at.rune())
	}
	end := fill // of the line, beside the name
	if mark != ' ' {
		end = string(mark)
	}
	if side == 1 {
		return styled(lineStyle, fill+end) + " " + styled(style, name) + strings.Repeat(" ", room)
	}
	return portIndent + styled(style, name) + " " + styled(lineStyle, end+strings.Repeat(fill, room-2))
}

func (c lineCell) style() string {
	style := strandColours[c.output%len(strandColours)]
	if c.strong {
		style = "1;" + style
	}
	return style
}

// gutterText writes the cells of one line.
func gutterText(cells []lineCell) string {
	var b strings.Builder
	for i := 0; i < len(cells); {
		style, run := plain, ""
		if cells[i].arms != 0 {
			style = cells[i].style()
		}
		for ; i < len(cells); i++ {
			other := plain
			if cells[i].arms != 0 {
				other = cells[i].style()
			}
			if other != style {
				break
			}
			run += string(cells[i].rune())
		}
		b.WriteString(styled(style, run))
	}
	return b.String()
}

// foot is the lines below the ports: the chosen port, what enter does, and the
// keys or what is being asked or said.
func (p *patchbay) foot() []string {
	var lines [footLines]string
	c := &p.columns[p.focus]
	if r, ok := c.chosen(); ok && p.choosing == nil && !p.help {
		lines[0] = " " + printable(p.about(c, r))
		lines[1] = styled(faint, " "+printable(p.whatEnter()))
	}
	const keys = " ? help  q quit  tab side  / find  x cut all  s save  o load  u undo  r name"
	switch {
	case p.help:
		lines[2] = styled(faint, " any key: back")
	case p.asking != nil:
		lines[2] = p.asking.line(p.width)
	case p.word != "" && p.failed:
		lines[2] = styled(wrong, " error: "+printable(p.word))
	case p.word != "":
		lines[2] = styled(bold, " "+printable(p.word))
	default:
		lines[2] = styled(faint, keys)
	}
	return lines[:]
}

// line is the question and what is typed; the end of that where there is no room
// for both and the cursor.
func (q *question) line(width int) string {
	line := " " + printable(q.label) + q.text
	if over := ansi.StringWidth(line) + 1 - width; over > 0 && q.answer != nil {
		return ansi.TruncateLeft(line, over+1, "…")
	}
	return line
}

func (c *choice) view(height int) []string {
	lines := []string{styled(bold, " "+c.title)}
	top := max(0, c.at-height+1)
	for i := top; i < len(c.names) && i < top+height; i++ {
		style := plain
		if i == c.at {
			style = reversed
		}
		lines = append(lines, "  "+styled(style, printable(c.names[i])))
	}
	return lines
}

const patchbayKeys = `   up down, page up down, home end   choose a port, or a client: all its ports
   tab, left right                   go to the other column
   [ ]                               go to the client before or after
   enter, space                      connect what is chosen on both sides, or
                                     disconnect it
   x, delete                         cut all connections of the chosen port
   /                                 show in this column only the ports that a
                                     selector, or a part of their names, fits
   t                                 show audio alone, MIDI alone, all
   esc                               show all ports again
   s, o                              save a patch, load one
   u, U                              undo, redo (also ctrl+r)
   r                                 give the port a pretty name
   q                                 quit

   mouse: click to choose; drag from one port to another to connect or
   disconnect them, or right-click the other; the wheel scrolls`
