package session

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// files are session files by name.
type files map[string]string

func (f files) open(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return []byte(text), nil
}

func read(f files, name, profile string) (*File, error) {
	return Read(name, Options{
		Profile: profile, Open: f.open,
		Env: func(name string) (string, bool) { return "from the environment", name == "HOME" },
		Check: Check{Patch: func(lines []string) error {
			for _, line := range lines {
				if !strings.Contains(line, " -> ") {
					return fmt.Errorf("%q is no line of a patch", line)
				}
			}
			return nil
		}},
	})
}

const evening = `name: evening
vars: {book: The Sea, who: $HOME}
server:
  driver: dummy
  rate: 48000
  block: 256
card:
  card: M1010LT
  set:
    DAC Volume,1: 0dB
    Multi Track Rate Locking: on
names: delta1010lt
patch:
  - system:capture_1 -> system:playback_1
tracks:
  - {name: voice, from: "system:capture_1"}
record: {bits: 24, pre-roll: 5s, on-signal: -40dB}
edit:
  pauses: [x1.5, max=6s]
deliver:
  - {as: flac, title: $book, album: 1984, artist: "$who and $$1"}
hooks:
  after-record:
    - [notify-send, a take is done]
    - shell: echo "$JACKKNIFE_TAKE" >> log
profiles:
  laptop:
    server: {rate: 44100, block: 1024}
    card: null
    tracks:
      - {name: voice, from: "laptop:mic"}
`

func TestRead(t *testing.T) {
	f, err := read(files{"evening.yaml": strings.Replace(evening, "$JACKKNIFE_TAKE", "$$JACKKNIFE_TAKE", 1)}, "evening.yaml", "")
	if err != nil {
		t.Fatal(err)
	}
	if f.Server.Rate != 48000 || f.Server.Block != 256 || f.Server.Start != "if-needed" {
		t.Errorf("server %+v", f.Server)
	}
	if want := (ordered{{"DAC Volume,1", "0dB"}, {"Multi Track Rate Locking", "on"}}); !reflect.DeepEqual(f.Card.Set, want) {
		t.Errorf("card is set %q, want %q", f.Card.Set, want)
	}
	if want := (texts{"system:capture_1 -> system:playback_1"}); !reflect.DeepEqual(f.Patch.Lines, want) {
		t.Errorf("patch %q", f.Patch.Lines)
	}
	if d := f.Deliver[0]; d.Title != "The Sea" || d.Album != "1984" || d.Artist != "from the environment and $1" {
		t.Errorf("deliver %+v", d)
	}
	hooks := []Hook{{Words: []string{"notify-send", "a take is done"}}, {Shell: `echo "$JACKKNIFE_TAKE" >> log`}}
	if !reflect.DeepEqual(f.Hooks["after-record"], hooks) {
		t.Errorf("hooks %+v", f.Hooks["after-record"])
	}
	if f.Takes.Folder != "evening.session/takes" || f.Takes.Name != "{session}-{number}" {
		t.Errorf("takes %+v", f.Takes)
	}
}

func TestReadProfile(t *testing.T) {
	f, err := read(files{"evening.yaml": strings.Replace(evening, "$JACK", "$$JACK", 1)}, "evening.yaml", "laptop")
	if err != nil {
		t.Fatal(err)
	}
	if f.Card != nil || f.Server.Rate != 44100 || f.Server.Driver != "dummy" || f.Tracks[0].From != "laptop:mic" {
		t.Errorf("card %v, server %+v, tracks %+v", f.Card, f.Server, f.Tracks)
	}
}

func TestReadInclude(t *testing.T) {
	f, err := read(files{
		"in/base.yaml": "name: base\nserver: {rate: 96000, block: 64}\nnames: one\n",
		"in/a.yaml":    "include: base.yaml\nname: a\nserver: {block: 128}\n",
	}, "in/a.yaml", "")
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "a" || f.Server.Rate != 96000 || f.Server.Block != 128 || f.Names[0] != "one" {
		t.Errorf("%+v, server %+v", f, f.Server)
	}
	if got := f.Path("x.wav"); got != "in/x.wav" {
		t.Errorf("a file of the session is %s", got)
	}
}

func TestReadMistakes(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", `s.yaml:1:1: name is missing`},
		{"name: a b\n", `s.yaml:1:7: name: "a b": want letters, digits, dots, dashes; it names folders and files`},
		{"name: a\nserver:\n  rat: 48000\n", `s.yaml:3:3: rat: not known in server (there is rate)`},
		{"name: a\nserver: {rate: fast}\n", `s.yaml:2:16: rate: want a whole number, found a text`},
		{"name: a\nserver: {rate: 4}\n", `s.yaml:2:16: rate: 4 is below 8000`},
		{"name: a\nserver: {block: 100}\n", `s.yaml:2:17: block: 100 is not a power of two`},
		{"name: a\npatch: [a b]\n", `s.yaml:2:9: "a b" is no line of a patch`},
		{"name: a\nrecord: {pre-roll: 5}\ntracks: [{name: v, from: x}]\n", `s.yaml:2:20: pre-roll: "5": want a duration such as 5s, 1m30s, 500ms`},
		{"name: a\nedit:\n  pauses:\n    - 1s..3s: =2s\n", `s.yaml:4:7: pauses: YAML takes this for a name and its value; put it in quotes`},
		{"name: a\ntracks: [{name: v, from: x}, {name: v, from: y}]\n", `s.yaml:2:37: track v: there is one of that name above`},
		{"name: a\nname: b\n", `s.yaml:2:1: mapping key "name" already defined at [1:1]`},
		{"name: $nobody\n", `s.yaml:1:7: $nobody: no such variable, here or in the environment ($$ is a dollar sign)`},
		{"name: a\npatch: [*: b]\n", `s.yaml:2:12: ',' or ']' must be specified`},
		{"name: a\ninclude: gone.yaml\n", `s.yaml:2:10: include: gone.yaml: file does not exist`},
		{"- a\n", `s.yaml:1:1: a session file is a list of names and values, as name: evening`},
		{"name: a\nvars: {x: [1]}\n", `s.yaml:2:11: x: a variable is one text`},
		{"name: a\ndeliver: [{as: ogg}]\n", `s.yaml:2:16: as: "ogg": want wav, flac, m4a, alac, mp3, listening-device`},
		{"name: a\n---\nname: b\n", `s.yaml:3:5: a second document: a session file is one`},
	}
	for _, test := range tests {
		_, err := read(files{"s.yaml": test.text}, "s.yaml", "")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q:\n got %v\nwant %s", test.text, err, test.want)
		}
	}
}

func TestReadAllMistakesAtOnce(t *testing.T) {
	_, err := read(files{"s.yaml": "name: a b\nserver: {rat: 1, rate: x}\ntracks: [{}]\nfoo: 1\n"}, "s.yaml", "")
	var errs Errors
	if !errors.As(err, &errs) || len(errs) != 6 {
		t.Fatalf("want six mistakes, found %d: %v", len(errs), err)
	}
}

func TestIncludeOfItself(t *testing.T) {
	_, err := read(files{"a.yaml": "include: b.yaml\n", "b.yaml": "include: a.yaml\n"}, "a.yaml", "")
	if err == nil || !strings.Contains(err.Error(), "includes itself") {
		t.Fatal(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(evening)
	f.Add("a: &a [*a]\n")
	f.Add("a: &a {x: 1}\nb:\n  <<: *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := read(files{"s.yaml": text}, "s.yaml", "")
		if err == nil && s.Name == "" {
			t.Error("a session without a name")
		}
	})
}

// All mistakes come at once, in the order of the file: those that the schema
// sees, and those in what it sees nothing wrong with. What may only follow from
// another mistake is not told beside it.
func TestMistakesAtOnce(t *testing.T) {
	named := files{"s.yaml": `name: bad one
server: {driver: coreaudio, block: 100}
tracks:
  - {name: a}
  - {name: b, from: "x:y", heed: true}
record: {bits: 20, pre-roll: 3}
deliver:
  - {as: ogg}
colour: red
`}
	_, err := Read("s.yaml", Options{Env: func(string) (string, bool) { return "", false },
		Open: named.open})
	var errs Errors
	if !errors.As(err, &errs) {
		t.Fatal(err)
	}
	var places []string
	for _, e := range errs {
		places = append(places, fmt.Sprintf("%d:%d %s", e.Line, e.Column, strings.Fields(e.Text)[0]))
	}
	want := []string{"1:7 name:", "2:18 driver:", "2:36 block:", "4:6 from", "6:16 bits:", "6:30 pre-roll:", "8:10 as:", "9:1 colour:"}
	if !slices.Equal(places, want) {
		t.Errorf("got %q\nwant %q\n%v", places, want, err)
	}
}
