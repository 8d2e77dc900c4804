package jackgraph

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// studio is a card, a program with a few audio and MIDI ports, and names as
// they occur in the wild.
func studio() Graph {
	var g Graph
	add := func(client, short string, d Direction, t Type, more ...func(*Port)) {
		p := Port{Name: client + ":" + short, Dir: d, Type: t}
		for _, f := range more {
			f(&p)
		}
		g.Ports = append(g.Ports, p)
	}
	card := func(p *Port) { p.Physical = true }
	for n := 1; n <= 12; n++ {
		add("system", fmt.Sprint("capture_", n), Output, Audio, card, func(p *Port) {
			p.Aliases = []string{fmt.Sprint("alsa_pcm:hw:M1010LT:out", n)}
		})
	}
	for n := 1; n <= 10; n++ {
		add("system", fmt.Sprint("playback_", n), Input, Audio, card)
	}
	add("system", "midi_capture_1", Output, MIDI, card, func(p *Port) { p.Pretty = "Keys" })
	add("ardour", "in_1", Input, Audio, func(p *Port) { p.Pretty = "Vocal mic" })
	add("ardour", "in_2", Input, Audio, func(p *Port) { p.Pretty = "Vocal mic" })
	add("ardour", "out_1", Output, Audio)
	add("ardour", "out_2", Output, Audio)
	add("ardour", "midi in", Input, MIDI)
	add("co:lon", "a:b", Output, Audio)
	add("Chrome [2] (tab|1) + ö", "out*{1,2} FL", Output, Audio)
	add("Chrome [2] (tab|1) + ö", "outX", Output, Audio)
	g.Connections = []Connection{{"system:capture_1", "ardour:in_1"}, {"ardour:out_1", "system:playback_1"}, {"ardour:out_1", "system:playback_2"}}
	g.Sort()
	return g
}

func mustParse(t *testing.T, text string) Selector {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func names(ports []Port) string {
	var n []string
	for _, p := range ports {
		n = append(n, p.Name)
	}
	return strings.Join(n, ", ")
}

func TestSelect(t *testing.T) {
	for _, c := range []struct{ selector, want string }{
		{"system:capture_1", "system:capture_1"},
		{"system:capture_99", ""},
		{"alsa_pcm:hw:M1010LT:out3", "system:capture_3"},
		{"alsa_pcm:*:out1?", "system:capture_10, system:capture_11, system:capture_12"},
		{"sys*:cap*_1", "system:capture_1"},
		{"sys*:*cap*_1", "system:capture_1, system:midi_capture_1"},
		{"system:capture_{2..4}", "system:capture_2, system:capture_3, system:capture_4"},
		{"system:capture_{4..2}", "system:capture_4, system:capture_3, system:capture_2"},
		{"system:capture_{11..14}", "system:capture_11, system:capture_12"},
		{"system:{playback,capture}_{1,2}", "system:playback_1, system:playback_2, system:capture_1, system:capture_2"},
		{"ardour:in_{2,*}", "ardour:in_2, ardour:in_1"},
		{"ardour:", "ardour:in_1, ardour:in_2, ardour:midi in, ardour:out_1, ardour:out_2"},
		{"ard*: type=midi", "ardour:midi in"},
		{"co:lon:", "co:lon:a:b"},
		{"co:", "co:lon:a:b"},
		{"c:", ""},
		{"co:*", "co:lon:a:b"},
		{"~Vocal mic", "ardour:in_1, ardour:in_2"},
		{"~ardour:Vocal*", "ardour:in_1, ardour:in_2"},
		{"~Keys dir=in", ""},
		{"~*", "ardour:in_1, ardour:in_2, system:midi_capture_1"},
		{"re:ardour:(in|out)_[12]", "ardour:in_1, ardour:in_2, ardour:out_1, ardour:out_2"},
		{"re:capture", ""},
		{"re:ardour|.*_11", "system:capture_11"},
		{"re:ardour:(in|in_1)", "ardour:in_1"},
		{`re:\Qardour:in_1`, "ardour:in_1"},
		{"type=midi", "ardour:midi in, system:midi_capture_1"},
		{"type=midi phys=yes dir=out", "system:midi_capture_1"},
		{"* phys=no dir=in type=audio", "ardour:in_1, ardour:in_2"},
		{"Chrome [2] (tab|1) + ö:out*{1,2} FL", "Chrome [2] (tab|1) + ö:out*{1,2} FL"},
		{`Chrome [2] (tab|1) + ö:out\*\{1,2\} FL`, "Chrome [2] (tab|1) + ö:out*{1,2} FL"},
		{"Chrome [2] (tab|1) + ?:*", "Chrome [2] (tab|1) + ö:out*{1,2} FL, Chrome [2] (tab|1) + ö:outX"},
		{"Chrome*:outX", "Chrome [2] (tab|1) + ö:outX"},
		{"ardour:in_{1}", ""},
		{"ardour:{in_{1..2}", ""},
		{"*", names(studio().Ports)},
	} {
		got := studio().Select(mustParse(t, c.selector))
		if names(got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.selector, names(got), c.want)
		}
	}
}

// An alias that is another port's name does not name its port, and a client's
// name may hold what a selector takes for its own.
func TestSelectOddNames(t *testing.T) {
	g := Graph{Ports: []Port{
		{Name: "dup:o", Dir: Output, Type: Audio},
		{Name: "dup-49:o", Dir: Output, Type: Audio, Aliases: []string{"dup:o", "second:o"}},
		{Name: `a:b\x*{1,2}:o`, Dir: Output, Type: Audio},
	}}
	for _, c := range []struct{ selector, want string }{
		{"dup:*", "dup:o"},
		{"dup:o", "dup:o"},
		{"second:?", "dup-49:o"},
		{`a:b\x*{1,2}:`, `a:b\x*{1,2}:o`},
		{`a:b\x*{1,2}: dir=out`, `a:b\x*{1,2}:o`},
		{Literal(`a:b\x*{1,2}`) + ":", `a:b\x*{1,2}:o`},
	} {
		if got := g.Select(mustParse(t, c.selector)); names(got) != c.want {
			t.Errorf("%s: got %q, want %q", c.selector, names(got), c.want)
		}
	}
}

// A port or client whose name looks like a filter is selected by it all the same.
func TestSelectLikeFilter(t *testing.T) {
	g := Graph{Ports: []Port{{Name: "type=audio:y", Type: Audio, Dir: Output}, {Name: "q dir=in:p type=midi", Type: Audio, Dir: Output}}}
	for selector, want := range map[string]string{
		"type=audio:y": "type=audio:y", "type=audio:": "type=audio:y", "q dir=in:p type=midi": "q dir=in:p type=midi",
		"type=audio: dir=out": "type=audio:y", "type=audio: dir=in": "",
	} {
		if got := names(g.Select(mustParse(t, selector))); got != want {
			t.Errorf("%s: %s", selector, got)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		glob, name string
		want       bool
	}{
		{"*", "", true},
		{"*", "a:b", true},
		{"**a**", "a", true},
		{"?", "", false},
		{"?", "ö", true},
		{"??", "ö", false},
		{"a*b", "ab", true},
		{"a*b", "acb", true},
		{"a*b", "abc", false},
		{"a*b*c", "abbcbc", true},
		{"*ab*abc", "abababc", true},
		{"*ö?", "xöyöz", true},
		{`\**`, "*x", true},
		{`\**`, "x", false},
		{`*\`, `x\`, true},
		{strings.Repeat("*a", 200) + "b", strings.Repeat("a", 500), false},
	} {
		if got := globMatches(c.glob, c.name); got != c.want {
			t.Errorf("%s on %s: %v", c.glob, c.name, got)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ selector, want string }{
		{"", "empty selector"},
		{"re:(", "missing closing )"},
		{"re:a)(b", "unexpected )"},
		{"system: dir=left", "dir=left: want in or out"},
		{"type=audio type=midi", "type= given twice"},
		{strings.Repeat("a", maxText+1), "longer than 4096 bytes"},
		{"a:{1..5000}", "more than 4096 names"},
		{"a:{1..999999999}", "more than 4096 names"},
		{"a:{1..99}_{1..99}", "more than 4096 names"},
	} {
		_, err := Parse(c.selector)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", c.selector, err, c.want)
		}
	}
}

func TestPair(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"system:capture_{1..2}", "ardour:in_{1..2}", "system:capture_1 -> ardour:in_1, system:capture_2 -> ardour:in_2"},
		{"system:capture_{2..1}", "ardour:in_*", "system:capture_2 -> ardour:in_1, system:capture_1 -> ardour:in_2"},
		{"ardour:out_1", "system:playback_{3..4}", "ardour:out_1 -> system:playback_3, ardour:out_1 -> system:playback_4"},
		{"ardour:out_*", "system:playback_5", "ardour:out_1 -> system:playback_5, ardour:out_2 -> system:playback_5"},
		// the wrong way round, as jack_connect takes it too
		{"ardour:in_1", "system:capture_1", "system:capture_1 -> ardour:in_1"},
		{"ardour:in_*", "system:capture_{1..2}", "system:capture_1 -> ardour:in_1, system:capture_2 -> ardour:in_2"},
		// patterns keep to their side and to common types
		{"ardour:", "system:playback_{1..2}", "ardour:out_1 -> system:playback_1, ardour:out_2 -> system:playback_2"},
		{"system:*_1", "ardour:*1", "system:capture_1 -> ardour:in_1"},
		{"system:*capture_{1,2}", "ardour:", "system:capture_1 -> ardour:in_1, system:capture_2 -> ardour:in_2, system:midi_capture_1 -> ardour:midi in"},
		// written names stand, for Check to judge
		{"system:capture_{12..13}", "ardour:in_{1..2}", "system:capture_12 -> ardour:in_1, system:capture_13 -> ardour:in_2"},
		{"system:capture_1", "ardour:midi in", "system:capture_1 -> ardour:midi in"},
		{"system:capture_1", "ardour:out_1", "system:capture_1 -> ardour:out_1"},
		{"alsa_pcm:hw:M1010LT:out3", "~Vocal mic", "system:capture_3 -> ardour:in_1, system:capture_3 -> ardour:in_2"},
		{"nobody:out", "ardour:in_1", "nobody:out -> ardour:in_1"},
	} {
		got, err := studio().Pair(mustParse(t, c.from), mustParse(t, c.to))
		var lines []string
		for _, p := range got {
			lines = append(lines, p.String())
		}
		if err != nil || strings.Join(lines, ", ") != c.want {
			t.Errorf("%s to %s:\n got %s (%v)\nwant %s", c.from, c.to, strings.Join(lines, ", "), err, c.want)
		}
	}
}

func TestPairErrors(t *testing.T) {
	for _, c := range []struct {
		from, to, want string
		is             error
	}{
		{"system:capture_*", "system:playback_*", "12 audio outputs (system:capture_*) do not pair with 10 audio inputs (system:playback_*)", nil},
		{"system:capture_{1..3}", "ardour:in_{1..2}", "3 outputs (system:capture_{1..3}) do not pair with 2 inputs (ardour:in_", nil},
		{"system:capture_{1..3}", "ardour:in_*", "3 outputs (system:capture_{1..3}) do not pair with 2 inputs (ardour:in_", nil},
		{"foo*", "ardour:in_1", "foo*: nothing matches", ErrNoMatch},
		{"system:play*", "system:capt*1", "", nil}, // turned round: 2 onto 10
		{"system:play*", "ardour:in_1", "system:play*: nothing matches that is an output", ErrNoMatch},
		{"ardour:out_1", "system:capt*", "system:capt*: nothing matches that is an input", ErrNoMatch},
		{"type=midi", "ardour:in_*", "nothing matches on the other side by type", ErrNoMatch},
		{"ardour:in_1 dir=out", "ardour:in_1", "nothing matches", ErrNoMatch},
	} {
		_, err := studio().Pair(mustParse(t, c.from), mustParse(t, c.to))
		if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s to %s: error %v, want %q", c.from, c.to, err, c.want)
		}
	}
}

func TestBetween(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"ardour:out_1", "system:playback_2", "[ardour:out_1 -> system:playback_2]"},
		{"system:playback_2", "ardour:out_1", "[ardour:out_1 -> system:playback_2]"},
		{"ardour:out_{1,2}", "system:playback_{1,2}", "[ardour:out_1 -> system:playback_1 ardour:out_2 -> system:playback_2]"},
		{"ardour:", "system:", "[ardour:out_1 -> system:playback_1 ardour:out_1 -> system:playback_2 system:capture_1 -> ardour:in_1]"},
		{"system:playback_*", "ardour:out_1", "[ardour:out_1 -> system:playback_1 ardour:out_1 -> system:playback_2]"},
		{"ardour:out_2", "system:", "[]"},
	} {
		got, err := studio().Between(mustParse(t, c.a), mustParse(t, c.b))
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s and %s:\n got %v (%v)\nwant %s", c.a, c.b, got, err, c.want)
		}
	}
	if _, err := studio().Between(mustParse(t, "foo*"), mustParse(t, "system:")); !errors.Is(err, ErrNoMatch) {
		t.Errorf("a pattern without ports: %v", err)
	}
}

func TestCheck(t *testing.T) {
	changes, want := []Change{}, []string{}
	add := func(do Action, from, to, w string) {
		changes = append(changes, Change{do, Connection{from, to}})
		want = append(want, w)
	}
	add(Connect, "system:capture_2", "ardour:in_1", "<nil>")
	add(Connect, "system:capture_2", "ardour:in_1", "already so") // by the change before
	add(Connect, "system:capture_1", "ardour:in_1", "already so")
	add(Disconnect, "system:capture_1", "ardour:in_1", "<nil>")
	add(Disconnect, "system:capture_1", "ardour:in_1", "already so")
	add(Connect, "system:capture_13", "ardour:in_1", "system:capture_13: no such port")
	add(Connect, "system:capture_1", "ardour:in_9", "ardour:in_9: no such port")
	add(Connect, "system:capture_1", "ardour:out_1", "both are outputs")
	add(Connect, "system:playback_1", "ardour:in_1", "both are inputs")
	add(Connect, "ardour:in_1", "system:capture_1", "the wrong way round, from an input to an output")
	add(Connect, "system:capture_1", "ardour:midi in", "system:capture_1 is audio, ardour:midi in is midi")
	for i, err := range studio().Check(changes) {
		if fmt.Sprint(err) != want[i] {
			t.Errorf("%s: %v, want %s", changes[i], err, want[i])
		}
	}
}

func TestChannel(t *testing.T) {
	for name, want := range map[string]int{
		"playback_1": 1, "capture_12": 12, "output_FL": 1, "out FR": 2, "L": 1, "audio:right": 2, "(Left)": 1, "L in": 1,
		"Master/audio_out 2": 2, "AUX0": 1, "monitor_FC": 3, "LFE": 4, "x-SR": 8, "in": 0, "Vocal": 0, "": 0, "rear": 0,
	} {
		if got, ok := Channel(name); got != want || ok != (want > 0) {
			t.Errorf("Channel(%q) = %d, %v, want %d", name, got, ok, want)
		}
	}
}

func TestPairChannels(t *testing.T) {
	var g Graph
	for _, name := range []string{"tv:FR", "tv:FC", "tv:FL", "tv:RL", "pad:1", "pad:2"} {
		g.Ports = append(g.Ports, Port{Name: name, Dir: Output, Type: Audio})
	}
	for _, name := range []string{"card:right", "card:left", "card:talk", "desk:1", "desk:2", "desk:3", "bus:out L", "bus:L"} {
		g.Ports = append(g.Ports, Port{Name: name, Dir: Input, Type: Audio})
	}
	g.Ports = append(g.Ports, Port{Name: "keys:1", Dir: Output, Type: MIDI})
	for _, c := range []struct{ from, to, want string }{
		{"tv:", "card:", "[tv:FR -> card:right tv:FL -> card:left]"},
		{"tv:", "desk:", "[tv:FR -> desk:2 tv:FC -> desk:3 tv:FL -> desk:1]"},
		{"card:", "pad:", "[pad:1 -> card:left pad:2 -> card:right]"},
		{"*:", "card:left", "[tv:FL -> card:left pad:1 -> card:left]"},
		{"*: type=audio", "*: type=audio", "[]: channel 1: 2 audio outputs (*: type=audio) do not pair with 4 audio inputs (*: type=audio)"},
		{"tv:FL", "bus:", "[tv:FL -> bus:out L tv:FL -> bus:L]"},
		{"tv:RL", "card:", "[]: tv:RL and card:: nothing matches by channel"},
		{"keys:", "desk:", "[]: keys: and desk:: nothing matches on the other side by type"},
	} {
		got, err := g.PairChannels(mustParse(t, c.from), mustParse(t, c.to))
		said := fmt.Sprint(got)
		if err != nil {
			said += ": " + err.Error()
		}
		if said != c.want {
			t.Errorf("%s with %s: %s", c.from, c.to, said)
		}
	}
}

// TestExclusively: afterwards the ports have these connections alone, and
// nothing else has changed.
func TestExclusively(t *testing.T) {
	g := studio()
	makes := []Connection{{"ardour:out_1", "system:playback_1"}, {"ardour:out_2", "system:playback_2"}, {"system:capture_1", "nobody:in"}}
	after := g.Apply(g.Exclusively(makes)[:3])
	want := []Connection{makes[0], makes[1], {"system:capture_1", "ardour:in_1"}}
	slices.SortFunc(want, byName)
	if got := g.Exclusively(makes); !slices.Equal(after.Connections, want) || len(got) != 4 {
		t.Errorf("changes %v, then %v", got, after.Connections)
	}
}

func TestNatural(t *testing.T) {
	sorted := []string{"", "a", "a:1", "a:2", "a:02", "a:10", "a:10b", "a:11", "a:b", "b", "b99999999999999999999", "b100000000000000000000", "ö"}
	for i, a := range sorted {
		for j, b := range sorted {
			got := Natural(a, b)
			if a == "a:2" && b == "a:02" || a == "a:02" && b == "a:2" {
				if got == 0 || got != -Natural(b, a) {
					t.Errorf("%s and %s are not told apart", a, b)
				}
				continue
			}
			if want := compareInts(i, j); got != want {
				t.Errorf("Natural(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func compareInts(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestNear(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"system:capture_99", "system:capture_9"},
		{"sytem:playback_2", "system:playback_2"},
		{"System:Capture_3", "system:capture_3"},
		{"vocal mik", "ardour:in_1"},
	} {
		if got := studio().Near(c.name, 3); len(got) == 0 || len(got) > 3 || got[0] != c.want {
			t.Errorf("near %s: %v, want %s first", c.name, got, c.want)
		}
	}
	if got := studio().Near("firefox:output_FL", 3); len(got) > 0 {
		t.Errorf("near firefox:output_FL: %v, want nothing", got)
	}
}

// Apply(Diff(a, b), a) == b, with the fewest changes, all of which Check
// allows, for random graphs over the same ports.
func TestDiffApply(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func() Graph {
		var g Graph
		for n := range 6 {
			g.Ports = append(g.Ports,
				Port{Name: fmt.Sprint("a:out_", n), Dir: Output, Type: Audio},
				Port{Name: fmt.Sprint("b:in_", n), Dir: Input, Type: Audio})
		}
		for from := range 6 {
			for to := range 6 {
				if r.IntN(3) == 0 {
					g.Connections = append(g.Connections, Connection{fmt.Sprint("a:out_", from), fmt.Sprint("b:in_", to)})
				}
			}
		}
		g.Sort()
		return g
	}
	for range 2000 {
		a, b := random(), random()
		before := slices.Clone(a.Connections)
		changes := Diff(a, b)
		got := a.Apply(changes)
		if !reflect.DeepEqual(got.Ports, b.Ports) || !slices.Equal(got.Connections, b.Connections) {
			t.Fatalf("from %v by %v: got %v, want %v", a.Connections, changes, got.Connections, b.Connections)
		}
		if !slices.Equal(a.Connections, before) {
			t.Fatal("Apply changed the graph it was given")
		}
		for i, err := range a.Check(changes) {
			if err != nil {
				t.Fatalf("%s: %v", changes[i], err)
			}
		}
		for i, err := range got.Check(changes) {
			if !errors.Is(err, ErrAlready) {
				t.Fatalf("%s made twice: %v", changes[i], err)
			}
		}
		if more := Diff(got, b); len(more) > 0 {
			t.Fatalf("still to do: %v", more)
		}
	}
}

func FuzzSelector(f *testing.F) {
	for _, s := range []string{"system:capture_{1..8}", "re:a|b", `re:\Q`, "~x", "a:", `a\*{b,c\,}`, "{a{1..2}", "type=midi dir=in", "a{9..01}", "\xff*", "*?\\"} {
		f.Add(s)
	}
	g := studio()
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		if s.String() != text {
			t.Fatalf("%q became %q", text, s)
		}
		again, err := Parse(s.String())
		if err != nil || names(g.Select(again)) != names(g.Select(s)) {
			t.Fatalf("%q does not stand for itself: %v", text, err)
		}
		if len(s.options) > maxOptions {
			t.Fatalf("%q: %d options", text, len(s.options))
		}
		// A port of exactly this name is selected by it, and it alone.
		odd := g
		odd.Ports = append(slices.Clone(g.Ports), Port{Name: text})
		if got := odd.Select(s); len(got) != 1 || got[0].Name != text && !slices.Contains(got[0].Aliases, text) {
			t.Fatalf("%q as a port's own name selects %s", text, names(got))
		}
		if _, err := g.Pair(s, again); err == nil {
			return
		}
	})
}

// The literal of a name selects that port and no other.
func FuzzLiteral(f *testing.F) {
	for _, name := range []string{"a*b{1..2}?:x", `\:{a,b}`, "~a:b", "re:a:b", "a:b::", ":", "a: type=audio", "dir=in", `x:\`} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		text := Literal(name)
		if name == "" || len(text) > maxText {
			return
		}
		g := Graph{Ports: []Port{{Name: name}, {Name: name + "x"}, {Name: "y" + name}, {Name: name + ":x"}}}
		s, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Select(s); len(got) != 1 || got[0].Name != name {
			t.Fatalf("%q as %q selects %s", name, text, names(got))
		}
		if got := (Graph{}).index().find(s); len(got) != 1 || got[0].port.Name != name {
			t.Fatalf("%q as %q stands for %v without a port", name, text, got)
		}
	})
}

// A port can be an output and an input at once, as those of ALSA's sequencer.
func TestTwoWayPorts(t *testing.T) {
	g := Graph{Ports: []Port{
		{Name: "Keys:Port", Type: MIDI, Dir: Input, Aliases: []string{"20:0"}},
		{Name: "Keys:Port", Type: MIDI, Dir: Output, Aliases: []string{"20:0"}},
		{Name: "Synth:In", Type: MIDI, Dir: Input},
		{Name: "Pads:Out", Type: MIDI, Dir: Output},
	}}
	for _, test := range []struct{ from, to, want string }{
		{"Keys:Port", "Synth:In", "[Keys:Port -> Synth:In]"},
		{"Pads:Out", "Keys:Port", "[Pads:Out -> Keys:Port]"},
		{"20:0", "20:0", "[Keys:Port -> Keys:Port]"},
		{"Keys:", "{Synth:In,Keys:Port}", "[Keys:Port -> Synth:In Keys:Port -> Keys:Port]"},
	} {
		pairs, err := g.Pair(mustParse(t, test.from), mustParse(t, test.to))
		if got := fmt.Sprint(pairs); err != nil || got != test.want {
			t.Errorf("%s to %s: %s %v, want %s", test.from, test.to, got, err, test.want)
		}
		for _, err := range g.Check(Changes(Connect, pairs)) {
			if err != nil {
				t.Errorf("%s to %s: %v", test.from, test.to, err)
			}
		}
	}
	g.Connections = []Connection{{"Pads:Out", "Keys:Port"}, {"Keys:Port", "Synth:In"}}
	joined := g.Connected()
	if got := fmt.Sprint(joined[End{"Keys:Port", Output}], joined[End{"Keys:Port", Input}]); got != "[Synth:In] [Pads:Out]" {
		t.Errorf("Keys:Port is joined to %s", got)
	}
	text, err := Update("Keys:Port -> Keys:Port\nPads:Out -> Keys:Port\n", "", g, func(Connection) bool { return true })
	if err != nil || text != "Pads:Out -> Keys:Port\nKeys:Port -> Synth:In\n" {
		t.Errorf("updated to %q, %v", text, err)
	}
}
