//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"jackknife/jackgraph"
	"jackknife/rt"
)

// player plays what it was loaded with: a loop on a JACK server, or a device.
type player interface {
	RateHz() int
	Load(io.Reader) error
	Play(ctx context.Context, seen func(rt.Played)) (rt.Played, error)
}

func play(ctx context.Context, s *streams, want playing) error {
	reel, err := want.load(ctx, s)
	if err != nil {
		return err
	}
	defer reel.close()
	p, err := want.programme(ctx, reel)
	if err != nil {
		return err
	}
	defer p.source.Close()
	if want.device != "" {
		return want.playOnDevice(ctx, s, p)
	}
	return orDevice(want.playOnServer(ctx, s, p))
}

// programme is what is played: the source of its frames and what is said of it.
type programme struct {
	names  string
	reel   *reel
	source io.ReadCloser
	frames int64
	joins  []join
}

func (want playing) programme(ctx context.Context, reel *reel) (*programme, error) {
	span, err := want.span(reel)
	if err != nil {
		return nil, err
	}
	p := &programme{names: strings.Join(want.files, ", "), reel: reel, frames: span.Len(),
		source: &spanned{ctx: ctx, reel: reel, span: span, loop: want.loop}}
	if want.joins {
		p.joins = joinsOf(reel.tracks[0].plan, reel.tracks[0].take.Frames())
		if len(p.joins) == 0 {
			return nil, &failure{code: exitNoMatch, err: fmt.Errorf("%s: the plan has no edits, so nothing is joined", want.edits)}
		}
		silence := joinSilence(reel.rateHz())
		p.source = &joinReader{ReadCloser: p.source, frameBytes: int64(4 * reel.channels()), silence: silence, joins: p.joins}
		last := p.joins[len(p.joins)-1]
		p.frames = last.starts + last.Len()
	}
	p.source = want.amplify(p.source)
	return p, nil
}

// amplify gives a source the gain that is wanted.
func (want playing) amplify(source io.ReadCloser) io.ReadCloser {
	if want.gainDB == 0 {
		return source
	}
	return amplified{source, float32(math.Pow(10, want.gainDB/20))}
}

func (want playing) playOnServer(ctx context.Context, s *streams, p *programme) error {
	outputs := numbered("out", p.reel.channels())
	routed, err := want.routing(p)
	if err != nil {
		return err
	}
	pairs, err := routed(outputs)
	if err != nil {
		return err
	}
	if want.dry {
		for _, c := range pairs {
			fmt.Fprintf(s.out, "%s:%s\n", want.client, c)
		}
		return nil
	}
	l, err := rt.Open(rt.Config{Client: want.client, Outputs: outputs, Ring: want.ring, Follow: want.follow || want.roll})
	if err != nil {
		return serverFailure(err)
	}
	defer l.Close()
	if l.RateHz() != p.reel.rateHz() {
		return &failure{
			code: exitFailed,
			err:  fmt.Errorf("%s: its rate is %d Hz, the server's %d Hz", want.files[0], p.reel.rateHz(), l.RateHz()),
			hint: fmt.Sprintf("run the server at %d Hz, or convert the take: sox %s -r %d converted.wav", p.reel.rateHz(), want.files[0], l.RateHz()),
		}
	}
	var on player = l
	if want.follow || want.roll {
		on = &follower{Loop: l, want: want, reel: p.reel}
	}
	if err := load(ctx, on, p.source); err != nil {
		return err
	}
	if err := l.Activate(); err != nil {
		return err
	}
	if pairs, err = routed(l.Outputs()); err != nil {
		return err
	}
	if err := connectAll(ctx, pairs); err != nil {
		return serverFailure(err)
	}
	l.Start()
	return want.play(ctx, s, p, on)
}

func load(ctx context.Context, to player, source io.Reader) error {
	err := to.Load(source)
	if err != nil && ctx.Err() != nil {
		err = errors.New("stopped before the first frame")
	}
	return err
}

// play plays what the player was loaded with, and says what it came to.
func (want playing) play(ctx context.Context, s *streams, p *programme, on player) error {
	joins := p.joins
	played, err := on.Play(ctx, func(p rt.Played) {
		for len(joins) > 0 && p.Frames > joins[0].starts {
			if !want.quiet {
				fmt.Fprintln(s.err, joins[0].says)
			}
			joins = joins[1:]
		}
	})
	if err != nil {
		return deviceFailure(serverFailure(fmt.Errorf("after %s: %w", plural(int(played.Frames), "frame"), err)))
	}
	if !want.quiet {
		of := ""
		if played.Frames < p.frames && !want.loop && !want.follow {
			of = fmt.Sprintf(" of %d", p.frames)
		}
		fmt.Fprintf(s.err, "%s: %d%s frames played, %s, %s, %s\n", p.names, played.Frames, of, clock(played.Frames, on.RateHz()),
			plural(int(played.Underruns), "frame")+" of underrun", plural(played.Xruns, "xrun"))
	}
	if played.Underruns == 0 {
		return nil
	}
	f := &failure{code: exitWithGaps}
	cause := "the disk was too slow"
	if want.device != "" {
		cause = "nothing came to the device in time"
	} else {
		f.hint = fmt.Sprintf("a longer ring reads further ahead: --ring %v", 2*want.ring)
	}
	f.err = fmt.Errorf("%s: %d frames (%.3f s) of silence were heard within the take, %s", p.names, played.Underruns, float64(played.Underruns)/float64(on.RateHz()), cause)
	return f
}

// inputs are the full names of the ports that shall hear the take.
func (want playing) inputs(channels int) ([]string, error) {
	g, err := snapshot()
	if err != nil {
		return nil, err
	}
	if len(want.to) > 0 {
		return choose(g, want.to, jackgraph.Input)
	}
	return sockets(g, channels), nil
}

// routing finds the ports that shall hear the take, and returns what pairs
// outputs with them.
func (want playing) routing(p *programme) (func(outputs []string) ([]jackgraph.Connection, error), error) {
	channels := p.reel.channels()
	if len(want.lanes) == 0 {
		inputs, err := want.inputs(channels)
		return func(outputs []string) ([]jackgraph.Connection, error) { return route(p.names, outputs, inputs) }, err
	}
	g, err := snapshot()
	if err != nil {
		return nil, err
	}
	ports := make([][]string, channels)
	for _, lane := range want.lanes {
		if lane.channel > channels {
			return nil, fmt.Errorf("%s: has no channel %d, but %d", p.names, lane.channel, channels)
		}
		inputs, err := choose(g, []jackgraph.Selector{lane.to}, jackgraph.Input)
		if err != nil {
			return nil, err
		}
		ports[lane.channel-1] = append(ports[lane.channel-1], inputs...)
	}
	return func(outputs []string) (pairs []jackgraph.Connection, err error) {
		for i, inputs := range ports {
			for _, in := range inputs {
				pairs = append(pairs, jackgraph.Connection{From: outputs[i], To: in})
			}
		}
		return pairs, nil
	}, nil
}
