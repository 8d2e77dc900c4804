package jackgraph

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"slices"
)

// WriteDOT writes the graph in the language of Graphviz: a box for each
// client, its inputs on the left, its outputs on the right. Its ports stand in
// the order they have in the graph.
func (g Graph) WriteDOT(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "digraph jack {\n\trankdir=LR\n\tnode [shape=plain]\n")
	place := make(map[string]string) // of a port: node:port
	for n, client := range g.clients() {
		var sides [2][]string // cells of inputs and outputs
		for i, p := range g.Ports {
			if p.Client() != client {
				continue
			}
			place[p.Name] = fmt.Sprintf("c%d:p%d", n, i)
			side := 0
			if p.Dir == Output {
				side = 1
			}
			sides[side] = append(sides[side], fmt.Sprintf(`<td port="p%d">%s</td>`, i, html.EscapeString(p.Short())))
		}
		fmt.Fprintf(out, "\tc%d [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\">\n", n)
		fmt.Fprintf(out, "\t\t<tr><td colspan=\"2\"><b>%s</b></td></tr>\n", html.EscapeString(client))
		for i := range max(len(sides[0]), len(sides[1])) {
			fmt.Fprint(out, "\t\t<tr>")
			for _, side := range sides {
				if i < len(side) {
					fmt.Fprint(out, side[i])
				} else {
					fmt.Fprint(out, `<td border="0"></td>`)
				}
			}
			fmt.Fprint(out, "</tr>\n")
		}
		fmt.Fprint(out, "\t</table>>]\n")
	}
	for _, c := range g.Connections {
		if place[c.From] != "" && place[c.To] != "" {
			fmt.Fprintf(out, "\t%s:e -> %s:w\n", place[c.From], place[c.To])
		}
	}
	fmt.Fprint(out, "}\n")
	return out.Flush()
}

// clients returns the names of the clients, in the order of their ports.
func (g Graph) clients() []string {
	var names []string
	for _, p := range g.Ports {
		if client := p.Client(); !slices.Contains(names, client) {
			names = append(names, client)
		}
	}
	return names
}
