//go:build cgo

package main

import (
	"context"
	"fmt"

	"jackknife/jackgraph"
	"jackknife/rt"
)

func play(ctx context.Context, s *streams, want playing) error {
	take, err := openTake(want.file)
	if err != nil {
		return err
	}
	defer take.Close()
	f := take.Format()
	inputs, err := want.inputs(f.Channels)
	if err != nil {
		return err
	}
	outputs := numbered("out", f.Channels)
	pairs, err := route(want.file, outputs, inputs)
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
	if l.RateHz() != f.RateHz {
		return &failure{
			code: exitFailed,
			err:  fmt.Errorf("%s: its rate is %d Hz, the server's %d Hz", want.file, f.RateHz, l.RateHz()),
			hint: fmt.Sprintf("run the server at %d Hz, or convert the take: sox %s -r %d converted.wav", f.RateHz, want.file, l.RateHz()),
		}
	}
	if err := l.Load(newSamples(take)); err != nil {
		return fmt.Errorf("%s: %w", want.file, err)
	}
	if err := l.Activate(); err != nil {
		return err
	}
	if pairs, err = route(want.file, l.Outputs(), inputs); err != nil {
		return err
	}
	if err := connectAll(ctx, pairs); err != nil {
		return serverFailure(err)
	}
	l.Start()
	p, err := l.Play(ctx)
	if err != nil {
		return serverFailure(fmt.Errorf("%s: after %s: %w", want.file, plural(int(p.Frames), "frame"), err))
	}
	if !want.quiet {
		of := ""
		if p.Frames < take.Frames() {
			of = fmt.Sprintf(" of %d", take.Frames())
		}
		fmt.Fprintf(s.err, "%s: %d%s frames played, %s, %s, %s\n", want.file, p.Frames, of, clock(p.Frames, f.RateHz),
			plural(int(p.Underruns), "frame")+" of underrun", plural(p.Xruns, "xrun"))
	}
	if p.Underruns > 0 {
		return &failure{
			code: exitWithGaps,
			err:  fmt.Errorf("%s: %d frames (%.3f s) of silence were heard within the take, the disk was too slow", want.file, p.Underruns, float64(p.Underruns)/float64(f.RateHz)),
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
