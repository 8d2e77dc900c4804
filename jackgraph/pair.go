package jackgraph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
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
	return g.index().pair(from, to)
}

func (x *index) pair(from, to Selector) ([]Connection, error) {
	outs, ins, err := x.sides(from, to)
	if err != nil {
		return nil, err
	}
	var pairs []Connection
	for _, t := range pairTypes(outs, ins) {
		more, err := join(ofType(outs, t), ofType(ins, t), t, from, to)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, more...)
	}
	return pairs, nil
}

// PairEach is Pair, but joins each output with each input of its type.
func (g Graph) PairEach(from, to Selector) ([]Connection, error) {
	return g.index().pairEach(from, to)
}

func (x *index) pairEach(from, to Selector) ([]Connection, error) {
	outs, ins, err := x.sides(from, to)
	if err != nil {
		return nil, err
	}
	var pairs []Connection
	for _, o := range outs {
		for _, i := range sameTypes(ins, []found{o}) {
			pairs = append(pairs, Connection{o.port.Name, i.port.Name})
		}
	}
	return pairs, nil
}

// PairChannels is Pair, but for each channel apart: ports are joined whose
// names end in the same one, as Channel reads it. Channels that the other side
// lacks, and ports without one, are left out.
func (g Graph) PairChannels(from, to Selector) ([]Connection, error) {
	outs, ins, err := g.index().sides(from, to)
	if err != nil {
		return nil, err
	}
	var pairs []Connection
	done := make(map[int]bool)
	for _, f := range outs {
		channel, ok := Channel(f.port.Short())
		if !ok || done[channel] {
			continue
		}
		done[channel] = true
		o, i := ofChannel(outs, channel), ofChannel(ins, channel)
		for _, t := range pairTypes(o, i) {
			o, i := ofType(o, t), ofType(i, t)
			if len(o) == 0 || len(i) == 0 {
				continue
			}
			more, err := join(o, i, t, from, to)
			if err != nil {
				return nil, fmt.Errorf("channel %d: %w", channel, err)
			}
			pairs = append(pairs, more...)
		}
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("%s and %s: %w by channel", from, to, ErrNoMatch)
	}
	return pairs, nil
}

func ofChannel(ports []found, channel int) []found {
	var kept []found
	for _, f := range ports {
		if c, ok := Channel(f.port.Short()); ok && c == channel {
			kept = append(kept, f)
		}
	}
	return kept
}

// channelNumbers are the channels by the names they have at the end of a
// port's, counted as in a 7.1 file.
var channelNumbers = map[string]int{
	"l": 1, "left": 1, "fl": 1, "r": 2, "right": 2, "fr": 2,
	"c": 3, "fc": 3, "center": 3, "centre": 3, "lfe": 4,
	"rl": 5, "bl": 5, "rr": 6, "br": 6, "sl": 7, "sr": 8,
}

// Channel reads the number of a channel from the end of a port's name: 1 from
// playback_1, out L, Left (in), monitor_FL.
func Channel(short string) (int, bool) {
	words := strings.FieldsFunc(strings.ToLower(short), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if n := len(words); n > 1 && (words[n-1] == "in" || words[n-1] == "out") {
		words = words[:n-1]
	}
	if len(words) == 0 {
		return 0, false
	}
	last := words[len(words)-1]
	head := strings.TrimRight(last, "0123456789")
	if number, err := strconv.Atoi(last[len(head):]); err == nil {
		if head == "aux" { // PipeWire counts these from 0
			number++
		}
		return number, true
	}
	number, ok := channelNumbers[last]
	return number, ok
}

// Facing returns the names that stand on one side of connections with ports of
// a type: those that Pair would join to such a port on the other side. Names
// that are written out are among them, existing or not.
func (g Graph) Facing(s Selector, d Direction, t Type) ([]string, error) {
	ports, err := facing(s, g.index().find(s), d)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range sameTypes(ports, []found{{port: Port{Type: t}, exists: true}}) {
		names = append(names, f.port.Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w that is %s", s, ErrNoMatch, t)
	}
	return names, nil
}

// sides returns the ports of both sides of connections, outputs first.
func (x *index) sides(from, to Selector) (outs, ins []found, err error) {
	outs, ins = x.find(from), x.find(to)
	if !has(outs, Output) && has(outs, Input) && !has(ins, Input) && has(ins, Output) {
		from, to, outs, ins = to, from, ins, outs
	}
	if outs, err = facing(from, outs, Output); err != nil {
		return nil, nil, err
	}
	if ins, err = facing(to, ins, Input); err != nil {
		return nil, nil, err
	}
	outs, ins = sameTypes(outs, ins), sameTypes(ins, outs)
	if len(outs) == 0 || len(ins) == 0 {
		return nil, nil, fmt.Errorf("%s and %s: %w on the other side by type", from, to, ErrNoMatch)
	}
	return outs, ins, nil
}

// join joins as many with as many, or one with each.
func join(o, i []found, t Type, from, to Selector) ([]Connection, error) {
	n := max(len(o), len(i))
	if len(o) != n && len(o) != 1 || len(i) != n && len(i) != 1 {
		return nil, fmt.Errorf("%s (%s) do not pair with %s (%s)",
			count(len(o), t, "output"), from, count(len(i), t, "input"), to)
	}
	var pairs []Connection
	for k := range n {
		pairs = append(pairs, Connection{o[k%len(o)].port.Name, i[k%len(i)].port.Name})
	}
	return pairs, nil
}

// Between returns the connections that disconnecting two selectors is about.
// Where both spell out their ports these are the same pairs that Pair makes;
// else every existing connection between a port of the one and a port of the
// other, whichever stands first.
func (g Graph) Between(a, b Selector) ([]Connection, error) {
	return g.index().between(a, b)
}

func (x *index) between(a, b Selector) ([]Connection, error) {
	if allWritten(x.find(a)) && allWritten(x.find(b)) {
		return x.pair(a, b)
	}
	as, err := x.some(a)
	if err != nil {
		return nil, err
	}
	bs, err := x.some(b)
	if err != nil {
		return nil, err
	}
	var between []Connection
	for _, c := range x.Connections {
		if as[c.From] && bs[c.To] || as[c.To] && bs[c.From] {
			between = append(between, c)
		}
	}
	return between, nil
}

// Around returns all connections of the ports of a selector.
func (g Graph) Around(s Selector) ([]Connection, error) {
	ports, err := g.index().some(s)
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
func (x *index) some(s Selector) (map[string]bool, error) {
	names := make(map[string]bool)
	for _, f := range x.find(s) {
		if f.exists {
			names[f.port.Name] = true
		}
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
	fit := make(map[string]bool)
	for _, f := range ports {
		if f.port.Dir == d {
			fit[f.port.Name] = true
		}
	}
	var kept []found
	for _, f := range ports {
		if f.port.Dir == d || f.written && !fit[f.port.Name] {
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
