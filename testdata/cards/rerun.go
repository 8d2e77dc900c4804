package cards

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// RunTests is for the TestMain of a package whose tests use cards from within:
//
//	func TestMain(m *testing.M) { os.Exit(cards.RunTests(m.Run)) }
//
// A library can only be preloaded when a program starts, so the test program
// runs itself once more with it.
func RunTests(run func() int) int {
	if Library() != "" {
		return run()
	}
	dir, err := os.MkdirTemp("", "sndcard")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	lib, err := Build(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	again := exec.Command(os.Args[0], os.Args[1:]...)
	again.Env = append(os.Environ(), "LD_PRELOAD="+lib)
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = again.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Library is the library that this program was started with, or "".
func Library() string {
	lib := os.Getenv("LD_PRELOAD")
	if filepath.Base(lib) != "libsndcard.so" || strings.Contains(lib, ":") {
		return ""
	}
	return lib
}
