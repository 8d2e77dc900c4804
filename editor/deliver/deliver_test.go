package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jackknife/wav"
)

// tone writes a take of so many seconds: a quiet fifth, a channel each.
func tone(t *testing.T, seconds float64, f wav.Format) *wav.Reader {
	t.Helper()
	name := filepath.Join(t.TempDir(), "take.wav")
	w, err := wav.Create(name, f)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float64, int(seconds*float64(f.RateHz))*f.Channels)
	for i := range x {
		x[i] = 0.1 * math.Sin(2*math.Pi*float64(220+110*(i%f.Channels))*float64(i/f.Channels)/float64(f.RateHz))
	}
	p := make([]byte, len(x)*f.SampleBytes)
	wav.Encode(p, x, f)
	if _, err := w.Write(p); err != nil {
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
	return take
}

// probed is what ffprobe says of a file.
type probed struct {
	Format struct {
		Tags map[string]string `json:"tags"`
	} `json:"format"`
	Streams []struct {
		Codec string `json:"codec_name"`
		Rate  string `json:"sample_rate"`
	} `json:"streams"`
	Chapters []struct {
		Start string            `json:"start_time"`
		Tags  map[string]string `json:"tags"`
	} `json:"chapters"`
}

func probe(t *testing.T, name string) (p probed) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters", name).Output()
	if err == nil {
		err = json.Unmarshal(out, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEncode(t *testing.T) {
	cover := filepath.Join(t.TempDir(), "cover.png")
	file, err := os.Create(cover)
	if err == nil {
		err = errors.Join(png.Encode(file, image.NewRGBA(image.Rect(0, 0, 64, 64))), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	take := tone(t, 5, wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3})
	codecs := map[string][2]string{
		"m4a": {"aac", "48000"}, "alac": {"alac", "48000"}, "mp3": {"mp3", "48000"},
		"listening-device": {"aac", "44100"}, "wav": {"pcm_s24le", "44100"}, "flac": {"flac", "48000"},
	}
	for _, form := range Forms {
		t.Run(form.Name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "out"+form.Extension)
			wish := Wish{Form: form, Tags: Tags{Title: "Sea; calm = #1", Artist: "A\\B", Album: "Rest", Track: "3", Comment: "slow"}, Cover: cover}
			wish.Chapters = []Chapter{{0, 96000, "one"}, {96000, 240000, "two; #2"}}
			if form.Name == "wav" {
				wish.RateHz = 44100
			}
			notes, err := Encode(context.Background(), take, name, wish)
			if err != nil {
				t.Fatal(err)
			}
			if said := slices.Contains(notes, "brought from 48000 to 44100 Hz by ffmpeg"); said != (form.Name == "wav") {
				t.Errorf("notes %q", notes)
			}
			p := probe(t, name)
			got := map[string]bool{}
			for _, s := range p.Streams {
				got[s.Codec+" "+s.Rate] = true
			}
			if want := codecs[form.Name]; !got[want[0]+" "+want[1]] {
				t.Errorf("streams %v, want %v", got, want)
			}
			if p.Format.Tags["title"] != "Sea; calm = #1" && p.Format.Tags["TITLE"] != "Sea; calm = #1" {
				t.Errorf("tags %v", p.Format.Tags)
			}
			tag := func(name string) string { return p.Format.Tags[name] + p.Format.Tags[strings.ToUpper(name)] }
			if tag("artist") != "A\\B" || tag("album") != "Rest" || tag("track") != "3" || tag("comment") != "slow" {
				t.Errorf("tags %v", p.Format.Tags)
			}
			if !got["png 90000"] && !got["png "] {
				t.Errorf("no cover: %v", got)
			}
			if len(wish.Chapters) > 0 {
				if len(p.Chapters) != 2 || p.Chapters[1].Start != "2.000000" || p.Chapters[1].Tags["title"] != "two; #2" {
					t.Errorf("chapters %v", p.Chapters)
				}
			}
			if _, err := Encode(context.Background(), take, name, wish); err == nil {
				t.Error("an existing file was replaced without being asked to")
			}
			left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".*"))
			if len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestLossless: what is coded without loss is the take, to the bit.
func TestLossless(t *testing.T) {
	for _, bits := range []int{16, 24} {
		take := tone(t, 2, wav.Format{RateHz: 48000, Channels: 2, Bits: bits, SampleBytes: bits / 8})
		for _, form := range Forms {
			if form.perSecond != 0 {
				continue
			}
			name := filepath.Join(t.TempDir(), "out"+form.Extension)
			if _, err := Encode(context.Background(), take, name, Wish{Form: form}); err != nil {
				t.Fatal(err)
			}
			made, err := wav.OpenCoded(context.Background(), name)
			if err != nil {
				t.Fatal(err)
			}
			defer made.Close()
			want, got := samples(t, take), samples(t, made)
			if len(got) != len(want) {
				t.Fatalf("%s %d bits: %d samples, want %d", form.Name, bits, len(got), len(want))
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%s %d bits: sample %d is %v, want %v", form.Name, bits, i, got[i], want[i])
				}
			}
		}
	}
}

func samples(t *testing.T, r *wav.Reader) []float64 {
	t.Helper()
	p := make([]byte, r.Frames()*int64(r.Format().FrameBytes()))
	if n, err := r.ReadFrames(p, 0); int64(n) != r.Frames() {
		t.Fatal(n, err)
	}
	x := make([]float64, int(r.Frames())*r.Format().Channels)
	wav.Decode(x, p, r.Format())
	return x
}

func TestNoEncoder(t *testing.T) {
	take := tone(t, 0.1, wav.Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2})
	t.Setenv("PATH", t.TempDir())
	if _, err := Encode(context.Background(), take, filepath.Join(t.TempDir(), "a.m4a"), Wish{Form: Forms[0]}); !errors.Is(err, ErrNoEncoder) {
		t.Fatal(err)
	}
	for _, form := range Forms {
		if form.codec != nil {
			continue
		}
		name := filepath.Join(t.TempDir(), "a"+form.Extension)
		if _, err := Encode(context.Background(), take, name, Wish{Form: form}); err != nil {
			t.Errorf("%s: %v", form.Name, err)
		}
		if _, err := Encode(context.Background(), take, name+"2", Wish{Form: form, RateHz: 44100}); !errors.Is(err, ErrNoEncoder) {
			t.Errorf("%s in another rate: %v", form.Name, err)
		}
	}
}

// With nothing but sox another rate is made by it; the sound is the same.
func TestResampleBySox(t *testing.T) {
	sox, err := exec.LookPath("sox")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []wav.Format{{RateHz: 48000, Channels: 2, Bits: 24, SampleBytes: 3}, {RateHz: 48000, Channels: 1, Bits: 8, SampleBytes: 1},
		{RateHz: 48000, Channels: 1, Bits: 32, SampleBytes: 4, Encoding: wav.Float}} {
		take := tone(t, 1, f)
		bin := t.TempDir()
		if err := os.Symlink(sox, filepath.Join(bin, "sox")); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin)
		name := filepath.Join(t.TempDir(), "a.wav")
		notes, err := Encode(context.Background(), take, name, Wish{Form: Forms[4], RateHz: 44100})
		if err != nil || len(notes) != 1 || !strings.HasSuffix(notes[0], "by sox") {
			t.Fatal(notes, err)
		}
		made, err := wav.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer made.Close()
		x := samples(t, made)
		if made.Format().RateHz != 44100 || made.Format().Bits != max(16, f.Bits) || made.Frames() != 44100 {
			t.Fatalf("%v, %d frames", made.Format(), made.Frames())
		}
		for i := 4410 * f.Channels; i < len(x)*9/10; i++ {
			want := 0.1 * math.Sin(2*math.Pi*float64(220+110*(i%f.Channels))*float64(i/f.Channels)/44100)
			if math.Abs(x[i]-want) > 0.00002+math.Ldexp(1, 1-f.Bits) {
				t.Fatalf("%v: sample %d is %v, want %v", f, i, x[i], want)
			}
		}
	}
}

// Without ffmpeg MP3 is made by lame, and decoded by it.
func TestMP3ByLame(t *testing.T) {
	lame, err := exec.LookPath("lame")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(lame, filepath.Join(bin, "lame")); err != nil {
		t.Fatal(err)
	}
	path := os.Getenv("PATH")
	t.Setenv("PATH", bin)
	name := filepath.Join(bin, "a.mp3")
	take := tone(t, 3, wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3})
	wish := Wish{Form: Forms[2], Tags: Tags{Title: "Das Meer für alle", Track: "3/12"}, Chapters: []Chapter{{0, 5, "a"}}}
	notes, err := Encode(context.Background(), take, name, wish)
	if err != nil || len(notes) != 2 {
		t.Fatal(notes, err)
	}
	if left, _ := filepath.Glob(filepath.Join(bin, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	t.Setenv("PATH", path)
	if p := probe(t, name); p.Format.Tags["title"] != "Das Meer für alle" || p.Format.Tags["track"] != "3/12" || p.Streams[0].Rate != "48000" {
		t.Errorf("%+v", p)
	}
}
