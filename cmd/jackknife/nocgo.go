//go:build !cgo

package main

import (
	"context"
	"errors"

	"jackknife/rt"
)

// noAudio is what record and play end with in an edit-only binary.
func noAudio() error {
	return &failure{
		code: exitFailed,
		err:  errors.New("this binary was built without audio libraries: it edits, but neither records nor plays"),
		hint: "install libjack-jackd2-dev (or your distribution's JACK development package) and a C compiler, then build it with make build",
	}
}

func record(context.Context, *streams, recording) error { return noAudio() }

func play(context.Context, *streams, playing) error { return noAudio() }

func listDevices() ([]rt.Device, error) { return nil, noAudio() }

func (measuring) measure(context.Context) (roundTrip, error) { return roundTrip{}, noAudio() }
