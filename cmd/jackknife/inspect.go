package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/editor/inspect"
)

func inspectCommand(s *streams) *cobra.Command {
	var asJSON, labels bool
	var least int
	var only []string
	c := &cobra.Command{
		Use:   "inspect TAKE",
		Short: "List what a take suffers from: clicks, breaths, hum, clipping",
		Long: `List the blemishes of a take, each with its time, how bad it is, and what helps:
clicks of lips and cables, breaths, plosives, coughs, knocks and doors, mains hum,
phone buzz, DC, clipping, peaks between samples, dropouts, digital silence, dead
air, and places from which the voice has another level. Marks of the speaker are
no blemishes (see jackknife marks).

One star is hardly heard, two are heard, three spoil the take. jackknife edit
--clean covers clicks, breaths, coughs, knocks and plosives with room tone where
they lie in pauses; what lies in speech is only listed. Exit 0 also if all is well.`,
		Example: `  jackknife inspect take.wav
  jackknife inspect take.wav --least 2 --only clicks,clipping
  jackknife inspect take.wav --labels > take.txt   # Audacity: File, Import, Labels
  jackknife inspect take.wav --json
  jackknife edit take.wav -o out.wav --clean clicks,breaths`,
		Args: oneTake,
		RunE: func(c *cobra.Command, args []string) error {
			if asJSON && labels {
				return usagef("--json and --labels: choose one")
			}
			if least < 1 || least > 3 {
				return usagef("--least %d: want 1, 2 or 3", least)
			}
			for _, k := range only {
				if !slices.Contains(blemishKinds(), k) {
					return usagef("--only %q: want %s", k, strings.Join(blemishKinds(), ", "))
				}
			}
			take, err := openTake(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			usual := markWish{kinds: []string{"claps", "clicker"}}
			h, found, err := usual.find(c.Context(), take, args[0])
			if err != nil {
				return err
			}
			all, err := inspect.Inspect(c.Context(), take, h, found)
			if err != nil {
				return fmt.Errorf("%s: %w", shown(args[0]), err)
			}
			all = slices.DeleteFunc(all, func(b inspect.Blemish) bool {
				return b.Severity < least || len(only) > 0 && !slices.Contains(only, manyOf(b.Kind))
			})
			switch {
			case asJSON:
				err = writeBlemishesJSON(s.out, h.RateHz, all)
			case labels:
				for _, b := range all {
					fmt.Fprintf(s.out, "%s\t%s\t%s\n", seconds(b.Start, h.RateHz), seconds(b.End, h.RateHz), b.Kind)
				}
			default:
				writeBlemishes(s.out, h.RateHz, h.Frames, all)
			}
			if err == nil && len(all) == 0 {
				fmt.Fprintf(s.err, "%s: nothing found\n", shown(args[0]))
			}
			return err
		},
	}
	f := c.Flags()
	f.IntVar(&least, "least", 1, "list what is at least so bad, 1 to 3 `stars`")
	f.StringSliceVar(&only, "only", nil, "list these `kinds` only: clicks, breaths, clipping ...")
	c.RegisterFlagCompletionFunc("only", cobra.FixedCompletions(blemishKinds(), cobra.ShellCompDirectiveNoFileComp))
	f.BoolVar(&asJSON, "json", false, "print JSON, positions in frames")
	f.BoolVar(&labels, "labels", false, "print an Audacity label track")
	return c
}

// manyOf is the word for many of a kind.
func manyOf(k inspect.Kind) string {
	switch k {
	case inspect.Hum, inspect.Buzz, inspect.DC, inspect.Clipping, inspect.Silence, inspect.DeadAir:
		return string(k)
	}
	return string(k) + "s"
}

func blemishKinds() []string {
	var all []string
	for _, k := range inspect.Kinds {
		all = append(all, manyOf(k))
	}
	return all
}

// writeBlemishes lists what is found, and then what helps, once for every kind.
func writeBlemishes(w io.Writer, rate int, frames int64, all []inspect.Blemish) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(w, "%-12s %10s  %-9s %-3s  %-9s %s\n", "at", "length", "what", "bad", "where", "how much")
	counts := map[inspect.Kind]int{}
	for _, b := range all {
		counts[b.Kind]++
		at, length, where := clock(b.Start, rate), fmt.Sprintf("%.3f s", float64(b.Len())/float64(rate)), "in speech"
		switch {
		case b.Len() == frames:
			at, length, where = "all along", "", ""
		case b.Len() == 0:
			length, where = "", ""
		case b.InPause:
			where = "in pause"
		case b.Kind == inspect.DeadAir || b.Kind == inspect.Silence:
			where = ""
		}
		fmt.Fprintf(w, "%-12s %10s  %-9s %-3s  %-9s %s\n", at, length, b.Kind, strings.Repeat("*", b.Severity), where, b.Level)
	}
	fmt.Fprintln(w)
	kinds := slices.SortedFunc(slices.Values(inspect.Kinds), func(a, b inspect.Kind) int { return cmp.Compare(counts[b], counts[a]) })
	for _, k := range kinds {
		if counts[k] > 0 {
			fmt.Fprintf(w, "%5d %-9s %s\n", counts[k], k, inspect.Blemish{Kind: k}.Remedy())
		}
	}
}

func writeBlemishesJSON(w io.Writer, rate int, all []inspect.Blemish) error {
	type item struct {
		spanJSON
		Kind     inspect.Kind `json:"kind"`
		Severity int          `json:"severity"`
		Level    string       `json:"level"`
		InPause  bool         `json:"in_pause"`
		Remedy   string       `json:"remedy"`
	}
	out := struct {
		RateHz    int    `json:"rate_hz"`
		Blemishes []item `json:"blemishes"`
	}{rate, []item{}}
	for _, b := range all {
		out.Blemishes = append(out.Blemishes, item{spanJSON(b.Span), b.Kind, b.Severity, b.Level, b.InPause, b.Remedy()})
	}
	return writeJSON(w, out)
}
