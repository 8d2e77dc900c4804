package session

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// step is a part of the machine as a session wants it.
type step struct {
	name string
	look func(ctx context.Context, do Do) (todo, error)
}

// todo is what a step has to do: nothing where lines is empty.
type todo struct {
	args    []string   // the command that does it
	lines   []string   // what it changes
	absent  []string   // what it would change if it were there
	undo    [][]string // the commands that put back what is there now, the last first
	save    []string   // the command that keeps what is there now, or nil
	restore []string   // the command that loads what was kept, after those of undo
}

// asked is the look of a command whose -n --json says what it would change.
func asked(args, save []string, read func(out []byte, t *todo) error) func(context.Context, Do) (todo, error) {
	return func(ctx context.Context, do Do) (todo, error) {
		o := do(ctx, append(slices.Clone(args), "-n", "--json"))
		// Where some of it cannot be, or none, the rest is told all the same.
		if o.Err != nil && (o.Code != partly && o.Code != noMatch || len(o.Out) == 0) {
			return todo{args: args}, o.Err
		}
		t := todo{args: args, save: save}
		if err := read(o.Out, &t); err != nil {
			return t, fmt.Errorf("%s: %w", strings.Join(args, " "), err)
		}
		return t, nil
	}
}

// steps are those of a session, in the order in which they are taken. n tells
// the files of one step from those of another time.
func (f *File) steps(n int) []step {
	var steps []step
	if s := f.Server; s != nil {
		steps = append(steps, f.serverStep(s, n))
	}
	if c := f.Card; c != nil {
		steps = append(steps, f.cardSteps(c, n)...)
	}
	if m := f.Monitor; m != nil && m.Through == "card" {
		args := []string{"card", "scene", "voice-monitor"}
		if m.Input != "" {
			args = append(args, "--input", m.Input)
		}
		card := ""
		if f.Card != nil {
			card = f.Card.Card
		}
		steps = append(steps, f.cardStep("monitor", card, args, n, 9))
	}
	for i, set := range f.Names {
		steps = append(steps, f.namesStep(set, n, i))
	}
	if p := f.Patch; p != nil {
		args := []string{"patch", "load", f.patchFile("patch")}
		if p.File != "" {
			args[2] = f.named(p.File)
		}
		for _, o := range []struct {
			on   bool
			flag []string
		}{
			{p.Exact, []string{"--exact"}},
			{p.Exclusive, []string{"--exclusive"}},
			{p.Scope != "", []string{"--scope", p.Scope}},
			{p.Wait != "", []string{"--wait", p.Wait}},
		} {
			if o.on {
				args = append(args, o.flag...)
			}
		}
		steps = append(steps, step{"patch", asked(f.onServer(args), nil, f.patchChanges)})
	}
	if m := f.Monitor; m != nil && m.Through == "jack" {
		args := f.onServer([]string{"patch", "load", f.patchFile("monitor")})
		steps = append(steps, step{"monitor", asked(args, nil, f.patchChanges)})
	}
	return steps
}

// patchFile is where the lines of a session are put for patch load.
func (f *File) patchFile(name string) string { return filepath.Join(f.Home(), name+".patch") }

// patchFiles are the texts of those files.
func (f *File) patchFiles() map[string]string {
	files := map[string]string{}
	if p := f.Patch; p != nil && p.File == "" {
		files[f.patchFile("patch")] = strings.Join(p.Lines, "\n") + "\n"
	}
	if m := f.Monitor; m != nil && m.Through == "jack" {
		var lines strings.Builder
		for _, t := range f.Tracks {
			fmt.Fprintf(&lines, "%s -*> %s\n", t.From, m.To)
		}
		files[f.patchFile("monitor")] = lines.String()
	}
	return files
}

// named is a name that a command knows, or a file beside the session file.
func (f *File) named(name string) string {
	if strings.ContainsRune(name, filepath.Separator) || filepath.Ext(name) != "" {
		return f.Path(name)
	}
	return name
}

func (f *File) onServer(args []string) []string {
	if f.Server != nil && f.Server.Name != "" {
		args = append(args, "--server", f.Server.Name)
	}
	return args
}

func (f *File) cardSteps(c *Card, n int) []step {
	var steps []step
	add := func(name string, args ...string) {
		steps = append(steps, f.cardStep(name, c.Card, append([]string{"card"}, args...), n, len(steps)))
	}
	if c.Profile != "" {
		add("card profile", "profile", "load", c.Profile)
	}
	if c.State != "" {
		add("card state", "load", f.Path(c.State))
	}
	if c.Scene != "" {
		args := []string{"scene", c.Scene}
		if c.Input != "" {
			args = append(args, "--input", c.Input)
		}
		add("card scene", args...)
	}
	for _, e := range c.Set {
		add("card set", append([]string{"set", e[0]}, strings.Fields(e[1])...)...)
	}
	return steps
}

// cardStep is a step on the card; what is there before is kept as a whole,
// because a driver may drag other settings along.
func (f *File) cardStep(name, card string, args []string, n, i int) step {
	save, restore := f.keepCard(card, fmt.Sprintf("%d-%d", n, i))
	return step{name, asked(append(args, onCard(card)...), save, func(out []byte, t *todo) error {
		t.restore = restore
		return namedChanges(out, t)
	})}
}

// keepCard is the command that keeps the state of a card, and the one that
// brings it back.
func (f *File) keepCard(card, name string) (save, restore []string) {
	before := filepath.Join(f.Home(), "before-"+name+".state")
	return append([]string{"card", "save", "--output", before, "--force"}, onCard(card)...),
		append([]string{"card", "load", before}, onCard(card)...)
}

func onCard(card string) []string {
	if card == "" {
		return nil
	}
	return []string{"--card", card}
}

// namedChanges reads changes of things that have names.
func namedChanges(out []byte, t *todo) error {
	var changes []struct{ Name, From, To string }
	err := json.Unmarshal(out, &changes)
	for _, c := range changes {
		t.lines = append(t.lines, fmt.Sprintf("%s: %s -> %s", c.Name, c.From, c.To))
	}
	return err
}

// patchChanges reads what patch load would do.
func (f *File) patchChanges(out []byte, t *todo) error {
	var changes []struct{ From, To, Result string }
	if err := json.Unmarshal(out, &changes); err != nil {
		return err
	}
	for _, c := range changes {
		line := fmt.Sprintf("%s -> %s", c.From, c.To)
		switch c.Result {
		case "would connect":
			t.lines = append(t.lines, "connect "+line)
			t.undo = append(t.undo, f.onServer([]string{"disconnect", c.From, c.To}))
		case "would disconnect":
			t.lines = append(t.lines, "disconnect "+line)
			t.undo = append(t.undo, f.onServer([]string{"connect", c.From, c.To}))
		case "absent", "failed": // of ports that are named exactly connecting is tried
			t.absent = append(t.absent, line)
			if slices.Contains(t.args, "--wait") {
				t.undo = append(t.undo, f.onServer([]string{"disconnect", c.From, c.To}))
			}
		}
	}
	return nil
}

// namesStep puts names on the ports of the server.
func (f *File) namesStep(set string, n, i int) step {
	before := filepath.Join(f.Home(), fmt.Sprintf("before-%d-%d.names", n, i))
	save := f.onServer([]string{"names", "save", before, "--force"})
	return step{"names", asked(f.onServer([]string{"names", "load", f.named(set)}), save, func(out []byte, t *todo) error {
		var changes []struct{ Name, Pretty, Result string }
		if err := json.Unmarshal(out, &changes); err != nil {
			return err
		}
		t.restore = f.onServer([]string{"names", "load", before})
		for _, c := range changes {
			switch c.Result {
			case "would name":
				t.lines = append(t.lines, c.Name+" = "+c.Pretty)
				t.undo = append(t.undo, f.onServer([]string{"names", "clear", c.Name}))
			case "absent":
				t.absent = append(t.absent, c.Name+" = "+c.Pretty)
			}
		}
		return nil
	})}
}

// serverStep has a server run as the session wants it. One that runs already
// can have its block changed, not its rate.
func (f *File) serverStep(s *Server, n int) step {
	return step{"server", func(ctx context.Context, do Do) (todo, error) {
		o := do(ctx, f.onServer([]string{"server", "status", "--json"}))
		if o.Code == noServer {
			t := todo{args: f.onServer(append([]string{"server", "start"}, s.words()...))}
			if s.Start == "never" {
				return t, fmt.Errorf("%w, and the session is not to start one", o.Err)
			}
			t.lines = []string{"start the server: " + strings.Join(s.words(), " ")}
			t.undo = [][]string{f.onServer([]string{"server", "stop"})}
			if f.Card != nil { // whose clock the server sets
				t.save, t.restore = f.keepCard(f.Card.Card, fmt.Sprintf("%d-server", n))
			}
			return t, nil
		}
		if o.Err != nil {
			return todo{}, o.Err
		}
		var now struct {
			Backend, Settings string
			Rate, Block       int
		}
		if err := json.Unmarshal(o.Out, &now); err != nil {
			return todo{}, fmt.Errorf("server status: %w", err)
		}
		rate := s.Rate != 0 && s.Rate != now.Rate
		block := s.Block != 0 && s.Block != now.Block
		if now.Backend == "pipewire" {
			return pipewire(s, rate, block, now.Rate, now.Block, now.Settings), nil
		}
		t := todo{}
		if block {
			t.args = f.onServer([]string{"buffer", strconv.Itoa(s.Block)})
			t.lines = []string{fmt.Sprintf("block: %d -> %d", now.Block, s.Block)}
			t.undo = [][]string{f.onServer([]string{"buffer", strconv.Itoa(now.Block)})}
		}
		if rate {
			return t, fmt.Errorf("the server runs at %d Hz, the session wants %d: jackknife server restart rate=%d", now.Rate, s.Rate, s.Rate)
		}
		return t, nil
	}}
}

// pipewire has PipeWire run at a rate and a block, and afterwards again as it
// was told before, if it was.
func pipewire(s *Server, rate, block bool, rateHz, frames int, told string) todo {
	t := todo{args: []string{"server", "settings"}}
	undo := slices.Clone(t.args)
	set := func(word string, from, to int) {
		t.args = append(t.args, fmt.Sprintf("%s=%d", word, to))
		t.lines = append(t.lines, fmt.Sprintf("%s: %d -> %d", word, from, to))
		before := word + "="
		for _, w := range strings.Fields(told) {
			if strings.HasPrefix(w, before) {
				before = w
			}
		}
		undo = append(undo, before)
	}
	if rate {
		set("rate", rateHz, s.Rate)
	}
	if block {
		set("block", frames, s.Block)
	}
	if len(t.lines) > 0 {
		t.undo = [][]string{undo}
	}
	return t
}

// words are the settings of a server as server start takes them.
func (s *Server) words() []string {
	var words []string
	if s.Preset != "" {
		words = append(words, s.Preset)
	}
	add := func(key, value string) {
		if value != "" {
			words = append(words, key+"="+value)
		}
	}
	numeral := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	add("driver", s.Driver)
	add("device", s.Device)
	add("rate", numeral(s.Rate))
	add("block", numeral(s.Block))
	add("periods", numeral(s.Periods))
	if s.Inputs != nil {
		add("inputs", strconv.Itoa(*s.Inputs))
	}
	if s.Outputs != nil {
		add("outputs", strconv.Itoa(*s.Outputs))
	}
	add("priority", s.Priority)
	add("midi", s.MIDI)
	return words
}
