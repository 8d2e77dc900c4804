package session

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Schema is the JSON schema of session files (draft 2020-12), for editors; it
// is also what this program holds every file against.
//
//go:embed schema.json
var Schema []byte

// schema is as much of JSON Schema as schema.json uses.
type schema struct {
	Description string             `json:"description"`
	Type        kinds              `json:"type"`
	Properties  map[string]*schema `json:"properties"`
	Others      *others            `json:"additionalProperties"`
	Required    []string           `json:"required"`
	Items       *schema            `json:"items"`
	Enum        []string           `json:"enum"`
	Pattern     string             `json:"pattern"`
	Minimum     *float64           `json:"minimum"`
	Maximum     *float64           `json:"maximum"`
	Ref         string             `json:"$ref"`
	Defs        map[string]*schema `json:"$defs"`
}

// kinds is one type or an array of them.
type kinds []kind

func (k *kinds) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		*k = make(kinds, 1)
		return json.Unmarshal(b, &(*k)[0])
	}
	return json.Unmarshal(b, (*[]kind)(k))
}

// others is additionalProperties: false, or what those are like.
type others struct{ schema *schema }

func (o *others) UnmarshalJSON(b []byte) error {
	if string(b) == "false" {
		return nil
	}
	return json.Unmarshal(b, &o.schema)
}

func parseSchema() (*schema, error) {
	var s schema
	if err := json.Unmarshal(Schema, &s); err != nil {
		return nil, fmt.Errorf("schema.json: %w", err)
	}
	return &s, nil
}

// check holds a value against the schema and returns every mistake.
func (s *schema) check(root *schema, n *node, name string) Errors {
	if s.Ref != "" {
		return root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")].check(root, n, name)
	}
	wrong := func(at Place, format string, args ...any) Errors {
		return Errors{{at, fmt.Sprintf(format, args...)}}
	}
	if len(s.Type) > 0 && !s.allows(n.kind) {
		if n.kind == mapping && slices.Contains(s.Type, text) && len(n.keys) == 1 {
			return wrong(n.at, "%s: YAML takes this for a name and its value; put it in quotes", name)
		}
		return wrong(n.at, "%s: want %s, found %s", name, s.Type, plain[n.kind])
	}
	var errs Errors
	switch n.kind {
	case mapping:
		for _, k := range n.keys {
			inner, known := s.Properties[k.name]
			if !known && s.Others != nil {
				inner, known = s.Others.schema, s.Others.schema != nil
			}
			if !known {
				errs = append(errs, wrong(k.at, "%s: not known%s%s", k.name, within(name), s.near(k.name))...)
				continue
			}
			errs = append(errs, inner.check(root, k.value, k.name)...)
		}
		for _, r := range s.Required {
			if n.key(r) == nil {
				errs = append(errs, wrong(n.at, "%s is missing%s", r, within(name))...)
			}
		}
	case list:
		for _, item := range n.items {
			if s.Items != nil {
				errs = append(errs, s.Items.check(root, item, name)...)
			}
		}
	case integer, number:
		if slices.Contains(s.Type, text) {
			break
		}
		var v float64
		if err := json.Unmarshal([]byte(n.text), &v); err != nil {
			return wrong(n.at, "%s: %s is not a plain number", name, n.text)
		}
		if s.Minimum != nil && v < *s.Minimum {
			return wrong(n.at, "%s: %s is below %v", name, n.text, *s.Minimum)
		}
		if s.Maximum != nil && v > *s.Maximum {
			return wrong(n.at, "%s: %s is above %v", name, n.text, *s.Maximum)
		}
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, n.text) {
		errs = append(errs, wrong(n.at, "%s: %q: want %s", name, n.text, strings.Join(s.Enum, ", "))...)
	}
	if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(n.text) {
		errs = append(errs, wrong(n.at, "%s: %q: want %s", name, n.text, s.Description)...)
	}
	return errs
}

// allows reports whether a value of this kind will do. A number or a yes may
// stand where a text is wanted: it is taken as it is written.
func (s *schema) allows(k kind) bool {
	switch {
	case slices.Contains(s.Type, k):
		return true
	case slices.Contains(s.Type, text):
		return k == integer || k == number || k == boolean
	case slices.Contains(s.Type, number):
		return k == integer
	}
	return false
}

var plain = map[kind]string{null: "nothing", boolean: "yes or no", integer: "a whole number", number: "a number", text: "a text", list: "a list", mapping: "a mapping"}

func (k kinds) String() string {
	words := make([]string, len(k))
	for i := range k {
		words[i] = plain[k[i]]
	}
	return strings.Join(words, " or ")
}

func within(name string) string {
	if name == "" {
		return ""
	}
	return " in " + name
}

// near names the known names, where there are few, or those that begin alike.
func (s *schema) near(name string) string {
	var names []string
	for known := range s.Properties {
		if len(s.Properties) <= 8 || strings.HasPrefix(known, name[:min(2, len(name))]) {
			names = append(names, known)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return " (there is " + strings.Join(names, ", ") + ")"
}
