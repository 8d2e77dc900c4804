package jackgraph

import (
	"fmt"
	"slices"
)

// Pair joins the ports of two selectors into connections that may or may not
// exist: as many on both sides, in order; one with many, each with it (one
// output heard in many places, or many mixed into one input). Other counts are
// an error.
//
// Names that are written out are paired as they stand, existing or not, for
// Check to judge. A pattern stands only for outputs on the side of from and
// inputs on the side of to, and only for types that the other side has too;
// where both sides are patterns, audio pairs with audio and MIDI with MIDI.
// from and to may change places where that is clearly meant: no port of from
// is an output and none of to an input.
func (g Graph) Pair(from, to Selector) ([]Connection, error) {
	outs, ins := g.find(from), g.find(to)
	if !has(outs, Output) && has(outs, Input) && !has(ins, Input) && has(ins, Output) {
		from, to, outs, ins = to, from, ins, outs
	}
	outs, err := facing(from, outs, Output)
	if err != nil {
		return nil, err
	}
	ins, err = facing(to, ins, Input)
	if err != nil {
		return nil, err
	}
	outs, ins = sameTypes(outs, ins), sameTypes(ins, outs)
	if len(outs) == 0 || len(ins) == 0 {
		return nil, fmt.Errorf("%s and %s: %w on the other side by type", from, to, ErrNoMatch)
	}
	var pairs []Connection
	for _, t := range pairTypes(outs, ins) {
		o, i := ofType(outs, t), ofType(ins, t)
		n := max(len(o), len(i))
		if len(o) != n && len(o) != 1 || len(i) != n && len(i) != 1 {
			return nil, fmt.Errorf("%s (%s) do not pair with %s (%s)",
				count(len(o), t, "output"), from, count(len(i), t, "input"), to)
		}
		for k := range n {
			pairs = append(pairs, Connection{o[k%len(o)].port.Name, i[k%len(i)].port.Name})
		}
	}
	return pairs, nil
}

// Between returns the connections that disconnecting two selectors is about.
// Where both spell out their ports these are the same pairs that Pair makes;
// else every existing connection between a port of the one and a port of the
// other, whichever stands first.
func (g Graph) Between(a, b Selector) ([]Connection, error) {
	if allWritten(g.find(a)) && allWritten(g.find(b)) {
		return g.Pair(a, b)
	}
	as, err := g.some(a)
	if err != nil {
		return nil, err
	}
	bs, err := g.some(b)
	if err != nil {
		return nil, err
	}
	var between []Connection
	for _, c := range g.Connections {
		if as[c.From] && bs[c.To] || as[c.To] && bs[c.From] {
			between = append(between, c)
		}
	}
	return between, nil
}

// Around returns all connections of the ports of a selector.
func (g Graph) Around(s Selector) ([]Connection, error) {
	ports, err := g.some(s)
	if err != nil {
		return nil, err
	}
	var around []Connection
	for _, c := range g.Connections {
		if ports[c.From] || ports[c.To] {
			around = append(around, c)
		}
	}
	return around, nil
}

// some returns the names of the ports of a selector that has any.
func (g Graph) some(s Selector) (map[string]bool, error) {
	names := make(map[string]bool)
	for _, p := range g.Select(s) {
		names[p.Name] = true
	}
	if len(names) == 0 {
		return nil, s.noMatch()
	}
	return names, nil
}

// noMatch words that a selector names no port at all.
func (s Selector) noMatch() error {
	if s.written() {
		return fmt.Errorf("%s: %w", s, ErrNoPort)
	}
	return fmt.Errorf("%s: %w", s, ErrNoMatch)
}

func allWritten(ports []found) bool {
	return !slices.ContainsFunc(ports, func(f found) bool { return !f.written })
}

func has(ports []found, d Direction) bool {
	return slices.ContainsFunc(ports, func(f found) bool { return f.port.Dir == d })
}

// facing keeps the ports that can stand on one side of a connection; names
// that are written out are kept whatever they are.
func facing(s Selector, ports []found, d Direction) ([]found, error) {
	var kept []found
	for _, f := range ports {
		if f.written || f.port.Dir == d {
			kept = append(kept, f)
		}
	}
	switch {
	case len(ports) == 0:
		return nil, s.noMatch()
	case len(kept) == 0 && d == Output:
		return nil, fmt.Errorf("%s: %w that is an output", s, ErrNoMatch)
	case len(kept) == 0:
		return nil, fmt.Errorf("%s: %w that is an input", s, ErrNoMatch)
	}
	return kept, nil
}

// sameTypes drops the ports met by a pattern whose type no port of the other
// side has.
func sameTypes(ports, others []found) []found {
	var kept []found
	for _, f := range ports {
		same := func(o found) bool { return !o.exists || o.port.Type == f.port.Type }
		if f.written || slices.ContainsFunc(others, same) {
			kept = append(kept, f)
		}
	}
	return kept
}

// anyType stands for all types together.
const anyType Type = ""

// pairTypes returns the types to be paired apart: all of them where both sides
// are patterns, else anyType alone.
func pairTypes(outs, ins []found) []Type {
	var types []Type
	for _, f := range slices.Concat(outs, ins) {
		if f.written {
			return []Type{anyType}
		}
		if !slices.Contains(types, f.port.Type) {
			types = append(types, f.port.Type)
		}
	}
	return types
}

func ofType(ports []found, t Type) []found {
	if t == anyType {
		return ports
	}
	var kept []found
	for _, f := range ports {
		if f.port.Type == t {
			kept = append(kept, f)
		}
	}
	return kept
}

// count words a number of ports: 3 midi inputs.
func count(n int, t Type, noun string) string {
	if t != anyType {
		noun = string(t) + " " + noun
	}
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}
