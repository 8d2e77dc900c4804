package editor_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"jackknife/editor"
	"jackknife/wav"
)

// compTakes are two takes of room tone with tones in it, all frames different.
func compTakes(t *testing.T, f wav.Format) []*wav.Reader {
	t.Helper()
	var takes []*wav.Reader
	for k := range 2 {
		rng := rand.New(rand.NewPCG(uint64(k), 7))
		x := make([]float64, 8*f.RateHz*f.Channels)
		for i := range x {
			at := float64(i/f.Channels) / float64(f.RateHz)
			x[i] = 1e-3 * rng.NormFloat64()
			if at-math.Floor(at) > 0.5 { // half a second of voice, half of pause
				x[i] += 0.2 * math.Sin(2*math.Pi*float64(200+50*k)*at)
			}
		}
		name := filepath.Join(t.TempDir(), "take.wav")
		w, err := wav.Create(name, f)
		if err != nil {
			t.Fatal(err)
		}
		raw := make([]byte, len(x)*f.SampleBytes)
		wav.Encode(raw, x, f)
		if _, err := w.Write(raw); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		take, err := wav.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { take.Close() })
		takes = append(takes, take)
	}
	return takes
}

func frames(t *testing.T, take *wav.Reader, s editor.Span) []byte {
	t.Helper()
	raw := make([]byte, int(s.Len())*take.Format().FrameBytes())
	if n, err := take.ReadFrames(raw, s.Start); int64(n) != s.Len() {
		t.Fatal(n, err)
	}
	return raw
}

func TestCompKeepsEveryFrameOutsideOfSeams(t *testing.T) {
	for _, f := range []wav.Format{
		{RateHz: 8000, Channels: 1, Bits: 16, SampleBytes: 2},
		{RateHz: 8000, Channels: 2, Bits: 24, SampleBytes: 3},
		{RateHz: 8000, Channels: 1, Bits: 32, SampleBytes: 4, Encoding: wav.Float},
	} {
		takes := compTakes(t, f)
		c := editor.Comp{Readings: []editor.Reading{
			{Take: 1, Span: editor.Span{Start: 8000 * 6, End: 8000*7 + 2000}, Used: true},
			{Take: 0, Span: editor.Span{Start: 0, End: 1}, Used: false},
			{Take: 0, Span: editor.Span{Start: 8000 + 2000, End: 8000*2 + 2000}, Used: true},
			{Take: 0, Span: editor.Span{Start: 8000*2 + 2000, End: 8000*3 + 2000}, Used: true}, // follows on: no seam
			{Take: 0, Span: editor.Span{Start: 0, End: 8000}, Used: true},                      // back, and from the start
			{Take: 1, Span: editor.Span{Start: 8000 * 7, End: 8000 * 8}, Used: true},           // to the end
		}}
		var out bytes.Buffer
		if err := c.Render(context.Background(), takes, &out); err != nil {
			t.Fatal(err)
		}
		size := int64(f.FrameBytes())
		if int64(out.Len()) != c.Frames()*size {
			t.Fatalf("%v: %d frames, want %d", f, int64(out.Len())/size, c.Frames())
		}
		const seam = 8000 * 30 / 1000 / 2
		at := int64(0)
		for i, r := range c.Chosen() {
			kept := editor.Span{Start: r.Start + seam, End: r.End - seam}
			from := (at + seam) * size
			if !bytes.Equal(out.Bytes()[from:from+kept.Len()*size], frames(t, takes[r.Take], kept)) {
				t.Errorf("%v: reading %d is not as it was", f, i+1)
			}
			at += r.Len()
		}
		if len(c.Chosen()) != 4 {
			t.Errorf("%d stretches, want 4", len(c.Chosen()))
		}
		// One reading alone is the take itself.
		c.Readings = c.Readings[2:4]
		out.Reset()
		if err := c.Render(context.Background(), takes, &out); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), frames(t, takes[0], editor.Span{Start: 8000 + 2000, End: 8000*3 + 2000})) {
			t.Errorf("%v: what follows on is not as it was", f)
		}
	}
}

func TestCompRefusesTakesOfDifferentFormats(t *testing.T) {
	a := compTakes(t, wav.Format{RateHz: 8000, Channels: 1, Bits: 16, SampleBytes: 2})
	b := compTakes(t, wav.Format{RateHz: 8000, Channels: 1, Bits: 24, SampleBytes: 3})
	c := editor.Comp{Readings: []editor.Reading{{Span: editor.Span{End: 10}, Used: true}, {Take: 1, Span: editor.Span{End: 10}, Used: true}}}
	if err := c.Render(context.Background(), []*wav.Reader{a[0], b[0]}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "one format") {
		t.Error(err)
	}
}

var compText = editor.Comp{
	Takes: []editor.TakeID{
		{Name: "one take.wav", Frames: 480000, RateHz: 48000, Format: "24-bit PCM, 1 channel", Hash: strings.Repeat("0a", 16)},
		{Name: "two.wav", Frames: 380000, RateHz: 48000, Format: "24-bit PCM, 1 channel", Hash: strings.Repeat("b1", 16)},
	},
	Readings: []editor.Reading{
		{Take: 1, Span: editor.Span{Start: 5, End: 48007}, Used: true, Line: 1, Why: `complete "breathe in"`},
		{Take: 0, Span: editor.Span{Start: 0, End: 480000}, Line: 1},
	},
	Comments: map[int][]string{1: {"# the other one"}, 2: {"# end"}},
}

func TestCompOnPaper(t *testing.T) {
	text := compText.Format()
	c, err := editor.ParseComp("song.comp", text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*c, compText) {
		t.Errorf("%+v\nbecame\n%+v", compText, *c)
	}
	if got := c.Output(1, 10); got != 5 {
		t.Errorf("frame 10 stands at %d", got)
	}
	if got := c.Output(1, 0); got != 0 {
		t.Errorf("frame 0 goes to %d", got)
	}
	if got := c.Output(0, 7); got != 48002 {
		t.Errorf("what is not there goes to %d", got)
	}
	for change, want := range map[[2]string]string{
		{"* 2", "* 3"}:                  "14:3: want the number of a take, 1 to 2",
		{"* 2", "+ 2"}:                  `14:1: unknown word "+"`,
		{"0:00:01+7", "0:00:11+7"}:      "not a part of a take",
		{"hash    b1", "# "}:            "14:1: take 2: no line that says hash",
		{"jackknife comp 1", "comp"}:    "1:1: its first line",
		{"take    \"two.wav\"", "rate"}: "a second line that says rate",
	} {
		_, err := editor.ParseComp("song.comp", []byte(strings.Replace(string(text), change[0], change[1], 1)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q for %q: %v, want %s", change[1], change[0], err, want)
		}
	}
	_, err = editor.ParsePlan("song.comp", text)
	var line *editor.LineError
	if !errors.As(err, &line) || !strings.Contains(err.Error(), "a comp of several takes") {
		t.Error(err)
	}
}

func FuzzParseComp(f *testing.F) {
	f.Add(string(compText.Format()))
	f.Add("jackknife comp 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := editor.ParseComp("f", []byte(text))
		if err != nil {
			return
		}
		again, err := editor.ParseComp("f", c.Format())
		if err != nil {
			t.Fatalf("%v: %q became %q", err, text, c.Format())
		}
		if !bytes.Equal(again.Format(), c.Format()) {
			t.Fatalf("%q became %q", c.Format(), again.Format())
		}
	})
}
