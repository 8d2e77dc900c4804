package editor

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

func examplePlan() *Plan {
	return &Plan{
		Take:  TakeID{Name: `an "odd" name.wav`, Frames: 3_000_000, RateHz: 44100, Format: "24-bit PCM, 2 channels", Hash: strings.Repeat("0f", 16)},
		Rules: []Rule{{Verb: Scale, Factor: 3 * one / 2}, {Conditions: []Condition{{Kind: Every, First: 4}}, Verb: Most, Length: Duration{Seconds: 4 * one}}},
		Min:   300 * time.Millisecond,
		Seed:  7,
		Edits: List{
			{Span: Span{100_000, 100_000}, Fill: 22050, Reason: "pause 1, 1.000 s to 1.500 s", Confidence: 1},
			{Span: Span{200_000, 250_001}, Reason: "cut # not a comment", Confidence: 0.875},
			{Span: Span{250_002, 3_000_000}, Fill: 1, Confidence: 0},
		},
		Comments: map[int][]string{0: {"# first", "   # indented"}, 2: {"# before the third"}, 3: {"# last"}},
	}
}

func TestPlanRoundTrip(t *testing.T) {
	made := examplePlan()
	made.Silence = true
	made.Output.Name, made.Output.Hash = "out.wav", strings.Repeat("a1", 16)
	for _, p := range []*Plan{
		examplePlan(),
		made,
		{Take: TakeID{Name: "a", RateHz: 1, Format: "f", Hash: strings.Repeat("00", 16)}, Breaths: BreathsInPause, Comments: map[int][]string{}},
	} {
		text := p.Format()
		got, err := ParsePlan("p.edits", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !reflect.DeepEqual(got, p) {
			t.Errorf("got  %+v\nwant %+v\n%s", got, p, text)
		}
		if again := got.Format(); !bytes.Equal(again, text) {
			t.Errorf("formats as\n%s\nand then\n%s", text, again)
		}
	}
}

// TestPlanByHand: people write times as they like.
func TestPlanByHand(t *testing.T) {
	text := strings.Replace(string(examplePlan().Format()), "0:00:02+11800", "100000f      ", 1)
	text += "  1:05\t65.5s  300ms\t1   a breath\r\n"
	text = strings.Replace(text, "0:01:08+1200", "0:01:00+0", 1)
	p, err := ParsePlan("p.edits", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := Edit{Span: Span{65 * 44100, 65*44100 + 22050}, Fill: 13230, Reason: "a breath", Confidence: 1}
	if len(p.Edits) != 4 || p.Edits[3] != want || p.Edits[0].Start != 100_000 {
		t.Errorf("%+v", p.Edits)
	}
}

func TestPlanErrors(t *testing.T) {
	good := string(examplePlan().Format())
	for _, c := range []struct{ old, new, want string }{
		{good, "", "p.edits:1:1: not a plan: the file is empty"},
		{good, "RIFF", "p.edits:1:1: not a plan"},
		{"edits 1", "edits 2", `p.edits:1:17: plan of version "2"`},
		{"rate    44100", "rate    fast", "p.edits:4:9: want a number"},
		{"rate    44100\n", "", "p.edits:13:1: an edit before the line that says rate"},
		{"frames  3000000", "frames  3000000\nframes  3", "p.edits:4:1: a second line that says frames"},
		{"hash    0f", "hash    xx", "p.edits:6:9: want 32 hexadecimal digits"},
		{"x1.5", "x1,5", "p.edits:7:11: unexpected comma"},
		{"seed    7", "tempo   7", `p.edits:9:1: unknown word "tempo"`},
		{"0:00:02+11800", "0:00:02:11800", "p.edits:14:8: want"},
		{"0:00:02+11800    0:00:02+11800", "0:00:03+11800    0:00:02+11800", "p.edits:14:1: span"},
		{"0.875", "87%  ", "p.edits:15:52: want how sure"},
		{"0:00:04+23600", "0:00:01+23600", "p.edits:15:1: begins before the edit in line 14"},
		{"0:01:08+1200", "0:01:08+1201", "p.edits:17:1: span"},
		{"take ", "#ake ", "p.edits:14:1: an edit before the line that says take"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Errorf("%q is not in the plan:\n%s", c.old, good)
		}
		_, err := ParsePlan("p.edits", []byte(text))
		var at *LineError
		if !errors.As(err, &at) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q for %q: %v, want %s", c.new, c.old, err, c.want)
		}
	}
}

// TestIdentify: another length, format, rate or sound is another take.
func TestIdentify(t *testing.T) {
	const n = 3_000_000 // more than is hashed whole
	data := make([]byte, 2*n)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	id := func(data []byte, rate, channels, bits int) TakeID {
		t.Helper()
		got, err := Identify(takeOf(t, rate, channels, bits, data), "take.wav")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	a := id(data, 48000, 1, 16)
	if why := a.Differs(id(data, 48000, 1, 16)); why != "" {
		t.Errorf("the same take: %s", why)
	}
	last := bytes.Clone(data)
	last[len(last)-1]++
	first := bytes.Clone(data)
	first[0]++
	for want, b := range map[string]TakeID{
		"frames":    id(data[:2*n-2], 48000, 1, 16),
		"rate":      id(data, 44100, 1, 16),
		"channels":  id(data, 48000, 2, 16),
		"its sound": id(last, 48000, 1, 16),
		"sound":     id(first, 48000, 1, 16),
	} {
		if want == "channels" {
			b.Frames = a.Frames
		}
		if why := a.Differs(b); !strings.Contains(why, want) {
			t.Errorf("%s: told apart by %q", want, why)
		}
	}
	if short := id(data[:200], 48000, 1, 16); short.Hash == id(data[:202], 48000, 1, 16).Hash {
		t.Error("short takes hash alike")
	}
	if empty := id(nil, 48000, 1, 16); len(empty.Hash) != 32 {
		t.Errorf("empty take: hash %q", empty.Hash)
	}
}

// FuzzPlan: no panic; what is read is valid, and survives writing.
func FuzzPlan(f *testing.F) {
	f.Add(examplePlan().Format())
	f.Add([]byte("jackknife edits 1\ntake \"a\"\nframes 10\nrate 1\nformat x\nhash 00000000000000000000000000000000\n0:01 0:02 5f 1 why\n"))
	if doc, err := os.ReadFile("plan.go"); err == nil {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePlan("p", text)
		if err != nil {
			var at *LineError
			if !errors.As(err, &at) || at.Line < 1 || at.Column < 1 {
				t.Fatalf("%v", err)
			}
			return
		}
		if err := p.Edits.Validate(p.Take.Frames); err != nil {
			t.Fatal(err)
		}
		again, err := ParsePlan("p", p.Format())
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Fatalf("%v\n%q\n%q\n%+v\n%+v", err, text, p.Format(), p, again)
		}
	})
}
