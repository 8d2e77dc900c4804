//go:build cgo

package editor

/*
#include "tone.h"
*/
import "C"

import "unsafe"

func stands(looks, mean []levels, over *levels, marks []byte) {
	if len(looks) == 0 {
		return
	}
	_, _ = mean[(len(looks)-1)/cellThin], marks[len(looks)-1]
	C.jk_stands((*C.float)(&looks[0][0]), C.int(len(looks)), (*C.float)(&mean[0][0]), cellThin, (*C.float)(&over[0]), (*C.uchar)(&marks[0]))
}

func sum(looks []levels, clean []bool, sums []levels) {
	if len(looks) == 0 {
		return
	}
	_, _ = clean[len(looks)-1], sums[(len(looks)-1)/cellThin]
	C.jk_sum((*C.float)(&looks[0][0]), (*C.uchar)(unsafe.Pointer(&clean[0])), C.int(len(looks)), cellThin, (*C.float)(&sums[0][0]))
}

func judgeLooks(now looks, means []levels, fast, slow *limits, is []byte) {
	n := len(now.fast)
	if n == 0 {
		return
	}
	_, _, _ = now.slow[n-1], means[(n-1)/cell], is[n-1]
	C.jk_judge((*C.float)(&now.fast[0][0]), (*C.float)(&now.slow[0][0]), C.int(n), (*C.float)(&means[0][0]), cell,
		(*C.struct_jk_limits)(unsafe.Pointer(fast)), (*C.struct_jk_limits)(unsafe.Pointer(slow)), (*C.uchar)(&is[0]))
}
