package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardLoadCommand(s *streams) *cobra.Command {
	var f changing
	var only []string
	var from string
	c := &cobra.Command{
		Use:   "load FILE",
		Short: "Set the card as a saved state says",
		Long: `Set the card as a state says that card save or alsactl store wrote (asound.state,
also of old systems); - is standard input. Elements that the file does not name
stay as they are, and so does what is read-only. First the file is held against
the card: only what differs is written, -n shows it. Where the driver drags one
setting along with another, the file's value stands in the end.

A file of several cards is read for the card's id, or for --from.

Exit 5 if some of it did not apply.`,
		Example: `  jackknife card load studio.state
  jackknife card load -n /var/lib/alsa/asound.state
  jackknife card load old.state --from M1010LT --only 'DAC Volume' --only 'ADC Volume'`,
		Args: cobra.ExactArgs(1),
		RunE: onCard(&f.card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			changes, problems, err := stateChanges(s, args[0], from, only, ctl.Card, elements)
			if err != nil {
				return err
			}
			return f.change(s, ctl, elements, changes, problems)
		}),
	}
	changeFlags(c, &f)
	stateFlags(c, &from, &only)
	return c
}

func stateFlags(c *cobra.Command, from *string, only *[]string) {
	c.Flags().StringVar(from, "from", "", "`CARD` in the file whose state is meant")
	c.Flags().StringArrayVar(only, "only", nil, "only the elements of this `NAME`; may be given again")
}

// stateChanges is what must change for the card to be as the file says.
func stateChanges(s *streams, file, from string, only []string, card alsa.Card, elements []*alsa.Element) ([]alsa.Change, []error, error) {
	state, err := readState(s, file, from, card)
	if err != nil {
		return nil, nil, err
	}
	changes, problems := alsa.Diff(elements, state)
	if len(only) > 0 {
		wanted, err := findElements(elements, only)
		if err != nil {
			return nil, nil, err
		}
		changes = slices.DeleteFunc(changes, func(c alsa.Change) bool { return !slices.Contains(wanted, c.Element) })
		problems = nil
	}
	return changes, problems, nil
}

// readState reads the state that is meant from a file.
func readState(s *streams, file, from string, card alsa.Card) (alsa.State, error) {
	r := s.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return alsa.State{}, err
		}
		defer f.Close()
		r = f
	}
	const limit = 16 << 20 // a state is some 20 KiB a card
	states, err := alsa.ParseStates(io.LimitReader(r, limit))
	if err != nil {
		return alsa.State{}, &failure{code: exitFailed, err: fmt.Errorf("%s: %w", shown(file), err), hint: "want a file that jackknife card save or alsactl store wrote"}
	}
	if from == "" && len(states) == 1 {
		return states[0], nil
	}
	var ids []string
	for _, state := range states {
		if state.Card == from || from == "" && state.Card == card.ID {
			return state, nil
		}
		ids = append(ids, state.Card)
	}
	if from == "" {
		from = card.ID
	}
	return alsa.State{}, &failure{code: exitNoMatch, err: fmt.Errorf("%s: no state of a card %s", shown(file), from),
		hint: "--from chooses one of " + strings.Join(ids, ", ")}
}
