package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/wav"
)

func recoverCommand(s *streams) *cobra.Command {
	var output string
	var force, dryRun bool
	var raw rawFormat
	c := &cobra.Command{
		Use:   "recover TAKE -o FILE",
		Short: "Copy the audio out of a take that a crash left broken",
		Long: `Copy the audio out of a take that a crash left broken: one whose header claims
more, or less, than the file holds, or does not say how long it is, or FLAC that
breaks off. All whole frames go into a new file, byte for byte, and what else
stands in front of the audio; the broken one stays as it is. Exit 0 without writing
if the take is in order; digital silence at its end, which a power cut may leave,
is named.

--raw reads what has no header at all, or one that is lost: --rate, --channels
and --bits say how the samples stand there (little-endian), --skip how many bytes
come before them.`,
		Example: `  jackknife recover take.part.wav -o take.wav
  jackknife recover -n take.wav
  jackknife recover broken.bin -o take.wav --raw --rate 48000 --channels 2 --bits 24 --skip 44`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			take, err := raw.open(c, args[0])
			if err != nil {
				return err
			}
			defer take.Close()
			f := take.Format()
			if take.Damage() == "" {
				content, err := take.Scan(c.Context())
				if err != nil {
					return ofTake(args[0], err)
				}
				fmt.Fprintf(s.err, "%s: in order, %d frames\n", shown(args[0]), take.Frames())
				if content.ZeroTail > 0 {
					fmt.Fprintf(s.err, "%s: the last %d are digital silence, as a power cut may leave it\n", shown(args[0]), content.ZeroTail)
				}
				return nil
			}
			fmt.Fprintf(s.err, "%s: %s\n", shown(args[0]), take.Damage())
			if dryRun {
				fmt.Fprintf(s.out, "%d frames of %v x %d at %d Hz\n", take.Frames(), f, f.Channels, f.RateHz)
				return nil
			}
			if output == "" {
				return &failure{code: exitUsage, err: fmt.Errorf("where to: -o FILE is missing"), hint: "-n shows what would be recovered"}
			}
			if err := vacant(output, args[0], force); err != nil {
				return err
			}
			target := wav.Target{}
			if strings.EqualFold(filepath.Ext(output), ".flac") {
				target.Container = "FLAC"
			}
			w, err := wav.CreateAs(output, take, target)
			if err != nil {
				return err
			}
			w.Replace = force
			if err := w.CopyFrames(take, 0, take.Frames()); err != nil {
				w.Abort()
				return err
			}
			if err := w.Commit(); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s: %d frames\n", shown(output), w.Frames())
			return nil
		},
	}
	raw.flags(c)
	c.Flags().StringVarP(&output, "output", "o", "", "the new file")
	c.Flags().BoolVarP(&force, "force", "f", false, "replace an existing file")
	c.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "show what would be recovered, write nothing")
	return c
}

// rawFormat is how the samples of a file without a header stand there.
type rawFormat struct {
	raw            bool
	rate, channels int
	bits           string
	skip           int64
}

func (r *rawFormat) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&r.raw, "raw", false, "the file has no header")
	f.IntVar(&r.rate, "rate", 0, "with --raw: frames a second")
	f.IntVar(&r.channels, "channels", 0, "with --raw: channels")
	f.StringVar(&r.bits, "bits", "", "with --raw: samples of 8, 16, 24, 32 bits or float")
	f.Int64Var(&r.skip, "skip", 0, "with --raw: `bytes` in front of the audio")
	c.RegisterFlagCompletionFunc("bits", cobra.FixedCompletions([]string{"8", "16", "24", "32", "float"}, cobra.ShellCompDirectiveNoFileComp))
}

func (r *rawFormat) open(c *cobra.Command, name string) (*wav.Reader, error) {
	if !r.raw {
		for _, flag := range []string{"rate", "channels", "bits", "skip"} {
			if c.Flags().Changed(flag) {
				return nil, usagef("--%s is for --raw: the header of the take says it", flag)
			}
		}
		take, err := wav.OpenDamaged(c.Context(), name)
		if info, statErr := os.Stat(name); err != nil && !errors.Is(err, wav.ErrCoded) && statErr == nil && info.Mode().IsRegular() && info.Size() > 0 {
			err = &failure{code: exitFailed, err: err, hint: "--raw reads it if you know how the samples stand there: --rate, --channels, --bits and --skip"}
		}
		return take, err
	}
	if r.rate <= 0 || r.channels <= 0 || r.bits == "" {
		return nil, usagef("--raw: --rate, --channels and --bits say how the samples stand there")
	}
	f := wav.Format{RateHz: r.rate, Channels: r.channels}
	switch r.bits {
	case "8", "16", "24", "32":
		f.Bits, _ = strconv.Atoi(r.bits)
	case "float":
		f.Bits, f.Encoding = 32, wav.Float
	default:
		return nil, usagef("--bits %q: want 8, 16, 24, 32 or float", r.bits)
	}
	f.SampleBytes = f.Bits / 8
	return wav.OpenRaw(name, f, r.skip)
}
