//go:build cgo

package jackgraph

/*
#cgo LDFLAGS: -ljack
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <jack/jack.h>
#include <jack/metadata.h>
#include <jack/uuid.h>

enum { ID_LIMIT = 4096 }; // PORT_NUM_MAX of JACK2, and more than JACK1 has

static void silent(const char *message) { (void)message; }

// libjack tells its troubles to stderr; we word them ourselves.
static void silence(void) {
	jack_set_error_function(silent);
	jack_set_info_function(silent);
}

static void on_gone(void *gone) { __atomic_store_n((int *)gone, 1, __ATOMIC_RELEASE); }
static void on_gone_why(jack_status_t code, const char *reason, void *gone) {
	(void)code, (void)reason;
	on_gone(gone);
}

// gone_new returns what becomes 1 when the server of a client has ended. It is
// libjack's thread that says so. PipeWire calls only the plain callback.
static int *gone_new(jack_client_t *client) {
	int *gone = calloc(1, sizeof *gone);
	if (gone) {
		jack_on_shutdown(client, on_gone, gone);
		jack_on_info_shutdown(client, on_gone_why, gone);
	}
	return gone;
}

static int is_gone(int *gone) { return gone && __atomic_load_n(gone, __ATOMIC_ACQUIRE); }

// port_after finds the port of that name. JACK's own search by name walks its
// whole table; ids there count up in the order of jack_get_ports, so the port
// looked for is nearly always the next one after *id. PipeWire's ids do not.
static jack_port_t *port_after(jack_client_t *client, const char *name, jack_port_id_t *id, int scan) {
	if (scan) {
		for (jack_port_id_t i = *id + 1; i < ID_LIMIT; i++) {
			jack_port_t *port = jack_port_by_id(client, i);
			const char *known = port ? jack_port_name(port) : NULL;
			if (known && strcmp(known, name) == 0) {
				*id = i;
				return port;
			}
		}
	}
	return jack_port_by_name(client, name);
}
*/
import "C"

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"

	jack "github.com/xthexder/go-jack"
	"golang.org/x/sys/unix"

	"jackknife/jackgraph/jackd"
)

// answerLimit bounds every call that asks the server: libjack waits without
// end for one that hangs or, closing, for one that died.
const answerLimit = 5 * time.Second

// Server is a client of a running JACK server. It is for one goroutine.
type Server struct {
	client *jack.Client
	handle *C.jack_client_t // the client's own, for what go-jack does not wrap
	gone   *C.int           // 1: the server has ended
	begun  bool             // by this client, a change that may not be in force yet
	hung   <-chan struct{}  // closed when the call that did not come back has: before that no other may follow
}

// Open joins the server that libjack chooses (JACK_DEFAULT_SERVER, or
// PipeWire's by XDG_RUNTIME_DIR) under a client name; it never starts one.
// Close must be called. ErrNoServer: there is none. ErrNoAnswer: it hangs; the
// client that it may give later is closed.
//
// The name had better be unique on the machine: JACK2 makes names unique on a
// server, but opens a socket by the client's name alone, so that clients of one
// name fail who open at the same moment, or on two servers.
//
// Open silences libjack's messages for the whole process.
func Open(name string) (*Server, error) {
	return openOn(name, func() (again func()) { return func() {} })
}

// openOn opens a client on a thread that prepare has seen before.
func openOn(name string, prepare func() (again func())) (*Server, error) {
	C.silence()
	unlock := lockOpening()
	type opened struct {
		client *jack.Client
		status int
	}
	answer := make(chan opened)
	late := make(chan struct{})
	go func() {
		defer keepSignals()()
		again := prepare()
		client, status := jack.ClientOpen(name, jack.NoStartServer)
		again()
		unlock()
		select {
		case answer <- opened{client, status}:
		case <-late:
			if client != nil {
				client.Close()
			}
		}
	}()
	select {
	case o := <-answer:
		if o.client == nil {
			return nil, openError(o.status)
		}
		handle := reflect.ValueOf(o.client).Elem().FieldByName("handler").UnsafePointer()
		client := (*C.jack_client_t)(handle)
		return &Server{client: o.client, handle: client, gone: C.gone_new(client), begun: true}, nil
	case <-time.After(answerLimit):
		close(late)
		return nil, fmt.Errorf("%s: %w", whichServer(), ErrNoAnswer)
	}
}

// keepSignals keeps the signal mask of this goroutine's thread until it is called
// again: JACK2 blocks SIGPIPE in the thread that opens the first client of a
// process, and gives the one that closes the last the mask that the first had
// (common/JackLibGlobals.h). Programs started from such a thread have it, too.
func keepSignals() (again func()) {
	runtime.LockOSThread()
	var mask unix.Sigset_t
	err := unix.PthreadSigmask(unix.SIG_SETMASK, nil, &mask)
	return func() {
		if err == nil {
			err = unix.PthreadSigmask(unix.SIG_SETMASK, &mask, nil)
		}
		if err == nil { // else the thread ends with its goroutine
			runtime.UnlockOSThread()
		}
	}
}

// lockOpening waits, but not for long, until no other jackknife of this user is
// joining this server, and keeps others from it until unlock is called. JACK2's
// servers know clients that are half there, and one of two that come at the same
// moment has been seen to wait for the other without end.
func lockOpening() (unlock func()) {
	if OnPipeWire() {
		return func() {}
	}
	server := strings.ReplaceAll(os.Getenv("JACK_DEFAULT_SERVER"), "/", "_")
	name := fmt.Sprintf("/dev/shm/jackknife-opening-%d-%s", os.Getuid(), server)
	for limit := time.Now().Add(time.Second); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return func() {}
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil && stillCalled(f, name) {
			return func() {
				os.Remove(name)
				f.Close()
			}
		}
		f.Close()
	}
	return func() {} // it hangs: what was to be waited for is no help
}

// stillCalled reports whether an open file still has its name.
func stillCalled(f *os.File, name string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(name)
	return err == nil && os.SameFile(mine, there)
}

// ask makes a call that waits for the server. It returns the call's result.
func (s *Server) ask(call func() int) (int, error) {
	if s.hangs() {
		return 0, ErrNoAnswer
	}
	answer := make(chan int, 1)
	finished := make(chan struct{})
	go func() {
		answer <- call()
		close(finished)
	}()
	select {
	case code := <-answer:
		return code, nil
	case <-time.After(answerLimit):
		s.hung = finished
		return 0, ErrNoAnswer
	}
}

// hangs reports whether a call has not come back yet.
func (s *Server) hangs() bool {
	if s.hung == nil {
		return false
	}
	select {
	case <-s.hung:
		s.hung = nil
		return false
	default:
		return true
	}
}

// whichServer names the server that libjack chooses.
func whichServer() string {
	if name := os.Getenv("JACK_DEFAULT_SERVER"); name != "" && !OnPipeWire() {
		return "JACK server " + name
	}
	return "JACK server"
}

// openError words the status bits of a failed jack_client_open.
func openError(status int) error {
	where := whichServer()
	switch {
	case status&jack.VersionError != 0:
		return fmt.Errorf("%s: speaks another protocol version than libjack %s", where, Version())
	case status&jack.NameNotUnique != 0:
		return fmt.Errorf("%s: client name is taken or too long", where)
	case status&jack.ShmFailure != 0:
		return fmt.Errorf("%s: no access to its shared memory", where)
	case status&(jack.ServerFailed|jack.ServerError) != 0, // none, or it ended meanwhile
		status&jack.InitFailure != 0 && OnPipeWire():
		return fmt.Errorf("%s: %w", where, ErrNoServer)
	}
	return fmt.Errorf("%s: refused the client (status %#x)", where, status)
}

// Version returns the version of the libjack in use; PipeWire's says so in it.
func Version() string { return C.GoString(C.jack_get_version_string()) }

// OnPipeWire reports whether that libjack is PipeWire's.
func OnPipeWire() bool { return strings.Contains(Version(), "PipeWire") }

// settling is how long PipeWire may take to tell a client that was deactivated which
// others it is rid of. Its libjack (0.3.65 at least) forgets them on the thread that
// closes while another may be told the same: it crashed in client_node_set_activation
// once in 60 to 250 runs of patch load, on busy processors.
const settling = 20 * time.Millisecond

// Close leaves the server.
func (s *Server) Close() error {
	code, err := s.ask(func() int {
		defer keepSignals()()
		if OnPipeWire() && !s.Ended() {
			C.jack_deactivate(s.handle)
			time.Sleep(settling)
		}
		return s.client.Close()
	})
	if err == nil && code != 0 {
		err = fmt.Errorf("code %d", code)
	}
	if err != nil {
		return fmt.Errorf("close JACK client: %w", err)
	}
	C.free(unsafe.Pointer(s.gone))
	s.gone = nil
	return nil
}

// Ended reports whether libjack has found that the server has ended.
func (s *Server) Ended() bool { return C.is_gone(s.gone) != 0 }

// refused words that the server refused a request with a code: ErrNoServer where
// it has ended.
func (s *Server) refused(code int) error {
	if s.ends() {
		return ended()
	}
	return refusal(code)
}

func ended() error { return fmt.Errorf("%s: %w any more", whichServer(), ErrNoServer) }

// refusal words the code of a refused call. PipeWire's libjack gives errors of
// the system, EPIPE when the daemon is gone.
func refusal(code int) error {
	if OnPipeWire() && (code == int(syscall.EPIPE) || code == -int(syscall.EPIPE)) {
		return ended()
	}
	return fmt.Errorf("refused by the server (code %d)", code)
}

// ends reports whether the server that refused something has ended, which
// libjack finds out a little later.
func (s *Server) ends() bool {
	if s.answers() {
		return false
	}
	if !OnPipeWire() && os.Getenv("JACK_PROMISCUOUS_SERVER") == "" && jackd.Running(cmp.Or(os.Getenv("JACK_DEFAULT_SERVER"), "default")) == 0 {
		return true
	}
	for range 20 {
		if s.Ended() {
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false
}

// answers reports whether JACK2 answers a question that it cannot refuse: after this
// client.
func (s *Server) answers() bool {
	if OnPipeWire() {
		return false
	}
	code, err := s.ask(func() int {
		uuid := C.jack_get_uuid_for_client_name(s.handle, C.jack_get_client_name(s.handle))
		if uuid == nil {
			return -1
		}
		C.jack_free(unsafe.Pointer(uuid))
		return 0
	})
	return err == nil && code == 0
}

// Snapshot reads the ports and connections as they are now, in natural order.
// A port that goes while it is read is left out with its connections. On JACK2
// this waits up to a block for changes under way to be in force.
func (s *Server) Snapshot() Graph { return s.read(theNames | theLatencies | theConnections) }

// Ports reads the ports without their latencies and connections, and without
// that wait, which any client brings about that opens.
func (s *Server) Ports() []Port { return s.read(theNames).Ports }

// parts are what is read beside the names, types and directions of ports.
type parts uint8

const (
	theNames       parts = 1 << iota // aliases and metadata
	theLatencies                     // JACK2 waits
	theConnections                   // JACK2 waits
)

func (s *Server) read(what parts) Graph {
	var g Graph
	var properties map[C.jack_uuid_t]map[string]string
	if what&theNames != 0 {
		properties = allProperties()
	}
	scan := C.int(1)
	if OnPipeWire() {
		scan = 0
	}
	aliases := newAliasBuffer()
	defer aliases.free()
	id := ^C.jack_port_id_t(0) // before the first
	listed := C.jack_get_ports(s.handle, nil, nil, 0)
	cnames := cStrings(listed)
	g.Ports = make([]Port, 0, len(cnames))
	known := make(map[string]bool, len(cnames))
	if what != theNames && s.begun {
		s.awaitBlock()
		s.begun = false
	}
	for _, cname := range cnames {
		port := C.port_after(s.handle, cname, &id, scan)
		if port == nil {
			continue
		}
		name := C.GoString(cname)
		known[name] = true
		p := outline(port, name)
		if what&theNames != 0 {
			p.Aliases = aliases.of(port, name)
			p.Metadata = properties[C.jack_port_uuid(port)]
			p.Pretty = p.Metadata[PrettyNameKey]
		}
		if what&theLatencies != 0 {
			p.readLatencies(port)
		}
		if what&theConnections != 0 && p.Dir == Output {
			joined := C.jack_port_get_all_connections(s.handle, port)
			for _, to := range cStrings(joined) {
				g.Connections = append(g.Connections, Connection{name, C.GoString(to)})
			}
			C.jack_free(unsafe.Pointer(joined))
		}
		g.Ports = append(g.Ports, p)
	}
	C.jack_free(unsafe.Pointer(listed))
	g.Connections = slices.DeleteFunc(g.Connections, func(c Connection) bool { return !known[c.To] })
	g.Sort()
	return g
}

// outline reads the type and direction of a port.
func outline(port *C.jack_port_t, name string) Port {
	flags := C.jack_port_flags(port)
	p := Port{
		Name:     name,
		Type:     typeOf(C.GoString(C.jack_port_type(port))),
		Dir:      Input,
		Physical: flags&C.JackPortIsPhysical != 0,
	}
	if flags&C.JackPortIsOutput != 0 {
		p.Dir = Output
	}
	return p
}

func (p *Port) readLatencies(port *C.jack_port_t) {
	p.Capture = latency(port, C.JackCaptureLatency)
	p.Playback = latency(port, C.JackPlaybackLatency)
}

// portByID reads the port of an id; its name alone where another port has the
// id by now, or none.
func (s *Server) portByID(id uint32, name string) Port {
	port := C.jack_port_by_id(s.handle, C.jack_port_id_t(id))
	if port == nil || C.GoString(C.jack_port_name(port)) != name {
		return Port{Name: name}
	}
	aliases := newAliasBuffer()
	defer aliases.free()
	p := outline(port, name)
	p.Aliases = aliases.of(port, name)
	p.readLatencies(port)
	return p
}

// Final reports whether a change is made once the server has answered: JACK2 puts
// it into the graph of the next block, under its lock, and answers then
// (JackGraphManager::Connect); PipeWire answers before it has linked.
func (s *Server) Final() bool { return !OnPipeWire() }

// Await returns a fresh graph once every change is in force, or the latest one
// when ctx ends before that. The ports have their names, types and directions in
// it, and no more.
func (s *Server) Await(ctx context.Context, changes []Change) Graph {
	for {
		g := s.read(theConnections)
		pending := slices.ContainsFunc(g.Check(changes), func(err error) bool { return !errors.Is(err, ErrAlready) })
		if !pending {
			return g
		}
		select {
		case <-ctx.Done():
			return g
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// awaitBlock returns when JACK2 has begun a block, with which changes are in
// force. To read connections before that libjack itself would sleep for more than
// a whole one.
func (s *Server) awaitBlock() {
	if OnPipeWire() {
		return
	}
	block := time.Duration(C.jack_get_buffer_size(s.handle)) * time.Second / time.Duration(max(1, C.jack_get_sample_rate(s.handle)))
	began := C.jack_last_frame_time(s.handle)
	for limit := time.Now().Add(block); C.jack_last_frame_time(s.handle) == began && time.Now().Before(limit); {
		time.Sleep(500 * time.Microsecond)
	}
	time.Sleep(200 * time.Microsecond) // the clock goes on a little earlier than the graph
}

// allProperties returns the metadata of all ports and clients that have any. An
// empty value is none (see SetProperty).
func allProperties() map[C.jack_uuid_t]map[string]string {
	var all *C.jack_description_t
	n := C.jack_get_all_properties(&all)
	if n <= 0 {
		return nil
	}
	properties := make(map[C.jack_uuid_t]map[string]string)
	descriptions := unsafe.Slice(all, n)
	for i := range descriptions {
		d := &descriptions[i]
		m := make(map[string]string)
		for _, p := range unsafe.Slice(d.properties, d.property_cnt) {
			if value := C.GoString(p.data); value != "" {
				m[C.GoString(p.key)] = value
			}
		}
		properties[d.subject] = m
		C.jack_free_description(d, 0)
	}
	C.jack_free(unsafe.Pointer(all))
	return properties
}

func latency(port *C.jack_port_t, mode C.jack_latency_callback_mode_t) Latency {
	var r C.jack_latency_range_t
	C.jack_port_get_latency_range(port, mode, &r)
	return Latency{int(r.min), int(r.max)}
}

// aliasBuffer is C memory for the two aliases that a port can have.
type aliasBuffer struct{ names *[2]*C.char }

func newAliasBuffer() aliasBuffer {
	size := C.size_t(C.jack_port_name_size())
	b := aliasBuffer{(*[2]*C.char)(C.malloc(C.size_t(unsafe.Sizeof([2]*C.char{}))))}
	b.names[0], b.names[1] = (*C.char)(C.malloc(size)), (*C.char)(C.malloc(size))
	return b
}

func (b aliasBuffer) free() {
	C.free(unsafe.Pointer(b.names[0]))
	C.free(unsafe.Pointer(b.names[1]))
	C.free(unsafe.Pointer(b.names))
}

// of returns the aliases of a port that are not its name. PipeWire gives the
// name as an alias, and can fill the second without the first.
func (b aliasBuffer) of(port *C.jack_port_t, name string) []string {
	*b.names[0], *b.names[1] = 0, 0
	C.jack_port_get_aliases(port, &b.names[0])
	var aliases []string
	for _, c := range b.names {
		if alias := C.GoString(c); alias != "" && alias != name {
			aliases = append(aliases, alias)
		}
	}
	return aliases
}

// cStrings returns the strings of a NULL-terminated array, which stays C's.
func cStrings(array **C.char) []*C.char {
	if array == nil {
		return nil
	}
	n := 0
	for p := array; *p != nil; p = (**C.char)(unsafe.Add(unsafe.Pointer(array), uintptr(n)*unsafe.Sizeof(*array))) {
		n++
	}
	return unsafe.Slice(array, n)
}

func typeOf(name string) Type {
	switch name {
	case jack.DEFAULT_AUDIO_TYPE:
		return Audio
	case jack.DEFAULT_MIDI_TYPE:
		return MIDI
	}
	return Type(name)
}
