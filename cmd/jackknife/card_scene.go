package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

// scene is a way to use an Envy24 card: card commands that belong together.
// IN stands for the input of --input, RATE for the rate of --rate.
type scene struct {
	name, what string
	steps      []string
}

var scenes = []scene{
	{"first-sound", "every socket at 0 dB, outputs play what programs play, the rate is free",
		[]string{"levels out 0dB", "levels in 0dB", "route all pcm", "clock --lock off --reset on"}},
	{"voice", "record a voice from --input, hear it through the program: nothing goes round it",
		[]string{"levels IN 0dB", "levels out1-2 0dB", "route out1-2 pcm", "mixer all off"}},
	{"voice-monitor", "record a voice from --input and hear it without delay, with playback 1 and 2 behind it",
		[]string{"levels IN 0dB", "levels out1-2 0dB", "mixer all off", "mixer pcm1 0dB left", "mixer pcm2 0dB right", "mixer IN 0dB on", "route out1-2 mix"}},
	{"record-mix", "record what is played: playback 1 and 2 come back as capture 11 and 12",
		[]string{"mixer all off", "mixer pcm1 0dB left", "mixer pcm2 0dB right"}},
	{"through", "every output plays the input of its number",
		[]string{"levels out 0dB", "levels in 0dB", "route out in"}},
	{"long-take", "no program can change the rate (--rate) during a long take",
		[]string{"clock RATE", "clock --lock on --reset off"}},
	{"slave-spdif", "follow the clock of outside gear at the S/PDIF input (--rate is its rate)",
		[]string{"clock spdif RATE"}},
	{"slave-word", "follow the word clock (--rate is its rate)",
		[]string{"clock word RATE"}},
}

func cardSceneCommand(s *streams) *cobra.Command {
	var f changing
	var input string
	var rate int
	var long strings.Builder
	list := func(out io.Writer, indent string) error {
		return table(out, func(w io.Writer) {
			for _, sc := range scenes {
				fmt.Fprintf(w, "%s%s\t%s\n", indent, sc.name, sc.what)
			}
		})
	}
	list(&long, "  ")
	c := &cobra.Command{
		Use:   "scene [SCENE]",
		Short: "Set up an Envy24 card for a way of working",
		Long: `Set up an Envy24 card for a way of working, all at once; without SCENE list them:

` + long.String() + `
-n shows what would change. What a scene does not speak of stays as it is. With
voice-monitor switch the program's own monitoring off, or you hear yourself
twice.`,
		Example: `  jackknife card scene voice-monitor -n
  jackknife card scene voice-monitor --input in2
  jackknife card scene long-take --rate 48000`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return list(s.out, "")
			}
			i := slices.IndexFunc(scenes, func(sc scene) bool { return sc.name == args[0] })
			if i < 0 {
				return &failure{code: exitNoMatch, err: fmt.Errorf("%s: no such scene", args[0]), hint: "jackknife card scene lists them"}
			}
			ctl, elements, err := openCard(f.card)
			if err != nil {
				return err
			}
			defer ctl.Close()
			if !alsa.Envy24(ctl.Card.Driver) {
				return noEnvy24(ctl)
			}
			changes, err := stage(elements, scenes[i], input, rate)
			if err != nil {
				return err
			}
			return f.change(s, ctl, elements, changes, nil)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			for _, sc := range scenes {
				names = append(names, cobra.CompletionWithDesc(sc.name, sc.what))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	changeFlags(c, &f)
	c.Flags().StringVar(&input, "input", "in1", "`INPUT` of the voice")
	c.Flags().IntVar(&rate, "rate", 0, "`Hz` (default: the rate as it is)")
	return c
}

// stage is what must change for a scene: what its steps come to one after the
// other, each element once.
func stage(elements []*alsa.Element, sc scene, input string, rate int) ([]alsa.Change, error) {
	now := make(map[*alsa.Element]alsa.Value, len(elements))
	for _, e := range elements {
		now[e] = e.Value
	}
	defer func() {
		for _, e := range elements {
			e.Value = now[e]
		}
	}()
	var order []*alsa.Element
	for _, step := range sc.steps {
		changes, err := stageStep(elements, step, input, rate)
		if err != nil {
			return nil, fmt.Errorf("scene %s: %w", sc.name, err)
		}
		for _, c := range changes {
			c.Element.Value = c.To
			if !slices.Contains(order, c.Element) {
				order = append(order, c.Element)
			}
		}
	}
	var all []alsa.Change
	for _, e := range order {
		if to := e.Value; !slices.Equal(to, now[e]) {
			all = append(all, alsa.Change{Element: e, From: now[e], To: to})
		}
	}
	return all, nil
}

// stageStep is what one step of a scene would change.
func stageStep(elements []*alsa.Element, step, input string, rate int) ([]alsa.Change, error) {
	words := strings.Fields(strings.ReplaceAll(step, "IN", input))
	switch words[0] {
	case "levels":
		levels := alsa.Levels(elements)
		if len(levels) == 0 { // a card with levels on its box
			return nil, nil
		}
		return relevel(levels, words[1], words[2])
	case "route":
		return reroute(alsa.Outputs(elements), words[1], words[2])
	case "mixer":
		strips := alsa.Strips(elements)
		if len(strips) == 0 {
			return nil, &failure{code: exitNoMatch, err: errors.New("the card has no monitor mixer")}
		}
		picked, err := pick(strips, stripName, words[1])
		if err != nil {
			return nil, err
		}
		return mix(strips, picked, words[2:], "", false)
	}
	clock := alsa.NewClock(elements)
	if words[1] == "RATE" {
		if rate == 0 {
			rate = clock.RateHz()
		}
		return clockTo(clock, strconv.Itoa(rate), 0)
	}
	if words[1] != "--lock" {
		return clockTo(clock, words[1], rate)
	}
	var changes []alsa.Change
	for i, e := range []*alsa.Element{clock.Locking, clock.Reset} {
		if e == nil {
			continue
		}
		v, err := e.Parse(e.Value, words[2+2*i])
		if err != nil {
			return nil, err
		}
		changes = append(changes, alsa.Change{Element: e, From: e.Value, To: v})
	}
	return changes, nil
}
