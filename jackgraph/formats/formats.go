// Package formats reads and writes the files in which other programs keep what
// is plugged into what. Reading gives the lines of a patch file (see
// jackgraph.Patch); writing takes a graph.
//
// Only JACK's part of a file is read: connections of ALSA's sequencer are
// counted in the notes and left out.
package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"jackknife/jackgraph"
)

// Patch is what a file of another program says.
type Patch struct {
	Lines []string // of a patch file
	Notes []string // what was left out or may work differently, a line each
}

func (p *Patch) connect(from, to string) {
	if from == "" || to == "" {
		p.note("a connection without names is left out")
		return
	}
	p.Lines = append(p.Lines, jackgraph.PatchLine(jackgraph.Connection{From: from, To: to}))
}

func (p *Patch) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(p.Notes, n) {
		p.Notes = append(p.Notes, n)
	}
}

// rule adds a rule of two regular expressions for ports that pass the filters; where
// one is not RE2, the error says so. ${1} in to is what that group of from matched.
func (p *Patch) rule(from string, op jackgraph.Op, to, filters string) error {
	line := jackgraph.PatchExpression(from) + filters + " " + string(op) + " " + jackgraph.PatchExpression(to) + filters
	if _, err := jackgraph.ParsePatch(strings.NewReader(line), "rule", nil); err != nil {
		return err
	}
	p.Lines = append(p.Lines, line)
	return nil
}

// format is one program's way.
type format struct {
	name  string
	about string
	sign  *regexp.Regexp // what such a file holds and no other does
	read  func([]byte) (Patch, error)
	write func(io.Writer, jackgraph.Graph) error
}

var all = []format{
	{"aj-snapshot", "aj-snapshot's XML", regexp.MustCompile(`<aj-snapshot\b`), readSnapshot, writeSnapshot},
	{"qjackctl", "QjackCtl's patchbay", regexp.MustCompile(`<(output-sockets|input-sockets)\b`), readPatchbay, writePatchbay},
	{"qjackctl-session", "QjackCtl's session.xml", regexp.MustCompile(`<session\b`), readSession, writeSession},
	{"qpwgraph", "qpwgraph's patchbay", regexp.MustCompile(`<items\b|node-type=`), readQpwgraph, writeQpwgraph},
	{"ray", "RaySession's jackpatch", regexp.MustCompile(`<RAY-JACKPATCH\b`), readRay, writeRay},
	{"jackpatch", "jackpatch of NSM", regexp.MustCompile(`(?m)^[^<\n]*:[^\n]* (\|>|<\||\|\|) `), readJackpatch, writeJackpatch},
	{"plumbing", "jack-plumbing's rules", regexp.MustCompile(`(?m)^\s*\((connect|disconnect|connect-exclusive|also-connect)\s`), readPlumbing, writePlumbing},
	{"matchmaker", "jack-matchmaker's pairs of expressions", nil, readMatchmaker, writeMatchmaker},
}

// Names returns the formats and what they are, as name and tab and words.
func Names() []string {
	var names []string
	for _, f := range all {
		names = append(names, f.name+"\t"+f.about)
	}
	return names
}

// ErrFormat: there is no such format.
var ErrFormat = errors.New("no such format")

func find(name string) (format, error) {
	for _, f := range all {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("%s: %w", name, ErrFormat)
}

// Detect returns the name of the format that data is in. Matchmaker's files
// have no sign of their own: it is what is left.
func Detect(data []byte) string {
	data = withoutMark(data)
	for _, f := range all {
		if f.sign != nil && f.sign.Match(data) {
			return f.name
		}
	}
	return "matchmaker"
}

// Read reads a file in a format.
func Read(name string, data []byte) (Patch, error) {
	f, err := find(name)
	if err != nil {
		return Patch{}, err
	}
	p, err := f.read(withoutMark(data))
	if err != nil {
		return Patch{}, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// withoutMark takes off the mark with which Windows' editors begin a text.
func withoutMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\ufeff")) }

// Write writes the connections of a graph in a format.
func Write(w io.Writer, name string, g jackgraph.Graph) error {
	f, err := find(name)
	if err != nil {
		return err
	}
	return f.write(w, g)
}

// split takes a full name apart at its first colon, as these programs do.
func split(name string) (client, port string) {
	client, port, _ = strings.Cut(name, ":")
	return client, port
}
