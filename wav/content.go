package wav

import (
	"context"
	"encoding/binary"
	"io"
	"math"
)

// Content is what the samples of a take show.
type Content struct {
	Peak        float64 // largest magnitude; full scale is 1.0
	NotFinite   int64   // samples that are NaN or infinite: they are copied as they are, but no sound
	FirstAt     int64   // frame of the first of them
	BeyondScale int64   // float samples beyond full scale
	ZeroTail    int64   // frames of digital silence at the end: a power cut may leave them
}

// NotFinite counts the stored samples that are NaN or infinite, and says which is
// the first.
func NotFinite(raw []byte, f Format) (count int64, first int) {
	if f.Encoding != Float || f.SampleBytes == 4 && !f.BigEndian && finite(raw) {
		return 0, 0
	}
	size, top, next := f.SampleBytes, f.SampleBytes-1, f.SampleBytes-2 // the bytes with the exponent
	if f.BigEndian {
		top, next = 0, 1
	}
	low := byte(0xf0)
	if size == 4 {
		low = 0x80
	}
	for i := 0; i+size <= len(raw); i += size {
		if raw[i+top]&0x7f == 0x7f && raw[i+next]&low == low {
			if count++; count == 1 {
				first = i / size
			}
		}
	}
	return count, first
}

// finite reports whether all floats of 32 bits are numbers. It looks at two at a
// time: where all bits of an exponent are set, one more carries out of it.
func finite(raw []byte) bool {
	const exponents, ones, carries = 0x7f800000_7f800000, 0x00800000_00800000, 0x80000000_80000000
	var any uint64
	for ; len(raw) >= 8; raw = raw[8:] {
		any |= binary.LittleEndian.Uint64(raw)&exponents + ones
	}
	if len(raw) >= 4 {
		any |= uint64(binary.LittleEndian.Uint32(raw))&exponents + ones
	}
	return any&carries == 0
}

// Scan reads all samples once.
func (r *Reader) Scan(ctx context.Context) (Content, error) {
	channels := r.format.Channels
	piece := make([]byte, max(1, 64<<10/r.format.FrameBytes())*r.format.FrameBytes())
	samples := make([]float64, len(piece)/r.format.SampleBytes)
	var c Content
	for at := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		n, err := r.ReadFrames(piece, at)
		if err != nil && err != io.EOF {
			return c, err
		}
		s, raw := samples[:n*channels], piece[:n*r.format.FrameBytes()]
		Decode(s, raw, r.format)
		if count, first := NotFinite(raw, r.format); count > 0 {
			if c.NotFinite == 0 {
				c.FirstAt = at + int64(first/channels)
			}
			c.NotFinite += count
		}
		sounding := -1
		for i, v := range s {
			v = math.Abs(v)
			if v > c.Peak && v <= math.MaxFloat64 {
				c.Peak = v
			}
			if v > 1 {
				c.BeyondScale++
			}
			if v != 0 {
				sounding = i
			}
		}
		if sounding >= 0 {
			c.ZeroTail = int64(n - 1 - sounding/channels)
		} else {
			c.ZeroTail += int64(n)
		}
		at += int64(n)
		if err == io.EOF {
			return c, nil
		}
	}
}
