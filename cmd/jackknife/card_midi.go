package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardMIDICommand(s *streams) *cobra.Command {
	var card string
	var channel int
	var fine bool
	c := &cobra.Command{
		Use:   "midi",
		Short: "Move the monitor mixer of an Envy24 card by MIDI",
		Long: `Move the monitor mixer of an Envy24 card by a MIDI mixing desk, and the desk's
faders by the mixer, until interrupted. The desk is connected to the port "Mixer
Control" that this opens at the ALSA sequencer; whoever connects is told where
everything stands. The controllers are envy24control's:

  0 to 39    faders, left and right of each strip: pcm1 to pcm10, in1 to in8,
             spdif-l, spdif-r (0 and 1 are pcm1, 20 and 21 are in1)
  40 to 79   their switches in the same order, on from 64 up

--fine gives half of a fader's way to the highest 18 dB. A line is printed for
each change, whoever made it.

Exit 3 where the kernel has no sequencer.`,
		Example: `  jackknife card midi
  jackknife card midi --channel 2 --fine & aconnect 'nanoKONTROL' 'M Audio Delta 1010LT'`,
		Args: cobra.NoArgs,
		PreRunE: func(c *cobra.Command, args []string) error {
			if channel < 1 || channel > 16 {
				return usagef("--channel %d: want 1 to 16", channel)
			}
			return nil
		},
		RunE: onCard(&card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			if len(alsa.Strips(elements)) == 0 {
				return lacking(ctl, "monitor mixer")
			}
			port, err := alsa.OpenMIDI(ctl.Card.Name, "Mixer Control")
			if errors.Is(err, alsa.ErrNoSequencer) {
				return &failure{code: exitNoServer, err: err, hint: "modprobe snd-seq, if the kernel has it"}
			}
			if err != nil {
				return err
			}
			defer port.Close()
			fmt.Fprintf(s.err, "jackknife: MIDI client %d, port Mixer Control, channel %d\n", port.Client(), channel)
			return byMIDI(c.Context(), s, ctl, elements, port, channel-1, fine)
		}),
	}
	cardFlag(c, &card)
	c.Flags().IntVar(&channel, "channel", 1, "MIDI `channel`, 1 to 16")
	c.Flags().BoolVar(&fine, "fine", false, "half of a fader's way is for the highest 18 dB")
	return c
}

// byMIDI joins the mixer and the port until ctx ends. The card is open twice,
// for who waits for its changes and for who makes them.
func byMIDI(ctx context.Context, s *streams, watched *alsa.Ctl, elements []*alsa.Element, port *alsa.MIDIPort, channel int, fine bool) error {
	hand, own, err := openCard(fmt.Sprint(watched.Card.Number))
	if err != nil {
		return err
	}
	defer hand.Close()
	surface := alsa.Surface{Strips: alsa.Strips(own), Fine: fine}
	changes, moves, joins := make(chan alsa.Change), make(chan alsa.ControlChange), make(chan bool)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan bool, 2)
	defer func() { <-ended; <-ended }()
	defer cancel(nil)
	go func() {
		defer func() { ended <- true }()
		cancel(watched.Watch(ctx, elements, time.Second, func(c alsa.Change) {
			select {
			case changes <- c:
			case <-ctx.Done():
			}
		}))
	}()
	go func() {
		defer func() { ended <- true }()
		cancel(port.Listen(ctx, func(c alsa.ControlChange) {
			select {
			case moves <- c:
			case <-ctx.Done():
			}
		}, func() {
			select {
			case joins <- true:
			case <-ctx.Done():
			}
		}))
	}()

	at := make(map[int]int) // where each controller stands at the desk
	words := stripWords(surface.Strips)
	for {
		var tell []alsa.ControlChange
		select {
		case <-ctx.Done():
			if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
				return cardFailure(fmt.Errorf("card %s: %w", watched.Card.ID, err))
			}
			return nil
		case <-joins:
			for _, strip := range surface.Strips {
				for _, e := range []*alsa.Element{strip.Volume, strip.Switch} {
					if err := hand.Read(e); err != nil {
						return cardFailure(err)
					}
					tell = append(tell, surface.Tell(e)...)
				}
			}
			clear(at)
		case m := <-moves:
			c, ok := surface.Take(m)
			if m.Channel != channel || !ok {
				continue
			}
			at[m.Controller] = m.Value
			if err := hand.Read(c.Element); err != nil { // its other side may have moved
				return cardFailure(err)
			}
			if c, ok = surface.Take(m); ok {
				if err := hand.Write(c.Element, c.To); errors.Is(err, alsa.ErrGone) {
					return cardFailure(err)
				} else if err != nil {
					fmt.Fprintf(s.err, "jackknife: %s\n", err)
				}
			}
		case c := <-changes:
			i := slices.IndexFunc(own, func(e *alsa.Element) bool { return e.ID == c.ID })
			c.Element = own[i]
			if word := words[c.Element]; word != nil {
				if _, err := fmt.Fprintln(s.out, word(c)); err != nil {
					return err
				}
			}
			c.Element.Value = c.To
			tell = surface.Tell(c.Element)
		}
		for _, m := range tell {
			if stands, known := at[m.Controller]; known {
				there := m
				there.Value = stands
				if c, _ := surface.Take(there); slices.Equal(c.From, c.To) {
					continue // the desk is there already
				}
			}
			at[m.Controller] = m.Value
			m.Channel = channel
			if err := port.Send(m); err != nil {
				return err
			}
		}
	}
}
