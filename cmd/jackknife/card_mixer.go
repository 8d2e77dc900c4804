package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

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
		RunE: func(c *cobra.Command, args []string) error {
			ctl, elements, err := openCard(f.card)
			if err != nil {
				return err
			}
			defer ctl.Close()
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
				if f.asJSON {
					return writeStripsJSON(s.out, strips)
				}
				return writeStrips(s.out, strips)
			}
			names := make([]string, len(strips))
			for i, strip := range strips {
				names[i] = strip.Name
			}
			at, err := alsa.Select(names, args[0])
			if err != nil {
				return &failure{code: exitNoMatch, err: err}
			}
			if len(args) == 1 && pan == "" && !solo {
				picked := make([]alsa.Strip, len(at))
				for i, n := range at {
					picked[i] = strips[n]
				}
				if f.asJSON {
					return writeStripsJSON(s.out, picked)
				}
				return writeStrips(s.out, picked)
			}
			changes, err := mix(strips, at, args[1:], pan, solo)
			if err != nil {
				return err
			}
			f.word = stripWord(strips)
			return f.change(s, ctl, elements, changes, nil)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return []cobra.Completion{"on", "off", "left", "right", "0dB", "mute", "3dB+", "3dB-"}, cobra.ShellCompDirectiveNoFileComp
			}
			return completeParts(f.card, func(elements []*alsa.Element) []cobra.Completion {
				var names []cobra.Completion
				for _, strip := range alsa.Strips(elements) {
					names = append(names, cobra.CompletionWithDesc(strip.Name, strip.Volume.Text(strip.Volume.Value)))
				}
				return names
			})
		},
	}
	changeFlags(c, &f)
	c.Flags().StringVar(&pan, "pan", "", "`place` between the sides: -100 to 100, L, C or R")
	c.Flags().BoolVar(&tui, "tui", false, "fill the terminal: strips, sockets, clock and meters, by keys and mouse")
	c.Flags().BoolVar(&solo, "solo", false, "switch these strips on and all others off")
	return c
}

// lacking: the card has not what a command of the Envy24 family is about.
func lacking(ctl *alsa.Ctl, what string) error {
	return &failure{code: exitNoMatch, err: fmt.Errorf("card %s: it has no %s", ctl.Card.ID, what), hint: "jackknife card show lists what it has"}
}

// completeParts completes what the elements of the chosen card make.
func completeParts(card string, parts func([]*alsa.Element) []cobra.Completion) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctl, elements, err := openCard(card)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer ctl.Close()
	return parts(elements), cobra.ShellCompDirectiveNoFileComp
}

// stripWord words changes of strips.
func stripWord(strips []alsa.Strip) func(alsa.Change) (string, bool) {
	return func(c alsa.Change) (string, bool) {
		for _, strip := range strips {
			switch c.Element {
			case strip.Volume:
				return fmt.Sprintf("%s level: %s -> %s", strip.Name, c.Text(c.From), c.Text(c.To)), true
			case strip.Switch:
				return fmt.Sprintf("%s send: %s -> %s", strip.Name, sendText(c.From), sendText(c.To)), true
			}
		}
		return "", false
	}
}

// mix is what must change for the strips at these places to be as the words
// and flags say.
func mix(strips []alsa.Strip, at []int, words []string, pan string, solo bool) ([]alsa.Change, error) {
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
	change := func(e *alsa.Element, to alsa.Value) {
		if !slices.Equal(e.Value, to) {
			changes = append(changes, alsa.Change{Element: e, From: e.Value, To: to})
		}
	}
	for i, strip := range strips {
		if !slices.Contains(at, i) {
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

func writeStrips(out io.Writer, strips []alsa.Strip) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
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
	return w.Flush()
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

func writeStripsJSON(w io.Writer, strips []alsa.Strip) error {
	list := make([]stripJSON, len(strips))
	for i, strip := range strips {
		send := func(side int) sendJSON {
			return sendJSON{jsonLevel(strip.Volume.Scale.DB(strip.Volume.Value[side])), strip.Switch.Value[side] != 0}
		}
		list[i] = stripJSON{strip.Name, send(0), send(1)}
	}
	return writeJSON(w, list)
}
