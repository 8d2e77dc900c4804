//go:build cgo && timed

package rt

/*
#cgo CFLAGS: -DLOOP_TIMED
#include "loop.h"
*/
import "C"

import (
	"time"
	"unsafe"
)

// CycleTimes is how long each cycle took the audio thread while rolling. Only
// builds with the tag timed, for the bench, have it.
func (l *Loop) CycleTimes() []time.Duration {
	var nsec *C.uint32_t
	n := C.loop_timed(l.c, &nsec)
	times := make([]time.Duration, n)
	for i, v := range unsafe.Slice(nsec, int(n)) {
		times[i] = time.Duration(v)
	}
	return times
}
