package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"jackknife/editor"
)

func diffCommand(s *streams) *cobra.Command {
	var given string
	var asJSON bool
	c := &cobra.Command{
		Use:   "diff PLAN [PLAN]",
		Short: "Show how two plans of a take differ",
		Long: `Show how two plans of a take differ: the edits that only the first has, with - in
front, and those that only the second has, with +. Edits that do the same are the
same, whatever their reasons.

With one plan, the second is made afresh from the take by the first one's rules:
what is shown then was changed by hand, or cut.

Exit 0 if nothing differs, 1 if something does.`,
		Example: `  jackknife diff yesterday.edits today.edits
  jackknife diff take.edits`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			first, err := readPlan(args[0], s.in)
			if err != nil {
				return err
			}
			var second *editor.Plan
			title := "its rules"
			if len(args) == 2 {
				title = shown(args[1])
				if second, err = readPlan(args[1], s.in); err != nil {
					return err
				}
				if why := first.Take.Differs(second.Take); why != "" {
					return fmt.Errorf("%s: the plan of another take than %s: %s", title, shown(args[0]), why)
				}
			} else {
				if editor.NeedText(first.Rules) {
					return fmt.Errorf("%s: its rules ask for words, which are not in the plan", shown(args[0]))
				}
				take, name, err := openPlanned(c.Context(), s, first, args[0], given)
				if err != nil {
					return err
				}
				defer take.Close()
				j := job{take: take, name: name, rules: first.Rules, min: first.Min, breaths: first.Breaths, seed: first.Seed}
				if err := j.run(c.Context()); err != nil {
					return err
				}
				second = &j.plan
			}
			changes := first.Edits.Diff(second.Edits)
			if asJSON {
				type changeJSON struct {
					Added bool `json:"added"`
					editJSON
				}
				list := []changeJSON{}
				for _, d := range changes {
					list = append(list, changeJSON{d.Added, editsJSON(editor.List{d.Edit})[0]})
				}
				if err := writeJSON(s.out, list); err != nil {
					return err
				}
			} else {
				for _, d := range changes {
					sign := "-"
					if d.Added {
						sign = "+"
					}
					if _, err := fmt.Fprintln(s.out, sign, d.Line(first.Take.RateHz)); err != nil {
						return err
					}
				}
			}
			if len(changes) > 0 {
				return fmt.Errorf("%s differs from %s in %s", shown(args[0]), title, counted(len(changes), "edit", "edits"))
			}
			return nil
		},
	}
	c.Flags().StringVar(&given, "take", "", "the `take`, if it is no longer where the plan says")
	c.Flags().BoolVar(&asJSON, "json", false, "print an array of edits, positions in frames")
	return c
}
