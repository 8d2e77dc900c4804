package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"jackknife/testdata/servers"
)

// TestMain lets the scripts run the real program as the command jackknife.
func TestMain(m *testing.M) {
	if err := servers.Alone(); err != nil {
		panic(err)
	}
	testscript.Main(m, scriptPrograms)
}

// scriptPrograms are what the test binary is when it is run under these names.
var scriptPrograms = map[string]func(){"jackknife": main, nsmProgram: main}

// scriptCommands are the commands the scripts have beyond testscript's own.
// A test file adds its commands with
//
//	var _ = addScriptCommand("name", f)
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){}

func addScriptCommand(name string, f func(ts *testscript.TestScript, neg bool, args []string)) bool {
	if scriptCommands[name] != nil {
		panic("two script commands are called " + name)
	}
	scriptCommands[name] = f
	return true
}

// TestScripts runs the scripts that need no audio server.
func TestScripts(t *testing.T) { runScripts(t, "testdata") }

// runScripts runs the scripts in dir. A script reaches only the servers that
// it starts itself.
func runScripts(t *testing.T, dir string) {
	t.Helper()
	recipes, err := filepath.Abs("../../doc/recipes")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Cmds:                scriptCommands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("JACK_NO_START_SERVER", "1")
			e.Setenv("JACK_DEFAULT_SERVER", "jackknife-test-none")
			e.Setenv("NO_COLOR", "1")
			e.Setenv("RECIPES", recipes)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "soak": // make soak asks for what takes long, or may hang
				return os.Getenv("JACKKNIFE_SOAK") != "", nil
			case "alone": // root, where containers let it
				return exec.Command("unshare", "-m", "-i", "true").Run() == nil, nil
			case "sequencer":
				_, err := os.Stat("/dev/snd/seq")
				return err == nil, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
	})
}

// exits runs a program and checks its exit code: exits 3 jackknife ports
var _ = addScriptCommand("exits", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%s: exit code %d, want %s", args[1], got, args[0])
	}
})
