// Package voices makes spoken takes of which everything is known: where each
// phrase begins and ends, what of it can be heard over the room, and where the
// mistakes and their claps are. The same Config gives the same bytes, given the
// same version of the speech programs.
//
// Voices are espeak-ng's and flite's, the recorded voice of Debian's
// alsa-utils, and one by formula that needs no program. Texts, claps, rooms and
// noises are this project's own.
package voices

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"jackknife/editor"
	"jackknife/wav"
)

// Config describes a take.
type Config struct {
	Seed       uint64
	Voice      string   // "espeak en-us", "flite slt", "alsa", "formula"
	Script     string   // one of Scripts, or several with + between them
	Lines      int      // of the script, from a place that Seed chooses; all if 0
	SNRDB      float64  // active speech over the room, above 80 Hz
	Background string   // room, fan, traffic, hiss, hum, laptop; digital silence if empty
	Reverb     float64  // seconds to fall by 60 dB
	DC         float64  // offset, full scale 1
	Mistakes   int      // lines that go wrong, are marked by three claps and said again
	Noises     int      // breaths and lip clicks in the pauses
	Slips      []string // kinds of mistakes, of Unmarked and Marked, each in a line of its own
	Confusers  int      // sounds in the pauses that are no marks, all kinds in turn
	PauseMin   float64  // seconds; 0.45 if 0
	PauseMax   float64  // seconds; 1.6 if 0
	Format     wav.Format
}

// Phrase is one line as it was said.
type Phrase struct {
	editor.Span // the voice itself, without the room, to 48 dB below its peak
	Text        string
	Bad         bool // a mistake that shall go
	Repeat      bool // said again on purpose nearby
	// Audible is where voice and reverberation reach the room's level in some
	// band, Clear where they exceed it by 6 dB: what a listener could miss.
	// Both are empty where the phrase drowns.
	Audible, Clear editor.Span
	// ClearRuns are the parts of Clear in which that is so.
	ClearRuns []editor.Span
}

// Noise is something heard in a pause.
type Noise struct {
	editor.Span
	Kind string // clap, click, snap, breath, lip, or another of Confusers
}

// Truth is what is known of a take.
type Truth struct {
	Phrases  []Phrase
	Noises   []Noise
	Mistakes []editor.Span // each from the start of the bad phrase to the start of the good one
	Slips    []Slip        // the same, where the config asked for kinds
	Frames   int64
}

// Take is a take in memory: samples[channel][frame], full scale 1.
type Take struct {
	Config  Config
	Truth   Truth
	Samples [][]float64
}

// Make makes a take. Speech that programs made is kept in dir and used again.
func Make(dir string, c Config) (*Take, error) {
	takes, err := MakeEach(dir, c, c.SNRDB)
	if err != nil {
		return nil, err
	}
	return takes[0], nil
}

// MakeEach makes the same take over the same room at several levels of the
// room.
func MakeEach(dir string, c Config, snrDB ...float64) ([]*Take, error) {
	rng := rand.New(rand.NewPCG(c.Seed, 0x76_6f_69_63_65_73))
	who, err := speakerFor(c.Voice)
	if err != nil {
		return nil, err
	}
	var lines []string
	for script := range strings.SplitSeq(c.Script, "+") {
		if len(Scripts[script]) == 0 {
			return nil, fmt.Errorf("script %q: not known", script)
		}
		lines = append(lines, Scripts[script]...)
	}
	if _, ok := backgrounds[c.Background]; !ok && c.Background != "" {
		return nil, fmt.Errorf("background %q: not known", c.Background)
	}
	if c.Lines > 0 && c.Lines < len(lines) {
		at := rng.IntN(len(lines) - c.Lines + 1)
		lines = lines[at : at+c.Lines]
	}
	if c.PauseMin == 0 {
		c.PauseMin = 0.45
	}
	if c.PauseMax == 0 {
		c.PauseMax = 1.6
	}
	s := stage{c: c, rng: rng, who: who, dir: dir, rate: c.Format.RateHz}
	perform := s.perform
	if len(c.Slips) > 0 || c.Confusers > 0 {
		perform = s.read
	}
	if err := perform(lines); err != nil {
		return nil, err
	}
	return s.record(snrDB), nil
}

// Write writes the take as a new WAV file.
func (t *Take) Write(name string) error {
	f := t.Config.Format
	w, err := wav.Create(name, f)
	if err != nil {
		return err
	}
	defer w.Abort()
	// Triangular dither of one step, as a good recorder has it.
	rng := rand.New(rand.NewPCG(t.Config.Seed, 0x64_69_74_68_65_72))
	var step float64
	if f.Encoding == wav.PCM {
		step = math.Exp2(float64(1 - f.Bits))
	}
	const piece = 1 << 14
	x := make([]float64, piece*f.Channels)
	raw := make([]byte, piece*f.FrameBytes())
	for at := 0; at < len(t.Samples[0]); at += piece {
		n := min(piece, len(t.Samples[0])-at)
		for i := range n {
			for c := range f.Channels {
				v := t.Samples[c][at+i]
				if t.Config.Background != "" {
					v += step * (rng.Float64() - rng.Float64())
				}
				x[i*f.Channels+c] = v
			}
		}
		wav.Encode(raw[:n*f.FrameBytes()], x[:n*f.Channels], f)
		if _, err := w.Write(raw[:n*f.FrameBytes()]); err != nil {
			return err
		}
	}
	return w.Commit()
}

// stage is a take in the making: voice and noises on their own tracks.
type stage struct {
	c      Config
	rng    *rand.Rand
	who    speaker
	dir    string
	rate   int
	voice  []float64
	noises []float64
	truth  Truth
	level  float64 // dB; a speaker drifts
}

func (s *stage) perform(lines []string) error {
	s.pause(0.8 + 0.8*s.rng.Float64())
	wrong := s.choose(len(lines), s.c.Mistakes)
	noisy := s.choose(len(lines), s.c.Noises)
	for i, line := range lines {
		if wrong[i] {
			start := int64(len(s.voice))
			if err := s.say(stumble(line, s.rng), true); err != nil {
				return err
			}
			s.pause(0.5 + 0.4*s.rng.Float64())
			for range 3 {
				s.noise("clap", clap(s.rate, s.rng))
				s.pause(0.1 + 0.1*s.rng.Float64())
			}
			s.pause(0.6 + 0.6*s.rng.Float64())
			s.truth.Mistakes = append(s.truth.Mistakes, editor.Span{Start: start, End: int64(len(s.voice))})
		}
		if err := s.say(line, false); err != nil {
			return err
		}
		s.pause(s.c.PauseMin + (s.c.PauseMax-s.c.PauseMin)*s.rng.Float64())
		if noisy[i] {
			s.pause(0.4)
			if s.rng.IntN(2) == 0 {
				s.noise("breath", breath(s.rate, s.rng))
			} else {
				s.noise("lip", lipClick(s.rate, s.rng))
			}
			s.pause(0.3 + 0.4*s.rng.Float64())
		}
	}
	s.pause(0.8)
	return nil
}

// choose picks k of n.
func (s *stage) choose(n, k int) map[int]bool {
	m := map[int]bool{}
	for _, i := range s.rng.Perm(n)[:min(k, n)] {
		m[i] = true
	}
	return m
}

func (s *stage) pause(seconds float64) {
	s.voice = append(s.voice, make([]float64, int(seconds*float64(s.rate)))...)
}

func (s *stage) noise(kind string, x []float64) {
	start := len(s.voice)
	s.noises = append(s.noises, make([]float64, start-len(s.noises))...)
	s.noises = append(s.noises, x...)
	s.voice = append(s.voice, make([]float64, len(x))...)
	s.truth.Noises = append(s.truth.Noises, Noise{editor.Span{Start: int64(start), End: int64(start + len(x))}, kind})
}

func (s *stage) say(line string, bad bool) error {
	x, rate, err := s.who.say(s.dir, line, s.rng)
	if err != nil {
		return fmt.Errorf("voice %q: %w", s.c.Voice, err)
	}
	x = resample(trim(x, rate, s.who.noiseDB), rate, s.rate)
	if len(s.c.Slips) > 0 {
		x = vary(x, s.rate, s.rng)
	}
	if len(x) < s.rate/20 {
		return fmt.Errorf("voice %q says nothing for %q", s.c.Voice, line)
	}
	e := envelope(x, s.rate, 20)
	top, sum, n := peak(e), 0.0, 0
	for i, v := range x {
		if e[i] > top*fromDB(-30) {
			sum, n = sum+v*v, n+1
		}
	}
	s.level = min(max(0.7*s.level+1.4*s.rng.NormFloat64(), -8), 8)
	scale(x, fromDB(-24+s.level)/math.Sqrt(sum/float64(n)+1e-20))
	edge := min(len(x)/4, s.rate*3/2000)
	fade(x, edge, edge, 1)
	// Weak beginnings and endings are what simple gates cut off.
	if s.rng.Float64() < 0.5 {
		fade(x, int((0.03+0.09*s.rng.Float64())*float64(s.rate)), 0, 0.8+1.2*s.rng.Float64())
	}
	if s.rng.Float64() < 0.6 {
		fade(x, 0, int((0.06+0.24*s.rng.Float64())*float64(s.rate)), 0.8+1.2*s.rng.Float64())
	}
	start := int64(len(s.voice))
	s.voice = append(s.voice, x...)
	s.truth.Phrases = append(s.truth.Phrases, Phrase{Span: editor.Span{Start: start, End: start + int64(len(x))}, Text: line, Bad: bad})
	return nil
}

// fade fades in over the first and out over the last samples.
func fade(x []float64, in, out int, power float64) {
	in, out = min(in, len(x)/3), min(out, len(x)/3)
	for i := range in {
		x[i] *= math.Pow(float64(i)/float64(in), power)
	}
	for i := range out {
		x[len(x)-1-i] *= math.Pow(float64(i)/float64(out), power)
	}
}

// stumble spoils a line as people do: it breaks off, or a word is wrong.
func stumble(line string, rng *rand.Rand) string {
	words := strings.Fields(strings.TrimRight(line, ".?!"))
	k := len(words)/2 + rng.IntN(max(1, len(words)/2))
	if rng.IntN(2) == 0 {
		return strings.Join(words[:max(1, k)], " ")
	}
	words[min(k, len(words)-1)] = mistakes[rng.IntN(len(mistakes))]
	return strings.Join(words, " ")
}

// record puts voice, noises and room together, once for every ratio, and finds
// what can be heard.
func (s *stage) record(snrDB []float64) []*Take {
	n, channels := len(s.voice), s.c.Format.Channels
	s.truth.Frames = int64(n)
	s.noises = append(s.noises, make([]float64, n-len(s.noises))...)
	dry := s.active()
	if s.c.Reverb > 0 {
		h := reverberation(s.rate, s.c.Reverb, s.rng)
		s.voice, s.noises = convolve(s.voice, h), convolve(s.noises, h)
	}
	rooms := make([][]float64, channels)
	for c := range rooms {
		if s.c.Background == "" {
			rooms[c] = make([]float64, n)
			continue
		}
		rooms[c] = background(n, s.rate, s.rng, s.c.Background)
		scale(rooms[c], dry/highPassed(rooms[c], s.rate))
	}
	hop := int(math.Round(float64(s.rate) * 0.005))
	voice, room := bandPower(s.voice, s.rate, hop), bandPower(rooms[0], s.rate, hop)
	var takes []*Take
	for _, snr := range snrDB {
		gain := fromDB(-snr)
		t := &Take{Config: s.c, Truth: s.truth, Samples: make([][]float64, channels)}
		t.Config.SNRDB = snr
		t.Truth.Phrases = slices.Clone(s.truth.Phrases)
		t.Truth.hear(over(voice, room, gain*gain), hop)
		for c := range t.Samples {
			x := make([]float64, n)
			// Each microphone further on hears it a little later and weaker, and
			// has a room half its own.
			late := c * s.rate / 5000
			for i := range x {
				switch {
				case c == 0:
					x[i] = s.voice[i] + s.noises[i] + gain*rooms[0][i]
				case i >= late:
					x[i] = 0.9*(s.voice[i-late]+s.noises[i-late]) + gain*(0.4*rooms[0][i]+0.9*rooms[c][i])
				default:
					x[i] = gain * (0.4*rooms[0][i] + 0.9*rooms[c][i])
				}
			}
			t.Samples[c] = x
		}
		var top float64
		for _, x := range t.Samples {
			top = max(top, peak(x))
		}
		fit := min(1, fromDB(-1)/(top+math.Abs(s.c.DC)+1e-12))
		for _, x := range t.Samples {
			for i := range x {
				x[i] = x[i]*fit + s.c.DC
			}
		}
		takes = append(takes, t)
	}
	return takes
}

// active is the level of the voice where it speaks.
func (s *stage) active() float64 {
	e := envelope(s.voice, s.rate, 20)
	limit := peak(e) * fromDB(-30)
	var sum float64
	var n int
	for i, v := range s.voice {
		if e[i] > limit {
			sum, n = sum+v*v, n+1
		}
	}
	return math.Sqrt(sum / float64(max(n, 1)))
}

// highPassed is the level of x above 80 Hz.
func highPassed(x []float64, rateHz int) float64 {
	k := math.Exp(-2 * math.Pi * 80 / float64(rateHz))
	var in1, out1, out2, sum float64
	for _, v := range x {
		first := k * (out1 + v - in1)
		second := k * (out2 + first - out1)
		in1, out1, out2 = v, first, second
		sum += second * second
	}
	return math.Sqrt(sum / float64(max(len(x), 1)))
}
