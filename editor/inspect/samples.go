package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"jackknife/editor"
	"jackknife/editor/hear"
	"jackknife/wav"
)

// samples finds what is wrong with single samples of any channel: clipping,
// peaks between samples, dropouts, digital silence, DC.
func samples(ctx context.Context, take *wav.Reader, h *hear.Heard) ([]Blemish, error) {
	f := take.Format()
	const block = 1 << 15
	raw := make([]byte, block*f.FrameBytes())
	all := make([]float32, block*f.Channels)
	channels := make([]channel, f.Channels)
	for c := range channels {
		channels[c] = channel{h: h, full: full(f), between: halfway()}
	}
	for at := int64(0); at < h.Frames; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := take.ReadFrames(raw, at)
		if n == 0 {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("frame %d: %w", at, err)
		}
		wav.Decode(all[:n*f.Channels], raw[:n*f.FrameBytes()], f)
		for c := range channels {
			k := &channels[c]
			for i := range n {
				k.take(at+int64(i), all[i*f.Channels+c])
			}
		}
		at += int64(n)
	}
	var found []Blemish
	for c := range channels {
		channels[c].finish(h.Frames)
		for _, b := range channels[c].found {
			if f.Channels > 1 {
				b.Level += fmt.Sprintf(", channel %d", c+1)
			}
			found = append(found, b)
		}
	}
	return found, nil
}

// full is the value from which on a sample is at the converter's end.
func full(f wav.Format) float32 {
	if f.Encoding == wav.Float {
		return 0.9999
	}
	return float32(1 - 2.5/math.Exp2(float64(f.Bits-1)))
}

// channel looks at the samples of one channel, one after the other.
type channel struct {
	h       *hear.Heard
	full    float32
	between [8]float64
	found   []Blemish

	last [8]float32 // the samples before, the newest first
	sum  float64
	// Clipping: how many samples are at the end, how many runs there are.
	clipped, runs int
	clip          editor.Span
	over          float64 // the highest value between samples
	peak          editor.Span
	same          int64   // how long the value has not changed
	sameFrom      float64 // level of the 8 samples before that
}

// take looks at one sample. Runs of clipped ones within 50 ms are one blemish.
func (k *channel) take(at int64, v float32) {
	k.sum += float64(v)
	rate := int64(k.h.RateHz)
	if a := abs(v); a >= k.full {
		k.clipped++
		if k.clipped == 3 { // a run: two may be chance
			if at-k.clip.End > rate/20 {
				k.endClip()
			}
			if k.runs == 0 {
				k.clip.Start = at - 2
				if at-k.peak.End <= rate/20 {
					k.over = 0 // of the same loud place
				}
			}
			k.runs++
		}
		if k.clipped >= 3 {
			k.clip.End = at + 1
		}
	} else {
		k.clipped = 0
	}
	// Between the two middle ones of the last samples, where they are near full
	// scale: a half-sample shift by eight taps of a windowed sinc.
	if a, b := k.last[3], k.last[4]; abs(a) > 0.7 && abs(b) > 0.7 {
		var sum float64
		for i, w := range k.between {
			sum += w * float64(k.last[i])
		}
		if at-k.clip.End > rate/20 {
			k.endClip()
		}
		if sum = math.Abs(sum); sum > 1 && k.runs == 0 {
			if k.over > 0 && at-k.peak.End > rate/20 {
				k.endPeak()
			}
			if k.over == 0 {
				k.peak.Start = at - 4
			}
			k.over, k.peak.End = max(k.over, sum), at-3
		}
	}
	if v == k.last[0] && at > 0 {
		if k.same == 0 {
			var sum float64
			for i := 1; i < len(k.last); i++ {
				d := float64(k.last[i] - k.last[i-1])
				sum += d * d
			}
			k.sameFrom = math.Sqrt(sum / 7)
		}
		k.same++
	} else {
		k.endSame(at)
	}
	copy(k.last[1:], k.last[:7])
	k.last[0] = v
}

// halfway are the weights of eight samples for the value half way between the
// middle ones.
func halfway() (w [8]float64) {
	var sum float64
	for i := range w {
		x := float64(i) - 3.5
		w[i] = math.Sin(math.Pi*x) / (math.Pi * x) * (0.5 + 0.5*math.Cos(math.Pi*x/4.5))
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

func abs(v float32) float32 {
	if v < 0 {
		return -v
	}
	return v
}

func (k *channel) endClip() {
	if k.runs > 0 {
		b := Blemish{Span: k.clip, Kind: Clipping, Severity: 2, Level: counted(k.runs, "run", "runs")}
		if k.runs > 5 {
			b.Severity = 3
		}
		k.found = append(k.found, b)
	}
	k.runs = 0
}

func (k *channel) endPeak() {
	if k.over > 0 {
		k.found = append(k.found, Blemish{Span: k.peak, Kind: Peak, Severity: 1, Level: fmt.Sprintf("%+.1f dBFS", 20*math.Log10(k.over))})
	}
	k.over = 0
}

// endSame ends a run of equal samples before the frame at. A hole of more than
// 1 ms that the sound falls into is a dropout; from 200 ms on, silence.
func (k *channel) endSame(at int64) {
	n, rate := k.same, int64(k.h.RateHz)
	k.same = 0
	if n < max(rate/1000, 24) {
		return
	}
	s := editor.Span{Start: at - n - 1, End: at}
	length := fmt.Sprintf("%.0f ms", float64(s.Len())*1000/float64(rate))
	switch {
	case s.Start <= 0 || at == k.h.Frames: // before and after a take nothing is
		if n >= rate/5 {
			k.found = append(k.found, Blemish{Span: editor.Span{Start: max(0, s.Start), End: at}, Kind: Silence, Severity: 1, Level: length})
		}
	case n >= rate/5:
		k.found = append(k.found, Blemish{Span: s, Kind: Silence, Severity: 2, Level: length})
	case n >= rate/100 || k.sameFrom > 0.001:
		k.found = append(k.found, Blemish{Span: s, Kind: Dropout, Severity: 3, Level: length})
	}
}

func (k *channel) finish(frames int64) {
	k.endClip()
	k.endPeak()
	k.endSame(frames)
	if mean := k.sum / float64(frames); math.Abs(mean) > 0.001 {
		b := Blemish{Span: editor.Span{Start: 0, End: frames}, Kind: DC, Severity: 1, Level: fmt.Sprintf("%.2f %% of full scale", 100*mean)}
		if math.Abs(mean) > 0.01 {
			b.Severity = 2
		}
		k.found = append(k.found, b)
	}
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
