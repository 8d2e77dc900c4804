// Package session is an evening's recording as one file: the machine it wants,
// what is recorded, and what becomes of the takes. It knows no server and no
// card: everything it does is a command of jackknife, run by a function that
// it is handed.
package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// File is a session file, its includes and profile laid over each other and
// its variables filled in. schema.json says what the parts mean.
type File struct {
	Name    string   `json:"name"`
	About   string   `json:"about"`
	Server  *Server  `json:"server"`
	Card    *Card    `json:"card"`
	Names   texts    `json:"names"`
	Patch   *Patch   `json:"patch"`
	Tracks  []Track  `json:"tracks"`
	Monitor *Monitor `json:"monitor"`
	Record  Record   `json:"record"`
	Takes   Takes    `json:"takes"`
	Edit    *Edit    `json:"edit"`
	Deliver []Copy   `json:"deliver"`
	Hooks   Hooks    `json:"hooks"`

	path string // of the file itself
	tree *node
}

// Server is the JACK server a session wants.
type Server struct {
	Start    string `json:"start"`
	Name     string `json:"name"`
	Preset   string `json:"preset"`
	Driver   string `json:"driver"`
	Device   string `json:"device"`
	Rate     int    `json:"rate"`
	Block    int    `json:"block"`
	Periods  int    `json:"periods"`
	Priority string `json:"priority"`
	MIDI     string `json:"midi"`
	Inputs   *int   `json:"inputs"`
	Outputs  *int   `json:"outputs"`
}

// Card is how a session wants the sound card set.
type Card struct {
	Card    string  `json:"card"`
	Profile string  `json:"profile"`
	State   string  `json:"state"`
	Scene   string  `json:"scene"`
	Input   string  `json:"input"`
	Set     ordered `json:"set"`
}

// Patch is what a session wants plugged into what.
type Patch struct {
	Lines     texts  `json:"lines"`
	File      string `json:"file"`
	Exact     bool   `json:"exact"`
	Exclusive bool   `json:"exclusive"`
	Scope     string `json:"scope"`
	Wait      string `json:"wait"`
}

// UnmarshalJSON reads a patch that is only its lines, too.
func (p *Patch) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, &p.Lines)
	}
	type whole Patch
	return json.Unmarshal(b, (*whole)(p))
}

// Track is a named part of every take.
type Track struct {
	Name   string `json:"name"`
	From   string `json:"from"`
	Format string `json:"format"`
	Heed   bool   `json:"heed"`
}

// Monitor is how one hears oneself.
type Monitor struct {
	Through string `json:"through"`
	To      string `json:"to"`
	Input   string `json:"input"`
}

// Record is how takes are recorded; durations and levels are as on the command
// line.
type Record struct {
	Format       string `json:"format"`
	Bits         int    `json:"bits"`
	Dither       bool   `json:"dither"`
	Split        bool   `json:"split"`
	PreRoll      string `json:"pre-roll"`
	OnSignal     string `json:"on-signal"`
	UntilSilence string `json:"until-silence"`
	For          string `json:"for"`
	Spill        string `json:"spill"`
	Wait         bool   `json:"wait"`
}

// Takes is where takes go.
type Takes struct {
	Folder string `json:"folder"`
	Name   string `json:"name"`
	Notes  string `json:"notes"`
}

// Edit is what becomes of takes.
type Edit struct {
	Folder   string `json:"folder"`
	Pauses   texts  `json:"pauses"`
	Rules    string `json:"rules"`
	Min      string `json:"min"`
	Breaths  string `json:"breaths"`
	Fill     string `json:"fill"`
	Mistakes string `json:"mistakes"`
	Sync     bool   `json:"sync"`
	Seed     *int64 `json:"seed"`
}

// Copy is a form in which edited takes are delivered.
type Copy struct {
	As       string `json:"as"`
	Folder   string `json:"folder"`
	Rate     int    `json:"rate"`
	Bits     int    `json:"bits"`
	Title    string `json:"title"`
	Artist   string `json:"artist"`
	Album    string `json:"album"`
	Track    string `json:"track"`
	Comment  string `json:"comment"`
	Cover    string `json:"cover"`
	Chapters string `json:"chapters"`
}

// Hooks are commands by the name of their moment: before-up, after-record ...
type Hooks map[string][]Hook

// Hook is a command: words, or a text for the shell.
type Hook struct {
	Words []string
	Shell string
}

// UnmarshalJSON reads a list of words, or an object with shell.
func (h *Hook) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, &h.Words)
	}
	return json.Unmarshal(b, &struct {
		Shell *string `json:"shell"`
	}{&h.Shell})
}

// texts is one text or a list of them.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		*t = make(texts, 1)
		return json.Unmarshal(b, &(*t)[0])
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// ordered is a mapping that keeps the file's order.
type ordered [][2]string

func (o *ordered) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.Token()
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		value, err := d.Token()
		if err != nil {
			return err
		}
		*o = append(*o, [2]string{fmt.Sprint(name), fmt.Sprint(value)})
	}
	return nil
}

// Options say how a session file is read.
type Options struct {
	Profile string
	Vars    map[string]string                // go before those of the file
	Env     func(name string) (string, bool) // the environment, asked last
	Open    func(name string) ([]byte, error)
	Check   Check
}

// Check tells whether a text means something in the command it is for; what is
// nil is not checked.
type Check struct {
	Patch                      func(lines []string) error
	Selector, PauseRule, Level func(string) error
}

// Read reads a session file and all that it includes. Its mistakes, all that
// can be seen without the machine, are Errors.
func Read(name string, o Options) (*File, error) {
	tree, err := o.load(name, nil)
	if err != nil {
		return nil, err
	}
	profiles := tree.remove("profiles")
	if o.Profile != "" {
		p := profiles.key(o.Profile)
		if p == nil {
			return nil, fmt.Errorf("%s: no profile %q%s", name, o.Profile, known(profiles))
		}
		tree = p.over(tree)
	}
	vars, errs := o.variables(tree.remove("vars"))
	tree, more := substitute(tree, func(name string) (string, bool) {
		if v, ok := vars[name]; ok {
			return v, true
		}
		return o.Env(name)
	})
	errs = append(errs, more...)
	rules, err := parseSchema()
	if err != nil {
		return nil, err
	}
	errs = append(errs, rules.check(rules, tree, "")...)
	tree.remove("include")
	if len(errs) > 0 { // what else is wrong is seen in what is left without these
		if f, err := decode(name, tree.without(errs), rules); err == nil {
			errs = append(errs, f.mistakes(o.Check, true)...)
		}
		return nil, errs.sorted()
	}
	f, err := decode(name, tree, rules)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if errs := f.mistakes(o.Check, false); len(errs) > 0 {
		return nil, errs.sorted()
	}
	return f, nil
}

// decode makes a session file of a tree that the schema allows.
func decode(name string, tree *node, rules *schema) (*File, error) {
	f := &File{path: name, tree: tree}
	b, err := tree.json(rules, rules)
	if err == nil {
		err = json.Unmarshal(b, f)
	}
	if err != nil {
		return nil, err
	}
	f.defaults()
	return f, nil
}

// variables are those of the file, each of which may use those above it, and
// over them the ones that were handed in.
func (o Options) variables(own *node) (map[string]string, Errors) {
	vars := map[string]string{}
	for name, v := range o.Vars {
		vars[name] = v
	}
	if own == nil {
		return vars, nil
	}
	if own.kind != mapping {
		return nil, Errors{{own.at, "vars: want names and their values"}}
	}
	var errs Errors
	for _, k := range own.keys {
		if _, given := vars[k.name]; given {
			continue
		}
		v, more := substitute(k.value, func(name string) (string, bool) {
			if v, ok := vars[name]; ok {
				return v, true
			}
			return o.Env(name)
		})
		if v.kind == list || v.kind == mapping {
			more = append(more, &Error{v.at, k.name + ": a variable is one text"})
		}
		vars[k.name], errs = v.text, append(errs, more...)
	}
	return vars, errs
}

func known(profiles *node) string {
	if profiles == nil || len(profiles.keys) == 0 {
		return ": the file has none"
	}
	var names []string
	for _, k := range profiles.keys {
		names = append(names, k.name)
	}
	return "; there is " + strings.Join(names, ", ")
}

// load reads a file and lays it over those it includes, which are named from
// its own folder.
func (o Options) load(name string, from []string) (*node, error) {
	for _, f := range from {
		if f == name {
			return nil, fmt.Errorf("%s: includes itself, through %s", name, strings.Join(from, ", "))
		}
	}
	content, err := o.Open(name)
	if err != nil {
		return nil, err
	}
	tree, err := parseTree(name, content)
	if err != nil {
		return nil, err
	}
	if tree.kind != mapping {
		return nil, Errors{{tree.at, "a session file is a list of names and values, as name: evening"}}
	}
	includes := tree.key("include")
	if includes == nil {
		return tree, nil
	}
	if includes.kind == text {
		includes = &node{items: []*node{includes}}
	}
	var below *node
	for _, i := range includes.items {
		path := i.text
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(name), path)
		}
		included, err := o.load(path, append(from, name))
		if err != nil {
			var errs Errors
			if errors.As(err, &errs) {
				return nil, err
			}
			return nil, Errors{{i.at, fmt.Sprintf("include: %s", err)}}
		}
		below = included.over(below)
	}
	return tree.over(below), nil
}

// json is a checked tree as JSON; scalars become what the schema wants.
func (n *node) json(root, s *schema) ([]byte, error) {
	if s.Ref != "" {
		s = root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
	}
	switch n.kind {
	case null:
		return []byte("null"), nil
	case list:
		out := []byte{'['}
		for i, item := range n.items {
			b, err := item.json(root, s.Items)
			if err != nil {
				return nil, err
			}
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, b...)
		}
		return append(out, ']'), nil
	case mapping:
		out := []byte{'{'}
		for i, k := range n.keys {
			inner := s.Properties[k.name]
			if inner == nil {
				inner = s.Others.schema
			}
			name, err := json.Marshal(k.name)
			if err != nil {
				return nil, err
			}
			b, err := k.value.json(root, inner)
			if err != nil {
				return nil, err
			}
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(append(out, name...), ':'), b...)
		}
		return append(out, '}'), nil
	}
	if n.kind == text || s.allowsOnlyText() {
		return json.Marshal(n.text)
	}
	return []byte(n.text), nil
}

func (s *schema) allowsOnlyText() bool {
	for _, k := range s.Type {
		if k == boolean || k == integer || k == number {
			return false
		}
	}
	return true
}

// defaults fills in what a file may leave out.
func (f *File) defaults() {
	home := f.Name + ".session"
	for _, d := range []struct {
		to    *string
		value string
	}{
		{&f.Takes.Folder, filepath.Join(home, "takes")},
		{&f.Takes.Name, "{session}-{number}"},
	} {
		if *d.to == "" {
			*d.to = d.value
		}
	}
	if f.Edit != nil && f.Edit.Folder == "" {
		f.Edit.Folder = filepath.Join(home, "edited")
	}
	for i := range f.Deliver {
		if f.Deliver[i].Folder == "" {
			f.Deliver[i].Folder = filepath.Join(home, "delivered")
		}
	}
	if f.Server != nil && f.Server.Start == "" {
		f.Server.Start = "if-needed"
	}
}

// Path is a file or folder that the session names, seen from where the program
// runs.
func (f *File) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(f.path), name)
}

// Home is the folder of a session's log, journal and files.
func (f *File) Home() string { return f.Path(f.Name + ".session") }
