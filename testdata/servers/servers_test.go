package servers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// ports lists the ports of a server with its own distribution's jack_lsp.
func ports(t *testing.T, s *Server) []string {
	t.Helper()
	cmd := exec.Command("jack_lsp")
	cmd.Env = append(os.Environ(), s.Env()...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("jack_lsp: %v\n%s", err, out)
	}
	var names []string
	for _, name := range strings.Fields(string(out)) {
		if strings.HasPrefix(name, "system:") {
			names = append(names, name)
		}
	}
	return names
}

func TestMain(m *testing.M) {
	if err := Alone(); err != nil {
		panic(err)
	}
	m.Run()
}

func TestJackd(t *testing.T) {
	dir := t.TempDir()
	for range 5 {
		s, err := StartJackd(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := ports(t, s); len(got) != 22 {
			t.Errorf("%d ports, want 22: %v", len(got), got)
		}
		s.Stop()
		s.Stop()
		left(t, s.Name)
	}
}

func TestJackdKilled(t *testing.T) {
	s, err := StartJackd(t.TempDir(), "-C", "2", "-P", "1", "-p", "64")
	if err != nil {
		t.Fatal(err)
	}
	if got := ports(t, s); len(got) != 3 {
		t.Errorf("ports %v, want 3", got)
	}
	s.Kill()
	left(t, s.Name)
}

// Nine servers at once are one more than jackd can: the ninth waits.
func TestJackdNinth(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 9 {
		wg.Go(func() {
			s, err := StartJackd(dir)
			if err != nil {
				t.Error(err)
				return
			}
			time.Sleep(time.Second)
			s.Stop()
		})
	}
	wg.Wait()
}

func TestPipeWire(t *testing.T) {
	s, err := StartPipeWire(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if got := ports(t, s); len(got) != 22 {
		t.Errorf("%d ports, want 22: %v", len(got), got)
	}
}

func TestNoJackd(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if s, err := StartJackd(t.TempDir()); err == nil {
		s.Stop()
		t.Fatal("started without a jackd")
	}
}

func left(t *testing.T, name string) {
	t.Helper()
	names, err := filepath.Glob("/dev/shm/*" + name + "*")
	if err != nil || len(names) > 0 {
		t.Errorf("left behind: %v %v", names, err)
	}
}

// A server killed or crashed gives its place on the machine back: ten crashes
// are more than JACK2 would take.
func TestJackdCrashes(t *testing.T) {
	dir := t.TempDir()
	for range 10 {
		s, err := StartJackd(dir)
		if err != nil {
			t.Fatal(err)
		}
		s.Kill()
		s.Stop()
		left(t, s.Name)
	}
}

// The kernel ends the servers of a test that crashed.
func TestParentKilled(t *testing.T) {
	if os.Getenv("SERVERS_CHILD") != "" {
		s, err := StartJackd(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString(s.Name + "\n")
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestParentKilled$")
	cmd.Env = append(os.Environ(), "SERVERS_CHILD=1", "TMPDIR="+t.TempDir())
	out, err := cmd.Output()
	name := strings.TrimSpace(string(out))
	if err == nil || !strings.HasPrefix(name, "jk") {
		t.Fatalf("child: %v, %s", err, out)
	}
	for limit := time.Now().Add(stopLimit); answers(name); time.Sleep(pollEvery) {
		if time.Now().After(limit) {
			t.Fatalf("%s outlived its parent", name)
		}
	}
}
