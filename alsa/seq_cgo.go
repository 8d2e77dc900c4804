//go:build cgo

package alsa

/*
#include <alsa/asoundlib.h>

// subscription makes or ends a connection.
static int subscription(snd_seq_t *seq, int from_client, int from_port, int to_client, int to_port, int make)
{
	snd_seq_port_subscribe_t *sub;
	snd_seq_addr_t from = {from_client, from_port}, to = {to_client, to_port};

	snd_seq_port_subscribe_alloca(&sub);
	snd_seq_port_subscribe_set_sender(sub, &from);
	snd_seq_port_subscribe_set_dest(sub, &to);
	return make ? snd_seq_subscribe_port(seq, sub) : snd_seq_unsubscribe_port(seq, sub);
}

// subscriber finds the reader of that number of a port; negative where there
// are no more.
static int subscriber(snd_seq_t *seq, int client, int port, int index, snd_seq_addr_t *to)
{
	snd_seq_query_subscribe_t *query;
	snd_seq_addr_t root = {client, port};
	int r;

	snd_seq_query_subscribe_alloca(&query);
	snd_seq_query_subscribe_set_root(query, &root);
	snd_seq_query_subscribe_set_type(query, SND_SEQ_QUERY_SUBS_READ);
	snd_seq_query_subscribe_set_index(query, index);
	r = snd_seq_query_port_subscribers(seq, query);
	if (r >= 0)
		*to = *snd_seq_query_subscribe_get_addr(query);
	return r;
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Sequencer is a client of the kernel's MIDI sequencer, for one goroutine.
type Sequencer struct{ seq *C.snd_seq_t }

// OpenSequencer joins the sequencer under a client name. Without one the error
// is ErrNoSequencer. Close must be called.
func OpenSequencer(client string) (*Sequencer, error) {
	seq, err := openSeq(client, 0)
	if err != nil {
		return nil, err
	}
	return &Sequencer{seq}, nil
}

// openSeq opens the sequencer for both directions.
func openSeq(client string, mode C.int) (*C.snd_seq_t, error) {
	hush()
	var seq *C.snd_seq_t
	device, name := C.CString("default"), C.CString(client)
	defer C.free(unsafe.Pointer(device))
	defer C.free(unsafe.Pointer(name))
	if r := C.snd_seq_open(&seq, device, C.SND_SEQ_OPEN_DUPLEX, mode); r == -C.ENOENT || r == -C.ENODEV || r == -C.ENXIO {
		return nil, ErrNoSequencer
	} else if r < 0 {
		return nil, fmt.Errorf("the ALSA sequencer: %w", failed(r))
	}
	C.snd_seq_set_client_name(seq, name)
	return seq, nil
}

// Close leaves the sequencer.
func (s *Sequencer) Close() error {
	if r := C.snd_seq_close(s.seq); r < 0 {
		return fmt.Errorf("close the ALSA sequencer: %w", failed(r))
	}
	return nil
}

// Ports reads the ports that can be connected, by client and port number, and
// who is connected to them. This client's own are not among them.
func (s *Sequencer) Ports() []SeqPort {
	var client *C.snd_seq_client_info_t
	var port *C.snd_seq_port_info_t
	if C.snd_seq_client_info_malloc(&client) < 0 {
		return nil
	}
	defer C.snd_seq_client_info_free(client)
	if C.snd_seq_port_info_malloc(&port) < 0 {
		return nil
	}
	defer C.snd_seq_port_info_free(port)
	var all []SeqPort
	C.snd_seq_client_info_set_client(client, -1)
	for C.snd_seq_query_next_client(s.seq, client) >= 0 {
		number := C.snd_seq_client_info_get_client(client)
		if number == C.snd_seq_client_id(s.seq) {
			continue
		}
		C.snd_seq_port_info_set_client(port, number)
		C.snd_seq_port_info_set_port(port, -1)
		for C.snd_seq_query_next_port(s.seq, port) >= 0 {
			caps := C.snd_seq_port_info_get_capability(port)
			has := func(bits C.uint) bool { return caps&bits == bits && caps&C.SND_SEQ_PORT_CAP_NO_EXPORT == 0 }
			p := SeqPort{
				Address:  SeqAddress{int(number), int(C.snd_seq_port_info_get_port(port))},
				Client:   C.GoString(C.snd_seq_client_info_get_name(client)),
				Name:     C.GoString(C.snd_seq_port_info_get_name(port)),
				Out:      has(C.SND_SEQ_PORT_CAP_READ | C.SND_SEQ_PORT_CAP_SUBS_READ),
				In:       has(C.SND_SEQ_PORT_CAP_WRITE | C.SND_SEQ_PORT_CAP_SUBS_WRITE),
				Physical: C.snd_seq_port_info_get_type(port)&C.SND_SEQ_PORT_TYPE_HARDWARE != 0,
			}
			if !p.Out && !p.In {
				continue
			}
			var to C.snd_seq_addr_t
			for n := C.int(0); p.Out && C.subscriber(s.seq, number, C.int(p.Address.Port), n, &to) >= 0; n++ {
				p.To = append(p.To, SeqAddress{int(to.client), int(to.port)})
			}
			all = append(all, p)
		}
	}
	return all
}

// Connect makes a connection; one that is there already is an error.
func (s *Sequencer) Connect(from, to SeqAddress) error { return s.subscribe(from, to, 1) }

// Disconnect ends a connection.
func (s *Sequencer) Disconnect(from, to SeqAddress) error { return s.subscribe(from, to, 0) }

func (s *Sequencer) subscribe(from, to SeqAddress, make C.int) error {
	if r := C.subscription(s.seq, C.int(from.Client), C.int(from.Port), C.int(to.Client), C.int(to.Port), make); r < 0 {
		return fmt.Errorf("refused by the sequencer: %w", failed(r))
	}
	return nil
}
