package alsa

import (
	"fmt"
	"slices"
	"strings"
)

// The channel status that goes along with an S/PDIF signal: IEC 60958-3
// (consumer) and AES3 (professional). A receiver may mute what is marked as
// no audio.

// Setting is one of the things a channel status says.
type Setting struct {
	Key, Value string
	Choices    []string // what it can be set to; none for what the driver sets
}

type choice struct {
	text string
	bits int64
}

// field is where a channel status says something.
type field struct {
	key     string
	pro     int // 0 consumer, 1 professional, -1 both
	byte    int
	mask    int64
	byCard  bool // the driver sets it when a stream opens
	choices []choice
}

var fields = [...]field{
	{"mode", -1, 0, 0x01, false, []choice{{"consumer", 0}, {"professional", 0x01}}},
	{"audio", -1, 0, 0x02, false, []choice{{"yes", 0}, {"no", 0x02}}},
	{"copy", 0, 0, 0x04, false, []choice{{"prohibited", 0}, {"permitted", 0x04}}},
	{"emphasis", 0, 0, 0x38, false, []choice{{"none", 0}, {"50/15us", 0x08}}},
	{"category", 0, 1, 0x7f, false, []choice{{"general", 0}, {"cd", 1}, {"pcm", 2}, {"dat", 3}}},
	{"generation", 0, 1, 0x80, false, []choice{{"copy", 0}, {"original", 0x80}}},
	{"rate", 0, 3, 0x0f, true, []choice{{"44100", 0}, {"unmarked", 1}, {"48000", 2}, {"32000", 3}}},
	{"emphasis", 1, 0, 0x1c, false, []choice{{"unmarked", 0}, {"none", 0x04}, {"50/15us", 0x0c}, {"j17", 0x1c}}},
	{"stream", 1, 1, 0x0f, false, []choice{{"unmarked", 0}, {"stereo", 2}, {"single", 4}, {"two-channel", 8}, {"primary", 12}}},
	{"rate", 1, 0, 0xc0, true, []choice{{"unmarked", 0}, {"44100", 0x40}, {"48000", 0x80}, {"32000", 0xc0}}},
}

func (f field) of(v Value) bool { return f.pro < 0 || f.pro == int(v[0]&1) }

func (f field) texts() []string {
	t := make([]string, len(f.choices))
	for i, c := range f.choices {
		t[i] = c.text
	}
	return t
}

// Status is what a channel status says, in a fixed order.
func Status(v Value) []Setting {
	var settings []Setting
	for _, f := range fields {
		if !f.of(v) {
			continue
		}
		bits := v[f.byte] & f.mask
		s := Setting{Key: f.key, Value: fmt.Sprintf("0x%02x", bits)}
		if i := slices.IndexFunc(f.choices, func(c choice) bool { return c.bits == bits }); i >= 0 {
			s.Value = f.choices[i].text
		}
		if !f.byCard {
			s.Choices = f.texts()
		}
		settings = append(settings, s)
	}
	return settings
}

// SetStatus returns the channel status that says value under key as well. The
// other mode has other bits: going over to it starts from its usual ones and
// keeps whether it is audio.
func SetStatus(v Value, key, value string) (Value, error) {
	known := []string{}
	for _, f := range fields {
		if !f.of(v) || f.byCard {
			continue
		}
		if !strings.EqualFold(f.key, key) {
			known = append(known, f.key)
			continue
		}
		i := slices.IndexFunc(f.choices, func(c choice) bool { return strings.EqualFold(c.text, value) })
		if i < 0 {
			return nil, fmt.Errorf("%s=%s: want one of %s", key, value, strings.Join(f.texts(), ", "))
		}
		if f.key == "mode" {
			return turn(v, f.choices[i].bits), nil
		}
		v = slices.Clone(v)
		v[f.byte] = v[f.byte]&^f.mask | f.choices[i].bits
		return v, nil
	}
	return nil, fmt.Errorf("%s: want one of %s", key, strings.Join(known, ", "))
}

// turn goes over to a mode.
func turn(v Value, mode int64) Value {
	if v[0]&1 == mode {
		return v
	}
	to := make(Value, IEC958Len)
	if mode == 0 { // as the driver starts: original, from a PCM coder, 48 kHz
		to[1], to[3] = 0x82, 0x02
	} else { // no emphasis, 48 kHz, stereo
		to[0], to[1] = 0x01|0x04|0x80, 0x02
	}
	to[0] |= v[0] & 0x02
	return to
}

// ReceiverErrors words the error status of the card's CS8427 S/PDIF receiver
// (data sheet, register 0x10); none is a clean signal.
func ReceiverErrors(status int64) []string {
	var errs []string
	for _, e := range []struct {
		bit  int64
		text string
	}{{0x10, "no lock"}, {0x08, "marked invalid"}, {0x04, "weak signal"}, {0x02, "bi-phase errors"}, {0x01, "parity errors"},
		{0x20, "channel status CRC errors"}, {0x40, "Q-subcode CRC errors"}} {
		if status&e.bit != 0 {
			errs = append(errs, e.text)
		}
	}
	return errs
}
