package main

import (
	"bytes"
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

// journalLength bounds how far patch undo goes back, journalSize the bytes
// that the file of it grows to before what is too old goes.
const (
	journalLength = 100
	journalSize   = 1 << 20
)

// journal is what jackknife changed on one server, for undo and redo. It is a
// file of the user's, in jackknife in XDG_STATE_HOME or ~/.local/state: an entry
// a line, what was undone last, so that a change need only be added at the end.
type journal struct {
	Done   []entry
	Undone []entry
}

// entry is what one command changed, in this order.
type entry struct {
	Time    time.Time     `json:"time"`
	Command string        `json:"command"`
	Changes []entryChange `json:"changes"`
	Undone  bool          `json:"undone,omitempty"`
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
	return filepath.Join(state, "jackknife", "journal-"+strings.ReplaceAll(server, "/", "_")+".jsonl"), nil
}

// withJournalFile calls f while no other jackknife has the journal.
func withJournalFile(f func(name string) error) error {
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
	return f(name)
}

// withJournal calls f with the journal while no other jackknife has it, and
// writes it if f changed it.
func withJournal(f func(*journal) (changed bool, err error)) error {
	return withJournalFile(func(name string) error {
		j, err := readJournal(name)
		if err != nil {
			return err
		}
		changed, failed := f(j)
		if changed {
			err = j.write(name)
		}
		return errors.Join(failed, err)
	})
}

func readJournal(name string) (*journal, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return new(journal), nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	j := new(journal)
	for lines := json.NewDecoder(f); ; {
		var e entry
		switch err := lines.Decode(&e); {
		case errors.Is(err, io.EOF):
			return j, nil
		case err != nil:
			return nil, &failure{code: exitFailed, err: fmt.Errorf("%s: %w", name, err), hint: "remove it; what can be undone begins anew then"}
		case e.Undone:
			e.Undone = false
			j.Undone = append(j.Undone, e)
		default: // what was undone before cannot be made again
			j.Done, j.Undone = append(j.Done, e), nil
		}
	}
}

// write replaces the file, without what is too old: what was done comes first,
// the oldest first of all.
func (j *journal) write(name string) error {
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for i := range j.Undone {
		j.Undone[i].Undone = true
	}
	all := append(slices.Clone(j.Done[max(0, len(j.Done)-journalLength):]), j.Undone...)
	starts := make([]int, len(all))
	for i, e := range all {
		starts[i] = text.Len()
		if err := lines.Encode(e); err != nil {
			return err
		}
	}
	first := 0
	for first < len(all)-1 && text.Len()-starts[first] > journalSize/2 {
		first++
	}
	if len(all) > 0 {
		text.Next(starts[first])
	}
	return replaceJournal(name, text.Bytes())
}

// remember puts what a command changed into the journal.
func remember(command string, changes []jackgraph.Change) error {
	e := entry{Time: time.Now().Truncate(time.Second), Command: command}
	for _, c := range changes {
		e.Changes = append(e.Changes, entryChange{c.Action, c.From, c.To})
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return withJournalFile(func(name string) error {
		if known, err := os.Stat(name); err == nil && known.Size() > journalSize {
			if err := trimJournal(name); err != nil {
				return err
			}
		}
		f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		_, err = f.Write(append(line, '\n'))
		return errors.Join(err, f.Close())
	})
}

// trimJournal leaves the newer half of a file, whole entries and at least one.
func trimJournal(name string) error {
	kept, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for len(kept) > journalSize/2 {
		_, newer, _ := bytes.Cut(kept, []byte("\n"))
		if len(newer) == 0 {
			break
		}
		kept = newer
	}
	return replaceJournal(name, kept)
}

func replaceJournal(name string, text []byte) error {
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
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
