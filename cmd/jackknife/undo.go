package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/wav"
)

func undoCommand(s *streams) *cobra.Command {
	var out, given string
	var force bool
	c := &cobra.Command{
		Use:   "undo EDITED",
		Short: "Bring back the take that a file was made of",
		Long: `Bring back the take that a file was made of. Beside every file that edit and
apply write lies its plan, FILE.edits, which knows the take and the file by name
and hash. Without -o, undo prints where the take is. With -o it writes the take as
another file: from the take itself or, if that is gone and nothing was cut away,
out of the edited file, whose kept frames are all those of the take. The edited
file stays as it is. FILE.edits is a plan like any other: jackknife apply makes the
edited file again.`,
		Example: `  jackknife undo out.wav
  jackknife undo out.wav -o take-again.wav`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			side := sidecarOf(args[0])
			plan, err := readPlan(side, nil)
			if errors.Is(err, fs.ErrNotExist) {
				return &failure{code: exitFailed, err: fmt.Errorf("%s: no such file: nothing remembers what %s was made of", shown(side), shown(args[0])), hint: "edit and apply write it beside their output"}
			}
			if err != nil {
				return err
			}
			if plan.Output.Hash == "" {
				return fmt.Errorf("%s: a plan, but not that of a file that was made", shown(side))
			}
			name := given
			if name == "" {
				if name = plan.Take.Name; !filepath.IsAbs(name) {
					name = filepath.Join(filepath.Dir(side), name)
				}
			}
			if out != "" {
				for _, other := range []string{name, args[0], side} {
					if err := vacant(out, other, force); err != nil {
						return err
					}
				}
			}
			take, _, err := openPlanned(c.Context(), s, plan, side, name)
			switch {
			case err == nil:
				defer take.Close()
				if out == "" {
					_, err := fmt.Fprintln(s.out, shown(name))
					return err
				}
				err = again(c.Context(), s, take, nil, out, force)
			case errors.Is(err, fs.ErrNotExist):
				err = rebuild(c.Context(), s, plan, args[0], name, out, force)
			}
			if err == nil {
				fmt.Fprintf(s.err, "%s: written, the take of %s\n", shown(out), shown(args[0]))
			}
			return err
		},
	}
	f := c.Flags()
	f.StringVarP(&out, "output", "o", "", "write the take to this `file`")
	f.StringVar(&given, "take", "", "the `take`, if it is no longer where the plan says")
	f.BoolVarP(&force, "force", "f", false, "replace an existing file")
	return c
}

// rebuild makes the take that is gone again, out of what was made of it.
func rebuild(ctx context.Context, s *streams, plan *editor.Plan, edited, name, out string, force bool) error {
	gone := fmt.Errorf("%s: no such file or directory", shown(name))
	inverse, ok := plan.Edits.Inverse()
	if !ok {
		return &failure{code: exitFailed, err: fmt.Errorf("%w; %d of its frames were cut away and are nowhere else", gone, plan.Take.Frames-kept(plan)), hint: "--take says where the take is now"}
	}
	if out == "" {
		return &failure{code: exitFailed, err: gone, hint: "-o FILE makes the take again out of " + shown(edited)}
	}
	from, err := openTake(ctx, s, edited)
	if err != nil {
		return err
	}
	defer from.Close()
	id, err := editor.Identify(from, edited)
	if err != nil {
		return fmt.Errorf("%s: %w", shown(edited), err)
	}
	if id.Hash != plan.Output.Hash || id.Format != plan.Take.Format {
		return fmt.Errorf("%w; %s is no longer as it was made, or in another format", gone, shown(edited))
	}
	return again(ctx, s, from, inverse, out, force)
}

// kept is how many frames of the take are in the output.
func kept(plan *editor.Plan) int64 {
	n := plan.Take.Frames
	for _, e := range plan.Edits {
		n -= e.Len()
	}
	return n
}

// again writes a file without some spans, and without seams.
func again(ctx context.Context, s *streams, from *wav.Reader, cuts editor.List, out string, force bool) error {
	w, err := wav.CreateLike(out, from)
	if err != nil {
		return err
	}
	w.Replace = force
	for _, r := range cuts.Regions(from.Frames()) {
		if err == nil {
			err = w.CopyFrames(from, r.Take.Start, r.Take.Len())
		}
		if err == nil {
			err = ctx.Err()
		}
	}
	return finish(ctx, s, w, out, cuts, err)
}
