package editor

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	const rate = 1000
	h := heard{number: 4, start: 60_000, length: 2000, phrase: 3000, before: "now breathe in slowly", after: "and dont hurry", chance: -one / 2}
	for _, c := range []struct {
		text string
		want int64
	}{
		{"x1.5", 3000},
		{"x0.3335", 667},
		{"x0", 0},
		{"+2s", 4000},
		{"+300ms", 2300},
		{"+7f", 2007},
		{"-0.3s", 1700},
		{"-3s", 0},
		{"=3s", 3000},
		{"=1:02.5", 62500},
		{"min=4s", 4000},
		{"min=1s", 2000},
		{"max=1s", 1000},
		{"max=4s", 2000},
		{"+50%phrase", 3500},
		{"+12.5%phrase", 2375},
		{"head=5s", 2000},
		{"tail=5s", 2000},
		{"total=5s", 2000}, // the planner's to do
		{"±10%", 1900},
		{"jitter=100%", 1000},
		{"±0%", 2000},
		{"0..: =5s", 5000},
		{"=0", 0},
		{"phrase 3s..: x2", 4000},
		{"phrase ..3s: x2", 2000},
		{"phrase 1s..4s 1s..: x2", 4000},
		{`after "Breathe in": =6s`, 6000},
		{`after "breathe": =6s`, 6000},
		{`after "breath": =6s`, 2000},
		{`after "in breathe": =6s`, 2000},
		{`before "breathe": =6s`, 2000},
		{`before "Don’t hurry!": =6s`, 6000},
		{`before "don't" after "slowly":=6s;+1s`, 7000},
		{"x1.5; max=2.5s", 2500},
		{"max=1s; x1.5", 1500},
		{"1s..3s: =5s", 5000},
		{"2s..3s: =5s", 5000},
		{"1s..2s: =5s", 2000},
		{"..2s: =5s", 2000},
		{"..2001f: =5s", 5000},
		{"2s..: =5s", 5000},
		{"3s..: =5s", 2000},
		{"#4: +1s", 3000},
		{"#3: +1s", 2000},
		{"#3..5: +1s", 3000},
		{"#5..: +1s", 2000},
		{"#4..: +1s", 3000},
		{"every 4: +1s", 3000},
		{"every 3: +1s", 2000},
		{"after 1:00: +1s", 3000},
		{"after 1:00.001: +1s", 2000},
		{"before 1:00: +1s", 2000},
		{"before 60.001s: +1s", 3000},
		{"1s..3s every 2 after 0:10: x2", 4000},
		{"1s..3s #5: x2", 2000},
		{"  x2  ;  +1s", 5000},
		{"x2;x2;1s..3s:+1s", 9000}, // conditions look at the pause as recorded
	} {
		rules, err := ParseRules(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		got := h.length
		for _, r := range rules {
			got = r.apply(got, h, rate)
		}
		if got != c.want {
			t.Errorf("%q: %d frames, want %d", c.text, got, c.want)
		}
	}
}

func TestRuleErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		column int
		says   string
	}{
		{"", 1, "want x1.5"},
		{"x1,5", 3, "point"},
		{"x", 2, "number"},
		{"xx", 2, "number"},
		{"2", 2, "unit"},
		{"+2", 3, "unit"},
		{"+2,5s", 3, "point"},
		{"=3m", 3, "unit"},
		{"=3sec", 4, "unexpected"},
		{"stretch", 1, "want x1.5"},
		{"=1:2", 3, "unit"},
		{"=1:60", 4, "00 to 59"},
		{"=1:00:5", 6, "unexpected"},
		{"min4s", 1, "want x1.5"},
		{"+50%pause", 5, "phrase"},
		{"1s..3s =2s", 8, "colon"},
		{"1s..3s", 7, "colon"},
		{"1s-3s: =2s", 3, ".."},
		{"#0: =2s", 2, "from 1"},
		{"#5..3: =2s", 5, "backwards"},
		{"3s..2s: =2s", 5, "backwards"},
		{"phrase 3s..500ms: =2s", 12, "backwards"},
		{"every 0: =2s", 7, "no pause"},
		{"..0s: =2s", 3, "shorter"},
		{"#1: head=2s", 10, "no conditions"},
		{"±8", 4, "want %"},
		{"±101%", 3, "too large"},
		{"after breathe: x2", 7, "time"},
		{`after "breathe: x2`, 7, "double quotes"},
		{`after "...": x2`, 7, "no word"},
		{`phrase "a": x2`, 8, "time"},
		{"0,5s..: x2", 2, "point"},
		{"x1.5;", 6, "want x1.5"},
		{"x1.0000000001", 4, "decimals"},
		{"x99999999999999999999", 2, "too large"},
		{"x10001", 2, "too large"},
		{"=1001:00:00", 2, "1000 hours"},
		{"=99999999999s", 2, "1000 hours"},
	} {
		_, err := ParseRules(c.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: %v, want a syntax error", c.text, err)
			continue
		}
		if syntax.Column != c.column || !strings.Contains(syntax.Msg, c.says) {
			t.Errorf("%q: %v, want column %d about %q", c.text, err, c.column, c.says)
		}
	}
}

func TestRulesFile(t *testing.T) {
	text := "# how I like it\r\n\nx1.5   # all of them\n  #3: +1s; #4..: max=4s;\n\tafter \"# one\": =6s # no number follows\n#\n"
	rules, err := ParseRulesFile("r", []byte(text))
	if want := `x1.5; #3: +1s; #4..: max=4s; after "# one": =6s`; err != nil || FormatRules(rules) != want {
		t.Errorf("%s, %v; want %s", FormatRules(rules), err, want)
	}
	for text, want := range map[string]string{
		"":                  "r:1:1: no rule",
		"# nothing\n\n":     "r:2:1: no rule",
		"x2\n  x1,5 # no\n": "r:2:5: unexpected comma",
		"x2\nx2 x3\n":       "r:2:4: unexpected",
		"#3 is too long\n":  "r:1:4: want a colon",
		"x2;; x3\n":         "r:1:4: want x1.5",
		"after \"b: =2s\n":  "r:1:7: want words",
	} {
		if _, err := ParseRulesFile("r", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for _, c := range []struct {
		text, canonical string
		frames          int64 // at 48000 Hz
	}{
		{"300ms", "300ms", 14400},
		{"0.3s", "300ms", 14400},
		{"2s", "2s", 96000},
		{"2.50s", "2.5s", 120000},
		{"1:02.5", "1:02.5", 3_000_000},
		{"62.5s", "1:02.5", 3_000_000},
		{"0:01", "1s", 48000},
		{"1:00:02.5", "1:00:02.5", 172_920_000},
		{"100:00", "1:40:00", 288_000_000},
		{"48000f", "48000f", 48000},
		{"0f", "0s", 0},
		{"0", "0s", 0},
		{"0.0", "0s", 0},
		{"0:01:02+24000", "1:02+24000", 3_000_000},
		{"0.00001s", "0.00001s", 0},
		{"0.5ms", "0.0005s", 24},
		{"0.333333333s", "0.333333333s", 16000},
	} {
		d, err := ParseDuration(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if d.String() != c.canonical || d.At(48000) != c.frames {
			t.Errorf("%q: %v, %d frames; want %s, %d", c.text, d, d.At(48000), c.canonical, c.frames)
		}
	}
}

func TestParseSpan(t *testing.T) {
	got, err := ParseSpan("1:02.5-0:01:04+4800", 48000)
	if want := (Span{3_000_000, 3_076_800}); err != nil || got != want {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if got, err := ParseSpan("0-1:04.5", 1000); err != nil || got != (Span{0, 64500}) {
		t.Errorf("from a bare 0: %v, %v", got, err)
	}
	for text, column := range map[string]int{"1-2s": 2, "0-0": 3, "": 1, "1:02": 5, "1:02-": 6, "1:04-1:02": 6, "1s-1s": 4, "1s-2s-3s": 6, "1s 2s": 3} {
		_, err := ParseSpan(text, 48000)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Column != column {
			t.Errorf("%q: %v, want an error in column %d", text, err, column)
		}
	}
}

func TestStamp(t *testing.T) {
	for _, frame := range []int64{0, 1, 47999, 48000, 3_000_000, 172_920_001, 48000*3600*100 + 17} {
		d, err := ParseDuration(Stamp(frame, 48000))
		if err != nil || d.At(48000) != frame {
			t.Errorf("frame %d: stamp %s reads as %d, %v", frame, Stamp(frame, 48000), d.At(48000), err)
		}
	}
}

// FuzzRules: whatever can be read can be written, and reads the same; and no
// rule makes a length that does not fit.
func FuzzRules(f *testing.F) {
	for _, s := range []string{"x1.5", "+2s; max=4s", "1s..3s #3..5 every 4 after 10:00: -300ms", "..2s before 1:00:00+7: min=48000f", "#2..: +33.3%phrase", "head=0:00:00+5;tail=0s", "x1,5", `after "a\u2028b" phrase ..3s before "c; d": ±8.5%`, "0..: total=20:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := ParseRules(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Column < 1 || syntax.Column > len(text)+1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := ParseRules(FormatRules(rules))
		if err != nil || !reflect.DeepEqual(rules, again) {
			t.Fatalf("%q: written as %q: %v, %v", text, FormatRules(rules), again, err)
		}
		h := heard{number: 4, start: 48000, length: 1 << 40, phrase: 1 << 40, chance: one, before: "a b"}
		got := h.length
		for _, r := range rules {
			if got = min(r.apply(got, h, 384000), maxFrames); got < 0 {
				t.Fatalf("%q: %d frames", text, got)
			}
		}
	})
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"300ms", "2.5s", "1:02.5", "1:00:02.5", "48000f", "0:01:02+24000", "0.5ms"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if err != nil {
			return
		}
		again, err := ParseDuration(d.String())
		if err != nil || again != d {
			t.Fatalf("%q: %v reads as %v, %v", text, d, again, err)
		}
		if d.At(10_000_000) < 0 {
			t.Fatalf("%q: %d frames", text, d.At(10_000_000))
		}
	})
}
