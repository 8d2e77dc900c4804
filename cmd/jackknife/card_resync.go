package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardResyncCommand(s *streams) *cobra.Command {
	var card string
	var dry bool
	c := &cobra.Command{
		Use:   "resync",
		Short: "Write an Envy24 card's mixer again, after a suspend",
		Long: `Write the settings of an Envy24 card's monitor mixer to the chip again. After the
machine has slept the driver still shows them, but the chip has forgotten.

Routes from inputs, the faders' speed and the word clock are forgotten too, and
read as such: load a saved state or profile for those (card load, card profile
load).`,
		Example: `  jackknife card resync && jackknife card profile load booth`,
		Args:    cobra.NoArgs,
		RunE: onCard(&card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			strips := alsa.Strips(elements)
			if len(strips) == 0 {
				return lacking(ctl, "monitor mixer")
			}
			var failed []error
			wanted := 0
			for _, strip := range strips {
				for _, e := range []*alsa.Element{strip.Volume, strip.Switch} {
					wanted++
					if dry {
						continue
					}
					if err := ctl.Write(e, e.Value); err != nil {
						failed = append(failed, err)
					}
				}
			}
			if len(failed) == 0 {
				fmt.Fprintf(s.out, "%d strips\n", len(strips))
			}
			return partly(s, failed, wanted, "settings were not written")
		}),
	}
	cardFlag(c, &card)
	c.Flags().BoolVarP(&dry, "dry-run", "n", false, "say how many strips there are, write nothing")
	return c
}
