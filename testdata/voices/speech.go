package voices

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"jackknife/wav"
)

// alsaSounds are recordings of a real voice that name loudspeakers; Debian's
// and Ubuntu's alsa-utils install them.
const alsaSounds = "/usr/share/sounds/alsa"

// A speaker says a line as mono samples at its own rate. What lies below
// noiseDB of its peak is the voice's own noise.
type speaker struct {
	say     func(dir, line string, rng *rand.Rand) (x []float64, rateHz int, err error)
	noiseDB float64
}

// speakerFor finds the speaker of a name: "espeak VOICE", "flite VOICE",
// "alsa" (the recorded voice, which says its own words), "formula", or "fsdd
// SPEAKER", who says numbers.
func speakerFor(name string) (speaker, error) {
	engine, voice, _ := strings.Cut(name, " ")
	switch engine {
	case "espeak":
		return speaker{func(dir, line string, rng *rand.Rand) ([]float64, int, error) {
			pitch, speed := 45+rng.IntN(14), 140+rng.IntN(30)
			return synthesise(dir, "espeak-ng", "-v", voice, "-p", fmt.Sprint(pitch), "-s", fmt.Sprint(speed), "-a", "110", "-w", "FILE", line)
		}, -48}, nil
	case "flite":
		noise := -38.0
		if voice == "awb" {
			noise = -34
		}
		return speaker{func(dir, line string, rng *rand.Rand) ([]float64, int, error) {
			stretch := 0.92 + 0.16*float64(rng.IntN(5))/4
			return synthesise(dir, "flite", "-voice", voice, "--setf", fmt.Sprintf("duration_stretch=%.2f", stretch), "-t", line, "-o", "FILE")
		}, noise}, nil
	case "alsa":
		return speaker{func(_, _ string, rng *rand.Rand) ([]float64, int, error) {
			files, _ := filepath.Glob(alsaSounds + "/*_*.wav")
			if len(files) == 0 {
				return nil, 0, fmt.Errorf("%s (package alsa-utils): not installed", alsaSounds)
			}
			sort.Strings(files)
			return readMono(files[rng.IntN(len(files))])
		}, -38}, nil
	case "fsdd":
		return speaker{func(_, line string, rng *rand.Rand) ([]float64, int, error) {
			return digits(os.Getenv("FSDD"), voice, line, rng)
		}, -45}, nil
	case "formula":
		return speaker{func(_, line string, rng *rand.Rand) ([]float64, int, error) {
			return syllables(line, 48000, rng), 48000, nil
		}, -60}, nil
	}
	return speaker{}, fmt.Errorf("voice %q: not known", name)
}

// synthesise runs a program that writes speech to FILE, or takes what it wrote
// before from dir.
func synthesise(dir string, program string, args ...string) ([]float64, int, error) {
	h := fnv.New64a()
	io.WriteString(h, program+"\x00"+strings.Join(args, "\x00"))
	name := filepath.Join(dir, fmt.Sprintf("%016x.wav", h.Sum64()))
	if _, err := os.Stat(name); err != nil {
		path, err := exec.LookPath(program)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: not installed", program)
		}
		f, err := os.CreateTemp(dir, "speech-*.wav")
		if err != nil {
			return nil, 0, err
		}
		f.Close()
		defer os.Remove(f.Name())
		for i, a := range args {
			if a == "FILE" {
				args[i] = f.Name()
			}
		}
		if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
			return nil, 0, fmt.Errorf("%s: %w: %s", program, err, out)
		}
		if err := os.Rename(f.Name(), name); err != nil {
			return nil, 0, err
		}
	}
	return readMono(name)
}

// readMono reads the first channel of a WAV file.
func readMono(name string) ([]float64, int, error) {
	r, err := wav.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	f := r.Format()
	raw := make([]byte, r.Frames()*int64(f.FrameBytes()))
	n, err := r.ReadFrames(raw, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	all := make([]float64, n*f.Channels)
	wav.Decode(all, raw[:n*f.FrameBytes()], f)
	x := make([]float64, n)
	for i := range x {
		x[i] = all[i*f.Channels]
	}
	return x, f.RateHz, nil
}

// syllables is a voice by formula, for machines without a speech program: a
// buzz through three resonances for every vowel of the line, a hiss for every
// s, f, h and c, nothing for stops. It is no language, but it has speech's
// bands, holes and weak edges.
func syllables(line string, rateHz int, rng *rand.Rand) []float64 {
	var x []float64
	rate := float64(rateHz)
	pitch, phase := 100+60*rng.Float64(), 0.0
	add := func(seconds float64, f func(t float64) float64) {
		n := int(seconds * rate)
		for i := range n {
			t := float64(i) / float64(n)
			x = append(x, f(t)*math.Pow(math.Sin(math.Pi*t), 0.4))
		}
	}
	for _, r := range strings.ToLower(line) {
		switch {
		case strings.ContainsRune("aeiouy", r):
			f1, f2 := 300+500*rng.Float64(), 900+1400*rng.Float64()
			add(0.07+0.06*rng.Float64(), func(t float64) float64 {
				phase += 2 * math.Pi * pitch * (1.1 - 0.2*t) / rate
				var v float64
				for h := 1.0; h < 30; h++ {
					hz := h * pitch
					a := 1/(1+math.Pow((hz-f1)/90, 2)) + 0.5/(1+math.Pow((hz-f2)/140, 2)) + 0.2/(1+math.Pow((hz-2900)/200, 2))
					v += a * math.Sin(h*phase)
				}
				return 0.3 * v
			})
		case strings.ContainsRune("sfhcz", r):
			last := 0.0
			add(0.06+0.05*rng.Float64(), func(float64) float64 {
				w := rng.NormFloat64()
				v := w - last
				last = w
				return 0.03 * v
			})
		case strings.ContainsRune("ptkbdg", r):
			add(0.03, func(float64) float64 { return 0 })
		case r == ' ':
			add(0.02, func(float64) float64 { return 0 })
		case r == ',':
			add(0.12, func(float64) float64 { return 0 })
		default:
			add(0.04, func(t float64) float64 {
				phase += 2 * math.Pi * pitch / rate
				return 0.1 * (math.Sin(phase) + 0.5*math.Sin(2*phase))
			})
		}
	}
	return x
}

// digits is a real speaker of the Free Spoken Digit Dataset (Z. Jackson and
// others, CC BY-SA 4.0), whose recordings lie in dir: a line of numbers is put
// together of the recordings of its digits, of each another one every time. Other
// words than digits become digits, always the same.
func digits(dir, who, line string, rng *rand.Rand) ([]float64, int, error) {
	names := []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	if dir == "" {
		return nil, 0, errors.New("the environment variable FSDD, which names the recordings of free-spoken-digit-dataset: not set")
	}
	var x []float64
	rate := 8000
	for _, word := range strings.Fields(strings.ToLower(strings.Trim(line, ".,"))) {
		digit := slices.Index(names, strings.Trim(word, ".,?!"))
		if digit < 0 {
			h := fnv.New32a()
			io.WriteString(h, word)
			digit = int(h.Sum32() % 10)
		}
		var y []float64
		var err error
		if y, rate, err = readMono(filepath.Join(dir, fmt.Sprintf("%d_%s_%d.wav", digit, who, rng.IntN(50)))); err != nil {
			return nil, 0, err
		}
		y = trim(y, rate, -35)
		edge := min(len(y)/4, rate/100)
		fade(y, edge, edge, 1)
		x = append(append(x, scale(y, 0.1/(rms(y)+1e-9))...), make([]float64, int((0.02+0.05*rng.Float64())*float64(rate)))...)
	}
	return x, rate, nil
}
