package wav

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// decodeOther decodes a file through ffmpeg.
func decodeOther(ctx context.Context, file *os.File, kind, near string) (*Reader, error) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return nil, ErrNoDecoder
	}
	f, err := probe(ctx, file)
	if err != nil {
		return nil, err
	}
	w, err := createScratch(f, near)
	if err != nil {
		return nil, err
	}
	// Only the file itself: what it may name elsewhere is not opened.
	cmd := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe",
		"-i", "file:/proc/self/fd/3", "-map", "0:a:0", "-f", rawName(f), "-c:a", "pcm_"+rawName(f), "pipe:1")
	cmd.ExtraFiles = []*os.File{file}
	var complaint words
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		copied := copyWhole(w, out)
		if copied != nil {
			out.Close() // ffmpeg ends when nobody listens
		}
		if err = cmd.Wait(); copied != nil {
			err = copied
		} else if err != nil {
			err = complaint.or(err)
		}
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err == nil && w.Frames() == 0 {
		err = complaint.or(errors.New("no audio in it"))
	}
	var r *Reader
	if err == nil {
		r, err = w.decoded(kind)
	}
	if err != nil {
		w.Abort()
		return nil, err
	}
	r.decoder = fmt.Sprintf("decoded by ffmpeg to %v", f)
	for _, line := range complaint.lines() {
		r.notef("ffmpeg: %s", line)
	}
	return r, nil
}

// copyWhole copies whole frames to w; part of one at the end is left out.
func copyWhole(w *Writer, in io.Reader) error {
	size := w.sizes.format.FrameBytes()
	buf := make([]byte, max(1, 256<<10/size)*size)
	for {
		n, err := io.ReadFull(in, buf)
		if _, werr := w.Write(buf[:n-n%size]); werr != nil {
			return werr
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// probe asks what the first audio stream of a file decodes to.
func probe(ctx context.Context, file *os.File) (Format, error) {
	cmd := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-protocol_whitelist", "file,pipe", "-select_streams", "a:0",
		"-show_entries", "stream=sample_fmt,sample_rate,channels,channel_layout,bits_per_raw_sample", "-of", "json", "file:/proc/self/fd/3")
	cmd.ExtraFiles = []*os.File{file}
	var complaint words
	cmd.Stderr = &complaint
	text, err := cmd.Output()
	if err != nil {
		return Format{}, complaint.or(err)
	}
	var found struct {
		Streams []struct {
			SampleFormat string `json:"sample_fmt"`
			Rate         string `json:"sample_rate"`
			RawBits      string `json:"bits_per_raw_sample"`
			Layout       string `json:"channel_layout"`
			Channels     int
		}
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return Format{}, fmt.Errorf("ffprobe: %w", err)
	}
	if len(found.Streams) == 0 {
		return Format{}, errors.New("no audio in it")
	}
	s := found.Streams[0]
	f := Format{Channels: s.Channels, Mask: masks[s.Layout]}
	f.RateHz, _ = strconv.Atoi(s.Rate)
	raw, _ := strconv.Atoi(s.RawBits)
	switch strings.TrimSuffix(s.SampleFormat, "p") {
	case "u8":
		f.Bits = 8
	case "s16":
		f.Bits = 16
	case "s32":
		f.Bits = 32
		if raw > 0 && raw <= 24 {
			f.Bits = 24
		}
	case "dbl":
		f.Bits, f.Encoding = 64, Float
	default:
		f.Bits, f.Encoding = 32, Float
	}
	f.SampleBytes = f.Bits / 8
	if err := f.check(); err != nil {
		return f, fmt.Errorf("ffmpeg finds %w", err)
	}
	return f, nil
}

// masks are the speakers of ffmpeg's layouts that WAV knows too.
var masks = map[string]uint32{
	"2.1": 0x0b, "3.0": 0x07, "quad": 0x33, "4.0": 0x107, "5.0": 0x37, "5.0(side)": 0x607,
	"5.1": 0x3f, "5.1(side)": 0x60f, "6.1": 0x70f, "7.1": 0x63f,
}

// rawName is ffmpeg's name of the samples as they stand in a WAV file.
func rawName(f Format) string {
	switch {
	case f.Encoding == Float:
		return fmt.Sprintf("f%dle", f.Bits)
	case f.Bits == 8:
		return "u8"
	}
	return fmt.Sprintf("s%dle", f.Bits)
}

// words keeps the beginning of what a program complains of.
type words struct{ bytes.Buffer }

func (w *words) Write(p []byte) (int, error) {
	if free := 4096 - w.Len(); free > 0 {
		w.Buffer.Write(p[:min(len(p), free)])
	}
	return len(p), nil
}

// speaker is the part of ffmpeg that speaks, and where in memory it is.
var speaker = regexp.MustCompile(`^\[[^]]* @ 0x[0-9a-f]+\] `)

// lines gives the first few lines, fit for a terminal.
func (w *words) lines() []string {
	var lines []string
	for line := range strings.Lines(w.String()) {
		line = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, line)
		if line != "" && len(lines) < 3 {
			lines = append(lines, speaker.ReplaceAllString(strings.ReplaceAll(line, "file:/proc/self/fd/3: ", ""), ""))
		}
	}
	return lines
}

// or is the first complaint as an error, err if there is none.
func (w *words) or(err error) error {
	if lines := w.lines(); len(lines) > 0 {
		return fmt.Errorf("ffmpeg: %s", lines[0])
	}
	return fmt.Errorf("ffmpeg: %w", err)
}
