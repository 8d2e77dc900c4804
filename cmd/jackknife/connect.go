package main

import (
	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

func connectCommand(s *streams) *cobra.Command {
	p := &patch{streams: s, do: jackgraph.Connect}
	c := &cobra.Command{
		Use:   "connect FROM TO",
		Short: "Connect ports, in pairs or groups",
		Long: `Connect ports. FROM and TO are selectors (see jackknife ports --help): as many
ports on both sides are paired in order; one port is joined to each of the
other side (an output heard in many places, or outputs mixed into one input).

FROM stands for outputs and TO for inputs; given the other way round they
change places. A pattern stands only for ports of its side, and only of types
the other side has too. Names written out, also in ranges, must exist: a hole
in a range does not shift the ports after it.

All pairs are checked before the first is made, and looked at again after the
last. Exit 4 if a name or selector matches nothing, 5 if some pairs failed, 1
if all did. What is connected already is done.`,
		Example: `  jackknife connect system:capture_1 ardour:in_1
  jackknife connect 'system:capture_{1..8}' 'ardour:in_{1..8}'
  jackknife connect -n 'ardour:out_*' 'system:playback_{1,2}'
  jackknife connect ardour:out_1 'system:playback_{1..4}'`,
		Args: twoSides(2),
		RunE: func(c *cobra.Command, args []string) error {
			sides, err := parseSelectors(args)
			if err != nil {
				return err
			}
			return p.run(c.Context(), func(g jackgraph.Graph) ([]jackgraph.Connection, error) {
				return g.Pair(sides[0], sides[1])
			})
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			switch len(args) {
			case 0:
				return completePorts(toComplete, jackgraph.Output)
			case 1:
				return completePorts(toComplete, jackgraph.Input)
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	p.flags(c)
	return c
}
