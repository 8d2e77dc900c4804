package editor

import (
	"context"
	"errors"
	"io"
	"math"

	"jackknife/wav"
)

// Comparison is how a take stands in a recording of it.
type Comparison struct {
	// Offset is the frame of the recording at which the take begins; negative
	// if the recording begins inside the take.
	Offset int64
	// Compared and Equal count the frames of the take that have a counterpart
	// and those of them that are the same in every channel.
	Compared, Equal int64
	// Missing counts the frames of the take outside the recording.
	Missing int64
	// FirstDifference is a frame of the take, -1 if there is none.
	FirstDifference int64
}

// ErrNotFound says that the loudest moment of the take is nowhere in the recording.
var ErrNotFound = errors.New("the take does not occur in the recording")

const (
	anchorFrames = 256
	pieceFrames  = 1 << 15
)

// Compare finds take in recording and compares them frame by frame, by value:
// a 16-bit take equals its float recording. Both must have the same number of
// channels and the same rate. The place is found by the take's loudest
// moment, which must occur exactly.
func Compare(ctx context.Context, take, recording *wav.Reader) (Comparison, error) {
	c := Comparison{FirstDifference: -1}
	if a, b := take.Format(), recording.Format(); a.Channels != b.Channels || a.RateHz != b.RateHz {
		return c, errors.New("the two files differ in rate or number of channels")
	}
	at, anchor, err := loudest(ctx, take)
	if err != nil {
		return c, err
	}
	found, err := find(ctx, recording, anchor)
	if err != nil {
		return c, err
	}
	c.Offset = found - at
	from := max(0, -c.Offset)
	to := min(take.Frames(), recording.Frames()-c.Offset)
	c.Missing = take.Frames() - max(0, to-from)
	channels := take.Format().Channels
	a, b := newFrameReader(take), newFrameReader(recording)
	for pos := from; pos < to; {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		n := int(min(pieceFrames, to-pos))
		x, err := a.read(pos, n)
		if err != nil {
			return c, err
		}
		y, err := b.read(pos+c.Offset, n)
		if err != nil {
			return c, err
		}
		for i := range n {
			equal := true
			for k := i * channels; k < (i+1)*channels; k++ {
				equal = equal && x[k] == y[k]
			}
			c.Compared++
			if equal {
				c.Equal++
			} else if c.FirstDifference < 0 {
				c.FirstDifference = pos + int64(i)
			}
		}
		pos += int64(n)
	}
	return c, nil
}

// loudest returns the frames around the highest peak of r.
func loudest(ctx context.Context, r *wav.Reader) (int64, []float64, error) {
	channels := r.Format().Channels
	f := newFrameReader(r)
	peak, at := -1.0, int64(0)
	for pos := int64(0); pos < r.Frames(); pos += pieceFrames {
		if err := ctx.Err(); err != nil {
			return 0, nil, err
		}
		x, err := f.read(pos, int(min(pieceFrames, r.Frames()-pos)))
		if err != nil {
			return 0, nil, err
		}
		for k, v := range x {
			if v := math.Abs(v); v > peak {
				peak, at = v, pos+int64(k/channels)
			}
		}
	}
	n := min(anchorFrames, r.Frames())
	at = max(0, min(at-n/2, r.Frames()-n))
	x, err := f.read(at, int(n))
	return at, append([]float64(nil), x...), err
}

// find returns the frame of r at which the frames of anchor stand.
func find(ctx context.Context, r *wav.Reader, anchor []float64) (int64, error) {
	channels := r.Format().Channels
	n := int64(len(anchor) / channels)
	if n == 0 {
		return 0, ErrNotFound
	}
	f := newFrameReader(r)
	for pos := int64(0); pos+n <= r.Frames(); pos += pieceFrames {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		x, err := f.read(pos, int(min(pieceFrames+n-1, r.Frames()-pos)))
		if err != nil {
			return 0, err
		}
	place:
		for i := 0; i+len(anchor) <= len(x); i += channels {
			for k, v := range anchor {
				if x[i+k] != v {
					continue place
				}
			}
			return pos + int64(i/channels), nil
		}
	}
	return 0, ErrNotFound
}

// frameReader reads decoded frames into buffers of its own.
type frameReader struct {
	r       *wav.Reader
	raw     []byte
	samples []float64
}

func newFrameReader(r *wav.Reader) *frameReader { return &frameReader{r: r} }

// read returns n frames at pos, interleaved; they hold until the next call.
func (f *frameReader) read(pos int64, n int) ([]float64, error) {
	format := f.r.Format()
	if need := n * format.FrameBytes(); cap(f.raw) < need {
		f.raw = make([]byte, need)
		f.samples = make([]float64, n*format.Channels)
	}
	raw, samples := f.raw[:n*format.FrameBytes()], f.samples[:n*format.Channels]
	for got := 0; got < n; {
		k, err := f.r.ReadFrames(raw[got*format.FrameBytes():], pos+int64(got))
		got += k
		if got < n && (err != nil || k == 0) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	wav.Decode(samples, raw, format)
	return samples, nil
}
