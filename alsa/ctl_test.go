//go:build cgo

package alsa

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"jackknife/testdata/cards"
)

func TestMain(m *testing.M) { os.Exit(cards.RunTests(m.Run)) }

// plug gives the test cards of its own.
func plug(t *testing.T, models ...string) *cards.Rack {
	t.Helper()
	r, err := cards.Plug(cards.Library(), t.TempDir(), models...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	for _, v := range r.Env() {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	return r
}

func open(t *testing.T, name string) (*Ctl, []*Element) {
	t.Helper()
	c, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	e, err := c.Elements()
	if err != nil {
		t.Fatal(err)
	}
	return c, e
}

func find(t *testing.T, elements []*Element, name string) *Element {
	t.Helper()
	e, err := Find(elements, name)
	if err != nil {
		t.Fatal(err)
	}
	return e[0]
}

func TestCards(t *testing.T) {
	plug(t, "onboard", "delta1010lt", "dio2496")
	list, err := Cards()
	if err != nil || len(list) != 3 || list[1].ID != "M1010LT" || list[1].Number != 1 || list[1].Driver != ICE1712 {
		t.Errorf("Cards() = %+v, %v", list, err)
	}
	for name, id := range map[string]string{"": "M1010LT", "0": "PCH", "1": "M1010LT", "M2496": "M2496", "hw:PCH": "PCH", "hw:2": "M2496", "default": "PCH"} {
		if c, _ := open(t, name); c.Card.ID != id {
			t.Errorf("Open(%q) = %+v, want %s", name, c.Card, id)
		}
	}
	for _, name := range []string{"3", "Nix", "hw:Nix", "no such thing"} {
		if _, err := Open(name); !errors.Is(err, ErrNoCard) {
			t.Errorf("Open(%q): %v, want ErrNoCard", name, err)
		}
	}
	plug(t)
	if list, err := Cards(); err != nil || len(list) != 0 {
		t.Errorf("without cards: %v, %v", list, err)
	}
	if _, err := Open(""); !errors.Is(err, ErrNoCard) {
		t.Errorf("without cards: Open: %v", err)
	}
}

// listing words elements as amixer does, for comparison with what the real one
// says of the same card.
func listing(elements []*Element) map[string]string {
	l := make(map[string]string)
	letter := func(is bool, c string) string {
		if is {
			return c
		}
		return "-"
	}
	for _, e := range elements {
		key := fmt.Sprintf("iface=%s,name='%s'", e.Iface, e.Name)
		if e.Index != 0 {
			key += fmt.Sprintf(",index=%d", e.Index)
		}
		if e.Device != 0 {
			key += fmt.Sprintf(",device=%d", e.Device)
		}
		a := e.Access
		s := fmt.Sprintf("  ; type=%s,access=%s%s%s%s%s,values=%d", e.Type, letter(a.Read, "r"), letter(a.Write, "w"),
			letter(a.Inactive, "i"), letter(a.Volatile, "v"), letter(a.Locked, "l"), e.Count)
		switch e.Type {
		case Integer, Integer64:
			s += fmt.Sprintf(",min=%d,max=%d,step=%d", e.Min, e.Max, e.Step)
		case Enumerated:
			s += fmt.Sprintf(",items=%d", len(e.Items))
			for i, item := range e.Items {
				s += fmt.Sprintf("\n  ; Item #%d '%s'", i, item)
			}
		}
		values := make([]string, e.Count)
		for i := range values {
			switch e.Type {
			case Boolean:
				values[i] = map[int64]string{0: "off", 1: "on"}[e.Value[i]]
			case Bytes:
				values[i] = fmt.Sprintf("0x%02x", e.Value[i])
			case IEC958:
				v := e.Value
				values[i] = fmt.Sprintf("[AES0=0x%02x AES1=0x%02x AES2=0x%02x AES3=0x%02x]", v[0], v[1], v[2], v[3])
			default:
				values[i] = fmt.Sprint(e.Value[i])
			}
		}
		l[key] = s + "\n  : values=" + strings.Join(values, ",")
	}
	return l
}

// Every element equals, field by field, what the real amixer says.
func TestElementsEqualAmixer(t *testing.T) {
	for model, count := range map[string]int{"delta1010lt": 85, "delta1010": 64, "delta44": 55, "dio2496": 43, "onboard": 13} {
		r := plug(t, model)
		c, elements := open(t, "0")
		for _, e := range elements {
			if e.Value == nil {
				if err := c.Read(e); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(elements) != count {
			t.Errorf("%s: %d elements, want %d", model, len(elements), count)
		}
		out, err := r.Command("amixer", "-i", "-c", "0", "contents").Output()
		if err != nil {
			t.Fatal(err)
		}
		got := listing(elements)
		access := regexp.MustCompile(`(access=.....)[R-][W-][C-]`)
		for _, block := range strings.Split(string(out), "numid=")[1:] {
			head, rest, _ := strings.Cut(strings.TrimSuffix(block, "\n"), "\n")
			_, key, _ := strings.Cut(head, ",")
			rest, _, _ = strings.Cut(access.ReplaceAllString(rest, "$1"), "\n  | ")
			if got[key] != rest {
				t.Errorf("%s: %s:\n%s\namixer:\n%s", model, key, got[key], rest)
			}
			delete(got, key)
		}
		for key := range got {
			t.Errorf("%s: amixer does not know %s", model, key)
		}
	}
}

// Every value's level equals what libasound tells the real alsactl, and turns
// back into the value.
func TestScaleEqualsLibasound(t *testing.T) {
	for _, model := range []string{"delta1010lt", "onboard"} {
		r := plug(t, model)
		_, elements := open(t, "0")
		scaled := slices.DeleteFunc(slices.Clone(elements), func(e *Element) bool {
			return e.Scale.None() || e.Name == "IEC958 Multi Capture Volume"
		})
		file := filepath.Join(t.TempDir(), "state")
		tested := 0
		for step := int64(0); step <= 164; step++ {
			for _, e := range scaled {
				v := min(e.Min+step, e.Max)
				r.Cards[0].SetSilently(e.Name, e.Index, slices.Repeat([]int64{v}, e.Count)...)
			}
			if out, err := r.Command("alsactl", "-f", file, "store", "0").CombinedOutput(); err != nil {
				t.Fatalf("alsactl store: %v\n%s", err, out)
			}
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			states, err := ParseStates(f)
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range scaled {
				v := min(e.Min+step, e.Max)
				control := states[0].Controls[slices.IndexFunc(states[0].Controls, func(c Control) bool { return c.ID == e.ID })]
				at := slices.IndexFunc(control.Comment, func(f Field) bool { return f.Key == "dbvalue.0" })
				want, err := strconv.ParseFloat(control.Comment[at].Value, 64)
				if err != nil {
					t.Fatal(err)
				}
				want /= 100
				if got := e.Scale.DB(v); math.Abs(got-want) > 0.0101 && !(math.IsInf(got, -1) && want == muteDB) {
					t.Errorf("%s: %d is %v dB, libasound says %v", e.ID, v, got, want)
				}
				if back := e.Scale.Value(e.Scale.DB(v)); back != v && e.Scale.DB(back) != e.Scale.DB(v) {
					t.Errorf("%s: %v dB gives %d, want %d", e.ID, e.Scale.DB(v), back, v)
				}
				tested++
			}
		}
		if tested < 165*4 {
			t.Errorf("%s: only %d levels", model, tested)
		}
	}
}

func TestWrite(t *testing.T) {
	r := plug(t, "delta1010lt")
	card := r.Cards[0]
	c, elements := open(t, "")
	dac := find(t, elements, "DAC Volume,3")
	if err := c.Write(dac, Value{101}); err != nil || card.Values("DAC Volume", 3)[0] != 101 {
		t.Errorf("%v, card has %v", err, card.Values("DAC Volume", 3))
	}
	writes := card.Writes()
	for name, bad := range map[string]Value{"DAC Volume": {128}, "ADC Volume": {164}, "Multi Playback Volume": {0, 97},
		"H/W Playback Route,2": {11}, "Multi Track Peak": make(Value, 22), "Word Clock Sync": {2}} {
		if err := c.Write(find(t, elements, name), bad); err == nil {
			t.Errorf("%s took %v", name, bad)
		}
	}
	if card.Writes() != writes {
		t.Errorf("%d bad values reached the card", card.Writes()-writes)
	}
	card.FailWrites(1, syscall.EIO)
	if err := c.Write(dac, Value{5}); !errors.Is(err, syscall.EIO) {
		t.Errorf("failing write: %v", err)
	}
	card.IgnoreWrites(1)
	if err := c.Write(dac, Value{5}); !errors.Is(err, ErrIgnored) || !strings.Contains(err.Error(), "-13.0 dB") {
		t.Errorf("ignored write: %v", err)
	}
	card.Lock("DAC Volume", 4)
	if err := c.Write(find(t, elements, "DAC Volume,4"), Value{5}); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("locked element: %v", err)
	}
	status := find(t, elements, "IEC958 Playback Default")
	want, err := status.Parse(status.Value, "0x04", "0x82", "0x00", "0x02")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Write(status, want); err != nil || card.Values("IEC958 Playback Default", 0)[0] != 4 {
		t.Errorf("IEC958: %v", err)
	}
	if err := c.Write(find(t, elements, "IEC958 Playback PCM Stream"), want); err != nil {
		t.Errorf("the echoing element: %v", err)
	}
	card.Unplug(0)
	if err := c.Write(dac, Value{6}); !errors.Is(err, ErrGone) {
		t.Errorf("unplugged: %v", err)
	}
}

// Apply of a difference makes the card what was wanted, tells what else the
// driver changed, and what it refused.
func TestApply(t *testing.T) {
	r := plug(t, "delta1010lt")
	card := r.Cards[0]
	c, elements := open(t, "")
	set := func(words ...string) []Change {
		var changes []Change
		for i := 0; i < len(words); i += 2 {
			e := find(t, elements, words[i])
			v, err := e.Parse(e.Value, words[i+1])
			if err != nil {
				t.Fatal(err)
			}
			changes = append(changes, Change{e, e.Value, v})
		}
		return changes
	}
	a := c.Apply(elements, set("Multi Track Internal Clock", "96000"))
	if len(a.Done) != 1 || len(a.Failed) != 0 || len(a.Along) != 1 || a.Along[0].String() != "Multi Track Internal Clock Default: 44100 -> 96000" {
		t.Errorf("%+v", a)
	}
	a = c.Apply(elements, set("Multi Track Internal Clock", "32000", "Multi Track Internal Clock Default", "96000"))
	if len(a.Done) != 1 || len(a.Failed) != 0 || len(a.Along) != 0 || card.Values("Multi Track Internal Clock Default", 0)[0] != 12 {
		t.Errorf("%+v", a)
	}
	card.Run(true)
	a = c.Apply(elements, set("Multi Track Internal Clock", "48000", "DAC Volume", "0dB"))
	if len(a.Done) != 1 || len(a.Failed) != 1 || !errors.Is(a.Failed[0], ErrIgnored) || len(a.Along) != 1 {
		t.Errorf("%+v", a)
	}
	a = c.Apply(elements, set("Multi Track Internal Clock", "44100", "Multi Track Internal Clock Default", "8000"))
	if len(a.Done) != 1 || len(a.Failed) != 1 || card.Values("Multi Track Internal Clock Default", 0)[0] != 0 {
		t.Errorf("a refused clock drags the default along: %+v", a)
	}
	card.Run(false)
	card.FailWrites(99, syscall.EIO)
	if a = c.Apply(elements, set("DAC Volume,1", "0dB")); len(a.Failed) != 1 || !errors.Is(a.Failed[0], syscall.EIO) {
		t.Errorf("%+v", a)
	}
	card.FailWrites(0, 0)
	card.Unplug(2)
	a = c.Apply(elements, set("DAC Volume,5", "0dB", "DAC Volume,6", "0dB", "DAC Volume,7", "0dB"))
	if len(a.Failed) == 0 || !errors.Is(a.Failed[0], ErrGone) {
		t.Errorf("unplugged in the middle: %+v", a)
	}
}

// Random operations never leave an element outside its documented range.
func TestRandomOperations(t *testing.T) {
	operations := 10000
	if testing.Short() {
		operations = 500
	}
	r := plug(t, "delta1010lt")
	card := r.Cards[0]
	c, elements := open(t, "")
	words := []string{"on", "off", "toggle", "mute", "0dB", "-6dB", "3dB+", "3dB-", "50%", "7%+", "999", "164", "127", "-1",
		"PCM Out", "Digital Mixer", "H/W In 7", "#3", "48000", "IEC958 Input", "0x06", "0x1ff", "nonsense", "="}
	random := rand.New(rand.NewPCG(1, 2))
	done := 0
	for i := range operations {
		e := elements[random.IntN(len(elements))]
		card.Run(i%7 == 0)
		v, err := e.Parse(e.Value, words[random.IntN(len(words))])
		if err != nil || e.Value == nil {
			continue
		}
		if err := c.Write(e, v); err == nil {
			done++
		}
		low, high := e.Range()
		for _, n := range card.Values(e.Name, e.Index) {
			if n < low || n > high {
				t.Fatalf("%s is %d, outside %d to %d", e.ID, n, low, high)
			}
		}
	}
	if done < operations/20 {
		t.Errorf("only %d of %d operations did anything", done, operations)
	}
}

func TestWatch(t *testing.T) {
	r := plug(t, "delta1010lt")
	card := r.Cards[0]
	c, elements := open(t, "")
	ctx, cancel := context.WithCancel(context.Background())
	lines := make(chan string, 100)
	var end sync.WaitGroup
	var result error
	end.Go(func() {
		result = c.Watch(ctx, elements, 20*time.Millisecond, func(change Change) { lines <- change.String() })
	})
	next := func(want string) {
		t.Helper()
		select {
		case l := <-lines:
			if l != want {
				t.Errorf("%q, want %q", l, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing, want %q", want)
		}
	}
	card.SetSilently("Multi Track Internal Clock", 0, 12)
	next("Multi Track Internal Clock: 48000 -> 96000")
	if out, err := r.Command("amixer", "-q", "-c", "0", "cset", "name=DAC Volume,index=7", "127").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	next("DAC Volume,7: mute -> 0.0 dB")
	card.SetSilently("IEC958 CS8427 Error Status", 0, 16)
	next("pcm:IEC958 CS8427 Error Status: 0 -> 16")
	cancel()
	end.Wait()
	if result != nil {
		t.Error(result)
	}
	reads := card.Reads()
	if v := card.Values("Multi Track Peak", 0); len(v) != 22 {
		t.Error(v, reads)
	}

	end.Go(func() { result = c.Watch(context.Background(), elements, time.Hour, func(Change) {}) })
	time.Sleep(20 * time.Millisecond)
	card.Unplug(0)
	end.Wait()
	if !errors.Is(result, ErrGone) {
		t.Errorf("unplugged: %v", result)
	}
}

// The peaks of a meter are left alone.
func TestPeaksAreLeftAlone(t *testing.T) {
	r := plug(t, "delta1010lt")
	r.Cards[0].SetSilently("Multi Track Peak", 0, 1, 2, 3)
	_, elements := open(t, "")
	if v := r.Cards[0].Values("Multi Track Peak", 0); !slices.Equal(v[:3], []int64{1, 2, 3}) || find(t, elements, "Multi Track Peak").Value != nil {
		t.Errorf("peaks %v", v)
	}
}

// The real alsactl reads what we save and we read what it stores.
func TestAlsactl(t *testing.T) {
	r := plug(t, "delta1010lt", "delta1010lt")
	c, elements := open(t, "0")
	for name, word := range map[string]string{"DAC Volume,3": "-6dB", "Multi Playback Volume,1": "-12dB,mute", "Multi Playback Switch,1": "on,off",
		"H/W Playback Route,1": "Digital Mixer", "IEC958 Playback Default": "0x06 0x82", "Multi Track Internal Clock": "IEC958 Input"} {
		e := find(t, elements, name)
		if name == "Multi Playback Volume,1" {
			word = "-12dB,0"
		}
		v, err := e.Parse(e.Value, word)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(e, v); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
	if out, err := r.Command("alsactl", "-f", theirs, "store", "0").CombinedOutput(); err != nil {
		t.Fatalf("alsactl store: %v\n%s", err, out)
	}
	stored, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	states, err := ParseStates(strings.NewReader(string(stored)))
	if err != nil || len(states) != 1 || states[0].Card != "M1010LT" || len(states[0].Controls) != 85 {
		t.Fatalf("%v, %v", err, states)
	}
	if changes, problems := Diff(elements, states[0]); len(changes) != 0 || len(problems) != 0 {
		t.Errorf("our card differs from alsactl's state: %v %v", changes, problems)
	}
	for _, name := range []string{"Multi Track Peak", "IEC958 Playback PCM Stream"} {
		if err := c.Read(find(t, elements, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range elements {
		if e.Name == "IEC958 Multi Capture Volume" {
			e.Scale = Scale{} // alsactl does not know it
		}
	}
	var saved strings.Builder
	if _, err := Save(c.Card.ID, elements).WriteTo(&saved); err != nil {
		t.Fatal(err)
	}
	if saved.String() != string(stored) {
		a, b := strings.Split(saved.String(), "\n"), strings.Split(string(stored), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("line %d: %q, alsactl %q", i+1, a[i], b[i])
			}
		}
		t.Errorf("%d lines, alsactl %d", len(a), len(b))
	}

	other := strings.Replace(saved.String(), "state.M1010LT", "state.M1010LT_1", 1)
	if err := os.WriteFile(ours, []byte(other), 0o644); err != nil {
		t.Fatal(err)
	}
	c1, second := open(t, "1")
	if changes, _ := Diff(second, states[0]); len(changes) != 6 {
		t.Errorf("%d differences of the second card, want 6: %v", len(changes), changes)
	}
	if out, err := r.Command("alsactl", "-f", ours, "restore", "1").CombinedOutput(); err != nil {
		t.Fatalf("alsactl restore: %v\n%s", err, out)
	}
	second, err = c1.Elements()
	if err != nil {
		t.Fatal(err)
	}
	if changes, problems := Diff(second, states[0]); len(changes) != 0 || len(problems) != 0 {
		t.Errorf("after alsactl restore: %v %v", changes, problems)
	}
}

// What libasound says of the card's PCM is what its limits are known to be.
func TestStreamLimits(t *testing.T) {
	plug(t, "onboard", "delta1010lt")
	cards, err := Cards()
	if err != nil {
		t.Fatal(err)
	}
	known, played, err := StreamLimits(cards[1])
	if err != nil {
		t.Fatal(err)
	}
	capture, playback, err := StreamLimits(cards[0]) // of the same simulated PCM, asked
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*Limits{capture, playback} {
		if l.MinBlock > 3 || len(l.RatesHz) != 13 {
			t.Errorf("%+v", l)
		}
		l.MinBlock = 2
	}
	if !reflect.DeepEqual([]*Limits{capture, playback}, []*Limits{known, played}) {
		t.Errorf("asked %+v %+v, known %+v %+v", capture, playback, known, played)
	}
	cards[0].Number = 7
	if _, _, err := StreamLimits(cards[0]); !errors.Is(err, ErrGone) {
		t.Errorf("no such card: %v", err)
	}
}

// shuffle gives every element that can be written a random value of its range.
func shuffle(t *testing.T, random *rand.Rand, c *Ctl, elements []*Element) {
	t.Helper()
	for _, e := range elements {
		if !e.Access.Write || e.Access.Inactive || e.Type == Integer64 {
			continue
		}
		low, high := e.Range()
		v := slices.Clone(e.Value)
		for i := range min(len(v), max(e.Count, 24)) {
			v[i] = low + random.Int64N(high-low+1)
		}
		if err := c.Write(e, v); err != nil {
			t.Fatal(err)
		}
	}
}

// A state that was saved comes back exactly, whatever the settings were, and in
// one go.
func TestStateRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, model := range []string{"delta1010lt", "delta1010", "delta44", "dio2496", "ice1724", "onboard"} {
		plug(t, model)
		c, elements := open(t, "0")
		for range 5 {
			shuffle(t, random, c, elements)
			var text strings.Builder
			if _, err := Save(c.Card.ID, elements).WriteTo(&text); err != nil {
				t.Fatal(err)
			}
			want := make(map[*Element]Value)
			for _, e := range elements {
				want[e] = e.Value
			}
			shuffle(t, random, c, elements)
			states, err := ParseStates(strings.NewReader(text.String()))
			if err != nil {
				t.Fatal(err)
			}
			changes, problems := Diff(elements, states[0])
			if len(problems) > 0 {
				t.Fatalf("%s: %v", model, problems)
			}
			if a := c.Apply(elements, changes); len(a.Failed) > 0 || len(a.Along) > 0 {
				t.Errorf("%s: %+v", model, a)
			}
			for _, e := range elements {
				if e.Value != nil && !e.Access.Volatile && !slices.Equal(e.Value, want[e]) {
					t.Errorf("%s: %s is %v, was %v", model, e, e.Value, want[e])
				}
			}
		}
	}
}

// While another program writes the same elements, every change takes effect or
// is told to have failed, the others' values stay in their range, and once the
// other stops a second go sets all.
func TestAnotherWriter(t *testing.T) {
	r := plug(t, "delta1010lt")
	c, elements := open(t, "")
	var changes []Change
	for _, e := range elements {
		if e.Name == "DAC Volume" || e.Name == "ADC Volume" {
			changes = append(changes, Change{e, e.Value, Value{100}})
		}
	}
	stop := make(chan bool)
	var other sync.WaitGroup
	other.Go(func() {
		for i := int64(0); ; i++ {
			select {
			case <-stop:
				return
			default:
				r.Cards[0].Set("DAC Volume", int(i%4), i%100)
			}
		}
	})
	for range 20 {
		a := c.Apply(elements, changes)
		if len(a.Done)+len(a.Failed) != len(changes) || len(a.Done) < 12 {
			t.Errorf("%d done, %d failed of %d", len(a.Done), len(a.Failed), len(changes))
		}
		for _, err := range a.Failed {
			if !errors.Is(err, ErrIgnored) || !strings.Contains(err.Error(), "DAC Volume,") {
				t.Error(err)
			}
		}
		for _, e := range elements {
			if e.Value != nil && e.Type == Integer && e.Access.Write {
				if err := e.Check(e.Value); err != nil {
					t.Error(err)
				}
			}
		}
	}
	close(stop)
	other.Wait()
	if a := c.Apply(elements, changes); len(a.Failed) > 0 {
		t.Errorf("alone again: %v", a.Failed)
	}
	for i := range 8 {
		if v := r.Cards[0].Values("DAC Volume", i); v[0] != 100 {
			t.Errorf("DAC Volume,%d is %v", i, v)
		}
	}
}
