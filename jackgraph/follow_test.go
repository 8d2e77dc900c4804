package jackgraph

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// TestFollow lets a server's ports come and go at random, tells of it with
// some notices lost, some twice and ids used again, and wants the graph right
// after the resync and every event to be a change.
func TestFollow(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		real := newState(Graph{})
		ids := make(map[string]uint32)
		followed, told := newState(Graph{}), newState(Graph{})
		replay := func(events []Event) {
			for _, e := range events {
				if !happens(told, e) {
					t.Fatalf("seed %d: %s is no change", seed, e)
				}
			}
		}
		tell := func(n notice) {
			for range [4]int{1, 1, 2, 0}[r.IntN(4)] {
				replay(followed.apply(n))
			}
		}
		for range 200 {
			name := fmt.Sprintf("client %d:%s_%d", r.IntN(3), []string{"in", "out"}[r.IntN(2)], r.IntN(4))
			p := Port{Name: name, Type: Audio, Dir: Input}
			if p.Short()[0] == 'o' {
				p.Dir = Output
			}
			_, there := real.ports[name]
			switch {
			case !there:
				ids[name] = uint32(len(real.ports)) // taken by another, maybe
				for n, id := range ids {
					if n != name && id == ids[name] {
						if _, alive := real.ports[n]; alive {
							ids[name] = uint32(1000 + r.IntN(1000))
						}
					}
				}
				real.addPort(p)
				tell(notice{kind: PortAdded, name: name, id: ids[name], port: p})
			case r.IntN(3) == 0:
				real.removePort(name)
				tell(notice{kind: PortRemoved, name: name, id: ids[name]})
			case p.Dir == Output:
				for other := range real.ports {
					if real.ports[other].Dir != Input {
						continue
					}
					c := Connection{name, other}
					kind := Connected
					if real.connected[c] {
						kind = Disconnected
						real.disconnect(c)
					} else {
						real.connect(c)
					}
					n := notice{kind: kind, name: name, other: other, id: ids[name], otherID: ids[other]}
					if r.IntN(2) == 0 {
						n.name, n.other, n.id, n.otherID = n.other, n.name, n.otherID, n.id
					}
					tell(n)
					break
				}
			}
			if r.IntN(10) == 0 {
				replay(followed.resync(real.graph()))
				clear(followed.gone) // as Watch does, in time
				replay(followed.resync(real.graph()))
				if got, want := followed.graph(), real.graph(); !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d: followed to\n%v\nit is\n%v", seed, got, want)
				}
				if got, want := told.graph().Connections, real.graph().Connections; !slices.Equal(got, want) {
					t.Fatalf("seed %d: told\n%v\nit is\n%v", seed, got, want)
				}
				if !maps.Equal(portSet(told), portSet(real)) {
					t.Fatalf("seed %d: told of the ports %v, there are %v", seed, told.ports, real.ports)
				}
			}
		}
	}
}

func portSet(s *state) map[string]bool {
	names := make(map[string]bool)
	for name := range s.ports {
		names[name] = true
	}
	return names
}

// happens takes an event in and reports whether it changed anything.
func happens(s *state, e Event) bool {
	c := Connection{e.From, e.To}
	switch e.Kind {
	case ClientAdded:
		return !s.clients[e.Name] && len(s.addClient(e.Name)) == 1
	case PortAdded:
		return len(s.addPort(Port{Name: e.Name})) == 1
	case PortRemoved:
		return len(s.removePort(e.Name)) == 1
	case Connected:
		return len(s.connect(c)) == 1
	case Disconnected:
		return len(s.disconnect(c)) == 1
	}
	return false
}

func TestFollowRename(t *testing.T) {
	s := newState(studio())
	if got := s.apply(notice{kind: PortRenamed, id: 9, name: "ardour:in_1", other: "ardour:voice"}); len(got) != 1 || got[0].String() != "port-renamed ardour:in_1 -> ardour:voice" {
		t.Errorf("events %v", got)
	}
	if !s.connected[Connection{"system:capture_1", "ardour:voice"}] || len(s.connected) != 3 {
		t.Errorf("connections %v", s.connected)
	}
	if got := s.apply(notice{kind: PortRemoved, id: 9, name: "ardour:in_1"}); len(got) != 2 || got[1].Name != "ardour:voice" {
		t.Errorf("events %v", got)
	}
}

// A port that was told to be gone does not come back by a snapshot that shows it
// still, but by a notice, or once snapshots have been without it.
func TestFollowGone(t *testing.T) {
	s := newState(studio())
	if got := s.apply(notice{kind: PortRemoved, id: 9, name: "ardour:in_1"}); len(got) != 2 {
		t.Errorf("events %v", got)
	}
	if got := s.resync(studio()); len(got) != 0 || !s.gone["ardour:in_1"] {
		t.Errorf("still shown: %v", got)
	}
	if got := s.apply(notice{kind: PortAdded, id: 9, name: "ardour:in_1", port: Port{Dir: Input, Type: Audio}}); len(got) != 1 {
		t.Errorf("events %v", got)
	}
	if got := s.resync(studio()); len(got) != 1 || got[0].Kind != Connected {
		t.Errorf("there again: %v", got)
	}
	s.apply(notice{kind: PortRemoved, id: 9, name: "ardour:in_1"})
	without := studio()
	without.Ports = slices.DeleteFunc(without.Ports, func(p Port) bool { return p.Name == "ardour:in_1" })
	without.Connections = slices.DeleteFunc(without.Connections, func(c Connection) bool { return c.To == "ardour:in_1" })
	if got := s.resync(without); len(got) != 0 || len(s.gone) != 0 {
		t.Errorf("no longer shown: %v", got)
	}
	if got := s.resync(studio()); len(got) != 2 {
		t.Errorf("there without a notice: %v", got)
	}
}

// A client's end is the end of its ports, where its name holds a colon too.
func TestFollowClient(t *testing.T) {
	s := newState(Graph{})
	for _, n := range []notice{
		{kind: ClientAdded, name: "a"}, {kind: ClientAdded, name: "a:b"},
		{kind: PortAdded, name: "a:b:x", id: 1, port: Port{Dir: Output}}, {kind: PortAdded, name: "a:y", id: 2, port: Port{Dir: Input}},
		{kind: Connected, name: "a:b:x", other: "a:y", id: 1, otherID: 2},
	} {
		if got := s.apply(n); len(got) != 1 {
			t.Errorf("%v: %v", n, got)
		}
	}
	want := []Event{{Kind: Disconnected, From: "a:b:x", To: "a:y"}, {Kind: PortRemoved, Name: "a:b:x"}, {Kind: ClientRemoved, Name: "a:b"}}
	if got := s.apply(notice{kind: ClientRemoved, name: "a:b"}); !slices.Equal(got, want) {
		t.Errorf("events %v", got)
	}
	if got := s.apply(notice{kind: Xruns, value: "2"}); len(got) != 1 || got[0].String() != "xrun 2" {
		t.Errorf("events %v", got)
	}
}
