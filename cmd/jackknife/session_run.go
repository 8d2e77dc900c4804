package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"jackknife/session"
)

func sessionRunCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var takes int
	var keepUp, asJSON bool
	c := &cobra.Command{
		Use:   "run [FILE]",
		Short: "All of a session: up, record, edit, deliver, down",
		Long: `Bring the machine up, record a take (or --takes of them), edit and deliver what is
kept, and put the machine back. It needs nobody where the file says when a take
begins and ends. The machine is put back however the run ends; --keep-up leaves it.

Ctrl-C ends the take and the run; session edit and session deliver go on from there.

--json prints an object with takes, edited, delivered, and error. Exit 6 if frames
were lost.`,
		Example: `  jackknife session run evening.yaml
  jackknife session run evening.yaml --takes 3 --log-format json 2>> evening.log
  systemd-run --user --on-calendar 20:00 jackknife session run ~/evening.yaml`,
		Args: oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			if takes < 1 {
				return usagef("--takes %d: want at least one", takes)
			}
			open, err := f.open(s, args)
			if err != nil {
				return err
			}
			defer open.Close()
			r, err := runSession(c.Context(), open, takes, keepUp)
			if asJSON {
				if err != nil {
					r.Error = err.Error()
				}
				return errors.Join(writeJSON(s.out, r), sessionFailure(err))
			}
			printTakes(s.out, r.Takes)
			for _, file := range r.Delivered {
				fmt.Fprintln(s.out, "delivered", shown(file))
			}
			return sessionFailure(err)
		},
	}
	f.add(c)
	c.Flags().IntVar(&takes, "takes", 1, "takes to record")
	c.Flags().BoolVar(&keepUp, "keep-up", false, "leave the machine as the session wants it")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// sessionRun is what a run came to.
type sessionRun struct {
	Takes     []session.Take   `json:"takes"`
	Edited    []session.Edited `json:"edited"`
	Delivered []string         `json:"delivered"`
	Error     string           `json:"error,omitempty"`
}

func runSession(ctx context.Context, open *session.Session, takes int, keepUp bool) (r sessionRun, err error) {
	r = sessionRun{Takes: []session.Take{}, Edited: []session.Edited{}, Delivered: []string{}}
	if !keepUp {
		// However it ends, interrupted too: the machine is put back.
		defer func() { err = errors.Join(err, open.Down(context.WithoutCancel(ctx))) }()
	}
	if err := open.Up(ctx); err != nil {
		return r, err
	}
	var lost error
	for range takes {
		t, err := open.Record(ctx)
		if t.Finished {
			r.Takes = append(r.Takes, t)
		}
		var f *failure
		if errors.As(err, &f) && f.code == exitWithGaps { // the take is there
			lost = errors.Join(lost, err)
		} else if err != nil {
			return r, err
		}
		if ctx.Err() != nil {
			return r, errors.Join(lost, errors.New("interrupted; what was recorded is kept"))
		}
	}
	var numbers []int
	for _, t := range r.Takes {
		numbers = append(numbers, t.Number)
	}
	if open.File.Edit != nil {
		if r.Edited, err = open.Edit(ctx, numbers); err != nil {
			return r, errors.Join(lost, err)
		}
		if r.Delivered, err = open.Deliver(ctx, numbers); err != nil {
			return r, errors.Join(lost, err)
		}
	}
	return r, lost
}
