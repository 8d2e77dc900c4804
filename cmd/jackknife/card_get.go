package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardGetCommand(s *streams) *cobra.Command {
	var card string
	var asJSON bool
	c := &cobra.Command{
		Use:   "get NAME...",
		Short: "Print the values of elements",
		Long: `Print the values of elements, a line each: "NAME: VALUE". What is printed can be
given to card set.

An element is named

  'DAC Volume,3'            by name and index
  'DAC Volume'              all of that name, whatever their index
  'DAC Volume,0-3'          several of them
  'pcm:Multi Track Peak'    with its interface: card mixer pcm rawmidi timer ...
  'pcm.3:ELD'               and its device

in capitals or not. Naming the peak meters reads them, which clears them.

Exit 4 if a name is of no element.`,
		Example: `  jackknife card get 'ADC Volume'
  jackknife card get -c M1010LT 'Multi Track Internal Clock' 'Word Clock Status'
  jackknife card get --json 'DAC Volume,0' | jq '.[0].levels_db[0]'`,
		Args: cobra.MinimumNArgs(1),
		RunE: onCard(&card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			elements, err := findElements(elements, args)
			if err != nil {
				return err
			}
			for _, e := range elements {
				if e.Value == nil && e.Access.Read { // the peaks, or what could not be read
					if err := ctl.Read(e); err != nil {
						return cardFailure(err)
					}
				}
			}
			if asJSON {
				return writeElementsJSON(s.out, elements)
			}
			for _, e := range elements {
				fmt.Fprintf(s.out, "%s: %s\n", e, valueText(e))
			}
			return nil
		}),
		ValidArgsFunction: completing(&card, elementNames),
	}
	cardFlag(c, &card)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, as card show does")
	return c
}
