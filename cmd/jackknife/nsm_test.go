//go:build cgo

package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"jackknife/testdata/servers"
)

// nsmManager is the other end of a session manager's socket, as far as a test
// needs it: addresses and strings of OSC.
type nsmManager struct {
	t    *testing.T
	conn *net.UDPConn
	from *net.UDPAddr
}

func (m *nsmManager) expect(address string) {
	m.t.Helper()
	buf := make([]byte, 4096)
	m.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		n, from, err := m.conn.ReadFromUDP(buf)
		if err != nil {
			m.t.Fatalf("no %s: %v", address, err)
		}
		m.from = from
		words := slices.DeleteFunc(strings.FieldsFunc(string(buf[:n]), func(r rune) bool { return r == 0 }), func(w string) bool { return w[0] == ',' })
		said := strings.Join(words, " ")
		if strings.HasPrefix(said, "/error") {
			m.t.Fatal(said)
		}
		if strings.HasPrefix(said, address) {
			return
		}
	}
}

func (m *nsmManager) say(address string, texts ...string) {
	pad := func(s string) string { return s + strings.Repeat("\x00", 4-len(s)%4) }
	p := pad(address) + pad(","+strings.Repeat("s", len(texts)))
	for _, text := range texts {
		p += pad(text)
	}
	m.conn.WriteToUDP([]byte(p), m.from)
}

// TestNSM: a manager's session keeps a connection, is told when there is
// something to save, and brings it back when it is opened again.
func TestNSM(t *testing.T) {
	for name, start := range map[string]func(dir string) (*servers.Server, error){
		"jackd":    func(dir string) (*servers.Server, error) { return servers.StartJackd(dir) },
		"pipewire": servers.StartPipeWire,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			server, err := start(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Stop()
			conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			m := &nsmManager{t: t, conn: conn}
			serve, stop := startJackknife(t, append(server.Env(), "NSM_URL=osc.udp://"+conn.LocalAddr().String()+"/", "XDG_STATE_HOME="+dir))
			defer stop()
			m.expect("/nsm/server/announce")
			m.say("/reply", "/nsm/server/announce", "hello", "test", ":")
			path := filepath.Join(dir, "session", "jackknife.nTEST")
			m.say("/nsm/client/open", path, "evening", "jackknife.nTEST")
			m.expect("/reply /nsm/client/open")

			serve("connect", "system:capture_1", "system:playback_2")
			m.expect("/nsm/client/is_dirty")
			m.say("/nsm/client/save")
			m.expect("/nsm/client/is_clean")
			m.expect("/reply /nsm/client/save")
			text, err := os.ReadFile(filepath.Join(path, "connections.patch"))
			if err != nil || !strings.Contains(string(text), "system:capture_1 -> system:playback_2") {
				t.Fatalf("saved %s, %v", text, err)
			}

			// Another session without it, and this one again.
			m.say("/nsm/client/open", filepath.Join(dir, "other", "jackknife.nTEST"), "morning", "jackknife.nTEST")
			m.expect("/reply /nsm/client/open")
			// Until keep has begun it takes the cut for one that happened while it
			// was away, and mends it.
			cutting, stopCutting := context.WithCancel(context.Background())
			var cutter sync.WaitGroup
			cutter.Go(func() {
				for cutting.Err() == nil {
					serve("disconnect", "system:capture_1", "system:playback_2")
					time.Sleep(500 * time.Millisecond)
				}
			})
			m.expect("/nsm/client/is_dirty")
			stopCutting()
			cutter.Wait()
			m.say("/nsm/client/open", path, "evening", "jackknife.nTEST")
			m.expect("/reply /nsm/client/open")
			for limit := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
				if strings.Contains(serve("ports", "-c", "system:capture_1"), "-> system:playback_2") {
					break
				}
				if time.Now().After(limit) {
					t.Fatal("the connection of the session does not come back")
				}
			}
		})
	}
}

// startJackknife runs the program as a manager does, under the name it has
// there, and returns a way to run commands on the same server. stop asks it to
// end, as a manager does.
func startJackknife(t *testing.T, env []string) (command func(args ...string) string, stop func()) {
	t.Helper()
	cmd := exec.Command(nsmProgram)
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func(args ...string) string {
			c := exec.Command("jackknife", args...)
			c.Env, c.Stderr = append(os.Environ(), env...), os.Stderr
			out, _ := c.Output()
			return string(out)
		}, func() {
			cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		}
}
