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

// Skipped is how many frames JACK's clock has run ahead of what was played:
// cycles that the source itself missed.
func (s *Source) Skipped() int64 { return int64(C.counter_skipped(s.c)) }

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
