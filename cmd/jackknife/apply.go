package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"jackknife/editor"
)

func applyCommand(s *streams) *cobra.Command {
	var like shape
	var out, given string
	var dry, force, asJSON bool
	var others []string
	c := &cobra.Command{
		Use:   "apply PLAN",
		Short: "Carry out a plan: write the edited take",
		Long: `Carry out a plan that jackknife plan has written and you may have changed. The
take is found under the name in the plan, in this folder or in the plan's, or
given with --take; a plan made for another take is refused. The same plan gives
the same file, byte for byte. - reads the plan from standard input; --take - reads
the take from there, -o - writes to standard output.

Without -o the output stands beside the take, with -edited in its name. It is a
file like the take unless --bits or --container ask for something else.

--sync names another track of the same performance, as long as the take; the
plan is carried out on it at the same frames, with its own room tone. Its output
stands beside it, with -edited in its name.

A table of jackknife comp is carried out, too; it names its takes itself.`,
		Example: `  jackknife apply take.edits -o out.wav
  jackknife apply take.edits --take moved/take.wav
  jackknife plan take.wav --pauses +1s | jackknife apply - -o out.wav
  jackknife apply host.edits --sync guest.wav --sync room.wav
  jackknife apply song.comp -o best.wav`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which plan?")
			}
			if len(args) > 1 {
				return usagef("one plan at a time: %q is one too many", args[1])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := toStream(s, out, asJSON); err != nil {
				return err
			}
			text, title, err := readText(args[0], s.in)
			if err != nil {
				return err
			}
			if editor.IsComp(text) {
				if given != "" || len(others) > 0 {
					return usagef("%s: a comp names its takes itself: no --take, no --sync", title)
				}
				return applyComp(c.Context(), s, args[0], text, &like, out, dry, force, asJSON)
			}
			plan, err := editor.ParsePlan(title, text)
			if err != nil {
				return err
			}
			take, takeFile, err := openPlanned(c.Context(), s, plan, args[0], given)
			if err != nil {
				return err
			}
			defer take.Close()
			if takeFile == "-" && out == "" && !dry {
				return usagef("where to: -o FILE is missing")
			}
			id := plan.Take
			if out == "" {
				out = editedName(takeFile, &like, take)
			}
			if len(others) > 0 {
				if out == "-" || takeFile == "-" {
					return usagef("--sync: reads and writes files, not standard input and output")
				}
				return applyTracks(c.Context(), s, plan, stem{name: takeFile, out: out, take: take}, others, &like, force, dry, asJSON)
			}
			if err := vacant(out, takeFile, force); err != nil && !dry {
				return err
			}
			if force && same(out, args[0]) {
				return usagef("%s: is the plan itself", shown(out))
			}
			remembers := !dry && out != "-" && takeFile != "-"
			if remembers {
				if err := sidecarVacant(out, force || same(args[0], sidecarOf(out))); err != nil {
					return err
				}
			}
			done := edited{
				Take: takeFile, Output: out, RateHz: id.RateHz, Before: id.Frames,
				After: plan.Edits.Length(id.Frames), Edits: editsJSON(plan.Edits),
			}
			var result editor.Result
			if dry {
				done.Output = ""
			} else {
				w, err := like.create(out, take)
				if err != nil {
					return err
				}
				w.Replace = force
				result, err = plan.Render(c.Context(), take, w)
				if err := finish(c.Context(), s, w, out, plan.Edits, ofTake(takeFile, err)); err != nil {
					return err
				}
			}
			if remembers {
				if err := writeSidecar(c.Context(), s, out, takeFile, *plan); err != nil {
					return err
				}
			}
			fmt.Fprintf(s.err, "%s: %s; %s becomes %s\n", shown(takeFile), counted(len(plan.Edits), "edit", "edits"),
				clock(done.Before, id.RateHz), clock(done.After, id.RateHz))
			note(s.err, done.Output, result)
			if !asJSON {
				return nil
			}
			done.Filled, done.Silent = result.Filled, result.Silent
			return writeJSON(s.out, done)
		},
	}
	like.flags(c)
	f := c.Flags()
	f.StringVarP(&out, "output", "o", "", "file to write (default TAKE-edited.wav)")
	f.StringVar(&given, "take", "", "the take, if it is no longer where the plan says")
	f.StringArrayVar(&others, "sync", nil, "another `track` of the same performance; may be given several times")
	f.BoolVarP(&dry, "dry-run", "n", false, "check the plan against the take, write nothing")
	f.BoolVarP(&force, "force", "f", false, "replace an existing file")
	f.BoolVar(&asJSON, "json", false, "print what was done as JSON, positions in frames")
	return c
}

func readPlan(name string, in io.Reader) (*editor.Plan, error) {
	text, shown, err := readText(name, in)
	if err != nil {
		return nil, err
	}
	return editor.ParsePlan(shown, text)
}

// textBytes is more than any plan or transcript of a day-long take.
const textBytes = 64 << 20

// readText reads a text file, - being in if there is one, and says how it is
// called in messages.
func readText(name string, in io.Reader) (text []byte, title string, err error) {
	r, title := in, "standard input"
	if name != "-" || in == nil {
		title = shown(name)
		f, err := os.Open(name)
		if err != nil {
			return nil, title, fmt.Errorf("%s: %w", title, cause(err))
		}
		defer f.Close()
		r = f
	}
	text, err = io.ReadAll(io.LimitReader(r, textBytes+1))
	if err != nil {
		return nil, title, fmt.Errorf("%s: %w", title, cause(err))
	}
	if len(text) > textBytes {
		return nil, title, fmt.Errorf("%s: larger than %d MiB", title, textBytes>>20)
	}
	return text, title, nil
}
