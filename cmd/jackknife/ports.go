package main

import (
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

func portsCommand(s *streams) *cobra.Command {
	var inputs, outputs, connections, names, asJSON bool
	c := &cobra.Command{
		Use:     "ports [SELECTOR...]",
		Aliases: []string{"ls"},
		Short:   "List the ports of the JACK server",
		Long: `List the ports of the JACK server (or of PipeWire's): full name, type, direction
seen from the port's client, and whether it is a socket of a card. 2 comes
before 10.

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

--json prints an array of objects with name, client, type ("audio", "midi" or
the server's own word), direction ("in" or "out"), physical, pretty, aliases
and connections (full names), all of them always there.

Exit 4 if a selector matches nothing.`,
		Example: `  jackknife ports
  jackknife ports -o -c 'system:'
  jackknife ports 'type=midi dir=out'
  jackknife ports --json | jq -r '.[] | select(.physical) | .name'`,
		RunE: func(c *cobra.Command, args []string) error {
			if names && (asJSON || connections) {
				return usagef("--names goes with neither --json nor --connections")
			}
			selectors, err := parseSelectors(args)
			if err != nil {
				return err
			}
			server, err := openServer()
			if err != nil {
				return err
			}
			defer server.Close()
			g := jackgraph.Graph{Ports: server.Ports()}
			if connections || asJSON {
				g = server.Snapshot()
			}
			admit := func(p jackgraph.Port) bool {
				return inputs == outputs || inputs == (p.Dir == jackgraph.Input)
			}
			listed, missing := selectPorts(g, selectors, admit)
			switch {
			case asJSON:
				err = writePortsJSON(s.out, g, listed)
			case names:
				for _, p := range listed {
					fmt.Fprintln(s.out, p.Name)
				}
			default:
				writePorts(s.out, g, listed, connections)
			}
			if err == nil && missing != "" {
				err = &failure{code: exitNoMatch, err: fmt.Errorf("%s: %w", missing, jackgraph.ErrNoMatch), hint: nameHint(g, missing)}
			}
			return err
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completePorts(toComplete, "")
		},
	}
	f := c.Flags()
	f.BoolVarP(&inputs, "inputs", "i", false, "inputs only")
	f.BoolVarP(&outputs, "outputs", "o", false, "outputs only")
	f.BoolVarP(&connections, "connections", "c", false, "show what each port is connected to")
	f.BoolVar(&names, "names", false, "print full names and nothing else")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	serverFlag(c)
	return c
}

// selectPorts returns the ports that any of the selectors names and admit
// lets through, each once, and the first selector that names none. Without
// selectors these are all.
func selectPorts(g jackgraph.Graph, selectors []jackgraph.Selector, admit func(jackgraph.Port) bool) (listed []jackgraph.Port, missing string) {
	seen := make(map[string]bool)
	add := func(ports []jackgraph.Port) (any bool) {
		for _, p := range ports {
			if !admit(p) {
				continue
			}
			any = true
			if !seen[p.Name] {
				seen[p.Name] = true
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

func writePorts(w io.Writer, g jackgraph.Graph, ports []jackgraph.Port, connections bool) {
	widest, widestType := 0, 0
	for _, p := range ports {
		widest = max(widest, utf8.RuneCountInString(p.Name))
		widestType = max(widestType, utf8.RuneCountInString(string(p.Type)))
	}
	joined := g.Connected()
	for _, p := range ports {
		fmt.Fprintf(w, "%-*s  %-*s  %s", widest, p.Name, widestType, p.Type, p.Dir)
		if p.Physical {
			fmt.Fprintf(w, "%*sphysical", 5-len(p.Dir), "")
		}
		fmt.Fprintln(w)
		if !connections {
			continue
		}
		arrow := "->"
		if p.Dir == jackgraph.Input {
			arrow = "<-"
		}
		for _, other := range joined[p.Name] {
			fmt.Fprintf(w, "   %s %s\n", arrow, other)
		}
	}
}

func writePortsJSON(w io.Writer, g jackgraph.Graph, ports []jackgraph.Port) error {
	type port struct {
		Name        string              `json:"name"`
		Client      string              `json:"client"`
		Type        jackgraph.Type      `json:"type"`
		Direction   jackgraph.Direction `json:"direction"`
		Physical    bool                `json:"physical"`
		Pretty      string              `json:"pretty"`
		Aliases     []string            `json:"aliases"`
		Connections []string            `json:"connections"`
	}
	joined := g.Connected()
	all := []port{}
	for _, p := range ports {
		all = append(all, port{p.Name, p.Client(), p.Type, p.Dir, p.Physical, p.Pretty,
			append([]string{}, p.Aliases...), append([]string{}, joined[p.Name]...)})
	}
	return writeJSON(w, all)
}
