//go:build cgo

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// killedduring MILLISECONDS CODES PROGRAM [ARG...] kills the script's server so
// long after a program was started. The program has to end soon, with one of
// the exit codes, as in 0,3, and where that is not 0 with an error of one line
// and no more than a hint, which 3 has to have. Then the server is started anew.
var _ = addScriptCommand("killedduring", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: killedduring MILLISECONDS CODES PROGRAM [ARG...]")
	}
	after, err := time.ParseDuration(args[0] + "ms")
	ts.Check(err)
	program := args[2]
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, program)); err == nil {
			program = filepath.Join(dir, program)
			break
		}
	}
	cmd := exec.Command(program, args[3:]...)
	cmd.Dir = ts.Getenv("WORK")
	for _, name := range []string{"HOME", "PATH", "JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR", "PIPEWIRE_RUNTIME_DIR", "PIPEWIRE_REMOTE", "XDG_STATE_HOME", "XDG_CONFIG_HOME"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	server := scriptServer(ts, false)
	ts.Check(cmd.Start())
	time.Sleep(after)
	server.Kill()
	killed := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case <-time.After(20 * time.Second):
		cmd.Process.Kill()
		ts.Fatalf("%s: still there 20 s after its server was killed\n%s", strings.Join(args[2:], " "), &said)
	}
	code := "0"
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = string(rune('0' + exit.ExitCode()))
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(said.String()), "\n"), func(l string) bool {
		return l == "" || strings.HasPrefix(l, "jackknife: hint: ") || !strings.HasPrefix(l, "jackknife: error: ") && strings.HasPrefix(l, "jackknife: ")
	})
	if !slices.Contains(strings.Split(args[1], ","), code) || code != "0" && len(lines) != 1 || code == "3" && !strings.Contains(said.String(), "jackknife: hint: ") || !strings.HasPrefix(said.String()+"jackknife: ", "jackknife: ") {
		ts.Fatalf("%s: exit code %s\n%s", strings.Join(args[2:], " "), code, &said)
	}
	ts.Logf("%s: %s after %v: %s", strings.Join(args[2:], " "), code, time.Since(killed).Round(time.Millisecond), strings.TrimSpace(said.String()))
	again, err := server.Again()
	ts.Check(err)
	ts.Defer(again.Stop)
	scriptServers.Store(ts.MkAbs("server"), again)
})
