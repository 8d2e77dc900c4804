package session

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestHomeIsHeldByOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a.session")
	h, err := openHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openHome(dir); !errors.Is(err, ErrBusy) {
		t.Errorf("held twice: %v", err)
	}
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	if h, err = openHome(dir); err != nil {
		t.Fatal(err)
	}
	h.close()
}

// TestJournal: what was written down is there again, but for a line that a crash
// tore, and is forgotten from the end.
func TestJournal(t *testing.T) {
	h, err := openHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	for _, step := range []string{"server", "card", "patch"} {
		if err := h.note(change{time.Unix(1, 0).UTC(), step, [][]string{{"undo", step}}}); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(h.journal(), os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = f.WriteString(`{"time":"2026-01-01T00:0`)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	steps := func() (names []string) {
		t.Helper()
		all, err := h.changes()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			names = append(names, c.Step)
		}
		return names
	}
	if got := steps(); len(got) != 3 || got[2] != "patch" {
		t.Errorf("found %v", got)
	}
	for n := 2; n >= 0; n-- {
		if err := h.forget(n); err != nil {
			t.Fatal(err)
		}
		if got := steps(); len(got) != n {
			t.Errorf("after forgetting to %d: %v", n, got)
		}
	}
	if err := h.forget(0); err != nil {
		t.Error(err)
	}
}

// TestTornJournal: a line torn by a crash is overwritten by none, and ends before
// the next one begins.
func TestTornJournal(t *testing.T) {
	h, err := openHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	if err := os.WriteFile(h.journal(), []byte(`{"step":"ser`), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := h.note(change{Step: "card"}); err != nil {
		t.Fatal(err)
	}
	all, err := h.changes()
	if err != nil || len(all) != 1 || all[0].Step != "card" {
		t.Errorf("%v, %v", all, err)
	}
}

func TestTakesLastLineCounts(t *testing.T) {
	h, err := openHome(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	for _, k := range []Take{{Number: 1}, {Number: 2}, {Number: 1, Finished: true}} {
		if err := h.logTake(k); err != nil {
			t.Fatal(err)
		}
	}
	takes, err := h.takes()
	if err != nil || len(takes) != 2 || !takes[0].Finished || takes[1].Finished || next(takes) != 3 {
		t.Errorf("%+v, next %d, %v", takes, next(takes), err)
	}
}
