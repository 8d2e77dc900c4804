package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

func takeCommand(s *streams) *cobra.Command {
	var client string
	var asJSON bool
	c := &cobra.Command{
		Use:   "take start|stop|mark [LABEL]|status",
		Short: "Start, stop or mark a take of a running recorder",
		Long: `Speak to a running jackknife record. start begins a take, where the recorder
waits for it (--wait, --takes, --on-signal); stop ends it, and returns when its
file is finished; mark puts a mark where the sound is now; status says how it
goes. To start what rolls or to stop what waits is no error.

Only the user who records can do it. Marks become cue points of the take with
LABEL as their label, and jackknife edit --cut-marks cuts the line before each,
unless its label begins with keep or good. Exit 3 if no recorder is running.`,
		Example: `  jackknife take start
  jackknife take mark "flubbed line 4"
  jackknife take stop
  jackknife take status --json`,
		ValidArgs: []cobra.Completion{"start", "stop", "mark", "status"},
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return usagef("start, stop, mark or status?")
			case args[0] != "start" && args[0] != "stop" && args[0] != "mark" && args[0] != "status":
				return usagef("%q: want start, stop, mark or status", args[0])
			case len(args) > 2 || len(args) == 2 && args[0] != "mark":
				return usagef("%q is one too many", args[len(args)-1])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			q := request{Do: args[0]}
			if len(args) == 2 {
				q.Label = args[1]
			}
			a, err := ask(client, q)
			if err != nil {
				return err
			}
			if a.Error != "" {
				return fmt.Errorf("%s: %s", client, a.Error)
			}
			if asJSON {
				return json.NewEncoder(s.out).Encode(a)
			}
			fmt.Fprintln(s.out, a)
			return nil
		},
	}
	c.Flags().StringVar(&client, "name", "jackknife-record", "name of the recorder's JACK client")
	c.Flags().BoolVar(&asJSON, "json", false, "print the recorder's state as one JSON object")
	return c
}

// ask puts a request to the recorder of a name.
func ask(client string, q request) (answer, error) {
	var a answer
	conn, err := net.Dial("unix", socketName(client))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		f := &failure{code: exitNoServer, err: fmt.Errorf("%s: no such recorder is running", client)}
		if others := recorders(); len(others) > 0 {
			f.hint = "--name chooses one: " + strings.Join(others, ", ")
		} else {
			f.hint = "jackknife record TAKE --wait starts one"
		}
		return a, f
	}
	if errors.Is(err, fs.ErrPermission) {
		return a, fmt.Errorf("%s: another user records", client)
	}
	if err != nil {
		return a, fmt.Errorf("%s: %w", client, err)
	}
	defer conn.Close()
	within := askWithin
	if q.Do == "stop" {
		within = time.Minute // the file is brought to the disk
	}
	conn.SetDeadline(time.Now().Add(within))
	if err := json.NewEncoder(conn).Encode(q); err != nil {
		return a, fmt.Errorf("%s: %w", client, err)
	}
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return a, fmt.Errorf("%s: the recorder does not answer: %w", client, err)
	}
	return a, nil
}

// recorders are the names of those that listen.
func recorders() []string {
	files, _ := filepath.Glob(filepath.Join(socketFolder(), "*.sock"))
	var names []string
	for _, file := range files {
		conn, err := net.Dial("unix", file)
		if err != nil {
			continue
		}
		conn.Close()
		if name, err := url.PathUnescape(strings.TrimSuffix(filepath.Base(file), ".sock")); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// String is the answer for people.
func (a answer) String() string {
	var b strings.Builder
	b.WriteString(a.State)
	if a.File != "" {
		if a.State == "waiting" {
			b.WriteString(", last")
		}
		fmt.Fprintf(&b, " %s %s, %s, %s, %s", shown(a.File), clock(a.Frames, a.RateHz), plural(a.Gaps, "gap"), plural(a.Xruns, "xrun"), plural(a.Marks, "mark"))
	}
	if a.Mark != nil {
		fmt.Fprintf(&b, "; %s at %s", a.Mark.Label, clock(a.Mark.At, a.RateHz))
	}
	if a.Stuck != "" {
		fmt.Fprintf(&b, "; not written now: %s", a.Stuck)
	}
	return b.String()
}
