package main

import (
	"encoding/csv"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"jackknife/editor"
)

func mapCommand(s *streams) *cobra.Command {
	var asJSON, asCSV bool
	c := &cobra.Command{
		Use:   "map PLAN [TIME...]",
		Short: "Show which part of a take stands where in the output",
		Long: `Show which part of a take stands where in the output of a plan: one line a
stretch, of the take or of room tone, without gaps. For room tone, the take's times
are those of what it replaces.

With times of the take, show where in the output each of them is; what was cut away
goes to the place of the cut.`,
		Example: `  jackknife map take.edits
  jackknife map take.edits 1:02.5 10:00
  jackknife map take.edits --csv > map.csv`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which plan?")
			}
			if asJSON && asCSV {
				return usagef("--json and --csv: choose one")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			plan, err := readPlan(args[0], s.in)
			if err != nil {
				return err
			}
			if len(args) > 1 {
				return mapTimes(s, plan, args[1:], asJSON, asCSV)
			}
			type stretch struct {
				Kind      string `json:"kind"`
				Start     int64  `json:"start"`
				End       int64  `json:"end"`
				TakeStart int64  `json:"take_start"`
				TakeEnd   int64  `json:"take_end"`
				Edit      int    `json:"edit,omitempty"` // from 1
			}
			list := []stretch{}
			for _, r := range plan.Edits.Regions(plan.Take.Frames) {
				kind := "take"
				if r.Tone() {
					kind = "tone"
				}
				list = append(list, stretch{kind, r.Out.Start, r.Out.End, r.Take.Start, r.Take.End, r.Edit + 1})
			}
			rate := plan.Take.RateHz
			switch {
			case asJSON:
				return writeJSON(s.out, list)
			case asCSV:
				w := csv.NewWriter(s.out)
				w.Write([]string{"kind", "start", "end", "take_start", "take_end", "edit"})
				for _, r := range list {
					edit := ""
					if r.Edit > 0 {
						edit = strconv.Itoa(r.Edit)
					}
					w.Write([]string{r.Kind, fmt.Sprint(r.Start), fmt.Sprint(r.End), fmt.Sprint(r.TakeStart), fmt.Sprint(r.TakeEnd), edit})
				}
				w.Flush()
				return w.Error()
			}
			for _, r := range list {
				if _, err := fmt.Fprintf(s.out, "%s  %-16s %-16s of %-16s %s\n", r.Kind, editor.Stamp(r.Start, rate), editor.Stamp(r.End, rate), editor.Stamp(r.TakeStart, rate), editor.Stamp(r.TakeEnd, rate)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, positions in frames")
	c.Flags().BoolVar(&asCSV, "csv", false, "print CSV with a head line, positions in frames")
	return c
}

// mapTimes shows where times of the take are in the output.
func mapTimes(s *streams, plan *editor.Plan, times []string, asJSON, asCSV bool) error {
	type place struct {
		Take int64 `json:"take"`
		Out  int64 `json:"out"`
	}
	rate := plan.Take.RateHz
	places := []place{}
	for _, text := range times {
		d, err := editor.ParseDuration(text)
		if err != nil {
			return usagef("%q: %w", text, err)
		}
		at := d.At(rate)
		if at > plan.Take.Frames {
			return usagef("%q: past the end of the take at %s", text, clock(plan.Take.Frames, rate))
		}
		places = append(places, place{at, plan.Edits.Output(at)})
	}
	if asJSON {
		return writeJSON(s.out, places)
	}
	if asCSV {
		fmt.Fprintln(s.out, "take,out")
	}
	for _, p := range places {
		line := fmt.Sprintf("%-16s %s", editor.Stamp(p.Take, rate), editor.Stamp(p.Out, rate))
		if asCSV {
			line = fmt.Sprintf("%d,%d", p.Take, p.Out)
		}
		if _, err := fmt.Fprintln(s.out, line); err != nil {
			return err
		}
	}
	return nil
}
