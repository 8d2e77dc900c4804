package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"jackknife/editor"
	"jackknife/wav"
)

// openTake opens a take, coded or not, - being standard input. It warns of what is
// odd about it and does no harm, and adds to a refusal what mends it.
func openTake(ctx context.Context, s *streams, name string) (*wav.Reader, error) {
	take, err := openQuietly(ctx, s, name)
	if err == nil {
		s.warn(takeTitle(name), oddities(take))
	}
	return take, err
}

// openQuietly is openTake without the warning; s may be nil for a file.
func openQuietly(ctx context.Context, s *streams, name string) (*wav.Reader, error) {
	var take *wav.Reader
	var err error
	if name == "-" {
		take, err = wav.OpenStream(ctx, s.in, "standard input")
	} else {
		take, err = wav.OpenCoded(ctx, name)
	}
	hint := ""
	switch coded := errors.Is(err, wav.ErrCoded); {
	case errors.Is(err, wav.ErrMisnamed):
		hint = "under a name that tells its kind it is read, through ffmpeg"
	case errors.Is(err, wav.ErrNoDecoder):
		hint = "install ffmpeg, or turn it into WAV or FLAC elsewhere"
	case coded && errors.Is(err, wav.ErrDamaged):
		hint = "flac -d -F " + shown(name) + " -o FILE.wav decodes what can be read"
	case !coded && errors.Is(err, wav.ErrDamaged) && name != "-":
		hint = "jackknife recover " + shown(name) + " -o FILE copies the audio that is there"
	}
	if hint != "" {
		err = &failure{code: exitFailed, err: err, hint: hint}
	}
	return take, err
}

// oddities is what is odd about the file of a take, on one line.
func oddities(take *wav.Reader) string { return strings.Join(take.Notes(), "; ") }

// notNumbers is what is odd about the samples of a take; "" if nothing is.
func notNumbers(samples, first int64) string {
	if samples == 0 {
		return ""
	}
	return fmt.Sprintf("%d samples are no numbers (NaN or infinite), the first in frame %d", samples, first)
}

// heard says what a detection found odd about the samples of a take.
func heard(d editor.Detection) string { return notNumbers(d.NotFinite, d.NotFiniteAt) }

// warn says on one line what is odd about a file, if anything is.
func (s *streams) warn(title, odd string) {
	if odd != "" {
		fmt.Fprintf(s.err, "jackknife: warning: %s: %s\n", title, odd)
	}
}

// takeTitle is what a take is called in messages.
func takeTitle(name string) string {
	if name == "-" {
		return "standard input"
	}
	return shown(name)
}
