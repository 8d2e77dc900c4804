package main

import (
	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

func connectCommand(s *streams) *cobra.Command {
	p := &patching{streams: s, name: "connect"}
	var exclusive, channels bool
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

--channels pairs by the channel at the end of the ports' names instead: L with
FL, left or 1; R with FR, right or 2; FC and LFE with 3 and 4, and so on. A
channel that the other side lacks is left out.

--exclusive cuts all other connections of these ports first. --wait waits for
ports that are missing, and until no more come.

All pairs are checked before the first is made, and looked at again after the
last. Exit 4 if a name or selector matches nothing, 5 if some pairs failed, 1
if all did. What is connected already is done.`,
		Example: `  jackknife connect system:capture_1 ardour:in_1
  jackknife connect 'system:capture_{1..8}' 'ardour:in_{1..8}'
  jackknife connect -n 'ardour:out_*' 'system:playback_{1,2}'
  jackknife connect ardour:out_1 'system:playback_{1..4}'
  jackknife connect --channels --exclusive --wait 5s Firefox: 'system:playback_{1..2}'`,
		Args: twoSides(2),
		RunE: func(c *cobra.Command, args []string) error {
			sides, err := parseSelectors(args)
			if err != nil {
				return err
			}
			p.connects = !exclusive
			p.isNames = sides[0].IsName() && sides[1].IsName()
			return p.run(c.Context(), connecting(sides, channels, exclusive))
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
	f := c.Flags()
	f.BoolVarP(&exclusive, "exclusive", "x", false, "cut all other connections of these ports")
	f.BoolVarP(&channels, "channels", "c", false, "pair ports by channel: L, FL and 1; R, FR and 2; ...")
	p.waitFlag(c)
	p.flags(c)
	return c
}

// connecting connects one selector to another.
func connecting(sides []jackgraph.Selector, channels, exclusive bool) planner {
	return func(g jackgraph.Graph) (plan, error) {
		pair := g.Pair
		if channels {
			pair = g.PairChannels
		}
		pairs, err := pair(sides[0], sides[1])
		if exclusive {
			return plan{changes: g.Exclusively(pairs)}, err
		}
		return plan{changes: jackgraph.Changes(jackgraph.Connect, pairs)}, err
	}
}
