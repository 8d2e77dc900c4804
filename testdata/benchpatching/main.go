//go:build cgo

// Command benchpatching times jackknife beside jack_lsp, aj-snapshot,
// jack_connect and jack-plumbing on private JACK servers, in turns, and prints
// ratios:
//
//	go run ./testdata/benchpatching PROGRAM FOLDER
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	jack "github.com/xthexder/go-jack"

	"jackknife/testdata/servers"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: benchpatching PROGRAM FOLDER")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := bench(ctx, os.Args[1], os.Args[2])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchpatching:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, program, folder string) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	for _, size := range []struct{ ports, connections int }{{20, 10}, {500, 500}, {2000, 2000}} {
		if err := onGraph(folder, size.ports, 1024, func(g *graph) error { return g.list(ctx, program, size.connections) }); err != nil {
			return err
		}
	}
	err = onGraph(folder, 2000, 1024, func(g *graph) error {
		return errors.Join(g.restore(ctx, program), g.connect(ctx, program))
	})
	if err != nil {
		return err
	}
	// To ask for connections waits for a block where some have changed.
	return onGraph(folder, 20, 64, func(g *graph) error { return g.keep(ctx, program) })
}

// graph is a private server with one client that has as many outputs as
// inputs, o1, o2 ... and i1, i2 ...
type graph struct {
	folder string
	name   string // of the client
	ports  int
	client *jack.Client
}

func onGraph(folder string, ports, block int, do func(*graph) error) error {
	server, err := servers.StartJackd(folder, "--port-max=4096", "-C", "0", "-P", "0", "-p", fmt.Sprint(block))
	if err != nil {
		return err
	}
	defer os.Remove(server.Log)
	defer server.Stop()
	for _, v := range server.Env() {
		name, value, _ := strings.Cut(v, "=")
		os.Setenv(name, value)
	}
	g := &graph{folder: folder, name: fmt.Sprint("desk", os.Getpid()), ports: ports}
	var status int
	if g.client, status = jack.ClientOpen(g.name, jack.NoStartServer); g.client == nil {
		return fmt.Errorf("open a client: status %#x", status)
	}
	defer g.client.Close()
	for i := range ports / 2 {
		if g.register("o", i, jack.PortIsOutput) == nil || g.register("i", i, jack.PortIsInput) == nil {
			return fmt.Errorf("the server has no room for %d ports", ports)
		}
	}
	if g.client.Activate() != 0 {
		return errors.New("activate the client")
	}
	return do(g)
}

func (g *graph) register(kind string, i int, flags uint64) *jack.Port {
	return g.client.PortRegister(fmt.Sprint(kind, i+1), jack.DEFAULT_AUDIO_TYPE, flags, 0)
}

// pairs returns n connections: each output to the input of its number, then to
// the one after, and so on.
func (g *graph) pairs(n int) (from, to []string) {
	half := g.ports / 2
	for i := range n {
		from = append(from, fmt.Sprintf("%s:o%d", g.name, i%half+1))
		to = append(to, fmt.Sprintf("%s:i%d", g.name, (i+i/half)%half+1))
	}
	return from, to
}

// list times the listing of all ports with their connections.
func (g *graph) list(ctx context.Context, program string, connections int) error {
	from, to := g.pairs(connections)
	for i := range from {
		if code := g.client.Connect(from[i], to[i]); code != 0 {
			return fmt.Errorf("connect %s to %s: code %d", from[i], to[i], code)
		}
	}
	ours, theirs, err := inTurns(21, func() (time.Duration, error) {
		return timed(ctx, program, "ports", "-c")
	}, func() (time.Duration, error) {
		return timed(ctx, "jack_lsp", "-c", "-t", "-p")
	})
	if err != nil {
		return err
	}
	report(fmt.Sprintf("%d ports, %d connections: ports -c, and jack_lsp -c -t -p", g.ports, connections), ours, theirs)
	return nil
}

// restore times the loading of a patch of 1,000 connections.
func (g *graph) restore(ctx context.Context, program string) error {
	patch, snapshot := filepath.Join(g.folder, "bench.patch"), filepath.Join(g.folder, "bench.xml")
	defer os.Remove(patch)
	defer os.Remove(snapshot)
	const n = 1000
	from, to := g.pairs(n)
	var text, xml strings.Builder
	xml.WriteString("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<aj-snapshot>\n<jack>\n<client name=\"" + g.name + "\">\n")
	for i := range from {
		fmt.Fprintf(&text, "%s -> %s\n", from[i], to[i])
		fmt.Fprintf(&xml, "<port name=\"%s\">\n<connection port=\"%s\" />\n</port>\n", strings.TrimPrefix(from[i], g.name+":"), to[i])
	}
	xml.WriteString("</client>\n</jack>\n</aj-snapshot>\n")
	if err := errors.Join(os.WriteFile(patch, []byte(text.String()), 0o666), os.WriteFile(snapshot, []byte(xml.String()), 0o666)); err != nil {
		return err
	}
	restored := func(name string, args ...string) func() (time.Duration, error) {
		return func() (time.Duration, error) {
			if err := cut(ctx, program); err != nil {
				return 0, err
			}
			took, err := timed(ctx, name, args...)
			if have := g.count(from); err == nil && have != n {
				err = fmt.Errorf("%s made %d of %d connections", filepath.Base(name), have, n)
			}
			return took, err
		}
	}
	ours, theirs, err := inTurns(41, restored(program, "patch", "load", patch), restored("aj-snapshot", "-j", "-r", snapshot))
	if err != nil {
		return err
	}
	report(fmt.Sprintf("%d connections restored: patch load, and aj-snapshot -r", n), ours, theirs)
	return cut(ctx, program)
}

// connect times 200 connections, in one command and with as many.
func (g *graph) connect(ctx context.Context, program string) error {
	const n = 200
	from, to := g.pairs(n)
	one := func() (time.Duration, error) {
		if err := cut(ctx, program); err != nil {
			return 0, err
		}
		took, err := timed(ctx, program, "connect", fmt.Sprintf("%s:o{1..%d}", g.name, n), fmt.Sprintf("%s:i{1..%d}", g.name, n))
		if have := g.count(from); err == nil && have != n {
			err = fmt.Errorf("jackknife made %d of %d connections", have, n)
		}
		return took, err
	}
	many := func() (took time.Duration, err error) {
		if err := cut(ctx, program); err != nil {
			return 0, err
		}
		for i := range from {
			once, err := timed(ctx, "jack_connect", from[i], to[i])
			if took += once; err != nil {
				return 0, err
			}
		}
		return took, nil
	}
	ours, theirs, err := inTurns(2, one, many)
	if err != nil {
		return err
	}
	report(fmt.Sprintf("%d connections: one connect, and %d jack_connect", n, n), ours, theirs)
	return cut(ctx, program)
}

// keep times how soon a port is connected that a rule wants connected, by keep
// and by the two daemons, each alone.
func (g *graph) keep(ctx context.Context, program string) error {
	const rounds = 60
	patch, snapshot, rules := filepath.Join(g.folder, "bench.patch"), filepath.Join(g.folder, "bench.xml"), filepath.Join(g.folder, "bench.rules")
	files := map[string]string{
		patch:    fmt.Sprintf("%s:late -> %s:i1\n", g.name, g.name),
		snapshot: fmt.Sprintf("<aj-snapshot>\n<jack>\n<client name=\"%s\">\n<port name=\"late\">\n<connection port=\"%s:i1\" />\n</port>\n</client>\n</jack>\n</aj-snapshot>\n", g.name, g.name),
		rules:    fmt.Sprintf("(connect \"%s:late\" \"%s:i1\")\n", g.name, g.name),
	}
	for name, text := range files {
		defer os.Remove(name)
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			return err
		}
	}
	for _, daemon := range []struct {
		title string
		limit time.Duration
		args  []string
	}{
		{"keep", time.Second, []string{program, "keep", patch}},
		{"jack-plumbing", time.Second, []string{"jack-plumbing", "-q", "-o", rules}},
		{"aj-snapshot -d", 3 * time.Second, []string{"aj-snapshot", "-j", "-d", snapshot}},
	} {
		n := rounds
		if daemon.limit > time.Second {
			n = 10
		}
		took, err := g.delays(ctx, n, daemon.limit, daemon.args)
		if err != nil {
			return fmt.Errorf("%s: %w", daemon.title, err)
		}
		fmt.Printf("  %-14s from a port to its connection, %d times: %s\n", daemon.title, n, spread(took))
	}
	return nil
}

func (g *graph) delays(ctx context.Context, n int, limit time.Duration, args []string) ([]time.Duration, error) {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.Stdout, c.Stderr = io.Discard, io.Discard
	if err := c.Start(); err != nil {
		return nil, err
	}
	defer c.Wait()
	defer c.Process.Signal(syscall.SIGTERM)
	var took []time.Duration
	for i := range n + 1 {
		port := g.client.PortRegister("late", jack.DEFAULT_AUDIO_TYPE, jack.PortIsOutput, 0)
		start := time.Now()
		patience := limit
		if i == 0 {
			patience = 10 * time.Second // it may not be there yet
		}
		for len(port.GetConnections()) == 0 {
			if time.Since(start) > patience {
				return nil, fmt.Errorf("not connected after %v", patience)
			}
			time.Sleep(100 * time.Microsecond)
		}
		if i > 0 {
			took = append(took, time.Since(start))
		}
		g.client.PortUnregister(port)
		time.Sleep(50*time.Millisecond + time.Duration(i*37%100)*time.Millisecond)
	}
	return took, nil
}

// cut cuts every connection there is.
func cut(ctx context.Context, program string) error {
	_, err := timed(ctx, program, "disconnect", "--all")
	return err
}

// count counts the connections of outputs.
func (g *graph) count(from []string) (n int) {
	for i := range from {
		if slices.Index(from, from[i]) == i {
			n += len(g.client.GetPortByName(from[i]).GetConnections())
		}
	}
	return n
}

func timed(ctx context.Context, name string, args ...string) (time.Duration, error) {
	var words strings.Builder
	c := exec.CommandContext(ctx, name, args...)
	c.Stderr = &words
	start := time.Now()
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, words.String())
	}
	return time.Since(start), nil
}

// inTurns runs two things one after the other, again and again, once before
// it counts.
func inTurns(rounds int, ours, theirs func() (time.Duration, error)) (a, b []time.Duration, err error) {
	for i := range rounds + 1 {
		x, err := ours()
		if err != nil {
			return nil, nil, err
		}
		y, err := theirs()
		if err != nil {
			return nil, nil, err
		}
		if i > 0 {
			a, b = append(a, x), append(b, y)
		}
	}
	return a, b, nil
}

func report(title string, ours, theirs []time.Duration) {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = float64(ours[i]) / float64(theirs[i])
	}
	slices.Sort(ratios)
	fmt.Printf("%s, %d rounds in turns\n  %s\n  %s\n  ratio %.3f min, %.3f median, %.3f max (paired)\n", title, len(ours),
		spread(ours), spread(theirs), ratios[0], ratios[len(ratios)/2], ratios[len(ratios)-1])
}

func spread(took []time.Duration) string {
	sorted := slices.Sorted(slices.Values(took))
	return fmt.Sprintf("%8.2f ms min, %8.2f ms median, %8.2f ms max", ms(sorted[0]), ms(sorted[len(sorted)/2]), ms(sorted[len(sorted)-1]))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
