package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

// portsView is what ports shows.
type portsView struct {
	inputs, outputs bool

	connections, latency, aliases, metadata bool // beside or below each port

	tree, byOrder           bool
	names, json, dot, drawn bool // in place of the list
}

func portsCommand(s *streams) *cobra.Command {
	var v portsView
	c := &cobra.Command{
		Use:     "ports [SELECTOR...]",
		Aliases: []string{"ls"},
		Short:   "List the ports of the JACK server",
		Long: `List the ports of the JACK server (or of PipeWire's): full name, type, direction
seen from the port's client, whether it is a socket of a card, and in quotes its pretty
name (see jackknife names --help). 2 comes
before 10; --by-order keeps the order that clients gave their ports (JACK's
metadata, "order").

A selector names ports, here and wherever ports are named:

  system:capture_1          one port, by full name or alias
  'sys*:cap*'               glob: * any run of characters, ? any one
  system:capture_{1..8}     range: eight ports in this order; {8..1}, {01..12} too
  'system:{capture,play}_1' set: both, in this order
  system:                   all ports of a client
  '~Vocal mic'              a pretty name
  're:.*:out_[LR]'          regular expression (RE2) over the whole name

after which filters may follow: 'system: type=audio|midi dir=in|out phys=yes|no',
alone as well. A backslash takes the meaning from the next character; a port
that has the very name as written always wins. Quote against the shell.

--latency adds two ranges in frames, MIN..MAX: from the card's inputs to the
port, and from the port to the card's outputs. They mean something where the
port is connected. --graph draws the ports and their connections, --dot writes
them for Graphviz.

--json prints an array of objects with name, client, type ("audio", "midi" or
the server's own word), direction ("in" or "out"), physical, pretty, aliases,
connections (full names), latency (capture and playback, each [min, max]) and
metadata (values by key), all of them always there.

Exit 4 if a selector matches nothing.`,
		Example: `  jackknife ports
  jackknife ports -o -c 'system:'
  jackknife ports --tree -l 'type=midi dir=out'
  jackknife ports --graph system: ardour:
  jackknife ports --dot | dot -Tsvg > patch.svg
  jackknife ports --json | jq -r '.[] | select(.physical) | .name'`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := v.check(); err != nil {
				return err
			}
			selectors, err := parseSelectors(args)
			if err != nil {
				return err
			}
			server, err := visitServer()
			if err != nil {
				return err
			}
			defer server.Close()
			var g jackgraph.Graph
			if v.connections || v.latency || v.json || v.dot || v.drawn {
				g = server.Snapshot()
			} else {
				g.Ports = server.Ports()
			}
			return v.list(s, g, selectors)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completePorts(toComplete, "")
		},
	}
	f := c.Flags()
	f.BoolVarP(&v.inputs, "inputs", "i", false, "inputs only")
	f.BoolVarP(&v.outputs, "outputs", "o", false, "outputs only")
	f.BoolVarP(&v.connections, "connections", "c", false, "show what each port is connected to")
	f.BoolVarP(&v.latency, "latency", "l", false, "show the capture and the playback latency in frames")
	f.BoolVarP(&v.aliases, "aliases", "A", false, "show the aliases of each port")
	f.BoolVarP(&v.metadata, "metadata", "m", false, "show the metadata of each port, pretty names among them")
	f.BoolVarP(&v.tree, "tree", "t", false, "each client once, its ports below it")
	f.BoolVar(&v.byOrder, "by-order", false, "ports of a client in the order it gave them")
	f.BoolVar(&v.names, "names", false, "print full names and nothing else")
	f.BoolVar(&v.json, "json", false, "print JSON")
	f.BoolVar(&v.dot, "dot", false, "print the graph in the language of Graphviz")
	f.BoolVar(&v.drawn, "graph", false, "draw the graph")
	serverFlag(c)
	return c
}

// list prints the ports that selectors name, all where there are none.
func (v *portsView) list(s *streams, g jackgraph.Graph, selectors []jackgraph.Selector) error {
	if v.byOrder {
		slices.SortStableFunc(g.Ports, jackgraph.ByOrder)
	}
	admit := func(p jackgraph.Port) bool {
		return v.inputs == v.outputs || v.inputs == (p.Dir == jackgraph.Input)
	}
	listed, missing := selectPorts(g, selectors, admit)
	if err := v.write(s.out, g, listed); err != nil {
		return err
	}
	if missing != "" {
		return &failure{code: exitNoMatch, err: fmt.Errorf("%s: %w", missing, jackgraph.ErrNoMatch), hint: nameHint(g, missing)}
	}
	return nil
}

// check refuses flags that exclude each other.
func (v *portsView) check() error {
	var forms []string
	for _, f := range []struct {
		name string
		set  bool
	}{{"--names", v.names}, {"--json", v.json}, {"--dot", v.dot}, {"--graph", v.drawn}} {
		if f.set {
			forms = append(forms, f.name)
		}
	}
	switch {
	case len(forms) > 1:
		return usagef("%s and %s exclude each other", forms[0], forms[1])
	case len(forms) == 1 && (v.connections || v.latency || v.aliases || v.metadata || v.tree):
		return usagef("%s goes with none of -c, -l, -A, -m, -t", forms[0])
	}
	return nil
}

// write prints the listed ports of a graph.
func (v *portsView) write(w io.Writer, g jackgraph.Graph, listed []jackgraph.Port) error {
	part := jackgraph.Graph{Ports: listed, Connections: g.Connections}
	switch {
	case v.json:
		return writePortsJSON(w, g, listed)
	case v.dot:
		return part.WriteDOT(w)
	case v.drawn:
		return part.Draw(w)
	}
	lines := bufio.NewWriter(w)
	switch {
	case v.names:
		for _, p := range listed {
			fmt.Fprintln(lines, p.Name)
		}
	case v.tree:
		v.writeTree(lines, g, listed)
	default:
		v.writeList(lines, g, listed, "", func(p jackgraph.Port) string { return p.Name })
	}
	return lines.Flush()
}

// selectPorts returns the ports that any of the selectors names and admit
// lets through, each once, and the first selector that names none. Without
// selectors these are all.
func selectPorts(g jackgraph.Graph, selectors []jackgraph.Selector, admit func(jackgraph.Port) bool) (listed []jackgraph.Port, missing string) {
	seen := make(map[jackgraph.End]bool)
	add := func(ports []jackgraph.Port) (any bool) {
		for _, p := range ports {
			if !admit(p) {
				continue
			}
			any = true
			if !seen[p.End()] {
				seen[p.End()] = true
				listed = append(listed, p)
			}
		}
		return any
	}
	if len(selectors) == 0 {
		add(g.Ports)
	}
	for _, selector := range selectors {
		if !add(g.Select(selector)) && missing == "" {
			missing = selector.String()
		}
	}
	return listed, missing
}

// writeTree prints each client once, in the order of its first port.
func (v *portsView) writeTree(w io.Writer, g jackgraph.Graph, ports []jackgraph.Port) {
	var clients []string
	of := make(map[string][]jackgraph.Port)
	for _, p := range ports {
		client := p.Client()
		if of[client] == nil {
			clients = append(clients, client)
		}
		of[client] = append(of[client], p)
	}
	for _, client := range clients {
		fmt.Fprintln(w, client)
		v.writeList(w, g, of[client], "   ", jackgraph.Port.Short)
	}
}

// writeList prints a line for each port, with more below it as asked for.
func (v *portsView) writeList(w io.Writer, g jackgraph.Graph, ports []jackgraph.Port, indent string, name func(jackgraph.Port) string) {
	widest, widestType := 0, 0
	for _, p := range ports {
		widest = max(widest, utf8.RuneCountInString(name(p)))
		widestType = max(widestType, utf8.RuneCountInString(string(p.Type)))
	}
	var joined map[jackgraph.End][]string
	if v.connections {
		joined = g.Connected()
	}
	for _, p := range ports {
		line := fmt.Sprintf("%s%-*s  %-*s  %-3s", indent, widest, name(p), widestType, p.Type, p.Dir)
		if v.latency {
			line += fmt.Sprintf("  %12s  %12s", frameRange(p.Capture), frameRange(p.Playback))
		}
		if p.Physical {
			line += "  physical"
		}
		if p.Pretty != "" {
			line += "  " + strconv.Quote(p.Pretty)
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
		if v.aliases {
			for _, alias := range p.Aliases {
				fmt.Fprintf(w, "%s   = %s\n", indent, alias)
			}
		}
		if v.metadata {
			for _, key := range slices.Sorted(maps.Keys(p.Metadata)) {
				fmt.Fprintf(w, "%s   # %s: %s\n", indent, strings.TrimPrefix(key, jackgraph.KeyPrefix), shown(p.Metadata[key]))
			}
		}
		arrow := "->"
		if p.Dir == jackgraph.Input {
			arrow = "<-"
		}
		for _, other := range joined[p.End()] {
			fmt.Fprintf(w, "%s   %s %s\n", indent, arrow, other)
		}
	}
}

// frameRange words a latency; one number where the two are the same.
func frameRange(l jackgraph.Latency) string {
	if l.Min == l.Max {
		return fmt.Sprint(l.Min)
	}
	return fmt.Sprintf("%d..%d", l.Min, l.Max)
}

func writePortsJSON(w io.Writer, g jackgraph.Graph, ports []jackgraph.Port) error {
	type latency struct {
		Capture  [2]int `json:"capture"`
		Playback [2]int `json:"playback"`
	}
	type port struct {
		Name        string              `json:"name"`
		Client      string              `json:"client"`
		Type        jackgraph.Type      `json:"type"`
		Direction   jackgraph.Direction `json:"direction"`
		Physical    bool                `json:"physical"`
		Pretty      string              `json:"pretty"`
		Aliases     []string            `json:"aliases"`
		Connections []string            `json:"connections"`
		Latency     latency             `json:"latency"`
		Metadata    map[string]string   `json:"metadata"`
	}
	joined := g.Connected()
	all := []port{}
	for _, p := range ports {
		metadata := p.Metadata
		if metadata == nil {
			metadata = map[string]string{}
		}
		all = append(all, port{p.Name, p.Client(), p.Type, p.Dir, p.Physical, p.Pretty,
			append([]string{}, p.Aliases...), append([]string{}, joined[p.End()]...),
			latency{[2]int{p.Capture.Min, p.Capture.Max}, [2]int{p.Playback.Min, p.Playback.Max}}, metadata})
	}
	return writeJSON(w, all)
}
