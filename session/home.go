package session

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// home is the folder of a session on disk, held by one program at a time:
//
//	journal.jsonl  what was changed on the machine, and how it is put back
//	takes.jsonl    the log of takes
//	delivered.jsonl  what was made of which take
//	before-*       the machine as it was
type home struct {
	dir  string
	lock *os.File
}

// ErrBusy is the error for a session that another program works on.
var ErrBusy = errors.New("another jackknife works on this session")

// openHome takes the folder, and makes it where it is missing.
func openHome(dir string) (*home, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		pid, _ := io.ReadAll(lock)
		lock.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		return nil, fmt.Errorf("%s: %w (process %s)", dir, ErrBusy, pid)
	}
	err = errors.Join(lock.Truncate(0), write(lock, fmt.Appendf(nil, "%d", os.Getpid())))
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &home{dir, lock}, nil
}

func (h *home) close() error { return h.lock.Close() }

func write(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}

// change is one line of the journal: a step that changes the machine, written
// down before it does, and the commands that put back what was there.
type change struct {
	Time time.Time  `json:"time"`
	Step string     `json:"step"`
	Undo [][]string `json:"undo"`
}

func (h *home) journal() string { return filepath.Join(h.dir, "journal.jsonl") }

// changes are what the journal holds, the oldest first.
func (h *home) changes() ([]change, error) { return readLines[change](h.journal()) }

// note adds to the journal.
func (h *home) note(c change) error { return appendLine(h.journal(), c) }

// forget ends the journal after the first n changes.
func (h *home) forget(n int) error {
	all, err := h.changes()
	if err != nil {
		return err
	}
	if n == 0 {
		err := os.Remove(h.journal())
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	name := h.journal() + ".new"
	os.Remove(name)
	for _, c := range all[:n] {
		if err := appendLine(name, c); err != nil {
			return err
		}
	}
	return os.Rename(name, h.journal())
}

// appendLine adds a value as a line of JSON and returns when it is on the disk.
// A last line without its end goes: a crash tore it.
func appendLine(name string, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	all, err := io.ReadAll(f)
	if err == nil {
		whole := int64(bytes.LastIndexByte(all, '\n') + 1)
		if err = f.Truncate(whole); err == nil {
			_, err = f.WriteAt(append(line, '\n'), whole)
		}
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// readLines reads the values of a file, none if there is no file. A last line
// without its end was being written when the machine died, and does not count.
func readLines[T any](name string) ([]T, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []T
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		all = append(all, v)
	}
}
