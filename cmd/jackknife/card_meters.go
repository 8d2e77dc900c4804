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
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

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
server: in a terminal as bars with peak hold until interrupted, otherwise a line
for each interval with the peak of it in dBFS.

  meters   pcm1 to pcm10 (what is played), in1 to in8, spdif-l, spdif-r (before
           the monitor mixer's faders), mix-l, mix-r (after them); several as
           in1-4, pcm or pcm1,in1

Reading the meters clears them, so one program only can show them: a second
"card meters" on the card ends with exit 1. Close envy24control and mudita24.

--json prints an object a line: meter to dBFS, silence being -999.`,
		Example: `  jackknife card meters
  jackknife card meters in1-2 --every 500ms
  jackknife card meters in1 --count 1 --every 3s --json`,
		RunE: func(c *cobra.Command, args []string) error {
			live := !asJSON && terminal(s.out) && count == 0
			if !c.Flags().Changed("every") && live {
				every = 40 * time.Millisecond
			}
			if every < 10*time.Millisecond {
				return usagef("--every %v: want 10ms at least", every)
			}
			names := alsa.MeterNames()
			at := make([]int, len(names))
			for i := range at {
				at[i] = i
			}
			if len(args) > 0 {
				var err error
				if at, err = alsa.Select(names, strings.Join(args, ",")); err != nil {
					return &failure{code: exitNoMatch, err: err}
				}
			}
			ctl, elements, err := openCard(card)
			if err != nil {
				return err
			}
			defer ctl.Close()
			peaks := alsa.Peaks(elements)
			if peaks == nil {
				return lacking(ctl, "peak meters")
			}
			release, err := onlyReader(ctl.Card.ID)
			if err != nil {
				return err
			}
			defer release()
			show := lines(s.out, names, at, asJSON)
			if live {
				fmt.Fprint(s.out, "\x1b[?25l\x1b[2J")
				defer fmt.Fprint(s.out, "\x1b[?25h\n")
				show = bars(s.out.(*os.File), names, at)
			}
			return readMeters(c.Context(), ctl, peaks, every, count, show)
		},
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

// readMeters shows the peaks of every interval. The first reading is of the
// time before and thrown away.
func readMeters(ctx context.Context, ctl *alsa.Ctl, peaks *alsa.Element, every time.Duration, count int, show func(db []float64, since time.Duration) error) error {
	if err := ctl.Read(peaks); err != nil {
		return cardFailure(err)
	}
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
		if err := show(db, every); err != nil || n == count {
			return err
		}
	}
}

// lines shows peaks as text or JSON, a line for each interval.
func lines(w io.Writer, names []string, at []int, asJSON bool) func([]float64, time.Duration) error {
	return func(db []float64, _ time.Duration) error {
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

// bars shows peaks in a terminal: a bar from -60 dBFS, a mark at the held peak,
// and its number.
func bars(w *os.File, names []string, at []int) func([]float64, time.Duration) error {
	meters := make([]alsa.Meter, len(names))
	for i := range meters {
		meters[i] = alsa.NewMeter()
	}
	colour := os.Getenv("NO_COLOR") == ""
	shown := ""
	return func(db []float64, since time.Duration) error {
		columns, rows, err := term.GetSize(int(w.Fd()))
		if err != nil {
			return err
		}
		var b strings.Builder
		b.WriteString("\x1b[H")
		for n, i := range at {
			m := &meters[i]
			m.Feed(db[i], since)
			if n >= rows {
				continue
			}
			if n > 0 {
				b.WriteString("\r\n")
			}
			fmt.Fprintf(&b, "%-8s%s%6s\x1b[K", names[i], bar(*m, max(columns-15, 10), colour), peakText(m.Hold))
		}
		b.WriteString("\x1b[J")
		if b.String() == shown {
			return nil
		}
		shown = b.String()
		_, err = io.WriteString(w, shown)
		return err
	}
}

const meterBottom = -60.0 // dBFS at the left end of a bar

func bar(m alsa.Meter, width int, colour bool) string {
	place := func(db float64) int {
		return int(math.Round(min(max((db-meterBottom)/-meterBottom, 0), 1) * float64(width)))
	}
	cells := []rune(strings.Repeat("█", place(m.Level)) + strings.Repeat(" ", width-place(m.Level)))
	if p := place(m.Hold); p > 0 {
		cells[p-1] = '▌'
		if p <= place(m.Level) {
			cells[p-1] = '█'
		}
	}
	if !colour {
		return string(cells)
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
	return ink + string(cells) + "\x1b[0m"
}
