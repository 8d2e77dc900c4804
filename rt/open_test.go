//go:build cgo

package rt_test

import (
	"errors"
	"syscall"
	"testing"

	"jackknife/rt"
)

// TestServerStandsStill asks a server that was stopped: it is there, but lets
// nobody in.
func TestServerStandsStill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the limit")
	}
	s := server(t)
	if err := syscall.Kill(s.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(s.PID(), syscall.SIGCONT)
	l, err := rt.Open(rt.Config{Client: "late", Inputs: ports("in", 1)})
	if !errors.Is(err, rt.ErrNoAnswer) {
		t.Errorf("%v, %v", l, err)
	}
}
