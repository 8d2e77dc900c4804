//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"jackknife/jackgraph"
	"jackknife/rt"
	"jackknife/wav"
)

func record(ctx context.Context, s *streams, want recording) error {
	var sources []string
	if len(want.from) > 0 {
		g, err := snapshot()
		if err != nil {
			return err
		}
		if sources, err = choose(g, want.from, jackgraph.Output); err != nil {
			return err
		}
		want.channels = len(sources)
	}
	if want.dry {
		return want.show(s, sources)
	}
	l, err := rt.Open(rt.Config{Client: want.client, Inputs: numbered("in", want.channels), Ring: want.ring})
	if err != nil {
		return serverFailure(err)
	}
	defer l.Close()
	take, err := wav.CreateTake(want.file, wav.Format{RateHz: l.RateHz(), Channels: want.channels, Bits: 32, SampleBytes: 4, Encoding: wav.Float})
	if err != nil {
		return takeFailure(want.file, err)
	}
	got, recordErr := want.run(ctx, s, l, sources, take)
	if got == nil { // nothing was recorded
		return errors.Join(recordErr, take.Finish(), os.Remove(want.file))
	}
	finishErr := take.Finish()
	got.summary(s.err, want.quiet)
	if want.asJSON {
		finishErr = errors.Join(finishErr, got.json(s.out))
	}
	switch {
	case recordErr != nil && finishErr == nil:
		err := fmt.Errorf("%w; %s holds the %s until then", recordErr, want.file, plural(int(got.report.Frames), "frame"))
		return serverFailure(err)
	case recordErr != nil || finishErr != nil:
		return serverFailure(errors.Join(recordErr, finishErr))
	}
	return got.gapsError()
}

// run connects the loop and records until the end; nil: it did not begin.
func (want recording) run(ctx context.Context, s *streams, l *rt.Loop, sources []string, take *wav.Take) (*taken, error) {
	if err := l.Activate(); err != nil {
		return nil, err
	}
	var pairs []jackgraph.Connection
	for i, from := range sources {
		pairs = append(pairs, jackgraph.Connection{From: from, To: l.Inputs()[i]})
	}
	if err := connectAll(ctx, pairs); err != nil {
		return nil, err
	}
	if sources == nil {
		sources = l.Inputs()
	}
	got := &taken{file: want.file, rateHz: l.RateHz(), ring: want.ring, sources: sources}
	p := progress{rateHz: l.RateHz()}
	if !want.quiet {
		if len(want.from) == 0 {
			for _, in := range sources {
				fmt.Fprintf(s.err, "recording what comes to %s\n", in)
			}
		}
		if terminal(s.err) {
			p.w = s.err
		}
	}
	events := sidecar{take: *got}
	l.Start()
	report, err := l.Record(ctx, take, rt.RecordOptions{
		Frames: frames(want.length, l.RateHz()),
		Seen:   func(r rt.Report) { events.note(r); p.show(r) },
	})
	p.clear()
	got.report = report
	if sideErr := events.end(report, err); sideErr != nil {
		fmt.Fprintf(s.err, "jackknife: warning: %s\n", sideErr)
	}
	return got, err
}

// show prints what would be recorded.
func (want recording) show(s *streams, sources []string) error {
	if _, err := os.Lstat(want.file); err == nil {
		return takeFailure(want.file, os.ErrExist)
	}
	for i := range want.channels {
		from := "(left to be connected)"
		if sources != nil {
			from = sources[i]
		}
		fmt.Fprintf(s.out, "channel %d <- %s\n", i+1, from)
	}
	return nil
}

// frames is how many frames of a rate a duration is, rounded to the nearest.
func frames(d time.Duration, rateHz int) int64 {
	seconds, rest := int64(d/time.Second), int64(d%time.Second)
	return seconds*int64(rateHz) + (rest*int64(rateHz)+int64(time.Second)/2)/int64(time.Second)
}

// numbered are the short port names in_1, in_2 ...
func numbered(word string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s_%d", word, i+1)
	}
	return names
}

// takeFailure words that a take cannot be made.
func takeFailure(name string, err error) error {
	if errors.Is(err, os.ErrExist) {
		return &failure{code: exitFailed, err: fmt.Errorf("%s: there is something of that name already, and a take never overwrites", name), hint: "choose another name"}
	}
	return err
}

// serverFailure gives the exit code to errors of a server that is not there.
func serverFailure(err error) error {
	switch {
	case errors.Is(err, rt.ErrNoServer):
		return &failure{code: exitNoServer, err: err, hint: startHint()}
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
		if err != nil {
			return fmt.Errorf("%s: %w", changes[i], err)
		}
	}
	return nil
}
