package editor

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// TestSeamKeepsPower: through the crossfade the power neither dips nor swells,
// whatever the two sides have in common.
func TestSeamKeepsPower(t *testing.T) {
	const frames, times = 1440, 300
	rng := rand.New(rand.NewPCG(1, 2))
	for _, r := range []float64{0, 0.3, 0.7, 1, -0.3} {
		power := make([]float64, 3) // first, middle and last tenth
		for range times {
			a, b := make([]float64, frames), make([]float64, frames)
			for i := range a {
				x, y := rng.NormFloat64(), rng.NormFloat64()
				a[i], b[i] = x, r*x+math.Sqrt(1-r*r)*y
			}
			newFade(frames).seam(a, b, 1)
			for k, from := range []int{0, frames * 45 / 100, frames * 9 / 10} {
				for _, v := range a[from : from+frames/10] {
					power[k] += v * v / (frames / 10) / times
				}
			}
		}
		for k, p := range power {
			if db := 10 * math.Log10(p); math.Abs(db) > 0.2 {
				t.Errorf("r = %v: part %d at %.2f dB", r, k, db)
			}
		}
	}
}

// TestSeamOfTheSame: a crossfade of a sound with itself is that sound, direct
// current included.
func TestSeamOfTheSame(t *testing.T) {
	const frames = 480
	rng := rand.New(rand.NewPCG(1, 3))
	want := make([]float64, 2*frames)
	for i := range want {
		want[i] = 0.01*rng.NormFloat64() + 0.2
	}
	a, b := make([]float64, 2*frames), make([]float64, 2*frames)
	copy(a, want)
	copy(b, want)
	newFade(frames).seam(a, b, 2)
	for i := range a {
		if math.Abs(a[i]-want[i]) > 1e-12 {
			t.Fatalf("sample %d is %v, want %v", i, a[i], want[i])
		}
	}
}

// TestSeamLeadsDirectCurrent: from one offset to another without a step.
func TestSeamLeadsDirectCurrent(t *testing.T) {
	const frames = 480
	a, b := make([]float64, frames), make([]float64, frames)
	for i := range a {
		a[i], b[i] = 0.1, -0.1
	}
	newFade(frames).seam(a, b, 1)
	last := 0.1
	for i, v := range a {
		if v > last+1e-12 || last-v > 0.2*math.Pi/frames {
			t.Fatalf("frame %d goes from %v to %v", i, last, v)
		}
		last = v
	}
	if last > -0.0999 {
		t.Errorf("ends at %v", last)
	}
}

// TestCutOfWholePeriods: where the two sides of a cut are the same sound, the
// joint cannot be told from it.
func TestCutOfWholePeriods(t *testing.T) {
	const n, period = 20000, 100
	sine := func(i int64) int32 { return int32(math.Round(1e9 * math.Sin(2*math.Pi*float64(i%period)/period))) }
	x := make([]int32, n)
	for i := range x {
		x[i] = sine(int64(i))
	}
	take := memoryTake(t, 48000, x)
	pauses := []Pause{{Span: Span{1000, 19000}, Heard: Span{900, 19100}, At: 10000}}
	out := render(t, take, List{{Span: Span{5030, 5030 + 50*period}}}, pauses, func() bool { return true })
	if len(out) != 4*(n-50*period) {
		t.Fatalf("%d bytes", len(out))
	}
	for i := range int64(len(out) / 4) {
		got := int32(binary.LittleEndian.Uint32(out[4*i:]))
		if d := int64(got) - int64(sine(i)); d < -2 || d > 2 {
			t.Fatalf("frame %d is %d, want %d", i, got, sine(i))
		}
	}
}

// TestSeamOpposite: opposite sounds do not blow up the noise between them.
func TestSeamOpposite(t *testing.T) {
	a, b := make([]float64, 480), make([]float64, 480)
	for i := range a {
		a[i] = math.Sin(float64(i))
		b[i] = -a[i]
	}
	newFade(480).seam(a, b, 1)
	for i, v := range a {
		if !(math.Abs(v) <= math.Sqrt2) {
			t.Fatalf("frame %d is %v", i, v)
		}
	}
}
