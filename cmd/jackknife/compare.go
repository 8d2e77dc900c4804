package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"jackknife/editor"
)

func compareCommand(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "compare TAKE RECORDING",
		Short: "Show whether a recording holds a take, frame by frame",
		Long: `Show whether a recording holds a take, frame by frame. The take is found in the
recording by its loudest moment; then every frame is compared by value, so that
a 16-bit take equals its float recording. Exit 0 if every frame of the take is
there, 1 if not.`,
		Example: `  jackknife compare take.wav recorded.wav`,
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			take, err := openTake(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			recording, err := openTake(c.Context(), s, args[1])
			if err != nil {
				return err
			}
			defer recording.Close()
			got, err := editor.Compare(c.Context(), take, recording)
			if errors.Is(err, editor.ErrNotFound) {
				return fmt.Errorf("compare %s with %s: %w", args[0], args[1], err)
			}
			if err != nil {
				return err
			}
			if asJSON {
				if err := json.NewEncoder(s.out).Encode(struct {
					Offset          int64 `json:"offset"`
					Compared        int64 `json:"compared"`
					Equal           int64 `json:"equal"`
					Missing         int64 `json:"missing"`
					FirstDifference int64 `json:"first_difference"`
				}(got)); err != nil {
					return err
				}
			} else {
				fmt.Fprintf(s.out, "offset %d frames, compared %d, equal %d, missing %d\n", got.Offset, got.Compared, got.Equal, got.Missing)
			}
			switch {
			case got.FirstDifference >= 0:
				return fmt.Errorf("compare %s with %s: %d frames differ, the first is %d", args[0], args[1], got.Compared-got.Equal, got.FirstDifference)
			case got.Missing > 0:
				return fmt.Errorf("compare %s with %s: %d frames of the take are not in the recording", args[0], args[1], got.Missing)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}
