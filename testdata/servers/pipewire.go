package servers

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed pipewire.conf
var pipewireConfig []byte

// StartPipeWire starts a private PipeWire daemon whose configuration, sockets
// and log are in the folder dir, and returns when its ports are there.
func StartPipeWire(dir string) (*Server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	const sun = 108 // bytes in a Unix socket address
	if longest := filepath.Join(dir, "pipewire-0-manager"); len(longest) >= sun {
		return nil, fmt.Errorf("start pipewire: %s: too long for a socket", longest)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, err
	}
	text, err := configuration()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "pipewire.conf")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		return nil, err
	}
	libraries, err := jackLibraries()
	if err != nil {
		return nil, err
	}
	where := []string{"XDG_RUNTIME_DIR=" + dir, "PIPEWIRE_RUNTIME_DIR=" + dir, "PIPEWIRE_REMOTE=pipewire-0"}
	env := append(private(), where[:2]...)
	sweep := func(bool) { removeAll(filepath.Join(dir, "pipewire-0*")) }
	s, err := start(filepath.Join(dir, "pipewire.log"), env, sweep, "pipewire", "-c", config)
	if err != nil {
		return nil, fmt.Errorf("start pipewire: %w", err)
	}
	s.again = func() (*Server, error) { return StartPipeWire(dir) }
	s.env = append(where, libraries, "JACK_NO_START_SERVER=1", "JACK_DEFAULT_SERVER=")
	ready := func() bool {
		cmd := exec.Command("pw-link", "-io")
		cmd.Env = append(os.Environ(), where...)
		out, err := cmd.Output()
		return err == nil && strings.Count(string(out), "system:") == 22
	}
	if err := s.await(ready); err != nil {
		return nil, fmt.Errorf("pipewire in %s: %w", dir, err)
	}
	return s, nil
}

// configuration returns pipewire.conf for the PipeWire that is installed. The
// card drives the graph, but 1.0's source runs out of buffers when it does, and is
// driven; 0.3.65's and 1.4's falls silent where it is driven.
func configuration() ([]byte, error) {
	out, err := exec.Command("pipewire", "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("pipewire --version: %w", err)
	}
	if !strings.Contains(string(out), " libpipewire 1.0.") {
		return pipewireConfig, nil
	}
	driven := strings.NewReplacer("linger = true priority.driver = 1900", "linger = true node.group = pipewire.dummy",
		"linger = true priority.driver = 2000", "linger = true node.group = pipewire.dummy")
	return []byte(driven.Replace(string(pipewireConfig))), nil
}

// jackLibraries returns the LD_LIBRARY_PATH=... under which programs load
// PipeWire's libjack, as the distribution's own pw-jack sets it.
func jackLibraries() (string, error) {
	out, err := exec.Command("pw-jack", "env").Output()
	if err != nil {
		return "", fmt.Errorf("pw-jack: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "LD_LIBRARY_PATH=") {
			return strings.TrimSpace(line), nil
		}
	}
	return "", fmt.Errorf("pw-jack: no LD_LIBRARY_PATH in its environment")
}
