// Package deliver makes of an edited take the file that a listener gets: AAC,
// Apple Lossless or MP3 with tags, cover and chapters, through ffmpeg.
package deliver

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"jackknife/wav"
)

// Form is a way of coding.
type Form struct {
	Name      string
	Extension string
	codec     []string // for ffmpeg, before the name of the output
	perSecond int      // bits a second and channel; 0 = the codec says
	rateHz    int      // 0 = the take's
}

// Forms are what there is. The rate of the listening device is one that every
// iPod plays (Apple HT1334 has no 48 kHz in it).
var Forms = []Form{
	{"m4a", ".m4a", []string{"-c:a", "aac", "-f", "ipod"}, 80_000, 0},
	{"alac", ".m4a", []string{"-c:a", "alac", "-f", "ipod"}, 0, 0},
	{"mp3", ".mp3", []string{"-c:a", "libmp3lame", "-id3v2_version", "3", "-f", "mp3"}, 96_000, 0},
	{"listening-device", ".m4a", []string{"-c:a", "aac", "-f", "ipod"}, 80_000, 44100},
	{"wav", ".wav", []string{"-f", "wav", "-rf64", "auto"}, 0, 0},
	{"flac", ".flac", []string{"-c:a", "flac", "-f", "flac"}, 0, 0},
}

// ErrNoEncoder is the error where ffmpeg is missing, or was built without a
// coder.
var ErrNoEncoder = errors.New("no encoder")

// Tags are what a file says of itself; empty ones are left out.
type Tags struct{ Title, Artist, Album, Track string }

// Chapter is a part of the file, in frames of the take.
type Chapter struct {
	Start, End int64
	Title      string
}

// Wish is how a take is to be delivered.
type Wish struct {
	Form     Form
	RateHz   int // 0 = the form's, or the take's
	Bits     int // 16, 24 or 32 for wav, flac and alac; 0 = the take's
	Tags     Tags
	Chapters []Chapter
	Cover    string // a picture, JPEG or PNG; "" = none
	Replace  bool   // an existing file may be replaced
}

func (w Wish) rate(take *wav.Reader) int {
	for _, r := range []int{w.RateHz, w.Form.rateHz} {
		if r != 0 {
			return r
		}
	}
	return take.Format().RateHz
}

// slack is how much longer or shorter a coded file may be than its take, in
// seconds: a block of the coder at its end and its beginning.
const slack = 0.15

// Encode codes a take into a file. It stands under its name when it is
// complete, on the disk, and as long as the take when it is decoded.
func Encode(ctx context.Context, take *wav.Reader, name string, wish Wish) error {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return fmt.Errorf("%s: %w: ffmpeg is not installed", name, ErrNoEncoder)
	}
	if _, err := os.Lstat(name); err == nil && !wish.Replace {
		return fmt.Errorf("%s: exists already", name)
	}
	dir, base := filepath.Split(name)
	temp := filepath.Join(dir, fmt.Sprintf(".%.200s.%s.tmp", base, rand.Text()))
	defer os.Remove(temp)
	if err := encode(ctx, take, temp, wish); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := proofread(ctx, take, temp, wish); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return settle(temp, name, wish.Replace)
}

func encode(ctx context.Context, take *wav.Reader, temp string, wish Wish) error {
	f := take.Format()
	args := []string{"-nostdin", "-v", "error", "-f", rawName(f), "-ar", fmt.Sprint(f.RateHz), "-ac", fmt.Sprint(f.Channels), "-i", "pipe:0",
		"-f", "ffmetadata", "-i", "pipe:3"}
	if wish.Cover != "" {
		args = append(args, "-i", "file:"+wish.Cover, "-map", "2:v", "-c:v", "copy", "-disposition:v", "attached_pic")
	}
	args = append(args, "-map", "0:a", "-map_metadata", "1", "-map_chapters", "1")
	if rate := wish.rate(take); rate != f.RateHz {
		args = append(args, "-ar", fmt.Sprint(rate), "-af", "aresample=precision=28:dither_method=triangular")
	}
	if n := wish.Form.perSecond; n != 0 {
		args = append(args, "-b:a", fmt.Sprint(min(n*f.Channels, 320_000)))
	}
	args = append(args, sampleArgs(wish, f)...)
	args = append(args, wish.Form.codec...)
	cmd := exec.CommandContext(ctx, "ffmpeg", append(args, "-fflags", "+bitexact", "file:"+temp)...)
	about, said, err := os.Pipe()
	if err != nil {
		return err
	}
	defer about.Close()
	var complaint bytes.Buffer
	cmd.ExtraFiles, cmd.Stderr = []*os.File{about}, &complaint
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		said.Close()
		return err
	}
	written := make(chan error, 1)
	go func() {
		_, err := said.Write(metadata(wish, f.RateHz))
		written <- errors.Join(err, said.Close())
	}()
	copied := errors.Join(copyFrames(in, take), in.Close())
	err = cmd.Wait()
	about.Close()
	<-written // ffmpeg says what was wrong with it
	switch line, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n"); {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && strings.Contains(complaint.String(), "Unknown encoder"):
		return fmt.Errorf("%w: this ffmpeg was built without it: %s", ErrNoEncoder, line)
	case err != nil && line != "":
		return fmt.Errorf("ffmpeg: %s", line)
	case err != nil:
		return fmt.Errorf("ffmpeg: %w", err)
	}
	return copied
}

// sampleArgs says which samples a lossless form gets.
func sampleArgs(wish Wish, f wav.Format) []string {
	bits := wish.Bits
	if bits == 0 {
		bits = f.Bits
	}
	switch wish.Form.Name {
	case "wav":
		if wish.Bits == 0 && f.Encoding == wav.Float {
			return []string{"-c:a", "pcm_f32le"}
		}
		return []string{"-c:a", fmt.Sprintf("pcm_s%dle", max(16, (bits+7)/8*8))}
	case "flac", "alac":
		format := map[bool]string{true: "s16", false: "s32"}[bits <= 16]
		if wish.Form.Name == "alac" {
			format += "p"
		}
		if bits > 16 && bits <= 24 || f.Encoding == wav.Float && wish.Bits == 0 {
			return []string{"-sample_fmt", format, "-bits_per_raw_sample", "24"}
		}
		return []string{"-sample_fmt", format}
	}
	return nil
}

// rawName is ffmpeg's name of samples as they stand in a file.
func rawName(f wav.Format) string {
	end := "le"
	if f.BigEndian {
		end = "be"
	}
	switch {
	case f.Encoding == wav.Float:
		return fmt.Sprintf("f%d%s", 8*f.SampleBytes, end)
	case f.SampleBytes == 1:
		return "u8"
	}
	return fmt.Sprintf("s%d%s", 8*f.SampleBytes, end)
}

func copyFrames(w io.Writer, take *wav.Reader) error {
	size := take.Format().FrameBytes()
	buf := make([]byte, max(1, 1<<20/size)*size)
	for at := int64(0); at < take.Frames(); {
		n, err := take.ReadFrames(buf, at)
		if n == 0 {
			return err
		}
		if _, err := w.Write(buf[:n*size]); err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

// metadata is what ffmpeg reads as ffmetadata: tags and chapters.
func metadata(wish Wish, rateHz int) []byte {
	var b bytes.Buffer
	b.WriteString(";FFMETADATA1\n")
	escape := strings.NewReplacer(`\`, `\\`, "=", `\=`, ";", `\;`, "#", `\#`, "\n", "\\\n")
	for _, t := range [][2]string{{"title", wish.Tags.Title}, {"artist", wish.Tags.Artist}, {"album", wish.Tags.Album}, {"track", wish.Tags.Track}} {
		if t[1] != "" {
			fmt.Fprintf(&b, "%s=%s\n", t[0], escape.Replace(t[1]))
		}
	}
	for _, c := range wish.Chapters {
		fmt.Fprintf(&b, "[CHAPTER]\nTIMEBASE=1/%d\nSTART=%d\nEND=%d\ntitle=%s\n", rateHz, c.Start, c.End, escape.Replace(c.Title))
	}
	return b.Bytes()
}

// proofread decodes what was made: it must be as long as the take.
func proofread(ctx context.Context, take *wav.Reader, temp string, wish Wish) error {
	made, err := wav.OpenCoded(ctx, temp)
	if err != nil {
		return fmt.Errorf("what was made cannot be read: %w", err)
	}
	defer made.Close()
	want := float64(take.Frames()) / float64(take.Format().RateHz)
	got := float64(made.Frames()) / float64(made.Format().RateHz)
	if got < want-slack || got > want+slack {
		return fmt.Errorf("lasts %.3f s when decoded, the take %.3f s", got, want)
	}
	return nil
}

// settle brings a complete file to the disk and under its name.
func settle(temp, name string, replace bool) error {
	f, err := os.Open(temp)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if replace {
		return os.Rename(temp, name)
	}
	return os.Link(temp, name) // which fails where there is one already; temp goes as it does on errors
}
