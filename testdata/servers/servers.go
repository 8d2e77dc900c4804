// Package servers starts private audio servers for tests: jackd with its dummy
// driver, and PipeWire without a session manager. Both show the ports of a
// Delta 1010LT, system:capture_1..12 and system:playback_1..10, and neither
// can be seen by, or see, the servers of the person running the tests.
//
// The package is pure Go and knows nothing of *testing.T, so that scripts,
// benchmarks and the demo can use it too.
package servers

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	startLimit = 15 * time.Second // until usable; generous, the machine may be busy
	stopLimit  = 5 * time.Second  // from SIGTERM to SIGKILL
	pollEvery  = 5 * time.Millisecond
)

// Server is a running private server. Its methods may be called from any
// goroutine, Stop and Kill more than once.
type Server struct {
	Name string // JACK server name; empty for PipeWire
	Log  string // file with everything the server printed

	env     []string
	process *os.Process
	ended   chan struct{} // closed once the process is gone, reaped and swept
	again   func() (*Server, error)
}

// Again starts the server once more when it has ended: clients find it where
// this one was.
func (s *Server) Again() (*Server, error) { return s.again() }

// Env returns the NAME=value strings that point libjack clients at this
// server. Append them to os.Environ().
func (s *Server) Env() []string { return append([]string(nil), s.env...) }

// PID returns the process id of the server.
func (s *Server) PID() int { return s.process.Pid }

// Stop ends the server, by force if it does not go on its own, waits for its
// end and removes what it left in shared memory.
func (s *Server) Stop() {
	s.process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(stopLimit):
		s.Kill()
	}
}

// Kill ends the server as a crash would: no clean-up of its own, clients find
// their sockets closed. It returns when the process is gone and what it left
// in shared memory is removed.
func (s *Server) Kill() {
	s.process.Kill()
	<-s.ended
}

// start runs a server whose output goes to the file log and returns at once.
// The kernel ends the server when this process dies, however that happens.
// sweep, called after its end, removes what it left.
func start(log string, env []string, sweep func(crashed bool), name string, args ...string) (*Server, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(name, args...)
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{Log: log, process: cmd.Process, ended: make(chan struct{})}
	go func() {
		cmd.Wait()
		status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
		sweep(ok && status.Signaled())
		close(s.ended)
	}()
	return s, nil
}

// Why a server cannot be used: it went away before, or it does not get there.
var (
	errEnded = errors.New("ended before it could be used")
	errHangs = fmt.Errorf("not usable after %v", startLimit)
)

// await polls until ready says so. On failure the server is stopped and the
// error carries the end of its log.
func (s *Server) await(ready func() bool) error {
	limit := time.Now().Add(startLimit)
	for {
		select {
		case <-s.ended:
			return fmt.Errorf("%w: %s", errEnded, tail(s.Log))
		default:
		}
		if ready() {
			return nil
		}
		if time.Now().After(limit) {
			s.Stop()
			return fmt.Errorf("%w: %s", errHangs, tail(s.Log))
		}
		time.Sleep(pollEvery)
	}
}

// tail returns the last lines of a log.
func tail(name string) []byte {
	b, err := os.ReadFile(name)
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(b[max(0, len(b)-2000):])
}

// private returns the environment without the variables that lead to other
// servers.
func private() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "JACK_") && !strings.HasPrefix(v, "PIPEWIRE_") {
			env = append(env, v)
		}
	}
	return env
}

// removeAll removes the files a pattern matches.
func removeAll(pattern string) {
	names, _ := filepath.Glob(pattern)
	for _, name := range names {
		os.Remove(name)
	}
}
