package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"jackknife/editor"
)

func checkCommand(s *streams) *cobra.Command {
	var planFile, takeFile string
	var asJSON bool
	c := &cobra.Command{
		Use:   "check EDITED --against PLAN",
		Short: "Measure whether the edits of a take can be heard",
		Long: `Measure whether the edits of a take can be heard, and whether every frame that
was kept is the take's own. The pauses of the take are found again, for the room
tone that the edits are held against. One line an edit; a value that fails has a
! behind it; a value that cannot be taken, for want of tone or of time, is -.
  tone    distance of new quiet from the room tone around it: root mean square
          over third octaves, at most 1 dB, or what the tone itself differs by
  step    step of the level at the edges, over 100 ms: at most 0.5 dB more than
          the tone's own level makes
  period  how much new quiet repeats itself: highest autocorrelation of the
          envelope, at most 0.05 more than the tone's or chance's
  equal   longest run of equal samples in new quiet: at most 1 ms
  click   second difference at the edges against the 99.9th percentile of that
          of the sound around: at most 1.3, or what that sound has itself
Exit 1 if anything fails.`,
		Example: `  jackknife check out.wav --against take.edits
  jackknife check out.wav --against take.edits --take moved/take.wav --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if planFile == "" {
				return usagef("against what: --against PLAN is missing")
			}
			plan, err := readPlan(planFile, s.in)
			if err != nil {
				return err
			}
			take, takeName, err := openPlanned(c.Context(), s, plan, planFile, takeFile)
			if err != nil {
				return err
			}
			defer take.Close()
			out, err := openTake(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			defer out.Close()
			up, err := editor.Check(c.Context(), take, out, plan.Edits, plan.Detect())
			if err != nil {
				return fmt.Errorf("%s: %w", shown(filepath.Clean(args[0])), err)
			}
			failed := 0
			for _, h := range up.Edits {
				if h.Fails() {
					failed++
				}
			}
			if asJSON {
				err = writeJSON(s.out, checkJSON(up, args[0], takeName))
			} else {
				err = writeCheck(s.out, up, plan)
			}
			switch {
			case err != nil:
				return err
			case up.Differ > 0:
				return fmt.Errorf("%s: %d of %d kept frames are not those of the take, the first is frame %d", shown(args[0]), up.Differ, up.Kept, up.FirstDifference)
			case failed > 0:
				return fmt.Errorf("%s: %d of %s can be heard", shown(args[0]), failed, counted(len(up.Edits), "edit", "edits"))
			}
			fmt.Fprintf(s.err, "%s: all %d kept frames are those of the take; %s, none can be heard\n", shown(args[0]), up.Kept, counted(len(up.Edits), "edit", "edits"))
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&planFile, "against", "", "the `plan` that the file was made by")
	f.StringVar(&takeFile, "take", "", "the `take`, if it is no longer where the plan says")
	f.BoolVar(&asJSON, "json", false, "print the measures and their limits as JSON, positions in frames")
	return c
}

func writeCheck(w io.Writer, up *editor.Checkup, plan *editor.Plan) error {
	if len(up.Edits) == 0 {
		return nil
	}
	rate := plan.Take.RateHz
	fmt.Fprintf(w, "%-12s %-10s %8s %9s %8s %10s %7s  %s\n", "at", "edit", "tone", "step", "period", "equal", "click", "why")
	for _, h := range up.Edits {
		cells := [editor.MeasureKinds]string{"-", "-", "-", "-", "-"}
		for _, m := range h.Measures {
			cells[m.Kind] = fmt.Sprintf([...]string{"%.2f dB", "%.2f dB", "%.2f", "%.2f ms", "%.2f"}[m.Kind], m.Value)
			if m.Fails() {
				cells[m.Kind] += "!"
			}
		}
		kind := "join"
		if n := h.Out.Len(); n > 0 {
			kind = fmt.Sprintf("%.3f s", float64(n)/float64(rate))
		}
		if _, err := fmt.Fprintf(w, "%-12s %-10s %8s %9s %8s %10s %7s  %s\n", clock(h.Out.Start, rate), kind, cells[0], cells[1], cells[2], cells[3], cells[4], plan.Edits[h.Edit].Reason); err != nil {
			return err
		}
	}
	return nil
}

func checkJSON(up *editor.Checkup, edited, take string) any {
	type measure struct {
		Measure string  `json:"measure"`
		Value   float64 `json:"value"`
		Limit   float64 `json:"limit"`
		Passes  bool    `json:"passes"`
	}
	type edit struct {
		Edit     int       `json:"edit"` // from 1, as in the plan
		Start    int64     `json:"start"`
		End      int64     `json:"end"`
		Passes   bool      `json:"passes"`
		Measures []measure `json:"measures"`
	}
	edits := []edit{}
	for _, h := range up.Edits {
		e := edit{h.Edit + 1, h.Out.Start, h.Out.End, !h.Fails(), []measure{}}
		for _, m := range h.Measures {
			e.Measures = append(e.Measures, measure{m.Kind.String(), m.Value, m.Limit, !m.Fails()})
		}
		edits = append(edits, e)
	}
	return struct {
		File            string `json:"file"`
		Take            string `json:"take"`
		Kept            int64  `json:"frames_kept"`
		Differ          int64  `json:"frames_differ"`
		FirstDifference int64  `json:"first_difference"`
		Edits           []edit `json:"edits"`
	}{edited, take, up.Kept, up.Differ, up.FirstDifference, edits}
}
