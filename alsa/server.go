package alsa

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// serverLine is a jackd command line with its alsa driver: jackd's own words up
// to the driver's name, then the driver's options.
type serverLine struct {
	head    []string
	options []serverOption
}

type serverOption struct {
	letter byte // 0 when it is unknown
	value  string
	words  []string // as they stood
}

// serverLetters are the letters of the alsa driver's options by their long
// names (jackd 1.9.21, linux/alsa/JackAlsaDriver.cpp).
var serverLetters = map[string]byte{"capture": 'C', "playback": 'P', "device": 'd', "rate": 'r', "period": 'p', "nperiods": 'n',
	"hwmon": 'H', "hwmeter": 'M', "duplex": 'D', "softmode": 's', "monitor": 'm', "dither": 'z', "inchannels": 'i', "outchannels": 'o',
	"shorts": 'S', "input-latency": 'I', "output-latency": 'O', "midi-driver": 'X'}

// parseServer reads a command line; false when it is none of a jackd on its
// alsa driver.
func parseServer(args []string) (l serverLine, ok bool) {
	if len(args) == 0 || args[0][strings.LastIndexByte(args[0], '/')+1:] != "jackd" {
		return l, false
	}
	at := -1
	for i, a := range args {
		if a == "-dalsa" || a == "--driver=alsa" || i > 0 && a == "alsa" && (args[i-1] == "-d" || args[i-1] == "--driver") {
			at = i
			break
		}
	}
	if at < 0 {
		return l, false
	}
	l.head = args[:at+1]
	for i := at + 1; i < len(args); i++ {
		o := serverOption{words: args[i : i+1]}
		name, value, said := strings.Cut(args[i], "=")
		switch {
		case strings.HasPrefix(name, "--"):
			o.letter, o.value = serverLetters[name[2:]], value
		case len(args[i]) > 1 && args[i][0] == '-':
			o.letter, o.value = args[i][1], args[i][2:]
			said = o.value != ""
		}
		if !said && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") { // jackd takes any next word
			o.value, o.words = args[i+1], args[i:i+2]
			i++
		}
		l.options = append(l.options, o)
	}
	return l, true
}

// number is an option's, 0 when it is not given.
func (l serverLine) number(letter byte) int {
	n := 0
	for _, o := range l.options {
		if o.letter == letter {
			n, _ = strconv.Atoi(o.value)
		}
	}
	return n
}

func (l serverLine) has(letter byte) bool {
	return slices.ContainsFunc(l.options, func(o serverOption) bool { return o.letter == letter })
}

// of reports whether one of the devices is the card's.
func (l serverLine) of(card Card) bool {
	devices := []string{"hw:0"} // jackd's default
	if l.has('d') || l.has('C') || l.has('P') {
		devices = nil
	}
	for _, o := range l.options {
		if o.letter == 'd' || o.letter == 'C' || o.letter == 'P' {
			devices = append(devices, o.value)
		}
	}
	return slices.ContainsFunc(devices, func(device string) bool {
		_, which, _ := strings.Cut(device, ":")
		which, _, _ = strings.Cut(which, ",")
		which = strings.TrimPrefix(which, "CARD=")
		return strings.Contains(device, ":") && (which == card.ID || which == strconv.Itoa(card.Number))
	})
}

// with is the command line with an option's number changed, without the option
// where it is 0.
func (l serverLine) with(letter byte, n int) serverLine {
	m := serverLine{head: l.head}
	for _, o := range l.options {
		if o.letter != letter {
			m.options = append(m.options, o)
		}
	}
	if n != 0 {
		word := "-" + string(letter)
		m.options = append(m.options, serverOption{letter, strconv.Itoa(n), []string{word, strconv.Itoa(n)}})
	}
	return m
}

func (l serverLine) words() []string {
	words := slices.Clone(l.head)
	for _, o := range l.options {
		words = append(words, o.words...)
	}
	return words
}

// mended is the command line as a card with these limits takes it, and what was
// wrong with it. A direction that the card has not is nil.
func (l serverLine) mended(capture, playback *Limits) (_ serverLine, wrong []string) {
	if l.has('P') && !l.has('C') && !l.has('d') {
		capture = nil
	} else if l.has('C') && !l.has('P') && !l.has('d') {
		playback = nil
	}
	for _, way := range []struct {
		limits   *Limits
		channels byte
	}{{capture, 'i'}, {playback, 'o'}} {
		limits := way.limits
		if limits == nil {
			continue
		}
		check := func(err error, mend func()) {
			if err != nil {
				wrong = append(wrong, err.Error())
				mend()
			}
		}
		check(limits.Check(l.number(way.channels), 0, 0, 0), func() { l = l.with(way.channels, 0) })
		check(limits.Check(0, l.number('r'), 0, 0), func() { l = l.with('r', 48000) })
		const jackBlock, jackPeriods = 1024, 2 // jackd's own
		block, periods := cmp.Or(l.number('p'), jackBlock), cmp.Or(l.number('n'), jackPeriods)
		check(limits.Check(0, 0, block, periods), func() {
			periods = min(periods, 3)
			for limits.Check(0, 0, block, periods) != nil && block > 1 {
				block /= 2
			}
			l = l.with('p', block).with('n', periods)
		})
	}
	return l, wrong
}
