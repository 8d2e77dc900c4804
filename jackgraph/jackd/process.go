package jackd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Errors a caller may tell apart.
var (
	ErrNoProgram = errors.New("is not installed")
	ErrRunning   = errors.New("a server of that name is running already")
	ErrEnded     = errors.New("jackd ended")
)

// endLimit is how long jackd may take to end before it is killed.
const endLimit = 15 * time.Second

// stampLayout begins each line of a log.
const stampLayout = "2006-01-02T15:04:05.000"

// Running returns the process of the server of a name, 0 where none of this
// user's runs. jackdbus is one too.
func Running(name string) (pid int) {
	// A connection that is closed without a request is how libjack asks (JackSocket.cpp).
	c, err := net.Dial("unix", fmt.Sprintf("/dev/shm/jack_%s_%d_0", name, os.Getuid()))
	if err != nil {
		return 0
	}
	defer c.Close()
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0
	}
	raw.Control(func(fd uintptr) {
		if peer, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = int(peer.Pid)
		}
	})
	return pid
}

// Program returns the name of a process's program.
func Program(pid int) string {
	comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(comm))
}

// Place is where the state and the log of the servers are that Run keeps.
type Place string

func (p Place) file(name, suffix string) string {
	return filepath.Join(string(p), "server-"+strings.ReplaceAll(name, "/", "_")+suffix)
}

// Log returns the file of a server's log. The log before it, where there is
// one, has .old at its end.
func (p Place) Log(name string) string { return p.file(name, ".log") }

// State is a server that Run keeps.
type State struct {
	Name     string    `json:"name"`
	Keeper   int       `json:"keeper"` // process of Run
	PID      int       `json:"pid"`    // of jackd
	Since    time.Time `json:"since"`
	Settings Settings  `json:"settings"`
}

// State returns the running server of a name, ok only where Run keeps it.
func (p Place) State(name string) (s State, ok bool) {
	text, err := os.ReadFile(p.file(name, ".json"))
	if err != nil || json.Unmarshal(text, &s) != nil {
		return State{}, false
	}
	// The number of a process that has ended may be another's by now.
	return s, s.PID != 0 && Running(name) == s.PID
}

// Run starts jackd, copies what it says to log with the time before each line,
// and returns when it has ended: nil if ctx asked for that, ErrEnded else.
// Where this process is killed the kernel ends jackd.
func (p Place) Run(ctx context.Context, name string, s Settings, log io.Writer) error {
	if s.DBus {
		return errors.New("dbus=yes: jackdbus runs by itself")
	}
	if Running(name) != 0 {
		return fmt.Errorf("%s: %w", name, ErrRunning)
	}
	if err := os.MkdirAll(string(p), 0o700); err != nil {
		return err
	}
	args := s.Args(name)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	if !sessionBus() {
		cmd.Env = append(os.Environ(), "JACK_NO_AUDIO_RESERVATION=1") // else jackd ends, as over ssh
	}
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = in, in
	err = cmd.Start()
	in.Close()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("jackd: %w", ErrNoProgram)
	}
	if err != nil {
		return fmt.Errorf("jackd: %w", err)
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		copyStamped(log, out)
	}()
	err = p.note(State{name, os.Getpid(), cmd.Process.Pid, time.Now().Truncate(time.Second), s})
	ended := make(chan struct{})
	stopped := context.AfterFunc(ctx, func() { end(cmd.Process, ended) })
	<-copied
	failed := cmd.Wait()
	close(ended)
	os.Remove(p.file(name, ".json"))
	if !stopped() {
		return err
	}
	if failed == nil {
		failed = errors.New("of its own accord")
	}
	return errors.Join(err, fmt.Errorf("%w: %w", ErrEnded, failed))
}

// sessionBus reports whether there is a bus on which jackd can ask others for the
// card.
func sessionBus() bool {
	_, err := os.Stat(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus"))
	return err == nil || os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" || os.Getenv("DISPLAY") != ""
}

// end asks a process to end, and kills it when it does not.
func end(p *os.Process, ended <-chan struct{}) {
	p.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(endLimit):
		p.Kill()
	}
}

// note writes the state. It may be read at any moment.
func (p Place) note(s State) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	file := p.file(s.Name, ".json")
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func copyStamped(to io.Writer, from io.Reader) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			fmt.Fprintf(to, "%s %s\n", time.Now().Format(stampLayout), line)
		}
		if err != nil {
			return
		}
	}
}

// logLimit is the size from which on a log begins anew.
const logLimit = 1 << 20

// lockLimit is how long jackd may wait for a lock before it can be used: a living
// process has it for less than a millisecond.
const lockLimit = 3 * time.Second

// Start has a program run the server of a name, apart from this process and its
// terminal: command, which calls Run and writes what it says to its standard
// output. It returns when the server can be used. StartError comes with what
// jackd said last, LockError where it hangs in the store. Where as many servers
// run as JACK2 has places for, it waits for one to end.
func (p Place) Start(ctx context.Context, name string, command []string) error {
	for {
		err := p.start(ctx, name, command)
		var failed *StartError
		if !errors.As(err, &failed) || !strings.Contains(failed.Said, "Too many servers") {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (p Place) start(ctx context.Context, name string, command []string) error {
	if err := os.MkdirAll(string(p), 0o700); err != nil {
		return err
	}
	file := p.Log(name)
	if info, err := os.Stat(file); err == nil && info.Size() > logLimit {
		if err := os.Rename(file, file+".old"); err != nil {
			return err
		}
	}
	log, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	begin, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	moved := time.Now()
	for {
		s, ok := p.State(name)
		ours := s.Keeper == cmd.Process.Pid
		if ok && ours {
			return nil
		}
		if !ours || !waitsForLock(s.PID) {
			moved = time.Now()
		} else if time.Since(moved) > lockLimit {
			syscall.Kill(s.PID, syscall.SIGKILL) // it hears nothing else
			<-ended
			store, _ := FindStore()
			return &LockError{store}
		}
		select {
		case <-ended:
			said, _ := io.ReadAll(io.NewSectionReader(log, begin, 1<<16))
			return &StartError{string(bytes.TrimSpace(said))}
		case <-ctx.Done():
			end(cmd.Process, ended)
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// StartError is that jackd ended before it could be used.
type StartError struct{ Said string }

func (e *StartError) Error() string { return "jackd did not start: " + e.reason() }

// reason is the line of what jackd said that tells most.
func (e *StartError) reason() string {
	lines := strings.Split(e.Said, "\n")
	for i, line := range lines {
		if _, text, ok := cutStamp(line); ok {
			lines[i] = strings.TrimSpace(text)
		}
	}
	for _, telling := range []string{"already in use", "busy", "acquired", "ALSA:", "Too many", "Cannot", "cannot", "rror"} {
		for _, line := range lines {
			if strings.Contains(line, telling) {
				return line
			}
		}
	}
	return lines[len(lines)-1]
}

// Stop ends the server of a name by its process, or that of the Run that keeps
// it, and returns when it is gone.
func Stop(ctx context.Context, name string, pid int) error {
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("end process %d: %w", pid, err)
	}
	limit := time.After(2 * endLimit)
	for Running(name) != 0 || alive(pid) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			return fmt.Errorf("process %d does not end", pid)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// alive reports whether a process has not ended: one that nobody has waited for
// has.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	after := bytes.LastIndexByte(stat, ')') // of the program's name
	return err == nil && !bytes.HasPrefix(stat[after+1:], []byte(" Z"))
}

// control tells jackdbus, which the session bus starts, what to do.
func control(ctx context.Context, words ...string) error {
	out, err := exec.CommandContext(ctx, "jack_control", words...).CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("jack_control: %w", ErrNoProgram)
	case err != nil, bytes.Contains(out, []byte("Exception")), bytes.Contains(out, []byte("rror")):
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("jackdbus: %s", lines[len(lines)-1])
	}
	return nil
}

// StartOnBus has jackdbus run a server of a name.
func StartOnBus(ctx context.Context, name string, s Settings) error {
	return control(ctx, s.controlArgs(name)...)
}

// StopOnBus has jackdbus end the server.
func StopOnBus(ctx context.Context) error { return control(ctx, "stop") }
