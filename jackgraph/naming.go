package jackgraph

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ErrNoMetadata: the server keeps no properties of ports. PipeWire's are kept by
// its session manager, JACK2's in a database that some builds lack.
var ErrNoMetadata = errors.New("the server keeps no names of ports")

// Naming is what a port or client is called beside its own name.
type Naming struct {
	Name    string // of a port in full, or of a client with a colon at its end
	Pretty  string // the user's name for it; empty: none
	Aliases []string
}

// Between a name and what it is called stands one of these.
const (
	prettyMark = " = "
	aliasMark  = " also "
)

// ParseNamings reads a file of names, one a line:
//
//	# a comment
//	PORT = "NAME"          the user's name for a port
//	CLIENT: = "NAME"       or for a client
//	PORT also "CLIENT:X"   an alias: another full name, two at most
//
// What stands in quotes is written as in Go or JSON. So may a port be written
// that begins or ends with a space, or with a quote or #. Errors name file and
// line.
func ParseNamings(r io.Reader, file string) ([]Naming, error) {
	var all []Naming
	at := make(map[string]int)
	lines := bufio.NewScanner(r)
	n := 1
	for ; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, mark, called, err := cutNaming(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		i, known := at[name]
		if !known {
			i, at[name] = len(all), len(all)
			all = append(all, Naming{Name: name})
		}
		switch e := &all[i]; {
		case mark == prettyMark && e.Pretty != "":
			return nil, fmt.Errorf("%s:%d: %s has a name already: %q", file, n, name, e.Pretty)
		case mark == prettyMark:
			e.Pretty = called
		case strings.HasSuffix(name, ":"):
			return nil, fmt.Errorf("%s:%d: %s is a client, which has no aliases", file, n, name)
		case len(e.Aliases) == 2:
			return nil, fmt.Errorf("%s:%d: %s has two aliases already, and no more can be", file, n, name)
		default:
			e.Aliases = append(e.Aliases, called)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", file, n, err)
	}
	return all, nil
}

// cutNaming takes a line apart. Inside the quotes at its end a quote has a
// backslash before it, so the last mark before a bare quote is the one.
func cutNaming(line string) (name, mark, called string, err error) {
	at := -1
	for _, m := range []string{prettyMark, aliasMark} {
		if i := strings.LastIndex(line, m+`"`); i > at {
			at, mark = i, m
		}
	}
	if at >= 0 {
		name = strings.TrimSpace(line[:at])
		called, err = strconv.Unquote(line[at+len(mark):])
	}
	if err == nil && strings.HasPrefix(name, `"`) {
		name, err = strconv.Unquote(name)
	}
	if err != nil || !strings.Contains(name, ":") || called == "" {
		return "", "", "", fmt.Errorf(`%s: want CLIENT:PORT = "NAME"`, line)
	}
	return name, mark, called, nil
}

// FormatNamings writes names so that ParseNamings reads them.
func FormatNamings(all []Naming) string {
	var b strings.Builder
	for _, n := range all {
		name := n.Name
		if name != strings.TrimSpace(name) || strings.HasPrefix(name, `"`) || strings.HasPrefix(name, "#") || strings.ContainsAny(name, "\r\n") {
			name = strconv.Quote(name)
		}
		if n.Pretty != "" {
			fmt.Fprintf(&b, "%s%s%s\n", name, prettyMark, strconv.Quote(n.Pretty))
		}
		for _, alias := range n.Aliases {
			fmt.Fprintf(&b, "%s%s%s\n", name, aliasMark, strconv.Quote(alias))
		}
	}
	return b.String()
}
