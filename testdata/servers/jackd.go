package servers

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// StartJackd starts a jackd of its own name in synchronous mode on the dummy
// driver and returns when clients can open it. args are arguments of the dummy
// driver, for instance "-p", "64"; what they do not say is -r 48000 -p 1024
// -C 12 -P 10. The log goes into the folder dir. The server is realtime where
// the kernel allows that.
//
// -S because JACK2's asynchronous mode drops and repeats periods between
// software clients on a busy machine. At most eight jackd can run on a machine;
// when they do, StartJackd waits for one to end.
func StartJackd(dir string, args ...string) (*Server, error) {
	limit := time.Now().Add(startLimit)
	for {
		s, err := startJackd(dir, args)
		full := errors.Is(err, errEnded) && strings.Contains(err.Error(), "Too many servers")
		if !full || time.Now().After(limit) {
			return s, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func startJackd(dir string, args []string) (*Server, error) {
	name := "jk" + strings.ToLower(rand.Text()[:10])
	scheduling := "-r"
	if realtimeAllowed() {
		scheduling = "-R"
	}
	args = append([]string{"-n", name, "-S", scheduling,
		"-d", "dummy", "-r", "48000", "-p", "1024", "-C", "12", "-P", "10"}, args...)
	env := append(private(), "JACK_NO_AUDIO_RESERVATION=1", "JACK_NO_START_SERVER=1")
	s, err := start(filepath.Join(dir, name+".log"), env, "jackd", args...)
	if err != nil {
		return nil, fmt.Errorf("start jackd: %w", err)
	}
	s.Name = name
	s.env = []string{"JACK_DEFAULT_SERVER=" + name, "JACK_NO_START_SERVER=1"}
	s.sweep = func() {
		removeAll("/dev/shm/jack_" + name + "_*")
		removeAll("/dev/shm/jack_sem.*_" + name + "_*")
	}
	// A connection that is closed again without a request is how libjack
	// itself asks whether a server is there.
	socket := fmt.Sprintf("/dev/shm/jack_%s_%d_0", name, os.Getuid())
	if err := s.await(func() bool { return answers(socket) }); err != nil {
		return nil, fmt.Errorf("jackd %s: %w", name, err)
	}
	return s, nil
}

// answers reports whether a server listens at a Unix socket.
func answers(socket string) bool {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// realtimeAllowed asks the kernel for the priority that jackd uses, and gives
// it back.
func realtimeAllowed() bool {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	had, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return false
	}
	want := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 10}
	if unix.SchedSetAttr(0, want, 0) != nil {
		return false
	}
	return unix.SchedSetAttr(0, had, 0) == nil
}
