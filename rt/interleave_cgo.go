//go:build cgo

package rt

// #include "interleave.h"
import "C"

func interleaveSamples(to, planar []uint32, channels, frames, at, n int) {
	_, _ = to[n*channels-1], planar[(channels-1)*frames+at+n-1]
	C.interleave((*C.uint32_t)(&to[0]), (*C.uint32_t)(&planar[0]), C.long(channels), C.long(frames), C.long(at), C.long(n))
}
