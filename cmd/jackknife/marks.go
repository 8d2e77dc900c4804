package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"jackknife/editor/marks"
	"jackknife/editor/retake"
)

func marksCommand(s *streams) *cobra.Command {
	var want markWish
	var asJSON, labels bool
	c := &cobra.Command{
		Use:   "marks TAKE",
		Short: "List the marks a speaker left: claps, snaps, clicker",
		Long: `List the marks that a speaker left in a take to say that something went wrong,
and what each would cut. A mark is three claps or three snaps of the fingers, one
or two presses of a dog clicker, or, with --teach, whatever sound it was taught.
Doors, knocks, coughs, lips, breaths and plosives are none.

A mark cuts from the flawed line to the first line after the mark. The flawed line
is the one of the three before the mark that is said again after it, or else the
last one. Two marks, with no line between, go back to the mark before them, or to
the start of the take. What jackknife take mark dropped while the take was recorded
is a mark as well, until it is cut; with --marks cues all cue points of the file
are. One that begins with keep or good cuts nothing, and is as far as two marks go
back.

jackknife edit --cut-marks cuts what stands here. Exit 4 if there is no mark.`,
		Example: `  jackknife marks take.wav
  jackknife marks take.wav --teach whistle.wav
  jackknife marks take.wav --marks claps,cues --json
  jackknife marks take.wav --labels > take.txt     # Audacity: File, Import, Labels
  jackknife edit take.wav -o out.wav --cut-marks`,
		Args: oneTake,
		RunE: func(c *cobra.Command, args []string) error {
			if asJSON && labels {
				return usagef("--json and --labels: choose one")
			}
			take, err := openTake(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			h, found, err := want.find(c.Context(), take, args[0])
			if err != nil {
				return err
			}
			t, err := retake.Analyse(c.Context(), h, found)
			if err != nil {
				return fmt.Errorf("%s: %w", shown(args[0]), err)
			}
			cuts := t.Cuts()
			switch {
			case asJSON:
				err = writeMarksJSON(s.out, h.RateHz, found, cuts)
			case labels:
				for _, m := range found {
					fmt.Fprintf(s.out, "%s\t%s\t%s\n", seconds(m.Start, h.RateHz), seconds(m.End, h.RateHz), markWords(m))
				}
				for _, m := range cuts {
					fmt.Fprintf(s.out, "%s\t%s\tcut: %s\n", seconds(m.Start, h.RateHz), seconds(m.End, h.RateHz), m.Why())
				}
			default:
				writeMarks(s.out, h.RateHz, found, cuts)
			}
			if err == nil && len(found) == 0 {
				return noMistake(args[0], "no mark found", "--teach FILE finds another sound, --marks cues all cue points")
			}
			return err
		},
	}
	want.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, positions in frames")
	c.Flags().BoolVar(&labels, "labels", false, "print an Audacity label track")
	return c
}

func markWords(m marks.Mark) string {
	if m.Words == "" {
		return string(m.Kind)
	}
	return string(m.Kind) + " " + m.Words
}

func writeMarks(w io.Writer, rate int, found []marks.Mark, cuts []retake.Marked) {
	if len(found) == 0 {
		return
	}
	fmt.Fprintf(w, "%5s  %-12s %-8s %4s   %s\n", "#", "at", "mark", "sure", "cuts")
	n := 0
	for _, m := range found {
		what := ""
		for _, c := range cuts {
			if c.Marks[0].Start == m.Start && c.Marks[0].Kind == m.Kind {
				what = fmt.Sprintf("%s to %s: %s", clock(c.Start, rate), clock(c.End, rate), c.Why())
			} else if n > 0 && m.Start >= c.Start && m.End <= c.End && what == "" {
				what = "with the one before"
			}
		}
		if what == "" {
			what = "nothing"
		}
		n++
		fmt.Fprintf(w, "%5d  %-12s %-8s %4.2f   %s\n", n, clock(m.Start, rate), m.Kind, m.Confidence, what)
	}
}

// spanJSON is a span in frames.
type spanJSON struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

func writeMarksJSON(w io.Writer, rate int, found []marks.Mark, cuts []retake.Marked) error {
	type mark struct {
		spanJSON
		Kind       marks.Kind `json:"kind"`
		Confidence float64    `json:"confidence"`
		Words      string     `json:"words,omitempty"`
	}
	type cut struct {
		spanJSON
		Marks      []int    `json:"marks"` // numbers from 0
		Flawed     spanJSON `json:"flawed"`
		By         spanJSON `json:"replaced_by"`
		Reason     string   `json:"reason"`
		Confidence float64  `json:"confidence"`
	}
	out := struct {
		RateHz int    `json:"rate_hz"`
		Marks  []mark `json:"marks"`
		Cuts   []cut  `json:"cuts"`
	}{rate, []mark{}, []cut{}}
	for _, m := range found {
		out.Marks = append(out.Marks, mark{spanJSON(m.Span), m.Kind, m.Confidence, m.Words})
	}
	for _, c := range cuts {
		j := cut{spanJSON(c.Span), nil, spanJSON(c.Flawed), spanJSON(c.By), c.Why(), c.Confidence}
		for i, m := range found {
			if m.Start >= c.Marks[0].Start && m.End <= c.Marks[len(c.Marks)-1].End {
				j.Marks = append(j.Marks, i)
			}
		}
		out.Cuts = append(out.Cuts, j)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}
