package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/editor/picture"
)

func drawCommand(s *streams) *cobra.Command {
	var out, planFile string
	var width int
	var force bool
	c := &cobra.Command{
		Use:   "draw TAKE [EDITED --plan PLAN] -o FILE.png|FILE.svg",
		Short: "Draw a take and its pauses, or what a plan made of it",
		Long: `Draw the waveform of a take with its pauses shaded. With a plan and the file it
made, draw both, one below the other, on one time scale: what was taken out is
red, room tone that was added is green, lines lead from the take to the result.`,
		Example: `  jackknife draw take.wav -o take.png
  jackknife draw take.wav out.wav --plan take.edits -o edits.png`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if out == "" {
				return usagef("where to: -o FILE.png or FILE.svg is missing")
			}
			if (len(args) == 2) != (planFile != "") {
				return usagef("the edited file and --plan go together")
			}
			if err := vacant(out, args[0], force); err != nil {
				return err
			}
			take, err := openTake(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			before := picture.Track{Title: filepath.Base(args[0]), Take: take}
			_, err = editor.Detect(c.Context(), take, editor.DetectOptions{}, func(p editor.Pause) error {
				before.Marks = append(before.Marks, picture.Mark{Span: p.Heard, Kind: picture.Pause})
				return nil
			})
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			tracks, links := []picture.Track{before}, [][]picture.Link(nil)
			if planFile != "" {
				plan, err := readPlan(planFile, s.in)
				if err != nil {
					return err
				}
				id, err := editor.Identify(take, args[0])
				if err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				if why := plan.Take.Differs(id); why != "" {
					return fmt.Errorf("%s: another take than the plan's: %s", args[0], why)
				}
				edited, err := openTake(c.Context(), s, args[1])
				if err != nil {
					return err
				}
				defer edited.Close()
				if n := plan.Edits.Length(take.Frames()); n != edited.Frames() {
					return fmt.Errorf("%s: %d frames, the plan makes %d", args[1], edited.Frames(), n)
				}
				tracks, links = picture.Edited(before, picture.Track{Title: filepath.Base(args[1]), Take: edited}, plan.Edits)
			}
			return writePicture(out, width, tracks, links, force)
		},
	}
	f := c.Flags()
	f.StringVarP(&out, "output", "o", "", "PNG or, if its name ends in .svg, SVG `file` to write")
	f.StringVar(&planFile, "plan", "", "the `plan` that made EDITED of TAKE")
	f.IntVar(&width, "width", 1600, "width in `pixels`")
	f.BoolVarP(&force, "force", "f", false, "replace an existing file")
	return c
}

// writePicture writes a picture as its name says.
func writePicture(name string, width int, tracks []picture.Track, links [][]picture.Link, replace bool) error {
	form := picture.PNG
	if strings.EqualFold(filepath.Ext(name), ".svg") {
		form = picture.SVG
	}
	var b bytes.Buffer
	if err := picture.Draw(&b, form, width, tracks, links); err != nil {
		return err
	}
	return writeFile(name, b.Bytes(), replace)
}
