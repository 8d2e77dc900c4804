package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardDoctorCommand(s *streams) *cobra.Command {
	var card string
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong with the card and who uses it",
		Long: `Look for what usually is wrong with the settings of an Envy24 card: muted sockets
(so the driver starts), an external clock without a signal, a locked rate, an
S/PDIF output marked as no audio, outputs that play an empty mix or an input. Of
any card, who else has it, a jackd that runs at another rate than asked or sets
the routes (-H), and a jackd in ~/.jackdrc that cannot start: an Envy24 takes 12
channels in and 10 out, no fewer, blocks up to 2048 frames, rates up to 96000.
Each finding is a line, with the command that mends it below. Nothing is changed.

After loading its driver an Envy24 card is muted: once it is as you like it,
"sudo alsactl store" keeps it so over a restart of the machine.

--json prints an array of objects with problem (false: only worth knowing),
text and mend (a command line).

Exit 1 if a problem was found.`,
		Example: `  jackknife card doctor
  jackknife card doctor --json | jq -r '.[].mend | select(startswith("jackknife"))' | sh`,
		Args: cobra.NoArgs,
		RunE: onCard(&card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			type finding struct {
				Problem bool   `json:"problem"`
				Text    string `json:"text"`
				Mend    string `json:"mend"`
			}
			list, problems := []finding{}, 0
			found := alsa.Examine(ctl.Card, elements, alsa.UseOf(ctl.Card))
			for _, f := range append(found, examineJackdrc(ctl.Card)...) {
				if f.Problem {
					problems++
				}
				lines := make([]string, len(f.Mend))
				for i, words := range f.Mend {
					lines[i] = shellLine(words)
				}
				list = append(list, finding{f.Problem, f.Text, strings.Join(lines, "; ")})
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
		}),
	}
	cardFlag(c, &card)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// examineJackdrc looks at the command line that qjackctl keeps and jackd's
// clients start it by.
func examineJackdrc(card alsa.Card) []alsa.Finding {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(home, ".jackdrc"))
	if err != nil {
		return nil
	}
	capture, playback, err := alsa.StreamLimits(card)
	if err != nil { // in use: what runs fits
		return nil
	}
	return alsa.ExamineServer(card, strings.Fields(string(text)), "~/.jackdrc", capture, playback)
}

func noEnvy24(ctl *alsa.Ctl) error {
	return &failure{code: exitNoMatch, err: fmt.Errorf("card %s: it is no Envy24 card, its driver is %s", ctl.Card.ID, ctl.Card.Driver)}
}

// shellLine quotes words for the shell where they need that.
func shellLine(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if w == "" || strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=,./:+") != "" {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
