// Package jackd runs JACK2's server: what it shall be started with, the process
// itself, and what its log says. It needs the program jackd, and no libjack.
package jackd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Settings are what a server is started with. Text is their form for people:
//
//	driver=alsa device=hw:M1010LT rate=48000 block=256 periods=2 priority=70
//
// in which a setting that is not named has its value in Default.
type Settings struct {
	Driver   string // alsa or dummy
	Device   string // of alsa; empty: its first card
	RateHz   int
	Block    int // frames
	Periods  int // blocks that the card's playback buffer holds; of alsa
	Inputs   int // channels; All: what the card has, and 2 of dummy
	Outputs  int
	Priority int    // of the audio thread; NoRealtime: an ordinary one; 0: jackd's own choice
	Sync     bool   // a block late for one is late for all, instead of lost between programs
	MIDI     string // ALSA MIDI ports: seq, raw or empty; of alsa
	Ports    int    // at most so many; 0: jackd's own choice
	DBus     bool   // run by jackdbus in the user's session
}

// Values with a meaning of their own.
const (
	All        = -1
	NoRealtime = -1
)

// Default is what a server has without settings.
var Default = Settings{Driver: "alsa", RateHz: 48000, Block: 1024, Periods: 2, Inputs: All, Outputs: All, Sync: true}

// setting is one word of the text.
type setting struct {
	key  string
	text func(s *Settings) string
	set  func(s *Settings, value string) error
}

func number(key string, low, high int, words map[string]int, of func(*Settings) *int) setting {
	return setting{key,
		func(s *Settings) string {
			for word, n := range words {
				if *of(s) == n {
					return word
				}
			}
			return strconv.Itoa(*of(s))
		},
		func(s *Settings, value string) error {
			n, known := words[value]
			if !known {
				var err error
				if n, err = strconv.Atoi(value); err != nil || n < low || n > high {
					want := fmt.Sprintf("a number from %d to %d", low, high)
					for word := range words {
						want += " or " + word
					}
					return fmt.Errorf("%s=%s: want %s", key, value, want)
				}
			}
			*of(s) = n
			return nil
		}}
}

func word(key string, words []string, of func(*Settings) *string) setting {
	return setting{key,
		func(s *Settings) string { return *of(s) },
		func(s *Settings, value string) error {
			if words != nil && !slices.Contains(words, value) {
				return fmt.Errorf("%s=%s: want %s", key, value, strings.Join(words, " or "))
			}
			*of(s) = value
			return nil
		}}
}

func yes(key string, of func(*Settings) *bool) setting {
	return setting{key,
		func(s *Settings) string { return map[bool]string{true: "yes", false: "no"}[*of(s)] },
		func(s *Settings, value string) error {
			if value != "yes" && value != "no" {
				return fmt.Errorf("%s=%s: want yes or no", key, value)
			}
			*of(s) = value == "yes"
			return nil
		}}
}

// settings are all words, in the order they are written. The bounds are those
// of JACK2 (JackConstants.h: BUFFER_SIZE_MAX, PORT_NUM_MAX) and of what cards do.
var settings = []setting{
	word("driver", []string{"alsa", "dummy"}, func(s *Settings) *string { return &s.Driver }),
	word("device", nil, func(s *Settings) *string { return &s.Device }),
	number("rate", 8000, 384000, nil, func(s *Settings) *int { return &s.RateHz }),
	number("block", 16, 8192, nil, func(s *Settings) *int { return &s.Block }),
	number("periods", 2, 32, nil, func(s *Settings) *int { return &s.Periods }),
	number("inputs", 0, 256, map[string]int{"all": All}, func(s *Settings) *int { return &s.Inputs }),
	number("outputs", 0, 256, map[string]int{"all": All}, func(s *Settings) *int { return &s.Outputs }),
	number("priority", 0, 95, map[string]int{"no": NoRealtime}, func(s *Settings) *int { return &s.Priority }),
	yes("sync", func(s *Settings) *bool { return &s.Sync }),
	word("midi", []string{"seq", "raw", ""}, func(s *Settings) *string { return &s.MIDI }),
	number("ports", 128, 4096, map[string]int{"": 0}, func(s *Settings) *int { return &s.Ports }),
	yes("dbus", func(s *Settings) *bool { return &s.DBus }),
}

// Keys returns the names of all settings.
func Keys() []string {
	var keys []string
	for _, k := range settings {
		keys = append(keys, k.key)
	}
	return keys
}

// Set changes the settings that words name, each KEY=VALUE; without a value a
// setting gets that of Default.
func (s Settings) Set(words []string) (Settings, error) {
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		i := slices.IndexFunc(settings, func(k setting) bool { return k.key == key })
		if !ok || i < 0 {
			return s, fmt.Errorf("%s: want KEY=VALUE; keys are %s", w, strings.Join(Keys(), ", "))
		}
		if strings.ContainsAny(value, " \t\n") {
			return s, fmt.Errorf("%s: has a space in it", w)
		}
		if value == "" {
			d := Default
			value = settings[i].text(&d)
		}
		if err := settings[i].set(&s, value); err != nil {
			return s, err
		}
	}
	return s, s.check()
}

// check finds what does not go together.
func (s Settings) check() error {
	switch {
	case s.Driver == "dummy" && (s.Device != "" || s.MIDI != ""):
		return fmt.Errorf("driver=dummy: has no device and no MIDI")
	case s.Inputs == 0 && s.Outputs == 0:
		return fmt.Errorf("inputs=0 outputs=0: nothing to do")
	}
	return nil
}

// Words returns the settings that differ from Default, after the driver.
func (s Settings) Words() []string {
	d := Default
	words := []string{"driver=" + s.Driver}
	for _, k := range settings[1:] {
		if v := k.text(&s); v != k.text(&d) {
			words = append(words, k.key+"="+v)
		}
	}
	return words
}

// String returns Words as one line.
func (s Settings) String() string { return strings.Join(s.Words(), " ") }

// Args returns the command line of jackd for a server of this name.
func (s Settings) Args(name string) []string {
	args := []string{"jackd", "-n", name}
	switch {
	case s.Priority == NoRealtime:
		args = append(args, "-r")
	case s.Priority > 0:
		args = append(args, "-R", "-P", strconv.Itoa(s.Priority))
	}
	if s.Sync {
		args = append(args, "-S")
	}
	if s.Ports > 0 {
		args = append(args, "-p", strconv.Itoa(s.Ports))
	}
	args = append(args, "-d", s.Driver, "-r", strconv.Itoa(s.RateHz), "-p", strconv.Itoa(s.Block))
	if s.Driver == "dummy" {
		return append(args, channelArgs("-C", s.Inputs, "-P", s.Outputs)...)
	}
	args = append(args, "-n", strconv.Itoa(s.Periods))
	if s.Device != "" {
		args = append(args, "-d", s.Device)
	}
	switch {
	case s.Inputs == 0:
		args = append(args, "-P")
	case s.Outputs == 0:
		args = append(args, "-C")
	}
	args = append(args, channelArgs("-i", s.Inputs, "-o", s.Outputs)...)
	if s.MIDI != "" {
		args = append(args, "-X", s.MIDI)
	}
	return args
}

func channelArgs(in string, inputs int, out string, outputs int) []string {
	var args []string
	if inputs != All {
		args = append(args, in, strconv.Itoa(inputs))
	}
	if outputs != All {
		args = append(args, out, strconv.Itoa(outputs))
	}
	return args
}

// controlArgs returns the words that jack_control takes to start a server of this
// name with the settings.
func (s Settings) controlArgs(name string) []string {
	engine := func(key, value string) []string { return []string{"eps", key, value} }
	driver := func(key string, n int) []string {
		if n == All {
			return []string{"dpr", key}
		}
		return []string{"dps", key, strconv.Itoa(n)}
	}
	truth := func(b bool) string { return map[bool]string{true: "true", false: "false"}[b] }
	args := append(engine("name", name), engine("realtime", truth(s.Priority != NoRealtime))...)
	args = append(args, engine("sync", truth(s.Sync))...)
	if s.Priority > 0 {
		args = append(args, engine("realtime-priority", strconv.Itoa(s.Priority))...)
	}
	if s.Ports > 0 {
		args = append(args, engine("port-max", strconv.Itoa(s.Ports))...)
	}
	args = append(args, "ds", s.Driver)
	args = append(args, driver("rate", s.RateHz)...)
	args = append(args, driver("period", s.Block)...)
	if s.Driver == "dummy" {
		args = append(args, driver("capture", s.Inputs)...)
		return append(append(args, driver("playback", s.Outputs)...), "start")
	}
	args = append(args, driver("nperiods", s.Periods)...)
	args = append(args, driver("inchannels", s.Inputs)...)
	args = append(args, driver("outchannels", s.Outputs)...)
	if s.Device != "" {
		args = append(args, "dps", "device", s.Device)
	}
	if s.MIDI != "" {
		args = append(args, "dps", "midi-driver", s.MIDI)
	}
	return append(args, "start")
}
