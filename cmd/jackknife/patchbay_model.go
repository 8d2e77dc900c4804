package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"jackknife/jackgraph"
)

// patchbay is the full-screen patchbay without its terminal and its server:
// what it shows, and what keys and the mouse ask for.
type patchbay struct {
	server    string // its name, for the head of the screen
	stopped   bool   // the server has
	graph     jackgraph.Graph
	connected map[jackgraph.Connection]bool

	columns       [2]column // outputs, inputs
	focus         int       // the column that keys move in
	types         jackgraph.Type
	width, height int

	asking   *question
	choosing *choice
	help     bool
	dragging bool // from the chosen row of the column with the focus
	word     string
	failed   bool // the word is an error's

	order   func(order)              // gives work to the goroutine that has the server
	patches func() ([]string, error) // the names of those saved
}

// column is one side: clients, and their ports below them.
type column struct {
	dir    jackgraph.Direction
	filter string
	rows   []portRow
	at     int // the chosen row
	top    int // the row on the first line
}

// portRow is a line of a column: a port, or the name of a client whose ports
// follow.
type portRow struct {
	client string
	port   *jackgraph.Port
}

// name tells the row from others: a client's ends in a colon.
func (r portRow) name() string {
	if r.port != nil {
		return r.port.Name
	}
	return r.client + ":"
}

// question is a line that the user is typing.
type question struct {
	label  string
	text   string
	typed  func(text string) // after each key; may be nil
	answer func(text string)
	cancel func() // may be nil
}

// choice is a list to choose from.
type choice struct {
	title string
	names []string
	at    int
	chose func(name string, exact bool)
}

// order is what the patchbay asks of the server, named like the command that
// does the same.
type order struct {
	command string             // connect, disconnect, names, patch load, save, undo, redo
	changes []jackgraph.Change // of connect and disconnect
	name    string             // of a patch; of a port for names
	pretty  string             // for names
	exact   bool               // for patch load
	force   bool               // for patch save: replace
	update  bool               // for patch save: bring up to date
}

// What the goroutine that has the server tells.
type (
	graphRead     jackgraph.Graph
	serverStopped struct{}
	orderDone     struct {
		word string
		err  error
	}
)

func newPatchbay(server string) *patchbay {
	return &patchbay{server: server, columns: [2]column{{dir: jackgraph.Output}, {dir: jackgraph.Input}}, width: 80, height: 24}
}

func (p *patchbay) Init() tea.Cmd { return nil }

func (p *patchbay) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		p.width, p.height = m.Width, m.Height
		p.follow()
	case graphRead:
		if p.stopped {
			p.stopped = false
			p.say("", nil) // what was said of that
		}
		p.take(jackgraph.Graph(m))
	case serverStopped:
		p.stopped, p.dragging = true, false
		p.take(jackgraph.Graph{})
	case orderDone:
		p.say(m.word, m.err)
	case tea.PasteMsg:
		if p.asking != nil {
			p.asking.add(m.Content)
		}
	case tea.KeyPressMsg:
		return p, p.key(m)
	case tea.MouseClickMsg:
		p.press(tea.Mouse(m))
	case tea.MouseMotionMsg:
		if p.dragging {
			p.over(tea.Mouse(m))
		}
	case tea.MouseReleaseMsg:
		p.drop(tea.Mouse(m))
	case tea.MouseWheelMsg:
		p.wheel(tea.Mouse(m))
	}
	return p, nil
}

func (p *patchbay) say(word string, err error) {
	p.word, p.failed = word, err != nil
	if err != nil {
		p.word = err.Error()
	}
}

// take shows another graph; the chosen rows stay chosen.
func (p *patchbay) take(g jackgraph.Graph) {
	p.graph = g
	p.connected = make(map[jackgraph.Connection]bool, len(g.Connections))
	for _, c := range g.Connections {
		p.connected[c] = true
	}
	p.arrange()
}

// arrange makes the rows anew.
func (p *patchbay) arrange() {
	for i := range p.columns {
		c := &p.columns[i]
		chosen := ""
		if c.at < len(c.rows) {
			chosen = c.rows[c.at].name()
		}
		c.rows = nil
		for _, port := range p.portsOf(c) {
			if client := port.Client(); len(c.rows) == 0 || c.rows[len(c.rows)-1].client != client {
				c.rows = append(c.rows, portRow{client: client})
			}
			c.rows = append(c.rows, portRow{port.Client(), &port})
		}
		at := slices.IndexFunc(c.rows, func(r portRow) bool { return r.name() == chosen })
		switch {
		case at >= 0:
			c.at = at
		case chosen == "":
			c.at = 1 // the first port, below its client
		}
		c.at = max(0, min(c.at, len(c.rows)-1))
	}
	p.follow()
}

// portsOf returns the ports a column shows, in the order their clients gave
// them.
func (p *patchbay) portsOf(c *column) []jackgraph.Port {
	var side jackgraph.Graph
	for _, port := range p.graph.Ports {
		if port.Dir == c.dir && (p.types == "" || p.types == port.Type) {
			side.Ports = append(side.Ports, port)
		}
	}
	slices.SortStableFunc(side.Ports, jackgraph.ByOrder)
	return filterPorts(side, c.filter)
}

// filterPorts returns the ports a selector names, whose client may be left out
// of a pattern, or, where it names none, those with the text in one of their
// names.
func filterPorts(g jackgraph.Graph, filter string) []jackgraph.Port {
	if filter == "" {
		return g.Ports
	}
	named := make(map[string]bool)
	for _, text := range []string{filter, "*:" + filter} {
		if s, err := jackgraph.Parse(text); err == nil && strings.ContainsAny(filter, "*?{:=~") {
			for _, p := range g.Select(s) {
				named[p.Name] = true
			}
		}
	}
	part := strings.ToLower(filter)
	return slices.DeleteFunc(slices.Clone(g.Ports), func(p jackgraph.Port) bool {
		if len(named) > 0 {
			return !named[p.Name]
		}
		has := func(name string) bool { return strings.Contains(strings.ToLower(name), part) }
		return !has(p.Name) && !has(p.Pretty) && !slices.ContainsFunc(p.Aliases, has)
	})
}

// follow scrolls so that the chosen rows can be seen.
func (p *patchbay) follow() {
	lines := p.lines()
	for i := range p.columns {
		c := &p.columns[i]
		c.top = min(c.top, c.at, max(len(c.rows)-lines, 0))
		c.top = max(c.top, c.at-lines+1, 0)
		if c.top == 1 {
			c.top = 0 // rather the client's name than its first port at the top
		}
	}
}

// chosen returns the chosen row of a column.
func (c *column) chosen() (portRow, bool) {
	if len(c.rows) == 0 {
		return portRow{}, false
	}
	return c.rows[c.at], true
}

// ports returns the ports a row stands for: itself, or the client's that the
// column shows.
func (c *column) ports(r portRow) []jackgraph.Port {
	if r.port != nil {
		return []jackgraph.Port{*r.port}
	}
	var ports []jackgraph.Port
	for _, other := range c.rows {
		if other.port != nil && other.client == r.client {
			ports = append(ports, *other.port)
		}
	}
	return ports
}

// selector stands for the ports of a row.
func (r portRow) selector() (jackgraph.Selector, error) {
	if r.port != nil {
		return jackgraph.Parse(jackgraph.Literal(r.port.Name))
	}
	return jackgraph.Parse(jackgraph.Literal(r.client) + ":")
}

// pairs returns what enter connects or, where all of it is connected,
// disconnects: the chosen output and input, or the ports of chosen clients.
func (p *patchbay) pairs() (pairs []jackgraph.Connection, together bool, err error) {
	out, some := p.columns[0].chosen()
	in, more := p.columns[1].chosen()
	if !some || !more {
		return nil, false, errors.New("a column is empty")
	}
	from, err := out.selector()
	if err != nil {
		return nil, false, err
	}
	to, err := in.selector()
	if err != nil {
		return nil, false, err
	}
	shown := jackgraph.Graph{Ports: append(p.columns[0].ports(out), p.columns[1].ports(in)...)}
	if pairs, err = shown.Pair(from, to); err != nil {
		return nil, false, err
	}
	for _, err := range shown.Check(jackgraph.Changes(jackgraph.Connect, pairs)) {
		if err != nil {
			return nil, false, err
		}
	}
	together = !slices.ContainsFunc(pairs, func(c jackgraph.Connection) bool { return !p.connected[c] })
	return pairs, together, nil
}

// around returns the connections of the ports that a row of a column shows.
func (p *patchbay) around(c *column, r portRow) []jackgraph.Connection {
	names := make(map[string]bool)
	for _, port := range c.ports(r) {
		names[port.Name] = true
	}
	var all []jackgraph.Connection
	for _, connection := range p.graph.Connections {
		if names[connection.From] || names[connection.To] {
			all = append(all, connection)
		}
	}
	return all
}

// toggle connects or disconnects the chosen pair.
func (p *patchbay) toggle() {
	pairs, together, err := p.pairs()
	switch {
	case err != nil:
		p.say("", err)
	case together:
		p.change(jackgraph.Disconnect, pairs)
	default:
		p.change(jackgraph.Connect, pairs)
	}
}

func (p *patchbay) change(do jackgraph.Action, connections []jackgraph.Connection) {
	p.send(order{command: string(do), changes: jackgraph.Changes(do, connections)})
}

func (p *patchbay) send(o order) {
	if p.stopped {
		p.say("", errors.New("the server has stopped"))
		return
	}
	p.order(o)
}

// key does what a key asks for.
func (p *patchbay) key(m tea.KeyPressMsg) tea.Cmd {
	k := m.String()
	if k == "ctrl+c" {
		return tea.Quit
	}
	if p.asking != nil {
		if asked := p.asking; asked.key(m) && p.asking == asked {
			p.asking = nil
		}
		return nil
	}
	p.word, p.failed, p.dragging = "", false, false
	switch {
	case p.choosing != nil:
		if p.choosing.key(k) {
			p.choosing = nil
		}
		return nil
	case p.help:
		p.help = false
		return nil
	}
	c := &p.columns[p.focus]
	switch k {
	case "q":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	case "?", "f1":
		p.help = true
	case "tab", "shift+tab":
		p.focus = 1 - p.focus
	case "left", "h":
		p.focus = 0
	case "right", "l":
		p.focus = 1
	case "up", "k":
		p.choose(c.at - 1)
	case "down", "j":
		p.choose(c.at + 1)
	case "pgup", "ctrl+b":
		p.choose(c.at - p.lines() + 1)
	case "pgdown", "ctrl+f":
		p.choose(c.at + p.lines() - 1)
	case "home", "g":
		p.choose(0)
	case "end", "G":
		p.choose(len(c.rows) - 1)
	case "[", "]":
		p.nextClient(k == "]")
	case "enter", "space", "ctrl+j": // what was typed before the start ends in that
		p.toggle()
	case "x", "delete":
		p.cutAll()
	case "/":
		p.askFilter()
	case "esc":
		c.filter, p.types = "", ""
		p.arrange()
	case "t":
		p.types = map[jackgraph.Type]jackgraph.Type{"": jackgraph.Audio, jackgraph.Audio: jackgraph.MIDI}[p.types]
		p.arrange()
	case "s":
		p.askSave()
	case "o":
		p.chooseLoad()
	case "u":
		p.send(order{command: "patch undo"})
	case "U", "ctrl+r":
		p.send(order{command: "patch redo"})
	case "r":
		p.askName()
	default:
		p.say(k+" is no key here: ? shows them", nil)
	}
	return nil
}

// choose moves to a row of the column with the focus.
func (p *patchbay) choose(n int) {
	c := &p.columns[p.focus]
	c.at = max(0, min(n, len(c.rows)-1))
	p.follow()
}

// nextClient moves to the client after or before the chosen one.
func (p *patchbay) nextClient(forward bool) {
	c := &p.columns[p.focus]
	step := -1
	if forward {
		step = 1
	}
	for n := c.at + step; n >= 0 && n < len(c.rows); n += step {
		if c.rows[n].port == nil {
			p.choose(n)
			return
		}
	}
}

// cutAll disconnects all that the chosen row of the column with the focus has.
func (p *patchbay) cutAll() {
	c := &p.columns[p.focus]
	r, ok := c.chosen()
	if !ok {
		return
	}
	around := p.around(c, r)
	if len(around) == 0 {
		p.say(r.name()+" is not connected", nil)
		return
	}
	p.change(jackgraph.Disconnect, around)
}

func (p *patchbay) askFilter() {
	c := &p.columns[p.focus]
	before := c.filter
	p.asking = &question{
		label: "show " + columnTitle(c.dir) + ", by selector or part of the name: ", text: before,
		typed:  func(text string) { c.filter = text; p.arrange() },
		answer: func(string) {},
		cancel: func() { c.filter = before; p.arrange() },
	}
}

func (p *patchbay) askSave() {
	names, err := p.patches()
	if err != nil {
		p.say("", err)
		return
	}
	p.asking = &question{label: "save as: ", answer: func(name string) {
		switch {
		case name == "":
		case slices.Contains(names, name):
			p.asking = &question{label: name + " exists: u brings it up to date, r replaces it, esc leaves it: ", typed: func(key string) {
				p.asking = nil
				switch key {
				case "u":
					p.send(order{command: "patch save", name: name, update: true})
				case "r":
					p.send(order{command: "patch save", name: name, force: true})
				}
			}}
		default:
			p.send(order{command: "patch save", name: name})
		}
	}}
}

func (p *patchbay) chooseLoad() {
	names, err := p.patches()
	switch {
	case err != nil:
		p.say("", err)
	case len(names) == 0:
		p.say("", errors.New("no patches yet: s saves one"))
	default:
		p.choosing = &choice{title: "enter connects what a patch says, e cuts what is not in it too, esc leaves", names: names,
			chose: func(name string, exact bool) { p.send(order{command: "patch load", name: name, exact: exact}) }}
	}
}

func (p *patchbay) askName() {
	r, ok := p.columns[p.focus].chosen()
	if !ok {
		return
	}
	before := ""
	if r.port != nil {
		before = printable(r.port.Pretty)
	}
	p.asking = &question{label: "pretty name of " + r.name() + " (empty for none): ", text: before,
		answer: func(pretty string) { p.send(order{command: "names", name: r.name(), pretty: pretty}) }}
}

// key takes a key into the line. It reports whether that was the last; answer
// and typed may ask the next question.
func (q *question) key(m tea.KeyPressMsg) (done bool) {
	switch m.String() {
	case "enter":
		if q.answer == nil {
			return false
		}
		q.answer(q.text)
		return true
	case "esc":
		if q.cancel != nil {
			q.cancel()
		}
		return true
	case "backspace":
		if runes := []rune(q.text); len(runes) > 0 {
			q.text = string(runes[:len(runes)-1])
		}
	case "ctrl+u":
		q.text = ""
	default:
		q.add(m.Text)
		return false
	}
	if q.typed != nil {
		q.typed(q.text)
	}
	return false
}

func (q *question) add(text string) {
	text = printable(text)
	if text == "" {
		return
	}
	q.text += text
	if q.typed != nil {
		q.typed(q.text)
	}
}

func (c *choice) key(k string) (done bool) {
	switch k {
	case "up", "k":
		c.at = max(c.at-1, 0)
	case "down", "j":
		c.at = min(c.at+1, len(c.names)-1)
	case "enter", "e":
		c.chose(c.names[c.at], k == "e")
		return true
	case "esc", "q":
		return true
	}
	return false
}

// press chooses the row under the mouse; the right button connects or
// disconnects it at once.
func (p *patchbay) press(m tea.Mouse) {
	if p.asking != nil {
		return
	}
	if p.help || p.choosing != nil {
		p.help, p.choosing = false, nil
		return
	}
	p.word, p.failed = "", false
	side, row := p.rowAt(m.X, m.Y)
	if row < 0 || m.Button != tea.MouseLeft && m.Button != tea.MouseRight {
		return
	}
	p.columns[side].at = row
	if m.Button == tea.MouseRight {
		p.toggle()
		return
	}
	p.focus, p.dragging = side, true
}

// over chooses the row under the mouse, if the mouse came from the other
// column.
func (p *patchbay) over(m tea.Mouse) (there bool) {
	side, row := p.rowAt(m.X, m.Y)
	if row < 0 || side == p.focus {
		return false
	}
	p.columns[side].at = row
	return true
}

// drop connects or disconnects the two rows that the mouse went between.
func (p *patchbay) drop(m tea.Mouse) {
	if p.dragging && p.over(m) {
		p.toggle()
	}
	p.dragging = false
}

// wheel scrolls the column under the mouse.
func (p *patchbay) wheel(m tea.Mouse) {
	side := 0
	if m.X >= p.width/2 {
		side = 1
	}
	c := &p.columns[side]
	step := map[tea.MouseButton]int{tea.MouseWheelUp: -3, tea.MouseWheelDown: 3}[m.Button]
	c.top = max(0, min(c.top+step, len(c.rows)-p.lines()))
}

func columnTitle(d jackgraph.Direction) string {
	if d == jackgraph.Output {
		return "outputs"
	}
	return "inputs"
}

// about says what a row is and what it is connected to.
func (p *patchbay) about(c *column, r portRow) string {
	around := p.around(c, r)
	if r.port == nil {
		return fmt.Sprintf("%s %s, %s", r.name(), plural(len(c.ports(r)), strings.TrimSuffix(columnTitle(c.dir), "s")), plural(len(around), "connection"))
	}
	words := []string{r.port.Name}
	if r.port.Pretty != "" {
		words = append(words, "“"+r.port.Pretty+"”")
	}
	words = append(words, string(r.port.Type))
	if r.port.Physical {
		words = append(words, "physical")
	}
	arrow, peer := "->", func(c jackgraph.Connection) string { return c.To }
	if c.dir == jackgraph.Input {
		arrow, peer = "<-", func(c jackgraph.Connection) string { return c.From }
	}
	if len(around) == 0 {
		return strings.Join(words, "  ") + "  not connected"
	}
	var peers []string
	for _, connection := range around {
		peers = append(peers, peer(connection))
	}
	return strings.Join(words, "  ") + "  " + arrow + " " + strings.Join(peers, ", ")
}

// whatEnter says what enter does now.
func (p *patchbay) whatEnter() string {
	pairs, together, err := p.pairs()
	do := "connects"
	if together {
		do = "disconnects"
	}
	out, _ := p.columns[0].chosen()
	in, _ := p.columns[1].chosen()
	switch {
	case err != nil:
		return "enter connects nothing: " + err.Error()
	case len(pairs) == 1:
		return "enter " + do + " " + pairs[0].String()
	}
	return fmt.Sprintf("enter %s %d pairs: %s -> %s", do, len(pairs), out.name(), in.name())
}

// printable leaves out what would move the cursor or turn the text around.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return -1
	}, s)
}
