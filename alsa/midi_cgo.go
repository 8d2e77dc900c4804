//go:build cgo

package alsa

/*
#include <alsa/asoundlib.h>

// kind_of is 1 for a controller, 2 for a new listener at the port, 0 for what is
// of no interest.
static int kind_of(const snd_seq_event_t *e, int port)
{
	switch (e->type) {
	case SND_SEQ_EVENT_CONTROLLER:
		return 1;
	case SND_SEQ_EVENT_PORT_SUBSCRIBED:
		return e->data.connect.sender.port == port ? 2 : 0;
	}
	return 0;
}

static int send_controller(snd_seq_t *seq, int port, int channel, unsigned param, int value)
{
	snd_seq_event_t e;

	snd_seq_ev_clear(&e);
	snd_seq_ev_set_source(&e, port);
	snd_seq_ev_set_subs(&e);
	snd_seq_ev_set_direct(&e);
	snd_seq_ev_set_controller(&e, channel, param, value);
	return snd_seq_event_output_direct(seq, &e);
}
*/
import "C"

import (
	"context"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MIDIPort is a port at the ALSA sequencer that others connect to, in both
// directions. Listen belongs to one goroutine, Send to another.
type MIDIPort struct {
	seq  *C.snd_seq_t
	port C.int
}

// OpenMIDI makes a client with a port. Without a sequencer the error is
// ErrNoSequencer.
func OpenMIDI(client, port string) (*MIDIPort, error) {
	seq, err := openSeq(client, C.SND_SEQ_NONBLOCK)
	if err != nil {
		return nil, err
	}
	m := &MIDIPort{seq: seq}
	portName := C.CString(port)
	defer C.free(unsafe.Pointer(portName))
	m.port = C.snd_seq_create_simple_port(m.seq, portName,
		C.SND_SEQ_PORT_CAP_READ|C.SND_SEQ_PORT_CAP_SUBS_READ|C.SND_SEQ_PORT_CAP_WRITE|C.SND_SEQ_PORT_CAP_SUBS_WRITE,
		C.SND_SEQ_PORT_TYPE_MIDI_GENERIC|C.SND_SEQ_PORT_TYPE_APPLICATION)
	if m.port < 0 {
		err := fmt.Errorf("port %s: %w", port, failed(m.port))
		m.Close()
		return nil, err
	}
	return m, nil
}

// Close takes the port and its client away.
func (m *MIDIPort) Close() { C.snd_seq_close(m.seq) }

// Client is the number by which aconnect knows the client.
func (m *MIDIPort) Client() int { return int(C.snd_seq_client_id(m.seq)) }

// Send tells all who listen to the port.
func (m *MIDIPort) Send(c ControlChange) error {
	if r := C.send_controller(m.seq, m.port, C.int(c.Channel), C.uint(c.Controller), C.int(c.Value)); r < 0 && r != -C.EAGAIN {
		return fmt.Errorf("send a controller: %w", failed(r))
	}
	return nil
}

// Listen calls moved for every controller that the port gets, and joined when
// somebody begins to listen to the port, until ctx ends.
func (m *MIDIPort) Listen(ctx context.Context, moved func(ControlChange), joined func()) error {
	var descriptor C.struct_pollfd
	if n := C.snd_seq_poll_descriptors(m.seq, &descriptor, 1, C.POLLIN); n != 1 {
		return fmt.Errorf("wait for controllers: %d descriptors, want 1", n)
	}
	wakeRead, wake, err := wakePipe(ctx)
	if err != nil {
		return err
	}
	defer wake()
	poll := []unix.PollFd{{Fd: int32(descriptor.fd), Events: unix.POLLIN}, {Fd: wakeRead, Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(poll, -1); err != nil && err != syscall.EINTR {
			return fmt.Errorf("wait for controllers: %w", err)
		}
		if ctx.Err() != nil {
			return nil
		}
		for {
			var e *C.snd_seq_event_t
			r := C.snd_seq_event_input(m.seq, &e)
			if r == -C.EAGAIN || r == -C.ENOSPC { // none, or some were lost
				break
			}
			if r < 0 {
				return fmt.Errorf("controllers: %w", failed(r))
			}
			switch C.kind_of(e, m.port) {
			case 1:
				c := (*C.snd_seq_ev_ctrl_t)(unsafe.Pointer(&e.data))
				moved(ControlChange{int(c.channel), int(c.param), int(c.value)})
			case 2:
				joined()
			}
		}
	}
}
