package jackgraph

import (
	"errors"
	"slices"
)

// insist bounds how often the same change is made, or tried, until one of its
// ports appears anew: another program may hold against it.
const insist = 5

// Keeper holds a patch: from what happens on a server it tells what to change.
// A wanted connection that was cut stays cut until one of its ports appears
// anew.
type Keeper struct {
	patch Patch
	cut   map[Connection]bool
	tries map[Change]int
}

// NewKeeper returns a Keeper of a patch that knows of no cut.
func NewKeeper(p Patch) *Keeper {
	return &Keeper{p, make(map[Connection]bool), make(map[Change]int)}
}

// Replace puts another patch in the place of the one that is held. What was cut
// stays cut; what was tried too often is tried anew.
func (k *Keeper) Replace(p Patch) {
	k.patch = p
	clear(k.tries)
}

// Note takes in what happened, and reports whether it is a reason to look at
// the rules.
func (k *Keeper) Note(e Event) bool {
	switch e.Kind {
	case PortAdded, PortRemoved:
		k.forget(e.Name)
	case PortRenamed:
		k.forget(e.From)
		k.forget(e.To)
	case Disconnected:
		// The end of a port is told like this too; forget follows then.
		k.cut[Connection{e.From, e.To}] = true
	case Connected:
		delete(k.cut, Connection{e.From, e.To})
	case Metadata:
	default:
		return false
	}
	return true
}

// forget clears what is known of the connections of a port.
func (k *Keeper) forget(port string) {
	of := func(c Connection) bool { return c.From == port || c.To == port }
	for c := range k.cut {
		if of(c) {
			delete(k.cut, c)
		}
	}
	for c := range k.tries {
		if of(c.Connection) {
			delete(k.tries, c)
		}
	}
}

// Changes returns what to do so that the graph is as the patch asks. Rules that
// pair groups in order wait until the graph is settled, that is, a client that
// is coming up has all its ports: half a group would pair wrongly.
func (k *Keeper) Changes(g Graph, settled bool) []Change {
	p := k.patch
	if !settled {
		p.Rules = slices.DeleteFunc(slices.Clone(p.Rules), func(r Rule) bool { return !r.immediate(g) })
	}
	changes, _ := p.Changes(g, Additive)
	var todo []Change
	for i, err := range g.Check(changes) {
		c := changes[i]
		if err == nil && !(c.Action == Connect && k.cut[c.Connection]) && k.tries[c] < insist {
			todo = append(todo, c)
		}
	}
	return todo
}

// Tried counts a change that was made or tried. It reports whether that was
// the last time.
func (k *Keeper) Tried(c Change) (last bool) {
	k.tries[c]++
	return k.tries[c] == insist
}

// immediate reports whether what a rule says of a port does not depend on the
// ports still to come.
func (r Rule) immediate(g Graph) bool {
	switch {
	case r.Op == Apart || r.Op == Each || r.Op == EachOnly:
		return true
	case r.captures != "":
		// Each port of FROM apart: one name each is as good as written out.
		to, err := Parse(outsideEscapes(r.captures, reference, func(string) string { return "x" }))
		return err == nil && to.written()
	}
	return r.From.written() && r.To.written() || g.one(r.From, Output) || g.one(r.To, Input)
}

// one reports whether a selector is the written name of a port of that direction:
// each port of the other side goes with it.
func (g Graph) one(s Selector, d Direction) bool {
	if !s.IsName() {
		return false
	}
	p, ok := g.Port(s.options[0].name)
	return ok && p.Dir == d
}

// Explanation says of a connection that a rule is about, or of the rule, why
// it is as it is.
type Explanation struct {
	Rule       Rule
	Connection Connection // zero where the rule is about none
	Err        error      // nil: to be done; ErrAlready: it is so; ErrOverruled
}

// ErrOverruled: a later rule says otherwise.
var ErrOverruled = errors.New("overruled by a later rule")

// Explain says of each rule what it is about in a graph.
func (p Patch) Explain(g Graph) []Explanation {
	wanted := make(map[Connection]bool)
	for _, c := range p.Want(g).Makes {
		wanted[c] = true
	}
	var all []Explanation
	for _, r := range p.Rules {
		pairs, err := r.Pairs(g)
		if err != nil || len(pairs) == 0 {
			if err == nil {
				err = ErrAlready // nothing to cut
			}
			all = append(all, Explanation{Rule: r, Err: err})
			continue
		}
		do := Connect
		if r.Op == Apart {
			do = Disconnect
		}
		for i, err := range g.Check(Changes(do, pairs)) {
			if wanted[pairs[i]] != (do == Connect) {
				err = ErrOverruled
			}
			all = append(all, Explanation{r, pairs[i], err})
		}
	}
	return all
}
