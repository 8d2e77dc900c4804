package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"jackknife/editor"
	"jackknife/wav"
)

// All readers below give interleaved float32 little-endian frames, whole ones,
// into room for whole frames.

// track is a take as it is played.
type track struct {
	file string
	take *wav.Reader
	plan *editor.Plan // nil: the take as it is
}

// frames is the length of what is played.
func (t *track) frames() int64 {
	if t.plan != nil {
		return t.plan.Edits.Length(t.take.Frames())
	}
	return t.take.Frames()
}

// open reads the track from a frame on. Close waits for the rendering.
func (t *track) open(ctx context.Context, from int64) (io.ReadCloser, error) {
	if t.plan == nil {
		return io.NopCloser(newSamples(t.take.Format(), func(raw []byte) (int, error) {
			n, err := t.take.ReadFrames(raw, from)
			from += int64(n)
			return n, named(t.file, err)
		})), nil
	}
	e := t.render(ctx)
	frameBytes := int64(4 * t.take.Format().Channels)
	if _, err := io.CopyBuffer(onlyWriter{io.Discard}, io.LimitReader(e, from*frameBytes), make([]byte, 1024*frameBytes)); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// onlyWriter keeps io.CopyBuffer from choosing a buffer of its own.
type onlyWriter struct{ io.Writer }

// named puts the file's name before an error that is not the end.
func named(file string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// rendering is an edited take that is rendered while it is read.
type rendering struct {
	*samples
	pipe *io.PipeReader
	stop context.CancelFunc
	done chan struct{}
}

func (t *track) render(ctx context.Context) *rendering {
	ctx, stop := context.WithCancel(ctx)
	pr, pw := io.Pipe()
	r := &rendering{pipe: pr, stop: stop, done: make(chan struct{})}
	f := t.take.Format()
	r.samples = newSamples(f, func(raw []byte) (int, error) {
		n, err := io.ReadFull(pr, raw)
		if err == io.ErrUnexpectedEOF {
			err = nil // the last frames; EOF comes next
		}
		return n / f.FrameBytes(), named(t.file, err)
	})
	go func() {
		defer close(r.done)
		_, err := t.plan.Render(ctx, t.take, pw)
		pw.CloseWithError(err)
	}()
	return r
}

func (r *rendering) Close() error {
	r.stop()
	err := r.pipe.Close()
	<-r.done
	return err
}

// samples reads the frames of a take's format as float32.
type samples struct {
	format wav.Format
	next   func(raw []byte) (frames int, err error)
	raw    []byte
	values []float32
}

func newSamples(f wav.Format, next func(raw []byte) (frames int, err error)) *samples {
	const n = 4096 // frames at a time
	return &samples{format: f, next: next, raw: make([]byte, n*f.FrameBytes()), values: make([]float32, n*f.Channels)}
}

func (s *samples) Read(p []byte) (int, error) {
	f := s.format
	want := min(len(p)/(4*f.Channels), len(s.raw)/f.FrameBytes())
	if want == 0 {
		return 0, io.ErrShortBuffer
	}
	n, err := s.next(s.raw[:want*f.FrameBytes()])
	values := s.values[:n*f.Channels]
	wav.Decode(values, s.raw[:n*f.FrameBytes()], f)
	for i, v := range values {
		binary.LittleEndian.PutUint32(p[4*i:], math.Float32bits(v))
	}
	return 4 * len(values), err
}

// reel is all that is played: tracks one after the other, or together.
type reel struct {
	tracks   []*track
	together bool
}

// load opens what is to be played; on an error nothing is left open.
func (want playing) load(ctx context.Context, s *streams) (_ *reel, err error) {
	r := &reel{together: want.sync}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	for _, file := range want.files {
		take, err := openTake(ctx, s, file)
		if err != nil {
			return nil, err
		}
		t := &track{file: file, take: take}
		r.tracks = append(r.tracks, t)
		first, f := r.tracks[0].take.Format(), take.Format()
		switch {
		case f.RateHz != first.RateHz:
			return nil, fmt.Errorf("%s: its rate is %d Hz, that of %s %d Hz", file, f.RateHz, want.files[0], first.RateHz)
		case f.Channels != first.Channels && !want.sync:
			return nil, fmt.Errorf("%s: %s, and %s has %d: one after the other they must agree", file, plural(f.Channels, "channel"), want.files[0], first.Channels)
		}
		if want.edits == "" {
			continue
		}
		if t.plan, err = readPlan(want.edits, s.in); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				err = &failure{code: exitFailed, err: err, hint: "jackknife plan " + shown(file) + " > " + shown(want.edits) + " makes a plan"}
			}
			return nil, err
		}
		id, err := editor.Identify(take, file)
		if err != nil {
			return nil, named(file, err)
		}
		if why := t.plan.Take.Differs(id); why != "" {
			return nil, fmt.Errorf("%s: another take than the plan's: %s", file, why)
		}
	}
	return r, nil
}

func (r *reel) close() {
	for _, t := range r.tracks {
		t.take.Close()
	}
}

func (r *reel) rateHz() int { return r.tracks[0].take.Format().RateHz }

func (r *reel) channels() int {
	if !r.together {
		return r.tracks[0].take.Format().Channels
	}
	n := 0
	for _, t := range r.tracks {
		n += t.take.Format().Channels
	}
	return n
}

func (r *reel) frames() int64 {
	var n int64
	for _, t := range r.tracks {
		if r.together {
			n = max(n, t.frames())
		} else {
			n += t.frames()
		}
	}
	return n
}

// span is the part of the reel that shall be played.
func (want playing) span(r *reel) (editor.Span, error) {
	n := r.frames()
	span := editor.Span{Start: want.start.At(r.rateHz()), End: n}
	if want.end != nil {
		span.End = want.end.At(r.rateHz())
	}
	switch {
	case n == 0:
		return span, fmt.Errorf("%s: no frames to play", want.files[0])
	case span.Start >= n:
		return span, usagef("--start %v: is past the end at %s", want.start, clock(n, r.rateHz()))
	case span.End > n:
		return span, usagef("--end %v: is past the end at %s", *want.end, clock(n, r.rateHz()))
	case span.Len() <= 0:
		return span, usagef("--end %v: is not after the start at %v", *want.end, want.start)
	}
	return span, nil
}

// open reads the reel from a frame on.
func (r *reel) open(ctx context.Context, from int64) (io.ReadCloser, error) {
	if !r.together {
		return &inTurn{ctx: ctx, tracks: r.tracks, from: from}, nil
	}
	s := &sideBySide{}
	for _, t := range r.tracks {
		part, err := t.open(ctx, min(from, t.frames()))
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.parts = append(s.parts, part)
		s.channels = append(s.channels, t.take.Format().Channels)
	}
	return s, nil
}

// inTurn reads tracks one after the other.
type inTurn struct {
	ctx    context.Context
	tracks []*track // not yet begun
	from   int64    // where to begin, counted from the first of these
	now    io.ReadCloser
}

func (s *inTurn) Read(p []byte) (int, error) {
	for {
		if s.now == nil {
			if len(s.tracks) == 0 {
				return 0, io.EOF
			}
			t := s.tracks[0]
			s.tracks = s.tracks[1:]
			if s.from >= t.frames() {
				s.from -= t.frames()
				continue
			}
			var err error
			if s.now, err = t.open(s.ctx, s.from); err != nil {
				return 0, err
			}
			s.from = 0
		}
		n, err := s.now.Read(p)
		if err == io.EOF {
			err = s.Close()
			if n == 0 && err == nil {
				continue
			}
		}
		return n, err
	}
}

func (s *inTurn) Close() error {
	if s.now == nil {
		return nil
	}
	now := s.now
	s.now = nil
	return now.Close()
}

// sideBySide reads tracks together, until the longest ends.
type sideBySide struct {
	parts    []io.ReadCloser
	channels []int // of each part
	buf      []byte
}

func (s *sideBySide) Read(p []byte) (int, error) {
	all := 0
	for _, c := range s.channels {
		all += c
	}
	const most = 4096
	room := min(len(p)/(4*all), most)
	clear(p[:4*all*room])
	frames, first := 0, 0
	for i, part := range s.parts {
		c := s.channels[i]
		if len(s.buf) < 4*c*most {
			s.buf = make([]byte, 4*c*most)
		}
		n, err := io.ReadFull(part, s.buf[:4*c*room])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return 0, err
		}
		n /= 4 * c
		for k := range n {
			copy(p[4*(k*all+first):], s.buf[4*k*c:4*(k+1)*c])
		}
		frames = max(frames, n)
		first += c
	}
	if frames == 0 {
		return 0, io.EOF
	}
	return 4 * all * frames, nil
}

func (s *sideBySide) Close() error {
	var err error
	for _, part := range s.parts {
		err = errors.Join(err, part.Close())
	}
	return err
}

// spanned reads a span of a reel, once or again and again.
type spanned struct {
	ctx  context.Context
	reel *reel
	span editor.Span
	loop bool
	open io.ReadCloser
	left int64 // frames of this round
}

func (s *spanned) Read(p []byte) (int, error) {
	frameBytes := 4 * s.reel.channels()
	if s.left == 0 && s.open != nil {
		if err := s.Close(); err != nil {
			return 0, err
		}
		if !s.loop {
			return 0, io.EOF
		}
	}
	if s.open == nil {
		var err error
		if s.open, err = s.reel.open(s.ctx, s.span.Start); err != nil {
			return 0, err
		}
		s.left = s.span.Len()
	}
	n, err := s.open.Read(p[:min(int64(len(p)), s.left*int64(frameBytes))])
	s.left -= int64(n / frameBytes)
	if err == io.EOF && s.left > 0 {
		return n, io.ErrUnexpectedEOF
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

func (s *spanned) Close() error {
	if s.open == nil {
		return nil
	}
	open := s.open
	s.open = nil
	return open.Close()
}

// amplified changes the level of what it reads.
type amplified struct {
	io.ReadCloser
	by float32
}

func (a amplified) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	for i := 0; i+4 <= n; i += 4 {
		v := math.Float32frombits(binary.LittleEndian.Uint32(p[i:]))
		binary.LittleEndian.PutUint32(p[i:], math.Float32bits(v*a.by))
	}
	return n, err
}
