package jackgraph

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Draw writes the graph as a picture of characters: clients with outputs in
// boxes on the left, with inputs on the right, and a line from each output to
// its inputs. Each output's line goes up and down in a column of its own. Two
// lines that merely cross make ┼; where lines that meet would look the same
// stands ●.
func (g Graph) Draw(w io.Writer) error {
	// Outputs stand on odd rows and inputs on even ones, so that their lines
	// never run into each other.
	left, outs := g.boxes(Output, 0)
	right, ins := g.boxes(Input, 1)
	to := make(map[string][]int) // rows of the inputs of each output
	var columns []string         // the outputs with connections, by column
	for _, c := range g.Connections {
		_, from := outs[c.From]
		row, known := ins[c.To]
		if !from || !known {
			continue
		}
		if to[c.From] == nil {
			columns = append(columns, c.From)
		}
		to[c.From] = append(to[c.From], row)
	}
	slices.SortFunc(columns, func(a, b string) int { return outs[b] - outs[a] })

	field := make([][]arms, max(len(left), len(right)))
	for row := range field {
		field[row] = make([]arms, 2*len(columns)+1)
	}
	for n, name := range columns {
		column := 2*n + 1
		from := outs[name]
		for x := range column {
			field[from][x] |= toLeft | toRight
		}
		field[from][column] |= toLeft
		for _, row := range to[name] {
			field[row][column] |= toRight | joint
			for x := column + 1; x < len(field[row]); x++ {
				field[row][x] |= toLeft | toRight
			}
		}
		for row := min(from, slices.Min(to[name])); row < max(from, slices.Max(to[name])); row++ {
			field[row][column] |= down
			field[row+1][column] |= up
		}
	}

	out := bufio.NewWriter(w)
	wide := widest(left)
	for row, cells := range field {
		var line strings.Builder
		text := ""
		if row < len(left) {
			text = left[row]
		}
		line.WriteString(text + strings.Repeat(" ", wide-utf8.RuneCountInString(text)))
		for _, cell := range cells {
			line.WriteString(cell.String())
		}
		if row < len(right) {
			line.WriteString(right[row])
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.Flush()
}

// boxes returns the rows of the boxes of the ports of a direction, from row
// first on, and the row of each port.
func (g Graph) boxes(d Direction, first int) (rows []string, at map[string]int) {
	at = make(map[string]int)
	var names []string
	for _, client := range g.clients() {
		var ports []Port
		names = names[:0]
		for _, p := range g.Ports {
			if p.Client() == client && p.Dir == d {
				ports = append(ports, p)
				names = append(names, p.Short())
			}
		}
		if len(ports) == 0 {
			continue
		}
		for len(rows)%2 != first%2 || len(rows) < first {
			rows = append(rows, "")
		}
		inner := max(widest(names)+2, utf8.RuneCountInString(client)+3)
		rule := func(n int) string { return strings.Repeat("─", n) }
		rows = append(rows, "┌ "+client+" "+rule(inner-utf8.RuneCountInString(client)-2)+"┐")
		for i, p := range ports {
			if i > 0 {
				rows = append(rows, "│"+strings.Repeat(" ", inner)+"│")
			}
			at[p.Name] = len(rows)
			room := strings.Repeat(" ", inner-utf8.RuneCountInString(names[i])-2)
			if d == Output {
				rows = append(rows, "│ "+room+names[i]+" ├")
			} else {
				rows = append(rows, "┤ "+names[i]+room+" │")
			}
		}
		rows = append(rows, "└"+rule(inner)+"┘")
	}
	if d == Output {
		alignRight(rows)
	}
	return rows, at
}

// alignRight moves boxes of different widths to a common right edge.
func alignRight(rows []string) {
	wide := widest(rows)
	for i, row := range rows {
		rows[i] = strings.Repeat(" ", wide-utf8.RuneCountInString(row)) + row
	}
}

func widest(texts []string) int {
	wide := 0
	for _, t := range texts {
		wide = max(wide, utf8.RuneCountInString(t))
	}
	return wide
}

// arms are the directions in which lines leave the cell of a character.
type arms uint8

const (
	toLeft arms = 1 << iota
	toRight
	up
	down
	joint // the lines in this cell meet
)

func (a arms) String() string {
	if a == toLeft|toRight|up|down|joint {
		return "●"
	}
	// Indexed by the four directions; a single one cannot occur.
	return []string{" ", "", "", "─", "", "┘", "└", "┴", "", "┐", "┌", "┬", "│", "┤", "├", "┼"}[a&^joint]
}
