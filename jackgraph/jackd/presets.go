package jackd

import (
	"fmt"
	"slices"
	"strings"
)

// Presets is a text of settings under names, a preset a line:
//
//	# a comment
//	studio: driver=alsa device=hw:M1010LT block=256
type Presets struct{ lines []string }

// ParsePresets reads presets. Errors name file and line.
func ParsePresets(text, file string) (Presets, error) {
	var p Presets
	seen := make(map[string]bool)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		p.lines = append(p.lines, line)
		name, words, ok := preset(line)
		if !ok {
			continue
		}
		where := fmt.Sprintf("%s:%d", file, len(p.lines))
		if err := CheckName(name); err != nil {
			return p, fmt.Errorf("%s: %w", where, err)
		}
		if seen[name] {
			return p, fmt.Errorf("%s: %s: there is one of that name above", where, name)
		}
		seen[name] = true
		if _, err := Default.Set(words); err != nil {
			return p, fmt.Errorf("%s: %w", where, err)
		}
	}
	return p, nil
}

// preset takes a line apart, if it is no comment.
func preset(line string) (name string, words []string, ok bool) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", nil, false
	}
	name, rest, _ := strings.Cut(line, ":")
	return strings.TrimSpace(name), strings.Fields(rest), true
}

// CheckName refuses what cannot be the name of a preset.
func CheckName(name string) error {
	if name == "" || strings.ContainsAny(name, "=: \t\n#/") {
		return fmt.Errorf("%q: want NAME: KEY=VALUE..., a name without =, :, #, / and space", name)
	}
	return nil
}

// String returns the text.
func (p Presets) String() string {
	if len(p.lines) == 0 {
		return ""
	}
	return strings.Join(p.lines, "\n") + "\n"
}

// Names returns the names of the presets in their order.
func (p Presets) Names() []string {
	var names []string
	for _, line := range p.lines {
		if name, _, ok := preset(line); ok {
			names = append(names, name)
		}
	}
	return names
}

// Settings returns those of a preset.
func (p Presets) Settings(name string) (s Settings, ok bool) {
	for _, line := range p.lines {
		if n, words, ok := preset(line); ok && n == name {
			s, err := Default.Set(words)
			return s, err == nil
		}
	}
	return Default, false
}

// Put adds a preset or replaces the one of its name; all other lines stay.
func (p Presets) Put(name string, s Settings) Presets {
	p.lines = slices.Clone(p.lines)
	text := name + ": " + s.String()
	for i, line := range p.lines {
		if n, _, ok := preset(line); ok && n == name {
			p.lines[i] = text
			return p
		}
	}
	p.lines = append(p.lines, text)
	return p
}

// Delete removes a preset; all other lines stay.
func (p Presets) Delete(name string) Presets {
	p.lines = slices.DeleteFunc(slices.Clone(p.lines), func(line string) bool {
		n, _, ok := preset(line)
		return ok && n == name
	})
	return p
}
