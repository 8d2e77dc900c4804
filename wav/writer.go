package wav

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	bufferBytes    = 64 << 10 // in a longer call the Go scheduler takes the processor back
	longBytes      = 1 << 20
	reserveBytes   = 64 << 20
	writeBackBytes = 8 << 20 // handed to the disk at a time, while the writing goes on
)

// Writer writes one output file. Until Commit nothing exists under the file's
// name, only a temporary file beside it. It belongs to one goroutine. After an
// error only Abort is left.
type Writer struct {
	// Replace lets Commit put the file in the place of an existing one.
	Replace bool

	name, temp string
	file       *os.File
	sizes      *sizes
	buf        []byte // not yet in the file; belongs at off
	off        int64
	begun      int64   // write-back has begun up to here
	reserved   int64   // space on the disk is taken up to here
	take       *Reader // whose other chunks are carried over; nil = none
	like       bool    // in the image of the take, to the byte
	placed     []placed
	about      *About   // what the output says; nil = the take's chunks do
	left       []string // chunks of the take that are not in the output
	mapped     func(int64) int64
	in         Format      // of the frames that are handed in
	convert    *converter  // to the format of the file; nil = as they are
	flac       *flacWriter // nil = not FLAC
	copied     int64       // so many frames are the take's first ones, and nothing else
	sealed     bool
	err        error
}

// Create begins a RIFF file of the format, with room to become RF64 past
// 4 GiB. Errors name the file.
func Create(name string, f Format) (*Writer, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%s: cannot store %w", name, err)
	}
	if f.BigEndian {
		return nil, fmt.Errorf("%s: new files are little-endian", name)
	}
	head, s := newHead(f, 0)
	w, err := create(name, s, 0666)
	if err == nil {
		w.put(head)
	}
	return w, err
}

// CreateLike begins a file in the image of a take: its container, its format,
// its permissions (the owner may write), and every chunk before and behind the
// audio, in order. If the frames of the take are then copied as they are, the
// two files are equal to the byte, oddities included. The take itself is
// refused as the output. A FLAC take becomes FLAC, one that was coded in any
// other way RIFF.
func CreateLike(name string, take *Reader) (*Writer, error) {
	if take.scratch != nil {
		return CreateAs(name, take, Target{})
	}
	mode, err := outputMode(name, take)
	if err != nil {
		return nil, err
	}
	s := &sizes{format: take.format, container: take.container, limit: maxRIFF,
		room: take.ds64, fact: take.fact, data: take.data}
	if c := take.chunks; take.container == "RIFF" && len(c) > 0 && c[0].ID == "JUNK" && c[0].Size >= ds64Bytes {
		s.room = c[0].Body
	}
	w, err := create(name, s, mode)
	if err != nil {
		return nil, err
	}
	w.take, w.like = take, true
	if w.copy(take, 0, take.data); w.err != nil {
		w.Abort()
		return nil, w.err
	}
	return w, nil
}

// outputMode is the permissions of an output: those of the take, which it must
// not be itself.
func outputMode(name string, take *Reader) (fs.FileMode, error) {
	if take.info == nil || name == "" {
		return 0666, nil
	}
	if out, err := os.Stat(name); err == nil && os.SameFile(out, take.info) {
		return 0, fmt.Errorf("%s: is the take itself", name)
	}
	return take.info.Mode().Perm(), nil
}

// create opens the temporary file; without a name, a scratch file in this
// folder. The mode is subject to the umask.
func create(name string, s *sizes, mode fs.FileMode) (*Writer, error) {
	if at, err := os.Lstat(name); err == nil && !at.Mode().IsRegular() && at.Mode()&fs.ModeSymlink == 0 {
		return nil, fmt.Errorf("%s: is %s, not a file", name, kind(at.Mode()))
	}
	if name == "" {
		return onScratch(s, ".")
	}
	dir, base := filepath.Split(name)
	temp := filepath.Join(dir, fmt.Sprintf(".%.200s.%s.tmp", base, rand.Text()))
	file, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_CLOEXEC, mode|0600)
	if err != nil {
		return nil, named(name, err)
	}
	return &Writer{name: name, temp: temp, file: file, sizes: s, in: s.format, buf: make([]byte, 0, bufferBytes)}, nil
}

// onScratch is a Writer into a file without a name.
func onScratch(s *sizes, near string) (*Writer, error) {
	file, err := scratch(near)
	if err != nil {
		return nil, fmt.Errorf("temporary file: %w", err)
	}
	return &Writer{name: "temporary file", file: file, sizes: s, in: s.format, buf: make([]byte, 0, bufferBytes)}, nil
}

// createScratch begins a file without a name, of the format, near a folder.
func createScratch(f Format, near string) (*Writer, error) {
	head, s := newHead(f, 0)
	w, err := onScratch(s, near)
	if err == nil {
		w.put(head)
	}
	return w, err
}

// named puts the name the user knows in front of a cause, in place of the one
// the system knows.
func named(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		err = l.Err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// MapFrames tells where a frame of the take stands in the output, so that cue
// points, the lengths of their regions and sampler loops move with the audio.
// It must not decrease. Without it they stay where they are.
func (w *Writer) MapFrames(at func(frame int64) int64) { w.mapped = at }

// Frames is how many frames were written.
func (w *Writer) Frames() int64 { return w.sizes.frames }

// Write appends whole frames.
func (w *Writer) Write(p []byte) (int, error) {
	size := w.in.FrameBytes()
	if len(p)%size != 0 {
		return 0, fmt.Errorf("%s: %d bytes are no whole number of frames of %d bytes", w.name, len(p), size)
	}
	if w.audio(p); w.err != nil {
		return 0, w.err
	}
	w.sizes.frames += int64(len(p) / size)
	return len(p), nil
}

// CopyFrames appends n frames of a take of the same format, byte for byte.
func (w *Writer) CopyFrames(r *Reader, frame, n int64) error {
	if r.format != w.in {
		return fmt.Errorf("%s: frames of %v cannot be copied into %v", w.name, r.format, w.in)
	}
	if frame < 0 || n < 0 || n > r.frames-frame {
		return fmt.Errorf("%s: frames [%d, %d) of a take of %d", w.name, frame, frame+n, r.frames)
	}
	if r == w.take && frame == w.copied && frame == w.sizes.frames {
		w.copied += n
	}
	size := int64(r.format.FrameBytes())
	if w.convert == nil && w.flac == nil {
		w.copy(r, r.data+frame*size, n*size)
	} else {
		w.recode(r, frame, n)
	}
	if w.err != nil {
		return w.err
	}
	w.sizes.frames += n
	return nil
}

// recode appends frames of a take in another coding.
func (w *Writer) recode(r *Reader, frame, n int64) {
	size := int64(r.format.FrameBytes())
	buf := make([]byte, min(n, max(1, 256<<10/size))*size)
	for n > 0 && w.err == nil {
		p := buf[:min(n*size, int64(len(buf)))]
		got, err := r.ReadFrames(p, frame)
		if int64(got)*size < int64(len(p)) {
			w.fail(shrunk(err))
			return
		}
		w.audio(p)
		frame, n = frame+int64(got), n-int64(got)
	}
}

// audio appends frames as they are handed in.
func (w *Writer) audio(p []byte) {
	if w.convert != nil {
		p = w.convert.frames(p)
	}
	if w.flac != nil {
		w.flac.write(p)
	} else {
		w.put(p)
	}
}

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = named(w.name, err)
	}
}

// put appends bytes.
func (w *Writer) put(p []byte) {
	for len(p) > 0 && w.err == nil {
		n := copy(w.space(), p)
		w.buf = w.buf[:len(w.buf)+n]
		p = p[n:]
	}
}

// space is where the buffer goes on. It is emptied at multiples of its length
// in the file: on ext4 that saves a sixth of the time.
func (w *Writer) space() []byte {
	if len(w.buf) > 0 && (w.off+int64(len(w.buf)))%bufferBytes == 0 {
		w.flush()
	}
	return w.buf[len(w.buf) : bufferBytes-w.off%bufferBytes]
}

func (w *Writer) flush() {
	w.store(w.buf)
	w.buf = w.buf[:0]
}

// store writes at the end of the file.
func (w *Writer) store(p []byte) {
	if w.err != nil || len(p) == 0 {
		return
	}
	w.reserve(w.off + int64(len(p)))
	n, err := w.file.WriteAt(p, w.off)
	if err != nil {
		w.fail(err)
	}
	w.advance(int64(n))
}

// reserve takes space on the disk well before it is needed, once a file is
// long: on ext4 writing then costs a third less. What is too much is given back
// in Seal. In memory it would cost a quarter more.
func (w *Writer) reserve(to int64) {
	if to <= max(w.reserved, longBytes) || w.temp == "" {
		return
	}
	var fs unix.Statfs_t
	if w.reserved == 0 && unix.Fstatfs(int(w.file.Fd()), &fs) == nil && fs.Type == unix.TMPFS_MAGIC {
		w.reserved = math.MaxInt64
		return
	}
	if unix.Fallocate(int(w.file.Fd()), unix.FALLOC_FL_KEEP_SIZE, w.off, reserveBytes) != nil {
		w.reserved = math.MaxInt64 // not possible here; should the disk be full, the write will tell
		return
	}
	w.reserved = w.off + reserveBytes
}

// giveBack frees what was reserved and not needed.
func (w *Writer) giveBack() error {
	if w.reserved == 0 || w.reserved == math.MaxInt64 {
		return nil
	}
	info, err := w.file.Stat()
	if err == nil {
		err = w.file.Truncate(info.Size())
	}
	return err
}

// advance counts what is in the file and has the disk begin with it early, so
// that the wait at the end is short.
func (w *Writer) advance(n int64) {
	w.off += n
	if w.temp != "" && w.off-w.begun >= writeBackBytes {
		// Only a head start: where it is not supported, Commit waits longer.
		_ = unix.SyncFileRange(int(w.file.Fd()), w.begun, w.off-w.begun, unix.SYNC_FILE_RANGE_WRITE)
		w.begun = w.off
	}
}

// copy appends n bytes of the take's file from a byte on. It goes through the
// buffer: copy_file_range was slower on ext4, by a third where the pages of
// the two files are shifted, and edits shift them.
func (w *Writer) copy(r *Reader, at, n int64) { w.copyFrom(r.r, at, n) }

func (w *Writer) copyFrom(r io.ReaderAt, at, n int64) {
	for n > 0 && w.err == nil {
		free := w.space()
		free = free[:min(int64(len(free)), n)]
		got, err := r.ReadAt(free, at)
		if got < len(free) {
			w.fail(shrunk(err))
			return
		}
		w.buf = w.buf[:len(w.buf)+got]
		at, n = at+int64(got), n-int64(got)
	}
}

// CommitTo completes a file without a name and writes it to a stream.
func (w *Writer) CommitTo(out io.Writer) error {
	defer w.Abort()
	if err := w.complete(); err != nil {
		return err
	}
	_, err := io.Copy(out, io.NewSectionReader(w.file, 0, math.MaxInt64))
	return err
}

// Seal completes the file, all but its durability and its name, and begins to
// write it to the disk. What is left to do is Commit, or CommitAll.
func (w *Writer) Seal() error {
	if w.sealed {
		return w.err
	}
	w.sealed = true
	err := w.complete()
	if err == nil {
		err = w.giveBack()
	}
	w.buf = nil
	if err != nil {
		w.Abort()
		if w.err == nil {
			w.err = named(w.name, err)
		}
		return w.err
	}
	_ = unix.SyncFileRange(int(w.file.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
	return nil
}

// Commit completes the file and gives it its name. When it returns nil the
// file is on the disk; otherwise no trace of it is left.
func (w *Writer) Commit() error {
	return CommitAll([]*Writer{w})[0]
}

// CommitAll is Commit for files in one folder, in the time of few: the journal
// of the file system takes them all in one go. It gives an error or nil for each.
func CommitAll(writers []*Writer) []error {
	errs := make([]error, len(writers))
	for i, w := range writers {
		errs[i] = w.Seal()
	}
	var settled sync.WaitGroup
	for i, w := range writers {
		if errs[i] == nil {
			settled.Go(func() { errs[i] = w.settle() })
		}
	}
	settled.Wait()
	synced := map[string]error{}
	for i, w := range writers {
		if errs[i] != nil {
			continue
		}
		dir := filepath.Dir(w.name)
		err, ok := synced[dir]
		if !ok {
			err = syncFolder(w.name)
			synced[dir] = err
		}
		errs[i] = err
	}
	return errs
}

// settle makes a sealed file durable and gives it its name.
func (w *Writer) settle() error {
	err := w.file.Sync()
	if err == nil {
		err = rename(w.temp, w.name, w.Replace)
	}
	if err != nil {
		w.Abort()
		return named(w.name, err)
	}
	if err = w.file.Close(); err != nil {
		return named(w.name, err)
	}
	return nil
}

// complete writes what belongs behind the audio, and the sizes.
func (w *Writer) complete() error {
	if w.flac != nil {
		return w.completeFLAC()
	}
	s := w.sizes
	frame := int64(s.format.FrameBytes())
	audio := s.frames * frame
	switch r := w.take; {
	case !w.like:
		var others []Chunk
		if r != nil {
			others = w.others(r.data, r.size)
		}
		w.put(make([]byte, s.pad(audio, len(others) == 0 && (w.about == nil || w.about.empty()))))
		w.carry(others)
		if w.about != nil {
			w.describe()
		}
		s.end = w.off + int64(len(w.buf))
	case s.frames == r.frames:
		w.copy(r, r.data+audio, r.size-r.data-audio)
	default:
		pad := s.pad(audio, r.after >= r.size)
		w.put(make([]byte, pad))
		moved := s.data + audio + pad - r.after // all behind the audio moves as one
		s.end = r.end + moved
		if s.fact >= r.after {
			s.fact += moved
		}
		w.copy(r, r.after, r.size-r.after)
	}
	w.flush()
	if w.err != nil {
		return w.err
	}
	if w.take != nil {
		if err := w.take.unchanged(); err != nil {
			return err
		}
		if err := w.moveMarks(); err != nil {
			return err
		}
		if w.like && s.frames == w.take.frames {
			return nil
		}
	}
	if s.wide() && s.room == 0 {
		if err := w.makeRoom(); err != nil {
			return err
		}
	}
	return s.write(w.file)
}

// makeRoom moves all behind the first header up, for a ds64 chunk: the take
// has no room for one, and the output is RF64.
func (w *Writer) makeRoom() error {
	const at, by = 12, 8 + ds64Bytes
	buf := make([]byte, 4<<20)
	for end := w.off; end > at; {
		p := buf[:min(int64(len(buf)), end-at)]
		end -= int64(len(p))
		if _, err := w.file.ReadAt(p, end); err != nil {
			return err
		}
		if _, err := w.file.WriteAt(p, end+by); err != nil {
			return err
		}
	}
	head := append([]byte("JUNK"), ds64Bytes, 0, 0, 0)
	if _, err := w.file.WriteAt(append(head, make([]byte, ds64Bytes)...), at); err != nil {
		return err
	}
	s := w.sizes
	s.room, s.data, s.end = at+8, s.data+by, s.end+by
	if s.fact > 0 {
		s.fact += by
	}
	return nil
}

// Abort gives up and removes the temporary file.
func (w *Writer) Abort() error {
	err := w.file.Close()
	if w.temp == "" {
		return err
	}
	return os.Remove(w.temp)
}

// rename gives a complete file its name, in one step, and unless asked to
// replaces nothing.
func rename(from, to string, replace bool) error {
	if replace {
		return os.Rename(from, to)
	}
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if err != unix.EINVAL && err != unix.ENOSYS {
		return err
	}
	// The file system knows no such flag: a link does not replace either.
	if err = os.Link(from, to); err == nil {
		return os.Remove(from)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err = os.Lstat(to); err == nil {
		return fs.ErrExist
	}
	return os.Rename(from, to)
}

// syncFolder makes the name of a file durable.
func syncFolder(name string) error {
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return named(name, err)
	}
	defer dir.Close()
	if err = dir.Sync(); err != nil && !errors.Is(err, unix.EINVAL) { // EINVAL: not on this file system
		return named(name, err)
	}
	return nil
}
