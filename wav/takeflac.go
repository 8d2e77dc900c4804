package wav

import (
	"crypto/md5"
	"errors"
	"fmt"
	"sync/atomic"
)

// flacTake is the FLAC side of a Take. While the take is recorded its header
// claims no length, which is how FLAC says that it is not known: any reader
// gives all whole FLAC frames there are. What is not yet one, up to
// flacTakeBlock frames of audio, is only in memory.
type flacTake struct {
	coder *flacWriter
	coded []byte       // not yet in the file
	ends  []int64      // of the FLAC frames in it: bytes of the file then
	whole int          // FLAC frames that are in the file
	kept  int64        // bytes of the file with these
	end   atomic.Int64 // bytes of the file
}

// newFLACTake returns the FLAC side of a take and the file's first bytes.
func newFLACTake(f Format) (*flacTake, []byte) {
	t := &flacTake{}
	t.coder = newFLACWriter(f, func(p []byte) {
		t.coded = append(t.coded, p...)
		t.ends = append(t.ends, t.end.Load()+int64(len(t.coded)))
	})
	t.coder.size = flacTakeBlock
	head, _ := newFLACHead(nil, nil, 0, nil) // fails for blocks of another take only
	copy(head[flacHeadBytes-flacInfoBytes:], t.info(0, false))
	t.kept = int64(len(head))
	t.end.Store(t.kept)
	return t, head
}

// info is the content of STREAMINFO; without the sum of the audio where that
// is not what is in the file.
func (t *flacTake) info(frames int64, summed bool) []byte {
	if frames >= 1<<36 {
		frames = 0
	}
	b := t.coder.info(frames)
	if frames == 0 { // unknown, and so is the block that a short take would have
		b[0], b[1], b[2], b[3] = flacTakeBlock>>8, flacTakeBlock&0xff, flacTakeBlock>>8, flacTakeBlock&0xff
	}
	if !summed {
		clear(b[len(b)-md5.Size:])
	}
	return b
}

// store writes what is coded. What a disk does not take now is kept.
func (t *flacTake) store(file disk) error {
	if len(t.coded) == 0 {
		return nil
	}
	n, err := file.pwrite(t.coded, t.end.Load())
	t.end.Add(int64(n))
	t.coded = append(t.coded[:0], t.coded[n:]...)
	for len(t.ends) > 0 && t.ends[0] <= t.end.Load() {
		t.kept, t.ends = t.ends[0], t.ends[1:]
		t.whole++
	}
	return err
}

// write takes whole frames, block by block. It takes no more while the disk
// does not have what came before.
func (t *flacTake) write(file disk, p []byte) (int, error) {
	size := t.coder.format.FrameBytes()
	done := 0
	for done < len(p) {
		if err := t.store(file); err != nil {
			return done, err
		}
		n := min(flacTakeBlock*size-len(t.coder.pending), len(p)-done)
		t.coder.write(p[done : done+n])
		done += n
	}
	// What fails here fails again with the next block, or at the end.
	_ = t.store(file)
	return done, nil
}

// finish writes the last block and the header. If the disk does not take it,
// the file ends with the last whole FLAC frame before, frames are those of
// audio that it has, and the error says why.
func (t *flacTake) finish(file disk, frames int64) (int64, error) {
	t.coder.flush()
	err := t.store(file)
	if err != nil {
		have := int64(t.whole) * flacTakeBlock // the last, which may be shorter, is not among them
		err = fmt.Errorf("%w; the last %d frames are not in it", err, frames-have)
		frames = have
		t.end.Store(t.kept)
	}
	_, e := file.pwrite(t.info(frames, err == nil), flacHeadBytes-flacInfoBytes)
	return frames, errors.Join(err, e)
}
