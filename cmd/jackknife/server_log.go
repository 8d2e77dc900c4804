package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"jackknife/jackgraph/jackd"
)

func serverLogCommand(s *streams) *cobra.Command {
	var follow bool
	var lines int
	c := &cobra.Command{
		Use:   "log",
		Short: "Show what the server said",
		Long: `Show the log of the server that jackknife server start started, also after its end,
or that of jackdbus: the time, and what jackd said. --follow waits for more until
Ctrl-C.`,
		Example: `  jackknife server log
  jackknife server log --lines 0
  jackknife server log --follow | grep -i xrun`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if err := onlyJackd("log"); err != nil {
				return &failure{code: exitFailed, err: errors.New("PipeWire has its log in the journal"), hint: "journalctl --user -u pipewire"}
			}
			place, err := serverPlace()
			if err != nil {
				return err
			}
			name := place.Log(serverName())
			if _, ours := place.State(serverName()); !ours && jackd.Program(jackd.Running(serverName())) == "jackdbus" {
				name = busLog()
			}
			f, err := os.Open(name)
			if errors.Is(err, os.ErrNotExist) {
				return &failure{code: exitNoMatch, err: fmt.Errorf("server %s has no log", serverName()), hint: "it has one when jackknife server start started it"}
			}
			if err != nil {
				return err
			}
			defer f.Close()
			if err := seekLines(f, lines); err != nil {
				return err
			}
			_, err = io.Copy(s.out, f)
			for follow && err == nil && sleep(c.Context(), 100*time.Millisecond) {
				_, err = io.Copy(s.out, f)
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "wait for what comes")
	c.Flags().IntVarP(&lines, "lines", "l", 50, "show so many of the last lines; 0: all")
	serverFlag(c)
	return c
}

// seekLines goes to the last lines of a file, which is a log and so not large.
func seekLines(f *os.File, lines int) error {
	if lines <= 0 {
		return nil
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	at := len(bytes.TrimRight(text, "\n"))
	for ; at > 0; at-- {
		if text[at-1] == '\n' {
			if lines--; lines == 0 {
				break
			}
		}
	}
	_, err = f.Seek(int64(at), io.SeekStart)
	return err
}

// sleep waits; it returns false when ctx ended meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
