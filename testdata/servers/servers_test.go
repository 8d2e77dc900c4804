package servers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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

func TestBadDriverArgument(t *testing.T) {
	s, err := StartJackd(t.TempDir(), "--nonsense")
	if err == nil {
		s.Stop()
		t.Fatal("jackd with an unknown argument started")
	}
}

func left(t *testing.T, name string) {
	t.Helper()
	names, err := filepath.Glob("/dev/shm/*" + name + "*")
	if err != nil || len(names) > 0 {
		t.Errorf("left behind: %v %v", names, err)
	}
}
