package wav

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrCoded is in the chain of errors about audio that is neither PCM nor
// float. OpenCoded may be able to read it.
var ErrCoded = errors.New("coded audio")

var errNotRead = errors.New("only PCM and float are read")

// ErrNoDecoder is in the chain of errors about audio that nothing on this
// machine decodes.
var ErrNoDecoder = errors.New("ffmpeg, which could read it, is not installed")

// codedError says what a file is that holds coded audio.
type codedError struct {
	kind  string // FLAC, MP3 ...
	text  string
	alien bool // no file of the WAV family at all
}

func (e *codedError) Error() string        { return e.text }
func (e *codedError) Is(target error) bool { return target == ErrCoded }

// decodeError says why coded audio could not be decoded.
type decodeError struct {
	kind string
	err  error
}

func (e *decodeError) Error() string        { return e.kind + ": " + e.err.Error() }
func (e *decodeError) Is(target error) bool { return target == ErrCoded }
func (e *decodeError) Unwrap() error        { return e.err }

// OpenCoded opens a take that may be coded: a WAV file as Open does, FLAC by
// decoding it, anything else that is sound through ffmpeg. A coded take is
// decoded as a whole into a file without a name, near the take; the Reader
// reads that one and knows where it came from. Lossless audio keeps its bits,
// lossy audio becomes 32-bit float. What is called .wav and is something that
// only ffmpeg would read is refused with ErrMisnamed.
func OpenCoded(ctx context.Context, name string) (*Reader, error) {
	return open(name, func(file *os.File, size int64) (*Reader, error) {
		r, err := newReader(file, size, false)
		var coded *codedError
		if errors.As(err, &coded) && coded.alien && coded.kind != "FLAC" && slices.Contains(wavNames, strings.ToLower(filepath.Ext(name))) {
			return nil, fmt.Errorf("%w, %w", err, ErrMisnamed)
		}
		return orDecoded(ctx, r, err, file, size, filepath.Dir(name))
	})
}

// ErrMisnamed is in the chain of errors about a file whose name says that it is
// WAV, and which is other audio.
var ErrMisnamed = errors.New("under the name of one")

// wavNames is how the names of files end that are WAV, or like it.
var wavNames = []string{".wav", ".wave", ".bwf", ".rf64", ".w64"}

// OpenStream reads a take from a stream, such as standard input, into a file
// without a name, and opens that as OpenCoded does. Name is for the messages.
func OpenStream(ctx context.Context, in io.Reader, name string) (*Reader, error) {
	file, err := scratch(".")
	if err != nil {
		return nil, named(name, err)
	}
	size, err := io.Copy(file, &interruptible{ctx, in})
	var r *Reader
	if err == nil {
		r, err = newReader(file, size, true)
		r, err = orDecoded(ctx, r, err, file, size, ".")
	}
	if err == nil {
		r.file = file
		r.info, err = file.Stat()
	}
	if err != nil {
		file.Close()
		return nil, named(name, err)
	}
	return r, nil
}

// OpenRawStream reads frames of this format without a header from a stream, into
// a file without a name near a folder.
func OpenRawStream(in io.Reader, f Format, near string) (*Reader, error) {
	w, err := createScratch(f, near)
	if err != nil {
		return nil, err
	}
	var r *Reader
	if err = copyWhole(w, in); err == nil {
		r, err = w.decoded("raw")
	}
	if err != nil {
		w.Abort()
		return nil, err
	}
	return r, nil
}

type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r *interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// orDecoded is what newReader gave, or the audio of the file decoded if it is coded.
func orDecoded(ctx context.Context, r *Reader, err error, file *os.File, size int64, near string) (*Reader, error) {
	var coded *codedError
	if !errors.As(err, &coded) {
		return r, err
	}
	if coded.kind == "FLAC" {
		r, err = decodeFLAC(ctx, file, size, near, false)
	} else {
		r, err = decodeOther(ctx, file, coded.kind, near)
	}
	if err != nil && ctx.Err() == nil {
		err = &decodeError{coded.kind, err}
	}
	return r, err
}

// decoded is a Reader of what was written into a scratch file.
func (w *Writer) decoded(kind string) (*Reader, error) {
	if err := w.complete(); err != nil {
		return nil, err
	}
	l, err := parse(w.file, w.off)
	if err != nil {
		return nil, err
	}
	l.container = kind
	l.chunks = nil
	return &Reader{layout: l, r: w.file, scratch: w.file}, nil
}
