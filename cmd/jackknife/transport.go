package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/jackgraph"
)

const (
	transportLimit = 5 * time.Second // for slow clients to get ready
	transportEvery = 10 * time.Millisecond
)

func transportCommand(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "transport start|stop|toggle|locate TIME|status|watch",
		Short: "Start, stop and move the server's transport",
		Long: `Start, stop or move the transport that all programs of a JACK server share, and
show where it is: its state, the time as h:mm:ss and frames, the frame, and bar,
beat and tick where a program keeps them (a timebase master).

  start, stop, toggle   and wait until it is so: slow programs get 5 s
  locate TIME           1:23.5, 83.5s, 300ms or 44100f
  status                print where it is
  watch                 print it whenever the state changes or it is moved

--json prints an object with state ("stopped", "starting", "rolling"), frame, rate
and bbt (null, or bar, beat, tick, beats_per_bar, beat_type, bpm); watch prints one
a line.`,
		Example: `  jackknife transport locate 1:23.5
  jackknife transport start
  jackknife transport status --json | jq .frame`,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return usagef("transport: what? start, stop, toggle, locate TIME, status or watch")
			case (args[0] == "locate") != (len(args) == 2) || len(args) > 2:
				return usagef("transport %s: locate takes a time, the others nothing", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var to editor.Duration
			switch args[0] {
			case "start", "stop", "toggle", "status", "watch":
			case "locate":
				var err error
				if to, err = editor.ParseDuration(args[1]); err != nil {
					return usagef("transport locate %s: %s", args[1], err)
				}
			default:
				return usagef("transport %s: want start, stop, toggle, locate, status or watch", args[0])
			}
			server, err := openServer()
			if err != nil {
				return err
			}
			defer server.Close()
			if err := server.Activate(); err != nil {
				return openFailure(err)
			}
			if args[0] == "watch" {
				return watchTransport(c.Context(), server, func(t jackgraph.Transport) error {
					if asJSON {
						return json.NewEncoder(s.out).Encode(newTransportJSON(t))
					}
					return printTransport(s, t)
				})
			}
			if err := moveTransport(c.Context(), server, args[0], to); err != nil {
				return err
			}
			if asJSON {
				return writeJSON(s.out, newTransportJSON(server.Transport()))
			}
			return printTransport(s, server.Transport())
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return []cobra.Completion{"start", "stop", "toggle", "locate", "status", "watch"}, cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	serverFlag(c)
	return c
}

// moveTransport does what a word says and waits until it is so.
func moveTransport(ctx context.Context, server *jackgraph.Server, word string, to editor.Duration) error {
	now := server.Transport()
	began := time.Now()
	var so func(jackgraph.Transport) bool
	var do func() error
	switch {
	case word == "locate":
		frame := to.At(now.RateHz)
		do = func() error { return server.Locate(frame) }
		so = func(t jackgraph.Transport) bool {
			on := int64(0) // how far it can have rolled on; a tenth of a second is for blocks and a busy machine
			if t.State == jackgraph.Rolling {
				on = int64((time.Since(began) + time.Second/10).Seconds() * float64(t.RateHz))
			}
			return t.State != jackgraph.Starting && t.Frame >= frame && t.Frame <= frame+on
		}
	case word == "start" || word == "toggle" && now.State == jackgraph.Stopped:
		do = func() error { server.Roll(); return nil }
		so = func(t jackgraph.Transport) bool { return t.State == jackgraph.Rolling }
	case word == "stop" || word == "toggle":
		do = func() error { server.Halt(); return nil }
		so = func(t jackgraph.Transport) bool { return t.State == jackgraph.Stopped }
	default:
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	told := time.Now()
	for limit := told.Add(transportLimit); !so(server.Transport()); {
		if time.Since(told) > transportLimit/5 { // PipeWire has been seen to lose it
			if err := do(); err != nil {
				return err
			}
			told = time.Now()
		}
		if time.Now().After(limit) {
			return fmt.Errorf("transport %s: it is %s after %v", word, server.Transport().State, transportLimit)
		}
		if server.Ended() {
			return stoppedFailure()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(transportEvery):
		}
	}
	return nil
}

// watchTransport shows the transport whenever it does what it did not do
// before: what JACK tells no client of, so it is asked.
func watchTransport(ctx context.Context, server *jackgraph.Server, show func(jackgraph.Transport) error) error {
	last := server.Transport()
	seen := time.Now()
	err := show(last)
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(transportEvery):
		}
		if server.Ended() {
			return stoppedFailure()
		}
		now := server.Transport()
		moved := now.Frame - last.Frame
		if last.State == jackgraph.Rolling {
			moved -= int64(time.Since(seen).Seconds() * float64(now.RateHz))
		}
		// Half a second is more than blocks and a busy machine explain.
		if now.State != last.State || max(moved, -moved) > int64(now.RateHz)/2 {
			err = show(now)
		}
		last, seen = now, time.Now()
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

type transportJSON struct {
	State jackgraph.TransportState `json:"state"`
	Frame int64                    `json:"frame"`
	Rate  int                      `json:"rate"`
	BBT   *bbtJSON                 `json:"bbt"`
}

type bbtJSON struct {
	Bar         int     `json:"bar"`
	Beat        int     `json:"beat"`
	Tick        int     `json:"tick"`
	BeatsPerBar float64 `json:"beats_per_bar"`
	BeatType    float64 `json:"beat_type"`
	BPM         float64 `json:"bpm"`
}

func newTransportJSON(t jackgraph.Transport) transportJSON {
	return transportJSON{t.State, t.Frame, t.RateHz, (*bbtJSON)(t.BBT)}
}

func printTransport(s *streams, t jackgraph.Transport) error {
	line := []string{string(t.State), editor.Stamp(t.Frame, t.RateHz), fmt.Sprint(t.Frame)}
	if t.BBT != nil {
		line = append(line, fmt.Sprintf("%d:%d:%d", t.BBT.Bar, t.BBT.Beat, t.BBT.Tick), fmt.Sprintf("%g/%g", t.BBT.BeatsPerBar, t.BBT.BeatType), fmt.Sprintf("%.4g bpm", t.BBT.BPM))
	}
	_, err := fmt.Fprintln(s.out, strings.Join(line, "  "))
	return err
}
