package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestReadmeTable holds the README's table of commands against the program's.
func TestReadmeTable(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for line := range strings.Lines(string(readme)) {
		if strings.HasPrefix(line, "| `jackknife ") {
			have = append(have, strings.TrimSpace(line))
		}
	}
	var want []string
	for _, c := range tableOf(newTable()) {
		want = append(want, fmt.Sprintf("| `%s` | %s |", c.CommandPath(), c.Short))
	}
	if h, w := strings.Join(have, "\n"), strings.Join(want, "\n"); h != w {
		t.Errorf("README.md has\n%s\nthe program has\n%s", h, w)
	}
}

// TestEveryCommandIsExplained: help says what a command does and shows it.
func TestEveryCommandIsExplained(t *testing.T) {
	for _, c := range tableOf(newTable()) {
		if c.Long == "" {
			t.Errorf("%s: no long help", c.CommandPath())
		}
		if !strings.Contains(c.Example, "jackknife") {
			t.Errorf("%s: no example", c.CommandPath())
		}
	}
}

func newTable() *cobra.Command {
	return newRoot(&streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard}, "")
}
