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
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
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
			wish := Wish{Form: form, Tags: Tags{Title: "Sea; calm = #1", Artist: "A\\B", Album: "Rest", Track: "3"}}
			if form.Name == "wav" {
				wish.RateHz = 44100
			} else {
				wish.Chapters = []Chapter{{0, 96000, "one"}, {96000, 240000, "two; #2"}}
				wish.Cover = cover
			}
			if err := Encode(context.Background(), take, name, wish); err != nil {
				t.Fatal(err)
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
			if len(wish.Chapters) > 0 && form.Name != "flac" {
				if len(p.Chapters) != 2 || p.Chapters[1].Start != "2.000000" || p.Chapters[1].Tags["title"] != "two; #2" {
					t.Errorf("chapters %v", p.Chapters)
				}
			}
			if err := Encode(context.Background(), take, name, wish); err == nil {
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
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	for _, bits := range []int{16, 24} {
		take := tone(t, 2, wav.Format{RateHz: 48000, Channels: 2, Bits: bits, SampleBytes: bits / 8})
		for _, form := range Forms {
			if form.perSecond != 0 {
				continue
			}
			name := filepath.Join(t.TempDir(), "out"+form.Extension)
			if err := Encode(context.Background(), take, name, Wish{Form: form}); err != nil {
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
	if err := Encode(context.Background(), take, filepath.Join(t.TempDir(), "a.m4a"), Wish{Form: Forms[0]}); !errors.Is(err, ErrNoEncoder) {
		t.Fatal(err)
	}
}
