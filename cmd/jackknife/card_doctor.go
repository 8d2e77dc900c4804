package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardDoctorCommand(s *streams) *cobra.Command {
	var card string
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong with the settings of an Envy24 card",
		Long: `Look for what usually is wrong with the settings of an Envy24 card: muted sockets
(so the driver starts), an external clock without a signal, a locked rate, an
S/PDIF output marked as no audio, outputs that play an empty mix or an input.
Each finding is a line, with the command that mends it below. Nothing is changed.

--json prints an array of objects with problem (false: only worth knowing),
text and mend (a command line).

Exit 1 if a problem was found.`,
		Example: `  jackknife card doctor
  jackknife card doctor --json | jq -r '.[].mend' | sh`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			ctl, elements, err := openCard(card)
			if err != nil {
				return err
			}
			defer ctl.Close()
			if ctl.Card.Driver != alsa.ICE1712 {
				return noEnvy24(ctl)
			}
			type finding struct {
				Problem bool   `json:"problem"`
				Text    string `json:"text"`
				Mend    string `json:"mend"`
			}
			list, problems := []finding{}, 0
			for _, f := range alsa.Examine(elements) {
				if f.Problem {
					problems++
				}
				words := []string{"jackknife", "card", f.Mend[0], "-c", ctl.Card.ID}
				for _, w := range f.Mend[1:] {
					words = append(words, shellWord(w))
				}
				list = append(list, finding{f.Problem, f.Text, strings.Join(words, " ")})
			}
			if asJSON {
				if err := writeJSON(s.out, list); err != nil {
					return err
				}
			} else {
				for _, f := range list {
					kind := "note"
					if f.Problem {
						kind = "problem"
					}
					fmt.Fprintf(s.out, "%s: %s\n    %s\n", kind, f.Text, f.Mend)
				}
			}
			switch problems {
			case 0:
				return nil
			case 1:
				return fmt.Errorf("card %s: a problem", ctl.Card.ID)
			}
			return fmt.Errorf("card %s: %d problems", ctl.Card.ID, problems)
		},
	}
	cardFlag(c, &card)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func noEnvy24(ctl *alsa.Ctl) error {
	return &failure{code: exitNoMatch, err: fmt.Errorf("card %s: it is no Envy24 card, its driver is %s", ctl.Card.ID, ctl.Card.Driver)}
}

// shellWord quotes a word for the shell where it needs that.
func shellWord(w string) string {
	if strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=,./+") == "" && w != "" {
		return w
	}
	if strings.Contains(w, "'") {
		return strconv.Quote(w)
	}
	return "'" + w + "'"
}
