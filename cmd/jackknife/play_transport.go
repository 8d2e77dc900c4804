//go:build cgo

package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"jackknife/editor"
	"jackknife/rt"
)

// follower plays a reel with JACK's transport.
type follower struct {
	*rt.Loop
	want playing
	reel *reel
}

// Load has nothing to do: where to begin is known when the transport rolls.
func (f *follower) Load(io.Reader) error { return nil }

func (f *follower) Play(ctx context.Context, seen func(rt.Played)) (rt.Played, error) {
	span, err := f.want.span(f.reel)
	if err != nil {
		return rt.Played{}, err
	}
	open := func(frame int64) (io.ReadCloser, error) {
		if frame >= span.End {
			return io.NopCloser(strings.NewReader("")), nil
		}
		return f.want.amplify(&spanned{ctx: ctx, reel: f.reel, span: editor.Span{Start: frame, End: span.End}}), nil
	}
	if f.want.roll {
		server, err := openServer()
		if err != nil {
			return rt.Played{}, err
		}
		defer server.Close()
		if err := server.Activate(); err != nil {
			return rt.Played{}, err
		}
		if err := moveTransport(ctx, server, "stop", editor.Duration{}); err != nil {
			return rt.Played{}, err
		}
		if err := server.Locate(span.Start); err != nil {
			return rt.Played{}, err
		}
		server.Roll()
		defer server.Halt()
	}
	p, err := f.Loop.Follow(ctx, open, f.want.roll, seen)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return p, err
}
