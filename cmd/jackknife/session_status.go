package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jackknife/session"
)

// sessionStatus is how a session does, as --json prints it.
type sessionStatus struct {
	session.Status
	Recorder *answer `json:"recorder"` // null: none runs
}

func sessionStatusCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "status [FILE]",
		Short: "Show how far a session is",
		Long: `Show whether a session is up and what it changed, its takes, and what its recorder
does. It changes nothing, and may be asked while the session works.

--json prints an object with name, file, up, since, changed, takes, kept, broken,
recorder.`,
		Example: `  jackknife session status evening.yaml`,
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			status, err := f.status(s, args)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(s.out, status)
			}
			status.print(s.out)
			return nil
		},
	}
	f.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (f *sessionFlags) status(s *streams, args []string) (sessionStatus, error) {
	file, err := f.file(args)
	if err != nil {
		return sessionStatus{}, err
	}
	m, err := f.machine(s, file)
	if err != nil {
		return sessionStatus{}, err
	}
	st, err := session.Peek(file, m).Status()
	if err != nil {
		return sessionStatus{}, err
	}
	status := sessionStatus{Status: st}
	if a, err := ask(file.Client(), request{Do: "status"}); err == nil {
		status.Recorder = &a
	}
	return status, nil
}

func (st sessionStatus) print(w io.Writer) {
	line := func(word, format string, args ...any) {
		fmt.Fprintf(w, "%-9s %s\n", word, fmt.Sprintf(format, args...))
	}
	line("session", "%s, %s", st.Name, shown(st.File))
	switch {
	case st.Up:
		line("state", "up since %s", st.Since.Format(time.DateTime))
	case len(st.Changed) > 0:
		line("state", "half down: session down goes on with it")
	default:
		line("state", "down")
	}
	if len(st.Changed) > 0 {
		line("changed", "%s", strings.Join(st.Changed, ", "))
	}
	line("takes", "%d, %d kept", st.Takes, st.Kept)
	if st.Recorder != nil {
		line("recorder", "%s", *st.Recorder)
	} else if len(st.Broken) > 0 {
		line("broken", "take %s: the recorder died; the next session record, run or down finishes it", strings.Trim(fmt.Sprint(st.Broken), "[]"))
	}
}

// sessionWatchEvery is how often watch looks.
const sessionWatchEvery = 500 * time.Millisecond

func sessionWatchCommand(s *streams) *cobra.Command {
	var f sessionFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "watch [FILE]",
		Short: "Print how a session goes, as it goes",
		Long: `Print the status of a session, and again whenever it changes, until Ctrl-C: up or
down, takes, what the recorder does. --json prints each as one line of JSON.`,
		Example: `  jackknife session watch evening.yaml`,
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			ticker := time.NewTicker(sessionWatchEvery)
			defer ticker.Stop()
			var last sessionStatus
			for first := true; ; first = false {
				now, err := f.status(s, args)
				if err != nil {
					return err
				}
				if first || now.differs(last) {
					if err := now.tell(s.out, asJSON); err != nil {
						return err
					}
					last = now
				}
				select {
				case <-ticker.C:
				case <-c.Context().Done():
					if errors.Is(c.Context().Err(), context.Canceled) {
						return nil
					}
					return c.Context().Err()
				}
			}
		},
	}
	f.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print lines of JSON")
	return c
}

// differs reports whether more than the length of a rolling take has changed.
func (st sessionStatus) differs(from sessionStatus) bool {
	still := func(a *answer) answer {
		if a == nil {
			return answer{}
		}
		b := *a
		b.Frames, b.DiskS = 0, 0
		return b
	}
	return !reflect.DeepEqual(st.Status, from.Status) || !reflect.DeepEqual(still(st.Recorder), still(from.Recorder))
}

func (st sessionStatus) tell(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(st)
	}
	up := "down"
	if st.Up {
		up = "up"
	}
	_, err := fmt.Fprintf(w, "%s  %s, %s", time.Now().Format(time.TimeOnly), up, plural(st.Takes, "take"))
	if err == nil && st.Recorder != nil {
		_, err = fmt.Fprintf(w, ", %s", *st.Recorder)
	}
	if err == nil {
		_, err = fmt.Fprintln(w)
	}
	return err
}
