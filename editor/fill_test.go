package editor

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"

	"jackknife/wav"
)

// rooms are backgrounds at about -60 dBFS, 48 kHz.
var rooms = []struct {
	name string
	make func(x []float64, rng *rand.Rand)
}{
	{"hiss", func(x []float64, rng *rand.Rand) {
		for i := range x {
			x[i] = rng.NormFloat64() * 1e-3
		}
	}},
	{"room", func(x []float64, rng *rand.Rand) { // low-passed at about 800 Hz over some hiss
		low := 0.0
		for i := range x {
			low += 0.1 * (rng.NormFloat64() - low)
			x[i] = low*4e-3 + rng.NormFloat64()*2e-4
		}
	}},
	{"hum", func(x []float64, rng *rand.Rand) {
		for i := range x {
			t := 2 * math.Pi * float64(i) / 48000
			x[i] = rng.NormFloat64()*5e-4 + 1e-3*math.Sin(50*t) + 5e-4*math.Sin(150*t+1)
		}
	}},
	{"offset", func(x []float64, rng *rand.Rand) {
		for i := range x {
			x[i] = rng.NormFloat64()*1e-3 + 0.01
		}
	}},
}

func roomTake(t *testing.T, x []float64) *wav.Reader {
	y := make([]int32, len(x))
	for i, v := range x {
		y[i] = int32(math.Round(v * (1 << 31)))
	}
	return memoryTake(t, 48000, y)
}

// roomPauses are pauses of 0.9 s every 3 s; everything else stands for speech.
func roomPauses(frames int64) []Pause {
	var pauses []Pause
	for at := int64(48000); at+48000 <= frames; at += 3 * 48000 {
		p := Pause{Heard: Span{at, at + 43200}}
		p.Span = Span{at + 2880, at + 41760}
		p.At = at + 22000
		p.Tone = []Span{{at + 3840, at + 38000}}
		pauses = append(pauses, p)
	}
	return pauses
}

func renderFloats(t *testing.T, take *wav.Reader, l List, pauses []Pause) []float64 {
	t.Helper()
	out := render(t, take, l, pauses, func() bool { return true })
	f := take.Format()
	y := make([]float64, len(out)/f.SampleBytes)
	wav.Decode(y, out, f)
	return y
}

// TestFillsAreTheRoom: fills pass the gate of seamlessness, in every room.
func TestFillsAreTheRoom(t *testing.T) {
	for _, room := range rooms {
		t.Run(room.name, func(t *testing.T) {
			x := make([]float64, 40*48000)
			room.make(x, rand.New(rand.NewPCG(3, 3)))
			pauses := roomPauses(int64(len(x)))
			at := pauses[6].At
			const fill = 5 * 48000
			y := renderFloats(t, roomTake(t, x), List{{Span: Span{at, at}, Fill: fill}}, pauses)
			for _, fault := range faults(x, y, at, fill) {
				t.Error(fault)
			}
		})
	}
}

// TestGateCanFail: what is not room tone does not pass the gate.
func TestGateCanFail(t *testing.T) {
	x := make([]float64, 40*48000)
	rooms[2].make(x, rand.New(rand.NewPCG(3, 3)))
	at := roomPauses(int64(len(x)))[6].At
	const fill = 5 * 48000
	put := func(f func(i int) float64) []float64 {
		y := slices.Clone(x[:at])
		for i := range fill {
			y = append(y, f(i))
		}
		return append(y, x[at:]...)
	}
	rng := rand.New(rand.NewPCG(4, 4))
	for name, c := range map[string]struct {
		y    []float64
		want string
	}{
		"silence":     {put(func(int) float64 { return 0 }), "equal"},
		"loop":        {put(func(i int) float64 { return x[at-48000+int64(i%40000)] }), "repeats"},
		"louder":      {put(func(i int) float64 { return 1.15 * x[i+5000] }), "level"},
		"other sound": {put(func(i int) float64 { return rng.NormFloat64() * 1.25e-3 }), "octave"},
		"fluttering":  {put(func(i int) float64 { return x[i+5000] * (1 + 0.3*math.Sin(float64(i)/3000)) }), "flutters"},
		"hard splice": {put(func(i int) float64 { return x[i+5000] + 0.004 }), "step"},
	} {
		got := strings.Join(faults(x, c.y, at, fill), "; ")
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: faults %q, want one about %s", name, got, c.want)
		}
	}
}

// faults holds the fill of n frames at frame at of y against the room x around
// it, by facts that listeners notice.
func faults(x, y []float64, at, n int64) []string {
	var found []string
	fault := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	fill := y[at : at+n]
	near := x[at-2*48000 : at+2*48000]
	if d := math.Abs(20 * math.Log10(rms(fill)/rms(near))); !(d <= 0.5) {
		fault("level %.2f dB off", d)
	}
	if d := math.Abs(average(fill) - average(near)); d > 2e-4 {
		fault("direct current %.5f off", d)
	}
	if d := unsteadiness(fill) - unsteadiness(near); d > 0.3 {
		fault("flutters by %.2f dB more than the room", d)
	}
	if d := unsteadiness(bent(fill)) - unsteadiness(bent(near)); d > 0.3 {
		fault("its hiss flutters by %.2f dB more than the room's", d)
	}
	run := 1
	for i := 1; i < len(fill); i++ {
		if fill[i] != fill[i-1] {
			run = 0
		}
		if run++; run > 48 {
			fault("more than 1 ms of equal samples")
			break
		}
	}
	have, want := octaves(fill), octaves(x)
	for i := range have {
		if d := math.Abs(have[i] - want[i]); d > 1 {
			fault("octave %d is %.1f dB off", i, d)
		}
	}
	if p := periodicity(fill); p > 0.05 {
		fault("repeats itself: %.2f", p)
	}
	// The second difference shows clicks at the joints.
	body := bent(x)
	for i, v := range body {
		body[i] = math.Abs(v)
	}
	slices.Sort(body)
	limit := 1.3 * body[len(body)*999/1000]
	for _, joint := range []int64{at, at + 1440, at + n - 1440, at + n} {
		for i := joint - 96; i < joint+96; i++ {
			if d := math.Abs(y[i] - 2*y[i-1] + y[i-2]); d > limit {
				fault("a step at frame %d: %.2f times what the room has", i-at, d/limit)
			}
		}
	}
	return found
}

// unsteadiness is how far the level of 50 ms strays, in dB.
func unsteadiness(x []float64) float64 {
	var n, sum, squares float64
	for at := 0; at+2400 <= len(x); at += 2400 {
		db := 20 * math.Log10(rms(x[at:at+2400])+1e-9)
		n++
		sum += db
		squares += db * db
	}
	return math.Sqrt(squares/n - sum/n*sum/n)
}

// bent is the second difference: the hiss without the hum.
func bent(x []float64) []float64 {
	y := make([]float64, len(x)-2)
	for i := range y {
		y[i] = x[i] - 2*x[i+1] + x[i+2]
	}
	return y
}

func average(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func rms(x []float64) float64 {
	m, sum := average(x), 0.0
	for _, v := range x {
		sum += (v - m) * (v - m)
	}
	return math.Sqrt(sum / float64(len(x)))
}

// octaves is the level of the octaves from 94 Hz to 24 kHz in dB.
func octaves(x []float64) []float64 {
	const size = 4096
	fft := fourier.NewFFT(size)
	var power [size/2 + 1]float64
	y := make([]float64, size)
	for at := 0; at+size <= len(x); at += size / 2 {
		for i := range y {
			y[i] = x[at+i] * (0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/size))
		}
		for k, c := range fft.Coefficients(nil, y) {
			power[k] += real(c)*real(c) + imag(c)*imag(c)
		}
	}
	var bands []float64
	for from := 8; from < size/2; from *= 2 {
		sum := 0.0
		for _, p := range power[from : 2*from] {
			sum += p
		}
		bands = append(bands, 10*math.Log10(sum/float64(len(x))+1e-30))
	}
	return bands
}

// periodicity is the highest autocorrelation at lags from 150 ms to 2 s of
// what is above hum, averaged over 8 frames around so that chance is small.
func periodicity(x []float64) float64 {
	d := make([]float64, len(x)-1)
	for i := range d {
		d[i] = x[i+1] - x[i]
	}
	size := 1
	for size < 2*len(d) {
		size *= 2
	}
	fft := fourier.NewFFT(size)
	bins := fft.Coefficients(nil, append(d, make([]float64, size-len(d))...))
	for k, c := range bins {
		bins[k] = complex(real(c)*real(c)+imag(c)*imag(c), 0)
	}
	r := fft.Sequence(nil, bins)
	best := 0.0
	for lag := 7200; lag < 96000; lag++ {
		best = max(best, math.Abs(r[lag]/r[0])*float64(len(d))/float64(len(d)-lag))
	}
	return best
}

// TestFillBeginsAsTheTakeGoesOn: under its first seam the take goes on with
// what followed, under its last it comes in with what preceded.
func TestFillBeginsAsTheTakeGoesOn(t *testing.T) {
	x := make([]float64, 10*48000)
	rooms[0].make(x, rand.New(rand.NewPCG(2, 2)))
	pauses := roomPauses(int64(len(x)))
	a, b := pauses[1].At, pauses[1].At+4000
	y := renderFloats(t, roomTake(t, x), List{{Span: Span{a, b}, Fill: 48000}}, pauses)
	for i := range int64(5) { // the other side is at 1 % of full level by then
		if d := math.Abs(y[a+i] - x[a+i]); d > 1e-4 {
			t.Errorf("frame %d of the fill is %.6f away from the take", i, d)
		}
		if d := math.Abs(y[a+48000-1-i] - x[b-1-i]); d > 1e-4 {
			t.Errorf("frame %d from the end of the fill is %.6f away from the take", i, d)
		}
	}
}

// TestFillFollowsDrift: where the room grows louder across a pause, so does
// the fill.
func TestFillFollowsDrift(t *testing.T) {
	x := make([]float64, 20*48000)
	rng := rand.New(rand.NewPCG(5, 5))
	pauses := roomPauses(int64(len(x)))
	at := pauses[3].At
	for i := range x {
		x[i] = rng.NormFloat64() * 1e-3
		if int64(i) > at {
			x[i] *= 2
		}
	}
	const fill = 4 * 48000
	y := renderFloats(t, roomTake(t, x), List{{Span: Span{at, at}, Fill: fill}}, pauses)[at : at+fill]
	first, last := rms(y[:48000]), rms(y[fill-48000:])
	if r := 20 * math.Log10(last/first); r < 1.5 || r > 6 {
		t.Errorf("level rises by %.1f dB through the fill, want something near 3 dB", r)
	}
	if m := 20 * math.Log10(rms(y[fill/2-24000:fill/2+24000])/((first+last)/2)); math.Abs(m) > 0.5 {
		t.Errorf("level in the middle is %.2f dB off half the way from first to last", m)
	}
}

// TestShortTone: where there is little clean tone, or none, the fill is still
// at the room's level; in a take without any pause it is silent, and counted.
func TestShortTone(t *testing.T) {
	x := make([]float64, 10*48000)
	rooms[1].make(x, rand.New(rand.NewPCG(6, 6)))
	take := roomTake(t, x)
	at := int64(5 * 48000)
	l := List{{Span: Span{at, at}, Fill: 3 * 48000}}
	p := Pause{Span: Span{at - 12000, at + 12000}, Heard: Span{at - 14000, at + 13000}, At: at}
	for name, tone := range map[string][]Span{"120 ms": {{at - 2880, at + 2880}}, "none": nil} {
		p.Tone = tone
		y := renderFloats(t, take, l, []Pause{p})[at : at+3*48000]
		if d := math.Abs(20 * math.Log10(rms(y)/rms(x))); d > 2.5 {
			t.Errorf("%s: level %.1f dB off", name, d)
		}
		if r := periodicity(y); r > 0.05 {
			t.Errorf("%s: repeats itself: %.2f", name, r)
		}
	}
	var out bytes.Buffer
	r := NewRenderer(take, &out, 0)
	if err := r.Edit(context.Background(), l[0]); err != nil {
		t.Fatal(err)
	}
	res, err := r.Finish(context.Background())
	if err != nil || res.Silent != 1 {
		t.Fatalf("%d silent fills, want 1; %v", res.Silent, err)
	}
	if quiet := out.Bytes()[4*(at+1440) : 4*(at+3*48000-1440)]; bytes.Count(quiet, []byte{0}) != len(quiet) {
		t.Error("a fill without tone is not silent")
	}
}

// TestChannelsStayTogether: both channels are fetched from the same places, so
// that what comes from the middle stays in the middle.
func TestChannelsStayTogether(t *testing.T) {
	const frames = 10 * 48000
	rng := rand.New(rand.NewPCG(8, 8))
	data := make([]byte, 0, 4*frames)
	for range frames {
		v := int16(rng.NormFloat64() * 300)
		w := v / 2
		data = append(data, byte(v), byte(v>>8), byte(w), byte(w>>8))
	}
	take := takeOf(t, 48000, 2, 16, data)
	pauses := roomPauses(frames)
	at := pauses[1].At
	for name, tone := range map[string][]Span{"grains": pauses[1].Tone, "spectral": {{at - 4000, at + 4000}}} {
		p := pauses[1]
		p.Tone = tone
		y := renderFloats(t, take, List{{Span: Span{at, at}, Fill: 48000}}, []Pause{p})
		for i := at; i < at+48000; i++ {
			if d := math.Abs(y[2*i] - 2*y[2*i+1]); d > 4.0/(1<<15)*3 {
				t.Fatalf("%s: frame %d is %v left and %v right", name, i-at, y[2*i], y[2*i+1])
			}
		}
	}
}

// TestSeed: the same seed gives the same bytes, another one another fill, and
// two pauses of one take do not sound alike.
func TestSeed(t *testing.T) {
	x := make([]float64, 10*48000)
	rooms[0].make(x, rand.New(rand.NewPCG(9, 9)))
	take, pauses := roomTake(t, x), roomPauses(int64(len(x)))
	l := List{{Span: Span{pauses[0].At, pauses[0].At}, Fill: 48000}, {Span: Span{pauses[1].At, pauses[1].At}, Fill: 48000}}
	with := func(seed uint64) []byte {
		var out bytes.Buffer
		r := NewRenderer(take, &out, seed)
		for _, p := range pauses {
			if err := r.Pause(context.Background(), p); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range l {
			if err := r.Edit(context.Background(), e); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Finish(context.Background()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	a, b, c := with(1), with(1), with(2)
	if !bytes.Equal(a, b) {
		t.Error("the same seed gives other bytes")
	}
	if bytes.Equal(a, c) {
		t.Error("another seed gives the same bytes")
	}
	first := a[4*pauses[0].At:][:4*48000]
	second := a[4*(pauses[1].At+48000):][:4*48000]
	if bytes.Equal(first, second) {
		t.Error("two fills are the same")
	}
}
