package formats

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"jackknife/jackgraph"
)

// readXML reads a document in UTF-8, which all of these programs write.
func readXML(data []byte, doc any) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("want UTF-8") }
	err := d.Decode(doc)
	if errors.Is(err, io.EOF) {
		return errors.New("no XML in it")
	}
	return err
}

// writeXML writes a document about a graph, with a header like the programs' own.
func writeXML(w io.Writer, header string, g jackgraph.Graph, doc any) error {
	control := func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r", r) }
	for _, c := range g.Connections {
		if name := c.From + c.To; !utf8.ValidString(name) || strings.ContainsFunc(name, control) {
			return fmt.Errorf("%q -> %q: XML cannot hold these names", c.From, c.To)
		}
	}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", header, text)
	return err
}

type snapshot struct {
	XMLName xml.Name         `xml:"aj-snapshot"`
	ALSA    []snapshotClient `xml:"alsa>client"`
	JACK    []snapshotClient `xml:"jack>client"`
}

type snapshotClient struct {
	Name  string         `xml:"name,attr"`
	Ports []snapshotPort `xml:"port"`
}

type snapshotPort struct {
	Name        string               `xml:"name,attr"`
	Connections []snapshotConnection `xml:"connection"`
}

type snapshotConnection struct {
	Port string `xml:"port,attr"`
}

func readSnapshot(data []byte) (p Patch, err error) {
	var doc snapshot
	if err := readXML(data, &doc); err != nil {
		return p, err
	}
	for _, client := range doc.JACK {
		for _, port := range client.Ports {
			for _, c := range port.Connections {
				p.connect(client.Name+":"+port.Name, c.Port)
			}
		}
	}
	left := 0
	for _, client := range doc.ALSA {
		for _, port := range client.Ports {
			left += len(port.Connections)
		}
	}
	p.left(left)
	return p, nil
}

// left notes how many connections of the ALSA sequencer were left out.
func (p *Patch) left(alsa int) {
	if alsa > 0 {
		p.note("%d connections of ALSA's sequencer are left out", alsa)
	}
}

func writeSnapshot(w io.Writer, g jackgraph.Graph) error {
	var doc snapshot
	for _, c := range g.Connections {
		name, port := split(c.From)
		if n := len(doc.JACK); n == 0 || doc.JACK[n-1].Name != name {
			doc.JACK = append(doc.JACK, snapshotClient{Name: name})
		}
		client := &doc.JACK[len(doc.JACK)-1]
		if n := len(client.Ports); n == 0 || client.Ports[n-1].Name != port {
			client.Ports = append(client.Ports, snapshotPort{Name: port})
		}
		last := &client.Ports[len(client.Ports)-1]
		last.Connections = append(last.Connections, snapshotConnection{c.To})
	}
	return writeXML(w, xml.Header, g, doc)
}

type patchbay struct {
	XMLName xml.Name `xml:"patchbay"`
	Name    string   `xml:"name,attr"`
	Version string   `xml:"version,attr"`
	Outputs []socket `xml:"output-sockets>socket"`
	Inputs  []socket `xml:"input-sockets>socket"`
	Slots   struct{} `xml:"slots"`
	Cables  []cable  `xml:"cables>cable"`
}

type socket struct {
	Name      string   `xml:"name,attr"`
	Client    string   `xml:"client,attr"`
	Type      string   `xml:"type,attr"`
	Exclusive string   `xml:"exclusive,attr"`
	Forward   string   `xml:"forward,attr,omitempty"`
	Plugs     []string `xml:"plug"`
}

func (s socket) exclusive() bool { return slices.Contains([]string{"on", "yes", "1"}, s.Exclusive) }

type cable struct {
	Type   string `xml:"type,attr"`
	Output string `xml:"output,attr"`
	Input  string `xml:"input,attr"`
}

// readPatchbay: client and plugs are expressions over the whole of a name; the
// plugs of two sockets pair in order, and all that match a pair are joined.
func readPatchbay(data []byte) (p Patch, err error) {
	var doc patchbay
	if err := readXML(data, &doc); err != nil {
		return p, err
	}
	named := func(sockets []socket, name, typ string) (socket, error) {
		for _, s := range sockets {
			if s.Name == name && s.Type == typ {
				return s, nil
			}
		}
		return socket{}, fmt.Errorf("cable: no socket %q of type %s", name, typ)
	}
	alsa := 0
	for _, c := range doc.Cables {
		if c.Type == "alsa-midi" || c.Type == "midi" {
			alsa++
			continue
		}
		out, err := named(doc.Outputs, c.Output, c.Type)
		if err != nil {
			return p, err
		}
		in, err := named(doc.Inputs, c.Input, c.Type)
		if err != nil {
			return p, err
		}
		typ := jackgraph.Audio
		if c.Type == "jack-midi" {
			typ = jackgraph.MIDI
		}
		op := jackgraph.Each
		if out.exclusive() || in.exclusive() {
			op = jackgraph.EachOnly
			p.note("an exclusive socket of QjackCtl is so on one side; =*> is on both")
		}
		if in.Forward != "" {
			p.note("socket %s: what it forwards to %s is left out", in.Name, in.Forward)
		}
		for i := range min(len(out.Plugs), len(in.Plugs)) {
			if err := p.rule(plugExpression(out.Client, out.Plugs[i]), op, plugExpression(in.Client, in.Plugs[i]), " type="+string(typ)); err != nil {
				return p, fmt.Errorf("cable %s to %s: %w", c.Output, c.Input, err)
			}
		}
	}
	p.left(alsa)
	return p, nil
}

// plugExpression leaves groups out where there is nothing to group.
func plugExpression(client, plug string) string {
	group := func(e string) string {
		if regexp.MustCompile(`[|]`).MatchString(e) {
			return "(?:" + e + ")"
		}
		return e
	}
	return group(client) + ":" + group(plug)
}

// writePatchbay makes a socket on each side for two clients and a type.
func writePatchbay(w io.Writer, g jackgraph.Graph) error {
	doc := patchbay{Name: "jackknife", Version: "1.0.5"}
	type between struct{ from, to, typ string }
	at := make(map[between]int)
	for _, c := range g.Connections {
		from, out := split(c.From)
		to, in := split(c.To)
		key := between{from, to, "jack-audio"}
		if p, ok := g.Port(c.From); ok && p.Type == jackgraph.MIDI {
			key.typ = "jack-midi"
		}
		i, ok := at[key]
		if !ok {
			i = len(doc.Cables)
			at[key] = i
			name := fmt.Sprintf("%d %s to %s", i+1, from, to)
			doc.Outputs = append(doc.Outputs, socket{Name: name, Client: regexp.QuoteMeta(from), Type: key.typ, Exclusive: "off"})
			doc.Inputs = append(doc.Inputs, socket{Name: name, Client: regexp.QuoteMeta(to), Type: key.typ, Exclusive: "off"})
			doc.Cables = append(doc.Cables, cable{key.typ, name, name})
		}
		doc.Outputs[i].Plugs = append(doc.Outputs[i].Plugs, regexp.QuoteMeta(out))
		doc.Inputs[i].Plugs = append(doc.Inputs[i].Plugs, regexp.QuoteMeta(in))
	}
	return writeXML(w, "<!DOCTYPE patchbay>\n", g, doc)
}

type session struct {
	XMLName xml.Name        `xml:"session"`
	Name    string          `xml:"name,attr"`
	Clients []sessionClient `xml:"client"`
}

type sessionClient struct {
	Name  string        `xml:"name,attr"`
	Ports []sessionPort `xml:"port"`
}

type sessionPort struct {
	Name     string           `xml:"name,attr"`
	Type     string           `xml:"type,attr"` // in or out
	Connects []sessionConnect `xml:"connect"`
}

type sessionConnect struct {
	Client string `xml:"client,attr"`
	Port   string `xml:"port,attr"`
}

func readSession(data []byte) (p Patch, err error) {
	var doc session
	if err := readXML(data, &doc); err != nil {
		return p, err
	}
	seen := make(map[jackgraph.Connection]bool) // it stands at both ends
	for _, client := range doc.Clients {
		for _, port := range client.Ports {
			for _, other := range port.Connects {
				c := jackgraph.Connection{From: client.Name + ":" + port.Name, To: other.Client + ":" + other.Port}
				if port.Type == "in" {
					c.From, c.To = c.To, c.From
				}
				if !seen[c] {
					seen[c] = true
					p.connect(c.From, c.To)
				}
			}
		}
	}
	return p, nil
}

func writeSession(w io.Writer, g jackgraph.Graph) error {
	doc := session{Name: "jackknife"}
	add := func(name, other, typ string) {
		client, port := split(name)
		i := slices.IndexFunc(doc.Clients, func(c sessionClient) bool { return c.Name == client })
		if i < 0 {
			i = len(doc.Clients)
			doc.Clients = append(doc.Clients, sessionClient{Name: client})
		}
		ports := &doc.Clients[i].Ports
		k := slices.IndexFunc(*ports, func(p sessionPort) bool { return p.Name == port && p.Type == typ })
		if k < 0 {
			k = len(*ports)
			*ports = append(*ports, sessionPort{Name: port, Type: typ})
		}
		c, p := split(other)
		(*ports)[k].Connects = append((*ports)[k].Connects, sessionConnect{c, p})
	}
	for _, c := range g.Connections {
		add(c.From, c.To, "out")
		add(c.To, c.From, "in")
	}
	return writeXML(w, "<!DOCTYPE qjackctlSession>\n", g, doc)
}

type qpwgraph struct {
	XMLName xml.Name  `xml:"patchbay"`
	Name    string    `xml:"name,attr"`
	Version string    `xml:"version,attr"`
	Items   []qpwItem `xml:"items>item"`
}

type qpwItem struct {
	Node   string  `xml:"node-type,attr"`
	Port   string  `xml:"port-type,attr"`
	Output qpwPort `xml:"output"`
	Input  qpwPort `xml:"input"`
}

type qpwPort struct {
	Node string `xml:"node,attr"`
	Port string `xml:"port,attr"`
}

// full returns the name under which JACK knows a port: qpwgraph has the alias,
// node and port, where PipeWire gave it one.
func (p qpwPort) full() string { return p.Node + ":" + p.Port }

func readQpwgraph(data []byte) (p Patch, err error) {
	var doc qpwgraph
	if err := readXML(data, &doc); err != nil {
		return p, err
	}
	alsa := 0
	for _, item := range doc.Items {
		switch {
		case item.Node == "alsa":
			alsa++
		case item.Output.Node == "" || item.Output.Port == "" || item.Input.Node == "" || item.Input.Port == "":
			p.note("an item without names is left out")
		default:
			p.connect(item.Output.full(), item.Input.full())
		}
	}
	p.left(alsa)
	return p, nil
}

func writeQpwgraph(w io.Writer, g jackgraph.Graph) error {
	doc := qpwgraph{Name: "jackknife", Version: "1.0.3"}
	for _, c := range g.Connections {
		typ := "pipewire-audio"
		if p, ok := g.Port(c.From); ok && p.Type == jackgraph.MIDI {
			typ = "pipewire-midi"
		}
		var item qpwItem
		item.Node, item.Port = "pipewire", typ
		item.Output.Node, item.Output.Port = split(c.From)
		item.Input.Node, item.Input.Port = split(c.To)
		doc.Items = append(doc.Items, item)
	}
	return writeXML(w, "<!DOCTYPE patchbay>\n", g, doc)
}

type ray struct {
	XMLName     xml.Name        `xml:"RAY-JACKPATCH"`
	Connections []rayConnection `xml:"connection"`
	Groups      []rayGroup      `xml:"graph>group"`
}

type rayConnection struct {
	From string `xml:"from,attr"`
	To   string `xml:"to,attr"`
}

type rayGroup struct {
	Name    string    `xml:"name,attr"`
	Inputs  []rayPort `xml:"in_port"`
	Outputs []rayPort `xml:"out_port"`
}

type rayPort struct {
	Name string `xml:"name,attr"`
}

func readRay(data []byte) (p Patch, err error) {
	var doc ray
	if err := readXML(data, &doc); err != nil {
		return p, err
	}
	for _, c := range doc.Connections {
		p.connect(c.From, c.To)
	}
	return p, nil
}

// writeRay writes all ports too: RaySession cuts later only what joins two of
// these.
func writeRay(w io.Writer, g jackgraph.Graph) error {
	var doc ray
	for _, c := range g.Connections {
		doc.Connections = append(doc.Connections, rayConnection{c.From, c.To})
	}
	for _, p := range g.Ports {
		client, port := split(p.Name)
		i := slices.IndexFunc(doc.Groups, func(g rayGroup) bool { return g.Name == client })
		if i < 0 {
			i = len(doc.Groups)
			doc.Groups = append(doc.Groups, rayGroup{Name: client})
		}
		ports := &doc.Groups[i].Inputs
		if p.Dir == jackgraph.Output {
			ports = &doc.Groups[i].Outputs
		}
		*ports = append(*ports, rayPort{port})
	}
	return writeXML(w, "", g, doc)
}
