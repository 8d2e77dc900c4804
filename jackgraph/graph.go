// Package jackgraph is what is plugged into what on a JACK server, as a value:
// ports and connections, the selectors that name them, and the way from one
// graph to another.
//
// Graphs, selectors and plans are plain data and need no server. Server reads
// a graph from a running server and carries changes out; it needs libjack,
// and in a binary built without cgo Open says so.
package jackgraph

import (
	"cmp"
	"slices"
	"strings"
)

// Type is what a port carries.
type Type string

// The two types every JACK server has. Other servers' types (PipeWire's video)
// keep the name the server gives them.
const (
	Audio Type = "audio"
	MIDI  Type = "midi"
)

// Direction is the way data goes through a port, seen from its client: an
// output of the client system is an input socket of the card.
type Direction string

const (
	Input  Direction = "in"
	Output Direction = "out"
)

// Port is one port of a client.
type Port struct {
	Name     string // in full, client:port; unique on a server
	Type     Type
	Dir      Direction
	Physical bool     // a socket of a card
	Pretty   string   // the user's name for it, from the metadata; not unique
	Aliases  []string // further full names
}

// Client returns the name of the port's client. Names of clients may hold
// colons too; like libjack itself it ends at the first.
func (p Port) Client() string {
	client, _, _ := strings.Cut(p.Name, ":")
	return client
}

// Short returns the port's own name, without the client.
func (p Port) Short() string {
	_, short, _ := strings.Cut(p.Name, ":")
	return short
}

// Connection joins two ports by their full names. It goes From an output To an
// input.
type Connection struct{ From, To string }

// String returns the connection as a patch line, FROM -> TO.
func (c Connection) String() string { return c.From + " -> " + c.To }

// Graph is the state of a server at one moment. The zero Graph is empty.
type Graph struct {
	Ports       []Port
	Connections []Connection
}

// Sort puts ports and connections in natural order of their names, in place.
func (g Graph) Sort() {
	slices.SortFunc(g.Ports, func(a, b Port) int { return Natural(a.Name, b.Name) })
	slices.SortFunc(g.Connections, byName)
}

// Port returns the port that has this full name or, if none has, this alias.
func (g Graph) Port(name string) (Port, bool) {
	i := slices.IndexFunc(g.Ports, func(p Port) bool { return p.Name == name })
	if i < 0 {
		i = slices.IndexFunc(g.Ports, func(p Port) bool { return slices.Contains(p.Aliases, name) })
	}
	if i < 0 {
		return Port{}, false
	}
	return g.Ports[i], true
}

// Connected returns the full names of the ports joined to each port.
func (g Graph) Connected() map[string][]string {
	m := make(map[string][]string)
	for _, c := range g.Connections {
		m[c.From] = append(m[c.From], c.To)
		m[c.To] = append(m[c.To], c.From)
	}
	return m
}

// Near returns up to n names of ports that look like name, the likeliest
// first, to be offered when there is no such port.
func (g Graph) Near(name string, n int) []string {
	type candidate struct {
		name     string
		distance int
	}
	limit := max(2, len(name)/3)
	var near []candidate
	for _, p := range g.Ports {
		for _, known := range append([]string{p.Name, p.Short(), p.Pretty}, p.Aliases...) {
			if known == "" {
				continue
			}
			if d := distance(strings.ToLower(name), strings.ToLower(known)); d <= limit {
				near = append(near, candidate{p.Name, d})
			}
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, c := range near {
		if len(names) < n && !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	return names
}

// distance is Levenshtein's: the fewest bytes to insert, delete or replace
// that turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

func byName(a, b Connection) int {
	return cmp.Or(Natural(a.From, b.From), Natural(a.To, b.To))
}

// Natural compares two names as people count: runs of digits by their value,
// so that 2 comes before 10, all else byte by byte. It returns 0 only for
// equal names.
func Natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		m, n := digits(x), digits(y)
		if m == 0 || n == 0 {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		u, v := strings.TrimLeft(x[:m], "0"), strings.TrimLeft(y[:n], "0")
		if c := cmp.Or(cmp.Compare(len(u), len(v)), cmp.Compare(u, v)); c != 0 {
			return c
		}
		x, y = x[m:], y[n:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

// digits returns the length of the run of decimal digits that s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
