//go:build cgo

package jackgraph

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	jack "github.com/xthexder/go-jack"
	"jackknife/testdata/servers"
)

// The tests named TestLive need a server. libjack is chosen when a program
// starts, so the test binary runs them as a process of its own, once on each
// server.
const live = "JACKGRAPH_LIVE"

func TestMain(m *testing.M) {
	if err := servers.Alone(); err != nil {
		panic(err)
	}
	m.Run()
}

func TestOnJackd(t *testing.T) {
	s, err := servers.StartJackd(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	runLive(t, s, "jackd")
}

func TestOnPipeWire(t *testing.T) {
	s, err := servers.StartPipeWire(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	runLive(t, s, "pipewire")
}

func runLive(t *testing.T, s *servers.Server, kind string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestLive", "-test.v", "-test.count=1", "-test.timeout=2m")
	cmd.Env = append(append(os.Environ(), s.Env()...), live+"="+kind)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "--- PASS") < 4 || strings.Contains(string(out), "--- SKIP") {
		t.Errorf("%v\n%s", err, out)
		return
	}
	t.Logf("%s", out)
}

// unique makes a client name that no other test run has.
func unique(name string) string { return fmt.Sprint(name, os.Getpid()) }

func open(t *testing.T) *Server {
	t.Helper()
	if os.Getenv(live) == "" {
		t.Skip("run by TestOnJackd and TestOnPipeWire")
	}
	s, err := Open(unique("jackgraph"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// client is a program with ports, made with go-jack alone.
func client(t *testing.T, name string, ports ...Port) *jack.Client {
	t.Helper()
	c, status := jack.ClientOpen(unique(name), jack.NoStartServer)
	if c == nil {
		t.Fatalf("open %s: status %#x", name, status)
	}
	t.Cleanup(func() { c.Close() })
	for _, p := range ports {
		flags, typ := uint64(jack.PortIsInput), jack.DEFAULT_AUDIO_TYPE
		if p.Dir == Output {
			flags = jack.PortIsOutput
		}
		if p.Type == MIDI {
			typ = jack.DEFAULT_MIDI_TYPE
		}
		if c.PortRegister(p.Name, typ, flags, 0) == nil {
			t.Fatalf("register %s:%s", name, p.Name)
		}
	}
	c.SetProcessCallback(func(uint32) int { return 0 })
	if c.Activate() != 0 {
		t.Fatalf("activate %s", name)
	}
	// PipeWire shows the ports to others a little later.
	s := open(t)
	for limit := time.Now().Add(5 * time.Second); len(s.Snapshot().Select(mustParse(t, c.GetName()+":"))) < len(ports); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("the ports of %s are not seen", name)
		}
	}
	return c
}

func TestLiveCard(t *testing.T) {
	g := open(t).Snapshot()
	// PipeWire 1 takes nodes without a card for virtual, and invents no aliases.
	phys := " phys=yes"
	if strings.Contains(Version(), "PipeWire 1.") {
		phys = ""
	}
	for _, c := range []struct {
		selector string
		n        int
	}{
		{"system:capture_{1..12} dir=out type=audio" + phys, 12},
		{"system:playback_{1..10} dir=in type=audio" + phys, 10},
		{"system:", 22},
	} {
		if got := g.Select(mustParse(t, c.selector)); len(got) != c.n {
			t.Errorf("%s: %d ports, want %d: %s", c.selector, len(got), c.n, names(got))
		}
	}
	if p, _ := g.Port("system:capture_2"); phys != "" && len(p.Aliases) == 0 {
		t.Error("system:capture_2 has no alias")
	}
	if got := OnPipeWire(); got != (os.Getenv(live) == "pipewire") {
		t.Errorf("PipeWire: %v, libjack %s", got, Version())
	}
}

var odd = []Port{
	{Name: "out 1 (L) + [x]|y", Dir: Output, Type: Audio},
	{Name: "a:b::", Dir: Output, Type: Audio},
	{Name: "Stimme ä→ö {1,2}*", Dir: Input, Type: Audio},
	{Name: "keys", Dir: Input, Type: MIDI},
	{Name: "pads", Dir: Output, Type: MIDI},
}

func TestLiveOddNames(t *testing.T) {
	s := open(t)
	c := client(t, "odd (1): +ü", odd...)
	name := c.GetName()
	g := s.Snapshot()
	for _, want := range odd {
		full := name + ":" + want.Name
		got := g.Select(mustParse(t, full))
		if len(got) != 1 {
			t.Errorf("%s: selects %s", full, names(got))
			continue
		}
		p := got[0]
		if p.Name != full || p.Dir != want.Dir || p.Type != want.Type || p.Physical {
			t.Errorf("%s: read as %+v", full, p)
		}
	}
	if got := g.Select(mustParse(t, name+":")); len(got) != len(odd) {
		t.Errorf("%s: selects %s", name, names(got))
	}
}

func TestLiveConnect(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c := client(t, "connect: test", odd...)
	name := c.GetName()
	before := s.Snapshot()

	pairs := []Connection{
		{"system:capture_1", name + ":" + odd[2].Name},
		{name + ":" + odd[0].Name, "system:playback_1"},
		{name + ":" + odd[0].Name, "system:playback_2"},
		{name + ":" + odd[1].Name, "system:playback_1"},
		{name + ":" + odd[4].Name, name + ":" + odd[3].Name},
	}
	want := before
	want.Connections = append(slices.Clone(before.Connections), pairs...)
	want.Sort()
	up := Diff(before, want)
	if len(up) != len(pairs) {
		t.Fatalf("%d changes, want %d: %v", len(up), len(pairs), up)
	}
	for _, step := range []struct {
		changes []Change
		want    Graph
	}{{up, want}, {Diff(want, before), before}} {
		for i, err := range s.Snapshot().Check(step.changes) {
			if err != nil {
				t.Errorf("%s: %v", step.changes[i], err)
			}
		}
		for range 2 { // once more is already so
			for _, change := range step.changes {
				if err := s.Do(change); err != nil && change.Action == Connect {
					t.Errorf("%s: %v", change, err)
				}
			}
			got := s.Snapshot() // of what the server has answered, where that is final
			if !s.Final() {
				got = s.Await(ctx, step.changes)
			}
			if !slices.Equal(got.Connections, step.want.Connections) {
				t.Errorf("after %v\n got %v\nwant %v", step.changes, got.Connections, step.want.Connections)
			}
		}
	}
}

// What Check refuses the server refuses as well, and the other way round.
func TestLiveRefused(t *testing.T) {
	s := open(t)
	name := client(t, "refused", odd...).GetName()
	g := s.Snapshot()
	changes := []Change{
		{Connect, Connection{"system:capture_99", "system:playback_1"}},
		{Connect, Connection{"system:capture_1", "system:capture_2"}},
		{Connect, Connection{"system:playback_1", "system:playback_2"}},
		{Connect, Connection{"system:capture_1", name + ":keys"}},
	}
	for i, err := range g.Check(changes) {
		if err == nil {
			t.Errorf("%s: allowed", changes[i])
		}
		if err := s.Do(changes[i]); err == nil {
			t.Errorf("%s: the server did it", changes[i])
		}
	}
	if after := s.Snapshot(); !slices.Equal(after.Connections, g.Connections) {
		t.Errorf("connections now %v", after.Connections)
	}
}

// A snapshot of a large graph is right after ports came and went; PipeWire
// takes a moment.
func TestLiveMany(t *testing.T) {
	s := open(t)
	var ports []Port
	for n := range 300 {
		ports = append(ports, Port{Name: fmt.Sprint("p", n), Dir: []Direction{Input, Output}[n%2], Type: Audio})
	}
	c := client(t, "many", ports...)
	name := c.GetName()
	for n := 0; n < 300; n += 3 {
		if c.PortUnregister(c.GetPortByName(fmt.Sprint(name, ":p", n))) != 0 {
			t.Fatal("unregister")
		}
	}
	var got []Port
	for limit := time.Now().Add(2 * time.Second); len(got) != 200; {
		if time.Now().After(limit) {
			t.Fatalf("%d ports, want 200", len(got))
		}
		start := time.Now()
		g := s.Snapshot()
		t.Logf("%d ports in %v", len(g.Ports), time.Since(start))
		got = g.Select(mustParse(t, name+":"))
	}
	for _, p := range got {
		var n int
		fmt.Sscanf(p.Short(), "p%d", &n)
		if p.Dir != ports[n].Dir || n%3 == 0 {
			t.Errorf("%s: read as %+v", p.Name, p)
		}
	}
}

func TestOpenWithoutServer(t *testing.T) {
	t.Setenv("JACK_DEFAULT_SERVER", "jackknife-none")
	_, err := Open(unique("jackgraph"))
	if !errors.Is(err, ErrNoServer) || err.Error() != "JACK server jackknife-none: no server running" {
		t.Errorf("error %v", err)
	}
}

// hang stops a server and returns when all its threads stand still.
func hang(d *servers.Server) {
	syscall.Kill(d.PID(), syscall.SIGSTOP)
	running := func(name string) bool {
		stat, _ := os.ReadFile(name)
		return !strings.Contains(string(stat), ") T ")
	}
	for {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", d.PID()))
		if !slices.ContainsFunc(tasks, running) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// A server that dies, or hangs, makes calls fail in time.
func TestServerGone(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(*servers.Server)
	}{
		{"killed", (*servers.Server).Kill},
		{"hung", hang},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := servers.StartJackd(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer d.Kill()
			t.Setenv("JACK_DEFAULT_SERVER", d.Name)
			s, err := Open(unique("jackgraph"))
			if err != nil {
				t.Fatal(err)
			}
			c.end(d)
			start := time.Now()
			for range 10 {
				if err := s.Do(Change{Connect, Connection{"system:capture_1", "system:playback_1"}}); err == nil {
					t.Error("connected without a server")
				}
			}
			s.Close()
			if took := time.Since(start); took > 2*answerLimit {
				t.Errorf("took %v", took)
			}
			_, err = Open(unique("jackgraph"))
			if !errors.Is(err, ErrNoServer) && !errors.Is(err, ErrNoAnswer) {
				t.Errorf("opened again: %v", err)
			}
			t.Log(err)
		})
	}
}

// A server that hung and wakes serves the client it has again, and keeps none that
// was given up.
func TestServerWakes(t *testing.T) {
	d, err := servers.StartJackd(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Kill()
	t.Setenv("JACK_DEFAULT_SERVER", d.Name)
	w, err := OpenWatch(unique("jackgraph"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	hang(d)
	late := unique("late")
	if _, err := Open(late); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("opened: %v", err)
	}
	c := Change{Connect, Connection{"system:capture_1", "system:playback_1"}}
	for range 2 {
		if err := w.Do(c); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("connected: %v", err)
		}
	}
	syscall.Kill(d.PID(), syscall.SIGCONT)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for gone := false; !gone; {
		events, err := w.Next(ctx)
		if err != nil {
			t.Fatal("the client that came too late is there still: ", err)
		}
		gone = slices.Contains(events, Event{Kind: ClientRemoved, Name: late})
	}
	if err := w.Do(Change{Disconnect, c.Connection}); err != nil {
		t.Error(err)
	}
}
