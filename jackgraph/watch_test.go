//go:build cgo

package jackgraph

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	jack "github.com/xthexder/go-jack"
	"jackknife/testdata/servers"
)

// How large the burst is. Many clients: PipeWire's take 1,024 connections each.
const burstHalf, burstFan, burstClients = 500, 4, 4

// TestLiveWatchBurst has another process make 1,000 ports and 2,000 connections and
// take them down: each must be told once, and in an order that makes sense.
func TestLiveWatchBurst(t *testing.T) {
	if os.Getenv(live) == "" {
		t.Skip("run by TestOnJackd and TestOnPipeWire")
	}
	w, err := OpenWatch(unique("watch"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	before := w.Graph()
	burst := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBurst$", "-test.timeout=1m")
	burst.Env = append(os.Environ(), live+"=burst")
	done := make(chan error, 1)
	go func() {
		out, err := burst.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, out)
		}
		done <- err
	}()

	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	told := newState(before)
	count := make(map[EventKind]int)
	for count[ClientRemoved] < burstClients {
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
	want := map[EventKind]int{ClientAdded: burstClients, ClientRemoved: burstClients, PortAdded: 2 * burstHalf, PortRemoved: 2 * burstHalf,
		Connected: burstFan * burstHalf, Disconnected: burstFan * burstHalf}
	for kind, n := range want {
		if count[kind] != n {
			t.Errorf("%s: told %d times, want %d", kind, count[kind], n)
		}
	}
	if after := w.Graph(); len(after.Ports) != len(before.Ports) || len(after.Connections) != len(before.Connections) {
		t.Errorf("%d ports and %d connections are left", len(after.Ports), len(after.Connections))
	}
}

// TestBurst is the other process of TestLiveWatchBurst.
func TestBurst(t *testing.T) {
	if os.Getenv(live) != "burst" {
		t.Skip("run by TestLiveWatchBurst")
	}
	var clients [burstClients]*jack.Client
	for n := range clients {
		c, status := jack.ClientOpen(unique(fmt.Sprint("burst", n)), jack.NoStartServer)
		if c == nil {
			t.Fatalf("open: status %#x", status)
		}
		defer c.Close()
		clients[n] = c
		if c.Activate() != 0 {
			t.Fatal("activate")
		}
	}
	name := func(kind string, i int) string {
		return fmt.Sprint(clients[i%burstClients].GetName(), ":", kind, i)
	}
	for i := range burstHalf {
		c := clients[i%burstClients]
		c.PortRegister(fmt.Sprint("in", i), jack.DEFAULT_AUDIO_TYPE, jack.PortIsInput, 0)
		c.PortRegister(fmt.Sprint("out", i), jack.DEFAULT_AUDIO_TYPE, jack.PortIsOutput, 0)
	}
	for i := range burstHalf {
		for k := range burstFan {
			from, to := name("out", i), name("in", (i+k)%burstHalf)
			if code := clients[0].Connect(from, to); code != 0 {
				t.Fatalf("connect %s -> %s: code %d", from, to, code)
			}
		}
	}
	for i := range burstHalf {
		for k := range burstFan {
			clients[0].Disconnect(name("out", i), name("in", (i+k)%burstHalf))
		}
	}
	// PipeWire's library 0.3 may loop for ever in free_object when clients of one process
	// unregister ports, not when they close. That of 1.x does not tell others of the end
	// of clients that close with as many.
	if strings.Contains(Version(), "PipeWire 0.3.") {
		return
	}
	for i := range burstHalf {
		c := clients[i%burstClients]
		c.PortUnregister(c.GetPortByName(name("in", i)))
		c.PortUnregister(c.GetPortByName(name("out", i)))
	}
}

// What a client had that is killed goes once: a synchronous jackd with short blocks
// shows it for seconds yet after it has told that it is gone.
func TestWatchKilled(t *testing.T) {
	d, err := servers.StartJackd(t.TempDir(), "-p", "256")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	t.Setenv("JACK_DEFAULT_SERVER", d.Name)
	w, err := OpenWatch(unique("watch"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$", "-test.timeout=1m")
	victim.Env = append(os.Environ(), live+"=victim")
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	defer victim.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	told := make(map[string]int)
	name, killed := "", false
	for told["client-removed "+name] == 0 {
		events, err := w.Next(ctx)
		if err != nil {
			t.Fatalf("%v: %v", err, told)
		}
		for _, e := range events {
			told[e.String()]++
			if e.Kind == Connected {
				name, _, _ = strings.Cut(e.From, ":")
			}
		}
		if name != "" && !killed {
			killed = true
			time.Sleep(300 * time.Millisecond) // in the graph by now
			victim.Process.Kill()
		}
	}
	for _, event := range []string{"client-added %s", "port-added %s:out", "port-added %s:in", "connected %[1]s:out -> %[1]s:in",
		"disconnected %[1]s:out -> %[1]s:in", "port-removed %s:in", "port-removed %s:out", "client-removed %s"} {
		if event := fmt.Sprintf(event, name); told[event] != 1 {
			t.Errorf("%s: told %d times", event, told[event])
		}
	}
}

// TestVictim is the client that TestWatchKilled kills.
func TestVictim(t *testing.T) {
	if os.Getenv(live) != "victim" {
		t.Skip("run by TestWatchKilled")
	}
	c := client(t, "victim", Port{Name: "out", Dir: Output}, Port{Name: "in"})
	if code := c.Connect(c.GetName()+":out", c.GetName()+":in"); code != 0 {
		t.Fatalf("connect: code %d", code)
	}
	<-t.Context().Done()
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
