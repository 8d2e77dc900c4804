package alsa

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The two dialects of alsactl, of the same settings.
const (
	newDialect = `state.M1010LT {
	control.1 {
		iface PCM
		name 'IEC958 CS8427 Input Status'
		value 67
		comment {
			access 'read volatile'
			type INTEGER
			count 1
			range '0 - 255'
		}
	}
	control.2 {
		iface MIXER
		name 'Multi Playback Volume'
		index 1
		value.0 12
		value.1 96
		comment {
			access 'read write'
			type INTEGER
			count 2
			range '0 - 96'
			dbmin -14400
			dbmax 0
			dbvalue.0 -12600
			dbvalue.1 0
		}
	}
	control.3 {
		iface MIXER
		name 'Multi Track Internal Clock'
		value '44100'
		comment {
			access 'read write'
			type ENUMERATED
			count 1
			item.0 '44100'
			item.1 '48000'
			item.2 'IEC958 Input'
		}
	}
	control.4 {
		iface MIXER
		name 'Word Clock Sync'
		value true
		comment {
			access 'read write'
			type BOOLEAN
			count 1
		}
	}
}
`
	oldDialect = `# kept since 2008
state.M1010LT {
	control.1 {
		comment.access 'read volatile'
		comment.type INTEGER
		comment.count 1
		comment.range '0 - 255'
		iface PCM
		name 'IEC958 CS8427 Input Status'
		value 67
	}
	control.2 {
		comment.access 'read write'
		comment.type INTEGER
		comment.count 2
		comment.range '0 - 96'
		comment.dbmin -14400
		comment.dbmax 0
		comment.dbvalue.0 -12600
		comment.dbvalue.1 0
		iface MIXER
		name 'Multi Playback Volume'
		index 1
		value.0 12
		value.1 96
	}
	control.3 {
		comment.access 'read write'
		comment.type ENUMERATED
		comment.count 1
		comment.item.0 '44100'
		comment.item.1 '48000'
		comment.item.2 'IEC958 Input'
		iface MIXER
		name 'Multi Track Internal Clock'
		value '44100'
	}
	control.4 {
		comment.access 'read write'
		comment.type BOOLEAN
		comment.count 1
		iface MIXER
		name 'Word Clock Sync'
		value true
	}
}
`
)

func parse(t *testing.T, s string) State {
	t.Helper()
	states, err := ParseStates(strings.NewReader(s))
	if err != nil || len(states) != 1 {
		t.Fatalf("%v, %d states", err, len(states))
	}
	return states[0]
}

func format(t *testing.T, s State) string {
	t.Helper()
	var b strings.Builder
	if _, err := s.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDialects(t *testing.T) {
	now, then := parse(t, newDialect), parse(t, oldDialect)
	if !reflect.DeepEqual(now, then) {
		t.Errorf("the dialects differ:\n%v\n%v", now, then)
	}
	if got := format(t, then); got != newDialect {
		t.Errorf("%s", got)
	}
	changes, problems := Diff(delta(), now)
	var lines []string
	for _, c := range changes {
		lines = append(lines, c.String())
	}
	if got := strings.Join(lines, "|"); got != "Word Clock Sync: off -> on|Multi Track Internal Clock: 48000 -> 44100|Multi Playback Volume,1: -144.0 dB, 0.0 dB -> -126.0 dB, 0.0 dB" {
		t.Error(got)
	}
	if len(problems) != 1 || problems[0].Error() != "pcm:IEC958 CS8427 Input Status: no such element" {
		t.Errorf("%v", problems)
	}
}

func TestPartialAndForeignStates(t *testing.T) {
	for s, want := range map[string]string{
		"state.X { control.1 { name 'ADC Volume' value 1 } }":                                        "ADC Volume: 0.0 dB -> -63.0 dB",
		"state.X.control.1 { name 'ADC Volume'; value 1; }":                                          "ADC Volume: 0.0 dB -> -63.0 dB",
		"state.X { control { 7 { name = \"ADC Volume\", index = 2, value = 1 } } }":                  "ADC Volume,2: 0.0 dB -> -63.0 dB",
		"state.X { control.1 { iface PCM name 'Word Clock Sync' value on } }":                        "Word Clock Sync: off -> on",
		"state.X { control.1 { name 'Multi Track Internal Clock' value 0 } }":                        "Multi Track Internal Clock: 48000 -> 44100",
		"state.X { control.1 { iface CARD name 'Word Clock Sync' value on } }":                       "!card:Word Clock Sync: no such element",
		"state.X { control.1 { name 'ADC Volume' value 164 } }":                                      "!ADC Volume: 164 is outside 0 to 163",
		"state.X { control.1 { name 'ADC Volume' value.0 1 value.1 2 } }":                            "!ADC Volume: 2 values, this card's has 1",
		"state.X { control.1 { name 'ADC Volume' value loud } }":                                     `!ADC Volume: strconv.ParseInt: parsing "loud": invalid syntax`,
		"state.X { control.1 { iface PCM device 3 name ELD value 0203 } }":                           "pcm.3:ELD: 0x00 0x01 -> 0x02 0x03",
		"state.X { control.1 { iface PCM device 3 name ELD value '02' } }":                           "!pcm.3:ELD: 1 bytes, this card's has 2",
		"state.X { control.1 { iface CARD name 'ICE1712 EEPROM' value 'd63b1412' } }":                "",
		"state.X { control.1 { iface CARD name 'ICE1712 EEPROM' value 'ffffffff' } }":                "",
		"state.X { control.1 { iface PCM name 'Multi Track Peak' value.0 255 } }":                    "",
		"state.X { control.1 { name 'Multi Track Volume Rate' value 16 comment { type INTEGER } } }": "",
	} {
		changes, problems := Diff(delta(), parse(t, s))
		got := ""
		for _, c := range changes {
			got += c.String()
		}
		for _, p := range problems {
			got += "!" + p.Error()
		}
		if got != want {
			t.Errorf("%s\ngives %q, want %q", s, got, want)
		}
	}
}

func TestBadStates(t *testing.T) {
	for s, want := range map[string]string{
		"":                                    "no state of a card",
		"# nothing\n":                         "no state of a card",
		"state.X {":                           "line 1: a closing brace is missing",
		"state.X {\n}\n}":                     `line 3: "}" without a name`,
		"state.X {\ncontrol.1 {\nname 'a":     "line 3: quotation without an end",
		"state.X {\ncontrol.1 {\nvalue 1\n}}": "line 2: control 1 has no name",
		"state.X {\ncontrol.1 {\nname a\n}}":  "line 2: a has no value",
		"state.X { control.1 { iface SOMETHING name a value 1 } }":  `line 1: iface: interface "SOMETHING"`,
		"state.X { control.1 { index -1 name a value 1 } }":         `index: "-1" is no number`,
		"state.X { control.1 { name a value.1 1 value.0 2 } }":      "value.1 stands where value.0 is due",
		"pcm.default { type hw }":                                   `line 1: "pcm": want state.CARD`,
		"state.X { alias.1 { } }":                                   `want control.NUMBER`,
		"</etc/passwd>":                                             "cannot include",
		"RIFF\x00\x00\x00\x00WAVE":                                  "this is no text",
		strings.Repeat("a {", 1000):                                 "too many braces",
		"state.X { control.1 { name a value { 0 1 } value 1 } }":    "has a value and parts",
		"state.X { control.1 }":                                     "control.1 has no value",
		"state":                                                     "state has no value",
		"state.X { control.1 { name a value } }":                    "value has no value",
		"state.X { control.1 { name 'a\\101\\n\\'' value 1 } } } }": "without a name",
	} {
		states, err := ParseStates(strings.NewReader(s))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q", s, states, err, want)
		}
	}
}

// Apply(Diff(a, b), a) == b, through a file.
func TestDiffIsWhatMustChange(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		a, b := delta(), delta()
		for _, elements := range [][]*Element{a, b} {
			for _, e := range elements {
				low, high := e.Range()
				for i := range e.Value {
					if e.Access.Write && random.IntN(2) == 0 {
						e.Value[i] = low + random.Int64N(high-low+1)
					}
				}
			}
		}
		changes, problems := Diff(a, parse(t, format(t, Save("X", b))))
		if len(problems) != 0 {
			t.Fatal(problems)
		}
		for _, c := range changes {
			c.Element.Value = c.To
		}
		for i, e := range a {
			if !slices.Equal(e.Value, b[i].Value) {
				t.Fatalf("%s is %v, want %v", e.ID, e.Value, b[i].Value)
			}
		}
	}
}

func FuzzParseStates(f *testing.F) {
	f.Add(newDialect)
	f.Add(oldDialect)
	f.Add("state.X { control.1 { name 'a\\101\\n\\'' value.0 -1 value.1 '44 1' } }")
	f.Fuzz(func(t *testing.T, s string) {
		states, err := ParseStates(strings.NewReader(s))
		if err != nil {
			return
		}
		for _, state := range states {
			Diff(delta(), state)
			var b strings.Builder
			if _, err := state.WriteTo(&b); err != nil || len(state.Controls) == 0 {
				continue
			}
			text := b.String()
			again, err := ParseStates(strings.NewReader(text))
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if second := format(t, again[0]); second != text {
				t.Fatalf("%q, then %q", text, second)
			}
		}
	})
}
