package loudness

import (
	"math"
	"testing"
)

// TestWeightingOfTheStandard compares with the coefficients that BS.1770-5
// prints for 48 kHz.
func TestWeightingOfTheStandard(t *testing.T) {
	w := NewWeighting(48000)
	for _, c := range []struct{ got, want float64 }{
		{w.shelf.b0, 1.53512485958697}, {w.shelf.b1, -2.69169618940638}, {w.shelf.b2, 1.19839281085285},
		{w.shelf.a1, -1.69065929318241}, {w.shelf.a2, 0.73248077421585},
		{w.pass.b0, 1}, {w.pass.b1, -2}, {w.pass.b2, 1},
		{w.pass.a1, -1.99004745483398}, {w.pass.a2, 0.99007225036621},
	} {
		if math.Abs(c.got-c.want) > 1e-8 {
			t.Errorf("coefficient %.14f, the standard has %.14f", c.got, c.want)
		}
	}
}

// TestMomentary: a sine of 997 Hz at full scale is -3.01 LUFS in one channel
// (BS.1770-5, annex 1), whatever the rate; 20 dB less is 20 LU less; it takes
// 400 ms to get there and to go.
func TestMomentary(t *testing.T) {
	for _, rate := range []int{44100, 48000, 96000, 192000} {
		m := NewMomentary(rate)
		add := func(ms int, level float64) {
			for i := range rate * ms / 1000 {
				m.Add(level * math.Sin(2*math.Pi*997*float64(i)/float64(rate)))
			}
		}
		if !math.IsInf(m.LUFS(), -1) {
			t.Errorf("%d Hz: %v LUFS of nothing", rate, m.LUFS())
		}
		add(1000, 1)
		if got := m.LUFS(); math.Abs(got+3.01) > 0.05 {
			t.Errorf("%d Hz: %.3f LUFS, want -3.01", rate, got)
		}
		add(200, 0)
		if got := m.LUFS(); math.Abs(got+6.02) > 0.05 {
			t.Errorf("%d Hz: %.3f LUFS half way, want -6.02", rate, got)
		}
		m.Add(math.NaN())
		add(1000, 0.1)
		if got := m.LUFS(); math.Abs(got+23.01) > 0.05 {
			t.Errorf("%d Hz: %.3f LUFS, want -23.01", rate, got)
		}
	}
}
