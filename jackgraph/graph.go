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
	"strconv"
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

// Port is one port of a client. On a JACK server its name is unique; ports of
// ALSA's sequencer can be an output and an input at once, and are two here.
type Port struct {
	Name     string // in full, client:port
	Type     Type
	Dir      Direction
	Physical bool     // a socket of a card
	Pretty   string   // the user's name for it, from the metadata; not unique
	Aliases  []string // further full names

	Capture  Latency           // from the card's inputs to this port
	Playback Latency           // from this port to the card's outputs
	Metadata map[string]string // all properties by key, a URI; who wrote them does not show
}

// Latency is a range in frames: the shortest and the longest of all ways that
// the data can have come, or will go.
type Latency struct{ Min, Max int }

// Keys of JACK's own metadata begin with KeyPrefix (jack/metadata.h).
const (
	KeyPrefix     = "http://jackaudio.org/metadata/"
	PrettyNameKey = KeyPrefix + "pretty-name"
	OrderKey      = KeyPrefix + "order"
)

// Order returns the place that the port's client gave it among its ports.
func (p Port) Order() (place int, ok bool) {
	place, err := strconv.Atoi(p.Metadata[OrderKey])
	return place, err == nil
}

// ByOrder compares two ports by client, then by the order their client gave
// them, then in natural order. Ports without an order come last.
func ByOrder(a, b Port) int {
	i, first := a.Order()
	j, second := b.Order()
	switch {
	case a.Client() != b.Client():
		return Natural(a.Client(), b.Client())
	case first != second && first:
		return -1
	case first != second:
		return 1
	}
	return cmp.Or(cmp.Compare(i, j), Natural(a.Name, b.Name))
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

// End tells ports apart.
type End struct {
	Name string
	Dir  Direction
}

// End returns the name and direction of the port.
func (p Port) End() End { return End{p.Name, p.Dir} }

// Connected returns the full names of the ports joined to each port.
func (g Graph) Connected() map[End][]string {
	m := make(map[End][]string)
	for _, c := range g.Connections {
		from, to := End{c.From, Output}, End{c.To, Input}
		m[from] = append(m[from], c.To)
		m[to] = append(m[to], c.From)
	}
	return m
}

// index finds the ports of a graph by their names, again and again.
type index struct {
	Graph
	names, aliases map[string][]int // places in Ports
}

func (g Graph) index() *index {
	x := &index{g, make(map[string][]int, len(g.Ports)), make(map[string][]int)}
	for i, p := range g.Ports {
		x.names[p.Name] = append(x.names[p.Name], i)
		for _, alias := range p.Aliases {
			x.aliases[alias] = append(x.aliases[alias], i)
		}
	}
	return x
}

// called returns the places of the ports that have this full name or, if none
// has, this alias.
func (x *index) called(name string) []int {
	if at := x.names[name]; at != nil {
		return at
	}
	return x.aliases[name]
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
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	for same > 0 && '0' <= a[same-1] && a[same-1] <= '9' {
		same-- // to where the number begins
	}
	x, y := a[same:], b[same:]
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
