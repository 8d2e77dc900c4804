package main

import (
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardLevelsCommand(s *streams) *cobra.Command {
	var f changing
	c := &cobra.Command{
		Use:   "levels [SOCKET LEVEL]",
		Short: "Show or set the converter levels of an Envy24 card",
		Long: `Show or set the levels of the sockets of an Envy24 card, in its converters:
out1 to out8 of the DAC, in1 to in8 of the ADC; several as in1-8, out1,out2, in or
all. After its driver is loaded all are muted.

  LEVEL   -6dB, mute, 50%, relative 3dB+ and 3dB-, or an operating level:
          +4dBu, consumer, -10dBV (0, +6, +12 dB at an input, 0, -6, -12 dB at
          an output)

Of an input, levels above 0 dB are analog gain, up to +18 dB; below it the
signal is only turned down after the converter, which cures no clipping.`,
		Example: `  jackknife card levels
  jackknife card levels out1-8 0dB
  jackknife card levels in1 6dB
  jackknife card levels -n in1-8 consumer`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 0 && len(args) != 2 {
				return usagef("want SOCKET LEVEL, or nothing")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctl, elements, err := openCard(f.card)
			if err != nil {
				return err
			}
			defer ctl.Close()
			levels := alsa.Levels(elements)
			if len(levels) == 0 {
				return lacking(ctl, "converter levels")
			}
			if len(args) == 0 {
				if f.asJSON {
					return writeLevelsJSON(s, levels)
				}
				w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
				for _, l := range levels {
					fmt.Fprintf(w, "%s\t%s\n", l.Name, l.Element.Text(l.Element.Value))
				}
				return w.Flush()
			}
			changes, err := relevel(levels, args[0], args[1])
			if err != nil {
				return err
			}
			f.word = func(c alsa.Change) (string, bool) {
				for _, l := range levels {
					if c.Element == l.Element {
						return fmt.Sprintf("%s: %s -> %s", l.Name, c.Text(c.From), c.Text(c.To)), true
					}
				}
				return "", false
			}
			return f.change(s, ctl, elements, changes, nil)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return []cobra.Completion{"0dB", "mute", "3dB+", "3dB-", "+4dBu", "consumer", "-10dBV"}, cobra.ShellCompDirectiveNoFileComp
			}
			return completeParts(f.card, func(elements []*alsa.Element) []cobra.Completion {
				var names []cobra.Completion
				for _, l := range alsa.Levels(elements) {
					names = append(names, cobra.CompletionWithDesc(l.Name, l.Element.Text(l.Element.Value)))
				}
				return names
			})
		},
	}
	changeFlags(c, &f)
	return c
}

// relevel is what must change for the sockets to have the level.
func relevel(levels []alsa.Level, spec, word string) ([]alsa.Change, error) {
	names := make([]string, len(levels))
	for i, l := range levels {
		names[i] = l.Name
	}
	at, err := alsa.Select(names, spec)
	if err != nil {
		return nil, &failure{code: exitNoMatch, err: err}
	}
	var changes []alsa.Change
	for _, n := range at {
		l := levels[n]
		to, err := l.Parse(word)
		if err != nil {
			return nil, usagef("%s: %w", l.Name, err)
		}
		if !slices.Equal(to, l.Element.Value) {
			changes = append(changes, alsa.Change{Element: l.Element, From: l.Element.Value, To: to})
		}
	}
	return changes, nil
}

// levelJSON is a level as --json shows it.
type levelJSON struct {
	Name    string  `json:"name"`
	LevelDB float64 `json:"level_db"` // silence is -999
	Value   int64   `json:"value"`
}

func writeLevelsJSON(s *streams, levels []alsa.Level) error {
	list := make([]levelJSON, len(levels))
	for i, l := range levels {
		v := l.Element.Value[0]
		list[i] = levelJSON{l.Name, jsonLevel(l.Element.Scale.DB(v)), v}
	}
	return writeJSON(s.out, list)
}
