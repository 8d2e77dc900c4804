//go:build cgo

package main

import (
	"errors"
	"fmt"
	"strings"

	"jackknife/jackgraph"
	"jackknife/rt"
)

func listDevices() ([]rt.Device, error) { return rt.Devices() }

// deviceFailure gives the exit code and the hint to errors of devices.
func deviceFailure(err error) error {
	switch {
	case errors.Is(err, rt.ErrNoDevice):
		return &failure{code: exitNoServer, err: err, hint: devicesHint()}
	case errors.Is(err, rt.ErrDeviceGone):
		return &failure{code: exitNoServer, err: err}
	}
	return err
}

// devicesHint names the devices there are.
func devicesHint() string {
	all, err := rt.Devices()
	if err != nil || len(all) == 0 {
		return "there is none: jackknife card list shows whether there is a card"
	}
	var names []string
	for _, d := range all {
		names = append(names, deviceName(d))
	}
	return "the devices are " + strings.Join(names, ", ")
}

// orDevice adds to the error of a server that does not run that a device can
// be used in its place.
func orDevice(err error) error {
	var f *failure
	if !errors.Is(err, rt.ErrNoServer) && !errors.Is(err, jackgraph.ErrNoServer) || !errors.As(err, &f) {
		return err
	}
	return &failure{code: f.code, err: f.err, hint: fmt.Sprintf("%s; or use a device without it, with --device: %s", f.hint, devicesHint())}
}
