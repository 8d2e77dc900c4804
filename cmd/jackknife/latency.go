package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

// measuring is what the user asks of latency.
type measuring struct {
	from, to []jackgraph.Selector
	peak     float64
	times    int
	client   string
	asJSON   bool
}

func latencyCommand(s *streams) *cobra.Command {
	var m measuring
	var from, to, level string
	c := &cobra.Command{
		Use:   "latency",
		Short: "Measure the way out of the card and back in",
		Long: `Measure how long sound takes out of one socket and back in at another, through a
cable between them, and compare that with the latencies that JACK states. --to is
the port that plays, --from the one that listens: the card's first, if they are not
named. Bursts of noise are played, a second or so in all: turn loudspeakers down.

The result is exact to about a hundredth of a frame on a quiet line. What JACK
does not know of (the converters, mostly) is the difference; jackd's alsa driver
takes it with -I and -O, after which overdubs line up.

--json prints one object: from, to, rate_hz, block, frames, spread_frames (between
the bursts), seconds, gain_db, inverted, jack_frames (least, most), and
difference_frames.

Exit 1 if nothing is heard.`,
		Example: `  jackknife latency
  jackknife latency --to system:playback_3 --from system:capture_3 --level -30dB`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			if m.peak, err = parseLevel(level); err != nil || m.peak == 0 {
				return usagef("--level %q: want a level from -200dB to 0dB", level)
			}
			if m.times < 1 || m.times > 100 {
				return usagef("--times %d: from 1 to 100", m.times)
			}
			for _, side := range []struct {
				text string
				into *[]jackgraph.Selector
			}{{from, &m.from}, {to, &m.to}} {
				if side.text == "" {
					continue
				}
				if *side.into, err = parseSelectors([]string{side.text}); err != nil {
					return err
				}
			}
			r, err := m.measure(c.Context())
			if err != nil {
				return err
			}
			if m.asJSON {
				return writeJSON(s.out, r)
			}
			r.print(s)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&to, "to", "", "`port` of the card that plays")
	f.StringVar(&from, "from", "", "`port` of the card that listens")
	f.StringVar(&level, "level", "-12dB", "peak `level` of the bursts")
	f.IntVar(&m.times, "times", 3, "how many bursts")
	f.StringVar(&m.client, "name", "jackknife-latency", "name of the JACK client")
	f.BoolVar(&m.asJSON, "json", false, "print JSON")
	serverFlag(c)
	c.RegisterFlagCompletionFunc("to", func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completePorts(toComplete, jackgraph.Input)
	})
	c.RegisterFlagCompletionFunc("from", func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completePorts(toComplete, jackgraph.Output)
	})
	return c
}

// roundTrip is what was measured.
type roundTrip struct {
	To         string  `json:"to"`
	From       string  `json:"from"`
	RateHz     int     `json:"rate_hz"`
	Block      int     `json:"block"`
	Frames     float64 `json:"frames"`
	Spread     float64 `json:"spread_frames"` // from the shortest to the longest
	Seconds    float64 `json:"seconds"`
	GainDB     float64 `json:"gain_db"`
	Inverted   bool    `json:"inverted"`
	JackFrames [2]int  `json:"jack_frames"`
	Difference float64 `json:"difference_frames"` // from the middle of these

	toLatency, fromLatency string
}

func (r roundTrip) print(s *streams) {
	ms := func(frames float64) float64 { return frames / float64(r.RateHz) * 1000 }
	polarity := ""
	if r.Inverted {
		polarity = ", its polarity turned"
	}
	fmt.Fprintf(s.out, "round trip  %.2f frames, %.3f ms, to %.2f frames; heard at %+.1f dB%s\n", r.Frames, ms(r.Frames), r.Spread, r.GainDB, polarity)
	fmt.Fprintf(s.out, "JACK says   %s: %s to %s, %s from %s\n", leastToMost(r.JackFrames[0], r.JackFrames[1])+" frames", r.toLatency, r.To, r.fromLatency, r.From)
	fmt.Fprintf(s.out, "difference  %+.2f frames, %+.3f ms\n", r.Difference, ms(r.Difference))
	if n := int(math.Round(r.Difference)); n > 0 && strings.HasPrefix(r.To, "system:") {
		fmt.Fprintf(s.err, "jackknife: hint: jackd -d alsa -I %d -O %d tells JACK of it\n", n-n/2, n/2)
	}
}

func leastToMost(least, most int) string {
	if least == most {
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}
