//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"

	"jackknife/editor"
	"jackknife/rt"
)

// recordAlong records while something is played. Playing and recording begin
// with the same frame of the loop; what is heard of it comes back as much later
// as JACK's latency ranges say, and there the take begins.
func (want recording) recordAlong(ctx context.Context, s *streams) error {
	backing := playing{files: []string{want.along.file}, to: want.along.to, client: want.client, ring: want.ring}
	reel, err := backing.load(ctx, s)
	if err != nil {
		return err
	}
	defer reel.close()
	old := reel.tracks[0].take
	rate := reel.rateHz()
	span := editor.Span{End: old.Frames()}
	if want.along.punch {
		if want.along.at != nil {
			span.End = want.along.at.At(rate)
		}
		switch {
		case span.End > old.Frames():
			return usagef("--at %v: the take ends at %s", want.along.at, clock(old.Frames(), rate))
		case span.End <= 0:
			return usagef("--at %v: nothing of %s would be left", want.along.at, want.along.file)
		}
		span.Start = max(0, span.End-frames(want.along.roll, rate))
	}

	g, err := snapshot()
	if err != nil {
		return err
	}
	if want.along.punch && len(want.inputs) == 0 && !want.counted {
		want.channels = reel.channels()
	}
	channels, err := want.lineup(g)
	if err == nil {
		err = want.fits(channels)
	}
	if err != nil {
		return err
	}
	if want.along.punch && len(channels) != reel.channels() {
		return &failure{
			code: exitFailed,
			err:  fmt.Errorf("%s: has %s, and %d are to be recorded", want.along.file, plural(reel.channels(), "channel"), len(channels)),
			hint: fmt.Sprintf("name %s with --from", plural(reel.channels(), "port")),
		}
	}
	inputs, err := backing.inputs(reel.channels())
	if err != nil {
		return err
	}
	outputs := numbered("out", reel.channels())
	pairs, err := route(want.along.file, outputs, inputs)
	if err != nil {
		return err
	}
	if err := want.vacant(); err != nil {
		return err
	}
	if want.dry {
		for _, c := range pairs {
			fmt.Fprintf(s.out, "%s:%s\n", want.client, c)
		}
		return want.show(s, channels)
	}

	var ports []string
	for _, c := range channels {
		ports = append(ports, c.port)
	}
	l, err := rt.Open(rt.Config{Client: want.client, Inputs: ports, Outputs: outputs, Ring: want.ring})
	if err != nil {
		return serverFailure(err)
	}
	defer l.Close()
	if l.RateHz() != rate {
		return fmt.Errorf("%s: its rate is %d Hz, the server's %d Hz", want.along.file, rate, l.RateHz())
	}
	source := &spanned{ctx: ctx, reel: reel, span: span}
	defer source.Close()
	if span.Len() > 0 {
		err = load(ctx, l, source)
	}
	if err != nil {
		return err
	}

	pass := want // what is recorded, in a file of its own where it is a punch
	if want.along.punch {
		pass.file, pass.asJSON = want.passFile(), false
	}
	d := newDeck(ctx, s, pass, channels, l.Inputs(), l.RateHz())
	d.waiting = l.Waiting
	if err := d.start(); err != nil {
		return err
	}
	unfollow, err := d.prepare(l)
	if err == nil {
		if pairs, err = route(want.along.file, l.Outputs(), inputs); err == nil {
			err = connectAll(ctx, pairs)
		}
	}
	if err != nil {
		return serverFailure(errors.Join(err, d.now.tape.discard()))
	}
	late := want.lateness(ctx, s, l)
	d.now.first = int64(late)
	if want.along.punch { // its events tell of the new take
		d.now.events.take.file, d.now.events.first = want.file, span.Start
	}
	if !want.quiet {
		line := "playing " + shown(want.along.file)
		if want.along.punch {
			line += fmt.Sprintf(" from %s; punch in at %s", clock(span.Start, rate), clock(span.End, rate))
		}
		fmt.Fprintf(s.err, "%s\nby JACK's latencies it is heard, and comes back, %d frames (%.1f ms) later; the take is set right by that\n", line, late, float64(late)/float64(rate)*1000)
	}

	played := make(chan error, 1)
	err = d.run(l.Client(), func(opt rt.RecordOptions) (rt.Report, error) {
		playing, stop := context.WithCancel(ctx)
		defer stop()
		l.Start()
		go func() {
			if span.Len() == 0 {
				played <- nil
				return
			}
			p, err := l.Play(playing, nil)
			if err == nil && p.Underruns > 0 {
				err = &failure{code: exitWithGaps, err: fmt.Errorf("%s: %s came too late to be played; what was recorded after that does not line up with it", want.along.file, plural(int(p.Underruns), "frame"))}
			}
			played <- err
		}()
		return l.Record(ctx, d, opt)
	})
	unfollow()
	err = d.outcome(err)
	backed := <-played
	if want.along.punch && len(d.ended) > 0 {
		// Lost frames are told after what there is was joined.
		if joined := want.join(context.WithoutCancel(ctx), s, old, span.End, span.Len(), d.ended[0].report.Gaps); joined != nil {
			err = errors.Join(joined, err)
		} else if want.asJSON {
			err = errors.Join(err, want.punched(d.ended[0], span.End, span.Len()).json(s.out))
		}
	}
	if n := len(d.ended); n > 0 && !want.along.punch {
		var late int64 // cycles that were missed: nothing was played in them, either
		for _, g := range d.ended[n-1].report.Gaps {
			late += g.Frames - g.Full
		}
		if late > 0 {
			d.say("warning: %s was heard that much later after each gap: what follows the last does not line up by %s", want.along.file, plural(int(late), "frame"))
		}
	}
	if err == nil && !errors.Is(backed, rt.ErrServerGone) {
		err = backed
	}
	return serverFailure(err)
}

// lateness is how many frames after it was played what is heard comes back.
func (want recording) lateness(ctx context.Context, s *streams, l *rt.Loop) int {
	in, out := l.Latencies(ctx)
	least, most := [2]int{1 << 30, 1 << 30}, [2]int{}
	for i, all := range [][]rt.Latency{in, out} {
		for _, r := range all {
			least[i], most[i] = min(least[i], r.Min), max(most[i], r.Max)
		}
	}
	if least != most {
		fmt.Fprintf(s.err, "jackknife: warning: JACK states latencies from %d to %d frames; the longest are taken\n", least[0]+least[1], most[0]+most[1])
	}
	return most[0] + most[1]
}
