//go:build cgo

package jackgraph

/*
#include <stdlib.h>
#include <jack/jack.h>

// change_all makes changes one after the other, FROM TO FROM TO in names, as
// long as stop and gone are not set, and counts them in done. One call for all
// of them keeps Go's scheduler out of the way: each is a word to the server and
// back.
static void change_all(jack_client_t *client, char **names, const char *connect, int n, int *codes, int *done, int *stop, int *gone) {
	for (int i = 0; i < n; i++) {
		if (__atomic_load_n(stop, __ATOMIC_ACQUIRE) || (gone && __atomic_load_n(gone, __ATOMIC_ACQUIRE)))
			return;
		codes[i] = (connect[i] ? jack_connect : jack_disconnect)(client, names[2 * i], names[2 * i + 1]);
		__atomic_store_n(done, i + 1, __ATOMIC_RELEASE);
	}
}
*/
import "C"

import (
	"context"
	"errors"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Do makes one change. To connect what is connected is done; to disconnect what
// is not is refused. ErrNoServer: it has ended.
func (s *Server) Do(c Change) error {
	err := s.DoAll(context.Background(), []Change{c})[0]
	if errors.Is(err, ErrAlready) {
		return nil
	}
	return err
}

// DoAll makes changes one after the other until ctx ends, and returns for each
// what Do would, but ErrAlready where the server says that it was connected.
func (s *Server) DoAll(ctx context.Context, changes []Change) []error {
	return s.Begin(ctx, changes)()
}

// Begin is DoAll on a thread of its own: end waits for it. Until then nothing else
// may be asked of the server but Ports.
func (s *Server) Begin(ctx context.Context, changes []Change) (end func() []error) {
	errs := make([]error, len(changes))
	if s.hangs() || len(changes) == 0 {
		return func() []error { return fill(errs, ErrNoAnswer) }
	}
	s.begun = true
	codes := make([]int32, len(changes))
	var done, stop int32
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		names, connect, free := changeNames(changes)
		defer free()
		C.change_all(s.handle, names, connect, C.int(len(changes)), (*C.int)(&codes[0]), (*C.int)(&done), (*C.int)(&stop), s.gone)
	}()
	canceled := context.AfterFunc(ctx, func() { atomic.StoreInt32(&stop, 1) })
	return func() []error {
		defer canceled()
		for before := int32(0); ; {
			select {
			case <-finished:
				return s.outcomes(ctx, errs, changes, codes[:done])
			case <-time.After(answerLimit):
			}
			if now := atomic.LoadInt32(&done); now > before {
				before = now
				continue
			}
			s.hung = finished
			atomic.StoreInt32(&stop, 1)
			s.outcomes(ctx, errs, changes, codes[:before])
			fill(errs[before:], ErrNoAnswer)
			return errs
		}
	}
}

// outcomes words the codes of the changes that were made; the rest was not
// begun.
func (s *Server) outcomes(ctx context.Context, errs []error, changes []Change, codes []int32) []error {
	refused, broken := false, false
	for i, code := range codes {
		switch {
		case code == 0:
		case code == int32(syscall.EEXIST) && changes[i].Action == Connect:
			errs[i] = ErrAlready
		default:
			refused = true
			broken = broken || code == int32(syscall.EPIPE) // so says PipeWire's libjack
			errs[i] = refusal(int(code))
		}
	}
	rest := errs[len(codes):]
	fill(rest, ctx.Err())
	if s.Ended() || broken || refused && !s.hangs() && s.ends() {
		for i := range codes {
			if errs[i] != nil && errs[i] != ErrAlready {
				errs[i] = ended()
			}
		}
		fill(rest, ended())
	}
	return errs
}

func fill(errs []error, err error) []error {
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// changeNames copies what C needs to make changes.
func changeNames(changes []Change) (names **C.char, connect *C.char, free func()) {
	n := len(changes)
	names = (**C.char)(C.calloc(C.size_t(2*n), C.size_t(unsafe.Sizeof(*names))))
	connect = (*C.char)(C.calloc(C.size_t(n), 1))
	all, actions := unsafe.Slice(names, 2*n), unsafe.Slice(connect, n)
	for i, c := range changes {
		all[2*i], all[2*i+1] = C.CString(c.From), C.CString(c.To)
		if c.Action == Connect {
			actions[i] = 1
		}
	}
	return names, connect, func() {
		for _, name := range all {
			C.free(unsafe.Pointer(name))
		}
		C.free(unsafe.Pointer(names))
		C.free(unsafe.Pointer(connect))
	}
}
