package wav

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// Every container with every width is read by others as it was written, and by
// us as what the take holds.
func TestTargets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(11, 12))
	const n = 3001
	for i, from := range formats() {
		if from.Channels != 2 && (testing.Short() || i%3 > 0) {
			continue
		}
		take := filepath.Join(dir, "take.wav")
		audio := tame(stored(rng, n*from.Channels, from), from)
		write(t, take, from, audio)
		r := mustOpen(t, take)
		for k, container := range []string{"RIFF", "RF64", "Wave64", "FLAC"} {
			target := Target{Container: container, Bits: []int{0, 16, 24, 32, Float32}[(i+k)%5]}
			f := target.format(from)
			if container == "FLAC" && checkFLAC(f) != nil {
				if _, err := CreateAs(filepath.Join(dir, "no.flac"), r, target); err == nil {
					t.Errorf("%v in FLAC", f)
				}
				continue
			}
			label := fmt.Sprintf("%v x %d as %v", from, from.Channels, target)
			out := filepath.Join(dir, "out."+map[string]string{"RIFF": "wav", "RF64": "rf64.wav", "Wave64": "w64", "FLAC": "flac"}[container])
			w, err := CreateAs(out, r, target)
			if err == nil {
				err = w.CopyFrames(r, 0, 1000)
			}
			if err == nil {
				_, err = w.Write(audio[1000*from.FrameBytes():])
			}
			if err == nil {
				err = w.Commit()
			}
			if err != nil {
				t.Fatalf("%s: %v", label, err)
			}
			o := openCoded(t, out)
			got := frames(t, o)
			if o.Container() != container || o.Frames() != n || len(o.Notes()) > 0 {
				t.Errorf("%s: %s, %d frames, %q", label, o.Container(), o.Frames(), o.Notes())
			}
			if og := o.Format(); og.Bits != f.Bits || og.Encoding != f.Encoding || og.Channels != f.Channels {
				t.Errorf("%s: is %v", label, og)
			}
			// Within a step and a half where bits were lost: rounding and dither.
			a, b := make([]float64, n*f.Channels), make([]float64, n*f.Channels)
			Decode(a, audio, from)
			Decode(b, got, o.Format())
			step := 0.0
			if f.Encoding == PCM && (from.Encoding == Float || from.Bits > f.Bits) {
				step = math.Ldexp(1, 1-f.Bits)
			}
			if f.Encoding == Float && f.Bits == 32 && from.Encoding == PCM && from.Bits > 24 {
				step = math.Ldexp(1, -24)
			}
			for i := range a {
				want := min(a[i], 1-math.Ldexp(1, 1-f.Bits))
				if f.Encoding == Float {
					want = a[i]
				}
				if math.Abs(want-b[i]) > 1.5*step {
					t.Errorf("%s: sample %d is %v, was %v", label, i, b[i], a[i])
					break
				}
			}
			others := []func(*testing.T, string, Format, []byte) error{readGoAudio, readSndfile, readFfmpeg}
			if f.Encoding == PCM {
				others = append(others, readSox) // it reads floats as integers here
			}
			for _, read := range others {
				if container == "RIFF" || container == "RF64" || container == "Wave64" && f.Bits == 8*f.SampleBytes {
					if err := read(t, out, o.Format(), got); err != nil {
						t.Errorf("%s: %v", label, err)
					}
				}
			}
			o.Close()
			os.Remove(out)
		}
		r.Close()
		os.Remove(take)
	}
}

// Dither takes the error of rounding out of the sound: the mean of a constant
// between two steps stays what it was. What needs no rounding is not touched.
func TestDither(t *testing.T) {
	from := Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}
	to := Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2}
	for _, v := range []float64{0.3, -100.75, 0.5, 7} {
		x := make([]float64, 1<<16)
		for i := range x {
			x[i] = v / (1 << 15)
		}
		p := make([]byte, 3*len(x))
		Encode(p, x, from)
		again := func() []byte {
			c := converter{from: from, to: to, dither: rand.NewPCG(0, 0)}
			return bytes.Clone(c.frames(p))
		}
		q := again()
		if !bytes.Equal(q, again()) {
			t.Error("not the same every time")
		}
		Decode(x, q, to)
		mean, steps := 0.0, map[float64]bool{}
		for _, y := range x {
			mean += y * (1 << 15) / float64(len(x))
			steps[y] = true
		}
		if math.Abs(mean-v) > 0.02 {
			t.Errorf("the mean of %v became %v", v, mean)
		}
		if v == 7 && len(steps) != 1 {
			t.Errorf("%v was dithered", v)
		}
	}
}
