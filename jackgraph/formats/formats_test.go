package formats

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jackknife/jackgraph"
)

// studio has names as they occur in the wild, that each format can hold.
func studio() jackgraph.Graph {
	audio := func(name string, d jackgraph.Direction) jackgraph.Port {
		return jackgraph.Port{Name: name, Dir: d, Type: jackgraph.Audio}
	}
	g := jackgraph.Graph{
		Ports: []jackgraph.Port{
			audio("system:capture_1", jackgraph.Output), audio("system:capture_2", jackgraph.Output),
			audio("system:capture_10", jackgraph.Output), audio("system:playback_1", jackgraph.Input),
			audio("system:playback_10", jackgraph.Input), audio("Firefox (2) + ü:out [L]", jackgraph.Output),
			audio("a <&>:b:c'", jackgraph.Input), audio("x.y$1:{1}*", jackgraph.Input), audio("a -> b:c", jackgraph.Input),
			{Name: "keys:out", Dir: jackgraph.Output, Type: jackgraph.MIDI}, {Name: "synth:in", Dir: jackgraph.Input, Type: jackgraph.MIDI},
		},
		Connections: []jackgraph.Connection{
			{From: "system:capture_1", To: "system:playback_1"}, {From: "system:capture_1", To: "a <&>:b:c'"},
			{From: "system:capture_2", To: "x.y$1:{1}*"}, {From: "Firefox (2) + ü:out [L]", To: "a -> b:c"},
			{From: "Firefox (2) + ü:out [L]", To: "system:playback_10"}, {From: "keys:out", To: "synth:in"},
		},
	}
	g.Sort()
	return g
}

// TestRoundTrip writes a graph in each format and reads it again: the rules
// make these connections and no others.
func TestRoundTrip(t *testing.T) {
	for _, f := range all {
		g := studio()
		var b bytes.Buffer
		if err := Write(&b, f.name, g); err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		if got := Detect(b.Bytes()); got != f.name {
			t.Errorf("%s: detected as %s", f.name, got)
		}
		if got := makes(t, f.name, b.Bytes(), g); !slices.Equal(got, g.Connections) {
			t.Errorf("%s: written as\n%s\nread as\n%v", f.name, &b, got)
		}
	}
}

// makes returns the connections that a file makes in a graph.
func makes(t *testing.T, name string, data []byte, g jackgraph.Graph) []jackgraph.Connection {
	t.Helper()
	p, err := Read(name, data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	patch, err := jackgraph.ParsePatch(strings.NewReader(strings.Join(p.Lines, "\n")), name, nil)
	if err != nil {
		t.Fatalf("%s: %v in\n%s", name, err, strings.Join(p.Lines, "\n"))
	}
	got := jackgraph.Graph{Connections: slices.Clone(patch.Want(g).Makes)}
	got.Sort()
	return got.Connections
}

func TestRead(t *testing.T) {
	g := jackgraph.Graph{}
	for _, name := range []string{"metro:120_bpm", "metro:90_bpm", "thru:output_1", "ice:left", "ice:right"} {
		g.Ports = append(g.Ports, jackgraph.Port{Name: name, Dir: jackgraph.Output, Type: jackgraph.Audio})
	}
	for _, name := range []string{"system:playback_1", "system:playback_2", "system:playback_3", "system:playback_4", "system:playback_10", "thru:input_1", "mix:in_left", "mix:in_right"} {
		g.Ports = append(g.Ports, jackgraph.Port{Name: name, Dir: jackgraph.Input, Type: jackgraph.Audio})
	}
	for _, c := range []struct{ name, text, want, notes string }{
		{"aj-snapshot", `<?xml version="1.0" encoding="utf-8"?>
<aj-snapshot>
<alsa><client name="Keys 49"><port id="0"><connection client="Synth" port="0" /></port></client></alsa>
<jack><client name="metro"><port name="90_bpm"><connection port="system:playback_1" /></port></client>
<client name="system"><port name="capture_3" /></client></jack></aj-snapshot>`,
			"[metro:90_bpm -> system:playback_1]", "1 connections of ALSA's sequencer are left out"},
		{"qjackctl", `<!DOCTYPE patchbay>
<patchbay name="demo" version="1.0.5">
 <output-sockets><socket name="click" client="metro" type="jack-audio" exclusive="off"><plug>[0-9]+_bpm</plug><plug>90\_bpm</plug></socket></output-sockets>
 <input-sockets><socket name="speakers" client="system" type="jack-audio" exclusive="off"><plug>playback_1</plug><plug>playback_2</plug><plug>playback_3</plug></socket></input-sockets>
 <slots/>
 <cables><cable type="jack-audio" output="click" input="speakers"/></cables>
</patchbay>`, `[metro:90_bpm -> system:playback_1 metro:90_bpm -> system:playback_2 metro:120_bpm -> system:playback_1]`, ""},
		{"qpwgraph", `<!DOCTYPE patchbay>
<patchbay name="demo" version="1.0.3"><items>
 <item node-type="pipewire" port-type="pipewire-audio"><output node="ice" port="left"/><input node="mix" port="in_left"/></item>
 <item node-type="alsa" port-type="alsa-midi"><output node="ice" port="left"/><input node="mix" port="in_left"/></item>
</items></patchbay>`, "[ice:left -> mix:in_left]", "1 connections of ALSA's sequencer are left out"},
		{"ray", `<RAY-JACKPATCH>
  <connection from="metro:120_bpm" to="system:playback_1" nsm_client_from="Metro" />
  <graph><group name="metro"><out_port name="120_bpm" /></group></graph>
</RAY-JACKPATCH>`, "[metro:120_bpm -> system:playback_1]", ""},
		{"jackpatch", "metro:120_bpm                            |> system:playback_1\nsystem:playback_2 <| metro:120_bpm\n", "[metro:120_bpm -> system:playback_1 metro:120_bpm -> system:playback_2]", ""},
		{"plumbing", `; the clicks
(connect "metro:([0-9]+)_bpm" "system:playback_[34]")
(also-connect "system:playback_[34]" "thru:input_1")
(disconnect "thru:output_(.*)" "system:playback_\1")
(connect "ice:(.*)" "mix:in_\1")
`, "[ice:left -> mix:in_left ice:right -> mix:in_right metro:90_bpm -> system:playback_3 metro:90_bpm -> system:playback_4 metro:90_bpm -> thru:input_1 metro:120_bpm -> system:playback_3 metro:120_bpm -> system:playback_4 metro:120_bpm -> thru:input_1]", ""},
		{"matchmaker", "# clicks to both speakers\nmetro:(?P<n>\\d+)_bpm$\n    system:playback_[12]$\n\nice:(?P<ch>left|right)\nmix:in_{ch}\nlonely\n",
			"[ice:left -> mix:in_left ice:right -> mix:in_right metro:90_bpm -> system:playback_1 metro:90_bpm -> system:playback_2 metro:120_bpm -> system:playback_1 metro:120_bpm -> system:playback_2]",
			"lonely: has no other side and is left out"},
		{"matchmaker", "metro:90\nsystem:playback_1\n", "[metro:90_bpm -> system:playback_1 metro:90_bpm -> system:playback_10]", ""},
	} {
		if got := Detect([]byte(c.text)); got != c.name {
			t.Errorf("%s: detected as %s", c.name, got)
		}
		var got string
		for i, m := range makes(t, c.name, []byte(c.text), g) {
			if i > 0 {
				got += " "
			}
			got += m.String()
		}
		if "["+got+"]" != c.want {
			t.Errorf("%s: makes [%s]", c.name, got)
		}
		p, _ := Read(c.name, []byte(c.text))
		if notes := strings.Join(p.Notes, "; "); notes != c.notes {
			t.Errorf("%s: notes %s", c.name, notes)
		}
	}
}

// A cable of QjackCtl is for one type; a name keeps the space at its end.
func TestReadPatchbay(t *testing.T) {
	g := jackgraph.Graph{Ports: []jackgraph.Port{
		{Name: "synth:left ", Dir: jackgraph.Output, Type: jackgraph.Audio}, {Name: "synth:keys", Dir: jackgraph.Output, Type: jackgraph.MIDI},
		{Name: "desk:1", Dir: jackgraph.Input, Type: jackgraph.Audio}, {Name: "desk:2", Dir: jackgraph.Input, Type: jackgraph.MIDI},
	}}
	for _, c := range []struct{ typ, plug, want string }{
		{"jack-audio", "left ", "[synth:left  -> desk:1]"},
		{"jack-audio", ".*", "[synth:left  -> desk:1]"},
		{"jack-midi", ".*", "[synth:keys -> desk:2]"},
	} {
		text := strings.NewReplacer("TYPE", c.typ, "PLUG", c.plug).Replace(`<patchbay>
<output-sockets><socket name="a" client="synth" type="TYPE"><plug>.*</plug><plug>PLUG</plug></socket></output-sockets>
<input-sockets><socket name="b" client="desk" type="TYPE"><plug>none</plug><plug>.*</plug></socket></input-sockets>
<cables><cable type="TYPE" output="a" input="b"/></cables></patchbay>`)
		if got := fmt.Sprint(makes(t, "qjackctl", []byte(text), g)); got != c.want {
			t.Errorf("%s %q: makes %s", c.typ, c.plug, got)
		}
	}
}

// What Windows' editors put before a text does not hide what it is; no names, no line.
func TestReadOdd(t *testing.T) {
	text := []byte("\ufeff(connect \"a:o1\" \"b:i1\")\r\n")
	if got := Detect(text); got != "plumbing" {
		t.Errorf("detected as %s", got)
	}
	if p, err := Read("plumbing", text); err != nil || !slices.Equal(p.Lines, []string{"re:a:o1 -*> re:b:i1"}) {
		t.Errorf("%q, %v", p.Lines, err)
	}
	p, err := Read("ray", []byte(`<RAY-JACKPATCH><connection from="a:b" to=""/></RAY-JACKPATCH>`))
	if err != nil || len(p.Lines) > 0 || !slices.Equal(p.Notes, []string{"a connection without names is left out"}) {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"aj-snapshot", "", "aj-snapshot: no XML in it"},
		{"ray", `<?xml version="1.0" encoding="ISO-8859-1"?><RAY-JACKPATCH/>`, `ray: xml: opening charset "ISO-8859-1": want UTF-8`},
		{"matchmaker", "?", "matchmaker: no rules in it"},
		{"aj-snapshot", "<aj-snapshot><jack>", "aj-snapshot: XML syntax error on line 1: unexpected EOF"},
		{"qjackctl", `<patchbay><cables><cable type="jack-audio" output="a" input="b"/></cables></patchbay>`, `qjackctl: cable: no socket "a" of type jack-audio`},
		{"plumbing", "(connect a b)", `plumbing: line 1: want (COMMAND "LEFT" "RIGHT")`},
		{"plumbing", `(conect "a" "b")`, `plumbing: conect: no such command`},
		{"jackpatch", "a:b\n", "jackpatch: line 1: no |> in it"},
		{"matchmaker", "a(?=b)\nc\n", "matchmaker: a(?=b): error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
		{"matchmaker", "", "matchmaker: no rules in it"},
	} {
		if _, err := Read(c.name, []byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := Read("cable", nil); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
	for _, f := range all {
		g := jackgraph.Graph{Connections: []jackgraph.Connection{{From: "a:|\"\xe9", To: "b: c "}}}
		name := f.name
		if err := Write(new(bytes.Buffer), name, g); err == nil {
			t.Errorf("%s: wrote names it cannot hold", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, format := range all {
		var b bytes.Buffer
		if err := Write(&b, format.name, studio()); err != nil {
			f.Fatal(err)
		}
		f.Add(format.name, b.Bytes())
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		p, err := Read(name, data)
		if err != nil {
			return
		}
		for _, line := range p.Lines {
			if strings.ContainsAny(line, "\n\r") || len(line) > 4000 {
				return // no port has such a name
			}
			if _, err := jackgraph.ParsePatch(strings.NewReader(line), "f", nil); err != nil {
				t.Fatalf("%s: %q: %v", name, line, err)
			}
		}
	})
}
