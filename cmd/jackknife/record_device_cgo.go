//go:build cgo

package main

import (
	"context"
	"math"
	"slices"

	"jackknife/rt"
)

// recordDevice records from a sound device.
func recordDevice(ctx context.Context, s *streams, want recording) error {
	if want.dry {
		return want.show(s, want.heard)
	}
	width := slices.Max(want.sockets)
	in, err := rt.OpenInput(rt.DeviceConfig{Device: want.device, Channels: width, RateHz: want.rateHz, Ring: want.ring})
	if err != nil {
		return deviceFailure(err)
	}
	defer in.Close()
	var own []string
	for _, c := range want.heard {
		own = append(own, c.source)
	}
	d := newDeck(ctx, s, want, want.heard, own, in.RateHz())
	d.waiting = in.Waiting
	if !want.waits() {
		if err := d.start(); err != nil {
			return err
		}
	}
	var delivered float64
	err = d.run(want.client, func(opt rt.RecordOptions) (rt.Report, error) {
		r, err := in.Record(ctx, &picker{to: d, width: width, picks: want.sockets}, opt)
		delivered = r.RateHz
		return r, err
	})
	if delivered != 0 && math.Abs(delivered/float64(in.RateHz())-1) > tolerableRate {
		d.say("warning: %s gave %.0f frames a second and not %d: its clock is another, or frames are missing", in.Device().Name, delivered, in.RateHz())
	}
	return deviceFailure(d.outcome(err))
}

// tolerableRate is how far a device's clock may be from the machine's: far more
// than any crystal is, far less than from one rate to another.
const tolerableRate = 0.005
