package formats

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"jackknife/jackgraph"
)

// readJackpatch: a line is LEFT |> RIGHT; <| goes the other way, || both ways.
func readJackpatch(data []byte) (p Patch, err error) {
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" {
			continue
		}
		at, op := -1, ""
		for _, o := range []string{"|>", "<|", "||"} {
			if i := strings.Index(line, o); i >= 0 && (at < 0 || i < at) {
				at, op = i, o
			}
		}
		if at < 0 {
			return p, fmt.Errorf("line %d: no |> in it", n)
		}
		left, right := strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+2:])
		if left == "" || right == "" {
			return p, fmt.Errorf("line %d: a name is missing", n)
		}
		if op != "<|" {
			p.connect(left, right)
		}
		if op != "|>" {
			p.connect(right, left)
		}
	}
	return p, nil
}

func writeJackpatch(w io.Writer, g jackgraph.Graph) error {
	out := bufio.NewWriter(w)
	for _, c := range g.Connections {
		if strings.Contains(c.From, "|") || strings.ContainsAny(c.From+c.To, "\n") || strings.TrimSpace(c.From) != c.From || strings.TrimSpace(c.To) != c.To {
			return fmt.Errorf("%s: jackpatch cannot hold this name", c)
		}
		fmt.Fprintf(out, "%-40s |> %s\n", c.From, c.To)
	}
	return out.Flush()
}

// A rule of jack-plumbing: (COMMAND "LEFT" "RIGHT").
var plumbingRule = regexp.MustCompile(`^\(\s*([a-z-]+)\s+"([^"]*)"\s+"([^"]*)"\s*\)$`)

// readPlumbing: expressions match whole names; \1 in RIGHT is the first group
// of LEFT. What disconnects comes first, as it does there.
func readPlumbing(data []byte) (p Patch, err error) {
	type rule struct{ command, left, right string }
	var rules []rule
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == ';' {
			continue
		}
		m := plumbingRule.FindStringSubmatch(line)
		if m == nil {
			return p, fmt.Errorf(`line %d: want (COMMAND "LEFT" "RIGHT")`, n)
		}
		rules = append(rules, rule{m[1], m[2], m[3]})
	}
	for _, also := range rules {
		if also.command != "also-connect" {
			continue
		}
		for _, r := range rules {
			if r.command == "connect" && r.right == also.left {
				rules = append(rules, rule{"connect", r.left, also.right})
			}
			if r.command == "connect" && r.left == also.left {
				rules = append(rules, rule{"connect", also.right, r.right})
			}
		}
	}
	ops := map[string]jackgraph.Op{"connect": jackgraph.Each, "connect-exclusive": jackgraph.EachOnly, "disconnect": jackgraph.Apart}
	add := func(r rule) error {
		op, ok := ops[r.command]
		if !ok && r.command != "also-connect" {
			return fmt.Errorf("%s: no such command", r.command)
		}
		if !ok {
			return nil
		}
		return p.rule(r.left, op, strings.Replace(r.right, `\1`, "${1}", 1), "")
	}
	for _, first := range []bool{true, false} {
		for _, r := range rules {
			if (r.command == "disconnect") == first {
				if err := add(r); err != nil {
					return p, err
				}
			}
		}
	}
	return p, nil
}

// writePlumbing quotes for POSIX expressions, which do not know all escapes.
func writePlumbing(w io.Writer, g jackgraph.Graph) error {
	out := bufio.NewWriter(w)
	for _, c := range g.Connections {
		line := fmt.Sprintf("(connect \"%s\" \"%s\")", regexp.QuoteMeta(c.From), regexp.QuoteMeta(c.To))
		if strings.ContainsAny(c.From+c.To, "\"\n") || len(line) > 511 {
			return fmt.Errorf("%s: jack-plumbing cannot hold these names", c)
		}
		// The right side's first backslash would be a reference: in brackets
		// none is needed.
		right := regexp.MustCompile(`\\(.)`).ReplaceAllStringFunc(regexp.QuoteMeta(c.To), func(e string) string {
			switch e[1] {
			case '\\', '^', '[', ']':
				return e
			}
			return "[" + e[1:] + "]"
		})
		if strings.Contains(right, `\`) {
			return fmt.Errorf("%s: jack-plumbing cannot hold %s on the right", c, c.To)
		}
		fmt.Fprintf(out, "(connect \"%s\" \"%s\")\n", regexp.QuoteMeta(c.From), right)
	}
	return out.Flush()
}

// readMatchmaker: pairs of Python's expressions, that match from the start but
// not to the end of a name; {name} in the second is a group of the first.
func readMatchmaker(data []byte) (p Patch, err error) {
	var lines []string
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		if line := strings.TrimSpace(s.Text()); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	if len(lines) < 2 {
		return p, errors.New("no rules in it")
	}
	if len(lines)%2 == 1 {
		p.note("%s: has no other side and is left out", lines[len(lines)-1])
	}
	for i := 0; i+1 < len(lines); i += 2 {
		from, err := regexp.Compile(lines[i])
		if err != nil {
			return p, fmt.Errorf("%s: %w", lines[i], err)
		}
		if err := p.rule(toEnd(lines[i]), jackgraph.Each, toEnd(fillIn(lines[i+1], from.SubexpNames())), ""); err != nil {
			return p, fmt.Errorf("%s: %w", lines[i], err)
		}
	}
	return p, nil
}

// toEnd makes an expression match the rest of the name too.
func toEnd(e string) string {
	if strings.HasSuffix(e, "$") && !strings.HasSuffix(e, `\$`) {
		return strings.TrimSuffix(e, "$")
	}
	if strings.Contains(e, "|") {
		e = "(?:" + e + ")"
	}
	return e + ".*"
}

var field = regexp.MustCompile(`\{[^{}]*\}`)

// fillIn turns {name} into a reference, as Python's format does: an unknown
// name is empty, and where a field is no name the line stays as it is.
func fillIn(line string, groups []string) string {
	name := regexp.MustCompile(`^\{[A-Za-z_]\w*\}$`)
	for _, f := range field.FindAllString(line, -1) {
		if !name.MatchString(f) {
			return line
		}
	}
	return field.ReplaceAllStringFunc(line, func(f string) string {
		for _, g := range groups {
			if f == "{"+g+"}" {
				return "$" + f
			}
		}
		return ""
	})
}

// writeMatchmaker has a dot for braces on the second side, where Python would
// take them for fields.
func writeMatchmaker(w io.Writer, g jackgraph.Graph) error {
	out := bufio.NewWriter(w)
	brace := strings.NewReplacer(`\{`, ".", `\}`, ".")
	for _, c := range g.Connections {
		if strings.ContainsAny(c.From+c.To, "\n") || strings.TrimSpace(c.From) != c.From || strings.TrimSpace(c.To) != c.To {
			return fmt.Errorf("%s: jack-matchmaker cannot hold these names", c)
		}
		fmt.Fprintf(out, "%s$\n    %s$\n", regexp.QuoteMeta(c.From), brace.Replace(regexp.QuoteMeta(c.To)))
	}
	return out.Flush()
}
