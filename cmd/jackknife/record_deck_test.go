package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"jackknife/editor/loudness"
	"jackknife/wav"
)

// TestPreRoll: what is drained are the last bytes that were added.
func TestPreRoll(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 8, 800} {
		r := preRoll{size: size}
		for range 20 {
			var all []byte
			for range random.IntN(30) {
				block := make([]byte, 8*random.IntN(60))
				for i := range block {
					block[i] = byte(random.Uint32())
				}
				all = append(all, block...)
				r.add(block)
			}
			if got, want := r.drain(), all[max(0, len(all)-size):]; !bytes.Equal(got, want) {
				t.Fatalf("size %d: %d bytes, want the last %d of %d", size, len(got), len(want), len(all))
			}
		}
	}
}

// TestDither: between two steps the mean is right and the error's power does
// not depend on the signal (a quarter of a step squared: 1/12 + 1/6).
func TestDither(t *testing.T) {
	const n = 200_000
	f := wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2}
	noise := rand.New(rand.NewPCG(5, 6))
	for _, offset := range []float64{0, 0.1, 0.25, 0.5, 0.9} {
		values := make([]float64, n)
		for i := range values {
			values[i] = (100 + offset) / (1 << 15)
		}
		dither(values, f.Bits, noise)
		raw := make([]byte, n*f.SampleBytes)
		wav.Encode(raw, values, f)
		wav.Decode(values, raw, f)
		var sum, power float64
		for _, v := range values {
			e := v*(1<<15) - 100 - offset
			sum += e
			power += e * e
		}
		if mean := sum / n; math.Abs(mean) > 0.01 {
			t.Errorf("offset %v: off by %v steps", offset, mean)
		}
		if power /= n; math.Abs(power-0.25) > 0.01 {
			t.Errorf("offset %v: error power %v, want 0.25", offset, power)
		}
	}
}

func TestMeter(t *testing.T) {
	block := make([]byte, 0, 4*2*4)
	for _, v := range []float32{0.5, 0, -0.5, 1, 0.5, -1, -0.5, 0.25} {
		block = append(block, encodeFloat(v)...)
	}
	m := make([]meter, 2)
	loud := loudness.NewMomentary(48000)
	m[0].loud = &loud
	if loud := measure(m, block); loud != 1 {
		t.Errorf("loudest %v", loud)
	}
	if m[0].peak != 0.5 || m[0].square != 1 || m[0].clips != 0 || m[1].clips != 2 || m[1].top != 1 {
		t.Errorf("meters %+v", m)
	}
	// What is no number is none, and no level; infinity is a clip.
	m = make([]meter, 1)
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	if loud := measure(m, slices.Concat(encodeFloat(nan), encodeFloat(-0.25), encodeFloat(nan))); loud != 0.25 || m[0].clips != 0 {
		t.Errorf("loudest %v beside no number, meter %+v", loud, m[0])
	}
	if loud := measure(m, encodeFloat(inf)); !math.IsInf(loud, 1) || m[0].clips != 1 {
		t.Errorf("loudest %v, meter %+v", loud, m[0])
	}
}

// TestClips: a sample at full scale is seen wherever it stands, and one just
// below is not.
func TestClips(t *testing.T) {
	below := math.Nextafter32(fullScale, 0)
	for n := range 6 {
		for at := range n {
			for _, v := range []float32{fullScale, -fullScale, 1, -2, float32(math.Inf(1)), below, -below, 0.5, 0} {
				var block []byte
				for i := range n {
					w := float32(-0.25)
					if i == at {
						w = v
					}
					block = append(block, encodeFloat(w)...)
				}
				if want := math.Abs(float64(v)) >= fullScale; clips(block) != want {
					t.Errorf("%v as number %d of %d: %v", v, at, n, !want)
				}
			}
		}
	}
}

// TestMeterLine: a sine of 1 kHz, 20 dB below full scale, as the user sees it.
func TestMeterLine(t *testing.T) {
	loud := loudness.NewMomentary(48000)
	m := []meter{{loud: &loud}}
	var block []byte
	for i := range 48000 {
		block = append(block, encodeFloat(float32(0.1*math.Sin(2*math.Pi*997*float64(i)/48000)))...)
	}
	measure(m, block)
	const want = "voice    [=======   ] -20.0 dB  rms -23.0  LUFS-M -23.0  max -20.0"
	if got := m[0].line("voice", 72); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	measure(m, encodeFloat(-1))
	if got := m[0].line("voice", 72); !strings.HasSuffix(got, "max   0.0  CLIP") || len(got) > 78 {
		t.Errorf("%q after a clip", got)
	}
}

func encodeFloat(v float32) []byte {
	b := make([]byte, 4)
	wav.Encode(b, []float32{v}, wav.Format{Bits: 32, SampleBytes: 4, Encoding: wav.Float})
	return b
}

func TestParts(t *testing.T) {
	r := recording{split: true, bits: 24}
	channels := []channel{{track: "host"}, {track: "music"}, {track: "music"}, {}}
	var got []string
	for _, p := range r.parts("dir/take.wav", channels, 48000) {
		got = append(got, p.file+string(rune('0'+p.first))+string(rune('0'+p.format.Channels)))
	}
	want := []string{"dir/take-host.wav01", "dir/take-music.wav12", "dir/take-4.wav31"}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("%q, want %q", got, want)
	}
}
