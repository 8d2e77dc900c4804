//go:build cgo

package jackgraph

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	jack "github.com/xthexder/go-jack"
	"jackknife/testdata/servers"
)

// TestLiveWatchBurst makes 1,000 ports and 2,000 connections and takes them
// down: each must be told once, and in an order that makes sense.
func TestLiveWatchBurst(t *testing.T) {
	const half, fan, many = 500, 4, 4 // many clients: PipeWire's take 1,024 connections each
	if os.Getenv(live) == "" {
		t.Skip("run by TestOnJackd and TestOnPipeWire")
	}
	w, err := OpenWatch(unique("watch"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	before := w.Graph()
	done := make(chan error, 1)
	go func() {
		done <- func() error {
			var clients [many]*jack.Client
			for n := range clients {
				c, status := jack.ClientOpen(unique(fmt.Sprint("burst", n)), jack.NoStartServer)
				if c == nil {
					return fmt.Errorf("open: status %#x", status)
				}
				defer c.Close()
				clients[n] = c
				if c.Activate() != 0 {
					return errors.New("activate")
				}
			}
			name := func(kind string, i int) string { return fmt.Sprint(clients[i%many].GetName(), ":", kind, i) }
			for i := range half {
				clients[i%many].PortRegister(fmt.Sprint("in", i), jack.DEFAULT_AUDIO_TYPE, jack.PortIsInput, 0)
				clients[i%many].PortRegister(fmt.Sprint("out", i), jack.DEFAULT_AUDIO_TYPE, jack.PortIsOutput, 0)
			}
			for i := range half {
				for k := range fan {
					from, to := name("out", i), name("in", (i+k)%half)
					if code := clients[0].Connect(from, to); code != 0 {
						return fmt.Errorf("connect %s -> %s: code %d", from, to, code)
					}
				}
			}
			for i := range half {
				for k := range fan {
					clients[0].Disconnect(name("out", i), name("in", (i+k)%half))
				}
			}
			// PipeWire's library (0.3.65) may loop for ever in free_object when clients of one
			// process unregister ports; it does not when they close.
			if OnPipeWire() {
				return nil
			}
			for i := range half {
				c := clients[i%many]
				c.PortUnregister(c.GetPortByName(name("in", i)))
				c.PortUnregister(c.GetPortByName(name("out", i)))
			}
			return nil
		}()
	}()

	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	told := newState(before)
	count := make(map[EventKind]int)
	for count[ClientRemoved] < many {
		events, err := w.Next(ctx)
		if err != nil {
			t.Fatalf("%v after %v: %v; %v", err, time.Since(start), count, <-done)
		}
		for _, e := range events {
			if e.Kind == Xruns {
				continue
			}
			count[e.Kind]++
			if e.Kind == PortRemoved {
				for c := range told.connected {
					if c.From == e.Name || c.To == e.Name {
						t.Errorf("%s before its connection %s", e, c)
					}
				}
			}
			if e.Kind != ClientRemoved && !happens(told, e) {
				t.Errorf("%s is no change", e)
			}
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("%v in %v", count, time.Since(start))
	want := map[EventKind]int{ClientAdded: many, ClientRemoved: many, PortAdded: 2 * half, PortRemoved: 2 * half, Connected: fan * half, Disconnected: fan * half}
	for kind, n := range want {
		if count[kind] != n {
			t.Errorf("%s: told %d times, want %d", kind, count[kind], n)
		}
	}
	if after := w.Graph(); len(after.Ports) != len(before.Ports) || len(after.Connections) != len(before.Connections) {
		t.Errorf("%d ports and %d connections are left", len(after.Ports), len(after.Connections))
	}
}

// A watch ends with its server, or with its context.
func TestWatchEnds(t *testing.T) {
	d, err := servers.StartJackd(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	t.Setenv("JACK_DEFAULT_SERVER", d.Name)
	w, err := OpenWatch(unique("ends"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for err == nil {
		_, err = w.Next(ctx)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	d.Kill()
	var last Event
	for err = nil; err == nil; {
		var events []Event
		if events, err = w.Next(t.Context()); len(events) > 0 {
			last = events[len(events)-1]
		}
	}
	if !errors.Is(err, ErrNoServer) || last.Kind != ServerStopped {
		t.Errorf("last event %v, error %v", last, err)
	}
}
