package wav

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// faulty is a disk in memory of which one call fails, and some after it. It
// knows what a power cut would leave.
type faulty struct {
	fail, times int // the first call to fail, from 1 on, and how many do
	full        bool
	calls       []string

	now     []byte // as programs see it
	durable []byte // as the last sync left it
	doubted bool   // a sync failed: what was written then may be lost
	name    string
	cut     func(*faulty) // called after every call: look at what a power cut leaves
}

// call counts a call and says whether it fails.
func (d *faulty) call(what string) error {
	d.calls = append(d.calls, what)
	if n := len(d.calls); d.fail == 0 || n < d.fail || n >= d.fail+d.times {
		return nil
	}
	if d.full {
		return unix.ENOSPC
	}
	return unix.EIO
}

func (d *faulty) pwrite(p []byte, at int64) (int, error) {
	defer d.cut(d)
	err := d.call("pwrite")
	if err != nil {
		// A full disk stops in the middle of a frame. The header's page is
		// there already: it is written over, whole or not at all.
		part := 0
		if d.full && at+int64(len(p)) > takePage {
			part = min(17, len(p))
		}
		p = p[:part]
	}
	if need := int(at) + len(p); need > len(d.now) && len(p) > 0 {
		d.now = append(d.now, make([]byte, need-len(d.now))...)
	}
	copy(d.now[min(int(at), len(d.now)):], p)
	return len(p), err
}

func (d *faulty) truncate(n int64) error {
	defer d.cut(d)
	if err := d.call("truncate"); err != nil {
		return err
	}
	d.now = append(d.now[:min(int(n), len(d.now))], make([]byte, max(0, int(n)-len(d.now)))...)
	return nil
}

func (d *faulty) datasync() error {
	defer d.cut(d)
	if err := d.call("datasync"); err != nil {
		d.doubted = true
		return err
	}
	d.durable = slices.Clone(d.now)
	return nil
}

func (d *faulty) sync() error { return d.datasync() }

func (d *faulty) claim(from, n int64) error { return d.call("claim") }

func (d *faulty) rename(from, to string) error {
	if err := d.call("rename"); err != nil {
		return err
	}
	d.name = to
	return nil
}

func (d *faulty) syncFolder(string) error { return d.call("folder") }
func (d *faulty) close() error            { return nil }

// audio reads a file as a program would that knows nothing of how it came to
// be; of FLAC only what is in order.
func audio(t *testing.T, file []byte, flac bool) ([]byte, error) {
	t.Helper()
	if !flac {
		r, err := NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return nil, err
		}
		raw := make([]byte, r.Frames()*int64(r.Format().FrameBytes()))
		n, err := r.ReadFrames(raw, 0)
		if int64(n) == r.Frames() {
			err = nil
		}
		return raw, err
	}
	r, err := decodeFLAC(context.Background(), bytes.NewReader(file), int64(len(file)), t.TempDir(), false)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return frames(t, r), nil
}

// TestTakeFaults fails every call of a recording in turn, and some after it. A
// take is then what was given to Write, or it says what is wrong; and at no
// time would a power cut leave a file that claims what is not there.
func TestTakeFaults(t *testing.T) {
	three := Format{RateHz: 48000, Channels: 3, Bits: 24, SampleBytes: 3}
	const block, blocks = 733, 12
	whole := staircase(three, 0, block*blocks)
	for _, flac := range []bool{false, true} {
		for _, full := range []bool{false, true} {
			for _, times := range []int{1, 4, 1000} {
				for fail := 0; ; fail++ {
					d := &faulty{fail: fail, times: times, full: full, name: "part"}
					at := fmt.Sprintf("flac %v, full %v, call %d failing %d times", flac, full, fail, times)
					if done := takeFault(t, at, d, three, whole, block, flac); done {
						break
					}
				}
			}
		}
	}
}

// takeFault records with one fault, and reports whether there are no more calls
// to fail.
func takeFault(t *testing.T, at string, d *faulty, f Format, whole []byte, block int, flac bool) bool {
	size := f.FrameBytes()
	begun := false
	d.cut = func(d *faulty) {
		if flac || !begun || d.doubted {
			return
		}
		// What is durable, and the header that the system may have written by itself.
		for i, image := range [][]byte{d.durable, append(slices.Clone(d.now[:takePage]), d.durable[min(takePage, len(d.durable)):]...)} {
			got, err := audio(t, image, flac)
			if err != nil || !bytes.HasPrefix(whole, got) {
				t.Errorf("%s: power cut after %v: image %d: %d frames, %v", at, d.calls, i, len(got)/size, err)
			}
		}
	}
	k, err := newTake(d, "name", "part", f, flac, maxRIFF)
	if err != nil {
		if d.fail == 0 || d.fail > len(d.calls) {
			t.Errorf("%s: %v", at, err)
		}
		return false
	}
	begun = true
	close(k.done) // the test syncs itself
	accepted, failed := 0, false
	var pending []byte
	for i := range len(whole) / size / block {
		pending = append(pending, whole[i*block*size:(i+1)*block*size]...)
		for range 3 {
			n, err := k.Write(pending)
			if n%size != 0 || n < len(pending) && err == nil {
				t.Fatalf("%s: %d bytes of %d taken: %v", at, n, len(pending), err)
			}
			accepted += n
			if pending = pending[n:]; err == nil {
				break
			}
		}
		if i%3 == 2 && !failed {
			if err := k.sync(); err != nil {
				k.doubt(err)
				failed = true
			}
		}
	}
	if k.Frames() != int64(accepted/size) {
		t.Errorf("%s: %d frames, %d were taken", at, k.Frames(), accepted/size)
	}
	finished := k.Finish()
	got, err := audio(t, d.now, flac)
	lost := accepted - len(got)
	switch {
	case err != nil:
		t.Errorf("%s: the file: %v (Finish: %v)", at, err, finished)
	case !bytes.HasPrefix(whole, got):
		t.Errorf("%s: %d frames, which are not what was recorded", at, len(got)/size)
	case finished == nil && (d.name != "name" || lost != 0 || d.doubted):
		t.Errorf("%s: no error, the take is %s and %d frames short, sync failed %v", at, d.name, lost/size, d.doubted)
	case d.name == "name" && lost != 0 && k.Frames() != int64(len(got)/size):
		t.Errorf("%s: the take is %d frames short of %d: %v", at, lost/size, k.Frames(), finished)
	case d.fail == 0 && (finished != nil || accepted != len(whole)):
		t.Errorf("%s: %v", at, finished)
	}
	switch {
	case flac:
		// What is not yet coded when the disk fails for good is told.
		if lost/size > 2*flacTakeBlock || k.Frames() != int64(len(got)/size) {
			t.Errorf("%s: %d frames in the file, %d said, %d were taken", at, len(got)/size, k.Frames(), accepted/size)
		}
	case d.name != "name":
		// The part file holds everything, behind what its header claims.
		if l, err := parse(bytes.NewReader(d.now), int64(len(d.now))); err != nil || !bytes.HasPrefix(d.now[l.data:], whole[:accepted]) {
			t.Errorf("%s: the part file does not hold %d frames: %v", at, accepted/size, err)
		}
	}
	return d.fail > len(d.calls)
}
