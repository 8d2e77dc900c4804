package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"jackknife/jackgraph"
)

// journalLength bounds how far patch undo goes back.
const journalLength = 100

// journal is what jackknife changed on one server, for undo and redo. It is a
// file of the user's, in jackknife in XDG_STATE_HOME or ~/.local/state.
type journal struct {
	Done   []entry `json:"done"`
	Undone []entry `json:"undone"`
}

// entry is what one command changed, in this order.
type entry struct {
	Time    time.Time     `json:"time"`
	Command string        `json:"command"`
	Changes []entryChange `json:"changes"`
}

type entryChange struct {
	Action jackgraph.Action `json:"action"`
	From   string           `json:"from"`
	To     string           `json:"to"`
}

func (e entry) changes() []jackgraph.Change {
	var changes []jackgraph.Change
	for _, c := range e.Changes {
		changes = append(changes, jackgraph.Change{Action: c.Action, Connection: jackgraph.Connection{From: c.From, To: c.To}})
	}
	return changes
}

// journalFile is the journal of the server that libjack chooses.
func journalFile() (string, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		state = filepath.Join(home, ".local", "state")
	}
	server := os.Getenv("JACK_DEFAULT_SERVER")
	switch {
	case jackgraph.OnPipeWire():
		server = "pipewire"
	case server == "":
		server = "default"
	}
	return filepath.Join(state, "jackknife", "journal-"+strings.ReplaceAll(server, "/", "_")+".json"), nil
}

// withJournal calls f with the journal while no other jackknife has it, and
// writes it if f changed it.
func withJournal(f func(*journal) (changed bool, err error)) error {
	name, err := journalFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(name+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("%s: %w", lock.Name(), err)
	}
	var j journal
	text, err := os.ReadFile(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(text, &j); err != nil {
			return &failure{code: exitFailed, err: fmt.Errorf("%s: %w", name, err), hint: "remove it; what can be undone begins anew then"}
		}
	}
	changed, failed := f(&j)
	if !changed {
		return failed
	}
	j.Done = j.Done[max(0, len(j.Done)-journalLength):]
	text, err = json.Marshal(j)
	if err == nil {
		err = os.WriteFile(name+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	return errors.Join(failed, err)
}

// remember puts what a command changed into the journal.
func remember(command string, changes []jackgraph.Change) error {
	e := entry{Time: time.Now().Truncate(time.Second), Command: command}
	for _, c := range changes {
		e.Changes = append(e.Changes, entryChange{c.Action, c.From, c.To})
	}
	return withJournal(func(j *journal) (bool, error) {
		j.Done, j.Undone = append(j.Done, e), nil
		return true, nil
	})
}

// list prints what can be taken back, the last first.
func (j *journal) list(w io.Writer, asJSON bool) error {
	done := append([]entry{}, j.Done...)
	slices.Reverse(done)
	if asJSON {
		return writeJSON(w, done)
	}
	for _, e := range done {
		fmt.Fprintf(w, "%s  %s\n", e.Time.Format(time.DateTime), e.Command)
		for _, c := range e.changes() {
			fmt.Fprintf(w, "   %s\n", c)
		}
	}
	return nil
}
