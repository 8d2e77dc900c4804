// Package deliver makes of an edited take the file that a listener gets, with
// tags, cover and chapters: WAV and FLAC by itself, AAC and Apple Lossless through
// ffmpeg, MP3 through ffmpeg or lame.
package deliver

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
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
	codec     []string // for ffmpeg, before the name of the output; nil = made here
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
	{"wav", ".wav", nil, 0, 0},
	{"flac", ".flac", nil, 0, 0},
}

// ErrNoEncoder is the error where a program that is needed is missing, or was
// built without a coder.
var ErrNoEncoder = errors.New("no encoder")

// Tags are what a file says of itself; empty ones are as the take has them.
type Tags struct{ Title, Artist, Album, Track, Comment string }

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
	Chapters []Chapter // none: WAV and FLAC keep the marks of the take
	Cover    string    // a picture, JPEG or PNG; "" = none
	Replace  bool      // an existing file may be replaced
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

// Encode makes the file. It stands under its name when it is complete, on the
// disk, and as long as the take when it is decoded. What is said of how it was
// done, where that is not as usual, comes back as notes.
func Encode(ctx context.Context, take *wav.Reader, name string, wish Wish) (notes []string, err error) {
	if _, err := os.Lstat(name); err == nil && !wish.Replace {
		return nil, fmt.Errorf("%s: exists already", name)
	}
	ffmpeg := installed("ffmpeg")
	switch {
	case wish.Form.codec == nil || ffmpeg || wish.Form.Name == "mp3" && installed("lame"):
	case wish.Form.Name == "mp3":
		return nil, fmt.Errorf("%s: %w: neither ffmpeg nor lame is installed", name, ErrNoEncoder)
	default:
		return nil, fmt.Errorf("%s: %w: ffmpeg is not installed", name, ErrNoEncoder)
	}
	about, err := wish.about(take)
	if err != nil {
		return nil, err
	}
	audio := take
	if wish.Form.codec == nil || !ffmpeg {
		// All that is made here, and lame, get the rate that is wanted.
		if rate := wish.rate(take); rate != take.Format().RateHz {
			var by string
			if audio, by, err = resample(ctx, take, rate, filepath.Dir(name)); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			defer audio.Close()
			notes = append(notes, fmt.Sprintf("brought from %d to %d Hz by %s", take.Format().RateHz, rate, by))
			about.Set("TIME_REFERENCE", "") // of a bext chunk, in samples
			for i := range about.Marks {
				m := &about.Marks[i]
				m.Frame = int64(math.Round(float64(m.Frame) * float64(rate) / float64(take.Format().RateHz)))
			}
		}
	}
	if wish.Form.codec == nil {
		left, err := write(ctx, take, audio, name, wish, about)
		if len(left) > 0 {
			notes = append(notes, "without what has no place in it: "+strings.Join(left, ", "))
		}
		return notes, err
	}
	dir, base := filepath.Split(name)
	temp := filepath.Join(dir, fmt.Sprintf(".%.200s.%s.tmp", base, rand.Text()))
	defer os.Remove(temp)
	if ffmpeg {
		if err = encode(ctx, take, temp, wish, about); err == nil {
			err = proofread(ctx, take, temp)
		}
	} else {
		var left []string
		left, err = lame(ctx, audio, temp, wish, about)
		notes = append(append(notes, "coded by lame, as ffmpeg is not installed"), left...)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return notes, settle(temp, name, wish.Replace)
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// about is what the file is to say: what the take says, but for what is wished.
func (w Wish) about(take *wav.Reader) (wav.About, error) {
	a := take.About()
	for _, t := range [][2]string{{"TITLE", w.Tags.Title}, {"ARTIST", w.Tags.Artist}, {"ALBUM", w.Tags.Album}, {"COMMENT", w.Tags.Comment}} {
		if t[1] != "" {
			a.Set(t[0], t[1])
		}
	}
	if w.Tags.Track != "" {
		a.SetTrack(w.Tags.Track)
	}
	if w.Cover != "" {
		content, err := os.ReadFile(w.Cover)
		if err != nil {
			return a, err
		}
		if a.Cover = wav.NewPicture(content); a.Cover == nil {
			return a, fmt.Errorf("%s: is neither a JPEG nor a PNG file", w.Cover)
		}
	}
	if len(w.Chapters) > 0 {
		a.Marks = nil
		for _, c := range w.Chapters {
			a.Marks = append(a.Marks, wav.Mark{Frame: c.Start, Label: c.Title})
		}
	}
	return a, nil
}

// write makes WAV or FLAC. The audio may be that of the take in another rate. It
// names what of the take has no place in the file.
func write(ctx context.Context, take, audio *wav.Reader, name string, wish Wish, about wav.About) ([]string, error) {
	f := take.Format()
	target := wav.Target{Container: "RIFF", Bits: wish.Bits, About: &about}
	if wish.Form.Name == "flac" {
		target.Container = "FLAC"
		if f.Encoding == wav.Float && wish.Bits == 0 {
			target.Bits = 24
		}
	}
	if audio != take && target.Bits == 0 {
		target.Bits = max(16, (f.Bits+7)/8*8)
		if f.Encoding == wav.Float {
			target.Bits = wav.Float32
		}
	}
	w, err := wav.CreateAs(name, audio, target)
	if err != nil {
		return nil, err
	}
	w.Replace = wish.Replace
	const piece = 1 << 20
	for at := int64(0); at < audio.Frames() && err == nil; at += piece {
		if err = ctx.Err(); err == nil {
			err = w.CopyFrames(audio, at, min(piece, audio.Frames()-at))
		}
	}
	if err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	if err := w.Commit(); err != nil {
		return nil, err
	}
	made, err := wav.OpenCoded(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("what was written cannot be read: %w", err)
	}
	defer made.Close()
	if made.Frames() != audio.Frames() {
		return nil, fmt.Errorf("%s: has %d frames, %d were written", name, made.Frames(), audio.Frames())
	}
	return w.Left(), nil
}

// resample brings a take to another rate, through ffmpeg or sox, into a file
// without a name near a folder, in 32-bit float; the name of the program that
// did it comes back. There is no resampler of our own.
func resample(ctx context.Context, take *wav.Reader, rateHz int, near string) (*wav.Reader, string, error) {
	f := take.Format()
	from, to := fmt.Sprint(f.RateHz), fmt.Sprint(rateHz)
	channels := fmt.Sprint(f.Channels)
	var cmd *exec.Cmd
	switch {
	case installed("ffmpeg"):
		cmd = exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-f", rawName(f), "-ar", from, "-ac", channels, "-i", "pipe:0",
			"-ar", to, "-af", resampler, "-f", "f32le", "pipe:1")
	case installed("sox"):
		coding := map[wav.Encoding]string{wav.PCM: "signed-integer", wav.Float: "floating-point"}[f.Encoding]
		if f.SampleBytes == 1 {
			coding = "unsigned-integer"
		}
		order := map[bool]string{true: "-B", false: "-L"}[f.BigEndian]
		cmd = exec.CommandContext(ctx, "sox", "-V1", "-D", "-t", "raw", "-r", from, "-c", channels, "-e", coding, "-b", fmt.Sprint(8*f.SampleBytes), order, "-",
			"-t", "raw", "-e", "floating-point", "-b", "32", "-L", "-", "rate", "-v", to)
	default:
		return nil, "", fmt.Errorf("%w: another rate needs ffmpeg or sox, and neither is installed", ErrNoEncoder)
	}
	by := filepath.Base(cmd.Path)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, by, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, by, err
	}
	if err := cmd.Start(); err != nil {
		return nil, by, err
	}
	copied := make(chan error, 1)
	go func() { copied <- errors.Join(copyFrames(in, take), in.Close()) }()
	made, err := wav.OpenRawStream(out, wav.Format{RateHz: rateHz, Channels: f.Channels, Bits: 32, SampleBytes: 4, Encoding: wav.Float, Mask: f.Mask}, near)
	if err != nil {
		out.Close()
	}
	err = errors.Join(err, <-copied)
	if failed := cmd.Wait(); failed != nil {
		err = fmt.Errorf("%s: %s (%w)", by, strings.TrimSpace(complaint.String()), failed)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil && made != nil {
		made.Close()
	}
	return made, by, err
}

// resampler is what ffmpeg brings audio to another rate by.
const resampler = "aresample=resampler=soxr:precision=28"

// coverFile writes a cover to a temporary file.
func coverFile(p *wav.Picture) (string, error) {
	f, err := os.CreateTemp("", "cover-*."+strings.TrimPrefix(p.MIME, "image/"))
	if err != nil {
		return "", err
	}
	_, err = f.Write(p.Bytes)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
	}
	return f.Name(), err
}

// lame codes MP3. It names what it has no place for.
func lame(ctx context.Context, audio *wav.Reader, temp string, wish Wish, about wav.About) (left []string, err error) {
	f := audio.Format()
	args := []string{"--quiet", "-b", fmt.Sprint(min(wish.Form.perSecond*f.Channels, 320_000) / 1000), "--id3v2-only", "--id3v2-utf16"}
	for _, t := range [][2]string{{"--tt", "TITLE"}, {"--ta", "ARTIST"}, {"--tl", "ALBUM"}, {"--tc", "COMMENT"}} {
		if v := about.Tag(t[1]); v != "" {
			args = append(args, t[0], v)
		}
	}
	if track := about.Track(); track != "" {
		args = append(args, "--tn", track)
	}
	if about.Cover != nil {
		picture, err := coverFile(about.Cover)
		if err != nil {
			return nil, err
		}
		defer os.Remove(picture)
		args = append(args, "--ti", picture)
	}
	if len(wish.Chapters) > 0 {
		left = append(left, "without chapters: lame writes none")
	}
	// A WAV file with 24 bits, which lame reads, and one that it decodes again;
	// they are gone with this call.
	folder, err := os.MkdirTemp(filepath.Dir(temp), ".lame-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	plain := filepath.Join(folder, "audio.wav")
	w, err := wav.CreateAs(plain, audio, wav.Target{Container: "RIFF", Bits: 24, About: &wav.About{}})
	if err != nil {
		return nil, err
	}
	if err := w.CopyFrames(audio, 0, audio.Frames()); err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	if err := w.Commit(); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, "lame", append(args, plain, temp)...).CombinedOutput()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("lame: %s (%w)", strings.TrimSpace(string(out)), err)
	}
	again := filepath.Join(folder, "again.wav")
	if out, err := exec.CommandContext(ctx, "lame", "--quiet", "--decode", temp, again).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("lame cannot decode what it made: %s (%w)", strings.TrimSpace(string(out)), err)
	}
	return left, proofread(ctx, audio, again)
}

func encode(ctx context.Context, take *wav.Reader, temp string, wish Wish, about wav.About) error {
	f := take.Format()
	args := []string{"-nostdin", "-v", "error", "-f", rawName(f), "-ar", fmt.Sprint(f.RateHz), "-ac", fmt.Sprint(f.Channels), "-i", "pipe:0",
		"-f", "ffmetadata", "-i", "pipe:3"}
	if about.Cover != nil {
		picture, err := coverFile(about.Cover)
		if err != nil {
			return err
		}
		defer os.Remove(picture)
		args = append(args, "-i", "file:"+picture, "-map", "2:v", "-c:v", "copy", "-disposition:v", "attached_pic")
	}
	args = append(args, "-map", "0:a", "-map_metadata", "1", "-map_chapters", "1")
	if rate := wish.rate(take); rate != f.RateHz {
		args = append(args, "-ar", fmt.Sprint(rate), "-af", resampler+":dither_method=triangular")
	}
	if n := wish.Form.perSecond; n != 0 {
		args = append(args, "-b:a", fmt.Sprint(min(n*f.Channels, 320_000)))
	}
	args = append(args, sampleArgs(wish, f)...)
	args = append(args, wish.Form.codec...)
	cmd := exec.CommandContext(ctx, "ffmpeg", append(args, "-fflags", "+bitexact", "file:"+temp)...)
	words, said, err := os.Pipe()
	if err != nil {
		return err
	}
	defer words.Close()
	var complaint bytes.Buffer
	cmd.ExtraFiles, cmd.Stderr = []*os.File{words}, &complaint
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
		_, err := said.Write(metadata(wish, about, f.RateHz))
		written <- errors.Join(err, said.Close())
	}()
	copied := errors.Join(copyFrames(in, take), in.Close())
	err = cmd.Wait()
	words.Close()
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

// sampleArgs says which samples Apple Lossless gets.
func sampleArgs(wish Wish, f wav.Format) []string {
	if wish.Form.Name != "alac" {
		return nil
	}
	bits := wish.Bits
	if bits == 0 {
		bits = f.Bits
	}
	format := map[bool]string{true: "s16p", false: "s32p"}[bits <= 16]
	if bits > 16 && bits <= 24 || f.Encoding == wav.Float && wish.Bits == 0 {
		return []string{"-sample_fmt", format, "-bits_per_raw_sample", "24"}
	}
	return []string{"-sample_fmt", format}
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
func metadata(wish Wish, about wav.About, rateHz int) []byte {
	var b bytes.Buffer
	b.WriteString(";FFMETADATA1\n")
	escape := strings.NewReplacer(`\`, `\\`, "=", `\=`, ";", `\;`, "#", `\#`, "\n", "\\\n")
	for _, name := range []string{"title", "artist", "album", "comment", "date", "genre", "copyright"} {
		if value := about.Tag(strings.ToUpper(name)); value != "" {
			fmt.Fprintf(&b, "%s=%s\n", name, escape.Replace(value))
		}
	}
	if track := about.Track(); track != "" {
		fmt.Fprintf(&b, "track=%s\n", escape.Replace(track))
	}
	for _, c := range wish.Chapters {
		fmt.Fprintf(&b, "[CHAPTER]\nTIMEBASE=1/%d\nSTART=%d\nEND=%d\ntitle=%s\n", rateHz, c.Start, c.End, escape.Replace(c.Title))
	}
	return b.Bytes()
}

// proofread decodes what was made: it must be as long as the take.
func proofread(ctx context.Context, take *wav.Reader, temp string) error {
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
