//go:build cgo

package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"jackknife/rt"
)

// playOnDevice plays to a sound device. A take of one channel goes to the first
// two.
func (want playing) playOnDevice(ctx context.Context, s *streams, p *programme) error {
	device, err := rt.FindDevice(want.device)
	if err != nil {
		return deviceFailure(err)
	}
	channels, onto := p.reel.channels(), want.onto
	switch {
	case onto == nil && channels == 1:
		onto = []int{1, 2}[:max(1, min(2, device.Outputs))]
	case onto == nil:
		for n := range channels {
			onto = append(onto, n+1)
		}
	case len(onto) != channels && channels != 1:
		return &failure{
			code: exitFailed,
			err:  fmt.Errorf("%s: %s and %s of the device do not pair", p.names, plural(channels, "channel"), plural(len(onto), "channel")),
			hint: fmt.Sprintf("name %d with --to, for instance --to 1..%d", channels, channels),
		}
	}
	if want.dry {
		for i, n := range onto {
			fmt.Fprintf(s.out, "channel %d -> %s %d\n", i%channels+1, deviceName(device), n)
		}
		return nil
	}
	// An even number, where there is one: PortAudio puts the last of an odd
	// number on the next socket, too.
	width := slices.Max(onto)
	width = min(width+width%2, max(width, device.Outputs))
	on, err := rt.OpenOutput(rt.DeviceConfig{Device: device.Name, Channels: width, RateHz: p.reel.rateHz(), Ring: want.ring})
	if err != nil {
		return deviceFailure(err)
	}
	defer on.Close()
	if err := load(ctx, on, &rewired{source: p.source, channels: channels, onto: onto, width: width}); err != nil {
		return err
	}
	return want.play(ctx, s, p, on)
}

// rewired puts the channels of what it reads onto others, counted from 1, of
// so many; the rest are silent.
type rewired struct {
	source   io.Reader
	channels int
	onto     []int
	width    int
	buf      []byte
}

func (r *rewired) Read(p []byte) (int, error) {
	frames := min(len(p)/(4*r.width), 4096)
	if r.buf == nil {
		r.buf = make([]byte, 4096*4*r.channels)
	}
	n, err := r.source.Read(r.buf[:frames*4*r.channels])
	frames = n / (4 * r.channels)
	clear(p[:frames*4*r.width])
	for i := range frames {
		for k, to := range r.onto {
			copy(p[4*(i*r.width+to-1):][:4], r.buf[4*(i*r.channels+k%r.channels):])
		}
	}
	return frames * 4 * r.width, err
}
