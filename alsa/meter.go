package alsa

import (
	"fmt"
	"math"
	"time"
)

// MeterNames are the names of the peak meters of an ICE1712 in the order of the
// element's values: what is played, the inputs, the mix. The first two groups
// are measured before the monitor mixer's faders, the mix after them.
func MeterNames() []string {
	var names []string
	for i := range 10 {
		names = append(names, fmt.Sprint("pcm", i+1))
	}
	for i := range 8 {
		names = append(names, inputName(i))
	}
	return append(names, sideName(0), sideName(1), "mix-l", "mix-r")
}

// Peaks finds the element of the peak meters; nil when the card has none.
func Peaks(elements []*Element) *Element {
	for _, e := range elements {
		if e.Name == peakName && e.Count == len(MeterNames()) {
			return e
		}
	}
	return nil
}

// PeakDB is the level of a peak: the top 8 bits of the highest sample since the
// last reading, 255 being full scale.
func PeakDB(v int64) float64 {
	if v <= 0 {
		return math.Inf(-1)
	}
	return 20 * math.Log10(float64(v)/255)
}

// Meter follows peaks as an eye can: it rises at once, falls slowly, holds the
// highest for a while, and keeps the highest of all in Top. The zero Meter is at
// 0 dB; start with NewMeter.
type Meter struct {
	Level, Hold, Top float64 // dB
	held             time.Duration
}

const (
	meterFall = 20.0 // dB a second
	meterHold = 1500 * time.Millisecond
)

// NewMeter returns a meter at rest.
func NewMeter() Meter {
	rest := math.Inf(-1)
	return Meter{Level: rest, Hold: rest, Top: rest}
}

// Feed gives the meter the peak of the time since the last one.
func (m *Meter) Feed(db float64, since time.Duration) {
	m.Level = max(db, m.Level-meterFall*since.Seconds())
	m.Top = max(db, m.Top)
	m.held += since
	if db >= m.Hold || m.held >= meterHold {
		m.Hold, m.held = m.Level, 0
	}
}
