package alsa

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// State is the settings of a card, or some of them, as kept in a file of the
// form that alsactl reads and writes.
type State struct {
	Card     string // card id
	Controls []Control
}

// Control is one element's settings in alsactl's words: true and false,
// numbers, item names; the bytes of Bytes and IEC958 as one hexadecimal word.
type Control struct {
	Number int // alsactl restores by the kernel's number; we do not
	ID
	Values  []string
	Comment []Field // what alsactl notes for the reader: type, range, items
}

// Field is one line of a comment.
type Field struct{ Key, Value string }

// Save makes the state of a card from its elements, those that have a value.
func Save(card string, elements []*Element) State {
	s := State{Card: card}
	for _, e := range elements {
		if e.Value != nil {
			s.Controls = append(s.Controls, Control{e.Number, e.ID, e.words(e.Value), e.comment()})
		}
	}
	return s
}

func (e *Element) words(v Value) []string {
	if e.Type == Bytes || e.Type == IEC958 {
		b := make([]byte, len(v))
		for i, n := range v {
			b[i] = byte(n)
		}
		return []string{hex.EncodeToString(b)}
	}
	words := make([]string, len(v))
	for i, n := range v {
		switch {
		case e.Type == Boolean:
			words[i] = strconv.FormatBool(n != 0)
		case e.Type == Enumerated && n >= 0 && n < int64(len(e.Items)):
			words[i] = e.Items[n]
		default:
			words[i] = strconv.FormatInt(n, 10)
		}
	}
	return words
}

func (e *Element) comment() []Field {
	var access []string
	for _, a := range []struct {
		is   bool
		word string
	}{{e.Access.Read, "read"}, {e.Access.Write, "write"}, {e.Access.Inactive, "inactive"}, {e.Access.Volatile, "volatile"}} {
		if a.is {
			access = append(access, a.word)
		}
	}
	c := []Field{{"access", strings.Join(access, " ")}, {"type", e.Type.String()}, {"count", strconv.Itoa(e.Count)}}
	switch e.Type {
	case Integer, Integer64:
		r := fmt.Sprintf("%d - %d", e.Min, e.Max)
		if e.Step != 0 {
			r += fmt.Sprintf(" (step %d)", e.Step)
		}
		c = append(c, Field{"range", r})
	case Enumerated:
		for i, item := range e.Items {
			c = append(c, Field{"item." + strconv.Itoa(i), item})
		}
	}
	if e.Scale.None() {
		return c
	}
	c = append(c, Field{"dbmin", hundredths(e.Scale.DB(e.Min))}, Field{"dbmax", hundredths(e.Scale.DB(e.Max))})
	for i, n := range e.Value {
		c = append(c, Field{"dbvalue." + strconv.Itoa(i), hundredths(e.Scale.DB(n))})
	}
	return c
}

func hundredths(db float64) string {
	if math.IsInf(db, -1) {
		db = muteDB
	}
	return strconv.FormatInt(int64(math.Round(db*100)), 10)
}

// idLetters are what the kernel makes card ids of.
const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

// WriteTo writes the state as alsactl does.
func (s State) WriteTo(w io.Writer) (int64, error) {
	if s.Card == "" || strings.Trim(s.Card, idLetters) != "" {
		return 0, fmt.Errorf("%q is no card id", s.Card)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "state.%s {\n", s.Card)
	for _, c := range s.Controls {
		fmt.Fprintf(&b, "\tcontrol.%d {\n\t\tiface %s\n", c.Number, c.Iface)
		if c.Device != 0 {
			fmt.Fprintf(&b, "\t\tdevice %d\n", c.Device)
		}
		if c.Subdevice != 0 {
			fmt.Fprintf(&b, "\t\tsubdevice %d\n", c.Subdevice)
		}
		fmt.Fprintf(&b, "\t\tname %s\n", quote(c.Name))
		if c.Index != 0 {
			fmt.Fprintf(&b, "\t\tindex %d\n", c.Index)
		}
		word := number
		if slices.Contains(c.Comment, Field{"type", Enumerated.String()}) {
			word = quote
		}
		if len(c.Values) == 1 {
			fmt.Fprintf(&b, "\t\tvalue %s\n", word(c.Values[0]))
		} else {
			for i, v := range c.Values {
				fmt.Fprintf(&b, "\t\tvalue.%d %s\n", i, word(v))
			}
		}
		if len(c.Comment) > 0 {
			b.WriteString("\t\tcomment {\n")
			for _, f := range c.Comment {
				word := number
				if strings.HasPrefix(f.Key, "item.") {
					word = quote
				}
				fmt.Fprintf(&b, "\t\t\t%s %s\n", f.Key, word(f.Value))
			}
			b.WriteString("\t\t}\n")
		}
		b.WriteString("\t}\n")
	}
	b.WriteString("}\n")
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// number writes a number bare and any other word like quote.
func number(s string) string {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return s
	}
	return quote(s)
}

// quote writes a text as libasound does: bare where it can be taken neither
// for a number nor for several words, otherwise between apostrophes.
func quote(s string) string {
	plain := s != ""
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		plain = plain && (letter || i > 0 && (r >= '0' && r <= '9' || r == '-'))
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, "\\%03o", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// ParseStates reads a file of states: alsactl's asound.state in its present
// form, with "comment { }", and in the old one, with "comment.access". Errors
// name the line.
func ParseStates(r io.Reader) ([]State, error) {
	root, err := parseConfig(r)
	if err != nil {
		return nil, err
	}
	var states []State
	for _, n := range root.children {
		if n.key != "state" {
			return nil, fmt.Errorf("line %d: %q: want state.CARD", n.line, n.key)
		}
		for _, card := range n.children {
			s, err := parseState(card)
			if err != nil {
				return nil, err
			}
			states = append(states, s)
		}
	}
	if len(states) == 0 {
		return nil, errors.New("no state of a card in it")
	}
	return states, nil
}

func parseState(card *node) (State, error) {
	s := State{Card: card.key}
	for _, list := range card.children {
		if list.key != "control" {
			return s, fmt.Errorf("line %d: %q: want control.NUMBER", list.line, list.key)
		}
		for _, n := range list.children {
			c, err := parseControl(n)
			if err != nil {
				return s, err
			}
			s.Controls = append(s.Controls, c)
		}
	}
	return s, nil
}

func parseControl(n *node) (Control, error) {
	number, err := parseCount(n.key)
	if err != nil || strconv.Itoa(number) != n.key {
		return Control{}, fmt.Errorf("line %d: control.%s: want a number", n.line, n.key)
	}
	c := Control{Number: number, ID: ID{Iface: IfaceMixer}}
	for _, f := range n.children {
		var err error
		switch f.key {
		case "iface":
			c.Iface, err = ParseIface(f.text)
		case "device":
			c.Device, err = parseCount(f.text)
		case "subdevice":
			c.Subdevice, err = parseCount(f.text)
		case "index":
			c.Index, err = parseCount(f.text)
		case "name":
			c.Name = f.text
		case "value":
			c.Values, err = parseValues(f)
		case "comment":
			c.Comment = flatten(nil, "", f)
		}
		if err != nil {
			return c, fmt.Errorf("line %d: %s: %w", f.line, f.key, err)
		}
	}
	if c.Name == "" {
		return c, fmt.Errorf("line %d: control %s has no name", n.line, n.key)
	}
	if c.Values == nil {
		return c, fmt.Errorf("line %d: %s has no value", n.line, c.ID)
	}
	return c, nil
}

func parseCount(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", s)
	}
	return int(n), nil
}

// parseValues reads "value X" or "value.0 X", "value.1 Y".
func parseValues(f *node) ([]string, error) {
	if f.children == nil {
		return []string{f.text}, nil
	}
	values := make([]string, len(f.children))
	for i, v := range f.children {
		if v.key != strconv.Itoa(i) || v.children != nil {
			return nil, fmt.Errorf("value.%s stands where value.%d is due", v.key, i)
		}
		values[i] = v.text
	}
	return values, nil
}

func flatten(to []Field, prefix string, n *node) []Field {
	for _, c := range n.children {
		if c.children == nil {
			to = append(to, Field{prefix + c.key, c.text})
		}
		to = flatten(to, prefix+c.key+".", c)
	}
	return to
}

// node is one entry of a configuration of libasound: a word or a compound.
type node struct {
	key      string
	text     string
	line     int
	children []*node
}

// child is the child of that key, made when it is not there.
func (n *node) child(key string, line int) *node {
	for _, c := range n.children {
		if c.key == key {
			return c
		}
	}
	c := &node{key: key, line: line}
	n.children = append(n.children, c)
	return c
}

// maxDepth is far beyond any state file's.
const maxDepth = 16

// parseConfig reads the part of libasound's configuration syntax that state
// files use: dotted keys, words, quoted strings, compounds, comments.
func parseConfig(r io.Reader) (*node, error) {
	l := &lexer{r: bufio.NewReader(r), line: 1}
	root := &node{}
	if err := l.compound(root, 0); err != nil {
		return nil, fmt.Errorf("line %d: %w", l.line, err)
	}
	return root, nil
}

type lexer struct {
	r    *bufio.Reader
	line int
}

// token returns the next one: "{", "}", "" at the end of the file, or a word,
// of which quoted says whether it stood in quotes.
func (l *lexer) token() (text string, quoted bool, err error) {
	var b strings.Builder
	for {
		c, err := l.r.ReadByte()
		if err == io.EOF {
			return b.String(), false, nil
		}
		if err != nil {
			return "", false, err
		}
		switch {
		case c == '\n':
			l.line++
			fallthrough
		case c == ' ' || c == '\t' || c == '\r' || c == '=' || c == ';' || c == ',':
			if b.Len() > 0 {
				return b.String(), false, l.back(c)
			}
		case c == '#' && b.Len() == 0:
			for c != '\n' && err == nil {
				c, err = l.r.ReadByte()
			}
			l.line++
		case (c == '\'' || c == '"') && b.Len() == 0:
			text, err := l.quoted(c)
			return text, true, err
		case c == '{' || c == '}':
			if b.Len() > 0 {
				return b.String(), false, l.back(c)
			}
			return string(c), false, nil
		case c == '<' && b.Len() == 0:
			return "", false, errors.New("a state file cannot include others")
		case c == 0:
			return "", false, errors.New("this is no text")
		default:
			b.WriteByte(c)
		}
	}
}

func (l *lexer) back(c byte) error {
	if c == '\n' {
		l.line--
	}
	return l.r.UnreadByte()
}

func (l *lexer) quoted(end byte) (string, error) {
	var b strings.Builder
	for {
		c, err := l.r.ReadByte()
		if err != nil {
			return "", errors.New("quotation without an end")
		}
		switch c {
		case end:
			return b.String(), nil
		case '\n':
			l.line++
		case '\\':
			if c, err = l.escape(); err != nil {
				return "", err
			}
		}
		b.WriteByte(c)
	}
}

func (l *lexer) escape() (byte, error) {
	c, err := l.r.ReadByte()
	if err != nil {
		return 0, errors.New("quotation without an end")
	}
	if at := strings.IndexByte("ntvbrf", c); at >= 0 {
		return "\n\t\v\b\r\f"[at], nil
	}
	if c < '0' || c > '7' {
		return c, nil
	}
	n := 0
	for range 3 {
		if c < '0' || c > '7' {
			break
		}
		n = n*8 + int(c-'0')
		if c, err = l.r.ReadByte(); err != nil {
			return 0, errors.New("quotation without an end")
		}
	}
	return byte(n), l.r.UnreadByte()
}

// compound reads entries into n up to the closing brace, at depth 0 up to the
// end of the file.
func (l *lexer) compound(n *node, depth int) error {
	if depth > maxDepth {
		return errors.New("too many braces")
	}
	for {
		key, quoted, err := l.token()
		if err != nil {
			return err
		}
		line := l.line
		switch {
		case key == "" && !quoted && depth == 0, key == "}" && !quoted && depth > 0:
			return nil
		case key == "" && !quoted:
			return errors.New("a closing brace is missing")
		case (key == "{" || key == "}") && !quoted:
			return fmt.Errorf("%q without a name before it", key)
		}
		if strings.Trim(key, idLetters+".") != "" || strings.Contains("."+key+".", "..") {
			return fmt.Errorf("%q is no key", key)
		}
		at := n
		for part := range strings.SplitSeq(key, ".") {
			at = at.child(part, line)
		}
		value, quoted, err := l.token()
		switch {
		case err != nil:
			return err
		case value == "{" && !quoted:
			err = l.compound(at, depth+1)
		case (value == "" || value == "}") && !quoted:
			err = fmt.Errorf("%s has no value", key)
		default:
			at.text = value
			if at.children != nil {
				err = fmt.Errorf("%s has a value and parts", key)
			}
		}
		if err != nil {
			return err
		}
	}
}

// Change is an element that shall get another value.
type Change struct {
	*Element
	From, To Value
}

// Hold reports whether the element has the value already, and shall keep it
// though the driver may drag it along with another.
func (c Change) Hold() bool { return slices.Equal(c.From, c.To) }

// String words the change as a line: "DAC Volume,3: mute -> -6.0 dB".
func (c Change) String() string {
	from := "?"
	if c.From != nil {
		from = c.Element.Text(c.From)
	}
	return fmt.Sprintf("%s: %s -> %s", c.Element, from, c.Element.Text(c.To))
}

// Diff says what must change for a card with the elements have to be in the
// state want, in the order of the elements: have with the changes made is want.
// What the state says of elements that are read-only or inactive is passed
// over; what this card cannot do comes back as problems. A default rate that an
// Envy24 would drag along with the clock is held.
func Diff(have []*Element, want State) (changes []Change, problems []error) {
	to := make(map[*Element]Value)
	for _, c := range want.Controls {
		e, err := lookUp(have, c.ID)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if !e.Access.Write || e.Access.Inactive {
			continue
		}
		v, err := e.fromWords(c.Values)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		to[e] = v
	}
	clock := false
	for _, e := range have {
		v, ok := to[e]
		if !ok || slices.Equal(v, e.Value) && !(clock && e.Name == clockName+" Default") {
			continue
		}
		clock = clock || e.Name == clockName && isRate(e.channel(v[0]))
		changes = append(changes, Change{e, e.Value, v})
	}
	return changes, problems
}

// lookUp finds an element of a state. Old drivers had some elements in the
// interface PCM that are in MIXER now, or the other way round.
func lookUp(elements []*Element, id ID) (*Element, error) {
	var other *Element
	for _, e := range elements {
		if e.ID == id {
			return e, nil
		}
		moved := id
		moved.Iface = e.Iface
		if e.ID == moved && (e.Iface == IfacePCM || e.Iface == IfaceMixer) && (id.Iface == IfacePCM || id.Iface == IfaceMixer) {
			other = e
		}
	}
	if other == nil {
		return nil, fmt.Errorf("%s: %w", id, ErrNotFound)
	}
	return other, nil
}

// fromWords is the value that alsactl's words mean for this element.
func (e *Element) fromWords(words []string) (Value, error) {
	if e.Type == Bytes || e.Type == IEC958 {
		return e.fromHex(words)
	}
	if len(words) != e.Count {
		return nil, fmt.Errorf("%s: %d values, this card's has %d", e, len(words), e.Count)
	}
	v := make(Value, len(words))
	for i, w := range words {
		var err error
		switch e.Type {
		case Boolean:
			v[i], err = e.parseChannel(0, w)
		case Enumerated:
			if v[i], err = e.parseItem(w); err != nil && strings.Trim(w, "0123456789") == "" {
				v[i], err = e.parseItem("#" + w)
			}
		default:
			v[i], err = strconv.ParseInt(w, 0, 64)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e, err)
		}
	}
	return v, e.Check(v)
}

func (e *Element) fromHex(words []string) (Value, error) {
	b, err := hex.DecodeString(strings.Join(words, ""))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e, err)
	}
	if len(b) != e.Len() {
		return nil, fmt.Errorf("%s: %d bytes, this card's has %d", e, len(b), e.Len())
	}
	v := make(Value, len(b))
	for i, n := range b {
		v[i] = int64(n)
	}
	return v, nil
}
