package cards

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sndcard")
	if err != nil {
		return "", err
	}
	return Build(dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if lib, err := build(); err == nil {
		os.RemoveAll(strings.TrimSuffix(lib, "/libsndcard.so"))
	}
	os.Exit(code)
}

func plug(t *testing.T, models ...string) *Rack {
	t.Helper()
	lib, err := build()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Plug(lib, t.TempDir(), models...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func output(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", c.Args, err, out)
	}
	return string(out)
}

// The real amixer says of the simulated card, to the byte, what it said of the
// original.
func TestAmixerSeesTheOriginal(t *testing.T) {
	for model := range names {
		want, err := models.ReadFile("models/" + model + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		r := plug(t, model)
		if got := output(t, r.Command("amixer", "-i", "-c", "0", "contents")); got != string(want) {
			t.Errorf("%s:\n%s", model, firstDifference(got, string(want)))
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: %q, want %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

func TestEnumeration(t *testing.T) {
	r := plug(t, "onboard", "delta1010lt")
	if out := output(t, r.Command("aplay", "-l")); !strings.Contains(out, "card 1: M1010LT [M Audio Delta 1010LT], device 0: ICE1712 multi") {
		t.Error(out)
	}
	out := output(t, r.Command("amixer", "-c", "M1010LT", "cset", "name=DAC Volume,index=3", "101"))
	if v := r.Cards[1].Values("DAC Volume", 3); v[0] != 101 {
		t.Errorf("DAC Volume,3 = %v after\n%s", v, out)
	}
	r.Cards[1].Unplug(0)
	if out, err := r.Command("amixer", "-c", "1", "contents").CombinedOutput(); err == nil {
		t.Errorf("an unplugged card answers:\n%s", out)
	}
}

func TestDriverWays(t *testing.T) {
	r := plug(t, "delta1010lt")
	c := r.Cards[0]
	amixer := func(args ...string) {
		t.Helper()
		output(t, r.Command("amixer", append([]string{"-q", "-c", "0"}, args...)...))
	}
	value := func(name string, index int, want ...int64) {
		t.Helper()
		if v := c.Values(name, index); fmt.Sprint(v[:len(want)]) != fmt.Sprint(want) {
			t.Errorf("%s,%d = %v, want %v", name, index, v, want)
		}
	}
	amixer("cset", "name=Multi Track Internal Clock", "96000")
	value("Multi Track Internal Clock", 0, 12)
	value("Multi Track Internal Clock Default", 0, 12)

	c.Run(true)
	amixer("cset", "name=Multi Track Internal Clock", "44100")
	value("Multi Track Internal Clock", 0, 12)
	value("Multi Track Internal Clock Default", 0, 8)
	amixer("cset", "name=Multi Track Internal Clock", "IEC958 Input")
	value("Multi Track Internal Clock", 0, 13)
	c.Run(false)

	c.SetSilently("Multi Track Peak", 0, 255, 128)
	if out := output(t, r.Command("amixer", "-c", "0", "cget", "iface=PCM,name=Multi Track Peak")); !strings.Contains(out, "values=255,128,0") {
		t.Error(out)
	}
	value("Multi Track Peak", 0, 0, 0)

	c.FailWrites(1, syscall.EIO)
	if out, err := r.Command("amixer", "-c", "0", "cset", "name=DAC Volume", "5").CombinedOutput(); err == nil || !strings.Contains(string(out), "Input/output error") {
		t.Errorf("failing write: %v\n%s", err, out)
	}
	c.IgnoreWrites(1)
	amixer("cset", "name=DAC Volume", "5")
	value("DAC Volume", 0, 0)
	amixer("cset", "name=DAC Volume", "5")
	value("DAC Volume", 0, 5)
	if n := c.Writes(); n != 5 {
		t.Errorf("%d writes, want 5", n)
	}
	c.Lock("DAC Volume", 0)
	if out, err := r.Command("amixer", "-c", "0", "cset", "name=DAC Volume", "6").CombinedOutput(); err == nil {
		t.Errorf("a locked element was written\n%s", out)
	}
}

// Another program's changes reach a subscriber, each once.
func TestEvents(t *testing.T) {
	r := plug(t, "delta1010lt")
	watch := r.Command("stdbuf", "-oL", "amixer", "-c", "0", "events")
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			if l := s.Text(); !strings.HasPrefix(l, "Poll ok") {
				lines <- l
			}
		}
		close(lines)
	}()
	next := func(want string) {
		t.Helper()
		select {
		case l := <-lines:
			if !strings.Contains(l, want) {
				t.Errorf("event %q, want %q", l, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no event, want %q", want)
		}
	}
	for l := range lines {
		if strings.Contains(l, "Ready to listen") {
			break
		}
	}
	for i := range 8 {
		r.Cards[0].Set("DAC Volume", i, int64(i+1))
		next(fmt.Sprintf("event value: numid=%d,", 66+i))
	}
	output(t, r.Command("amixer", "-q", "-c", "0", "cset", "name=Word Clock Sync", "on"))
	next("event value: numid=64")
	r.Cards[0].SetInactive("IEC958 Playback PCM Stream", 0, false)
	next("event info: numid=5")
	select {
	case l := <-lines:
		t.Errorf("one event too many: %q", l)
	case <-time.After(100 * time.Millisecond):
	}
	watch.Process.Kill()
	watch.Wait()
}
