//go:build cgo

package jackgraph

/*
#include <jack/jack.h>
#include <jack/transport.h>

// Go cannot see the fields of JACK's structure, which is packed.
struct place {
	int state;
	jack_nframes_t frame, rate;
	int has_bbt;
	int bar, beat, tick;
	double beats_per_bar, beat_type, beats_per_minute;
};

static struct place where(jack_client_t *client) {
	jack_position_t p;
	struct place at = {.state = jack_transport_query(client, &p)};
	at.frame = p.frame;
	at.rate = p.frame_rate;
	at.has_bbt = (p.valid & JackPositionBBT) != 0;
	if (at.has_bbt) {
		at.bar = p.bar;
		at.beat = p.beat;
		at.tick = p.tick;
		at.beats_per_bar = p.beats_per_bar;
		at.beat_type = p.beat_type;
		at.beats_per_minute = p.beats_per_minute;
	}
	return at;
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

func (s *Server) c() *C.jack_client_t { return (*C.jack_client_t)(unsafe.Pointer(s.handle)) }

// Activate joins the graph: only then a server tells what happens, and
// PipeWire's transport heeds a client.
func (s *Server) Activate() error {
	code, err := s.ask(func() int { return int(C.jack_activate(s.c())) })
	if err == nil && code != 0 {
		err = s.refused(code)
	}
	if err != nil {
		return fmt.Errorf("activate JACK client: %w", err)
	}
	return nil
}

// Transport reads the state of the transport.
func (s *Server) Transport() Transport {
	p := C.where(s.c())
	t := Transport{State: Stopped, Frame: int64(p.frame), RateHz: int(C.jack_get_sample_rate(s.c()))}
	switch p.state {
	case C.JackTransportRolling, C.JackTransportLooping:
		t.State = Rolling
	case C.JackTransportStarting, 4: // 4: network starting, of JACK2
		t.State = Starting
	}
	if p.has_bbt != 0 {
		t.BBT = &BBT{int(p.bar), int(p.beat), int(p.tick), float64(p.beats_per_bar), float64(p.beat_type), float64(p.beats_per_minute)}
	}
	return t
}

// Roll starts the transport, Halt stops it. Neither waits.
func (s *Server) Roll() { C.jack_transport_start(s.c()) }
func (s *Server) Halt() { C.jack_transport_stop(s.c()) }

// Locate moves the transport to a frame. It does not wait.
func (s *Server) Locate(frame int64) error {
	if frame < 0 || frame > 1<<32-1 {
		return fmt.Errorf("frame %d: the transport counts from 0 to %d", frame, uint32(1<<32-1))
	}
	if code := C.jack_transport_locate(s.c(), C.jack_nframes_t(frame)); code != 0 {
		return fmt.Errorf("locate: refused by the server (code %d)", code)
	}
	return nil
}
