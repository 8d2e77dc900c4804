package main

import (
	"fmt"
	"io"

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
		RunE: onCard(&f.card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			levels := alsa.Levels(elements)
			if len(levels) == 0 {
				return lacking(ctl, "converter levels")
			}
			if len(args) == 0 {
				return showLevels(s.out, levels, f.asJSON)
			}
			changes, err := relevel(levels, args[0], args[1])
			if err != nil {
				return err
			}
			f.words = make(wording)
			for _, l := range levels {
				f.words.name(l.Element, l.Name, l.Element.Text)
			}
			return f.change(s, ctl, elements, changes, nil)
		}),
		ValidArgsFunction: completing(&f.card, func(elements []*alsa.Element, args []string) []cobra.Completion {
			if len(args) > 0 {
				return []cobra.Completion{"0dB", "mute", "3dB+", "3dB-", "+4dBu", "consumer", "-10dBV"}
			}
			var names []cobra.Completion
			for _, l := range alsa.Levels(elements) {
				names = append(names, cobra.CompletionWithDesc(l.Name, l.Element.Text(l.Element.Value)))
			}
			return names
		}),
	}
	changeFlags(c, &f)
	return c
}

// relevel is what must change for the sockets to have the level.
func relevel(levels []alsa.Level, spec, word string) ([]alsa.Change, error) {
	picked, err := pick(levels, levelName, spec)
	if err != nil {
		return nil, err
	}
	var changes []alsa.Change
	for _, l := range picked {
		to, err := l.Parse(word)
		if err != nil {
			return nil, usagef("%s: %w", l.Name, err)
		}
		changes = append(changes, changed(l.Element, to)...)
	}
	return changes, nil
}

// levelJSON is a level as --json shows it.
type levelJSON struct {
	Name    string  `json:"name"`
	LevelDB float64 `json:"level_db"` // silence is -999
	Value   int64   `json:"value"`
}

func showLevels(out io.Writer, levels []alsa.Level, asJSON bool) error {
	if asJSON {
		list := make([]levelJSON, len(levels))
		for i, l := range levels {
			v := l.Element.Value[0]
			list[i] = levelJSON{l.Name, jsonLevel(l.Element.Scale.DB(v)), v}
		}
		return writeJSON(out, list)
	}
	return table(out, func(w io.Writer) {
		for _, l := range levels {
			fmt.Fprintf(w, "%s\t%s\n", l.Name, l.Element.Text(l.Element.Value))
		}
	})
}
