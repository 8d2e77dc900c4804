package main

import (
	"context"
	"errors"

	"jackknife/wav"
)

// openTake opens a take, coded or not, - being standard input, and adds to a
// refusal what mends it.
func openTake(ctx context.Context, s *streams, name string) (*wav.Reader, error) {
	var take *wav.Reader
	var err error
	if name == "-" {
		take, err = wav.OpenStream(ctx, s.in, "standard input")
	} else {
		take, err = wav.OpenCoded(ctx, name)
	}
	hint := ""
	switch coded := errors.Is(err, wav.ErrCoded); {
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
