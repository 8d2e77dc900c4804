package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/wav"
)

func infoCommand(s *streams) *cobra.Command {
	var asJSON, check bool
	c := &cobra.Command{
		Use:   "info TAKE...",
		Short: "Show what a take is made of",
		Long: `Show what a take is made of: container, encoding, rate, channels and their names,
length, chunks, and what is odd about the file. The length is h:mm:ss+frames.
--check reads all samples too and shows the peak, samples that are no numbers, and
digital silence at the end. FLAC is read as it is, other coded audio through
ffmpeg; - is standard input. Exit 1 if the take cannot be read, 5 if only some of
many can.`,
		Example: `  jackknife info take.wav
  jackknife info --check *.wav
  jackknife info --json take.wav`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			failed := 0
			for i, name := range args {
				err := writeInfo(c.Context(), s, name, check, asJSON, i > 0)
				if err != nil && len(args) == 1 {
					return err
				}
				if err != nil {
					failed++
					fmt.Fprintf(s.err, "jackknife: error: %v\n", err)
				}
			}
			code := exitPartly
			if failed == len(args) {
				code = exitFailed
			}
			if failed > 0 {
				return &failure{code: code, err: fmt.Errorf("%d of %d files cannot be read", failed, len(args))}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&check, "check", false, "read all samples, show peak and faults")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line for each take")
	return c
}

type takeInfo struct {
	File        string       `json:"file"`
	Container   string       `json:"container"`
	Encoding    string       `json:"encoding"`
	Bits        int          `json:"bits"`
	SampleBytes int          `json:"sample_bytes"`
	BigEndian   bool         `json:"big_endian"`
	RateHz      int          `json:"rate_hz"`
	Channels    int          `json:"channels"`
	Mask        uint32       `json:"channel_mask"`
	Tracks      []string     `json:"tracks,omitempty"`
	Frames      int64        `json:"frames"`
	Seconds     float64      `json:"seconds"`
	Chunks      []chunkInfo  `json:"chunks"`
	Notes       []string     `json:"notes"`
	Content     *contentInfo `json:"content,omitempty"`
}

type chunkInfo struct {
	ID   string `json:"id"`
	At   int64  `json:"at"`
	Size int64  `json:"size"`
}

type contentInfo struct {
	Peak        float64 `json:"peak"`
	BeyondScale int64   `json:"samples_beyond_scale"`
	NotFinite   int64   `json:"samples_not_finite"`
	ZeroTail    int64   `json:"zero_frames_at_end"`
}

func writeInfo(ctx context.Context, s *streams, name string, check, asJSON, more bool) error {
	take, err := openTake(ctx, s, name)
	if err != nil {
		return err
	}
	defer take.Close()
	f := take.Format()
	info := takeInfo{
		File: name, Container: take.Container(), Encoding: strings.ToLower(f.Encoding.String()),
		Bits: f.Bits, SampleBytes: f.SampleBytes, BigEndian: f.BigEndian, RateHz: f.RateHz,
		Channels: f.Channels, Mask: f.Mask, Tracks: take.Tracks(), Frames: take.Frames(), Seconds: float64(take.Frames()) / float64(f.RateHz),
		Chunks: []chunkInfo{}, Notes: append([]string{}, take.Notes()...),
	}
	if how := take.Decoder(); how != "" {
		info.Notes = append(info.Notes, how)
	}
	for _, c := range take.Chunks() {
		info.Chunks = append(info.Chunks, chunkInfo{c.ID, c.At, c.Size})
	}
	if check {
		content, err := take.Scan(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		info.Content = &contentInfo{content.Peak, content.BeyondScale, content.NotFinite, content.ZeroTail}
		if odd := notNumbers(content.NotFinite, content.FirstAt); odd != "" {
			s.warn(takeTitle(name), odd)
			info.Notes = append(info.Notes, odd)
		}
	}
	if asJSON {
		return writeJSON(s.out, info)
	}
	if more {
		fmt.Fprintln(s.out)
	}
	writeInfoText(s.out, f, info)
	return nil
}

func writeInfoText(out io.Writer, f wav.Format, info takeInfo) {
	line := func(word, format string, args ...any) {
		fmt.Fprintf(out, "%-10s %s\n", word, fmt.Sprintf(format, args...))
	}
	line("take", "%s", shown(info.File))
	line("container", "%s", info.Container)
	line("encoding", "%s", f)
	line("rate", "%d Hz", f.RateHz)
	line("channels", "%d", f.Channels)
	if len(info.Tracks) > 0 {
		line("tracks", "%s", shown(strings.Join(info.Tracks, ", ")))
	}
	line("frames", "%d", info.Frames)
	line("length", "%s", editor.Stamp(info.Frames, f.RateHz))
	const most = 20
	var chunks []string
	for _, c := range info.Chunks[:min(most, len(info.Chunks))] {
		chunks = append(chunks, fmt.Sprintf("%s %d", strings.TrimSpace(shown(c.ID)), c.Size))
	}
	if n := len(info.Chunks) - most; n > 0 {
		chunks = append(chunks, fmt.Sprintf("and %d more", n))
	}
	if len(chunks) > 0 {
		line("chunks", "%s", strings.Join(chunks, ", "))
	}
	if c := info.Content; c != nil {
		line("peak", "%.2f dBFS", 20*math.Log10(c.Peak))
		if c.BeyondScale > 0 {
			line("beyond", "%d samples beyond full scale", c.BeyondScale)
		}
		if c.ZeroTail > 0 {
			line("zeros", "%d frames of digital silence at the end", c.ZeroTail)
		}
	}
	for _, n := range info.Notes {
		line("note", "%s", n)
	}
}

// shown is a name fit for a terminal.
func shown(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}
