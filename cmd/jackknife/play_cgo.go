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

func play(ctx context.Context, s *streams, want playing) error {
	reel, err := want.load(ctx, s)
	if err != nil {
		return err
	}
	defer reel.close()
	names := strings.Join(want.files, ", ")
	span, err := want.span(reel)
	if err != nil {
		return err
	}
	inputs, err := want.inputs(reel.channels())
	if err != nil {
		return err
	}
	outputs := numbered("out", reel.channels())
	pairs, err := route(names, outputs, inputs)
	if err != nil {
		return err
	}
	if want.dry {
		for _, c := range pairs {
			fmt.Fprintf(s.out, "%s:%s\n", want.client, c)
		}
		return nil
	}
	l, err := rt.Open(rt.Config{Client: want.client, Outputs: outputs, Ring: want.ring})
	if err != nil {
		return serverFailure(err)
	}
	defer l.Close()
	if l.RateHz() != reel.rateHz() {
		return &failure{
			code: exitFailed,
			err:  fmt.Errorf("%s: its rate is %d Hz, the server's %d Hz", want.files[0], reel.rateHz(), l.RateHz()),
			hint: fmt.Sprintf("run the server at %d Hz, or convert the take: sox %s -r %d converted.wav", reel.rateHz(), want.files[0], l.RateHz()),
		}
	}

	var source io.ReadCloser = &spanned{ctx: ctx, reel: reel, span: span, loop: want.loop}
	total := span.Len()
	var joins []join
	if want.joins {
		joins = joinsOf(reel.tracks[0].plan, reel.tracks[0].take.Frames())
		if len(joins) == 0 {
			return &failure{code: exitNoMatch, err: fmt.Errorf("%s: the plan has no edits, so nothing is joined", want.edits)}
		}
		silence := joinSilence(reel.rateHz())
		source = &joinReader{ReadCloser: source, frameBytes: int64(4 * reel.channels()), silence: silence, joins: joins}
		last := joins[len(joins)-1]
		total = last.starts + last.Len()
	}
	if want.gainDB != 0 {
		source = amplified{source, float32(math.Pow(10, want.gainDB/20))}
	}
	defer source.Close()

	if err := l.Load(source); err != nil {
		if ctx.Err() != nil {
			err = errors.New("stopped before the first frame")
		}
		return err
	}
	if err := l.Activate(); err != nil {
		return err
	}
	if pairs, err = route(names, l.Outputs(), inputs); err != nil {
		return err
	}
	if err := connectAll(ctx, pairs); err != nil {
		return serverFailure(err)
	}
	l.Start()
	p, err := l.Play(ctx, func(p rt.Played) {
		for len(joins) > 0 && p.Frames > joins[0].starts {
			fmt.Fprintln(s.err, joins[0].says)
			joins = joins[1:]
		}
	})
	if err != nil {
		return serverFailure(fmt.Errorf("after %s: %w", plural(int(p.Frames), "frame"), err))
	}
	if !want.quiet {
		of := ""
		if p.Frames < total && !want.loop {
			of = fmt.Sprintf(" of %d", total)
		}
		fmt.Fprintf(s.err, "%s: %d%s frames played, %s, %s, %s\n", names, p.Frames, of, clock(p.Frames, l.RateHz()),
			plural(int(p.Underruns), "frame")+" of underrun", plural(p.Xruns, "xrun"))
	}
	if p.Underruns > 0 {
		return &failure{
			code: exitWithGaps,
			err:  fmt.Errorf("%s: %d frames (%.3f s) of silence were heard within the take, the disk was too slow", names, p.Underruns, float64(p.Underruns)/float64(l.RateHz())),
			hint: fmt.Sprintf("a longer ring reads further ahead: --ring %v", 2*want.ring),
		}
	}
	return nil
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
