package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardWatchCommand(s *streams) *cobra.Command {
	var card string
	var asJSON bool
	var every time.Duration
	c := &cobra.Command{
		Use:   "watch [NAME...]",
		Short: "Print changes of the card as they happen",
		Long: `Print changes of the card, by whatever program or hand, until interrupted: a line
"NAME: BEFORE -> AFTER" for each. The driver tells of most changes; what it
changes without a word (clocks, lock status) is looked at at an interval. The
peak meters are left out.`,
		Example: `  jackknife card watch
  jackknife card watch 'Multi Track Internal Clock' 'Word Clock Status' --every 100ms
  jackknife card watch --json`,
		PreRunE: func(c *cobra.Command, args []string) error {
			if every < 10*time.Millisecond {
				return usagef("--every %v: want 10ms at least", every)
			}
			return nil
		},
		RunE: onCard(&card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			elements, err := findElements(elements, args)
			if err != nil {
				return err
			}
			var writeErr error
			err = ctl.Watch(c.Context(), elements, every, func(change alsa.Change) {
				if writeErr != nil {
					return
				}
				if asJSON {
					writeErr = json.NewEncoder(s.out).Encode(newChangeJSON(change, "done"))
					return
				}
				_, writeErr = fmt.Fprintln(s.out, change)
			})
			if err != nil {
				return cardFailure(fmt.Errorf("card %s: %w", ctl.Card.ID, err))
			}
			return writeErr
		}),
		ValidArgsFunction: completing(&card, elementNames),
	}
	cardFlag(c, &card)
	c.Flags().BoolVar(&asJSON, "json", false, "print an object a line: name, from, to, values, result")
	c.Flags().DurationVar(&every, "every", 250*time.Millisecond, "`interval` of looking at what changes without an event")
	return c
}
