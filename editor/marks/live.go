package marks

import (
	"encoding/binary"
	"math"

	"jackknife/editor/hear"
)

// Live finds marks in sound while it comes, by what Find finds in the last seconds of
// it. It serves one goroutine.
type Live struct {
	channels int
	rateHz   int
	x        [][]float64 // of every channel, the last seconds
	end      int64       // frames that came
	looked   int64       // of these when it was last looked
	told     int64       // the end of the last mark
}

// How much of the sound is looked at, how often, and how long after a mark it is
// told: a clicker may turn out to be the first of three claps.
const (
	liveSeconds = 8
	liveEvery   = 1
	liveWait    = 1.5
)

// NewLive listens to interleaved channels.
func NewLive(channels, rateHz int) *Live {
	return &Live{channels: channels, rateHz: rateHz, x: make([][]float64, channels)}
}

// Add takes whole frames of 32-bit float samples, little-endian, and returns the marks
// that have come to light: spans are frames from the first that was added.
func (l *Live) Add(p []byte) ([]Mark, error) {
	var all []Mark
	for len(p) > 0 {
		n := min(len(p)/(4*l.channels), int(l.looked+int64(liveEvery*l.rateHz)-l.end))
		for c := range l.x {
			for i := range n {
				v := float64(math.Float32frombits(binary.LittleEndian.Uint32(p[4*(i*l.channels+c):])))
				if v-v != 0 { // not a number
					v = 0
				}
				l.x[c] = append(l.x[c], v)
			}
			if more := len(l.x[c]) - (liveSeconds+liveEvery)*l.rateHz; more > 0 {
				l.x[c] = append(l.x[c][:0], l.x[c][liveEvery*l.rateHz:]...)
			}
		}
		l.end += int64(n)
		p = p[4*n*l.channels:]
		if l.end-l.looked == int64(liveEvery*l.rateHz) {
			found, err := l.look(liveWait)
			if err != nil {
				return all, err
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

// Finish returns the marks of the last moments.
func (l *Live) Finish() ([]Mark, error) { return l.look(0) }

// look finds the marks that are not told yet and ended some seconds ago, in the
// channel with the highest peak.
func (l *Live) look(wait float64) ([]Mark, error) {
	l.looked = l.end
	best, top := 0, -1.0
	for c, x := range l.x {
		for _, v := range x {
			if v = math.Abs(v); v > top {
				best, top = c, v
			}
		}
	}
	h := hear.Hold(l.x[best], l.rateHz)
	found, err := Find(h)
	if err != nil {
		return nil, err
	}
	first := l.end - h.Frames
	var fresh []Mark
	for _, m := range found {
		m.Start, m.End = m.Start+first, m.End+first
		if m.Start < l.told || m.End > l.end-int64(wait*float64(l.rateHz)) {
			continue
		}
		l.told = m.End
		fresh = append(fresh, m)
	}
	return fresh, nil
}
