//go:build cgo

package editor

/*
#include "samples.h"
*/
import "C"

import (
	"unsafe"

	"jackknife/wav"
)

func decodeSamples(x []float64, raw []byte, f wav.Format) {
	if len(x) == 0 || !plain24(f) {
		wav.Decode(x, raw, f)
		return
	}
	_ = raw[3*len(x)-1]
	C.jk_decode24((*C.uchar)(&raw[0]), C.long(len(x)), (*C.double)(&x[0]))
}

func encodeSamples(raw []byte, x []float64, f wav.Format) {
	if len(x) == 0 || !plain24(f) {
		wav.Encode(raw, x, f)
		return
	}
	_ = raw[3*len(x)-1]
	C.jk_encode24((*C.double)(&x[0]), C.long(len(x)), (*C.uchar)(&raw[0]))
}

func (p *piece) sumUp(f wav.Format, x []float64) []float64 {
	if len(p.sums) == 0 || !plain24(f) {
		return p.sumUpGo(f, x)
	}
	last := p.sums[len(p.sums)-1]
	_ = p.raw[(last.at-p.Start+int64(last.n))*int64(f.FrameBytes())-1]
	C.jk_sums24((*C.uchar)(&p.raw[0]), C.int64_t(p.Start), C.int(f.Channels), C.int(hissLag(f.RateHz)),
		(*C.struct_jk_sums)(unsafe.Pointer(&p.sums[0])), C.int(len(p.sums)))
	return x
}
