package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/editor"
	"jackknife/wav"
)

// shape is what an output shall be where it shall not be like its take.
type shape struct{ bits, container string }

func (o *shape) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.bits, "bits", "", "samples of the output: 16, 24, 32 or float (default those of the take)")
	c.Flags().StringVar(&o.container, "container", "", "wav, rf64, w64 or flac (default that of the take, or of the file's name)")
	for flag, words := range map[string][]string{"bits": {"16", "24", "32", "float"}, "container": {"wav", "rf64", "w64", "flac"}} {
		c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

var containers = map[string]string{"wav": "RIFF", "rf64": "RF64", "w64": "Wave64", "flac": "FLAC"}

// target says what the output of this name shall be.
func (o *shape) target(name string, take *wav.Reader) (wav.Target, error) {
	var t wav.Target
	switch o.bits {
	case "":
	case "16":
		t.Bits = 16
	case "24":
		t.Bits = 24
	case "32":
		t.Bits = 32
	case "float":
		t.Bits = wav.Float32
	default:
		return t, usagef("--bits %q: want 16, 24, 32 or float", o.bits)
	}
	if o.container != "" {
		var ok bool
		if t.Container, ok = containers[o.container]; !ok {
			return t, usagef("--container %q: want wav, rf64, w64 or flac", o.container)
		}
		return t, nil
	}
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".flac", ".rf64", ".w64":
		t.Container = containers[ext[1:]]
	case ".wav":
		if take.Container() == "FLAC" {
			t.Container = "RIFF"
		}
	}
	return t, nil
}

// otherNames is how the names of files end that are no output of an edit.
var otherNames = []string{".mp3", ".m4a", ".m4b", ".mp4", ".aac", ".ogg", ".oga", ".opus", ".wma", ".aif", ".aiff", ".aifc", ".caf"}

// create begins the output; - is standard output, which gets it as a whole
// when it is done.
func (o *shape) create(name string, take *wav.Reader) (*wav.Writer, error) {
	if ext := strings.ToLower(filepath.Ext(name)); slices.Contains(otherNames, ext) {
		return nil, &failure{code: exitUsage, err: fmt.Errorf("%s: an edited take is WAV or FLAC", shown(name)), hint: "jackknife deliver makes MP3, AAC and ALAC of it"}
	}
	t, err := o.target(name, take)
	if err != nil {
		return nil, err
	}
	if name == "-" {
		name = ""
	}
	w, err := wav.CreateAs(name, take, t)
	if f := take.Format(); err != nil && o.bits == "" && (t.Container == "FLAC" && f.Encoding == wav.Float) {
		err = &failure{code: exitFailed, err: err, hint: "--bits 24 makes integers of the samples"}
	}
	return w, err
}

// extension is how the name of an output ends that stands beside the take.
func (o *shape) extension(name string, take *wav.Reader) string {
	if o.container != "" {
		return "." + strings.Replace(o.container, "rf64", "wav", 1)
	}
	switch take.Container() {
	case "RIFF", "RIFX", "RF64", "BW64", "Wave64", "FLAC":
		return filepath.Ext(name)
	}
	return ".wav"
}

// finish completes the output, or removes what there is of it.
func finish(ctx context.Context, s *streams, w *wav.Writer, name string, edits editor.List, err error) error {
	w.MapFrames(edits.Output)
	return committed(ctx, s, w, name, err)
}

// committed is finish where the frames are mapped already.
func committed(ctx context.Context, s *streams, w *wav.Writer, name string, err error) error {
	if err == nil {
		if name == "-" {
			err = w.CommitTo(s.out)
		} else {
			err = w.Commit()
		}
		if left := w.Left(); err == nil && name != "-" && len(left) > 0 {
			fmt.Fprintf(s.err, "%s: without what has no place in it: %s\n", shown(name), shownAll(left))
		}
		if err == nil {
			s.warn(outTitle(name), clipped(w))
		}
		return err
	}
	if aborted := w.Abort(); aborted != nil {
		err = fmt.Errorf("%w; %w", err, aborted)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: interrupted, nothing written", shown(name))
	}
	return err
}

// outTitle is what an output is called in messages.
func outTitle(name string) string {
	if name == "-" {
		return "standard output"
	}
	return shown(name)
}

// clipped says how many samples of the take had no place in the output; "" if none.
func clipped(w *wav.Writer) string {
	if w.Clipped() == 0 {
		return ""
	}
	return counted(int(w.Clipped()), "sample", "samples") + " beyond full scale clipped; --bits float keeps them"
}

// shownAll lists names that come from a file.
func shownAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = shown(n)
	}
	return strings.Join(quoted, ", ")
}

// toStream checks early that standard output may be the output.
func toStream(s *streams, out string, asJSON bool) error {
	switch {
	case out != "-":
		return nil
	case asJSON:
		return usagef("--json and -o -: both go to standard output")
	case terminal(s.out):
		return usagef("-o -: standard output is a terminal")
	}
	return nil
}
