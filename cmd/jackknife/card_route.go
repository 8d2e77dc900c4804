package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

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
		RunE: onCard(&f.card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			outputs := alsa.Outputs(elements)
			switch {
			case len(outputs) == 0:
				return lacking(ctl, "routes")
			case len(args) == 0 && matrix && !f.asJSON:
				return writeMatrix(s.out, outputs)
			case len(args) == 0:
				return showRoutes(s.out, outputs, f.asJSON)
			}
			changes, err := reroute(outputs, args[0], args[1])
			if err != nil {
				return err
			}
			f.words = make(wording)
			for _, o := range outputs {
				f.words.name(o.Route, o.Name, func(v alsa.Value) string { return o.Source(v[0]) })
			}
			return f.change(s, ctl, elements, changes, nil)
		}),
		ValidArgsFunction: completing(&f.card, func(elements []*alsa.Element, args []string) []cobra.Completion {
			var names []cobra.Completion
			for _, o := range alsa.Outputs(elements) {
				if len(args) == 0 {
					names = append(names, cobra.CompletionWithDesc(o.Name, "now "+o.Source(o.Route.Value[0])))
				} else if o.Name == args[0] {
					names = append(names, o.Sources()...)
				}
			}
			return names
		}),
	}
	changeFlags(c, &f)
	c.Flags().BoolVar(&matrix, "matrix", false, "show outputs as rows, sources as columns: X feeds, . could, - cannot")
	return c
}

// reroute is what must change for the outputs to be fed by the sources.
func reroute(outputs []alsa.Output, outSpec, sourceSpec string) ([]alsa.Change, error) {
	picked, err := pick(outputs, outputName, outSpec)
	if err != nil {
		return nil, err
	}
	sources := []string{sourceSpec}
	if sourceSpec != "pcm" {
		if sources, err = pick(sourceNames(outputs), func(s string) string { return s }, sourceSpec); err != nil {
			return nil, err
		}
	}
	if len(sources) != 1 && len(sources) != len(picked) {
		return nil, usagef("%d sources for %d outputs", len(sources), len(picked))
	}
	var changes []alsa.Change
	for i, o := range picked {
		item, err := o.Item(sources[min(i, len(sources)-1)])
		if err != nil {
			return nil, usagef("%w", err)
		}
		changes = append(changes, changed(o.Route, alsa.Value{item})...)
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
	return table(out, func(w io.Writer) {
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
	})
}

// routeJSON is a route as --json shows it.
type routeJSON struct {
	Output  string   `json:"output"`
	Source  string   `json:"source"`
	Sources []string `json:"sources"`
}

func showRoutes(out io.Writer, outputs []alsa.Output, asJSON bool) error {
	if asJSON {
		list := make([]routeJSON, len(outputs))
		for i, o := range outputs {
			list[i] = routeJSON{o.Name, o.Source(o.Route.Value[0]), o.Sources()}
		}
		return writeJSON(out, list)
	}
	for _, o := range outputs {
		if _, err := fmt.Fprintf(out, "%s <- %s\n", o.Name, o.Source(o.Route.Value[0])); err != nil {
			return err
		}
	}
	return nil
}
