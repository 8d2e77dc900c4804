package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"jackknife/editor"
	"jackknife/editor/inspect"
	"jackknife/testdata/voices"
)

// blemish is one kind to plant, and as what it should be listed.
type blemish struct {
	name  string
	kind  inspect.Kind
	plant func([]float64, voices.Truth, *rand.Rand) ([]float64, []editor.Span)
}

var blemishes = []blemish{
	{"knock in speech, as loud as it", inspect.Knock, inSpeech("knock", 3)},
	{"knock in speech, 6 dB louder", inspect.Knock, inSpeech("knock", 6)},
	{"plosive in speech, as loud as it", inspect.Plosive, inSpeech("pop", 3)},
	{"plosive in speech, 6 dB louder", inspect.Plosive, inSpeech("pop", 6)},
	{"level 4 dB down", inspect.Jump, jump(-4)},
	{"level 6 dB down", inspect.Jump, jump(-6)},
	{"level 9 dB up", inspect.Jump, jump(9)},
	{"dead air, 6 s", inspect.DeadAir, deadAir(6)},
	{"dead air, 15 s", inspect.DeadAir, deadAir(15)},
	{"inter-sample peak, +0.5 dB", inspect.Peak, between(0.5)},
	{"inter-sample peak, +2 dB", inspect.Peak, between(2)},
	{"clipping, 3 samples", inspect.Clipping, clip(3)},
	{"clipping, 12 samples", inspect.Clipping, clip(12)},
	{"dropout in speech, 2 ms", inspect.Dropout, zeros(rate*2/1000, true)},
	{"dropout in speech, 20 ms", inspect.Dropout, zeros(rate*20/1000, true)},
	{"digital silence, 0.3 s", inspect.Silence, zeros(rate*3/10, false)},
	{"hum, 10 dB over the room", inspect.Hum, hum},
	{"DC of 2 %", inspect.DC, func(x []float64, _ voices.Truth, _ *rand.Rand) ([]float64, []editor.Span) {
		for i := range x {
			x[i] += 0.02
		}
		return x, []editor.Span{{Start: 0, End: int64(len(x))}}
	}},
	{"phone buzz, 0.6 s", inspect.Buzz, buzz},
}

// inSpeech plants a sound into the middle of phrases, its peak so many times the RMS
// of the speech.
func inSpeech(kind string, times float64) func([]float64, voices.Truth, *rand.Rand) ([]float64, []editor.Span) {
	return func(x []float64, t voices.Truth, rng *rand.Rand) ([]float64, []editor.Span) {
		var places []editor.Span
		peak := min(0.9, times*level(x, t))
		for _, p := range everyOther(t, 5, rng) {
			y := voices.Sound(kind, rate, rng)
			at := int(p.Start + p.Len()*int64(30+rng.IntN(40))/100)
			add(x, at, y, peak)
			places = append(places, editor.Span{Start: int64(at), End: int64(at + len(y))})
		}
		return x, places
	}
}

// jump changes the level from the middle phrase on; what is to be louder, by making
// what is before it softer.
func jump(db float64) func([]float64, voices.Truth, *rand.Rand) ([]float64, []editor.Span) {
	return func(x []float64, t voices.Truth, rng *rand.Rand) ([]float64, []editor.Span) {
		n := len(t.Phrases) / 2
		at := (t.Phrases[n-1].End + t.Phrases[n].Start) / 2
		changed, by := x[at:], db
		if db > 0 {
			changed, by = x[:at], -db
		}
		for i := range changed {
			changed[i] *= math.Pow(10, by/20)
		}
		// Where it is, to a line.
		return x, []editor.Span{{Start: t.Phrases[n-1].Start, End: t.Phrases[min(n+1, len(t.Phrases)-1)].End}}
	}
}

// deadAir makes a pause longer, by the room's own sound.
func deadAir(seconds int) func([]float64, voices.Truth, *rand.Rand) ([]float64, []editor.Span) {
	return func(x []float64, t voices.Truth, rng *rand.Rand) ([]float64, []editor.Span) {
		from, to := 0, 0 // the longest pause without a noise in it
		for n := range t.Phrases[1:] {
			a, b := int(t.Phrases[n].End)+rate*3/10, int(t.Phrases[n+1].Start)-rate/10
			if b-a > to-from && !slices.ContainsFunc(t.Noises, func(z voices.Noise) bool { return z.Start < int64(b) && z.End > int64(a) }) {
				from, to = a, b
			}
		}
		tone := slices.Clone(x[from:to])
		var more []float64
		for forth := true; len(more) < seconds*rate; forth = !forth {
			if !forth {
				slices.Reverse(tone)
			}
			more = append(more, tone...)
		}
		return slices.Insert(x, to, more...), []editor.Span{{Start: int64(from), End: int64(to + len(more))}}
	}
}

// between plants a wave of a quarter of the rate whose samples are below full scale
// and whose top between them is so much over it.
func between(db float64) func([]float64, voices.Truth, *rand.Rand) ([]float64, []editor.Span) {
	return func(x []float64, t voices.Truth, rng *rand.Rand) ([]float64, []editor.Span) {
		var places []editor.Span
		for _, p := range everyOther(t, 4, rng) {
			at := int(p.Start+p.End) / 2
			for i := range rate / 100 {
				fade := math.Sin(math.Pi * float64(i) / (rate / 100))
				x[at+i] = math.Pow(10, db/20) * fade * math.Sin(math.Pi/2*float64(i)+math.Pi/4)
			}
			places = append(places, editor.Span{Start: int64(at), End: int64(at + rate/100)})
		}
		return x, places
	}
}

// clip makes some samples full scale, in the loudest place of a phrase.
func clip(n int) func([]float64, voices.Truth, *rand.Rand) ([]float64, []editor.Span) {
	return func(x []float64, t voices.Truth, rng *rand.Rand) ([]float64, []editor.Span) {
		var places []editor.Span
		for _, p := range everyOther(t, 4, rng) {
			at := int(p.Start)
			for i := range x[p.Start:p.End] {
				if x[int(p.Start)+i] > x[at] {
					at = int(p.Start) + i
				}
			}
			for i := range n {
				x[at+i] = 1
			}
			places = append(places, editor.Span{Start: int64(at), End: int64(at + n)})
		}
		return x, places
	}
}

// zeros silences some frames, in phrases or in pauses.
func zeros(n int, speech bool) func([]float64, voices.Truth, *rand.Rand) ([]float64, []editor.Span) {
	return func(x []float64, t voices.Truth, rng *rand.Rand) ([]float64, []editor.Span) {
		var places []editor.Span
		for _, p := range everyOther(t, 4, rng) {
			at := int(p.Start+p.End) / 2
			if !speech {
				at = max(0, int(p.Start)-n-rate/10)
			}
			clear(x[at : at+n])
			places = append(places, editor.Span{Start: int64(at), End: int64(at + n)})
		}
		return x, places
	}
}

// hum is 50 Hz and its harmonics.
func hum(x []float64, t voices.Truth, rng *rand.Rand) ([]float64, []editor.Span) {
	var sum, n float64 // of the room before the first phrase
	for _, v := range x[:max(1, t.Phrases[0].Start-rate/5)] {
		sum, n = sum+v*v, n+1
	}
	amount := math.Sqrt(2*sum/n) * math.Pow(10, 10.0/20)
	for i := range x {
		w := 2 * math.Pi * 50 * float64(i) / rate
		x[i] += amount * (0.8*math.Sin(w) + 0.4*math.Sin(2*w+1) + 0.3*math.Sin(3*w+2))
	}
	return x, []editor.Span{{Start: 0, End: int64(len(x))}}
}

// buzz is what a phone of the GSM kind leaves: 0.6 ms every 4.6 ms.
func buzz(x []float64, t voices.Truth, rng *rand.Rand) ([]float64, []editor.Span) {
	var places []editor.Span
	peak := level(x, t)
	for _, p := range everyOther(t, 2, rng) {
		at := max(0, int(p.Start)-rate*3/4)
		for i := range rate * 6 / 10 {
			if i%(rate*4615/1000000) < rate*577/1000000 {
				x[at+i] += peak * (0.7 + 0.3*rng.Float64())
			}
		}
		places = append(places, editor.Span{Start: int64(at), End: int64(at + rate*6/10)})
	}
	return x, places
}

// sound is one to be taught; no two are quite alike.
type sound struct {
	name string
	make func(*rand.Rand) []float64
}

// tones is a sound by its frequency and its level, of a time from 0 to 1.
func tones(seconds float64, hz, loud func(t float64) float64, harmonics int) func(*rand.Rand) []float64 {
	return func(rng *rand.Rand) []float64 {
		high, long := 1+0.06*(rng.Float64()-0.5), 1+0.1*(rng.Float64()-0.5)
		x := make([]float64, int(seconds*long*rate))
		phase := 0.0
		for i := range x {
			at := float64(i) / float64(len(x))
			phase += 2 * math.Pi * hz(at) * high / rate
			for k := range harmonics {
				x[i] += loud(at) * math.Sin(float64(k+1)*phase) / float64(k+1)
			}
		}
		return x
	}
}

var sounds = []sound{
	{"whistle, rising", tones(0.3, func(t float64) float64 { return 1200 * math.Exp2(t) }, func(t float64) float64 { return math.Sin(math.Pi * t) }, 1)},
	{"whistle, falling", tones(0.35, func(t float64) float64 { return 2200 * math.Exp2(-t) }, func(t float64) float64 { return math.Sin(math.Pi * t) }, 1)},
	{"bell", tones(0.7, func(float64) float64 { return 1760 }, func(t float64) float64 { return min(1, 200*t) * math.Exp(-6*t) }, 4)},
	{"two tones", tones(0.4, func(t float64) float64 {
		if t < 0.5 {
			return 880
		}
		return 660
	}, func(t float64) float64 { return min(1, 20*t, 20*(1-t)) }, 3)},
	{"squeaking toy", tones(0.25, func(t float64) float64 { return 2600 + 900*math.Sin(2*math.Pi*6*t) }, func(t float64) float64 { return min(1, 30*t, 10*(1-t)) }, 3)},
	{"cork", tones(0.06, func(t float64) float64 { return 500 + 900*t }, func(t float64) float64 { return min(1, 40*t) * math.Exp(-4*t) }, 2)},
	{"tongue, twice", func(rng *rand.Rand) []float64 {
		one := tones(0.025, func(t float64) float64 { return 1400 - 300*t }, func(t float64) float64 { return math.Exp(-5 * t) }, 3)
		return slices.Concat(one(rng), make([]float64, rate*(150+rng.IntN(20))/1000), one(rng))
	}},
}
