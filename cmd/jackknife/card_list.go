package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardListCommand(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the sound cards",
		Long: `List the sound cards of the machine: number, id, driver, name. The id is the name
to use: numbers change between starts.

--json prints an array of objects with number, id, driver, name, long_name and
mixer.

Exit 3 if there is no card.`,
		Example: `  jackknife card list
  jackknife card list --json | jq -r '.[].id'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			cards, err := alsa.Cards()
			if err == nil && len(cards) == 0 {
				err = alsa.ErrNoCard
			}
			if len(cards) == 0 {
				return cardFailure(err)
			}
			if asJSON {
				list := make([]cardJSON, len(cards))
				for i, card := range cards {
					list[i] = cardJSON(card)
				}
				return errors.Join(writeJSON(s.out, list), err)
			}
			return errors.Join(table(s.out, func(w io.Writer) {
				for _, card := range cards {
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", card.Number, card.ID, card.Driver, card.Name)
				}
			}), err)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// cardJSON is a card as --json shows it.
type cardJSON struct {
	Number   int    `json:"number"`
	ID       string `json:"id"`
	Driver   string `json:"driver"`
	Name     string `json:"name"`
	LongName string `json:"long_name"`
	Mixer    string `json:"mixer"`
}
