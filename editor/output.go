package editor

import (
	"context"
	"errors"
	"io"
	"sync"

	"jackknife/wav"
)

// part is a piece of the output: frames of the take, or bytes made anew.
type part struct {
	from, frames int64
	raw          []byte
}

// output writes parts in order, in a goroutine of its own.
type output struct {
	take   *wav.Reader
	w      io.Writer
	parts  chan part
	free   chan<- []byte // bytes to be used again
	broken chan struct{} // closed at the first error, which is then in err
	err    error
	quit   chan struct{} // closed to have it end at once
	end    sync.Once
	done   chan struct{}
}

// madeBytes is how much new sound is gathered before it is written.
const madeBytes = 128 << 10

// newOutput holds at most 16 parts, 2 MiB of new sound.
func newOutput(take *wav.Reader, w io.Writer, free chan<- []byte) *output {
	o := &output{take: take, w: w, parts: make(chan part, 16), free: free,
		broken: make(chan struct{}), quit: make(chan struct{}), done: make(chan struct{})}
	go o.run()
	return o
}

func (o *output) run() {
	defer close(o.done)
	for {
		select {
		case p, more := <-o.parts:
			if !more {
				return
			}
			if err := o.put(p); err != nil {
				o.err = err
				close(o.broken)
				return
			}
		case <-o.quit:
			return
		}
	}
}

func (o *output) put(p part) error {
	if p.raw == nil {
		return o.copy(p.from, p.frames)
	}
	if _, err := o.w.Write(p.raw); err != nil {
		return &WriteError{err}
	}
	select {
	case o.free <- p.raw:
	default:
	}
	return nil
}

// copy copies n frames of the take, as bytes.
func (o *output) copy(from, n int64) error {
	size := int64(o.take.Format().FrameBytes())
	file, direct := o.w.(interface {
		CopyFrames(*wav.Reader, int64, int64) error
	})
	piece := max(1, 256<<10/size)
	var raw []byte
	if direct {
		piece = max(1, 64<<20/size)
	} else {
		raw = make([]byte, min(n, piece)*size)
	}
	for n > 0 {
		select {
		case <-o.quit:
			return errors.New("stopped")
		default:
		}
		k := min(n, piece)
		if direct {
			if err := file.CopyFrames(o.take, from, k); err != nil {
				return &WriteError{err}
			}
		} else {
			if err := readFull(o.take, raw[:k*size], from); err != nil {
				return err
			}
			if _, err := o.w.Write(raw[:k*size]); err != nil {
				return &WriteError{err}
			}
		}
		from += k
		n -= k
	}
	return nil
}

// finish waits until everything is written.
func (o *output) finish(ctx context.Context) error {
	close(o.parts)
	select {
	case <-o.done:
		return o.err
	case <-ctx.Done():
		o.stop()
		return ctx.Err()
	}
}

// stop ends the goroutine and waits for it.
func (o *output) stop() {
	o.end.Do(func() { close(o.quit) })
	<-o.done
}
