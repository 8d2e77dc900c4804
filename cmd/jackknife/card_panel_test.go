package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"jackknife/alsa"
)

func TestParseKeys(t *testing.T) {
	rowAt := func(line int) int { return line - 1 }
	for typed, want := range map[string]string{
		"q":                              "q|",
		"\x1b[A\x1b[Bm":                  "up down m|",
		"\x1bOC\x1b[D\x1b[5~\x1b[6~\t":   "right left pageup pagedown tab|",
		"\x1b":                           "|\x1b",
		"\x1b[":                          "|\x1b[",
		"j\x1b[5":                        "j|\x1b[5",
		"\x1bq":                          "q|",
		"\x1b[<0;10;4M\x1b[<0;10;4m":     "row 2|",
		"\x1b[<64;1;4M\x1b[<65;1;5M":     "wheel 2 1 wheel 3 -1|",
		"\x1b[<0;10;1M\x1b[<0;10M\x1b[Z": "|",
		"\x1b[<0;1;":                     "|\x1b[<0;1;",
	} {
		keys, rest := parseKeys([]byte(typed), rowAt)
		if got := strings.Join(keys, " ") + "|" + string(rest); got != want {
			t.Errorf("%q gives %q, want %q", typed, got, want)
		}
	}
}

// smallCard is an Envy24 card of one playback strip, one input, one output.
func smallCard() []*alsa.Element {
	rw := alsa.Access{Read: true, Write: true}
	id := func(name string) alsa.ID { return alsa.ID{Iface: alsa.IfaceMixer, Name: name} }
	fader := alsa.Steps(0, 96, -144, 1.5, false)
	var elements []*alsa.Element
	for _, kind := range []string{"Multi Playback", "H/W Multi Capture"} {
		elements = append(elements,
			&alsa.Element{ID: id(kind + " Volume"), Type: alsa.Integer, Count: 2, Max: 96, Access: rw, Scale: fader, Value: alsa.Value{0, 0}},
			&alsa.Element{ID: id(kind + " Switch"), Type: alsa.Boolean, Count: 2, Max: 1, Access: rw, Value: alsa.Value{0, 0}})
	}
	return append(elements,
		&alsa.Element{ID: id("DAC Volume"), Type: alsa.Integer, Count: 1, Max: 127, Access: rw, Scale: alsa.Steps(0, 127, -63.5, 0.5, true), Value: alsa.Value{0}},
		&alsa.Element{ID: id("H/W Playback Route"), Type: alsa.Enumerated, Count: 1, Access: rw, Items: []string{"PCM Out", "H/W In 0", "Digital Mixer"}, Value: alsa.Value{0}},
		&alsa.Element{ID: id("Multi Track Internal Clock"), Type: alsa.Enumerated, Count: 1, Access: rw, Items: []string{"44100", "48000", "IEC958 Input"}, Value: alsa.Value{1}},
		&alsa.Element{ID: id("Multi Track Rate Locking"), Type: alsa.Boolean, Count: 1, Max: 1, Access: rw, Value: alsa.Value{0}})
}

// Every key changes what it says and nothing else.
func TestPanelKeys(t *testing.T) {
	for keys, want := range map[string]string{
		"right":               "Multi Playback Volume: -144.0 dB -> -60.0 dB",
		"left":                "",
		"0":                   "Multi Playback Volume: -144.0 dB -> 0.0 dB",
		"0 right":             "",
		"0 left":              "Multi Playback Volume: 0.0 dB -> -1.5 dB",
		"0 pagedown":          "Multi Playback Volume: 0.0 dB -> -6.0 dB",
		"right left":          "Multi Playback Volume: -60.0 dB -> -144.0 dB",
		"b right":             "Multi Playback Volume: -144.0 dB -> -60.0 dB, -144.0 dB",
		"b b right":           "Multi Playback Volume: -144.0 dB -> -144.0 dB, -60.0 dB",
		"m":                   "Multi Playback Switch: off -> on",
		"m m":                 "Multi Playback Switch: on -> off",
		"l":                   "Multi Playback Switch: off -> on, off",
		"m r":                 "Multi Playback Switch: on -> on, off",
		"down down m":         "H/W Multi Capture Switch: off -> on",
		"m down s":            "Multi Playback Switch: on -> off; H/W Multi Capture Switch: off -> on",
		"wheel 1 1":           "H/W Multi Capture Volume: -144.0 dB -> -60.0 dB",
		"row 1 m":             "H/W Multi Capture Switch: off -> on",
		"2 right":             "DAC Volume: mute -> -63.0 dB",
		"2 0":                 "DAC Volume: mute -> 0.0 dB",
		"tab >":               "H/W Playback Route: PCM Out -> H/W In 0",
		"2 <":                 "H/W Playback Route: PCM Out -> Digital Mixer",
		"2 m":                 "",
		"3 right":             "Multi Track Internal Clock: 48000 -> IEC958 Input",
		"3 down left":         "Multi Track Internal Clock: 48000 -> 44100",
		"3 down down right":   "Multi Track Rate Locking: off -> on",
		"3 up left":           "", // there is no word clock
		"tab tab tab m":       "Multi Playback Switch: off -> on",
		"x y z":               "",
		"wheel 99 1 row 99 m": "H/W Multi Capture Switch: off -> on",
	} {
		elements := smallCard()
		p := newPanel(alsa.Card{Name: "small"}, elements)
		var last []string
		words := strings.Fields(keys)
		for i := 0; i < len(words); i++ {
			k := words[i]
			if n := map[string]int{"row": 1, "wheel": 2}[k]; n > 0 {
				k = strings.Join(words[i:i+n+1], " ")
				i += n
			}
			changes, quit := p.key(k)
			if quit {
				t.Errorf("%s quits", keys)
			}
			last = nil
			for _, c := range changes {
				last = append(last, c.String())
				c.Element.Value = c.To
			}
		}
		if got := strings.Join(last, "; "); got != want {
			t.Errorf("%s: %q, want %q", keys, got, want)
		}
	}
	p := newPanel(alsa.Card{}, smallCard())
	if _, quit := p.key("q"); !quit {
		t.Error("q does not quit")
	}
	if p.key("3"); p.status != "" {
		t.Error(p.status)
	}
	if p.key("left"); !strings.Contains(p.status, "no word clock") {
		t.Errorf("status %q", p.status)
	}
}

// The picture fits its screen, whatever its size.
func TestPanelView(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {200, 60}, {80, 100}, {79, 24}, {10, 3}} {
		p := newPanel(alsa.Card{Name: strings.Repeat("long ", 40)}, smallCard())
		p.peaks = slices.Repeat([]alsa.Meter{alsa.NewMeter()}, 22)
		for _, page := range []string{"1", "2", "3"} {
			p.key(page)
			lines := p.view(size[0], size[1])
			if foot := strings.TrimRight(lines[len(lines)-1], " "); size[0] >= 80 && !strings.HasSuffix(foot, "q quit") {
				t.Errorf("%v page %s ends with %q", size, page, foot)
			}
			if len(lines) > max(size[1], 1) {
				t.Errorf("%v page %s: %d lines", size, page, len(lines))
			}
			for _, l := range lines {
				if size[0] >= 80 && l != "" && utf8.RuneCountInString(l) != size[0] {
					t.Errorf("%v page %s: %d columns: %q", size, page, utf8.RuneCountInString(l), l)
				}
			}
		}
	}
	p := newPanel(alsa.Card{Name: "small"}, smallCard())
	p.key("down")
	if got := fmt.Sprint(p.view(80, 24)[2][:5], p.rowAt(2, 24), p.rowAt(0, 24), p.rowAt(9, 24)); got != ">in1 1 -1 -1" {
		t.Error(got)
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte("\x1b[<0;10;4M\x1b[A\x1bq\x1b["))
	f.Fuzz(func(t *testing.T, typed []byte) {
		keys, rest := parseKeys(typed, func(line int) int { return line })
		if len(keys) > len(typed) || len(rest) > len(typed) {
			t.Errorf("%q gives %q, %q", typed, keys, rest)
		}
		p := newPanel(alsa.Card{}, smallCard())
		for _, k := range keys {
			changes, _ := p.key(k)
			for _, c := range changes {
				if err := c.Element.Check(c.To); err != nil {
					t.Error(err)
				}
				c.Element.Value = c.To
			}
			p.view(80, 24)
		}
	})
}
