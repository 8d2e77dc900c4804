package wav

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Reader gives the frames of one file as they are stored. It never loads the
// file, never writes to it, and may be used by many goroutines at once.
type Reader struct {
	*layout
	r       io.ReaderAt
	file    *os.File    // nil unless opened by name
	info    fs.FileInfo // of file, as it was opened
	scratch *os.File    // holds the frames of a take that was decoded; else nil
	flac    *flacHead   // what a FLAC take holds beside audio; else nil
	decoder string      // what decoded the take, and to what; else empty
}

// Open opens a take read-only. Only regular files are read: anything else is
// refused at once, without waiting for a writer. Its errors name the file.
func Open(name string) (*Reader, error) {
	return open(name, func(file *os.File, size int64) (*Reader, error) { return NewReader(file, size) })
}

// OpenDamaged opens a file that Open may refuse with ErrDamaged, or whose
// recording was broken off, or whose header leaves its length open, and reads the
// frames that its header fails to tell of: as many whole ones as the file holds,
// of FLAC those before the damage.
// Damage says what is wrong. Such a Reader is for copying the frames to a new
// file.
func OpenDamaged(ctx context.Context, name string) (*Reader, error) {
	return open(name, func(r *os.File, size int64) (*Reader, error) {
		l, err := parse(r, size)
		var coded *codedError
		if errors.As(err, &coded) && coded.kind == "FLAC" {
			return decodeFLAC(ctx, r, size, filepath.Dir(name), true)
		}
		if err != nil {
			return nil, err
		}
		if l.unfinished {
			all := (l.size - l.data) / int64(l.format.FrameBytes())
			l.damagef("the header claims %d frames, file has %d", l.frames, all)
			l.frames = all
		}
		if l.unsized {
			l.damagef("the header does not say how long it is, file has %d frames", l.frames)
		}
		return &Reader{layout: l, r: r}, nil
	})
}

// OpenRaw opens a file without a header, or with a lost one: from byte skip on it
// holds frames of this format.
func OpenRaw(name string, f Format, skip int64) (*Reader, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%s: no take can have %w", name, err)
	}
	return open(name, func(r *os.File, size int64) (*Reader, error) {
		if skip < 0 || skip > size {
			return nil, fmt.Errorf("has %d bytes, so none from byte %d on", size, skip)
		}
		n := (size - skip) / int64(f.FrameBytes())
		l := &layout{container: "RIFF", format: f, size: size, data: skip, frames: n, after: size, end: size}
		l.damagef("read as headerless %v x %d at %d Hz", f, f.Channels, f.RateHz)
		return &Reader{layout: l, r: r}, nil
	})
}

func open(name string, read func(*os.File, int64) (*Reader, error)) (*Reader, error) {
	// O_NONBLOCK: opening a FIFO must not wait for its other end.
	file, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, named(name, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("is %s, not a file", kind(info.Mode()))
	}
	var r *Reader
	if err == nil {
		r, err = read(file, info.Size())
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.file, r.info = file, info
	return r, nil
}

// kind names what is no regular file.
func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// NewReader reads a take of size bytes from r, which must stay open.
func NewReader(r io.ReaderAt, size int64) (*Reader, error) { return newReader(r, size, false) }

func newReader(r io.ReaderAt, size int64, stream bool) (*Reader, error) {
	l, err := parseAs(r, size, stream)
	if err != nil {
		return nil, err
	}
	if l.damage != "" {
		return nil, damaged(l.damage)
	}
	return &Reader{layout: l, r: r}, nil
}

// Close closes what Open opened.
func (r *Reader) Close() error {
	var err error
	if r.scratch != nil {
		err = r.scratch.Close()
	}
	if r.file == nil {
		return err
	}
	return errors.Join(err, r.file.Close())
}

// Format is how the frames are stored.
func (r *Reader) Format() Format { return r.format }

// Frames is the length of the take.
func (r *Reader) Frames() int64 { return r.frames }

// Container is RIFF, RIFX, RF64, BW64 or Wave64, or what a coded take was.
func (r *Reader) Container() string { return r.container }

// Chunks is what the file is made of, in order; the first 10,000 of them.
func (r *Reader) Chunks() []Chunk { return r.chunks }

// Notes names what is odd about the file but does no harm, a line each.
func (r *Reader) Notes() []string { return r.notes }

// Decoder says what decoded a coded take other than FLAC, and to what; else "".
func (r *Reader) Decoder() string { return r.decoder }

// Damage says why the sizes in the header cannot be believed; "" if they can.
func (r *Reader) Damage() string { return r.damage }

// ReadFrames reads the bytes of the frames from a position on and returns how
// many frames it read: as many whole frames as fit into p, or up to the end,
// then with io.EOF.
func (r *Reader) ReadFrames(p []byte, frame int64) (int, error) {
	if frame < 0 {
		return 0, fmt.Errorf("frame %d: before the take", frame)
	}
	size := int64(r.format.FrameBytes())
	n := min(int64(len(p))/size, max(r.frames-frame, 0))
	if n > 0 {
		got, err := r.r.ReadAt(p[:n*size], r.data+frame*size)
		if int64(got) < n*size {
			return int(int64(got) / size), shrunk(err)
		}
	}
	if n < int64(len(p))/size {
		return int(n), io.EOF
	}
	return int(n), nil
}

// unchanged reports an error if the file is no longer what was opened.
func (r *Reader) unchanged() error {
	if r.file == nil {
		return nil
	}
	now, err := r.file.Stat()
	if err != nil {
		return err
	}
	if now.Size() != r.info.Size() || !now.ModTime().Equal(r.info.ModTime()) {
		return fmt.Errorf("%s: changed while it was read", r.file.Name())
	}
	return nil
}
