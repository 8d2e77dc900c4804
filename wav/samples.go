package wav

import (
	"encoding/binary"
	"math"
)

// Decode turns stored samples into numbers; full scale is 1.0. dst must hold
// len(src)/SampleBytes samples. It is exact where T holds the stored bits: PCM
// up to 24 bits in float32, all PCM in float64, and floats of T's own width,
// NaN payloads included.
func Decode[T float32 | float64](dst []T, src []byte, f Format) {
	src = src[:len(dst)*f.SampleBytes]
	switch {
	case f.BigEndian:
		decodeBigEndian(dst, src, f)
	case f.Encoding == Float && f.SampleBytes == 4:
		if d, ok := any(dst).([]float32); ok { // no conversion: it would quieten signalling NaNs
			for i := range d {
				d[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
			}
			return
		}
		for i := range dst {
			dst[i] = T(math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:])))
		}
	case f.Encoding == Float:
		if d, ok := any(dst).([]float64); ok {
			for i := range d {
				d[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
			}
			return
		}
		for i := range dst {
			dst[i] = T(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
		}
	case f.SampleBytes == 1:
		for i, b := range src {
			dst[i] = T(int32(b)-128) * (1.0 / (1 << 7))
		}
	case f.SampleBytes == 2:
		for i := range dst {
			dst[i] = T(int16(binary.LittleEndian.Uint16(src[2*i:]))) * (1.0 / (1 << 15))
		}
	case f.SampleBytes == 3:
		decode24(dst, src)
	default:
		for i := range dst {
			dst[i] = T(int32(binary.LittleEndian.Uint32(src[4*i:]))) * (1.0 / (1 << 31))
		}
	}
}

// decode24 reads four samples from twelve bytes at a time.
func decode24[T float32 | float64](dst []T, src []byte) {
	const scale = 1.0 / (1 << 31) // the three bytes stand in the high end of an int32
	for len(dst) >= 4 && len(src) >= 12 {
		lo := binary.LittleEndian.Uint64(src)
		hi := binary.LittleEndian.Uint32(src[8:])
		dst[0] = T(int32(uint32(lo)<<8)) * scale
		dst[1] = T(int32(uint32(lo>>16)&^0xff)) * scale
		dst[2] = T(int32(uint32(lo>>40)&^0xff|hi<<24)) * scale
		dst[3] = T(int32(hi&^0xff)) * scale
		dst, src = dst[4:], src[12:]
	}
	for i := range dst {
		s := src[3*i : 3*i+3]
		dst[i] = T(int32(uint32(s[0])<<8|uint32(s[1])<<16|uint32(s[2])<<24)) * scale
	}
}

// decodeBigEndian serves RIFX, which is rare enough to go sample by sample.
func decodeBigEndian[T float32 | float64](dst []T, src []byte, f Format) {
	f.BigEndian = false
	var turned [8]byte
	for i := range dst {
		s := src[i*f.SampleBytes : (i+1)*f.SampleBytes]
		reverse(turned[:len(s)], s)
		Decode(dst[i:i+1], turned[:len(s)], f)
	}
}

// Encode turns numbers into stored samples, rounding to the nearest step of
// the valid bits (ties to even) and clipping at full scale; NaN becomes 0 in
// PCM. Floats are stored as they are. dst must hold len(src)*SampleBytes bytes.
func Encode[T float32 | float64](dst []byte, src []T, f Format) {
	dst = dst[:len(src)*f.SampleBytes]
	switch {
	case f.BigEndian:
		encodeBigEndian(dst, src, f)
	case f.Encoding == Float && f.SampleBytes == 4:
		if s, ok := any(src).([]float32); ok {
			for i, v := range s {
				binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
			}
			return
		}
		for i, v := range src {
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(float32(v)))
		}
	case f.Encoding == Float:
		if s, ok := any(src).([]float64); ok {
			for i, v := range s {
				binary.LittleEndian.PutUint64(dst[8*i:], math.Float64bits(v))
			}
			return
		}
		for i, v := range src {
			binary.LittleEndian.PutUint64(dst[8*i:], math.Float64bits(float64(v)))
		}
	default:
		encodePCM(dst, src, f)
	}
}

func encodePCM[T float32 | float64](dst []byte, src []T, f Format) {
	full := math.Ldexp(1, f.Bits-1)
	low, high := -full, full-1
	left := uint(8*f.SampleBytes - f.Bits)
	// Rounds to even, and leaves the number in the low bits, as an int32.
	const round = 3 << 51
	code := func(x T) int32 {
		v := float64(x) * full
		if !(v >= low) {
			v = low
			if x != x {
				v = 0
			}
		} else if v > high {
			v = high
		}
		return int32(math.Float64bits(v+round)) << left
	}
	switch f.SampleBytes {
	case 1:
		for i, x := range src {
			dst[i] = byte(code(x) + 128)
		}
	case 2:
		for i, x := range src {
			binary.LittleEndian.PutUint16(dst[2*i:], uint16(code(x)))
		}
	case 3:
		for len(src) > 1 { // what is too much of four bytes is written over by the next sample
			binary.LittleEndian.PutUint32(dst, uint32(code(src[0])))
			dst, src = dst[3:], src[1:]
		}
		for _, x := range src {
			n := code(x)
			dst[0], dst[1], dst[2] = byte(n), byte(n>>8), byte(n>>16)
		}
	default:
		for i, x := range src {
			binary.LittleEndian.PutUint32(dst[4*i:], uint32(code(x)))
		}
	}
}

func encodeBigEndian[T float32 | float64](dst []byte, src []T, f Format) {
	f.BigEndian = false
	var turned [8]byte
	for i := range src {
		d := dst[i*f.SampleBytes : (i+1)*f.SampleBytes]
		Encode(turned[:len(d)], src[i:i+1], f)
		reverse(d, turned[:len(d)])
	}
}

func reverse(dst, src []byte) {
	for i, b := range src {
		dst[len(src)-1-i] = b
	}
}
