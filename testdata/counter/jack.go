//go:build cgo

package counter

/*
#cgo CFLAGS: -std=c11 -Wall -Wextra -O2
#cgo LDFLAGS: -ljack
#include <stdlib.h>
#include "counter.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Source is a JACK client that plays the counting signal. It keeps its own
// count of frames, so that what is missing behind it shows.
type Source struct {
	c     *C.struct_counter
	Ports []string // full names, in the order of the channels
}

// Start opens a source on the default server and activates it.
func Start(name string, channels int) (*Source, error) {
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	c := C.counter_open(n, C.int(channels))
	if c == nil {
		return nil, fmt.Errorf("counting source %s: no client (is the server running?)", name)
	}
	s := &Source{c: c}
	for i := range channels {
		s.Ports = append(s.Ports, C.GoString(C.counter_port(c, C.int(i))))
	}
	return s, nil
}

// Frames is how many frames a channel it has played.
func (s *Source) Frames() int64 { return int64(C.counter_frames(s.c)) }

// Skips are the places where the source itself missed cycles, by the count of
// the next frame it played. As for a recorder, a jump of JACK's clock counts as
// far as the next cycle bears it out.
func (s *Source) Skips() []Skip {
	var first *C.struct_turn
	n := C.counter_turns(s.c, &first)
	var skips []Skip
	var ahead, block int64
	turns := unsafe.Slice(first, int(n))
	for i, t := range turns {
		at, to, size := int64(t.at), int64(t.ahead), int64(t.block)
		jump := to - ahead
		if i > 0 && jump == size-block {
			ahead, jump = to, 0 // JACK2 steps its clock by the block that begins
		}
		block = size
		if i+1 < len(turns) && int64(turns[i+1].at) == at+size {
			next := int64(turns[i+1].ahead) - ahead
			switch {
			case next == jump-size: // it saw the next cycle's clock
				jump = 0
			case jump > 0:
				jump = max(0, min(jump, next))
			case jump < 0:
				jump = min(0, max(jump, next))
			}
		}
		ahead += jump
		if jump > 0 {
			skips = append(skips, Skip{At: at, Frames: jump})
		}
	}
	return skips
}

// Close ends the source.
func (s *Source) Close() { C.counter_close(s.c) }

// Connect connects an output port to an input port.
func Connect(from, to string) error {
	f, t := C.CString(from), C.CString(to)
	defer C.free(unsafe.Pointer(f))
	defer C.free(unsafe.Pointer(t))
	if e := C.counter_connect(f, t); e != 0 {
		return fmt.Errorf("connect %s %s: error %d", from, to, int(e))
	}
	return nil
}

// SetBlock changes the server's block size.
func SetBlock(frames int) error {
	if e := C.counter_set_block(C.uint32_t(frames)); e != 0 {
		return fmt.Errorf("set block %d: error %d", frames, int(e))
	}
	return nil
}
