package main

import (
	"slices"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

func disconnectCommand(s *streams) *cobra.Command {
	p := &patching{streams: s, name: "disconnect"}
	var all bool
	c := &cobra.Command{
		Use:   "disconnect FROM [TO] | --all",
		Short: "Disconnect ports, in pairs or groups",
		Long: `Disconnect ports. FROM and TO are selectors (see jackknife ports --help).

With FROM alone, all connections of its ports are cut. Where FROM and TO write
their names out, also in ranges, the same pairs are cut that connect makes. Where
one of them is a pattern, every connection between a port of the one and a port
of the other is cut. --all cuts every connection there is.

Exit 4 if a name or selector matches nothing, 5 if some pairs failed, 1 if all
did. What is not connected is done.`,
		Example: `  jackknife disconnect system:capture_1 ardour:in_1
  jackknife disconnect 'system:capture_{1..8}' 'ardour:in_{1..8}'
  jackknife disconnect -n ardour: system:
  jackknife disconnect 'system:playback_*'
  jackknife disconnect --all`,
		Args: func(c *cobra.Command, args []string) error { return someOrAll(c, args, all) },
		RunE: func(c *cobra.Command, args []string) error {
			sides, err := parseSelectors(args)
			if err != nil {
				return err
			}
			return p.run(c.Context(), disconnecting(sides))
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeConnected(args, toComplete)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "cut every connection")
	p.flags(c)
	return c
}

// someOrAll wants FROM and TO, FROM alone, or --all.
func someOrAll(c *cobra.Command, args []string, all bool) error {
	switch {
	case !all:
		return twoSides(1)(c, args)
	case len(args) > 0:
		return usagef("--all goes with no names")
	}
	return nil
}

// disconnecting cuts what is between two selectors, around one, or all where
// there is none.
func disconnecting(sides []jackgraph.Selector) planner {
	return func(g jackgraph.Graph) (plan, error) {
		var pairs []jackgraph.Connection
		var err error
		switch len(sides) {
		case 0:
			pairs = g.Connections
		case 1:
			pairs, err = g.Around(sides[0])
		default:
			pairs, err = g.Between(sides[0], sides[1])
		}
		return plan{changes: jackgraph.Changes(jackgraph.Disconnect, pairs)}, err
	}
}

// completeConnected completes the names of ports that have a connection, or,
// where a port is given, one with it.
func completeConnected(args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	server, err := visitServer()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer server.Close()
	g := server.Snapshot()
	joined := g.Connected()
	g.Ports = slices.DeleteFunc(g.Ports, func(p jackgraph.Port) bool {
		if len(args) == 0 {
			return len(joined[p.End()]) == 0
		}
		return !slices.Contains(joined[p.End()], args[0])
	})
	return portCompletions(g.Ports, toComplete, ""), cobra.ShellCompDirectiveNoFileComp
}
