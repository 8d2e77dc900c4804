package alsa

import (
	"math"
	"testing"
	"time"
)

func TestPeakDB(t *testing.T) {
	for v, want := range map[int64]float64{255: 0, 228: -1, 181: -3, 128: -6, 64: -12, 16: -24, 1: -48.1} {
		if got := PeakDB(v); math.Abs(got-want) > 0.06 {
			t.Errorf("%d is %v dB, want %v", v, got, want)
		}
	}
	if !math.IsInf(PeakDB(0), -1) {
		t.Error("0 is no silence")
	}
}

func TestMeter(t *testing.T) {
	m := NewMeter()
	const tick = 40 * time.Millisecond
	m.Feed(-6, tick)
	if m.Level != -6 || m.Hold != -6 {
		t.Errorf("rises to %+v", m)
	}
	silence := math.Inf(-1)
	for range 25 {
		m.Feed(silence, tick)
	}
	if math.Abs(m.Level+26) > 1e-9 || m.Hold != -6 {
		t.Errorf("after a second %+v", m)
	}
	m.Feed(-10, tick)
	if m.Level != -10 || m.Hold != -6 {
		t.Errorf("below the hold %+v", m)
	}
	for range 12 {
		m.Feed(silence, tick)
	}
	if m.Hold >= -10 || m.Hold != m.Level {
		t.Errorf("the hold ends %+v", m)
	}
}
