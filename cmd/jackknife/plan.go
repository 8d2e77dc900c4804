package main

import "github.com/spf13/cobra"

func planCommand(s *streams) *cobra.Command {
	var want wish
	var asJSON, sync bool
	var lead string
	c := &cobra.Command{
		Use:   "plan TAKE | plan --sync TRACK...",
		Short: "Print the edits of a take as a text to read and change",
		Long: `Print the edits of a take as a text: one edit a line, what goes, how much room
tone comes in its place, how sure it is, and why. Nothing else is written. Look
at the text, change it, keep it; jackknife apply carries it out. Rules and cuts
are those of jackknife edit.

--sync plans the edits of several tracks of one performance, as jackknife edit
--sync does. The plan is that of the first track, or of --lead; jackknife apply
--sync carries it out on all of them.`,
		Example: `  jackknife plan take.wav > take.edits
  jackknife plan take.wav --pauses "..2s: min=2s" --cut 1:02.5-1:04.1 > take.edits
  jackknife plan take.wav --pauses total=20:00 > take.edits
  jackknife apply take.edits -o out.wav
  jackknife plan --sync host.wav guest.wav > host.edits`,
		Args: func(c *cobra.Command, args []string) error {
			if lead != "" && !sync {
				return usagef("--lead is for --sync")
			}
			if sync && len(args) > 0 {
				return nil
			}
			return oneTake(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if sync {
				tracks, err := openTracks(c.Context(), s, args)
				defer closeTracks(tracks)
				if err != nil {
					return err
				}
				j, err := want.ensemble(c.Context(), tracks, lead)
				if err != nil {
					return err
				}
				return j.print(s, asJSON)
			}
			take, err := openTake(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			j, err := want.job(take, args[0])
			if err != nil {
				return err
			}
			j.identify = true
			if err := j.run(c.Context()); err != nil {
				return err
			}
			return j.print(s, asJSON)
		},
	}
	want.flags(c)
	c.Flags().BoolVar(&sync, "sync", false, "the takes are tracks of one performance")
	c.Flags().StringVar(&lead, "lead", "", "with --sync: the `track` whose pauses count, instead of those of all together")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, positions in frames")
	return c
}

// print prints the plan, and what it comes to.
func (j *job) print(s *streams, asJSON bool) error {
	if !asJSON {
		if _, err := s.out.Write(j.plan.Format()); err != nil {
			return err
		}
	}
	return j.report(s, "", asJSON)
}
