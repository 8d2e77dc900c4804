package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/editor/deliver"
	"jackknife/wav"
)

func deliverCommand(s *streams) *cobra.Command {
	var outs []string
	var as, chapters string
	var between time.Duration
	var force, dryRun bool
	var wish deliver.Wish
	c := &cobra.Command{
		Use:   "deliver TAKE -o FILE...",
		Short: "Make the file that a listener gets: AAC, ALAC, MP3, FLAC, with tags and chapters",
		Long: `Make of an edited take the file that a listener gets, with tags, a cover and
chapters. The form is that of --as, or what the file's name says:

  m4a                AAC, 80 kbit/s a channel
  alac               Apple Lossless
  mp3                MP3, 96 kbit/s a channel, ID3v2.3 tags
  listening-device   AAC in 44.1 kHz, which every iPod plays
  flac, wav          without loss

Chapters are made of the phrases: each begins with the first phrase after a pause
of --between or more. Or of the marks in the take (its cue points, or chapters).
Or they are read from a file: Audacity labels, SRT, WebVTT; each label is a
chapter to the next. Tags and cover that are not given are those of the take.

WAV and FLAC are written without any other program, WAV with an INFO list, an ID3
tag and cue points, FLAC with comments, a picture and CHAPTER comments. ffmpeg
codes the rest, lame MP3 where ffmpeg is missing. Another rate needs ffmpeg or
sox. What was made is decoded once to see that it is as long as the take.

Several -o make several files. One that cannot be made (a missing encoder) does
not stop the others; the exit code is 5 then.`,
		Example: `  jackknife deliver out.wav -o exercise.m4a --title "The Sea" --artist "Ada" --chapters phrases
  jackknife deliver out.wav -o sea.flac -o sea.mp3 --chapters marks
  jackknife deliver out.wav -o ipod.m4a --as listening-device --cover sea.jpg
  jackknife deliver out.wav -o chapter1.mp3 --track 1/12 --album "The Book" --chapters labels.txt`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("want one take")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(outs) == 0 {
				return usagef("where to: -o FILE is missing")
			}
			wish.Replace = force
			forms := make([]deliver.Form, len(outs))
			for i, out := range outs {
				var err error
				if forms[i], err = deliveryForm(as, out); err != nil {
					return err
				}
				if slices.Contains(outs[:i], out) {
					return usagef("-o %s twice", shown(out))
				}
				if err := vacant(out, args[0], force); err != nil {
					return err
				}
			}
			if wish.Cover != "" {
				if _, err := os.Stat(wish.Cover); err != nil {
					return fmt.Errorf("%s: %w", shown(wish.Cover), cause(err))
				}
			}
			take, err := openTake(c.Context(), s, args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			wish.Chapters, err = chaptersOf(c.Context(), s, take, args[0], chapters, between)
			if err != nil {
				return err
			}
			rate := take.Format().RateHz
			for i, ch := range wish.Chapters {
				fmt.Fprintf(s.err, "chapter %d at %s: %s\n", i+1, clock(ch.Start, rate), ch.Title)
			}
			made := 0
			var failed error
			for i, out := range outs {
				if dryRun {
					fmt.Fprintf(s.out, "%s: would be written as %s\n", shown(out), forms[i].Name)
					continue
				}
				wish.Form = forms[i]
				notes, err := deliver.Encode(c.Context(), take, out, wish)
				switch {
				case errors.Is(err, context.Canceled):
					return fmt.Errorf("%s: interrupted, nothing written", shown(out))
				case errors.Is(err, deliver.ErrNoEncoder):
					err = &failure{code: exitFailed, err: err, hint: "install ffmpeg (lame does for MP3, sox for another rate); WAV and FLAC in the rate of the take need neither"}
				}
				if err != nil && len(outs) > 1 {
					fmt.Fprintf(s.err, "jackknife: %v\n", err)
				}
				if err != nil {
					failed = err
					continue
				}
				for _, n := range notes {
					fmt.Fprintf(s.err, "%s: %s\n", shown(out), n)
				}
				made++
				fmt.Fprintf(s.err, "%s: written\n", shown(out))
			}
			if failed != nil && len(outs) > 1 {
				code := exitPartly
				if made == 0 {
					code = exitFailed
				}
				return &failure{code: code, err: fmt.Errorf("%d of %d files could not be made", len(outs)-made, len(outs))}
			}
			return failed
		},
	}
	f := c.Flags()
	f.StringArrayVarP(&outs, "output", "o", nil, "file to write; may be repeated")
	f.StringVar(&as, "as", "", "m4a, alac, mp3, listening-device, flac or wav (default: as the file's name says)")
	f.IntVar(&wish.RateHz, "rate", 0, "rate in Hz (default that of the form, or of the take)")
	f.IntVar(&wish.Bits, "bits", 0, "16 or 24, of forms without loss (default those of the take)")
	f.StringVar(&wish.Tags.Title, "title", "", "title")
	f.StringVar(&wish.Tags.Artist, "artist", "", "artist")
	f.StringVar(&wish.Tags.Album, "album", "", "album")
	f.StringVar(&wish.Tags.Track, "track", "", "track, as 3 or 3/12")
	f.StringVar(&wish.Tags.Comment, "comment", "", "comment")
	f.StringVar(&wish.Cover, "cover", "", "picture `file`, JPEG or PNG")
	f.StringVar(&chapters, "chapters", "none", "none, phrases, marks, or a `file` of labels or subtitles")
	f.DurationVar(&between, "between", 2*time.Second, "with --chapters phrases: the pause that divides chapters")
	f.BoolVarP(&force, "force", "f", false, "replace an existing file")
	f.BoolVarP(&dryRun, "dry-run", "n", false, "show the chapters and the form, write nothing")
	var names []string
	for _, form := range deliver.Forms {
		names = append(names, form.Name)
	}
	c.RegisterFlagCompletionFunc("as", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// deliveryForm is the form of a name, or the first of a file's ending.
func deliveryForm(as, out string) (deliver.Form, error) {
	ext := strings.ToLower(filepath.Ext(out))
	if ext == ".m4b" {
		ext = ".m4a"
	}
	for _, f := range deliver.Forms {
		if as == f.Name || as == "" && ext == f.Extension {
			return f, nil
		}
	}
	if as == "" {
		return deliver.Form{}, usagef("%s: the name does not say which form; --as does", shown(out))
	}
	return deliver.Form{}, usagef("--as %q: want m4a, alac, mp3, listening-device, flac or wav", as)
}

// chaptersOf makes the chapters of a take as --chapters says.
func chaptersOf(ctx context.Context, s *streams, take *wav.Reader, name, from string, between time.Duration) ([]deliver.Chapter, error) {
	var starts []int64
	var titles []string
	rate := take.Format().RateHz
	switch from {
	case "none":
		return nil, nil
	case "marks":
		for _, m := range take.Marks() {
			starts, titles = append(starts, m.Frame), append(titles, m.Label)
		}
		if len(starts) == 0 {
			return nil, &failure{code: exitNoMatch, err: fmt.Errorf("%s: has no marks", shown(name))}
		}
	case "phrases":
		starts = []int64{0}
		least := int64(between.Seconds() * float64(rate))
		_, err := editor.Detect(ctx, take, editor.DetectOptions{}, func(p editor.Pause) error {
			if p.Heard.Start > 0 && p.Heard.End < take.Frames() && p.Heard.Len() >= least {
				starts = append(starts, p.Heard.End)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", shown(name), err)
		}
		for i := range starts {
			titles = append(titles, strconv.Itoa(i+1))
		}
	default:
		text, title, err := readText(from, s.in)
		if err != nil {
			return nil, err
		}
		said, err := editor.ParseText(title, text, rate)
		if err != nil {
			return nil, err
		}
		for _, label := range said {
			if label.Start >= take.Frames() {
				return nil, fmt.Errorf("%s: %q lies behind the end of %s", title, label.Words, shown(name))
			}
			starts, titles = append(starts, label.Start), append(titles, label.Words)
		}
	}
	chapters := make([]deliver.Chapter, len(starts))
	for i := range starts {
		end := take.Frames()
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		chapters[i] = deliver.Chapter{Start: starts[i], End: end, Title: titles[i]}
	}
	return chapters, nil
}
