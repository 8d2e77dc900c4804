//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"jackknife/jackgraph"
	"jackknife/rt"
)

func record(ctx context.Context, s *streams, want recording) error {
	if want.device != "" {
		return recordDevice(ctx, s, want)
	}
	if want.along.file != "" {
		return orDevice(want.recordAlong(ctx, s))
	}
	return orDevice(recordServer(ctx, s, want))
}

// recordServer records from a JACK server.
func recordServer(ctx context.Context, s *streams, want recording) error {
	var g jackgraph.Graph
	if len(want.inputs) > 0 {
		var err error
		if g, err = snapshot(); err != nil {
			return err
		}
	}
	channels, err := want.lineup(g)
	if err == nil {
		err = want.fits(channels)
	}
	if err != nil {
		return err
	}
	if want.dry {
		return want.show(s, channels)
	}
	var ports []string
	for _, c := range channels {
		ports = append(ports, c.port)
	}
	l, err := rt.Open(rt.Config{Client: want.client, Inputs: ports, Ring: want.ring})
	if err != nil {
		return serverFailure(err)
	}
	defer l.Close()
	d := newDeck(ctx, s, want, channels, l.Inputs(), l.RateHz())
	d.waiting = l.Waiting
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // a wake-up of one goroutine is then not that of two threads
	slacken(time.Millisecond)
	if !want.waits() {
		if err := d.start(); err != nil {
			return err
		}
	}
	unfollow, err := d.prepare(l)
	if err != nil {
		if d.now != nil {
			err = errors.Join(err, d.now.tape.discard())
		}
		return serverFailure(err)
	}
	err = d.run(l.Client(), func(opt rt.RecordOptions) (rt.Report, error) {
		l.Start()
		return l.Record(ctx, d, opt)
	})
	unfollow()
	return serverFailure(d.outcome(err))
}

// slacken lets the kernel be late by so much with what wakes the threads of this
// process (proc(5), timerslack_ns), so that one wake-up serves several: Go's
// own watcher would wake every 70 us while a take is written. Threads of real
// time know no slack. Where it is not allowed, a take costs a little more.
func slacken(by time.Duration) {
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, t := range tasks {
		_ = os.WriteFile("/proc/"+t.Name()+"/timerslack_ns", strconv.AppendInt(nil, by.Nanoseconds(), 10), 0)
	}
}

// prepare connects the loop. The function it returns ends the following.
func (d *deck) prepare(l *rt.Loop) (unfollow func(), err error) {
	if err := l.Activate(); err != nil {
		return nil, err
	}
	var pairs []jackgraph.Connection
	for i, c := range d.channels {
		if c.source != "" && !c.follow {
			pairs = append(pairs, jackgraph.Connection{From: c.source, To: l.Inputs()[i]})
		}
	}
	if err := connectAll(d.ctx, pairs); err != nil {
		return nil, err
	}
	return d.follow(l)
}

// run records until the end and finishes the take. jackknife take reaches the
// recorder by the name.
func (d *deck) run(name string, record func(rt.RecordOptions) (rt.Report, error)) error {
	goAhead()
	if !d.want.quiet {
		for i, c := range d.channels {
			switch {
			case c.source == "":
				fmt.Fprintf(d.s.err, "recording what comes to %s\n", d.sources[i])
			case c.follow:
				fmt.Fprintf(d.s.err, "recording what %s hears\n", c.source)
			}
		}
		if !d.begins.IsZero() {
			fmt.Fprintf(d.s.err, "the take begins at %s\n", d.begins.Format("Monday 15:04:05"))
		}
	}
	signal.Notify(d.pokes, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(d.pokes)
	c, err := listen(d.ctx, name, d.requests)
	if err != nil {
		d.say("warning: %s: jackknife take does not reach this recorder", err)
	} else {
		defer c.close()
	}
	opt := rt.RecordOptions{Seen: d.Seen, Still: func(long time.Duration) {
		d.say("warning: no audio has come for %v: the JACK server stands still", long)
	}}
	if d.want.rolls {
		opt.Rolls = d.rolls
	}
	report, err := record(opt)
	if errors.Is(err, errEnough) {
		err = nil
	}
	d.screen.clear()
	if errors.Is(err, rt.ErrStill) && d.now != nil {
		err = errors.Join(err, d.now.tape.discard())
		d.now = nil
	}
	if d.now != nil {
		d.finish(report, err)
	}
	return err
}

// follow connects the channels that follow a port to what that hears, and goes
// on to do so in a goroutine, which the returned function ends.
func (d *deck) follow(l *rt.Loop) (end func(), err error) {
	leaders := map[string][]string{} // our inputs, by the port they follow
	for i, c := range d.channels {
		if c.follow {
			leaders[c.source] = append(leaders[c.source], l.Inputs()[i])
		}
	}
	if len(leaders) == 0 {
		return func() {}, nil
	}
	w, err := jackgraph.OpenWatch(fmt.Sprint("jackknife-", os.Getpid()))
	if err != nil {
		return nil, openFailure(err)
	}
	if changes := followed(w.Snapshot(), leaders); len(changes) > 0 {
		apply(d.ctx, w.Server, changes, make([]error, len(changes))) // what failed is tried again
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer w.Close()
		for keepFollowing(ctx, w, leaders) {
		}
	}()
	return func() { stop(); <-done }, nil
}

// keepFollowing waits for something to happen on the server and does what
// follows from it. What fails is tried again, since ports that come are not
// always ready yet. It reports whether there is more to wait for.
func keepFollowing(ctx context.Context, w *jackgraph.Watch, leaders map[string][]string) bool {
	const again = 100 * time.Millisecond
	failed := false
	for _, change := range followed(w.Snapshot(), leaders) {
		failed = w.Do(change) != nil || failed
	}
	until, stop := ctx, context.CancelFunc(func() {})
	if failed {
		until, stop = context.WithTimeout(ctx, again)
	}
	defer stop()
	_, err := w.Next(until)
	return err == nil || failed && errors.Is(err, context.DeadlineExceeded)
}

// followed is what has to change so that the followers hear what their leaders
// do.
func followed(g jackgraph.Graph, leaders map[string][]string) []jackgraph.Change {
	have, want := jackgraph.Graph{Ports: g.Ports}, jackgraph.Graph{Ports: g.Ports}
	followers := map[string]bool{}
	for _, names := range leaders {
		for _, name := range names {
			followers[name] = true
		}
	}
	for _, c := range g.Connections {
		if followers[c.To] {
			have.Connections = append(have.Connections, c)
		}
		for _, name := range leaders[c.To] {
			want.Connections = append(want.Connections, jackgraph.Connection{From: c.From, To: name})
		}
	}
	return jackgraph.Diff(have, want)
}

// show prints what would be recorded.
func (want recording) show(s *streams, channels []channel) error {
	if want.takes == "" {
		for _, p := range want.parts(want.file, channels, 0) {
			if _, err := os.Lstat(p.file); err == nil {
				return takeFailure(p.file, os.ErrExist)
			}
		}
	}
	for i, c := range channels {
		from := "(left to be connected)"
		if c.source != "" {
			from = c.source
		}
		if c.follow {
			from = "what " + from + " hears"
		}
		track := ""
		if c.track != "" {
			track = " (" + c.track + ")"
		}
		fmt.Fprintf(s.out, "channel %d%s <- %s\n", i+1, track, from)
	}
	return nil
}

// numbered are the short port names in_1, in_2 ...
func numbered(word string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s_%d", word, i+1)
	}
	return names
}

// serverFailure gives the exit code to errors of a server that is not there.
func serverFailure(err error) error {
	switch {
	case errors.Is(err, rt.ErrNoServer):
		return &failure{code: exitNoServer, err: err, hint: startHint()}
	case errors.Is(err, rt.ErrNoAnswer):
		return &failure{code: exitNoServer, err: err, hint: "try again; if it hangs, end it and start it again"}
	case errors.Is(err, rt.ErrStill):
		return &failure{code: exitNoServer, err: err, hint: "jackknife server status says what is there"}
	case errors.Is(err, rt.ErrServerGone):
		return &failure{code: exitNoServer, err: err}
	}
	return err
}

// snapshot is the graph of the running server.
func snapshot() (jackgraph.Graph, error) {
	server, err := openServer()
	if err != nil {
		return jackgraph.Graph{}, err
	}
	defer server.Close()
	return server.Snapshot(), nil
}

// pipeWireSettles is how long a new connection may need on PipeWire until it
// carries sound: JACK's functions tell of it when it is known, and the first
// block or two after that do not get through.
const pipeWireSettles = 250 * time.Millisecond

// connectAll makes connections to ports that are there, and returns when they
// are in force.
func connectAll(ctx context.Context, pairs []jackgraph.Connection) error {
	if len(pairs) == 0 {
		return nil
	}
	server, err := openServer()
	if err != nil {
		return err
	}
	defer server.Close()
	changes := make([]jackgraph.Change, len(pairs))
	for i, c := range pairs {
		changes[i] = jackgraph.Change{Action: jackgraph.Connect, Connection: c}
	}
	errs := make([]error, len(changes))
	apply(ctx, server, changes, errs)
	if ctx.Err() != nil {
		return errors.New("stopped before the first frame")
	}
	for i, err := range errs {
		if err != nil && !errors.Is(err, jackgraph.ErrAlready) {
			return fmt.Errorf("%s: %w", changes[i], err)
		}
	}
	if jackgraph.OnPipeWire() {
		time.Sleep(pipeWireSettles)
	}
	return nil
}
