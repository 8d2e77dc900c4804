package jackgraph

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Selector names ports. Parse makes one; the grammar is:
//
//	system:capture_1         this port, by full name or alias
//	sys*:cap*                glob: * any run of characters, ? any one
//	system:capture_{1..8}    range: eight names, in this order; {8..1}, {01..12} too
//	system:{capture,play}_1  set: both names, in this order
//	system:                  all ports of a client, which may have colons in its name
//	~Vocal mic               a pretty name, alone or after its client and a colon
//	re:system:.*_[12]        regular expression (RE2) over the whole name
//
// Globs, ranges and sets also stand in client: and ~pretty. A backslash takes
// the meaning from the character after it. Any of these may be followed by
// filters, each after a space: type=audio|midi dir=in|out phys=yes|no; filters
// alone select from all ports.
//
// A port whose full name or alias is the text as it stands always wins,
// whatever the characters in it; so a client's ports are found by its name as
// it stands too.
type Selector struct {
	text    string
	filters filters
	key     key
	options []option
}

// String returns the text the selector was parsed from.
func (s Selector) String() string { return s.text }

type filters struct {
	typ  Type
	dir  Direction
	phys string // "yes", "no" or empty
}

func (f filters) admit(p Port) bool {
	return (f.typ == "" || f.typ == p.Type) &&
		(f.dir == "" || f.dir == p.Dir) &&
		(f.phys == "" || (f.phys == "yes") == p.Physical)
}

// key is what a selector looks at in a port.
type key uint8

const (
	byPortName key = iota
	byClient
	byPretty
)

// option is one member of a range or set, or the whole pattern where there is
// none: a plain name, a glob or a regular expression.
type option struct {
	name       string
	glob       string
	expression *regexp.Regexp
}

// plain reports whether the option is one name.
func (o option) plain() bool { return o.glob == "" && o.expression == nil }

func (o option) matches(name string) bool {
	switch {
	case o.expression != nil:
		at := o.expression.FindStringIndex(name)
		return at != nil && at[0] == 0 && at[1] == len(name)
	case o.glob != "":
		return globMatches(o.glob, name)
	}
	return o.name == name
}

// Bounds of one selector: bytes of its text, and names that its ranges and
// sets expand to, which are more than a server has ports.
const (
	maxText    = 4096
	maxOptions = 4096
)

// Parse reads a selector. Its errors are about the text alone: whether there
// are such ports is for Graph.Select to say.
func Parse(text string) (Selector, error) {
	s := Selector{text: text}
	if text == "" {
		return s, errors.New("empty selector")
	}
	if len(text) > maxText {
		return s, fmt.Errorf("selector %.20s...: longer than %d bytes", text, maxText)
	}
	pattern, f, err := cutFilters(text)
	if err != nil {
		return s, fmt.Errorf("selector %s: %w", text, err)
	}
	s.filters = f
	if expression, ok := strings.CutPrefix(pattern, "re:"); ok {
		re, err := regexp.Compile(expression)
		if err != nil {
			return s, fmt.Errorf("selector %s: %w", text, err)
		}
		re.Longest() // so that a match of the whole name is the one found
		s.options = []option{{expression: re}}
		return s, nil
	}
	if pretty, ok := strings.CutPrefix(pattern, "~"); ok {
		s.key, pattern = byPretty, pretty
	} else if client, ok := strings.CutSuffix(pattern, ":"); ok && !escapedEnd(client) {
		s.key, pattern = byClient, client
	}
	globs, err := expand(pattern)
	if err != nil {
		return s, fmt.Errorf("selector %s: %w", text, err)
	}
	for _, g := range globs {
		s.options = append(s.options, globOption(g))
	}
	if s.key == byClient {
		s.options = append(s.options, option{name: pattern}) // whatever the characters in it
	}
	return s, nil
}

// escapedEnd reports whether a backslash at the end of text takes the meaning
// from what comes after it.
func escapedEnd(text string) bool {
	return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1
}

// Literal returns the selector that stands for the port of a name, whether or
// not there is one, and for no other.
func Literal(name string) string {
	var b strings.Builder
	for i := range len(name) {
		rest := name[i:]
		special := strings.IndexByte(`\*?{}`, name[i]) >= 0 ||
			i == 0 && (name[0] == '~' || strings.HasPrefix(name, "re:")) ||
			i == len(name)-1 && name[i] == ':' ||
			(i == 0 || name[i-1] == ' ') && slices.ContainsFunc([]string{"type=", "dir=", "phys="}, func(f string) bool { return strings.HasPrefix(rest, f) })
		if special {
			b.WriteByte('\\')
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

// cutFilters takes the filters off the end of a selector.
func cutFilters(text string) (string, filters, error) {
	var f filters
	for rest := text; ; {
		at := strings.LastIndexByte(rest, ' ')
		name, value, _ := strings.Cut(rest[at+1:], "=")
		var field *string
		var values []string
		switch name {
		case "type":
			field, values = (*string)(&f.typ), []string{string(Audio), string(MIDI)}
		case "dir":
			field, values = (*string)(&f.dir), []string{string(Input), string(Output)}
		case "phys":
			field, values = &f.phys, []string{"yes", "no"}
		}
		// What has a colon may be the name of a port, and is no value of a filter.
		if field == nil || !strings.Contains(rest[at+1:], "=") || strings.Contains(value, ":") {
			return rest, f, nil
		}
		if !slices.Contains(values, value) {
			return "", f, fmt.Errorf("%s=%s: want %s", name, value, strings.Join(values, " or "))
		}
		if *field != "" {
			return "", f, fmt.Errorf("%s= given twice", name)
		}
		*field = value
		if at < 0 {
			return "*", f, nil
		}
		rest = trimSpaces(rest[:at])
	}
}

// trimSpaces takes the spaces off the end of a text, but one behind a backslash.
func trimSpaces(text string) string {
	trimmed := strings.TrimRight(text, " ")
	if trimmed != text && escapedEnd(trimmed) {
		return trimmed + " "
	}
	return trimmed
}

// expand writes out the ranges and sets of a pattern, the last one running
// fastest. Braces that hold neither stand for themselves.
func expand(pattern string) ([]string, error) {
	all := []string{""}
	for pattern != "" {
		open, end, members := firstGroup(pattern)
		if len(all)*len(members) > maxOptions {
			return nil, fmt.Errorf("more than %d names", maxOptions)
		}
		var longer []string
		for _, head := range all {
			for _, m := range members {
				longer = append(longer, head+pattern[:open]+m)
			}
		}
		all, pattern = longer, pattern[end:]
	}
	return all, nil
}

// firstGroup finds the first range or set of a pattern, pattern[open:end], and
// its members. Without one it returns the whole pattern before one empty
// member.
func firstGroup(pattern string) (open, end int, members []string) {
	open = -1
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '{':
			open = i
		case '}':
			if open < 0 {
				continue
			}
			if members := groupMembers(pattern[open+1 : i]); members != nil {
				return open, i + 1, members
			}
			open = -1
		}
	}
	return len(pattern), len(pattern), []string{""}
}

// groupMembers returns what stands between braces as a range or a set, nil
// where it is neither.
func groupMembers(inside string) []string {
	if first, last, ok := strings.Cut(inside, ".."); ok && digits(first) == len(first) && digits(last) == len(last) {
		if m := rangeMembers(first, last); m != nil {
			return m
		}
	}
	var members []string
	start := 0
	for i := 0; i < len(inside); i++ {
		switch inside[i] {
		case '\\':
			i++
		case ',':
			members = append(members, inside[start:i])
			start = i + 1
		}
	}
	if start == 0 {
		return nil
	}
	return append(members, inside[start:])
}

// rangeMembers counts from first to last, up or down; a leading zero pads all
// to the same width.
func rangeMembers(first, last string) []string {
	from, err1 := strconv.ParseUint(first, 10, 31)
	to, err2 := strconv.ParseUint(last, 10, 31)
	if err1 != nil || err2 != nil {
		return nil
	}
	width := 0
	if first[0] == '0' || last[0] == '0' {
		width = max(len(first), len(last))
	}
	step := 1
	if from > to {
		step = -1
	}
	var members []string
	// One more than is allowed is enough for expand to refuse.
	for n := int(from); len(members) <= maxOptions; n += step {
		members = append(members, fmt.Sprintf("%0*d", width, n))
		if n == int(to) {
			break
		}
	}
	return members
}

// globOption reads a pattern: a glob, or a plain name where it has no wildcard.
func globOption(pattern string) option {
	var name strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*' || c == '?':
			return option{glob: pattern}
		case c == '\\' && i+1 < len(pattern):
			i++
		}
		name.WriteByte(pattern[i])
	}
	return option{name: name.String()}
}

// globMatches reports whether a glob matches a whole name. Only the last *
// ever needs to take more of the name, so the time is at most the product of
// the lengths.
func globMatches(glob, name string) bool {
	g, n := 0, 0
	star, resume := -1, 0 // the last * and where the name goes on after it
	for n < len(name) || g < len(glob) {
		if g < len(glob) {
			if glob[g] == '*' {
				star, resume = g, n
				g++
				continue
			}
			if width, step := globStep(glob[g:], name[n:]); width > 0 {
				n, g = n+width, g+step
				continue
			}
		}
		if star < 0 || resume >= len(name) {
			return false
		}
		resume++
		g, n = star+1, resume
	}
	return true
}

// globStep matches the first element of a glob, which is no *, with the
// beginning of a name: the bytes it takes of the name, 0 where it does not
// match, and the bytes of the glob it stands in.
func globStep(glob, name string) (width, step int) {
	if name == "" {
		return 0, 0
	}
	if glob[0] == '?' {
		_, width = utf8.DecodeRuneInString(name)
		return width, 1
	}
	step = 1
	if glob[0] == '\\' && len(glob) > 1 {
		glob, step = glob[1:], 2
	}
	if glob[0] != name[0] {
		return 0, 0
	}
	return 1, step
}

// Select returns the ports a selector names: in the order it names them where
// it is a range or set, in the graph's order where it is a pattern, each port
// once.
func (g Graph) Select(s Selector) []Port {
	var ports []Port
	for _, f := range g.index().find(s) {
		if f.exists {
			ports = append(ports, f.port)
		}
	}
	return ports
}

// found is a port that a selector names.
type found struct {
	port    Port
	exists  bool // else port holds the name and nothing more
	written bool // its name was written out, not met by a pattern
}

// find is Select with the names that no port has kept in their places, so that
// a hole in a range does not shift what comes after it.
func (x *index) find(s Selector) []found {
	var all []found
	for _, i := range x.called(s.text) {
		all = append(all, found{x.Ports[i], true, true})
	}
	if all != nil {
		return all
	}
	seen := make(map[End]bool)
	add := func(f found) {
		if !seen[f.port.End()] {
			seen[f.port.End()] = true
			all = append(all, f)
		}
	}
	for _, o := range s.options {
		if s.key == byPortName && o.plain() {
			places := x.called(o.name)
			if places == nil {
				add(found{Port{Name: o.name}, false, true})
			}
			for _, i := range places {
				if s.filters.admit(x.Ports[i]) {
					add(found{x.Ports[i], true, true})
				}
			}
			continue
		}
		for _, p := range x.Ports {
			if s.filters.admit(p) && x.matches(o, p, s.key) {
				add(found{p, true, false})
			}
		}
	}
	return all
}

// matches looks at what a key says. An alias that is another port's name is not
// looked at: PipeWire gives such to the second of two clients of one name.
func (x *index) matches(o option, p Port, k key) bool {
	switch k {
	case byClient:
		for i := range len(p.Name) {
			if p.Name[i] == ':' && o.matches(p.Name[:i]) {
				return true
			}
		}
		return false
	case byPretty:
		return p.Pretty != "" && (o.matches(p.Pretty) || o.matches(p.Client()+":"+p.Pretty))
	default:
		return o.matches(p.Name) || slices.ContainsFunc(p.Aliases, func(alias string) bool { return x.names[alias] == nil && o.matches(alias) })
	}
}

// written reports whether a selector spells out every name it stands for.
func (s Selector) written() bool {
	return s.key == byPortName && s.filters == filters{} && !slices.ContainsFunc(s.options, func(o option) bool { return !o.plain() })
}

// IsName reports whether a selector is the name of one port, written out.
func (s Selector) IsName() bool { return s.written() && len(s.options) == 1 }
