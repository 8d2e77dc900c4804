//go:build cgo

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/jackgraph/jackd"
)

// ownname gives the script the name of a server that nobody else has, and a
// place for its state and presets. It waits until JACK2 has places for more
// servers on this machine than one. The script's end ends what runs under the name.
var _ = addScriptCommand("ownname", func(ts *testscript.TestScript, neg bool, args []string) {
	name := "jkown" + strings.ToLower(rand.Text()[:8])
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(100 * time.Millisecond) {
		if places, _ := os.ReadFile("/dev/shm/jack-shm-registry"); bytes.Count(places, []byte(":\x00")) < 7 {
			break
		}
	}
	ts.Setenv("JACK_DEFAULT_SERVER", name)
	ts.Setenv("XDG_STATE_HOME", ts.MkAbs("state"))
	ts.Setenv("XDG_CONFIG_HOME", ts.MkAbs("config"))
	ts.Defer(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if pid := jackd.Running(name); pid != 0 {
			if err := jackd.Stop(ctx, name, pid); err != nil {
				ts.Logf("%s: %v", name, err)
			}
		}
		if places, _ := os.ReadFile("/dev/shm/jack-shm-registry"); !bytes.Contains(places, []byte(name)) {
			return
		}
		// It crashed, was killed or could not start. Only one of its name frees its
		// place, of eight on a machine.
		again := exec.Command("jackd", "-n", name, "-r", "-d", "dummy")
		if err := again.Start(); err == nil {
			for jackd.Running(name) == 0 && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
			again.Process.Signal(os.Interrupt)
			again.Wait()
		}
	})
})

// lateclient runs a program that misses its deadline under the name late, until
// the log of the server says so.
var _ = addScriptCommand("lateclient", func(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs("late.c"), []byte(lateSource), 0o600))
	if out, err := exec.Command("gcc", "-o", ts.MkAbs("late"), ts.MkAbs("late.c"), "-ljack").CombinedOutput(); err != nil {
		ts.Fatalf("gcc: %s", out)
	}
	late := exec.Command(ts.MkAbs("late"))
	late.Env = append(os.Environ(), "JACK_DEFAULT_SERVER="+ts.Getenv("JACK_DEFAULT_SERVER"), "JACK_NO_START_SERVER=1")
	ts.Check(late.Start())
	defer late.Wait()
	defer late.Process.Kill()
	log := filepath.Join(ts.MkAbs("state"), "jackknife", "server-"+ts.Getenv("JACK_DEFAULT_SERVER")+".log")
	for limit := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if text, _ := os.ReadFile(log); strings.Contains(string(text), "client = late was not finished") {
			return
		}
		if time.Now().After(limit) {
			ts.Fatalf("no xrun in %s", log)
		}
	}
})

const lateSource = `
#include <jack/jack.h>
#include <unistd.h>
static int process(jack_nframes_t frames, void *arg) {
	static int n;
	if (++n % 20 == 0)
		usleep(100000);
	return 0;
}
int main(void) {
	jack_client_t *c = jack_client_open("late", JackNoStartServer, NULL);
	if (!c)
		return 1;
	jack_set_process_callback(c, process, NULL);
	jack_port_register(c, "x", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
	jack_activate(c);
	sleep(20);
}
`
