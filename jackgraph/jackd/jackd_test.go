package jackd

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	for text, args := range map[string]string{
		"driver=alsa": "jackd -n x -S -d alsa -r 48000 -p 1024 -n 2",
		"driver=alsa device=hw:M1010LT block=256 periods=3 inputs=12 outputs=10 priority=70 ports=4096 midi=seq": "jackd -n x -R -P 70 -S -p 4096 -d alsa -r 48000 -p 256 -n 3 -d hw:M1010LT -i 12 -o 10 -X seq",
		"driver=alsa inputs=0":                                 "jackd -n x -S -d alsa -r 48000 -p 1024 -n 2 -P -i 0",
		"driver=dummy rate=44100 inputs=0 priority=no sync=no": "jackd -n x -r -d dummy -r 44100 -p 1024 -C 0",
	} {
		s, err := Default.Set(strings.Fields(text))
		if got := strings.Join(s.Args("x"), " "); err != nil || got != args {
			t.Errorf("%s: %s, %v", text, got, err)
		}
		if back, err := Default.Set(s.Words()); err != nil || back != s {
			t.Errorf("%s: came back as %s, %v", text, back, err)
		}
	}
	for text, message := range map[string]string{
		"rate=fast":             "rate=fast: want a number from 8000 to 384000",
		"inputs=-1":             "inputs=-1: want a number from 0 to 256 or all",
		"block=8193":            "block=8193: want a number from 16 to 8192",
		"sync=1":                "sync=1: want yes or no",
		"driver=oss":            "driver=oss: want alsa or dummy",
		"block":                 "block: want KEY=VALUE; keys are driver, device, rate, block, periods, inputs, outputs, priority, sync, midi, ports, dbus",
		"driver=dummy device=x": "driver=dummy: has no device and no MIDI",
		"inputs=0 outputs=0":    "inputs=0 outputs=0: nothing to do",
	} {
		if _, err := Default.Set(strings.Fields(text)); err == nil || err.Error() != message {
			t.Errorf("%s: %v", text, err)
		}
	}
	if s, err := Default.Set([]string{"block=64", "block="}); err != nil || s != Default {
		t.Errorf("%s, %v", s, err)
	}
}

func TestPresets(t *testing.T) {
	text := "# mine\nstudio: driver=alsa block=256\n\nbench: driver=dummy\n"
	p, err := ParsePresets(text, "f")
	if err != nil || p.String() != text || !reflect.DeepEqual(p.Names(), []string{"studio", "bench"}) {
		t.Fatalf("%q, %v, %v", p, p.Names(), err)
	}
	s, ok := p.Settings("studio")
	if !ok || s.Block != 256 {
		t.Errorf("%v, %t", s, ok)
	}
	s.Block = 128
	want := "# mine\nstudio: driver=alsa block=128\n\nnew: driver=alsa block=128\n"
	if got := p.Put("studio", s).Delete("bench").Put("new", s).String(); got != want {
		t.Errorf("%q", got)
	}
	if p.String() != text {
		t.Error("the presets before have changed")
	}
	for text, message := range map[string]string{
		"\nstudio: rate=x\n": "f:2: rate=x: want a number from 8000 to 384000",
		"a: block=64\na:\n":  "f:2: a: there is one of that name above",
		"rate=1\n":           `f:1: "rate=1": want NAME: KEY=VALUE..., a name without =, :, #, / and space`,
	} {
		if _, err := ParsePresets(text, "f"); err == nil || err.Error() != message {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParsePresets(f *testing.F) {
	f.Add("# x\nstudio: driver=alsa device=hw:0 block=256\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePresets(text, "f")
		if err != nil {
			return
		}
		for _, name := range p.Names() {
			s, ok := p.Settings(name)
			q, err := ParsePresets(p.Put(name, s).String(), "f")
			if back, _ := q.Settings(name); !ok || err != nil || back != s {
				t.Errorf("%q: %s is %s, %v", text, name, back, err)
			}
		}
	})
}

// The lines are jackd 1.9.21's.
func TestReadXruns(t *testing.T) {
	log := `2026-11-23T20:00:00.000 JackTimedDriver::Process XRun = 60105 usec
2026-11-23T20:16:28.100 JACK server starting in realtime mode with priority 10
2026-11-23T20:16:29.100 JackEngine::XRun: client = late was not finished, state = Running
2026-11-23T20:16:29.100 JackAudioDriver::ProcessGraphAsyncMaster: Process error
2026-11-23T20:16:30.100 JackEngine::XRun: client = a = b was not finished, state = Triggered
2026-11-23T20:16:30.101 JackEngine::XRun: client = late was not finished, state = Triggered
2026-11-23T20:16:31.500 **** alsa_pcm: xrun of at least 0.123 msecs
2026-11-23T20:16:32.250 JackTimedDriver::Process XRun = 60105 usec
no time on this one: xrun of at least
`
	at := func(s string) time.Time {
		a, err := time.ParseInLocation(stampLayout, s, time.Local)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	want := Xruns{4, at("2026-11-23T20:16:32.250"), []Late{
		{"late", 2, at("2026-11-23T20:16:30.101")},
		{"a = b", 1, at("2026-11-23T20:16:30.100")},
	}}
	if x := ReadXruns(strings.NewReader(log), at("2026-11-23T20:16:28.000")); !reflect.DeepEqual(x, want) {
		t.Errorf("%+v", x)
	}
	log = "Mon Nov 23 20:16:29 2026: \x1b[1m\x1b[31mERROR: JackEngine::XRun: client late finished after current callback\x1b[0m\n"
	if x := ReadXruns(strings.NewReader(log), time.Time{}); x.Count != 1 || len(x.Clients) != 1 || x.Clients[0].Client != "late" {
		t.Errorf("%+v", x)
	}
}

// A server runs until it is told to end, and tells why when it ends before.
func TestRun(t *testing.T) {
	name := "jkrun" + strings.ToLower(rand.Text()[:8])
	p := Place(t.TempDir())
	dummy, err := Default.Set([]string{"driver=dummy", "priority=no"})
	if err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context) <-chan error {
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx, name, dummy, io.Discard) }()
		for limit := time.Now().Add(15 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			s, ok := p.State(name)
			if ok && s.Keeper == os.Getpid() && s.Settings == dummy && Program(s.PID) == "jackd" && Running(name) == s.PID {
				return done
			}
			if time.Now().After(limit) {
				t.Fatalf("no server: %v, %t", s, ok)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := run(ctx)
	if err := p.Run(t.Context(), name, dummy, io.Discard); !errors.Is(err, ErrRunning) {
		t.Errorf("another one: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("told to end: %v", err)
	}
	if _, ok := p.State(name); ok || Running(name) != 0 {
		t.Error("it is still there")
	}
	done = run(t.Context())
	if err := Stop(t.Context(), name, Running(name)); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, ErrEnded) {
		t.Errorf("ended from outside: %v", err)
	}
	done = run(t.Context())
	syscall.Kill(Running(name), syscall.SIGKILL)
	if err := <-done; !errors.Is(err, ErrEnded) || !strings.Contains(err.Error(), "killed") {
		t.Errorf("killed: %v", err)
	}
	// The same name takes the place of the one that was killed.
	done = run(t.Context())
	Stop(t.Context(), name, Running(name))
	<-done

	bad := dummy
	bad.Driver = "nosuch"
	if err := p.Run(t.Context(), name, bad, io.Discard); !errors.Is(err, ErrEnded) {
		t.Errorf("no such driver: %v", err)
	}
	err = p.Start(t.Context(), name, []string{"sh", "-c", "echo '2026-11-23T20:16:29.100 ALSA: Cannot open PCM device'; echo; echo done"})
	var said *StartError
	if !errors.As(err, &said) || err.Error() != "jackd did not start: ALSA: Cannot open PCM device" {
		t.Errorf("%v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := p.Run(t.Context(), name, dummy, io.Discard); !errors.Is(err, ErrNoProgram) {
		t.Errorf("without jackd: %v", err)
	}
}

func TestSlots(t *testing.T) {
	table := make([]byte, 70744)
	binary.NativeEndian.PutUint32(table, registryMark)
	binary.NativeEndian.PutUint32(table[16:], slotsAt+Slots*slotBytes)
	for i, name := range []string{"jack-0:default:", "", "jack-1000:a:b:", "jack-x:odd:", "jack"} {
		at := slotsAt + i*slotBytes
		binary.NativeEndian.PutUint32(table[at:], uint32(100+i))
		copy(table[at+4:], name)
	}
	got, err := parseSlots(table)
	if want := []Slot{{"default", 0, 100}, {"a:b", 1000, 102}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for _, other := range [][]byte{nil, table[:2000], make([]byte, 70744)} {
		if _, err := parseSlots(other); err == nil {
			t.Errorf("%d bytes are a table", len(other))
		}
	}
}
