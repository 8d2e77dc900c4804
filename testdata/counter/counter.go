// Package counter makes and checks the counting signal, which shows frame by
// frame what a recorder lost, doubled or mixed up: channel c carries at frame n
// the value ((n + c*2^19) mod 2^23 - 2^22) / 2^22, exact in float32 and in
// 24-bit PCM.
package counter

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	period = 1 << 23
	shift  = 19
)

// Sample is the signal's value.
func Sample(frame int64, channel int) float32 {
	v := (frame + int64(channel)<<shift) & (period - 1)
	return float32(v-period/2) / (period / 2)
}

// Run is a run of frames of a recording.
type Run struct{ At, Frames int64 }

// Slip is a place where the recording is not where the count is: By frames
// ahead (frames are missing and nothing stands for them) or, negative, behind
// (frames are doubled or too much silence stands there).
type Slip struct{ At, By int64 }

// Skip is a place in the count where frames of the server's clock went by that
// the source did not play.
type Skip struct{ At, Frames int64 }

// Sound is a run of the signal in a recording.
type Sound struct {
	At     int64 // frame of the recording
	Count  int64 // of its first frame, counted on past 2^23
	Frames int64
}

// Check reads a recording of the signal, piece by piece. It holds no audio.
type Check struct {
	Channels int
	Frames   int64  // checked so far
	First    int64  // frame of the recording where the signal begins, -1 before
	Origin   int64  // count that the signal begins with, modulo 2^23
	Silent   []Run  // silence after that
	Slips    []Slip // where the count does not go on
	Mixed    int64  // frames whose channels do not belong together
	Sounds   []Sound

	next   int64 // the count that the next frame should carry
	silent bool  // the frame before was
}

// Astray are the places where a recording is not where the server's clock was
// when the source played, by as much: frames are missing and nothing, or too
// little, stands for them (By > 0), or too much does (By < 0). What the source
// itself skipped must stand in the recording as silence, as all that is lost.
func (c *Check) Astray(skips []Skip) []Slip {
	var slips []Slip
	var skipped, behind int64 // of the source so far; the recording behind the clock
	for i, s := range c.Sounds {
		for ; len(skips) > 0 && skips[0].At <= s.Count; skips = skips[1:] {
			skipped += skips[0].Frames
		}
		now := s.Count + skipped - s.At
		if i > 0 && now != behind {
			slips = append(slips, Slip{At: s.At, By: now - behind})
		}
		behind = now
		for ; len(skips) > 0 && skips[0].At < s.Count+s.Frames; skips = skips[1:] {
			slips = append(slips, Slip{At: s.At + skips[0].At - s.Count, By: skips[0].Frames})
			skipped += skips[0].Frames
			behind += skips[0].Frames
		}
	}
	return slips
}

// near is how far apart two clients may see the clock jump that were held up
// together: not always in the same cycle, though by the same length.
const near = 4096

// InPlace is nil where every frame of a recording is where the server's clock
// was when the source played it, with silence for all that is missing.
func (c *Check) InPlace(skips []Skip) error {
	var by, since int64
	for _, slip := range c.Astray(skips) {
		if by == 0 {
			since = slip.At
		}
		by += slip.By
		if slip.At-since > near {
			return fmt.Errorf("frame %d: astray by %d, since frame %d", slip.At, slip.By, since)
		}
	}
	if by != 0 {
		return fmt.Errorf("frame %d: astray by %d from there on", since, by)
	}
	return nil
}

// NewCheck checks recordings with so many channels.
func NewCheck(channels int) *Check { return &Check{Channels: channels, First: -1} }

// Write takes interleaved float32 little-endian frames, whole frames only.
func (c *Check) Write(p []byte) (int, error) {
	frame := 4 * c.Channels
	if len(p)%frame != 0 {
		return 0, fmt.Errorf("%d bytes are not whole frames of %d", len(p), frame)
	}
	for b := p; len(b) > 0; b = b[frame:] {
		c.frame(b[:frame])
	}
	return len(p), nil
}

func (c *Check) frame(b []byte) {
	silent, mixed := true, false
	var count int64
	for ch := range c.Channels {
		v := math.Float32frombits(binary.LittleEndian.Uint32(b[4*ch:]))
		k := (int64(v*(period/2)) + period/2 - int64(ch)<<shift) & (period - 1)
		if ch == 0 {
			count = k
		}
		silent = silent && v == 0
		mixed = mixed || k != count
	}
	by := (count - c.next) & (period - 1)
	if by >= period/2 {
		by -= period
	}
	switch {
	case silent && !(c.Channels == 1 && c.First >= 0 && by == 0 && count == period/2):
		if c.First >= 0 {
			c.silence()
		}
		c.silent = true
	case mixed:
		c.Mixed++
	case c.First < 0:
		c.First, c.Origin, c.next = c.Frames, count, count
		c.sound(true)
	default:
		if by != 0 {
			c.Slips = append(c.Slips, Slip{At: c.Frames, By: by})
			c.next += by
		}
		c.sound(by != 0 || c.silent)
	}
	c.Frames++
	c.next++
}

func (c *Check) sound(begins bool) {
	c.silent = false
	if begins {
		c.Sounds = append(c.Sounds, Sound{At: c.Frames, Count: c.next})
	}
	c.Sounds[len(c.Sounds)-1].Frames++
}

func (c *Check) silence() {
	if n := len(c.Silent); n > 0 && c.Silent[n-1].At+c.Silent[n-1].Frames == c.Frames {
		c.Silent[n-1].Frames++
		return
	}
	c.Silent = append(c.Silent, Run{At: c.Frames, Frames: 1})
}
