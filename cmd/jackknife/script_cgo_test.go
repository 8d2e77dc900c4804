//go:build cgo

package main

import (
	"bufio"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	jack "github.com/xthexder/go-jack"

	"jackknife/testdata/servers"
)

// TestJackScripts runs the scripts that need an audio server.
func TestJackScripts(t *testing.T) { runScripts(t, "testdata/jack") }

// jackd [ARG...] starts a private jackd with arguments of the dummy driver and
// points the script at it; the script's end ends it. stopserver and killserver
// end it before, restartserver starts it anew, hangserver makes it hang.
var _ = addScriptCommand("jackd", func(ts *testscript.TestScript, neg bool, args []string) {
	startServer(ts, neg, func(dir string) (*servers.Server, error) { return servers.StartJackd(dir, args...) })
})

// pipewire starts a private PipeWire in the place of a jackd.
var _ = addScriptCommand("pipewire", func(ts *testscript.TestScript, neg bool, args []string) {
	startServer(ts, neg, servers.StartPipeWire)
})

var (
	_ = addScriptCommand("stopserver", func(ts *testscript.TestScript, neg bool, args []string) { scriptServer(ts, neg).Stop() })
	_ = addScriptCommand("killserver", func(ts *testscript.TestScript, neg bool, args []string) { scriptServer(ts, neg).Kill() })
	_ = addScriptCommand("restartserver", func(ts *testscript.TestScript, neg bool, args []string) {
		s := scriptServer(ts, neg)
		s.Stop()
		startServer(ts, neg, func(string) (*servers.Server, error) { return s.Again() })
	})
	_ = addScriptCommand("hangserver", func(ts *testscript.TestScript, neg bool, args []string) {
		ts.Check(syscall.Kill(scriptServer(ts, neg).PID(), syscall.SIGSTOP))
	})
)

// scriptServers holds the server of each script by its folder.
var scriptServers sync.Map

func startServer(ts *testscript.TestScript, neg bool, start func(dir string) (*servers.Server, error)) {
	if neg {
		ts.Fatalf("a server cannot be asked not to start")
	}
	dir := ts.MkAbs("server")
	ts.Check(os.MkdirAll(dir, 0o700))
	s, err := start(dir)
	ts.Check(err)
	ts.Defer(s.Stop)
	for _, v := range s.Env() {
		name, value, _ := strings.Cut(v, "=")
		ts.Setenv(name, value)
	}
	ts.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	ts.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	scriptServers.Store(dir, s)
}

func scriptServer(ts *testscript.TestScript, neg bool) *servers.Server {
	s, ok := scriptServers.Load(ts.MkAbs("server"))
	if neg || !ok {
		ts.Fatalf("no server was started")
	}
	return s.(*servers.Server)
}

// client NAME [idle] PORT... runs a program with these ports until the script
// ends. A port is in:audio:NAME, out:midi:NAME and so on. An idle one is active only
// a second after it is ready.
var _ = addScriptCommand("client", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: client NAME PORT...")
	}
	cmd := exec.Command(clientProgram, args...)
	cmd.Env = os.Environ()
	for _, name := range []string{"JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR", "PIPEWIRE_RUNTIME_DIR", "PIPEWIRE_REMOTE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	ts.Check(err)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		in.Close()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		ts.Fatalf("client %s: %s %v", args[0], line, err)
	}
})

// eventually FILE PATTERN [PROGRAM ARG...] waits until a line of a file matches,
// and runs a program again and again meanwhile.
var _ = addScriptCommand("eventually", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually FILE PATTERN [PROGRAM ARG...]")
	}
	pattern := regexp.MustCompile("(?m)" + args[1])
	for limit := time.Now().Add(15 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		b, _ := os.ReadFile(ts.MkAbs(args[0]))
		if pattern.Match(b) {
			return
		}
		if time.Now().After(limit) {
			ts.Fatalf("no %s in %s:\n%s", args[1], args[0], b)
		}
		if len(args) > 2 {
			ts.Exec(args[2], args[3:]...)
		}
	}
})

// property PORT KEY VALUE sets one of JACK's properties of a port, as
// pretty-name. It tries until the server has it: under PipeWire jack_property
// may end before its own message is sent.
var _ = addScriptCommand("property", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: property PORT KEY VALUE")
	}
	key := "http://jackaudio.org/metadata/" + args[1]
	for range 20 {
		ts.Check(ts.Exec("jack_property", "-p", "-s", args[0], key, args[2], "text/plain"))
		if ts.Exec("jack_property", "-p", "-l", args[0]) == nil && strings.Contains(ts.ReadFile("stdout"), "key: "+key) {
			return
		}
	}
	ts.Fatalf("%s has no %s", args[0], args[1])
})

const clientProgram = "jackknife-test-client"

func init() { scriptPrograms[clientProgram] = runClient }

// runClient is a program that is a JACK client until its standard input ends.
func runClient() {
	args := os.Args[1:]
	c, status := jack.ClientOpen(args[0], jack.NoStartServer)
	if c == nil {
		log.Fatalf("open: status %#x", status)
	}
	idle := len(args) > 1 && args[1] == "idle"
	if idle {
		args = args[1:]
	}
	for _, port := range args[1:] {
		flags, typ := map[string]uint64{"in": jack.PortIsInput, "out": jack.PortIsOutput}, map[string]string{"audio": jack.DEFAULT_AUDIO_TYPE, "midi": jack.DEFAULT_MIDI_TYPE}
		p := strings.SplitN(port, ":", 3)
		if c.PortRegister(p[2], typ[p[1]], flags[p[0]], 0) == nil {
			log.Fatalf("register %s", port)
		}
	}
	c.SetProcessCallback(func(uint32) int { return 0 })
	if idle {
		os.Stdout.WriteString("ready\n")
		time.Sleep(time.Second)
	}
	if c.Activate() != 0 {
		log.Fatal("activate")
	}
	if !idle {
		os.Stdout.WriteString("ready\n")
	}
	io.Copy(io.Discard, os.Stdin)
	c.Close()
}
