//go:build cgo

package jackgraph

import (
	"context"
	"fmt"
	"testing"
	"time"

	jack "github.com/xthexder/go-jack"

	"jackknife/testdata/servers"
)

// A graph at the server's limit of ports is read, watched, connected and cut
// whole.
func TestFull(t *testing.T) {
	s, err := servers.StartJackd(t.TempDir(), "--port-max=512", "-C", "1", "-P", "1")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	t.Setenv("JACK_DEFAULT_SERVER", s.Name)
	c, status := jack.ClientOpen(unique("full"), jack.NoStartServer)
	if c == nil {
		t.Fatalf("open: status %#x", status)
	}
	defer c.Close()
	if c.Activate() != 0 {
		t.Fatal("activate")
	}
	n := 0
	for c.PortRegister(fmt.Sprint("in_", n+1), jack.DEFAULT_AUDIO_TYPE, jack.PortIsInput, 0) != nil {
		n++
	}
	if n < 400 {
		t.Fatalf("only %d ports", n)
	}
	w, err := OpenWatch(unique("fullwatch"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if g := w.Graph(); len(g.Ports) != n+2 {
		t.Errorf("%d ports, want %d", len(g.Ports), n+2)
	}
	from, _ := Parse("system:capture_1")
	to, _ := Parse(unique("full") + ":in_*")
	pairs, err := w.Graph().Pair(from, to)
	if err != nil || len(pairs) != n {
		t.Fatalf("%d pairs, %v", len(pairs), err)
	}
	for _, do := range []Action{Connect, Disconnect} {
		changes := Changes(do, pairs)
		for _, change := range changes {
			if err := w.Do(change); err != nil {
				t.Fatalf("%s: %v", change, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		g := w.Await(ctx, changes)
		cancel()
		if want := map[Action]int{Connect: n, Disconnect: 0}[do]; len(g.Connections) != want {
			t.Errorf("%s: %d connections, want %d", do, len(g.Connections), want)
		}
	}
}
