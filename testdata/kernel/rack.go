// Rack makes a simulated sound card in a folder, for the tests in the virtual
// machine, whose kernel has a sequencer but no Envy24 card: rack DIR MODEL...
// The file env in it holds the environment of programs that shall see the card.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"jackknife/testdata/cards"
)

func main() {
	if err := rack(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "rack:", err)
		os.Exit(1)
	}
}

func rack(dir string, models []string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	lib, err := cards.Build(dir)
	if err != nil {
		return err
	}
	r, err := cards.Plug(lib, filepath.Join(dir, "cards"), models...)
	if err != nil {
		return err
	}
	defer r.Close()
	return os.WriteFile(filepath.Join(dir, "env"), []byte(strings.Join(r.Env(), "\n")+"\n"), 0o644)
}
