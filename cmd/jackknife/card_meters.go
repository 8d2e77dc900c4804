package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"jackknife/alsa"
)

func cardMetersCommand(s *streams) *cobra.Command {
	var card string
	var asJSON bool
	var every time.Duration
	var count int
	c := &cobra.Command{
		Use:   "meters [METER...]",
		Short: "Show the peak meters of an Envy24 card",
		Long: `Show the peak meters of an Envy24 card, as the chip measures them, without a
server: in a terminal as bars that fall slowly, with a mark that holds the peak
and the highest since the start as a number (r starts anew, q ends); otherwise a
line for each interval with the peak of it in dBFS.

  meters   pcm1 to pcm10 (what is played), in1 to in8, spdif-l, spdif-r (before
           the monitor mixer's faders), mix-l, mix-r (after them); several as
           in1-4, pcm or pcm1,in1

Reading the meters clears them, so one program only can show them: a second
"card meters" on the card ends with exit 1. Close envy24control and mudita24.

--json prints an object a line: meter to dBFS, silence being -999.`,
		Example: `  jackknife card meters
  jackknife card meters in1-2 --every 500ms
  jackknife card meters in1 --count 1 --every 3s --json`,
		PreRunE: func(c *cobra.Command, args []string) error {
			if live := !asJSON && terminal(s.out) && count == 0; live && !c.Flags().Changed("every") {
				every = frameTime
			}
			if every < 10*time.Millisecond {
				return usagef("--every %v: want 10ms at least", every)
			}
			return nil
		},
		RunE: onCard(&card, func(c *cobra.Command, ctl *alsa.Ctl, elements []*alsa.Element, args []string) error {
			peaks := alsa.Peaks(elements)
			if peaks == nil {
				return lacking(ctl, "peak meters")
			}
			names := alsa.MeterNames()
			shown := names
			if len(args) > 0 {
				var err error
				if shown, err = pick(names, func(n string) string { return n }, strings.Join(args, ",")); err != nil {
					return err
				}
			}
			at := make([]int, len(shown))
			for i, n := range shown {
				at[i] = slices.Index(names, n)
			}
			release, err := onlyReader(ctl.Card.ID)
			if err != nil {
				return err
			}
			defer release()
			for _, p := range alsa.UseOf(ctl.Card).Programs {
				if p.ReadsPeaks() {
					fmt.Fprintf(s.err, "jackknife: %s (process %d) reads the meters too: each takes peaks from the other\n", p.Name, p.PID)
				}
			}
			if err := ctl.Read(peaks); err != nil { // of the time before
				return cardFailure(err)
			}
			if asJSON || count != 0 || !terminal(s.out) {
				return readMeters(c.Context(), ctl, peaks, every, count, lines(s.out, names, at, asJSON))
			}
			return showMeters(c.Context(), s, ctl, peaks, every, names, at)
		}),
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return alsa.MeterNames(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cardFlag(c, &card)
	c.Flags().BoolVar(&asJSON, "json", false, "print an object a line")
	c.Flags().DurationVar(&every, "every", time.Second, "`interval` (in a terminal 40ms)")
	c.Flags().IntVar(&count, "count", 0, "end after so many intervals")
	return c
}

// onlyReader makes sure that no other jackknife of this user reads the card's
// meters, until release.
func onlyReader(id string) (release func(), err error) {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = os.TempDir()
	}
	name := filepath.Join(dir, fmt.Sprintf("jackknife-meters-%d-%s.lock", os.Getuid(), id))
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("card %s: another jackknife reads the meters", id)
		}
		return nil, err
	}
	return func() { f.Close() }, nil
}

// readMeters shows the peaks of every interval.
func readMeters(ctx context.Context, ctl *alsa.Ctl, peaks *alsa.Element, every time.Duration, count int, show func(db []float64) error) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	db := make([]float64, len(peaks.Value))
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := ctl.Read(peaks); err != nil {
			return cardFailure(err)
		}
		for i, v := range peaks.Value {
			db[i] = alsa.PeakDB(v)
		}
		if err := show(db); err != nil || n == count {
			return err
		}
	}
}

// lines shows peaks as text or JSON, a line for each interval.
func lines(w io.Writer, names []string, at []int, asJSON bool) func([]float64) error {
	return func(db []float64) error {
		if asJSON {
			levels := make(map[string]float64)
			for _, i := range at {
				levels[names[i]] = jsonLevel(db[i])
			}
			return json.NewEncoder(w).Encode(levels)
		}
		texts := make([]string, len(at))
		for n, i := range at {
			texts[n] = names[i] + " " + peakText(db[i])
		}
		_, err := fmt.Fprintln(w, strings.Join(texts, "  "))
		return err
	}
}

func peakText(db float64) string {
	if math.IsInf(db, -1) {
		return "-inf"
	}
	return fmt.Sprintf("%.1f", db)
}

// showMeters fills the terminal with bars from -60 dBFS, a mark at the held
// peak, and the highest since the start or since r was pressed; until q.
func showMeters(ctx context.Context, s *streams, ctl *alsa.Ctl, peaks *alsa.Element, every time.Duration, names []string, at []int) error {
	t, err := openWindow(s, "card meters")
	if err != nil {
		return err
	}
	defer t.close()
	var meters []alsa.Meter
	reset := func() { meters = slices.Repeat([]alsa.Meter{alsa.NewMeter()}, len(names)) }
	reset()
	colour := os.Getenv("NO_COLOR") == ""
	picture := make([]string, len(at)+1)
	picture[len(at)] = "r: peaks anew  q: quit"
	next := time.Now()
	for ctx.Err() == nil {
		keys, err := t.keys(next, func(int) int { return -1 })
		switch {
		case errors.Is(err, io.EOF) || slices.Contains(keys, "q") || slices.Contains(keys, "\x03"):
			return nil
		case err != nil:
			return err
		case slices.Contains(keys, "r"):
			reset()
		}
		if time.Now().Before(next) {
			continue
		}
		next = time.Now().Add(every)
		if err := ctl.Read(peaks); err != nil {
			return cardFailure(err)
		}
		for n, i := range at {
			m := &meters[i]
			m.Feed(alsa.PeakDB(peaks.Value[i]), every)
			picture[n] = fmt.Sprintf("%-8s%s%6s", names[i], bar(*m, max(t.width-15, 10), colour), peakText(m.Top))
		}
		if err := t.draw(picture); err != nil {
			return err
		}
	}
	return nil
}

const meterBottom = -60.0 // dBFS at the left end of a bar

func bar(m alsa.Meter, width int, colour bool) string {
	place := func(db float64) int {
		return int(math.Round(min(max((db-meterBottom)/-meterBottom, 0), 1) * float64(width)))
	}
	level, hold := place(m.Level), place(m.Hold)
	cells := strings.Repeat("█", level)
	if hold > level {
		cells += strings.Repeat(" ", hold-1-level) + "▌" + strings.Repeat(" ", width-hold)
	} else {
		cells += strings.Repeat(" ", width-level)
	}
	if !colour {
		return cells
	}
	ink := "\x1b[32m"
	switch {
	case m.Hold >= 0:
		ink = "\x1b[31;1m"
	case m.Hold >= -3:
		ink = "\x1b[31m"
	case m.Hold >= -6:
		ink = "\x1b[33m"
	}
	return ink + cells + "\x1b[0m"
}
