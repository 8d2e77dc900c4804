package main

import (
	"slices"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardSetCommand(s *streams) *cobra.Command {
	var f changing
	c := &cobra.Command{
		Use:   "set NAME VALUE...",
		Short: "Set an element, or all of one name",
		Long: `Set an element, or all that NAME means (see card get --help). One VALUE is for all
channels, otherwise there is one for each, "=" leaving a channel as it is.

  switches    on, off, toggle
  choices     an item in any capitals, or #NUMBER counted from 0
  levels      -6dB, mute, 50%, or the driver's own number;
              relative: 3dB+, 3dB-, 5%+, 1-
  bytes       0x00 0x82, or 0082; of an IEC958 status as many as shall change

A level that the element has not is an error, and a level beyond what the
hardware documents; a relative change stops at the end. What was set is read
back: a driver that keeps its own mind is told of, and so is what it changed
besides. The lines printed are "NAME: BEFORE -> AFTER".

Exit 4 if the name is of no element, 5 if some could not be set.`,
		Example: `  jackknife card set 'DAC Volume' 0dB
  jackknife card set -n 'ADC Volume,0' 3dB+
  jackknife card set 'Multi Playback Volume,0' -12dB mute
  jackknife card set 'H/W Playback Route,0-1' 'Digital Mixer'
  jackknife card set 'Multi Track Internal Clock' 48000`,
		Args: cobra.MinimumNArgs(2),
		RunE: onCard(&f.card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			found, err := findElements(elements, args[:1])
			if err != nil {
				return err
			}
			changes, err := setTo(found, args[1:])
			if err != nil {
				return err
			}
			return f.change(s, ctl, elements, changes, nil)
		}),
		ValidArgsFunction: completing(&f.card, func(elements []*alsa.Element, args []string) []cobra.Completion {
			if len(args) > 0 {
				return valueWords(elements, args[0])
			}
			return elementNames(slices.DeleteFunc(elements, func(e *alsa.Element) bool { return !e.Access.Write }), nil)
		}),
	}
	changeFlags(c, &f)
	return c
}

// setTo is what must change for every element to have the values in words. One
// element that cannot have them is an error, and nothing changes.
func setTo(elements []*alsa.Element, words []string) ([]alsa.Change, error) {
	var changes []alsa.Change
	for _, e := range elements {
		v, err := e.Parse(e.Value, words...)
		if err != nil {
			return nil, usagef("%w", err)
		}
		changes = append(changes, changed(e, v)...)
	}
	return changes, nil
}

// valueWords are completions of what an element may be set to.
func valueWords(elements []*alsa.Element, name string) []cobra.Completion {
	found, err := alsa.Find(elements, name)
	if err != nil {
		return nil
	}
	switch e := found[0]; {
	case e.Type == alsa.Boolean:
		return []cobra.Completion{"on", "off", "toggle"}
	case e.Type == alsa.Enumerated:
		return e.Items
	case !e.Scale.None():
		return []cobra.Completion{"0dB", "mute", "1dB+", "1dB-"}
	}
	return nil
}
