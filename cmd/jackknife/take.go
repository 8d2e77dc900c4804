package main

import (
	"errors"

	"jackknife/wav"
)

// openTake opens a take and adds to a refusal what mends it.
func openTake(name string) (*wav.Reader, error) {
	take, err := wav.Open(name)
	switch {
	case errors.Is(err, wav.ErrDamaged):
		err = &failure{code: exitFailed, err: err, hint: "jackknife recover " + shown(name) + " -o FILE copies the audio that is there"}
	case errors.Is(err, wav.ErrCoded):
		err = &failure{code: exitFailed, err: err, hint: "ffmpeg -i " + shown(name) + " -c:a pcm_s24le FILE.wav turns it into PCM"}
	}
	return take, err
}
