package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"jackknife/testdata/voices"
	"jackknife/wav"
)

// speak makes a spoken take: a relaxation exercise, read by espeak-ng in a room.
func speak(name string) error {
	phrases, err := os.MkdirTemp("", "jackknife-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(phrases)
	take, err := voices.Make(phrases, voices.Config{
		Seed: 7, Voice: "espeak en-us", Script: "relaxation", SNRDB: 45, Background: "room",
		Format: wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3},
	})
	if err != nil {
		return err
	}
	os.Remove(name)
	return take.Write(name)
}

// lengthen writes take, which has one channel, again and again until it lasts
// so long, in another format.
func lengthen(name, take string, f wav.Format, d time.Duration) error {
	r, err := wav.Open(take)
	if err != nil {
		return err
	}
	defer r.Close()
	os.Remove(name)
	w, err := wav.Create(name, f)
	if err != nil {
		return err
	}
	defer w.Abort()
	const piece = 4800
	raw := make([]byte, piece*r.Format().FrameBytes())
	x := make([]float32, piece)
	y := make([]float32, piece*f.Channels)
	to := make([]byte, piece*f.FrameBytes())
	frames := int64(d.Seconds() * float64(f.RateHz))
	for w.Frames() < frames {
		n, _ := r.ReadFrames(raw, w.Frames()%(r.Frames()/piece*piece))
		if n < piece {
			return fmt.Errorf("%s: %d frames, want %d", take, n, piece)
		}
		n = int(min(piece, frames-w.Frames()))
		wav.Decode(x, raw, r.Format())
		for i, v := range x {
			for c := range f.Channels {
				y[i*f.Channels+c] = v
			}
		}
		wav.Encode(to, y, f)
		if _, err := w.Write(to[:n*f.FrameBytes()]); err != nil {
			return err
		}
	}
	return w.Commit()
}

// split cuts a take into so many in a folder of their own and gives their names.
func split(folder, take string, n int) ([]string, error) {
	r, err := wav.Open(take)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := os.Mkdir(folder, 0o777); err != nil {
		return nil, err
	}
	names := make([]string, n)
	frames := r.Frames() / int64(n)
	for i := range names {
		names[i] = filepath.Join(folder, fmt.Sprintf("%04d.wav", i))
		w, err := wav.Create(names[i], r.Format())
		if err != nil {
			return nil, err
		}
		if err = w.CopyFrames(r, int64(i)*frames, frames); err == nil {
			err = w.Commit()
		}
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

func describe(f wav.Format, bytes int64) string {
	return fmt.Sprintf("%d Hz %s, %d channels, %d MB", f.RateHz, f, f.Channels, bytes/1e6)
}
