package voices

import "jackknife/wav"

var (
	mono22   = wav.Format{RateHz: 22050, Channels: 1, Bits: 16, SampleBytes: 2}
	mono44   = wav.Format{RateHz: 44100, Channels: 1, Bits: 16, SampleBytes: 2}
	mono48   = wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}
	mono96   = wav.Format{RateHz: 96000, Channels: 1, Bits: 32, SampleBytes: 4, Encoding: wav.Float}
	plain96  = wav.Format{RateHz: 96000, Channels: 1, Bits: 16, SampleBytes: 2}
	stereo44 = wav.Format{RateHz: 44100, Channels: 2, Bits: 16, SampleBytes: 2}
	fine44   = wav.Format{RateHz: 44100, Channels: 2, Bits: 24, SampleBytes: 3}
	stereo48 = wav.Format{RateHz: 48000, Channels: 2, Bits: 24, SampleBytes: 3}
	float48  = wav.Format{RateHz: 48000, Channels: 2, Bits: 32, SampleBytes: 4, Encoding: wav.Float}
)

// Corpora are sets of takes to judge a detector by. Thresholds may be tuned on
// "tuning"; "held-out" has other voices and texts, but was looked at on the
// way; "fresh" has others again, and was made when the detector was done.
var Corpora = map[string][]Config{
	"tuning": {
		{Voice: "espeak en-us+m1", Script: "relaxation", Background: "room", Reverb: 0.3, Format: mono48, PauseMin: 1.6, PauseMax: 4},
		{Voice: "espeak en-gb+f2", Script: "prose", Background: "fan", Reverb: 0.4, Format: stereo48},
		{Voice: "flite slt", Script: "relaxation", Background: "hum", Format: mono44, PauseMin: 1.6, PauseMax: 4},
		{Voice: "flite rms", Script: "prose", Background: "traffic", Reverb: 0.2, Format: mono48},
		{Voice: "formula", Script: "prose", Background: "hiss", Format: mono44},
	},
	"held-out": {
		{Voice: "espeak en-gb-x-rp+f4", Script: "monologue", Background: "room", Reverb: 0.2, Format: mono48, DC: 0.003},
		{Voice: "flite kal16", Script: "workshop", Background: "fan", Reverb: 0.35, Format: mono44},
		{Voice: "espeak en-gb-scotland+m5", Script: "workshop", Background: "traffic", Format: stereo44, DC: -0.002},
		{Voice: "alsa", Script: "monologue", Background: "hiss", Reverb: 0.25, Format: mono48},
		{Voice: "flite awb", Script: "monologue", Background: "hum", Reverb: 0.15, Format: mono96, DC: 0.001},
	},
	"fresh": {
		{Voice: "espeak en-029+f5", Script: "letter", Background: "room", Reverb: 0.3, Format: fine44},
		{Voice: "espeak en-us-nyc+m7", Script: "lecture", Background: "fan", Reverb: 0.25, Format: plain96, DC: 0.002},
		{Voice: "flite kal", Script: "lecture", Background: "hiss", Reverb: 0.2, Format: float48},
		{Voice: "espeak en-gb-x-gbclan+klatt4", Script: "letter", Background: "traffic", Format: mono96, DC: -0.004},
		{Voice: "espeak en-gb-x-gbcwmd+f1", Script: "story", Background: "hum", Reverb: 0.45, Format: stereo44},
		{Voice: "espeak de+m6", Script: "story", Background: "laptop", Reverb: 0.15, Format: mono48, PauseMin: 0.9, PauseMax: 3},
		{Voice: "espeak en+whisper", Script: "story", Background: "room", Reverb: 0.1, Format: mono44},
	},
}

// Rounds is the set played rounds times, each time with other chances, lines
// of every script or all of them if 0.
func Rounds(set string, rounds, lines int) []Config {
	var out []Config
	for round := range rounds {
		for i, c := range Corpora[set] {
			c.Seed, c.Lines, c.Noises = uint64(100*round+i+1), lines, 2
			if set == "fresh" {
				c.Seed += 9000
			}
			out = append(out, c)
		}
	}
	return out
}
