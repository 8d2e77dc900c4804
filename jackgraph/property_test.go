//go:build cgo

package jackgraph

import (
	"errors"
	"testing"
	"time"
)

// The names that a user gives are there for others, and can be taken away.
func TestLiveNamings(t *testing.T) {
	s := open(t)
	const port, client = "system:capture_3", "system:"
	pretty := func(of string) string {
		for _, n := range s.Namings() {
			if n.Name == of {
				return n.Pretty
			}
		}
		return ""
	}
	named := []string{port, client}
	if !OnPipeWire() {
		// All jackds of a user share one store, which each empties when it starts.
		named = nil
	}
	for _, of := range named {
		for _, want := range []string{"Vocal mic", "Ü (1)", ""} {
			if err := s.SetPretty(of, want); err != nil {
				t.Fatal(err)
			}
			await(t, func() bool { return pretty(of) == want })
		}
		if err := s.SetPretty(of, ""); err != nil {
			t.Errorf("taken away twice: %v", err)
		}
	}
	if err := s.SetPretty("nosuch:x", "y"); !errors.Is(err, ErrNoPort) {
		t.Error(err)
	}
	if err := s.SetPretty("nosuch:", "y"); !errors.Is(err, ErrNoClient) {
		t.Error(err)
	}
	if err := s.SetAlias("nosuch:x", "y:z"); !errors.Is(err, ErrNoPort) {
		t.Error(err)
	}
	err := s.SetAlias(port, "other:alias")
	if OnPipeWire() {
		if err == nil {
			t.Error("PipeWire took an alias")
		}
		return
	}
	if p, ok := s.Snapshot().Port("other:alias"); err != nil || !ok || p.Name != port {
		t.Errorf("%v, %v, %v", err, ok, p)
	}
}

// await polls until a condition holds.
func await(t *testing.T, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("not after 10 s")
		}
	}
}
