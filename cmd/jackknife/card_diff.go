package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardDiffCommand(s *streams) *cobra.Command {
	var card, from string
	var only []string
	var asJSON bool
	c := &cobra.Command{
		Use:   "diff FILE",
		Short: "Show how the card differs from a saved state",
		Long: `Show what card load FILE would change: a line "NAME: ON THE CARD -> IN THE FILE"
for each element that differs. What is read-only does not count.

Exit 0 if nothing differs, 1 if something does.`,
		Example: `  jackknife card diff studio.state
  jackknife card diff /var/lib/alsa/asound.state --only 'Multi Track Internal Clock'`,
		Args: cobra.ExactArgs(1),
		RunE: onCard(&card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			changes, problems, err := stateChanges(s, args[0], from, only, ctl.Card, elements)
			if err != nil {
				return err
			}
			f := changing{dry: true, asJSON: asJSON}
			if err := f.change(s, ctl, elements, changes, nil); err != nil {
				return err
			}
			for _, p := range problems {
				fmt.Fprintf(s.err, "jackknife: %s\n", p)
			}
			changes = slices.DeleteFunc(changes, alsa.Change.Hold)
			if n := len(changes) + len(problems); n > 0 {
				return fmt.Errorf("%s differs from %s in %d settings", ctl.Card.ID, shown(args[0]), n)
			}
			return nil
		}),
	}
	cardFlag(c, &card)
	stateFlags(c, &from, &only)
	c.Flags().BoolVar(&asJSON, "json", false, "print an array of changes, as card load -n --json does")
	return c
}
