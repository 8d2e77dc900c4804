package main

import (
	"fmt"
	"os"
	"path/filepath"

	"jackknife/editor"
	"jackknife/testdata/voices"
	"jackknife/wav"
)

// spoken is a take of the demo and the mistake in it.
type spoken struct {
	file    string
	what    string
	mistake editor.Span
	rateHz  int
}

var format = wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}

// people makes a take of recorded human speech: the spoken channel names that
// alsa-utils ships, over the sound of a room, with one mistake marked by claps.
func people(folder string) (*spoken, error) {
	return perform(folder, "voice.wav", "a recorded human voice in a room, one mistake marked by three claps", voices.Config{
		Seed: 3, Voice: "alsa", Script: "relaxation", Lines: 8, SNRDB: 50, Background: "room", Mistakes: 1, Format: format,
	})
}

// machine makes a take that espeak-ng reads aloud.
func machine(folder string) (*spoken, error) {
	return perform(folder, "exercise.wav", "espeak-ng reads a relaxation exercise, a fan in the room, one mistake marked by three claps", voices.Config{
		Seed: 5, Voice: "espeak en-us", Script: "relaxation", Lines: 6, SNRDB: 40, Background: "fan", Mistakes: 1, Format: format,
	})
}

func perform(folder, file, what string, c voices.Config) (*spoken, error) {
	phrases, err := os.MkdirTemp("", "jackknife-demo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(phrases)
	take, err := voices.Make(phrases, c)
	if err != nil {
		return nil, err
	}
	if n := len(take.Truth.Mistakes); n != 1 {
		return nil, fmt.Errorf("%s: %d mistakes, want 1", file, n)
	}
	if err := take.Write(filepath.Join(folder, file)); err != nil {
		return nil, err
	}
	return &spoken{file: file, what: what, mistake: take.Truth.Mistakes[0], rateHz: c.Format.RateHz}, nil
}
