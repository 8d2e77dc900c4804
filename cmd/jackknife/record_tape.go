package main

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"jackknife/wav"
)

// tape is the file, or the files, that a take is written to.
type tape struct {
	parts    []part
	channels int        // of the frames that come
	frames   int64      // that are in all files
	noise    *rand.Rand // for dither; nil: none
	values   []float64
	raw      []byte
}

// part is one file of a take.
type part struct {
	file   string
	first  int      // channel of the take
	tracks []string // names of the channels; nil: they have none
	format wav.Format
	take   *wav.Take
}

// newTape makes the files; if one cannot be made, none is left.
func newTape(parts []part, channels int, dither bool) (*tape, error) {
	t := &tape{channels: channels}
	if dither {
		t.noise = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	for _, p := range parts {
		var err error
		if p.take, err = wav.CreateTake(p.file, p.format, p.tracks...); err != nil {
			return nil, errors.Join(takeFailure(p.file, err), t.discard())
		}
		t.parts = append(t.parts, p)
	}
	return t, nil
}

const tapeFrames = 1024 // encoded at a time

// Write takes interleaved float32 frames. On an error it says, as always, how
// many bytes are in; the rest may be offered again. Then files can be ahead of
// others, which is made up for.
func (t *tape) Write(p []byte) (int, error) {
	frameBytes := 4 * t.channels
	if len(t.parts) == 1 && t.parts[0].format.Encoding == wav.Float {
		n, err := t.parts[0].take.Write(p)
		t.frames += int64(n / frameBytes)
		return n, err
	}
	done := 0
	for done < len(p) {
		n, err := t.block(p[done:min(done+tapeFrames*frameBytes, len(p))])
		done += n * frameBytes
		t.frames += int64(n)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// block writes a few frames to all files and returns how many are in all.
func (t *tape) block(p []byte) (int, error) {
	frames := len(p) / (4 * t.channels)
	least := frames
	var failed error
	for i := range t.parts {
		part := &t.parts[i]
		has := min(int(part.take.Frames()-t.frames), frames)
		raw := t.encode(part, p, has, frames)
		n, err := part.take.Write(raw)
		least = min(least, has+n/part.format.FrameBytes())
		if failed == nil {
			failed = err
		}
	}
	return least, failed
}

// encode stores the frames [from, to) of a part's channels.
func (t *tape) encode(part *part, p []byte, from, to int) []byte {
	f := part.format
	if need := tapeFrames * f.FrameBytes(); len(t.raw) < need {
		t.raw = make([]byte, need)
		t.values = make([]float64, tapeFrames*f.Channels)
	}
	raw := t.raw[:(to-from)*f.FrameBytes()]
	if f.Encoding == wav.Float {
		for i := from; i < to; i++ {
			at := 4 * (i*t.channels + part.first)
			copy(raw[(i-from)*f.FrameBytes():], p[at:at+f.FrameBytes()])
		}
		return raw
	}
	values := t.values[:(to-from)*f.Channels]
	for i := from; i < to; i++ {
		for c := range f.Channels {
			at := 4 * (i*t.channels + part.first + c)
			values[(i-from)*f.Channels+c] = float64(math.Float32frombits(binary.LittleEndian.Uint32(p[at:])))
		}
	}
	if t.noise != nil {
		dither(values, f.Bits, t.noise)
	}
	wav.Encode(raw, values, f)
	return raw
}

// dither adds noise of triangular density, two steps wide from end to end: the
// error of the rounding that follows is then noise of constant power, whatever
// the signal (Lipshitz, Wannamaker, Vanderkooy, "Quantization and Dither: A
// Theoretical Survey", JAES 40, 1992).
func dither(values []float64, bits int, noise *rand.Rand) {
	step := math.Ldexp(1, 1-bits)
	for i := range values {
		two := noise.Uint64()
		values[i] += step * (float64(two>>32) + float64(two&math.MaxUint32) - math.MaxUint32) / (1 << 32)
	}
}

// suspect is the error that kept audio from the disk, or nil.
func (t *tape) suspect() error {
	for _, p := range t.parts {
		if err := p.take.Suspect(); err != nil {
			return err
		}
	}
	return nil
}

// finish gives the files their names.
func (t *tape) finish() error {
	var err error
	for _, p := range t.parts {
		err = errors.Join(err, p.take.Finish())
		t.frames = min(t.frames, p.take.Frames()) // FLAC loses its end to a full disk
	}
	return err
}

// mark puts those of the marks that belong into them into the finished files,
// and returns the others, counted from the end of these.
func (t *tape) mark(marks []wav.Mark) (later []wav.Mark, err error) {
	var own []wav.Mark
	for _, m := range marks {
		if m.Frame <= t.frames {
			own = append(own, m)
		} else {
			m.Frame -= t.frames
			later = append(later, m)
		}
	}
	for _, p := range t.parts {
		if p.format.Encoding == wav.PCM && strings.EqualFold(filepath.Ext(p.file), ".flac") {
			continue // has no place for them
		}
		_, e := wav.AddMarks(p.file, own)
		err = errors.Join(err, e)
	}
	return later, err
}

// discard removes files that nothing was written to.
func (t *tape) discard() error {
	var err error
	for _, p := range t.parts {
		err = errors.Join(err, p.take.Finish(), os.Remove(p.file))
	}
	return err
}

// files are the names of the finished files.
func (t *tape) files() []string {
	var names []string
	for _, p := range t.parts {
		names = append(names, p.file)
	}
	return names
}

// frameBytes is what a frame takes on the disk, in all files.
func (t *tape) frameBytes() int {
	n := 0
	for _, p := range t.parts {
		n += p.format.FrameBytes()
	}
	return n
}

// suffixed puts a suffix between a file's name and its extension.
func suffixed(file, suffix string) string {
	ext := filepath.Ext(file)
	return strings.TrimSuffix(file, ext) + suffix + ext
}
