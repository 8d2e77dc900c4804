package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardRouteCommand(s *streams) *cobra.Command {
	var f changing
	var matrix bool
	c := &cobra.Command{
		Use:   "route [OUTPUT SOURCE]",
		Short: "Show or set what feeds the outputs of an Envy24 card",
		Long: `Show or set what feeds the outputs of an Envy24 card, in the card itself, without
delay and without a server: a line "OUTPUT <- SOURCE" each.

  outputs   out1 to out8, spdif-l, spdif-r; several as out1-8, out1,out2, out or all
  sources   pcm      the output's own playback channel (how it starts)
            in1...   an input, spdif-l, spdif-r
            mix      the monitor mixer (card mixer): its left side on odd outputs
                     and spdif-l, its right side on even ones and spdif-r; it
                     reaches out1, out2 and S/PDIF only
            as many sources as outputs go one to one: out1-8 in1-8`,
		Example: `  jackknife card route
  jackknife card route out1-2 mix
  jackknife card route -n out3-4 in1-2
  jackknife card route all pcm
  jackknife card route --matrix`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 0 && len(args) != 2 {
				return usagef("want OUTPUT SOURCE, or nothing")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctl, elements, err := openCard(f.card)
			if err != nil {
				return err
			}
			defer ctl.Close()
			outputs := alsa.Outputs(elements)
			switch {
			case len(outputs) == 0:
				return lacking(ctl, "routes")
			case len(args) == 0 && f.asJSON:
				return writeRoutesJSON(s.out, outputs)
			case len(args) == 0 && matrix:
				return writeMatrix(s.out, outputs)
			case len(args) == 0:
				for _, o := range outputs {
					fmt.Fprintf(s.out, "%s <- %s\n", o.Name, o.Source(o.Route.Value[0]))
				}
				return nil
			}
			changes, err := reroute(outputs, args[0], args[1])
			if err != nil {
				return err
			}
			f.word = func(c alsa.Change) (string, bool) {
				for _, o := range outputs {
					if c.Element == o.Route {
						return fmt.Sprintf("%s: %s -> %s", o.Name, o.Source(c.From[0]), o.Source(c.To[0])), true
					}
				}
				return "", false
			}
			return f.change(s, ctl, elements, changes, nil)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completeParts(f.card, func(elements []*alsa.Element) []cobra.Completion {
				var names []cobra.Completion
				for _, o := range alsa.Outputs(elements) {
					if len(args) == 0 {
						names = append(names, cobra.CompletionWithDesc(o.Name, "now "+o.Source(o.Route.Value[0])))
					} else if o.Name == args[0] {
						names = append(names, o.Sources()...)
					}
				}
				return names
			})
		},
	}
	changeFlags(c, &f)
	c.Flags().BoolVar(&matrix, "matrix", false, "show outputs as rows, sources as columns: X feeds, . could, - cannot")
	return c
}

// reroute is what must change for the outputs to be fed by the sources.
func reroute(outputs []alsa.Output, outSpec, sourceSpec string) ([]alsa.Change, error) {
	names := make([]string, len(outputs))
	for i, o := range outputs {
		names[i] = o.Name
	}
	at, err := alsa.Select(names, outSpec)
	if err != nil {
		return nil, &failure{code: exitNoMatch, err: err}
	}
	sources := []string{sourceSpec}
	if sourceSpec != "pcm" {
		all := sourceNames(outputs)
		places, err := alsa.Select(all, sourceSpec)
		if err != nil {
			return nil, &failure{code: exitNoMatch, err: err}
		}
		sources = nil
		for _, p := range places {
			sources = append(sources, all[p])
		}
	}
	if len(sources) != 1 && len(sources) != len(at) {
		return nil, usagef("%d sources for %d outputs", len(sources), len(at))
	}
	var changes []alsa.Change
	for i, n := range at {
		o := outputs[n]
		item, err := o.Item(sources[min(i, len(sources)-1)])
		if err != nil {
			return nil, usagef("%w", err)
		}
		if to := (alsa.Value{item}); !slices.Equal(to, o.Route.Value) {
			changes = append(changes, alsa.Change{Element: o.Route, From: o.Route.Value, To: to})
		}
	}
	return changes, nil
}

// sourceNames lists what can feed any of the outputs.
func sourceNames(outputs []alsa.Output) []string {
	var names []string
	for _, o := range outputs {
		for _, s := range o.Sources() {
			if !slices.Contains(names, s) {
				names = append(names, s)
			}
		}
	}
	return names
}

func writeMatrix(out io.Writer, outputs []alsa.Output) error {
	columns := []string{"pcm"}
	for _, n := range sourceNames(outputs) {
		if !strings.HasPrefix(n, "pcm") {
			columns = append(columns, n)
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\t%s\n", strings.Join(columns, "\t"))
	for _, o := range outputs {
		row := []string{o.Name}
		for _, c := range columns {
			mark := "."
			if item, err := o.Item(c); err != nil {
				mark = "-"
			} else if o.Route.Value[0] == item {
				mark = "X"
			}
			row = append(row, mark)
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// routeJSON is a route as --json shows it.
type routeJSON struct {
	Output  string   `json:"output"`
	Source  string   `json:"source"`
	Sources []string `json:"sources"`
}

func writeRoutesJSON(w io.Writer, outputs []alsa.Output) error {
	list := make([]routeJSON, len(outputs))
	for i, o := range outputs {
		list[i] = routeJSON{o.Name, o.Source(o.Route.Value[0]), o.Sources()}
	}
	return writeJSON(w, list)
}
