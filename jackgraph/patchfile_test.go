package jackgraph

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func parsePatch(t *testing.T, text string) Patch {
	t.Helper()
	p, err := ParsePatch(strings.NewReader(text), "test.patch", nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPatchChanges(t *testing.T) {
	// studio has system:capture_1 -> ardour:in_1 and ardour:out_1 -> system:playback_{1,2}.
	for _, c := range []struct {
		name, text string
		e          Exactness
		want       string // changes
		absent     string
	}{
		{"pairs", "system:capture_{1..2} -> ardour:in_{1..2}", Additive, "connect system:capture_1 -> ardour:in_1; connect system:capture_2 -> ardour:in_2", ""},
		{"a later rule counts", "ardour:out_1 -> system:playback_1\nardour:out_1 -/> system:playback_*", Additive, "disconnect ardour:out_1 -> system:playback_1; disconnect ardour:out_1 -> system:playback_2", ""},
		{"and the other way round", "ardour:out_1 -/> system:playback_*\nardour:out_1 -> system:playback_1", Additive, "disconnect ardour:out_1 -> system:playback_2; connect ardour:out_1 -> system:playback_1", ""},
		{"one rule alone", "system:capture_3 => ardour:in_1\nardour:out_2 -> system:playback_1", Additive, "disconnect system:capture_1 -> ardour:in_1; connect system:capture_3 -> ardour:in_1; connect ardour:out_2 -> system:playback_1", ""},
		{"exclusive", "ardour:out_2 -> system:playback_1", Exclusive, "disconnect ardour:out_1 -> system:playback_1; connect ardour:out_2 -> system:playback_1", ""},
		{"exact", "ardour:out_1 -> system:playback_2", Exact, "disconnect ardour:out_1 -> system:playback_1; disconnect system:capture_1 -> ardour:in_1; connect ardour:out_1 -> system:playback_2", ""},
		{"exact in a scope", "scope system: dir=out\nardour:out_1 -> system:playback_2", Exact, "disconnect system:capture_1 -> ardour:in_1; connect ardour:out_1 -> system:playback_2", ""},
		{"captures", `re:system:capture_(?P<n>[12]) -> ardour:in_${n}`, Additive, "connect system:capture_1 -> ardour:in_1; connect system:capture_2 -> ardour:in_2", ""},
		{"captures by number", `re:ardour:(out)_(\d) -/> system:playback_$2`, Additive, "disconnect ardour:out_1 -> system:playback_1", ""},
		{"each with each", `re:ardour:out_. -*> re:system:playback_[12]`, Additive, "connect ardour:out_1 -> system:playback_1; connect ardour:out_1 -> system:playback_2; connect ardour:out_2 -> system:playback_1; connect ardour:out_2 -> system:playback_2", ""},
		{"captures in an expression", `re:ardour:out(_)1 -*> re:system:playback$1[34]`, Additive, "connect ardour:out_1 -> system:playback_3; connect ardour:out_1 -> system:playback_4", ""},
		{"variables", "let daw = ardour\nlet mics = system:capture_{1,2}\n${mics} -> ${daw}:in_{2..1}", Additive, "connect system:capture_1 -> ardour:in_2; connect system:capture_2 -> ardour:in_1", ""},
		{"absent", "nobody:out_* -> system:playback_1\n# ardour\nardour:out_2   ->   system:playback_3", Additive, "connect ardour:out_2 -> system:playback_3", "nobody:out_* -> system:playback_1 (test.patch:1): nobody:out_*: nothing matches"},
		{"a comment behind", "ardour:out_1 -> system:playback_2 # left\t\nlet n = 3\t# of them\nardour:out_1 -> system:playback_${n}", Additive, "connect ardour:out_1 -> system:playback_2; connect ardour:out_1 -> system:playback_3", ""},
		{"no comment", `c#d \#1:out -> nobody:\ #2`, Additive, "connect c#d #1:out -> nobody: #2", ""},
		{"absent, written out", "nobody:out -> system:playback_1", Additive, "connect nobody:out -> system:playback_1", ""},
		{"nothing to cut", "nobody:* -/> system:playback_1", Additive, "", ""},
	} {
		g := studio()
		changes, absent := parsePatch(t, c.text).Changes(g, c.e)
		var said []string
		for _, change := range changes {
			said = append(said, change.String())
		}
		if got := strings.Join(said, "; "); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
		got := ""
		for _, a := range absent {
			got += a.Rule.String() + " (" + a.Rule.Where() + "): " + a.Err.Error()
		}
		if got != c.absent {
			t.Errorf("%s: absent %s", c.name, got)
		}
	}
}

func TestPatchErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a:b":                      `test.patch:1: "a:b": want FROM -> TO, with a space on both sides of the arrow`,
		"\n\na:b -> re:(":          "test.patch:3: selector re:(: error parsing regexp: missing closing ): `(`",
		"a:${x} -> b:c":            "test.patch:1: ${x}: no such variable",
		"re:a(?P<x>.) -> b:${y}":   "test.patch:1: ${y}: no such variable",
		"let 1x = y":               "test.patch:1: let 1x = y: want let NAME = TEXT",
		"include none.patch":       "test.patch:1: include: open none.patch: no such file or directory",
		"scope dir=up":             "test.patch:1: selector dir=up: dir=up: want in or out",
		strings.Repeat("x", 70000): "test.patch:1: longer than any rule: is this a patch?",
	} {
		_, err := ParsePatch(strings.NewReader(text), "test.patch", nil)
		if err == nil || err.Error() != want {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

func TestPatchInclude(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	write("mics.patch", "system:capture_{1..2} -> ${daw}:in_{1..2}\n")
	main := write("main.patch", "let daw = ardour\ninclude mics.patch\n  # more\nardour:out_1 -> system:playback_1\n")
	p, err := ReadPatch(main, nil)
	if err != nil || len(p.Rules) != 2 || p.Rules[0].String() != "system:capture_{1..2} -> ardour:in_{1..2}" || p.Rules[0].Where() != filepath.Join(dir, "mics.patch")+":1" {
		t.Errorf("%v, %v", p, err)
	}
	p, err = ReadPatch(main, map[string]string{"daw": "reaper"})
	if err != nil || p.Rules[0].To.String() != "reaper:in_{1..2}" {
		t.Errorf("%v, %v", p, err)
	}
	loop := write("loop.patch", "include loop.patch\n")
	if _, err := ReadPatch(loop, nil); err == nil || err.Error() != loop+":1: include loop.patch: more than 16 files deep" {
		t.Errorf("loop: %v", err)
	}
	broken := write("broken.patch", "\nx\n")
	if _, err := ReadPatch(write("outer.patch", "include broken.patch"), nil); err == nil || !strings.HasPrefix(err.Error(), broken+":2: ") {
		t.Errorf("broken: %v", err)
	}
}

// A name can hold the end of a line, which no line can.
func TestPatchLineEnds(t *testing.T) {
	c := Connection{"a:b\nc", "d\r:e\n"}
	g := Graph{Ports: []Port{{Name: c.From, Dir: Output, Type: Audio}, {Name: c.To, Dir: Input, Type: Audio}}}
	if got := parsePatch(t, PatchLine(c)).Want(g); !slices.Equal(got.Makes, []Connection{c}) {
		t.Errorf("%q makes %q", PatchLine(c), got.Makes)
	}
}

// A connection written as a line stands for itself, whatever its names.
func FuzzPatchLine(f *testing.F) {
	for _, s := range []string{"a:b", "a: -> b", "#a:b", "a:b ", " a:b", "let x:y", "a:${b}$1", `a:\`, "scope =", "re:a -/> b", "a => b:", "~x", "include a:c", "\ta:b\t", "a #1:b # c", "a \\#b:\\ #"} {
		f.Add(s, "c:d")
		f.Add("c:d", s)
	}
	f.Fuzz(func(t *testing.T, from, to string) {
		line := PatchLine(Connection{from, to})
		if from == "" || to == "" || from == to || len(line) > maxText || strings.ContainsAny(from+to, "\n\r\t") {
			return
		}
		p, err := ParsePatch(strings.NewReader("# first\n"+line+"\n"), "f", nil)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		g := Graph{Ports: []Port{{Name: from, Dir: Output, Type: Audio}, {Name: to, Dir: Input, Type: Audio}, {Name: "z" + from + to, Dir: Input, Type: Audio}}}
		for _, g := range []Graph{g, {}} {
			if got := p.Want(g); !slices.Equal(got.Makes, []Connection{{from, to}}) || len(got.Absent) > 0 {
				t.Fatalf("%q stands for %v", line, got)
			}
		}
	})
}

func FuzzPatch(f *testing.F) {
	f.Add("let a = b\n${a}:x -> re:(.)\nscope dir=in\nre:(a)(?P<n>b) => $1${n}$0\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "include") {
			return
		}
		p, err := ParsePatch(strings.NewReader(text), "f", nil)
		if err != nil {
			return
		}
		g := studio()
		changes, _ := p.Changes(g, Exact)
		after := g.Apply(changes)
		for _, c := range p.Want(g).Makes {
			if !slices.Contains(after.Connections, c) {
				t.Fatalf("%s is not made", c)
			}
		}
	})
}
