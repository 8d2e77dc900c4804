package session

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Place is where something stands in a session file, from 1.
type Place struct {
	File         string
	Line, Column int
}

// Error is a mistake in a session file.
type Error struct {
	Place
	Text string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// Errors are all mistakes of a session file, a line each.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Lines are the mistakes one by one, to be printed as such.
func (e Errors) Lines() []string { return strings.Split(e.Error(), "\n") }

func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}

type kind string

const (
	null    kind = "null"
	boolean kind = "boolean"
	integer kind = "integer"
	number  kind = "number"
	text    kind = "string"
	list    kind = "array"
	mapping kind = "object"
)

// node is a value of a session file and where it stands: YAML without its
// syntax.
type node struct {
	at    Place
	kind  kind
	text  string // of a scalar, as it was written
	items []*node
	keys  []key
}

type key struct {
	at    Place
	name  string
	value *node
}

// key is the value of a name in a mapping, or nil.
func (n *node) key(name string) *node {
	if n != nil {
		for _, k := range n.keys {
			if k.name == name {
				return k.value
			}
		}
	}
	return nil
}

// set gives a name of a mapping its value, in its old place if it has one.
func (n *node) set(k key) {
	for i := range n.keys {
		if n.keys[i].name == k.name {
			n.keys[i] = k
			return
		}
	}
	n.keys = append(n.keys, k)
}

// remove takes a name out of a mapping and returns what it had.
func (n *node) remove(name string) *node {
	for i, k := range n.keys {
		if k.name == name {
			n.keys = append(n.keys[:i:i], n.keys[i+1:]...)
			return k.value
		}
	}
	return nil
}

// without is a copy of a tree that lacks what stands where an error is, but for
// mappings, in which something is missing then.
func (n *node) without(errs Errors) *node {
	wrong := map[Place]bool{}
	for _, e := range errs {
		wrong[e.Place] = true
	}
	var copied func(n *node) *node
	copied = func(n *node) *node {
		c := *n
		c.items, c.keys = nil, nil
		for _, i := range n.items {
			if i.kind == mapping || !wrong[i.at] {
				c.items = append(c.items, copied(i))
			}
		}
		for _, k := range n.keys {
			if k.value.kind == mapping && !unknown(errs, k) || !wrong[k.value.at] && !wrong[k.at] {
				c.keys = append(c.keys, key{k.at, k.name, copied(k.value)})
			}
		}
		return &c
	}
	return copied(n)
}

// unknown reports whether the name of a mapping is an error.
func unknown(errs Errors, k key) bool {
	return slices.ContainsFunc(errs, func(e *Error) bool { return e.Place == k.at && strings.HasPrefix(e.Text, k.name+": not known") })
}

// over lays a mapping over another: mappings are merged name by name, all else
// takes the place of what was there, and null removes it.
func (n *node) over(below *node) *node {
	if n.kind != mapping || below == nil || below.kind != mapping {
		return n
	}
	merged := &node{at: n.at, kind: mapping, keys: append([]key(nil), below.keys...)}
	for _, k := range n.keys {
		if k.value.kind == null {
			merged.remove(k.name)
			continue
		}
		k.value = k.value.over(below.key(k.name))
		merged.set(k)
	}
	return merged
}

// parseTree reads one YAML document.
func parseTree(file string, content []byte) (*node, error) {
	parsed, err := parser.ParseBytes(content, 0)
	if err != nil {
		var at yaml.Error
		if !errors.As(err, &at) || at.GetToken() == nil {
			return nil, Errors{{Place{file, 1, 1}, err.Error()}}
		}
		p := at.GetToken().Position
		return nil, Errors{{Place{file, p.Line, p.Column}, at.GetMessage()}}
	}
	t := treeReader{file: file, anchors: map[string]*node{}}
	var bodies []ast.Node
	for _, d := range parsed.Docs {
		if d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	switch len(bodies) {
	case 0:
		return &node{at: Place{file, 1, 1}, kind: mapping}, nil
	case 1:
	default:
		return nil, Errors{{t.place(bodies[1]), "a second document: a session file is one"}}
	}
	root := t.node(bodies[0], 0)
	if len(t.errs) > 0 {
		return nil, t.errs
	}
	return root, nil
}

type treeReader struct {
	file    string
	anchors map[string]*node
	nodes   int
	errs    Errors
}

// Bounds on what a file can make of a few aliases of aliases.
const (
	maxNodes = 100_000
	maxDepth = 100
)

func (t *treeReader) place(n ast.Node) Place {
	p := n.GetToken().Position
	return Place{t.file, p.Line, p.Column}
}

func (t *treeReader) fail(n ast.Node, format string, args ...any) *node {
	t.errs = append(t.errs, &Error{t.place(n), fmt.Sprintf(format, args...)})
	return &node{at: t.place(n), kind: null}
}

func (t *treeReader) node(a ast.Node, depth int) *node {
	if t.nodes++; t.nodes > maxNodes || depth > maxDepth {
		if len(t.errs) > 0 {
			return &node{kind: null}
		}
		return t.fail(a, "nested too deep, or too long for a session file")
	}
	n := &node{at: t.place(a)}
	switch v := a.(type) {
	case *ast.NullNode:
		n.kind = null
	case *ast.BoolNode:
		n.kind, n.text = boolean, v.Token.Value
	case *ast.IntegerNode:
		n.kind, n.text = integer, v.Token.Value
	case *ast.FloatNode:
		n.kind, n.text = number, v.Token.Value
	case *ast.InfinityNode:
		n.kind, n.text = text, v.Token.Value
	case *ast.NanNode:
		n.kind, n.text = text, v.Token.Value
	case *ast.StringNode:
		n.kind, n.text = text, v.Value
	case *ast.LiteralNode:
		n.kind, n.text = text, v.Value.Value
	case *ast.SequenceNode:
		n.kind = list
		for _, item := range v.Values {
			n.items = append(n.items, t.node(item, depth+1))
		}
	case *ast.MappingNode:
		n.kind = mapping
		for _, pair := range v.Values {
			t.pair(n, pair, depth)
		}
	case *ast.MappingValueNode:
		n.kind = mapping
		t.pair(n, v, depth)
	case *ast.AnchorNode:
		n = t.node(v.Value, depth+1)
		t.anchors[v.Name.GetToken().Value] = n
	case *ast.AliasNode:
		name := v.Value.GetToken().Value
		known, ok := t.anchors[name]
		if !ok {
			return t.fail(a, "*%s: no such anchor above; a name that begins with * stands in quotes", name)
		}
		return known
	case *ast.TagNode:
		return t.fail(a, "%s: tags mean nothing here", v.Start.Value)
	default:
		return t.fail(a, "not understood")
	}
	return n
}

func (t *treeReader) pair(n *node, pair *ast.MappingValueNode, depth int) {
	if _, merge := pair.Key.(*ast.MergeKeyNode); merge {
		base := t.node(pair.Value, depth+1)
		for _, k := range base.keys {
			if n.key(k.name) == nil {
				n.set(k)
			}
		}
		return
	}
	name := pair.Key.GetToken().Value
	if len(n.keys) == 0 {
		n.at = t.place(pair.Key)
	}
	n.set(key{t.place(pair.Key), name, t.node(pair.Value, depth+1)})
}

var variable = regexp.MustCompile(`\$\$|\$\{[^}]*\}|\$[A-Za-z_][A-Za-z0-9_]*`)

// substitute puts the values of variables into every text of a tree: $name or
// ${name}, and $$ for a dollar sign.
func substitute(n *node, value func(name string) (string, bool)) (*node, Errors) {
	var errs Errors
	copied := *n
	copied.items, copied.keys = nil, nil
	if n.kind == text {
		copied.text = variable.ReplaceAllStringFunc(n.text, func(found string) string {
			if found == "$$" {
				return "$"
			}
			name := strings.Trim(found[1:], "{}")
			v, ok := value(name)
			if !ok {
				errs = append(errs, &Error{n.at, fmt.Sprintf("$%s: no such variable, here or in the environment ($$ is a dollar sign)", name)})
			}
			return v
		})
	}
	for _, item := range n.items {
		i, more := substitute(item, value)
		copied.items, errs = append(copied.items, i), append(errs, more...)
	}
	for _, k := range n.keys {
		v, more := substitute(k.value, value)
		copied.keys, errs = append(copied.keys, key{k.at, k.name, v}), append(errs, more...)
	}
	return &copied, errs
}
