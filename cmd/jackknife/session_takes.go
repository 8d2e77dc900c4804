package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/session"
)

func sessionTakesCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var keep, reject []int
	var note string
	var compare, asJSON bool
	c := &cobra.Command{
		Use:   "takes [FILE] [NUMBER...]",
		Short: "List the takes of a session, keep or reject them, compare them",
		Long: `List the takes of a session, or those of the numbers. --reject puts takes aside:
edit and deliver pass over them; --keep takes them back. --note adds a note to the
takes of the numbers. Nothing is ever deleted.

--compare shows what helps to choose: the level of the speech and of the room
between it, how much of the take is speech, how many phrases it has.`,
		Example: `  jackknife session takes evening.yaml
  jackknife session takes evening.yaml --reject 2,3 --keep 1
  jackknife session takes evening.yaml 4 --note "the good one"
  jackknife session takes evening.yaml --compare`,
		RunE: func(c *cobra.Command, args []string) error {
			open, numbers, err := f.openNumbered(s, args)
			if err != nil {
				return err
			}
			defer open.Close()
			if note != "" && len(numbers) == 0 {
				return usagef("--note: for which take? give its number")
			}
			judge := func(numbers []int, f func(*session.Take)) error {
				for _, n := range numbers {
					if _, err := open.Judge(n, f); err != nil {
						return &failure{code: exitNoMatch, err: err}
					}
				}
				return nil
			}
			err = judge(reject, func(t *session.Take) { t.Rejected = true })
			if err == nil {
				err = judge(keep, func(t *session.Take) { t.Rejected = false })
			}
			if err == nil && note != "" {
				err = judge(numbers, func(t *session.Take) { t.Notes = append(t.Notes, note) })
			}
			if err != nil {
				return err
			}
			takes, err := open.Chosen(numbers)
			if err != nil {
				return &failure{code: exitNoMatch, err: err}
			}
			switch {
			case compare:
				return compareTakes(c.Context(), s, takes, asJSON)
			case asJSON:
				return writeJSON(s.out, append([]session.Take{}, takes...))
			}
			printTakes(s.out, takes)
			return nil
		},
	}
	f.add(c)
	c.Flags().IntSliceVar(&keep, "keep", nil, "`NUMBERS` of takes to keep")
	c.Flags().IntSliceVar(&reject, "reject", nil, "`NUMBERS` of takes to put aside")
	c.Flags().StringVar(&note, "note", "", "a note for the takes of the numbers")
	c.Flags().BoolVar(&compare, "compare", false, "measure the takes")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printTakes(w io.Writer, takes []session.Take) {
	for _, t := range takes {
		state := "kept"
		switch {
		case !t.Finished:
			state = "unfinished"
		case t.Rejected:
			state = "rejected"
		}
		fmt.Fprintf(w, "%3d  %-10s  %s  ", t.Number, state, t.Begun.Format(time.DateTime))
		if t.Finished {
			fmt.Fprintf(w, "%s  %s  ", clock(t.Frames, max(1, t.RateHz)), plural(t.Gaps, "gap"))
		}
		names := []string{filepath.Base(t.File)}
		if len(t.Files) > 0 {
			names = nil
		}
		for _, file := range t.Files {
			names = append(names, filepath.Base(file))
		}
		fmt.Fprint(w, shownAll(names))
		if len(t.Marks) > 0 {
			fmt.Fprintf(w, "  %s", plural(len(t.Marks), "mark"))
		}
		if t.Clips > 0 {
			fmt.Fprintf(w, "  %s at full scale", plural(int(t.Clips), "sample"))
		}
		if len(t.Notes) > 0 {
			fmt.Fprintf(w, "  (%s)", strings.Join(t.Notes, "; "))
		}
		fmt.Fprintln(w)
	}
}

// takeMeasure is what takes are chosen by.
type takeMeasure struct {
	Number   int     `json:"number"`
	File     string  `json:"file"`
	Seconds  float64 `json:"seconds"`
	SpeechDB float64 `json:"speech_db"`
	FloorDB  float64 `json:"floor_db"`
	Speech   float64 `json:"speech"` // part of the time
	Phrases  int     `json:"phrases"`
	Lost     int64   `json:"lost_frames"`
	Clips    int64   `json:"clips"`
}

func compareTakes(ctx context.Context, s *streams, takes []session.Take, asJSON bool) error {
	measures := []takeMeasure{}
	for _, t := range takes {
		for _, file := range t.Files {
			m, err := measureTake(ctx, s, file)
			if err != nil {
				return err
			}
			m.Number, m.Lost, m.Clips = t.Number, t.Lost, t.Clips
			measures = append(measures, m)
		}
	}
	if asJSON {
		return writeJSON(s.out, measures)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "take\tlasts\tspeech\troom\tspoken\tphrases\tlost\tclipped\tfile\t")
	for _, m := range measures {
		fmt.Fprintf(w, "%d\t%s\t%.1f dB\t%.1f dB\t%.0f %%\t%d\t%d\t%d\t%s\t\n", m.Number, time.Duration(m.Seconds*float64(time.Second)).Round(time.Millisecond),
			m.SpeechDB, m.FloorDB, 100*m.Speech, m.Phrases, m.Lost, m.Clips, shown(filepath.Base(m.File)))
	}
	return w.Flush()
}

func measureTake(ctx context.Context, s *streams, file string) (takeMeasure, error) {
	take, err := openTake(ctx, s, file)
	if err != nil {
		return takeMeasure{}, err
	}
	defer take.Close()
	quiet := int64(0)
	d, err := editor.Detect(ctx, take, editor.DetectOptions{}, func(p editor.Pause) error {
		quiet += p.Heard.Len()
		return nil
	})
	if err != nil {
		return takeMeasure{}, errors.Join(fmt.Errorf("%s: %w", shown(file), err))
	}
	finite := func(v float64) float64 {
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return -999
		}
		return v
	}
	frames := max(1, take.Frames())
	return takeMeasure{File: file, Seconds: float64(frames) / float64(take.Format().RateHz), SpeechDB: finite(d.SpeechDB), FloorDB: finite(d.FloorDB),
		Speech: 1 - float64(quiet)/float64(frames), Phrases: d.Phrases}, nil
}
