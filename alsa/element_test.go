package alsa

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// delta is some of a Delta 1010LT's elements.
func delta() []*Element {
	rw := Access{Read: true, Write: true}
	elements := []*Element{
		{ID: ID{Iface: IfacePCM, Name: "Multi Track Peak"}, Type: Integer, Count: 22, Max: 255, Access: Access{Read: true, Volatile: true}},
		{ID: ID{Iface: IfacePCM, Name: "IEC958 Playback Default"}, Type: IEC958, Count: 1, Access: rw, Value: make(Value, IEC958Len)},
		{ID: ID{Iface: IfaceCard, Name: "ICE1712 EEPROM"}, Type: Bytes, Count: 4, Access: Access{Read: true}, Value: Value{0xd6, 0x3b, 0x14, 0x12}},
		{ID: ID{Iface: IfacePCM, Device: 3, Name: "ELD"}, Type: Bytes, Count: 2, Access: rw, Value: Value{0, 1}},
		{ID: ID{Iface: IfaceMixer, Name: "Word Clock Sync"}, Type: Boolean, Count: 1, Max: 1, Access: rw, Value: Value{0}},
		{ID: ID{Iface: IfaceMixer, Name: "Multi Track Internal Clock"}, Type: Enumerated, Count: 1, Access: rw, Value: Value{1},
			Items: []string{"44100", "48000", "IEC958 Input"}},
		{ID: ID{Iface: IfaceMixer, Name: "Multi Track Volume Rate"}, Type: Integer, Count: 1, Max: 255, Access: rw, Value: Value{16}},
	}
	for i := range 3 {
		elements = append(elements,
			&Element{ID: ID{Iface: IfaceMixer, Name: "Multi Playback Volume", Index: i}, Type: Integer, Count: 2, Max: 96, Access: rw,
				Value: Value{0, 96}, Scale: Steps(0, 96, -144, 1.5, false)},
			&Element{ID: ID{Iface: IfaceMixer, Name: "Multi Playback Switch", Index: i}, Type: Boolean, Count: 2, Max: 1, Access: rw, Value: Value{1, 0}},
			&Element{ID: ID{Iface: IfaceMixer, Name: "ADC Volume", Index: i}, Type: Integer, Count: 1, Max: 164, Limit: 163, Access: rw,
				Value: Value{127}, Scale: Steps(0, 164, -63.5, 0.5, true)},
		)
	}
	for i, e := range elements {
		e.Number = i + 1
	}
	return elements
}

func TestFind(t *testing.T) {
	elements := delta()
	for name, want := range map[string]string{
		"ADC Volume":               "ADC Volume|ADC Volume,1|ADC Volume,2",
		"adc volume,1":             "ADC Volume,1",
		"mixer:ADC Volume,1":       "ADC Volume,1",
		"ADC Volume,1-2":           "ADC Volume,1|ADC Volume,2",
		"ADC Volume,1-7":           "ADC Volume,1|ADC Volume,2",
		"Multi Track Peak":         "pcm:Multi Track Peak",
		"pcm:multi track peak,0":   "pcm:Multi Track Peak",
		"ELD":                      "pcm.3:ELD",
		"pcm.3:ELD":                "pcm.3:ELD",
		"pcm.4:ELD":                "no such element",
		"mixer:Multi Track Peak":   "no such element",
		"ADC Volume,3":             "no such element",
		"ADC":                      "no such element",
		"ADC Volume,x":             "want NAME",
		"ADC Volume,2-1":           "want NAME",
		"":                         "names no element",
		"pcm.x:ELD":                "no device number",
		"IEC958 Playback Default,": "want NAME",
	} {
		found, err := Find(elements, name)
		var ids []string
		for _, e := range found {
			ids = append(ids, e.ID.String())
		}
		if err != nil {
			if !strings.Contains(err.Error(), want) || strings.HasPrefix(want, "no such") != errors.Is(err, ErrNotFound) {
				t.Errorf("%q: %v, want %s", name, err, want)
			}
		} else if got := strings.Join(ids, "|"); got != want {
			t.Errorf("%q finds %s, want %s", name, got, want)
		}
	}
	for _, e := range elements {
		if found, err := Find(elements, e.ID.String()); err != nil || found[0] != e {
			t.Errorf("%s does not find itself: %v", e.ID, err)
		}
	}
}

func TestParse(t *testing.T) {
	elements := delta()
	for _, c := range []struct{ element, words, want string }{
		{"ADC Volume", "0dB", "[127]"},
		{"ADC Volume", "0 dB", "[127]"},
		{"ADC Volume", "-6", "is outside 0 to 163"},
		{"ADC Volume", "-6dB", "[115]"},
		{"ADC Volume", "\u22126dB", "[115]"},
		{"ADC Volume", "-6.2dB", "[115]"},
		{"ADC Volume", "-6.3dB", "[114]"},
		{"ADC Volume", "18dB", "[163]"},
		{"ADC Volume", "18.5dB", "outside -63.0 dB to 18.0 dB"},
		{"ADC Volume", "-64dB", "outside"},
		{"ADC Volume", "164", "is outside 0 to 163"},
		{"ADC Volume", "mute", "[0]"},
		{"ADC Volume", "MUTE", "[0]"},
		{"ADC Volume", "0x7f", "[127]"},
		{"ADC Volume", "100%", "[163]"},
		{"ADC Volume", "101%", "outside 0% to 100%"},
		{"ADC Volume", "3dB+", "[133]"},
		{"ADC Volume", "99dB+", "[163]"},
		{"ADC Volume", "99dB-", "[1]"},
		{"ADC Volume", "1-", "[126]"},
		{"ADC Volume", "999+", "[163]"},
		{"ADC Volume", "10%-", "[111]"},
		{"ADC Volume", "loud", "want a level such as -6.0dB"},
		{"ADC Volume", "", "want a level"},
		{"ADC Volume", "nandB", "want a level"},
		{"ADC Volume", "0dB,0dB", "2 values for 1 channels"},
		{"Multi Playback Volume", "0dB", "[96 96]"},
		{"Multi Playback Volume", "0dB,-144dB", "[96 0]"},
		{"Multi Playback Volume", "0dB|=", "[96 96]"},
		{"Multi Playback Volume", "=,=", "[0 96]"},
		{"Multi Playback Volume", "mute", "[0 0]"},
		{"Multi Track Volume Rate", "mute", "it has no mute"},
		{"Multi Playback Volume", "1|2|3", "3 values for 2 channels"},
		{"Multi Playback Switch", "toggle", "[0 1]"},
		{"Multi Playback Switch", "On|off", "[1 0]"},
		{"Multi Playback Switch", "maybe", "want on, off or toggle"},
		{"Multi Track Volume Rate", "-6dB", "it has no dB scale"},
		{"Multi Track Volume Rate", "50%", "[128]"},
		{"Multi Track Internal Clock", "44100", "[0]"},
		{"Multi Track Internal Clock", "iec958 input", "[2]"},
		{"Multi Track Internal Clock", "#1", "[1]"},
		{"Multi Track Internal Clock", "#3", `want one of 44100, 48000, "IEC958 Input"`},
		{"Multi Track Internal Clock", "1", "want one of"},
		{"pcm.3:ELD", "0x10 0xFF", "[16 255]"},
		{"pcm.3:ELD", "10ff", "[16 255]"},
		{"pcm.3:ELD", "10", "1 bytes for 2"},
		{"pcm.3:ELD", "xy", "is no byte"},
	} {
		e, err := Find(elements, c.element)
		if err != nil {
			t.Fatal(err)
		}
		v, err := e[0].Parse(e[0].Value, strings.Split(c.words, "|")...)
		switch {
		case err != nil && !strings.Contains(err.Error(), c.want):
			t.Errorf("%s %q: %v, want %s", c.element, c.words, err, c.want)
		case err == nil && fmt.Sprint([]int64(v)) != c.want:
			t.Errorf("%s %q gives %v, want %s", c.element, c.words, v, c.want)
		}
	}
	iec, _ := Find(elements, "IEC958 Playback Default")
	if v, err := iec[0].Parse(iec[0].Value, "0x04", "0x82"); err != nil || len(v) != IEC958Len || v[0] != 4 || v[1] != 0x82 {
		t.Errorf("IEC958: %v, %v", v, err)
	}
	if v, err := iec[0].Parse(iec[0].Value, strings.Repeat("00", 25)); err == nil {
		t.Errorf("25 status bytes: %v", v)
	}
}

// What Text says, Parse understands.
func TestTextParses(t *testing.T) {
	for _, e := range delta() {
		if e.Value == nil {
			continue
		}
		if back, err := e.Parse(nil, e.Text(e.Value)); err != nil || !slices.Equal(back, e.Value) {
			t.Errorf("%s: %q gives %v, %v, want %v", e.ID, e.Text(e.Value), back, err, e.Value)
		}
	}
}

func TestParseTLV(t *testing.T) {
	signed := func(n int32) uint32 { return uint32(n) }
	// A DB_RANGE of two steps: values 0 to 10 in 1 dB from mute, 10 to 20 in 2 dB.
	words := []uint32{tlvRange, 2 * 6 * 4,
		0, 10, tlvScale, 8, signed(-2000), 100 | tlvScaleMute,
		10, 20, tlvScale, 8, signed(-1000), 200}
	s, err := ParseTLV(words, 0, 20)
	if err != nil {
		t.Fatal(err)
	}
	for v, want := range map[int64]float64{0: math.Inf(-1), 1: -19, 9: -11, 10: -10, 11: -8, 20: 10, 99: 10} {
		if got := s.DB(v); got != want {
			t.Errorf("DB(%d) = %v, want %v", v, got, want)
		}
	}
	for db, want := range map[float64]int64{-100: 1, -19: 1, -8: 11, -8.9: 11, -9.1: 10, 50: 20} {
		if got := s.Value(db); got != want {
			t.Errorf("Value(%v) = %d, want %d", db, got, want)
		}
	}
	for n := range words {
		if _, err := ParseTLV(words[:n], 0, 20); n >= 2 && err == nil {
			t.Errorf("%d of %d words are no error", n, len(words))
		}
	}
	if s, err := ParseTLV([]uint32{tlvContainer, 16, tlvScale, 8, signed(-600), 50}, 0, 12); err != nil || s.DB(12) != 0 {
		t.Errorf("container: %v", err)
	}
	if s, err := ParseTLV([]uint32{0x101, 4, 1}, 0, 12); err != nil || !s.None() {
		t.Errorf("a channel map is a scale: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"-6dB", "3dB+", "50%", "mute", "0dB,=", "#3", "IEC958 Input", "0x06 0x82", "1e999dB", "--", "9223372036854775807+"} {
		f.Add(s)
	}
	elements := delta()
	f.Fuzz(func(t *testing.T, s string) {
		for _, e := range elements {
			if v, err := e.Parse(e.Value, s); err == nil && e.Check(v) != nil {
				t.Errorf("%s: %q gives %v: %v", e.ID, s, v, e.Check(v))
			}
		}
		Find(elements, s)
	})
}

// The name of an element finds it and no other, and is as short as can be.
func TestNameAlone(t *testing.T) {
	elements := delta()
	for _, extra := range []ID{
		{Iface: IfacePCM, Name: "Multi Track Peak", Index: 1}, {Iface: IfacePCM, Device: 7, Name: "ELD"},
		{Iface: IfacePCM, Name: "Rate"}, {Iface: IfacePCM, Device: 1, Name: "Rate"}, {Iface: IfacePCM, Subdevice: 1, Name: "Rate"},
		{Iface: IfaceMixer, Name: "Both"}, {Iface: IfaceCard, Name: "Both"}, {Iface: IfaceMixer, Name: "a:b,c"},
	} {
		elements = append(elements, &Element{ID: extra})
	}
	Refine("any", elements)
	for _, e := range elements {
		if found, err := Find(elements, e.String()); err != nil || len(found) != 1 || found[0] != e {
			t.Errorf("%s finds %v, %v", e, found, err)
		}
	}
	var names []string
	for _, e := range elements {
		names = append(names, e.String())
	}
	for _, want := range []string{"ADC Volume,0", "ADC Volume,1", "Word Clock Sync", "pcm:Multi Track Peak,0", "pcm.3:ELD",
		"pcm.0.0:Rate,0", "pcm.1:Rate", "pcm.0.1:Rate", "mixer:Both,0", "card:Both", "pcm:IEC958 Playback Default"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s in %q", want, names)
		}
	}
}
