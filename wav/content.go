package wav

import (
	"context"
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
		s := samples[:n*channels]
		Decode(s, piece[:n*r.format.FrameBytes()], r.format)
		sounding := -1
		for i, v := range s {
			v = math.Abs(v)
			switch {
			case !(v <= math.MaxFloat64):
				if c.NotFinite++; c.NotFinite == 1 {
					c.FirstAt = at + int64(i/channels)
				}
			case v > c.Peak:
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
