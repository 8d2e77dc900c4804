package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/session"
)

func sessionRunCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var takes int
	var keepUp, asJSON, unit bool
	c := &cobra.Command{
		Use:   "run [FILE]",
		Short: "All of a session: up, record, edit, deliver, down",
		Long: `Bring the machine up, record a take (or --takes of them), edit and deliver what is
kept, and put the machine back. It needs nobody where the file says when a take
begins and ends. The machine is put back however the run ends; --keep-up leaves it.

Ctrl-C ends the take and the run; session edit and session deliver go on from there.

--unit prints a unit for systemd that runs the session, and logs as JSON.

--json prints an object with takes, edited, delivered, and error. Exit 6 if frames
were lost.`,
		Example: `  jackknife session run evening.yaml
  jackknife session run evening.yaml --takes 3 --log-format json 2>> evening.log
  jackknife session run evening.yaml --unit > ~/.config/systemd/user/evening.service
  systemd-run --user --on-calendar 20:00 jackknife session run ~/evening.yaml`,
		Args: oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			if takes < 1 {
				return usagef("--takes %d: want at least one", takes)
			}
			if unit {
				return f.unit(s, args, takes)
			}
			open, err := f.open(s, args)
			if err != nil {
				return err
			}
			defer open.Close()
			if f.dryRun {
				return dryRunSession(c.Context(), s, open)
			}
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
	f.dry(c)
	c.Flags().BoolVar(&unit, "unit", false, "print a unit for systemd, and end")
	c.Flags().IntVar(&takes, "takes", 1, "takes to record")
	c.Flags().BoolVar(&keepUp, "keep-up", false, "leave the machine as the session wants it")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// unit prints the unit that runs a session.
func (f *sessionFlags) unit(s *streams, args []string, takes int) error {
	file, err := f.file(args)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	name, err := filepath.Abs(append(args, "session.yaml")[0])
	if err != nil {
		return err
	}
	command := []string{unitQuote(program), "session", "run", unitQuote(name), "--log-format", "json", "--takes", strconv.Itoa(takes)}
	if f.profile != "" {
		command = append(command, "--profile", unitQuote(f.profile))
	}
	for key, value := range f.vars {
		command = append(command, "--define", unitQuote(key+"="+value))
	}
	_, err = fmt.Fprintf(s.out, `[Unit]
Description=jackknife session %s

[Service]
Type=oneshot
ExecStart=%s
KillSignal=SIGINT
TimeoutStopSec=60

[Install]
WantedBy=default.target
`, file.Name, strings.Join(command, " "))
	return err
}

// dryRunSession tells what a run would do on the machine as it is.
func dryRunSession(ctx context.Context, s *streams, open *session.Session) error {
	steps, err := open.Plan(ctx)
	if err != nil {
		return err
	}
	printSteps(s.out, steps)
	_, err = open.Record(ctx)
	return err
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
		defer func() {
			_, down := open.Down(context.WithoutCancel(ctx))
			err = errors.Join(err, down)
		}()
	}
	if _, err := open.Up(ctx); err != nil {
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
			return r, errors.Join(lost, deliveredSome(r.Delivered, err))
		}
	}
	return r, lost
}
