package main

import "github.com/spf13/cobra"

func planCommand(s *streams) *cobra.Command {
	var want wish
	var asJSON bool
	c := &cobra.Command{
		Use:   "plan TAKE",
		Short: "Print the edits of a take as a text to read and change",
		Long: `Print the edits of a take as a text: one edit a line, what goes, how much room
tone comes in its place, how sure it is, and why. Nothing else is written. Look
at the text, change it, keep it; jackknife apply carries it out. Rules and cuts
are those of jackknife edit.`,
		Example: `  jackknife plan take.wav > take.edits
  jackknife plan take.wav --pauses "..2s: min=2s" --cut 1:02.5-1:04.1 > take.edits
  jackknife plan take.wav --pauses total=20:00 > take.edits
  jackknife apply take.edits -o out.wav`,
		Args: oneTake,
		RunE: func(c *cobra.Command, args []string) error {
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
			if !asJSON {
				if _, err := s.out.Write(j.plan.Format()); err != nil {
					return err
				}
			}
			return j.report(s, "", asJSON)
		},
	}
	want.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, positions in frames")
	return c
}
