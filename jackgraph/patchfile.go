package jackgraph

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Patch is what shall be plugged into what: the rules of a patch file. The
// file is text, a rule a line:
//
//	# a comment
//	FROM -> TO       connected; FROM and TO are selectors, paired as by Pair
//	FROM -*> TO      connected, each of FROM with each of TO
//	FROM => TO       connected, and to nothing else; =*> likewise each with each
//	FROM -/> TO      not connected
//	let NAME = TEXT  ${NAME} stands for TEXT from here on
//	include FILE     the rules of another file, beside this one
//	scope SELECTOR   exact loading cuts only connections of these ports
//
// Where FROM is a regular expression, $1 or ${name} in TO is what its group
// matched, for each port apart. A comment may follow a rule as well. An arrow, #
// after a space or $ that belongs to a name has a backslash before it, as has a
// space at its end. Of rules that contradict each other the later one counts.
type Patch struct {
	Rules []Rule
	Scope []Selector
}

// Rule is one line of a patch.
type Rule struct {
	Op   Op
	From Selector
	To   Selector // zero where captures make it up

	captures string // TO, where it has references to groups of FROM
	where    string // file:line
}

// Op is what a rule asks for.
type Op string

const (
	Together Op = "->"
	Each     Op = "-*>"
	Only     Op = "=>"
	EachOnly Op = "=*>"
	Apart    Op = "-/>"
)

var ops = []Op{Together, Each, Only, EachOnly, Apart}

// String returns the rule as its line.
func (r Rule) String() string {
	from, to := r.Sides()
	return from + " " + string(r.Op) + " " + to
}

// Sides returns FROM and TO as they are written.
func (r Rule) Sides() (from, to string) {
	if r.captures != "" {
		return r.From.String(), r.captures
	}
	return r.From.String(), r.To.String()
}

// Where returns the file and line the rule stands in.
func (r Rule) Where() string { return r.where }

// maxIncludes bounds how deep files include each other.
const maxIncludes = 16

// ReadPatch reads a patch file and those it includes. Its errors name file
// and line. vars are variables that are set beforehand, whatever the file says.
func ReadPatch(name string, vars map[string]string) (Patch, error) {
	f, err := os.Open(name)
	if err != nil {
		return Patch{}, err
	}
	defer f.Close()
	return ParsePatch(f, name, vars)
}

// ParsePatch reads a patch from r; name stands for the file in errors, and
// files are included from its folder.
func ParsePatch(r io.Reader, name string, vars map[string]string) (Patch, error) {
	p := &parser{fixed: vars, vars: make(map[string]string)}
	if err := p.read(r, name, 0); err != nil {
		return Patch{}, err
	}
	return p.patch, nil
}

type parser struct {
	patch       Patch
	fixed, vars map[string]string
}

func (p *parser) read(r io.Reader, name string, depth int) error {
	lines := bufio.NewScanner(r)
	n := 1
	for ; lines.Scan(); n++ {
		where := fmt.Sprintf("%s:%d", name, n)
		line := lines.Text()
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff") // as Windows' editors begin a text
		}
		if err := p.line(trimLine(withoutComment(line)), name, where, depth); err != nil {
			var inner *includedError
			if errors.As(err, &inner) {
				return err // names its own place
			}
			return &includedError{fmt.Errorf("%s: %w", where, err)}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return &includedError{fmt.Errorf("%s:%d: longer than any rule: is this a patch?", name, n)}
	} else if err != nil {
		return &includedError{fmt.Errorf("%s: %w", name, err)}
	}
	return nil
}

// includedError is an error that says its place.
type includedError struct{ error }

func (e *includedError) Unwrap() error { return e.error }

func (p *parser) line(line, name, where string, depth int) error {
	word, rest, _ := strings.Cut(line, " ")
	from, op, to, rule := cutArrow(line)
	switch {
	case line == "":
		return nil
	case rule:
		return p.rule(from, op, to, where)
	case word == "let":
		key, value, ok := strings.Cut(rest, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || !variable.MatchString("${"+key+"}") {
			return fmt.Errorf("%s: want let NAME = TEXT", line)
		}
		value, err := p.expand(value, nil)
		p.vars[key] = value
		return err
	case word == "scope":
		text, err := p.expand(rest, nil)
		if err != nil {
			return err
		}
		s, err := Parse(text)
		p.patch.Scope = append(p.patch.Scope, s)
		return err
	case word == "include":
		return p.include(strings.TrimSpace(rest), name, depth)
	}
	return fmt.Errorf("%.60q: want FROM -> TO, with a space on both sides of the arrow", line)
}

func (p *parser) include(file, from string, depth int) error {
	if depth == maxIncludes {
		return fmt.Errorf("include %s: more than %d files deep", file, maxIncludes)
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(from), file)
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("include: %w", err)
	}
	defer f.Close()
	return p.read(f, file, depth+1)
}

func (p *parser) rule(from string, op Op, to, where string) error {
	r := Rule{Op: op, where: where}
	text, err := p.expand(from, nil)
	if err != nil {
		return err
	}
	if r.From, err = Parse(text); err != nil {
		return err
	}
	groups := r.From.groups()
	if text, err = p.expand(to, groups); err != nil {
		return err
	}
	sample := outsideEscapes(text, reference, func(string) string { return "x" })
	if groups != nil && sample != text {
		r.captures = text
		if _, err := Parse(sample); err != nil {
			return err
		}
	} else if r.To, err = Parse(text); err != nil {
		return err
	}
	p.patch.Rules = append(p.patch.Rules, r)
	return nil
}

// A variable, or a reference to a group, is ${name}; a numbered group also $1.
var (
	variable  = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	reference = regexp.MustCompile(`\$(?:\{([A-Za-z0-9_]+)\}|([0-9]))`)
)

// expand puts the variables into a text. References to groups stay, and a
// dollar behind a backslash stands for itself.
func (p *parser) expand(text string, groups []string) (string, error) {
	var missing error
	text = outsideEscapes(text, variable, func(match string) string {
		name := variable.FindStringSubmatch(match)[1]
		if value, ok := p.fixed[name]; ok {
			return value
		}
		if value, ok := p.vars[name]; ok {
			return value
		}
		if !slices.Contains(groups, name) && missing == nil {
			missing = fmt.Errorf("${%s}: no such variable", name)
		}
		return match
	})
	return text, missing
}

// outsideEscapes replaces the matches of an expression that begins with $
// where no backslash takes that meaning.
func outsideEscapes(text string, expression *regexp.Regexp, replace func(string) string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if at := expression.FindStringIndex(text[i:]); at != nil && at[0] == 0 {
			b.WriteString(replace(text[i : i+at[1]]))
			i += at[1]
			continue
		}
		n := 1
		if text[i] == '\\' && i+1 < len(text) {
			n = 2
		}
		b.WriteString(text[i : i+n])
		i += n
	}
	return b.String()
}

// cutArrow splits a line at its first arrow that stands between spaces.
func cutArrow(line string) (from string, op Op, to string, ok bool) {
	at := -1
	for _, o := range ops {
		if i := strings.Index(line, " "+string(o)+" "); i >= 0 && (at < 0 || i < at) {
			at, op = i, o
		}
	}
	if at < 0 {
		return "", "", "", false
	}
	// Space before the arrow lines it up; one that belongs to the name is escaped.
	return trimSpaces(line[:at]), op, strings.TrimLeft(line[at+len(op)+2:], " "), true
}

// withoutComment takes off a line what begins with a # at its start or after a
// blank, where no backslash takes that meaning.
func withoutComment(line string) string {
	blank := true
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '#':
			if blank {
				return line[:i]
			}
			blank = false
		case '\\':
			i++
			blank = false
		default:
			blank = line[i] == ' ' || line[i] == '\t'
		}
	}
	return line
}

// trimLine takes the blanks off a line, but one behind a backslash.
func trimLine(line string) string {
	line = strings.TrimLeft(line, " \t")
	trimmed := strings.TrimRight(line, " \t\r")
	if escapedEnd(trimmed) && len(trimmed) < len(line) && line[len(trimmed)] == ' ' {
		return trimmed + " "
	}
	return trimmed
}

// PatchLine writes a connection as a line of a patch file, names escaped so
// that they stand for these ports alone; but that ? stands for the end of a line.
func PatchLine(c Connection) string { return lineName(c.From) + " -> " + lineName(c.To) }

// PatchExpression writes a regular expression (RE2) that the whole name of a
// port shall match as one side of a line of a patch file.
func PatchExpression(expression string) string { return "re:" + escapeEnd(escapeSigns(expression)) }

// escapeSigns takes the meaning of arrows and of # from a text.
func escapeSigns(text string) string {
	for _, o := range ops {
		text = strings.ReplaceAll(text, " "+string(o), ` \`+string(o))
	}
	return strings.NewReplacer(" #", ` \#`, "\t#", "\t\\#").Replace(text)
}

func lineName(name string) string {
	text := escapeSigns(Literal(name))
	if strings.HasPrefix(text, "#") {
		text = `\` + text
	}
	for _, word := range []string{"let ", "scope ", "include "} {
		if strings.HasPrefix(text, word) {
			text = `\` + text
		}
	}
	text = strings.NewReplacer("$", `\$`, "\n", "?", "\r", "?").Replace(text)
	if strings.HasPrefix(text, " ") {
		text = `\` + text
	}
	return escapeEnd(text)
}

// escapeEnd keeps a space at the end of a text with it.
func escapeEnd(text string) string {
	if strings.HasSuffix(text, " ") && len(text) > 1 && !escapedEnd(text[:len(text)-1]) {
		return text[:len(text)-1] + `\ `
	}
	return text
}

// groups returns the groups of a selector that is a regular expression, by
// number and by name; nil where there are none.
func (s Selector) groups() []string {
	if len(s.options) != 1 || s.options[0].expression == nil {
		return nil
	}
	return s.options[0].expression.SubexpNames()
}

// Pairs returns the connections a rule is about in a graph.
func (r Rule) Pairs(g Graph) ([]Connection, error) { return r.pairs(g.index()) }

func (r Rule) pairs(x *index) ([]Connection, error) {
	if r.captures == "" {
		switch r.Op {
		case Apart:
			return x.between(r.From, r.To)
		case Each, EachOnly:
			return x.pairEach(r.From, r.To)
		}
		return x.pair(r.From, r.To)
	}
	expression := r.From.options[0].expression
	quote := Literal
	if strings.HasPrefix(r.captures, "re:") {
		quote = regexp.QuoteMeta
	}
	var pairs []Connection
	matched := false
	var first error
	for _, f := range x.find(r.From) {
		if !f.exists {
			continue
		}
		name := f.port.Name
		at := expression.FindStringSubmatchIndex(name)
		if at == nil {
			continue // selected by an alias
		}
		matched = true
		text := outsideEscapes(r.captures, reference, func(match string) string {
			group := reference.FindStringSubmatch(match)
			return quote(string(expression.ExpandString(nil, "${"+group[1]+group[2]+"}", name, at)))
		})
		to, err := Parse(text)
		if err == nil {
			var from Selector
			if from, err = Parse(Literal(name)); err == nil {
				var more []Connection
				more, err = Rule{Op: r.Op, From: from, To: to}.pairs(x)
				pairs = append(pairs, more...)
			}
		}
		if err != nil && first == nil {
			first = err
		}
	}
	switch {
	case !matched:
		return nil, r.From.noMatch()
	case len(pairs) == 0:
		return nil, first
	}
	return pairs, nil
}

// Wanted is what a patch asks for in a graph.
type Wanted struct {
	Makes  []Connection // in the order of the rules
	Only   []Connection // those of them whose ports shall have nothing else
	Cuts   []Connection // what must not be, and is
	Absent []Absent     // rules that name ports which are not there
}

// Absent is a rule that could not be carried out, and why.
type Absent struct {
	Rule Rule
	Err  error
}

// Makes reports whether the rules but make connections and ask for no cuts.
func (p Patch) Makes() bool {
	return !slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Op != Together && r.Op != Each })
}

// IsNames reports whether each side of each rule is the name of one port, written
// out: what the patch asks for does not depend on the ports that are there.
func (p Patch) IsNames() bool {
	return !slices.ContainsFunc(p.Rules, func(r Rule) bool { return !r.From.IsName() || !r.To.IsName() })
}

// Want applies the rules to a graph.
func (p Patch) Want(g Graph) Wanted {
	var w Wanted
	makes, only, cuts := newSet(), newSet(), newSet()
	x := g.index()
	for _, r := range p.Rules {
		pairs, err := r.pairs(x)
		if err != nil && !(r.Op == Apart && (errors.Is(err, ErrNoMatch) || errors.Is(err, ErrNoPort))) {
			w.Absent = append(w.Absent, Absent{r, err})
		}
		for _, c := range pairs {
			makes.remove(c)
			only.remove(c)
			cuts.remove(c)
			switch r.Op {
			case Together, Each:
				makes.add(c)
			case Only, EachOnly:
				makes.add(c)
				only.add(c)
			case Apart:
				cuts.add(c)
			}
		}
	}
	w.Makes, w.Only = makes.order, only.order
	for _, c := range g.Connections {
		if cuts.has[c] {
			w.Cuts = append(w.Cuts, c)
		}
	}
	return w
}

// set is connections in the order they were added.
type set struct {
	order []Connection
	has   map[Connection]bool
}

func newSet() *set { return &set{has: make(map[Connection]bool)} }

func (s *set) add(c Connection) {
	if !s.has[c] {
		s.order = append(s.order, c)
		s.has[c] = true
	}
}

func (s *set) remove(c Connection) {
	if s.has[c] {
		s.order = slices.DeleteFunc(s.order, func(o Connection) bool { return o == c })
		delete(s.has, c)
	}
}

// Exactness is how much of what a patch does not ask for is cut.
type Exactness uint8

const (
	Additive  Exactness = iota // nothing but what the rules say
	Exclusive                  // other connections of the ports it connects
	Exact                      // everything within the scope, or everywhere without one
)

// Changes returns what to do so that a graph is as the patch asks, cuts first,
// and what is so already as changes too.
func (p Patch) Changes(g Graph, e Exactness) ([]Change, []Absent) {
	w := p.Want(g)
	keep := make(map[Connection]bool, len(w.Makes))
	for _, c := range w.Makes {
		keep[c] = true
	}
	alone := w.Only
	if e == Exclusive {
		alone = w.Makes
	}
	cut := newSet()
	for _, c := range w.Cuts {
		cut.add(c)
	}
	for _, change := range g.Exclusively(alone) {
		if change.Action == Disconnect && !keep[change.Connection] {
			cut.add(change.Connection)
		}
	}
	if e == Exact {
		inside := p.inScope(g)
		for _, c := range g.Connections {
			if !keep[c] && (inside == nil || inside[c.From] || inside[c.To]) {
				cut.add(c)
			}
		}
	}
	return append(Changes(Disconnect, cut.order), Changes(Connect, w.Makes)...), w.Absent
}

// inScope returns the names of the ports of the scope; nil where there is none.
func (p Patch) inScope(g Graph) map[string]bool {
	if len(p.Scope) == 0 {
		return nil
	}
	inside := make(map[string]bool)
	for _, s := range p.Scope {
		for _, port := range g.Select(s) {
			inside[port.Name] = true
		}
	}
	return inside
}

// Update brings the text of a patch file up to date with a graph. A line that
// writes out one connection goes when both ports are there and not connected;
// it stays when a port is absent. Connections that no rule makes are added at
// the end, those alone that admit lets through. All else stays as it is.
func Update(text, name string, g Graph, admit func(Connection) bool) (string, error) {
	connected := make(map[Connection]bool, len(g.Connections))
	for _, c := range g.Connections {
		connected[c] = true
	}
	var kept strings.Builder
	x := g.index()
	for line := range strings.Lines(text) {
		c, ok := oneConnection(line, x)
		if !ok || connected[c] || !admit(c) {
			kept.WriteString(strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	p, err := ParsePatch(strings.NewReader(kept.String()), name, nil)
	if err != nil {
		return "", err
	}
	made := make(map[Connection]bool)
	for _, c := range p.Want(g).Makes {
		made[c] = true
	}
	for _, c := range g.Connections {
		if !made[c] && admit(c) {
			kept.WriteString(PatchLine(c) + "\n")
		}
	}
	return kept.String(), nil
}

// oneConnection returns the connection that a line writes out, if both its
// ports are there.
func oneConnection(line string, x *index) (Connection, bool) {
	p, err := ParsePatch(strings.NewReader(line), "", nil)
	if err != nil || len(p.Rules) != 1 || p.Rules[0].Op == Apart {
		return Connection{}, false
	}
	r := p.Rules[0]
	from, to, err := x.sides(r.From, r.To)
	if err != nil || len(from) != 1 || len(to) != 1 || !r.From.written() || !r.To.written() || !from[0].exists || !to[0].exists {
		return Connection{}, false
	}
	return Connection{from[0].port.Name, to[0].port.Name}, true
}
