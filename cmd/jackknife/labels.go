package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"jackknife/editor"
)

func labelsCommand(s *streams) *cobra.Command {
	var from string
	c := &cobra.Command{
		Use:   "labels PLAN",
		Short: "Turn a plan into Audacity labels, and labels into a plan",
		Long: `Print the edits of a plan as an Audacity label track, or make a plan again of
labels that were moved, removed or added there. A label says what is done and why:
  cut: why          what lies under the label goes
  fill 500ms: why   so much room tone comes in its place; a label without length
                    takes nothing away
With --from the plan is printed that the labels make. The take and the seed are
those of PLAN, which may also be a take of which there is no plan yet. Edits that
stayed as they were stay as sure as they were; comments are left behind. The plan
is checked against the length of the take. jackknife pauses --labels prints the
pauses of a take.`,
		Example: `  jackknife labels take.edits > take.txt            # Audacity: File, Import, Labels
  jackknife labels take.edits --from take.txt > new.edits
  jackknife labels take.wav --from take.txt > take.edits`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("want one plan")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if from == "-" && args[0] == "-" {
				return usagef("the plan and the labels cannot both be standard input")
			}
			plan, err := planOrTake(c.Context(), s, args[0], from != "")
			if err != nil {
				return err
			}
			if from == "" {
				_, err := s.out.Write(plan.Edits.FormatLabels(plan.Take.RateHz))
				return err
			}
			text, title, err := readText(from, s.in)
			if err != nil {
				return err
			}
			edits, err := editor.ParseEditLabels(title, text, plan.Take.RateHz, plan.Take.Frames)
			if err != nil {
				return err
			}
			changed := plan.Edits.Diff(edits)
			for i, e := range edits {
				if k := slices.IndexFunc(plan.Edits, func(o editor.Edit) bool { return o.Span == e.Span && o.Fill == e.Fill }); k >= 0 {
					edits[i].Confidence = plan.Edits[k].Confidence
				}
			}
			plan.Edits, plan.Comments, plan.Output.Name, plan.Output.Hash = edits, nil, "", ""
			if _, err := s.out.Write(plan.Format()); err != nil {
				return err
			}
			added := 0
			for _, d := range changed {
				if d.Added {
					added++
				}
			}
			fmt.Fprintf(s.err, "%s: %s; %d not as before, %d gone\n", title, counted(len(edits), "edit", "edits"), added, len(changed)-added)
			return nil
		},
	}
	c.Flags().StringVar(&from, "from", "", "make a plan of the labels in this `file`")
	return c
}

// planOrTake reads a plan or, where a take will do, makes an empty one for it.
func planOrTake(ctx context.Context, s *streams, name string, takeToo bool) (*editor.Plan, error) {
	if name == "-" || !takeToo || startsAs(name, "jackknife edits") {
		return readPlan(name, s.in)
	}
	take, err := openTake(ctx, s, name)
	if err != nil {
		return nil, err
	}
	defer take.Close()
	id, err := editor.Identify(take, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown(name), err)
	}
	return &editor.Plan{Take: id}, nil
}

// startsAs reports whether a file can be read and begins with some words.
func startsAs(name, words string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, len(words))
	_, err = io.ReadFull(f, start)
	return err == nil && string(start) == words
}
