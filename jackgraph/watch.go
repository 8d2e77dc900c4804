//go:build cgo

package jackgraph

/*
#include <stdlib.h>
#include "watch.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// quiet is how long nothing may be told before a burst counts as over.
const quiet = 30 * time.Millisecond

// lingers is how long after the last notice snapshots may show ports that were
// told to be gone: then they are there.
const lingers = 10 * time.Second

// Watch is a client that hears what happens on its server. It is for one
// goroutine.
type Watch struct {
	*Server
	name    string // its own client's
	c       *C.struct_watch
	wake    *os.File
	state   *state
	settled bool // nothing was told since the last snapshot
	stopped bool
}

// OpenWatch joins a server like Open, to hear what happens there.
func OpenWatch(name string) (*Watch, error) {
	server, err := Open(name)
	if err != nil {
		return nil, err
	}
	w := &Watch{Server: server, name: C.GoString(C.jack_get_client_name((*C.jack_client_t)(unsafe.Pointer(server.handle))))}
	if err := w.listen(); err != nil {
		w.Close()
		return nil, err
	}
	client := (*C.jack_client_t)(unsafe.Pointer(w.handle))
	w.state = newState(w.Snapshot())
	w.state.block = strconv.Itoa(int(C.jack_get_buffer_size(client)))
	w.state.rate = strconv.Itoa(int(C.jack_get_sample_rate(client)))
	return w, nil
}

func (w *Watch) listen() error {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	w.wake = os.NewFile(uintptr(fd), "eventfd")
	client := (*C.jack_client_t)(unsafe.Pointer(w.handle))
	w.c = C.watch_new(client, C.int(fd), w.gone)
	if w.c == nil {
		return errors.New("watch: the server takes no callbacks")
	}
	return w.Activate()
}

// Close leaves the server. Where it does not answer, what its threads may
// still touch stays with this process until it ends.
func (w *Watch) Close() error {
	err := w.Server.Close()
	if errors.Is(err, ErrNoAnswer) {
		return err
	}
	if w.c != nil {
		C.watch_free(w.c)
		w.c = nil
	}
	if w.wake != nil {
		w.wake.Close()
	}
	return err
}

// Graph returns the graph as the events told it so far.
func (w *Watch) Graph() Graph { return w.state.graph() }

// Next waits for something to happen and returns it, oldest first. After a
// burst the graph is read again, so that a change of which nothing was told is
// late but not lost. Two things it cannot know: a client without ports whose
// end was not told, and the first name of a port that came and went before
// JACK2 told of it, when another has its id. ErrNoServer: the server has
// stopped; its last event says so.
func (w *Watch) Next(ctx context.Context) ([]Event, error) {
	stop := context.AfterFunc(ctx, func() { w.wake.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for {
		if events := w.take(); len(events) > 0 {
			return events, nil
		}
		if w.stopped {
			return nil, ErrNoServer
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		told, err := w.wait(ctx)
		if err != nil {
			return nil, err
		}
		lingering := len(w.state.gone) > 0
		if told || w.settled && !lingering {
			continue
		}
		if w.settled {
			clear(w.state.gone)
		}
		// The snapshot counts only if it is newer than all that was told.
		w.settled = true
		g := w.Snapshot()
		if events := w.take(); len(events) > 0 || !w.settled {
			if len(events) > 0 {
				return events, nil
			}
			continue
		}
		if events := w.state.resync(g); len(events) > 0 {
			return events, nil
		}
	}
}

// wait returns when something was told, or nothing for as long as a burst takes
// to be over, or ports may linger.
func (w *Watch) wait(ctx context.Context) (told bool, err error) {
	var limit time.Time
	switch {
	case !w.settled:
		limit = time.Now().Add(quiet)
	case len(w.state.gone) > 0:
		limit = time.Now().Add(lingers)
	}
	w.wake.SetReadDeadline(limit)
	if ctx.Err() != nil { // it may have ended before the deadline was set
		return false, ctx.Err()
	}
	var count [8]byte
	switch _, err := w.wake.Read(count[:]); {
	case err == nil:
		return true, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false, ctx.Err()
	default:
		return false, fmt.Errorf("eventfd: %w", err)
	}
}

// take returns what the notices since the last call changed.
func (w *Watch) take() []Event {
	var events []Event
	for n := C.watch_take(w.c); n != nil; {
		w.settled = false
		if !w.stopped { // what follows is the server's shadow being taken down
			told := w.notice(n)
			w.stopped = told.kind == ServerStopped
			events = append(events, w.state.apply(told)...)
		}
		next := n.next
		C.free(unsafe.Pointer(n))
		n = next
	}
	if n := C.watch_xruns(w.c); n > 0 {
		events = append(events, Event{Kind: Xruns, Value: strconv.Itoa(int(n))})
	}
	return events
}

// notice reads one that C took down.
func (w *Watch) notice(c *C.struct_notice) notice {
	n := notice{name: C.GoString(c.name), other: C.GoString(c.other), id: uint32(c.a), otherID: uint32(c.b)}
	either := func(on, off EventKind) EventKind {
		if c.on != 0 {
			return on
		}
		return off
	}
	switch c.kind {
	case C.NOTICE_CLIENT:
		n.kind = either(ClientAdded, ClientRemoved)
		if n.name == w.name {
			n.kind = ""
		}
	case C.NOTICE_PORT:
		n.kind = either(PortAdded, PortRemoved)
		if n.kind == PortAdded {
			n.port = w.portByID(n.id, n.name)
		}
	case C.NOTICE_CONNECTION:
		n.kind = either(Connected, Disconnected)
	case C.NOTICE_RENAME:
		n.kind = PortRenamed
	case C.NOTICE_METADATA:
		n.kind = Metadata
	case C.NOTICE_BLOCK:
		n.kind, n.value = BlockSize, strconv.Itoa(int(c.number))
	case C.NOTICE_RATE:
		n.kind, n.value = RateChanged, strconv.Itoa(int(c.number))
	case C.NOTICE_FREEWHEEL:
		n.kind, n.value = Freewheel, "off"
		if c.on != 0 {
			n.value = "on"
		}
	case C.NOTICE_SHUTDOWN:
		n.kind, n.value = ServerStopped, n.name
	}
	return n
}
