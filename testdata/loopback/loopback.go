//go:build cgo

// Package loopback stands in for a card with a cable from its outputs to its
// inputs: what is played to NAME-out:playback_1 comes out of NAME-in:capture_1
// so many frames later, to the frame and the fraction of one, on a synchronous
// JACK server.
package loopback

/*
#cgo CFLAGS: -std=c11 -Wall -Wextra -O2
#cgo LDFLAGS: -ljack
#include <stdlib.h>
#include "loopback.h"
*/
import "C"

import (
	"fmt"
	"math"
	"unsafe"
)

// Config is what is true of the cable, and what JACK is told of it.
type Config struct {
	Channels int
	Frames   float64 // from output to input; more than the server's block
	Gain     float64
	Noise    float64 // highest value of the white noise that is added

	Playback, Capture int // latencies that the ports claim, frames
}

// Cable is a running loopback.
type Cable struct{ c *C.struct_loopback }

// Start makes a cable on the default server.
func Start(name string, cfg Config) (*Cable, error) {
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	whole := math.Floor(cfg.Frames)
	taps := delay(cfg.Frames - whole)
	c := C.loopback_open(n, C.int(cfg.Channels), C.uint32_t(whole), (*C.float)(&taps[0]), C.int(len(taps)),
		C.double(cfg.Gain), C.double(cfg.Noise), C.uint32_t(cfg.Playback), C.uint32_t(cfg.Capture))
	if c == nil {
		return nil, fmt.Errorf("loopback %s: no clients (is the server running?)", name)
	}
	return &Cable{c}, nil
}

// Close takes the cable out.
func (c *Cable) Close() { C.loopback_close(c.c) }

// delay is the impulse response of a delay by a fraction of a frame: a sinc
// under a Hann window, exact where the fraction is 0.
func delay(fraction float64) []float32 {
	const n = 64
	taps := make([]float32, n)
	for i := range taps {
		x := float64(i) - n/2 - fraction
		v := 1.0
		if x != 0 {
			v = math.Sin(math.Pi*x) / (math.Pi * x)
		}
		taps[i] = float32(v * (0.5 + 0.5*math.Cos(math.Pi*x/(n/2+1))))
	}
	if fraction == 0 {
		clear(taps)
		taps[n/2] = 1
	}
	return taps
}
