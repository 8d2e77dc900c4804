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
// -C 12 -P 10. Those that begin with -- are jackd's own: --port-max=4096. The log goes into the folder dir. The server is realtime where
// the kernel allows that.
//
// -S because JACK2's asynchronous mode drops and repeats periods between
// software clients on a busy machine. At most eight jackd can run on a machine;
// when they do, StartJackd waits for one to end. A server that hangs because a
// JACK process was killed in the metadata store is started a second time, on a
// new store.
func StartJackd(dir string, args ...string) (*Server, error) {
	return startNamed(dir, "jk"+strings.ToLower(rand.Text()[:10]), args)
}

func startNamed(dir, name string, args []string) (*Server, error) {
	limit := time.Now().Add(startLimit)
	for {
		s, err := startJackd(dir, name, args)
		switch {
		case errors.Is(err, errEnded) && strings.Contains(err.Error(), "Too many servers"):
			time.Sleep(100 * time.Millisecond)
		case errors.Is(err, errHangs):
			os.RemoveAll(fmt.Sprintf("/dev/shm/jack_db-%d", os.Getuid()))
		default:
			return s, err
		}
		if time.Now().After(limit) {
			return startJackd(dir, name, args)
		}
	}
}

func startJackd(dir, name string, args []string) (*Server, error) {
	again := func() (*Server, error) { return startNamed(dir, name, args) }
	scheduling := "-r"
	if realtimeAllowed() {
		scheduling = "-R"
	}
	command := []string{"-n", name, "-S", scheduling}
	driver := []string{"-d", "dummy", "-r", "48000", "-p", "1024", "-C", "12", "-P", "10"}
	for _, a := range args {
		if strings.HasPrefix(a, "--") {
			command = append(command, a)
		} else {
			driver = append(driver, a)
		}
	}
	command = append(command, driver...)
	env := append(private(), "JACK_NO_AUDIO_RESERVATION=1", "JACK_NO_START_SERVER=1")
	sweep := func(crashed bool) {
		if crashed {
			takeOver(name, env)
		}
		removeAll("/dev/shm/jack_" + name + "_*")
		removeAll("/dev/shm/jack_sem.*_" + name + "_*")
	}
	s, err := start(filepath.Join(dir, name+".log"), env, sweep, "jackd", command...)
	if err != nil {
		return nil, fmt.Errorf("start jackd: %w", err)
	}
	s.Name, s.again = name, again
	s.env = []string{"JACK_DEFAULT_SERVER=" + name, "JACK_NO_START_SERVER=1"}
	if err := s.await(func() bool { return answers(name) }); err != nil {
		return nil, fmt.Errorf("jackd %s: %w", name, err)
	}
	return s, nil
}

// takeOver frees the place of a jackd that crashed. JACK2 keeps eight places
// for servers in a file of the whole machine and gives a dead server's place
// only to one of the same name: so one starts under that name and ends well.
// Without this, eight crashes would keep every jackd from starting.
func takeOver(name string, env []string) {
	s, err := start(os.DevNull, env, func(bool) {}, "jackd", "-n", name, "-r", "-d", "dummy")
	if err == nil && s.await(func() bool { return answers(name) }) == nil {
		s.Stop()
	}
}

// answers reports whether a jackd can be opened. A connection that is closed
// again without a request is how libjack itself asks that.
func answers(name string) bool {
	c, err := net.Dial("unix", fmt.Sprintf("/dev/shm/jack_%s_%d_0", name, os.Getuid()))
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
