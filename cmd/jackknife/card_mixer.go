package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardMixerCommand(s *streams) *cobra.Command {
	var f changing
	var pan string
	var solo, tui bool
	c := &cobra.Command{
		Use:   "mixer [STRIP [LEVEL|LEFT RIGHT] [on|off|left|right]]",
		Short: "Show or set the monitor mixer of an Envy24 card",
		Long: `Show or set the monitor mixer of an Envy24 card (ICE1712): what of the playback
channels and inputs goes into the mix that out1, out2 and S/PDIF can play (see
card route). It never changes what is recorded.

  strips   pcm1 to pcm10 (playback channels; 9 and 10 are S/PDIF), in1 to in8,
           spdif-l, spdif-r; several as in1-4, pcm1,pcm2, in or all
  level    -12dB, mute, relative 3dB+ and 3dB-; one for both sides, or two for
           left and right; the mixer only attenuates, 0dB is the top
  on off   the sends to both sides of the mix; left, right: to that side only

--pan takes -100 (left) to 100 (right), or L, C, R: the near side keeps the
louder side's level, the far side goes down. --solo switches the strips on and
all others off.

In the table a level in brackets is switched off.

--tui fills the terminal (80x24 at least) with the mixer, the levels and routes
of the sockets, and the clock, with meters where the card has them; keys are
shown at the bottom, the mouse chooses a row and its wheel moves a level. What
other programs change is seen at once.`,
		Example: `  jackknife card mixer
  jackknife card mixer in1 -12dB on
  jackknife card mixer pcm1 0dB left && jackknife card mixer pcm2 0dB right
  jackknife card mixer -n in1-2 --pan 30
  jackknife card mixer in1 --solo
  jackknife card mixer --tui`,
		RunE: onCard(&f.card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			strips := alsa.Strips(elements)
			if len(strips) == 0 {
				return lacking(ctl, "monitor mixer")
			}
			if tui {
				if len(args) > 0 || solo || pan != "" || f.dry || f.asJSON {
					return usagef("--tui goes with --card only")
				}
				return runPanel(c.Context(), s, ctl, elements)
			}
			if len(args) == 0 {
				if solo || pan != "" {
					return usagef("which strip?")
				}
				return showStrips(s.out, strips, f.asJSON)
			}
			picked, err := pick(strips, stripName, args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 && pan == "" && !solo {
				return showStrips(s.out, picked, f.asJSON)
			}
			changes, err := mix(strips, picked, args[1:], pan, solo)
			if err != nil {
				return err
			}
			f.words = stripWords(strips)
			return f.change(s, ctl, elements, changes, nil)
		}),
		ValidArgsFunction: completing(&f.card, func(elements []*alsa.Element, args []string) []cobra.Completion {
			if len(args) > 0 {
				return []cobra.Completion{"on", "off", "left", "right", "0dB", "mute", "3dB+", "3dB-"}
			}
			var names []cobra.Completion
			for _, strip := range alsa.Strips(elements) {
				names = append(names, cobra.CompletionWithDesc(strip.Name, strip.Volume.Text(strip.Volume.Value)))
			}
			return names
		}),
	}
	changeFlags(c, &f)
	c.Flags().StringVar(&pan, "pan", "", "`place` between the sides: -100 to 100, L, C or R")
	c.Flags().BoolVar(&tui, "tui", false, "fill the terminal: strips, sockets, clock and meters, by keys and mouse")
	c.Flags().BoolVar(&solo, "solo", false, "switch these strips on and all others off")
	return c
}

// stripWords words changes of strips.
func stripWords(strips []alsa.Strip) wording {
	words := make(wording)
	for _, s := range strips {
		words.name(s.Volume, s.Name+" level", s.Volume.Text)
		words.name(s.Switch, s.Name+" send", sendText)
	}
	return words
}

// mix is what must change for the picked ones of the strips to be as the words
// and flags say.
func mix(strips, picked []alsa.Strip, words []string, pan string, solo bool) ([]alsa.Change, error) {
	var levels []string
	var send alsa.Value
	for _, w := range words {
		switch strings.ToLower(w) {
		case "on":
			send = alsa.Value{1, 1}
		case "off":
			send = alsa.Value{0, 0}
		case "left":
			send = alsa.Value{1, 0}
		case "right":
			send = alsa.Value{0, 1}
		default:
			levels = append(levels, w)
		}
	}
	if solo && send == nil {
		send = alsa.Value{1, 1}
	}
	var changes []alsa.Change
	change := func(e *alsa.Element, to alsa.Value) { changes = append(changes, changed(e, to)...) }
	for _, strip := range strips {
		if !slices.Contains(picked, strip) {
			if solo {
				change(strip.Switch, alsa.Value{0, 0})
			}
			continue
		}
		level := strip.Volume.Value
		if len(levels) > 0 {
			v, err := strip.Volume.Parse(level, levels...)
			if err != nil {
				return nil, usagef("%s: %w", strip.Name, err)
			}
			level = v
		}
		if pan != "" {
			place, err := parsePan(pan)
			if err != nil {
				return nil, err
			}
			db := strip.Volume.Scale.DB(max(level[0], level[1]))
			left, right := alsa.Pan(db, place)
			level = alsa.Value{strip.Volume.Scale.Value(left), strip.Volume.Scale.Value(right)}
		}
		change(strip.Volume, level)
		if send != nil {
			change(strip.Switch, send)
		}
	}
	return changes, nil
}

func parsePan(s string) (float64, error) {
	switch strings.ToUpper(s) {
	case "L":
		return -1, nil
	case "C":
		return 0, nil
	case "R":
		return 1, nil
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(s, "\u2212", "-"), 64)
	if err != nil || math.IsNaN(n) || n < -100 || n > 100 {
		return 0, usagef("--pan %s: want -100 to 100, L, C or R", s)
	}
	return n / 100, nil
}

func sendText(v alsa.Value) string {
	switch {
	case v[0] != 0 && v[1] != 0:
		return "on"
	case v[0] != 0:
		return "left"
	case v[1] != 0:
		return "right"
	}
	return "off"
}

func showStrips(out io.Writer, strips []alsa.Strip, asJSON bool) error {
	if asJSON {
		list := make([]stripJSON, len(strips))
		for i, strip := range strips {
			send := func(side int) sendJSON {
				return sendJSON{jsonLevel(strip.Volume.Scale.DB(strip.Volume.Value[side])), strip.Switch.Value[side] != 0}
			}
			list[i] = stripJSON{strip.Name, send(0), send(1)}
		}
		return writeJSON(out, list)
	}
	return table(out, func(w io.Writer) {
		fmt.Fprintln(w, "strip\tleft\tright")
		for _, strip := range strips {
			fmt.Fprint(w, strip.Name)
			for side, v := range strip.Volume.Value {
				level := alsa.FormatDB(strip.Volume.Scale.DB(v))
				if strip.Switch.Value[side] == 0 {
					level = "(" + level + ")"
				}
				fmt.Fprint(w, "\t", level)
			}
			fmt.Fprintln(w)
		}
	})
}

// stripJSON is a strip as --json shows it.
type stripJSON struct {
	Name  string   `json:"name"`
	Left  sendJSON `json:"left"`
	Right sendJSON `json:"right"`
}

type sendJSON struct {
	LevelDB float64 `json:"level_db"`
	On      bool    `json:"on"`
}
