package picture

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/png"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jackknife/editor"
	"jackknife/wav"
)

// sine writes a take of n frames: a 100 Hz sine at half scale, then silence.
func sine(t *testing.T, loud, n int) *wav.Reader {
	t.Helper()
	f := wav.Format{RateHz: 8000, Channels: 1, Bits: 16, SampleBytes: 2}
	samples := make([]float64, n)
	for i := range loud {
		samples[i] = 0.5 * math.Sin(2*math.Pi*100*float64(i)/8000)
	}
	raw := make([]byte, 2*n)
	wav.Encode(raw, samples, f)
	name := filepath.Join(t.TempDir(), "take.wav")
	w, err := wav.Create(name, f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	r, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestDraw(t *testing.T) {
	take := sine(t, 8000, 16000)
	var b bytes.Buffer
	tracks, links := Edited(Track{Title: "before", Take: take}, Track{Title: "after", Take: sine(t, 8000, 14000)}, editor.List{
		{Span: editor.Span{Start: 8000, End: 12000}},
		{Span: editor.Span{Start: 14000, End: 14000}, Fill: 2000},
	})
	if err := Draw(&b, PNG, 1000, tracks, links); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	const top = margin + titleH
	at := func(second float64, level float64) image.Point {
		x := margin + int(second/2*float64(1000-2*margin))
		return image.Pt(x, top+waveH/2-int(level*float64(waveH/2-2)))
	}
	for _, test := range []struct {
		what   string
		p      image.Point
		colour any
	}{
		{"inside the sine's RMS", at(0.5, 0.2), loudness},
		{"between RMS and peak", at(0.5, 0.45), waveform},
		{"above the peak", at(0.5, 0.6), paper},
		{"in the cut", at(1.2, 0.6), kindColour[Removed]},
		{"behind the cut", at(1.8, 0.6), paper},
		{"where tone goes in", at(1.75, 0.6), kindColour[Added]},
		{"in the added tone", at(1.4, 0.6).Add(image.Pt(0, titleH+waveH+axisH+linkH)), kindColour[Added]},
		{"behind the added tone", at(1.6, 0.6).Add(image.Pt(0, titleH+waveH+axisH+linkH)), paper},
	} {
		if got := img.At(test.p.X, test.p.Y); got != test.colour {
			t.Errorf("%s: %v, want %v", test.what, got, test.colour)
		}
	}
}

// TestLevels: the chart shows the level, and lines to compare it with, in pixels
// and in vectors.
func TestLevels(t *testing.T) {
	track := Track{Title: `a<b> & "c"`, Take: sine(t, 8000, 16000), Lines: []Line{{"half", -9}, {"tone", -70}}}
	var b bytes.Buffer
	if err := Draw(&b, PNG, 1000, []Track{track}, nil); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	const top, room = margin + titleH + waveH + axisH, 14
	y := func(db float64) int { return top + room + int(-db/100*(levelH-2*room)) }
	middle := func(second float64) int { return margin + int(second/2*float64(1000-2*margin)) }
	for _, test := range []struct {
		what   string
		x, y   int
		colour any
	}{
		{"the line", middle(1.5), y(-9), lineColour[0]},
		{"the lower line", middle(0.5), y(-70), lineColour[1]},
		{"above the sound", middle(0.5), y(-4), paper},
		{"silence", middle(1.5), y(-90), paper},
	} {
		if got := img.At(test.x, test.y); got != test.colour {
			t.Errorf("%s: %v, want %v", test.what, got, test.colour)
		}
	}
	falls := 0
	for d := range 12 {
		if img.At(middle(1)+d, y(-50)) == any(waveform) {
			falls++
		}
	}
	if falls == 0 {
		t.Error("nothing falls at the end of the sound")
	}
	// A sine at half scale has -9 dB; 90 Hz take 3.5 dB of 100 Hz each time.
	loud := 0
	for i := range levelH {
		if img.At(middle(0.5), top+i) == any(waveform) {
			loud = top + i
		}
	}
	if want := y(-15); loud < want-4 || loud > want+4 {
		t.Errorf("the sound is at pixel %d, want %d", loud, want)
	}
	b.Reset()
	if err := Draw(&b, SVG, 1000, []Track{track}, nil); err != nil {
		t.Fatal(err)
	}
	var svg struct {
		Width int `xml:"width,attr"`
		Rect  []struct {
			Fill string `xml:"fill,attr"`
		} `xml:"rect"`
		Text []string `xml:"text"`
	}
	if err := xml.Unmarshal(b.Bytes(), &svg); err != nil {
		t.Fatal(err)
	}
	if svg.Width != 1000 || len(svg.Rect) < 1000 || !slices.ContainsFunc(svg.Text, func(s string) bool { return strings.HasPrefix(s, track.Title) }) {
		t.Errorf("width %d, %d rectangles, words %q", svg.Width, len(svg.Rect), svg.Text)
	}
}

func TestClock(t *testing.T) {
	for _, test := range []struct {
		s, step float64
		want    string
	}{
		{0, 1, "0:00"}, {59.97, 0.5, "1:00.0"}, {61.5, 0.5, "1:01.5"}, {3725, 60, "1:02:05"},
	} {
		if got := clock(test.s, test.step); got != test.want {
			t.Errorf("clock(%v, %v) = %s, want %s", test.s, test.step, got, test.want)
		}
	}
}
