package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

func bufferCommand(s *streams) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "buffer [FRAMES]",
		Short: "Show or change the block size while the server runs",
		Long: `Show the block size in frames, or change it for all programs while the server
runs: fewer frames are less latency and more work. Programs may click once, and a
recorder may note a gap: not during a take.

What the card cannot do is refused before it is tried, where jackknife started the
server. A restart of the server goes back to its settings (jackknife server
settings).

Under PipeWire it is the quantum that all programs get, whatever they ask for,
until it ends; 0 leaves it to PipeWire again.`,
		Example: `  jackknife buffer
  jackknife buffer 256
  pw-jack jackknife buffer 0`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return showBlock(s)
			}
			frames, err := strconv.Atoi(args[0])
			if err != nil || frames < 0 || frames > 8192 || frames == 0 && !jackgraph.OnPipeWire() {
				return usagef("buffer %s: want frames, at most 8192", args[0])
			}
			return setBlock(c.Context(), s, frames, dryRun)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return []cobra.Completion{"64", "128", "256", "512", "1024", "2048"}, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		},
	}
	c.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "say what would be done and change nothing")
	serverFlag(c)
	return c
}

func showBlock(s *streams) error {
	server, err := visitServer()
	if err != nil {
		return err
	}
	defer server.Close()
	fmt.Fprintln(s.out, server.Engine().Block)
	return nil
}

// setBlock changes the block size of the running server.
func setBlock(ctx context.Context, s *streams, frames int, dryRun bool) error {
	server, err := visitServer()
	if err != nil {
		return err
	}
	defer server.Close()
	had := server.Engine().Block
	if jackgraph.OnPipeWire() {
		return pipewireSettings(ctx, s, []string{"block=" + strconv.Itoa(frames)}, dryRun)
	}
	if err := blockFits(serverName(), frames); err != nil {
		return err
	}
	switch {
	case had == frames:
		fmt.Fprintf(s.out, "block %d already\n", frames)
	case dryRun:
		fmt.Fprintf(s.out, "would change block %d to %d\n", had, frames)
	default:
		if err := server.SetBlock(frames); err != nil {
			return openFailure(err)
		}
		fmt.Fprintf(s.out, "block %d, was %d\n", frames, had)
	}
	return nil
}

// blockFits refuses a block that the card of a server cannot do, where it is
// known: jackd would end over it.
func blockFits(name string, frames int) error {
	place, err := serverPlace()
	if err != nil {
		return err
	}
	state, ours := place.State(name)
	if !ours {
		return nil
	}
	state.Settings.Block = frames
	_, err = fitting(state.Settings)
	return err
}
