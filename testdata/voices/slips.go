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

// Slip is a mistake and how the speaker dealt with it.
type Slip struct {
	Kind        string // one of Unmarked or Marked
	editor.Span        // what shall go: from the flawed words to what replaces them
	Bad         []int  // the flawed phrases
	Good        int    // the phrase that replaces them
	Marks       int    // sounds of the mark, that is Noises of its kind
}

// Unmarked are the mistakes that are only said again: the line broken off, or
// said to its end, or spoiled twice; or its second half, from which the speaker
// goes on.
var Unmarked = []string{"false start", "full", "double", "partial"}

// Marked are the mistakes that the speaker marks: by three claps, one or two
// presses of a dog clicker, three snaps of the fingers.
var Marked = []string{"claps", "clicker", "snaps"}

// Confusers are sounds between phrases that are no marks.
var Confusers = []string{"slam", "knock", "cough", "lip", "breath", "pop"}

// read performs the lines with the slips and confusers of the config. Attempts
// at one line differ in pace, colour and level, as no speaker says anything
// twice alike.
func (s *stage) read(lines []string) error {
	s.pause(0.8 + 0.8*s.rng.Float64())
	order := s.rng.Perm(len(lines))
	kind := map[int]string{}
	for _, k := range s.c.Slips {
		i := slices.IndexFunc(order, func(i int) bool {
			return kind[i] == "" && len(strings.Fields(lines[i])) > 2 && (k != "partial" || clause(lines[i]) > 0) && !again(lines, i)
		})
		if i >= 0 {
			kind[order[i]] = k
			order = slices.Delete(order, i, i+1)
		}
	}
	confused := map[int]string{}
	for n, i := range s.rng.Perm(len(lines))[:min(s.c.Confusers, len(lines))] {
		confused[i] = Confusers[(n+int(s.c.Seed))%len(Confusers)]
	}
	for i, line := range lines {
		if k := kind[i]; k != "" {
			if err := s.slip(k, line); err != nil {
				return err
			}
		} else if err := s.say(line, false); err != nil {
			return err
		}
		s.truth.Phrases[len(s.truth.Phrases)-1].Repeat = again(lines, i)
		s.pause(s.c.PauseMin + (s.c.PauseMax-s.c.PauseMin)*s.rng.Float64())
		if k := confused[i]; k != "" {
			s.pause(0.2 + 0.3*s.rng.Float64())
			for range 1 + s.rng.IntN(3) {
				s.noise(k, confuse(k, s.rate, s.rng))
				s.pause(0.1 + 0.2*s.rng.Float64())
				if k != "knock" {
					break
				}
			}
			s.pause(0.3 + 0.5*s.rng.Float64())
		}
	}
	s.pause(0.8)
	return nil
}

// again reports whether a line is said again on purpose within four lines.
func again(lines []string, i int) bool {
	for k := max(0, i-4); k < min(len(lines), i+5); k++ {
		if k != i && lines[k] == lines[i] {
			return true
		}
	}
	return false
}

// clause is where the second half of a line begins after a comma, 0 if it has
// none to speak of.
func clause(line string) int {
	at := strings.Index(line, ", ")
	if at < 0 || len(strings.Fields(line[:at])) < 2 || len(strings.Fields(line[at:])) < 4 {
		return 0
	}
	return at + 2
}

func (s *stage) slip(kind, line string) error {
	p := Slip{Kind: kind}
	// fail spoils a line, and may say sorry.
	fail := func(line string, cut bool) error {
		text := line
		if !cut {
			text = spoil(line, s.rng)
		}
		from := len(s.voice)
		if err := s.say(text, true); err != nil {
			return err
		}
		if cut {
			s.breakOff(from)
		}
		p.Bad = append(p.Bad, len(s.truth.Phrases)-1)
		return nil
	}
	chance := func(p float64) bool { return s.rng.Float64() < p }
	begin := len(s.voice)
	var err error
	switch kind {
	case "false start":
		err = fail(line, true)
	case "full":
		err = fail(line, false)
	case "double":
		if err = fail(line, chance(0.6)); err == nil {
			s.pause(0.35 + 0.9*s.rng.Float64())
			err = fail(line, false)
		}
	case "partial":
		at := clause(line)
		if err = s.say(strings.TrimRight(line[:at], ", "), false); err != nil {
			return err
		}
		s.pause(0.06 + 0.08*s.rng.Float64())
		line, begin = line[at:], len(s.voice)
		err = fail(line, chance(0.3))
	default:
		err = fail(line, chance(0.5))
	}
	if err != nil {
		return err
	}
	if kind != "clicker" && chance(0.15) {
		s.pause(0.2 + 0.3*s.rng.Float64())
		if err := s.say([]string{"Sorry.", "Again.", "No.", "Oh dear."}[s.rng.IntN(4)], true); err != nil {
			return err
		}
		p.Bad = append(p.Bad, len(s.truth.Phrases)-1)
	}
	switch kind {
	case "claps", "snaps":
		s.pause(0.3 + 0.7*s.rng.Float64())
		beat, level := 0.22+0.2*s.rng.Float64(), -13+9*s.rng.Float64()
		for range 3 {
			at := len(s.voice)
			sound := snap(s.rate, s.rng)
			if kind == "claps" {
				sound = clap(s.rate, s.rng)
			}
			s.noise(kind[:len(kind)-1], scale(sound, fromDB(level+4*s.rng.Float64()-2)/peak(sound)))
			said := float64(len(s.voice)-at) / float64(s.rate)
			s.pause(max(0.02, beat-said+0.06*s.rng.Float64()-0.03))
		}
		p.Marks = 3
	case "clicker":
		s.pause(0.3 + 0.7*s.rng.Float64())
		p.Marks = 1 + s.rng.IntN(2)
		click := clicker(s.rate, s.rng)
		level := -18 + 11*s.rng.Float64()
		for range p.Marks {
			s.noise("click", scale(click(), fromDB(level+3*s.rng.Float64()-1.5)))
			s.pause(0.25 + 0.25*s.rng.Float64())
		}
	}
	s.pause(0.35 + 1.25*s.rng.Float64())
	p.Span = editor.Span{Start: int64(begin), End: int64(len(s.voice))}
	if err := s.say(line, false); err != nil {
		return err
	}
	p.Good = len(s.truth.Phrases) - 1
	s.truth.Slips = append(s.truth.Slips, p)
	s.truth.Mistakes = append(s.truth.Mistakes, p.Span)
	return nil
}

// spoil puts a wrong word into a line, says one twice, or swaps two.
func spoil(line string, rng *rand.Rand) string {
	words := strings.Fields(strings.TrimRight(line, ".?!"))
	k := len(words) - 1
	if len(words) > 2 {
		k = max(1, len(words)/3) + rng.IntN(len(words)-max(1, len(words)/3))
	}
	switch m := rng.Float64(); {
	case m < 0.6 || len(words) < 4:
		words[k] = mistakes[rng.IntN(len(mistakes))]
	case m < 0.8:
		words[k] += " " + words[k]
	default:
		words[k-1], words[k] = words[k], words[k-1]
	}
	return strings.Join(words, " ") + "."
}

// breakOff ends the last phrase, which began at from, somewhere inside a word.
func (s *stage) breakOff(from int) {
	n := int(float64(len(s.voice)-from) * (0.35 + 0.45*s.rng.Float64()))
	s.voice = s.voice[:from+n]
	edge := min(n/2, int((0.012+0.033*s.rng.Float64())*float64(s.rate)))
	fade(s.voice[from:], 0, edge, 0.7)
	p := &s.truth.Phrases[len(s.truth.Phrases)-1]
	p.End, p.Text = int64(from+n), p.Text+" [broken off]"
}

// vary makes an attempt differ from every other: the pace wanders by a
// twentieth or so, the colour tilts, the level moves.
func vary(x []float64, rateHz int, rng *rand.Rand) []float64 {
	points := make([]float64, int(float64(len(x))/float64(rateHz)/0.35)+2)
	for i := range points {
		points[i] = min(max(math.Exp(0.05*rng.NormFloat64()), 0.85), 1.18)
	}
	y := make([]float64, 0, len(x)+len(x)/8)
	for at := 0.0; at < float64(len(x)-1); {
		i := int(at)
		f := at - float64(i)
		y = append(y, x[i]*(1-f)+x[i+1]*f)
		where := at / float64(len(x)) * float64(len(points)-1)
		k := int(where)
		at += points[k] + (points[k+1]-points[k])*(where-float64(k))
	}
	// A shelf about 1.5 kHz: low and high parts in another proportion.
	k := math.Exp(-2 * math.Pi * 1500 / float64(rateHz))
	high, gain := fromDB(1.8*rng.NormFloat64()), fromDB(0.8*rng.NormFloat64())
	low := 0.0
	for i, v := range y {
		low = k*low + (1-k)*v
		y[i] = gain * (low + high*(v-low))
	}
	return y
}

// ringing is a sum of tones that die away at once.
func ringing(n, rateHz int, rng *rand.Rand, tones int, lo, hi, short, long float64) []float64 {
	x := make([]float64, n)
	for range tones {
		hz, tau := lo+(hi-lo)*rng.Float64(), short+(long-short)*rng.Float64()
		a, phase := 0.4+0.6*rng.Float64(), 2*math.Pi*rng.Float64()
		for i := range x {
			t := float64(i) / float64(rateHz)
			x[i] += a * math.Exp(-t/tau) * math.Sin(2*math.Pi*hz*t+phase)
		}
	}
	return x
}

// snap is one snap of the fingers: a short ring of the hollow hand.
func snap(rateHz int, rng *rand.Rand) []float64 {
	n := rateHz / 10
	x := ringing(n, rateHz, rng, 2, 1400, 3200, 0.003, 0.007)
	noise := decaying(n, rateHz, rng, 1200, 8000, 0.002+0.003*rng.Float64())
	room := decaying(n, rateHz, rng, 300, 6000, 0.015+0.02*rng.Float64())
	for i := range x {
		x[i] += 0.5*noise[i] + 0.03*room[i]
		x[i] *= min(1, float64(i)/float64(rateHz)/0.0005)
	}
	return x
}

// clicker is a dog clicker; each call is one press and its release, peak 1.
func clicker(rateHz int, rng *rand.Rand) func() []float64 {
	var hz [3]float64
	for i := range hz {
		hz[i] = 2000 + 3500*rng.Float64()
	}
	return func() []float64 {
		gap := int((0.07 + 0.13*rng.Float64()) * float64(rateHz))
		x := make([]float64, gap+rateHz*6/100)
		for _, part := range []struct {
			at   int
			gain float64
		}{{0, 1}, {gap, 0.4 + 0.5*rng.Float64()}} {
			y := decaying(len(x)-part.at, rateHz, rng, 2500, 12000, 0.0012)
			scale(y, 0.4)
			for _, f := range hz {
				ring := ringing(len(y), rateHz, rng, 1, f*(0.97+0.06*rng.Float64()), f, 0.0012, 0.005)
				for i, v := range ring {
					y[i] += v
				}
			}
			for i, v := range y {
				x[part.at+i] += part.gain * v
			}
		}
		return scale(x, 1/peak(x))
	}
}

// confuse is a sound that is no mark.
func confuse(kind string, rateHz int, rng *rand.Rand) []float64 {
	rate := float64(rateHz)
	var x []float64
	level := 0.0
	switch kind {
	case "slam":
		x = ringing(rateHz*7/10, rateHz, rng, 4, 45, 180, 0.06, 0.18)
		body := decaying(len(x), rateHz, rng, 150, 2500, 0.03+0.04*rng.Float64())
		latch := decaying(len(x), rateHz, rng, 1000, 5000, 0.008)
		late := int((0.02 + 0.03*rng.Float64()) * rate)
		for i := range x {
			x[i] = x[i]*min(1, float64(i)/rate/0.004) + 0.5*body[i]
			if i >= late {
				x[i] += 0.25 * latch[i-late]
			}
		}
		level = -14 + 11*rng.Float64()
	case "knock":
		x = ringing(rateHz*12/100, rateHz, rng, 4, 140, 520, 0.01, 0.03)
		tick := decaying(len(x), rateHz, rng, 500, 4000, 0.006)
		for i := range x {
			x[i] = x[i]*min(1, float64(i)/rate/0.001) + 0.15*tick[i]
		}
		level = -18 + 12*rng.Float64()
	case "cough":
		for range 1 + rng.IntN(3) {
			n := int((0.22 + 0.18*rng.Float64()) * rate)
			y := decaying(n, rateHz, rng, 350, 4500, 0.05)
			hz := 150 + 110*rng.Float64()
			voice := shaped(n, rateHz, rng, bandPass(200, 3500))
			for i := range y {
				t := float64(i) / rate
				y[i] += 0.3*math.Copysign(math.Exp(-math.Pow((t-0.12)/0.06, 2)), math.Sin(2*math.Pi*hz*t*(1-0.3*t))) + 0.2*voice[i]*math.Exp(-math.Pow((t-0.12)/0.08, 2))
				y[i] *= min(1, float64(n-i)/rate/0.03) * min(1, t/0.006)
			}
			x = append(append(x, y...), make([]float64, int((0.03+0.12*rng.Float64())*rate))...)
		}
		level = -18 + 10*rng.Float64()
	case "lip":
		return lipClick(rateHz, rng)
	case "breath":
		return breath(rateHz, rng)
	case "pop":
		n := int((0.05 + 0.07*rng.Float64()) * rate)
		x = shaped(n, rateHz, rng, bandPass(25, 140))
		for i := range x {
			x[i] *= math.Pow(math.Sin(math.Pi*math.Sqrt(float64(i)/float64(n))), 2)
		}
		level = -20 + 10*rng.Float64()
	default:
		panic(fmt.Sprintf("confuser %q", kind))
	}
	return scale(x, fromDB(level)/peak(x))
}

// MistakeTakes are takes to judge the finding of mistakes by, each with its own
// seed. What is learned may be learned from "training". "tuning" has other voices,
// texts and rooms, to choose by how it is learned, and to set the scale by; "unseen" has others again, and
// nothing may be chosen by it. In "real" six people say numbers.
func MistakeTakes(set string, rounds int) []Config {
	type reader struct{ voice, background string }
	var readers []reader
	var scripts []string
	var seed uint64
	switch set {
	case "training":
		readers = []reader{
			{"espeak en-us+m1", "room"}, {"espeak en-gb+f2", "fan"}, {"flite slt", "hum"}, {"espeak en-gb-x-rp+f4", "traffic"}, {"espeak en-gb-scotland+m5", "hiss"}, {"flite awb", "room"},
			{"espeak en-us+klatt2", "laptop"}, {"espeak en-gb+Michael", "traffic"}, {"espeak en-029+Alicia", "room"}, {"espeak en-gb-x-rp+Andy", "hum"}, {"espeak en-us+Steph", "fan"}, {"espeak en-gb-scotland+grandma", "hiss"}, {"formula", "room"},
			{"espeak en-us", "room"}, {"espeak en-gb+Gene", "hum"}, {"espeak en-029+m3", "hiss"}, {"espeak en-gb-x-gbclan+f3", "fan"}, {"espeak en-us-nyc", "traffic"}, {"espeak en-gb-x-gbcwmd+Mike", "room"},
			{"espeak en-gb+klatt5", "laptop"}, {"espeak en-us+Jacky", "room"}, {"espeak en-gb-x-rp+anika", "fan"}, {"espeak en-gb-scotland+Alex", "traffic"}, {"espeak en-029", "hum"}, {"espeak en-us-nyc+m4", "hiss"}, {"flite slt", "laptop"},
		}
		scripts = []string{"relaxation+scan", "prose+evening", "workshop+chorus", "island+sleep", "history+yoga", "market+ballad", "recipe+evening", "monologue+sleep", "prose+island", "history+chorus", "market+scan+yoga"}
		seed = 57000
	case "tuning":
		readers = []reader{{"espeak en-029+f5", "room"}, {"espeak en-us-nyc+m7", "fan"}, {"flite kal", "hiss"}, {"espeak en-gb-x-gbclan+klatt4", "traffic"}, {"espeak en-gb-x-gbcwmd+f1", "hum"}, {"flite rms", "laptop"},
			{"espeak en-gb+Denis", "room"}, {"espeak en-us+f2", "traffic"}, {"espeak en-gb-x-rp+Hugo", "hiss"}, {"espeak en-gb-scotland", "fan"}, {"espeak en-029+klatt3", "hum"}, {"espeak en-us-nyc+paul", "room"}}
		scripts = []string{"letter+garden", "lecture+story", "story+garden+letter", "lecture+bath", "bath+story+letter"}
		seed = 7000
	case "unseen":
		readers = []reader{
			{"espeak en-gb+Annie", "room"}, {"espeak en-us-nyc+f3", "hum"}, {"flite kal16", "laptop"}, {"espeak en-gb-x-gbclan+m8", "hiss"}, {"espeak en-us+Lee", "traffic"}, {"espeak en-gb-x-gbcwmd+klatt6", "fan"},
			{"espeak en-gb-scotland+Andrea", "hum"}, {"espeak en-us+david", "room"}, {"espeak en-gb-x-rp+m6", "laptop"}, {"espeak en-029+shelby", "traffic"}, {"espeak en-us-nyc+travis", "hiss"}, {"espeak en-gb+victor", "fan"},
		}
		scripts = []string{"harbour+shore", "clockwork+bicycle", "orchard+forest", "bicycle+shore+harbour", "lighthouse+forest+clockwork"}
		seed = 27000
	case "real":
		for i, who := range []string{"george", "jackson", "lucas", "nicolas", "theo", "yweweler"} {
			readers = append(readers, reader{"fsdd " + who, []string{"room", "fan", "hiss", "traffic", "hum", "laptop"}[i]})
		}
		scripts = []string{"digits"}
		seed = 97000
	default:
		panic("no takes of " + set)
	}
	formats := []wav.Format{mono48, mono44, stereo44, plain96, float48}
	ratios := []float64{20, 30, 40, 60}
	var all []Config
	for round := range rounds {
		for i, r := range readers {
			n := round*len(readers) + i
			c := Config{
				Seed: seed + uint64(n), Voice: r.voice, Script: scripts[(round+i)%len(scripts)], SNRDB: ratios[(round+i)%len(ratios)],
				Background: r.background, Reverb: []float64{0, 0.2, 0.35, 0.5}[n*3%4], Format: formats[n%len(formats)],
				Confusers: 10, PauseMin: 0.5, PauseMax: 1.8,
				Slips: []string{"partial", "false start", "full", "double", "claps", "clicker", "snaps", "partial", "false start", "full", "claps", "clicker"},
			}
			if set == "training" || set == "tuning" {
				c.Format = mono22 // made sooner
			}
			if set == "real" {
				c.Format = wav.Format{RateHz: 16000, Channels: 1, Bits: 16, SampleBytes: 2}
			}
			all = append(all, c)
		}
	}
	return all
}
