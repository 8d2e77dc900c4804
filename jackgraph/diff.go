package jackgraph

import (
	"errors"
	"fmt"
	"slices"
)

// Errors a caller may tell apart.
var (
	ErrNoServer  = errors.New("no server running")
	ErrNoAnswer  = errors.New("the server does not answer")
	ErrNoLibrary = errors.New("this binary was built without libjack")
	ErrNoPort    = errors.New("no such port")
	ErrNoClient  = errors.New("no such client")
	ErrNoMatch   = errors.New("nothing matches")
	ErrAlready   = errors.New("already so")
)

// Action is what a change does.
type Action string

const (
	Connect    Action = "connect"
	Disconnect Action = "disconnect"
)

// Change is one step from a graph to another.
type Change struct {
	Action
	Connection
}

// String returns the change as words: connect FROM -> TO.
func (c Change) String() string { return string(c.Action) + " " + c.Connection.String() }

// Changes returns the same action for each connection.
func Changes(do Action, connections []Connection) []Change {
	var changes []Change
	for _, c := range connections {
		changes = append(changes, Change{do, c})
	}
	return changes
}

// Exclusively returns the changes that make connections and cut all others of
// their ports, cuts first. For a connection that cannot be made nothing is cut.
func (g Graph) Exclusively(connections []Connection) []Change {
	makes := Changes(Connect, connections)
	keep := make(map[Connection]bool)
	from, to := make(map[string]bool), make(map[string]bool)
	for i, err := range g.Check(makes) {
		if err == nil || errors.Is(err, ErrAlready) {
			c := connections[i]
			keep[c], from[c.From], to[c.To] = true, true, true
		}
	}
	var cuts []Change
	for _, c := range g.Connections {
		if (from[c.From] || to[c.To]) && !keep[c] {
			cuts = append(cuts, Change{Disconnect, c})
		}
	}
	return append(cuts, makes...)
}

// Diff returns the fewest changes that give have the connections of want: what
// goes first, then what comes, each in natural order.
func Diff(have, want Graph) []Change {
	return append(missing(have, want, Disconnect), missing(want, have, Connect)...)
}

// missing returns the connections of a that b lacks, as changes.
func missing(a, b Graph, do Action) []Change {
	in := make(map[Connection]bool, len(b.Connections))
	for _, c := range b.Connections {
		in[c] = true
	}
	var changes []Change
	for _, c := range a.Connections {
		if !in[c] {
			in[c] = true
			changes = append(changes, Change{do, c})
		}
	}
	slices.SortFunc(changes, func(x, y Change) int { return byName(x.Connection, y.Connection) })
	return changes
}

// Apply returns the graph as it is after the changes; g stays as it was.
// Changes that are already so change nothing.
func (g Graph) Apply(changes []Change) Graph {
	g.Connections = slices.Clone(g.Connections)
	for _, c := range changes {
		at := slices.Index(g.Connections, c.Connection)
		switch {
		case c.Action == Connect && at < 0:
			g.Connections = append(g.Connections, c.Connection)
		case c.Action == Disconnect && at >= 0:
			g.Connections = slices.Delete(g.Connections, at, at+1)
		}
	}
	slices.SortFunc(g.Connections, byName)
	return g
}

// Named returns the changes with the full names of ports that they call by an
// alias.
func (g Graph) Named(changes []Change) []Change {
	x := g.index()
	full := func(name string) string {
		if at := x.called(name); len(at) > 0 {
			return x.Ports[at[0]].Name
		}
		return name
	}
	var named []Change
	for _, c := range changes {
		named = append(named, Change{c.Action, Connection{full(c.From), full(c.To)}})
	}
	return named
}

// Check says for each change, taken in their order, why it cannot be made: nil
// where it can, ErrAlready where nothing is left to do, ErrNoPort where a port
// is missing. The server itself gives one number for all of these.
func (g Graph) Check(changes []Change) []error {
	ports := make(map[End]*Port, len(g.Ports))
	for i := range g.Ports {
		ports[g.Ports[i].End()] = &g.Ports[i]
	}
	connected := make(map[Connection]bool, len(g.Connections))
	for _, c := range g.Connections {
		connected[c] = true
	}
	errs := make([]error, len(changes))
	for i, c := range changes {
		errs[i] = checkPorts(ports, c.Connection)
		if errs[i] != nil {
			continue
		}
		if connected[c.Connection] == (c.Action == Connect) {
			errs[i] = ErrAlready
			continue
		}
		connected[c.Connection] = c.Action == Connect
	}
	return errs
}

func checkPorts(ports map[End]*Port, c Connection) error {
	from, ok := either(ports, c.From, Output, Input)
	if !ok {
		return fmt.Errorf("%s: %w", c.From, ErrNoPort)
	}
	to, ok := either(ports, c.To, Input, Output)
	if !ok {
		return fmt.Errorf("%s: %w", c.To, ErrNoPort)
	}
	switch {
	case from.Dir == Output && to.Dir == Output:
		return errors.New("both are outputs")
	case from.Dir == Input && to.Dir == Input:
		return errors.New("both are inputs")
	case from.Dir == Input:
		return errors.New("the wrong way round, from an input to an output")
	case from.Type != to.Type:
		return fmt.Errorf("%s is %s, %s is %s", c.From, from.Type, c.To, to.Type)
	}
	return nil
}

// either returns the port of a name that has the first direction or, if none
// has, the second.
func either(ports map[End]*Port, name string, first, second Direction) (*Port, bool) {
	p, ok := ports[End{name, first}]
	if !ok {
		p, ok = ports[End{name, second}]
	}
	return p, ok
}
