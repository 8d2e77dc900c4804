package jackgraph

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// EventKind is what happened.
type EventKind string

const (
	ClientAdded   EventKind = "client-added"   // Name
	ClientRemoved EventKind = "client-removed" // Name
	PortAdded     EventKind = "port-added"     // Name
	PortRemoved   EventKind = "port-removed"   // Name
	PortRenamed   EventKind = "port-renamed"   // From, To
	Connected     EventKind = "connected"      // From, To
	Disconnected  EventKind = "disconnected"   // From, To
	Metadata      EventKind = "metadata"       // Name, Key, Value; empty where it was removed
	BlockSize     EventKind = "block"          // Value: frames
	RateChanged   EventKind = "rate"           // Value: frames per second
	Xruns         EventKind = "xrun"           // Value: how many
	Freewheel     EventKind = "freewheel"      // Value: on or off
	ServerStopped EventKind = "server-stopped" // Value: why, where the server said
	ServerStarted EventKind = "server-started"
)

// Event is something that happened on a server. Ports and clients are in it by
// name, also those that are gone.
type Event struct {
	Kind  EventKind `json:"event"`
	Name  string    `json:"name,omitempty"`
	From  string    `json:"from,omitempty"`
	To    string    `json:"to,omitempty"`
	Key   string    `json:"key,omitempty"`
	Value string    `json:"value,omitempty"`
}

// String returns the event as one line.
func (e Event) String() string {
	switch e.Kind {
	case Connected, Disconnected, PortRenamed:
		return fmt.Sprintf("%s %s", e.Kind, Connection{e.From, e.To})
	case Metadata:
		value := e.Value
		if strings.ContainsFunc(value, unicode.IsControl) {
			value = strconv.Quote(value)
		}
		return fmt.Sprintf("%s %s %s: %s", e.Kind, e.Name, strings.TrimPrefix(e.Key, KeyPrefix), value)
	}
	return strings.Join(slices.DeleteFunc([]string{string(e.Kind), e.Name, e.Value}, func(s string) bool { return s == "" }), " ")
}

// Events returns what must have happened between two graphs.
func Events(before, after Graph) []Event { return newState(before).resync(after) }

// notice is what a server told. Ports come with an id, which it may use again
// for another port, and with the name that this id had when the notice was
// taken down.
type notice struct {
	kind        EventKind
	name, other string
	id, otherID uint32
	port        Port // of PortAdded
	value       string
}

// state is a graph kept up to date by notices, and put right by a snapshot.
type state struct {
	clients   map[string]bool
	ports     map[string]Port
	connected map[Connection]bool
	names     map[uint32]string // by id, of the ports that came by a notice
	gone      map[string]bool   // ports that a notice removed, and snapshots may still show
	block     string
	rate      string
}

func newState(g Graph) *state {
	s := &state{
		clients:   make(map[string]bool),
		ports:     make(map[string]Port),
		connected: make(map[Connection]bool),
		names:     make(map[uint32]string),
		gone:      make(map[string]bool),
	}
	s.resync(g)
	return s
}

// graph returns what is known now.
func (s *state) graph() Graph {
	g := Graph{slices.Collect(maps.Values(s.ports)), slices.Collect(maps.Keys(s.connected))}
	g.Sort()
	return g
}

// apply takes a notice in and returns what changed by it: nothing where it
// was known. JACK2 tells some things twice.
func (s *state) apply(n notice) []Event {
	switch n.kind {
	case ClientAdded:
		return s.addClient(n.name)
	case ClientRemoved:
		return s.removeClient(n.name)
	case PortAdded:
		s.names[n.id] = n.name
		delete(s.gone, n.name)
		n.port.Name = n.name
		return s.addPort(n.port)
	case PortRemoved:
		name := s.name(n.id, n.name)
		delete(s.names, n.id)
		s.gone[name] = true
		return s.removePort(name)
	case PortRenamed:
		s.names[n.id] = n.other
		delete(s.gone, n.other)
		return s.rename(n.name, n.other)
	case Connected:
		return s.connect(Connection{s.name(n.id, n.name), s.name(n.otherID, n.other)})
	case Disconnected:
		return s.disconnect(Connection{s.name(n.id, n.name), s.name(n.otherID, n.other)})
	case BlockSize:
		return changed(&s.block, n)
	case RateChanged:
		return changed(&s.rate, n)
	case Metadata, "":
		return nil // for the snapshot that follows
	}
	return []Event{{Kind: n.kind, Value: n.value}}
}

// changed takes a number in.
func changed(known *string, n notice) []Event {
	if *known == n.value {
		return nil
	}
	*known = n.value
	return []Event{{Kind: n.kind, Value: n.value}}
}

// name returns the name of a port: the one it came with, even where its id
// has gone to another port meanwhile.
func (s *state) name(id uint32, told string) string {
	if name, ok := s.names[id]; ok {
		return name
	}
	return told
}

// resync puts the state right by a snapshot that is newer than all notices
// that were applied, and returns what they had not told.
func (s *state) resync(g Graph) []Event {
	g = s.withoutGone(g)
	var events []Event
	ports := make(map[string]bool, len(g.Ports))
	for _, p := range g.Ports {
		ports[p.Name] = true
	}
	connected := make(map[Connection]bool, len(g.Connections))
	for _, c := range g.Connections {
		connected[c] = true
	}
	for _, c := range slices.SortedFunc(maps.Keys(s.connected), byName) {
		if !connected[c] {
			events = append(events, s.cut(c)...)
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(s.ports), Natural) {
		if !ports[name] {
			events = append(events, s.removePort(name)...)
		}
	}
	for _, p := range g.Ports {
		events = append(events, s.addPort(p)...)
		events = append(events, s.metadata(p)...)
		s.ports[p.Name] = p
	}
	for _, c := range g.Connections {
		events = append(events, s.connect(c)...)
	}
	return events
}

// withoutGone returns a snapshot without the ports that a notice removed, and
// forgets those that it does not show: JACK2 tells that a port is gone before its
// graph says so, with a client that was killed 6 s before.
func (s *state) withoutGone(g Graph) Graph {
	shown := make(map[string]bool)
	g.Ports = slices.DeleteFunc(g.Ports, func(p Port) bool {
		shown[p.Name] = s.gone[p.Name]
		return shown[p.Name]
	})
	g.Connections = slices.DeleteFunc(g.Connections, func(c Connection) bool { return s.gone[c.From] || s.gone[c.To] })
	maps.DeleteFunc(s.gone, func(name string, _ bool) bool { return !shown[name] })
	return g
}

// metadata returns how a port's metadata differs from what was known.
func (s *state) metadata(p Port) []Event {
	known := s.ports[p.Name].Metadata
	keys := maps.Clone(p.Metadata)
	if keys == nil {
		keys = make(map[string]string)
	}
	maps.Copy(keys, known)
	var events []Event
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if known[key] != p.Metadata[key] {
			events = append(events, Event{Kind: Metadata, Name: p.Name, Key: key, Value: p.Metadata[key]})
		}
	}
	return events
}

func (s *state) addClient(name string) []Event {
	if name == "" || s.clients[name] {
		return nil
	}
	s.clients[name] = true
	return []Event{{Kind: ClientAdded, Name: name}}
}

// owner returns the known client that a port belongs to. The names of clients
// may hold colons: where several fit it is the longest.
func (s *state) owner(port string) string {
	for i := len(port) - 1; i >= 0; i-- {
		if port[i] == ':' && s.clients[port[:i]] {
			return port[:i]
		}
	}
	return ""
}

func (s *state) removeClient(name string) []Event {
	if !s.clients[name] {
		return nil
	}
	var ports []string
	for port := range s.ports {
		if s.owner(port) == name {
			ports = append(ports, port)
		}
	}
	slices.SortFunc(ports, Natural)
	var events []Event
	for _, port := range ports {
		events = append(events, s.removePort(port)...)
	}
	delete(s.clients, name)
	return append(events, Event{Kind: ClientRemoved, Name: name})
}

func (s *state) addPort(p Port) []Event {
	if _, known := s.ports[p.Name]; known || p.Name == "" {
		return nil
	}
	var events []Event
	if s.owner(p.Name) == "" {
		events = s.addClient(p.Client())
	}
	p.Metadata = nil // what it has is told when it is read
	s.ports[p.Name] = p
	return append(events, Event{Kind: PortAdded, Name: p.Name})
}

// removePort removes a port and, before it, its connections.
func (s *state) removePort(name string) []Event {
	if _, known := s.ports[name]; !known {
		return nil
	}
	var cut []Connection
	for c := range s.connected {
		if c.From == name || c.To == name {
			cut = append(cut, c)
		}
	}
	slices.SortFunc(cut, byName)
	var events []Event
	for _, c := range cut {
		events = append(events, s.cut(c)...)
	}
	delete(s.ports, name)
	return append(events, Event{Kind: PortRemoved, Name: name})
}

func (s *state) rename(old, name string) []Event {
	p, known := s.ports[old]
	if !known || old == name {
		return nil
	}
	delete(s.ports, old)
	p.Name = name
	s.ports[name] = p
	for c := range maps.Clone(s.connected) {
		moved := c
		if c.From == old {
			moved.From = name
		}
		if c.To == old {
			moved.To = name
		}
		if moved != c {
			delete(s.connected, c)
			s.connected[moved] = true
		}
	}
	return []Event{{Kind: PortRenamed, From: old, To: name}}
}

// connect and disconnect take a connection as the server told it: its ports
// may come in either order.
func (s *state) connect(c Connection) []Event {
	c = s.forward(c)
	if s.connected[c] || c.From == "" || c.To == "" {
		return nil
	}
	s.connected[c] = true
	return []Event{{Kind: Connected, From: c.From, To: c.To}}
}

func (s *state) disconnect(c Connection) []Event { return s.cut(s.forward(c)) }

func (s *state) cut(c Connection) []Event {
	if !s.connected[c] {
		return nil
	}
	delete(s.connected, c)
	return []Event{{Kind: Disconnected, From: c.From, To: c.To}}
}

func (s *state) forward(c Connection) Connection {
	if s.ports[c.From].Dir == Input {
		return Connection{c.To, c.From}
	}
	return c
}
