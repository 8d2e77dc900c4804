package wav

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	takePage   = 4096     // the header has a page of its own: rewriting it never touches audio
	takeAhead  = 64 << 20 // disk space claimed ahead of the audio
	syncPeriod = time.Second
)

// Take writes a take while it is being recorded, so that a crash costs as
// little as can be. It writes to name.part.wav, whose header is valid at any
// time: about once a second the audio is brought to the disk, and only then
// does the header claim it. After a power cut any reader opens the file with
// all frames but those of the last two periods.
//
// A name that ends in .flac makes it a FLAC file, of integers and up to eight
// channels. Of such a take a crash also costs what is not yet a whole FLAC
// frame, at most 1024 frames of audio.
//
// Write and Finish belong to one goroutine, which never waits for the disk to
// sync: a goroutine of the Take's own does, and ends in Finish.
type Take struct {
	name, part string
	file       disk
	sizes      *sizes // frames and end: as the header last had them
	head       page
	flac       *flacTake    // nil: WAV
	frames     atomic.Int64 // whole frames taken; of WAV, in the file
	claimed    int64        // end of the disk space claimed; -1 = cannot be
	suspect    atomic.Pointer[error]
	stop, done chan struct{}
}

// disk is a file that a take goes to, as the system sees it: what can fail while
// a take is recorded. Tests have one that does.
type disk interface {
	pwrite(p []byte, at int64) (int, error) // what it wrote before an error counts
	claim(from, n int64) error              // disk space, without changing the length
	truncate(n int64) error
	datasync() error // the content and the length
	sync() error
	rename(from, to string) error // replaces nothing
	syncFolder(name string) error // that holds a file of the name
	close() error
}

type osDisk struct{ *os.File }

func (d osDisk) pwrite(p []byte, at int64) (int, error) { return pwrite(d.File, p, at) }
func (d osDisk) claim(from, n int64) error {
	return unix.Fallocate(int(d.Fd()), unix.FALLOC_FL_KEEP_SIZE, from, n)
}
func (d osDisk) truncate(n int64) error       { return d.Truncate(n) }
func (d osDisk) datasync() error              { return fdatasync(d.File) }
func (d osDisk) sync() error                  { return d.Sync() }
func (d osDisk) rename(from, to string) error { return rename(from, to, false) }
func (d osDisk) syncFolder(name string) error { return syncFolder(name) }
func (d osDisk) close() error                 { return d.Close() }

// page is a header in memory.
type page []byte

func (p page) WriteAt(b []byte, at int64) (int, error) { return copy(p[at:], b), nil }

// CreateTake begins a take. Neither name nor its part file may exist; a
// second recorder of the same name is refused. tracks are the names of its
// channels, if they have any; FLAC has no place for them.
func CreateTake(name string, f Format, tracks ...string) (*Take, error) {
	return createTake(name, f, syncPeriod, maxRIFF, tracks...)
}

func createTake(name string, f Format, every time.Duration, limit int64, tracks ...string) (*Take, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%s: cannot store %w", name, err)
	}
	if f.BigEndian {
		return nil, fmt.Errorf("%s: takes are little-endian", name)
	}
	ext := filepath.Ext(name)
	coded := strings.EqualFold(ext, ".flac")
	if coded {
		if err := checkFLAC(f); err != nil {
			return nil, fmt.Errorf("%s: cannot store %w", name, err)
		}
	}
	if _, err := os.Lstat(name); err == nil {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrExist)
	}
	part := strings.TrimSuffix(name, ext) + ".part" + ext
	file, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL|unix.O_CLOEXEC, 0666)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s: %s", part, unfinished(part))
	}
	if err != nil {
		return nil, named(part, err)
	}
	// The lock tells the part file of a running recorder from one left by a
	// crash. Where there are no locks, O_EXCL alone must do.
	_ = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	t, err := newTake(osDisk{file}, name, part, f, coded, limit, tracks...)
	if err != nil {
		file.Close()
		os.Remove(part)
		return nil, err
	}
	go t.keepSynced(every)
	return t, nil
}

// newTake writes the header of an empty take to an empty file.
func newTake(file disk, name, part string, f Format, coded bool, limit int64, tracks ...string) (*Take, error) {
	head, s := newHead(f, takePage, tracks...)
	s.limit = limit
	t := &Take{name: name, part: part, file: file, sizes: s, head: head, stop: make(chan struct{}), done: make(chan struct{})}
	if coded {
		t.flac, t.head = newFLACTake(f)
	}
	t.claim()
	err := t.writeHead(0)
	if err == nil {
		err = file.sync()
	}
	if err != nil {
		return nil, named(part, err)
	}
	return t, file.syncFolder(part)
}

// unfinished says whose the part file is that stands in the way.
func unfinished(part string) string {
	file, err := os.Open(part)
	if err == nil {
		defer file.Close()
		if unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB) == unix.EWOULDBLOCK {
			return "is being recorded by another program"
		}
	}
	return "an unfinished take of that name is there"
}

// Frames is how many whole frames were taken.
func (t *Take) Frames() int64 { return t.frames.Load() }

// Part is the name of the file while it is recorded.
func (t *Take) Part() string { return t.part }

// Suspect is the error that kept the audio from the disk, or nil. The system
// may have thrown away what it could not write, so that it is not tried again:
// later frames still go into the file, but are not known to be durable.
func (t *Take) Suspect() error {
	if p := t.suspect.Load(); p != nil {
		return *p
	}
	return nil
}

// Write appends whole frames and returns how many bytes of them were taken.
// If that is fewer than given (a full disk, a broken one), the error says why;
// the frames taken are complete, and the rest may be offered again.
func (t *Take) Write(p []byte) (int, error) {
	size := int64(t.sizes.format.FrameBytes())
	if int64(len(p))%size != 0 {
		return 0, fmt.Errorf("%s: %d bytes are no whole number of frames of %d bytes", t.part, len(p), size)
	}
	have := t.frames.Load()
	if t.flac != nil {
		n, err := t.flac.write(t.file, p)
		t.frames.Add(int64(n) / size)
		if err != nil {
			err = named(t.part, err)
		}
		return n, err
	}
	// A write that stops inside a frame is written over from its first byte.
	n, err := t.file.pwrite(p, t.sizes.data+have*size)
	whole := int64(n) / size
	t.frames.Store(have + whole)
	if err != nil {
		err = named(t.part, err)
	}
	return int(whole * size), err
}

// keepSynced is the Take's own goroutine.
func (t *Take) keepSynced(every time.Duration) {
	defer close(t.done)
	tick := time.NewTimer(every)
	defer tick.Stop()
	for {
		select {
		case <-t.stop:
			return
		case <-tick.C:
		}
		if err := t.sync(); err != nil {
			t.doubt(err)
			return
		}
		tick.Reset(every)
	}
}

// sync brings the audio to the disk and then lets the header claim it.
func (t *Take) sync() error {
	t.claim()
	frames := t.frames.Load()
	if frames == t.sizes.frames {
		return nil
	}
	if err := t.file.datasync(); err != nil {
		return err
	}
	return t.writeHead(frames)
}

// claim reserves disk space for what comes next, so that a disk that fills up
// is known early and the file lies in few pieces. The length of the file stays
// what was written. Where it cannot be done the take goes on without.
func (t *Take) claim() {
	written := t.written()
	if t.claimed < 0 || t.claimed-written > takeAhead/2 {
		return
	}
	err := t.file.claim(t.claimed, written+takeAhead-t.claimed)
	if err != nil {
		t.claimed = -1
		return
	}
	t.claimed = written + takeAhead
}

// written is how many bytes are in the file.
func (t *Take) written() int64 {
	if t.flac != nil {
		return t.flac.end.Load()
	}
	return t.sizes.data + t.frames.Load()*int64(t.sizes.format.FrameBytes())
}

// writeHead writes the header page for a number of frames, in one piece.
// Where these are an odd number of bytes, it leaves out the last frame: the
// pad byte that would have to follow is the next frame's.
func (t *Take) writeHead(frames int64) error {
	if t.flac != nil {
		t.sizes.frames = frames // it claims no length
		if frames > 0 {
			return nil
		}
		_, err := t.file.pwrite(t.head, 0)
		return err
	}
	size := int64(t.sizes.format.FrameBytes())
	frames -= frames * size & 1
	t.sizes.frames, t.sizes.end = frames, t.sizes.data+frames*size
	return t.storeHead()
}

func (t *Take) storeHead() error {
	if err := t.sizes.write(t.head); err != nil {
		return err
	}
	_, err := t.file.pwrite(t.head, 0)
	return err
}

// Finish ends the take and gives the file its name. If that name was taken
// meanwhile, or the header cannot be written, the take stays in its part file,
// and the error says so. If only the disk failed to sync, now or earlier, the
// take is complete under its name and the error is that of Suspect.
func (t *Take) Finish() error {
	close(t.stop)
	<-t.done
	defer t.file.close()
	if t.flac != nil {
		return t.finishFLAC()
	}
	frames, size := t.frames.Load(), int64(t.sizes.format.FrameBytes())
	end := t.sizes.data + frames*size
	pad := frames * size & 1
	if err := t.file.truncate(end + pad); err != nil { // also gives back what was claimed
		return named(t.part, err)
	}
	t.doubt(t.file.datasync()) // the audio before the header that claims it
	t.sizes.frames, t.sizes.end = frames, end+pad
	if err := t.storeHead(); err != nil {
		return named(t.part, err)
	}
	return t.settle()
}

// finishFLAC is Finish of a FLAC take. One that the disk does not take whole
// gets its name all the same.
func (t *Take) finishFLAC() error {
	frames, failed := t.flac.finish(t.file, t.frames.Load())
	t.frames.Store(frames)
	if failed != nil {
		failed = named(t.part, failed)
	}
	if err := t.file.truncate(t.flac.end.Load()); err != nil {
		return errors.Join(failed, named(t.part, err))
	}
	return errors.Join(failed, t.settle())
}

// settle brings a complete file to the disk and gives it its name.
func (t *Take) settle() error {
	t.doubt(t.file.sync())
	if err := t.file.rename(t.part, t.name); err != nil {
		return fmt.Errorf("%w: the take stays in %s", named(t.name, err), t.part)
	}
	if err := t.file.syncFolder(t.name); err != nil {
		return err
	}
	return t.Suspect()
}

// doubt keeps the first error of syncing.
func (t *Take) doubt(err error) {
	if err != nil {
		err = named(t.part, err)
		t.suspect.CompareAndSwap(nil, &err)
	}
}

// pwrite writes all of p, or says how much of it. (os.File.WriteAt forgets what
// it wrote before an error.)
func pwrite(file *os.File, p []byte, at int64) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Pwrite(int(file.Fd()), p[done:], at+int64(done))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return done, err
		case n == 0:
			return done, io.ErrShortWrite
		}
		done += n
	}
	return done, nil
}

func fdatasync(file *os.File) error {
	for {
		if err := unix.Fdatasync(int(file.Fd())); err != unix.EINTR {
			return err
		}
	}
}
