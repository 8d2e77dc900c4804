//go:build cgo

package rt

/*
#include "loop.h"
*/
import "C"

import (
	"context"
	"slices"
	"time"
)

// Latency is what JACK says of the way to a port, or from it, in frames: the
// shortest and the longest.
type Latency struct{ Min, Max int }

// Latencies are what JACK says of the loop's inputs, from where their sound was
// caught, and of its outputs, to where that is heard. Both hold for connected
// ports. JACK tells them to a client some time after ports were connected:
// Latencies waits until they stay the same, for a second at the most.
func (l *Loop) Latencies(ctx context.Context) (inputs, outputs []Latency) {
	const look, still = 20 * time.Millisecond, 10
	same := 0
	for range 50 {
		in, out := l.latencies(1, len(l.inputs)), l.latencies(0, len(l.outputs))
		if slices.Equal(in, inputs) && slices.Equal(out, outputs) {
			same++
		} else {
			inputs, outputs, same = in, out, 0
		}
		if same == still || ctx.Err() != nil {
			break
		}
		time.Sleep(look)
	}
	return inputs, outputs
}

func (l *Loop) latencies(input C.int, n int) []Latency {
	all := make([]Latency, n)
	for i := range all {
		var least, most C.uint32_t
		C.loop_latency_range(l.c, input, C.uint32_t(i), &least, &most)
		all[i] = Latency{int(least), int(most)}
	}
	return all
}
