//go:build cgo

package editor

/*
#cgo CFLAGS: -std=c11 -O3 -Wno-psabi
#include "bands.h"

static int measure(int width, int hop, int rows, const float *window, const float *twiddle, const float *split,
		    const int *bin, const float *gain, int bands, const float *d, int n, float *single)
{
	struct jk_tables t = {hop, rows, window, twiddle, split, bin, gain, bands};
	return jk_measure(&t, width, d, n, single);
}
*/
import "C"

import "unsafe"

func (a *analyser) measure(d []float32, single []levels) {
	for width := 16; !a.measureBy(width, d, single); width /= 2 {
	}
}

// measureBy measures with vectors of so many floats, if the processor has them;
// all have those of 4.
func (a *analyser) measureBy(width int, d []float32, single []levels) bool {
	if len(single) == 0 {
		return true
	}
	_ = d[(len(single)-1)*a.hop+2*points-1]
	return C.measure(C.int(width), C.int(a.hop), C.int(a.rows), (*C.float)(&a.window[0]), (*C.float)(&a.twiddle[0][0]), (*C.float)(&a.split[0][0]),
		(*C.int)(&a.bin[0]), (*C.float)(&a.gain[0]), bands, (*C.float)(&d[0]), C.int(len(single)), (*C.float)(&single[0][0])) != 0
}

func smooth(single []levels, l looks) {
	n := len(l.power)
	if n == 0 {
		return
	}
	_, _, _ = single[n+2*margin-1], l.fast[n-1], l.slow[n-1]
	C.jk_smooth((*C.float)(&single[0][0]), C.int(n), (*C.float)(&l.fast[0][0]), (*C.float)(&l.slow[0][0]), (*C.float)(&l.power[0]))
}

func differencesOf(raw []byte, bytes, stride int, d []float32) {
	if len(d) == 0 {
		return
	}
	_ = raw[len(d)*stride+bytes-1]
	C.jk_differences((*C.uchar)(unsafe.Pointer(&raw[0])), C.int(bytes), C.int(stride), C.int(len(d)), (*C.float)(&d[0]))
}
