package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/wav"
)

func recoverCommand(s *streams) *cobra.Command {
	var output string
	var force, dryRun bool
	c := &cobra.Command{
		Use:   "recover TAKE -o FILE",
		Short: "Copy the audio out of a take that a crash left broken",
		Long: `Copy the audio out of a take that a crash left broken: one whose header claims
more, or less, than the file holds, or FLAC that breaks off. All whole frames go
into a new file, byte for byte; the broken one stays as it is. Exit 0 without
writing if the take is in order.`,
		Example: `  jackknife recover take.part.wav -o take.wav
  jackknife recover -n take.wav`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			take, err := wav.OpenDamaged(c.Context(), args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			f := take.Format()
			if take.Damage() == "" {
				fmt.Fprintf(s.err, "%s: in order, %d frames\n", shown(args[0]), take.Frames())
				return nil
			}
			fmt.Fprintf(s.err, "%s: %s\n", shown(args[0]), take.Damage())
			if dryRun {
				fmt.Fprintf(s.out, "%d frames of %v x %d at %d Hz\n", take.Frames(), f, f.Channels, f.RateHz)
				return nil
			}
			if output == "" {
				return &failure{code: exitUsage, err: fmt.Errorf("where to: -o FILE is missing"), hint: "-n shows what would be recovered"}
			}
			if err := vacant(output, args[0], force); err != nil {
				return err
			}
			create := wav.Create
			if strings.EqualFold(filepath.Ext(output), ".flac") {
				create = func(name string, _ wav.Format) (*wav.Writer, error) {
					return wav.CreateAs(name, take, wav.Target{Container: "FLAC"})
				}
			}
			w, err := create(output, f)
			if err != nil {
				return err
			}
			w.Replace = force
			if err := w.CopyFrames(take, 0, take.Frames()); err != nil {
				w.Abort()
				return err
			}
			if err := w.Commit(); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s: %d frames\n", shown(output), w.Frames())
			return nil
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "the new file")
	c.Flags().BoolVarP(&force, "force", "f", false, "replace an existing file")
	c.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "show what would be recovered, write nothing")
	return c
}
