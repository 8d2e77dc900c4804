//go:build cgo

package rt

/*
#cgo CFLAGS: -std=c11 -Wall -Wextra -O2
#cgo LDFLAGS: -ljack -lm
#include <jack/jack.h>
#include <stdlib.h>
#include "loop.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
	"unsafe"
)

const (
	pollEvery  = 10 * time.Millisecond
	writeBytes = 32 << 10         // written at once: they stay in the cache, and the kernel has pages for them at hand
	openWithin = 10 * time.Second // for the server to let a client in
	stillAfter = 5 * time.Second  // without a frame the server stands still
	stopWithin = time.Second      // for the audio thread to see the stop
	shutWithin = 2 * time.Second  // for a stopped or dying server to let go of us
)

// Both files state the layout of a record; this does not compile when they
// differ.
var (
	_ [recordHead]struct{}   = [C.sizeof_struct_record]struct{}{}
	_ [recordAlign]struct{}  = [C.RECORD_ALIGN]struct{}{}
	_ [recordTime]struct{}   = [unsafe.Offsetof(C.struct_record{}.time)]struct{}{}
	_ [recordFrames]struct{} = [unsafe.Offsetof(C.struct_record{}.frames)]struct{}{}
	_ [recordXruns]struct{}  = [unsafe.Offsetof(C.struct_record{}.xruns)]struct{}{}
	_ [recordRolls]struct{}  = [unsafe.Offsetof(C.struct_record{}.rolling)]struct{}{}
)

// Config is what a loop is opened with.
type Config struct {
	Client  string        // the name to ask for; the server may add to it
	Inputs  []string      // short port names, one take channel each, in order
	Outputs []string      // short port names, one channel played each, in order
	Ring    time.Duration // audio that each ring holds; 0: DefaultRing
	Follow  bool          // JACK's transport, with what is played: for Follow
}

// Loop is a JACK client that records its inputs and plays to its outputs.
// Recording and playing may run at the same time, each in one goroutine.
type Loop struct {
	c       *C.struct_loop
	rateHz  int
	inputs  []string
	outputs []string

	source  io.Reader // of Play
	sourced bool      // all of it is in the ring
}

// Open makes a client with its ports and rings on the server that libjack
// chooses (JACK_DEFAULT_SERVER names one). It never starts a server: without
// one the error is ErrNoServer. The caller closes the loop. libjack's own
// messages are silenced for the whole process. A server that does not answer,
// as JACK2 may where several clients come at once, is ErrNoAnswer; what waits
// for it is left to the process's end.
func Open(cfg Config) (*Loop, error) {
	type opened struct {
		*Loop
		err error
	}
	done := make(chan opened, 1)
	go func() {
		l, err := open(cfg)
		done <- opened{l, err}
	}()
	select {
	case o := <-done:
		return o.Loop, o.err
	case <-time.After(openWithin):
		return nil, fmt.Errorf("%s: %w", serverName(), ErrNoAnswer)
	}
}

// ErrNoAnswer says that a server is there, but does not let a client in.
var ErrNoAnswer = fmt.Errorf("it does not answer within %v", openWithin)

func open(cfg Config) (*Loop, error) {
	if most := int(C.jack_client_name_size()) - 1; len(cfg.Client) > most {
		return nil, fmt.Errorf("client name of %d bytes: JACK takes %d at the most", len(cfg.Client), most)
	}
	name := C.CString(cfg.Client)
	defer C.free(unsafe.Pointer(name))
	var status C.uint32_t
	c := C.loop_open(name, &status)
	if c == nil {
		return nil, openError(cfg.Client, uint32(status))
	}
	l := &Loop{c: c, rateHz: int(C.loop_rate(c))}
	if err := l.setUp(cfg); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Loop) setUp(cfg Config) error {
	for _, short := range cfg.Inputs {
		s := C.CString(short)
		full := C.loop_input(l.c, s)
		C.free(unsafe.Pointer(s))
		if full == nil {
			return portError(l.Client(), short)
		}
		l.inputs = append(l.inputs, C.GoString(full))
	}
	for _, short := range cfg.Outputs {
		s := C.CString(short)
		full := C.loop_output(l.c, s)
		C.free(unsafe.Pointer(s))
		if full == nil {
			return portError(l.Client(), short)
		}
		l.outputs = append(l.outputs, C.GoString(full))
	}
	ring := cfg.Ring
	if ring == 0 {
		ring = DefaultRing
	}
	if cfg.Follow {
		C.loop_follow(l.c)
	}
	if errno := C.loop_rings(l.c, C.double(ring.Seconds())); errno != 0 {
		return fmt.Errorf("ring of %v: %w", ring, syscall.Errno(errno))
	}
	return nil
}

func portError(client, short string) error {
	return fmt.Errorf("port %s:%s: the server will not register it (is the name taken or too long, or the server out of ports?)", client, short)
}

func serverName() string {
	if name := os.Getenv("JACK_DEFAULT_SERVER"); name != "" {
		return "JACK server " + name
	}
	return "JACK server"
}

func openError(client string, status uint32) error {
	server := serverName()
	switch {
	case status&C.JackVersionError != 0:
		return fmt.Errorf("%s: it speaks another version of JACK's protocol than this libjack", server)
	case status&(C.JackServerFailed|C.JackServerError|C.JackShmFailure) != 0:
		return fmt.Errorf("%s: %w", server, ErrNoServer)
	}
	return fmt.Errorf("%s: it refused the client %s (status %#x)", server, client, status)
}

// Client is the name that the server gave.
func (l *Loop) Client() string { return C.GoString(C.loop_client(l.c)) }

// RateHz is the server's sample rate.
func (l *Loop) RateHz() int { return l.rateHz }

// Block is the number of frames a cycle, now; it can change while running.
func (l *Loop) Block() int { return int(C.loop_block(l.c)) }

// Inputs and Outputs are the full port names, in the order of the channels.
func (l *Loop) Inputs() []string  { return l.inputs }
func (l *Loop) Outputs() []string { return l.outputs }

// Activate joins the graph, so that the ports can be connected. Inputs are
// ignored and outputs are silent until Start.
func (l *Loop) Activate() error {
	if C.loop_activate(l.c) != 0 {
		return fmt.Errorf("client %s: the server will not activate it", l.Client())
	}
	return nil
}

// Start begins recording and playing, both with the same frame.
func (l *Loop) Start() { C.loop_roll(l.c) }

// gone is ErrServerGone with the server's reason, once it is gone.
func (l *Loop) gone() error {
	why := C.loop_gone(l.c)
	if why == nil {
		return nil
	}
	if s := C.GoString(why); s != "" {
		return fmt.Errorf("%w: %s", ErrServerGone, s)
	}
	return ErrServerGone
}

// RecordOptions say how long to record and who watches.
type RecordOptions struct {
	Frames int64        // to record; 0: until the context ends
	Seen   func(Report) // called now and then on the recording goroutine with the report so far; may be nil

	// Still, if not nil, is told on the recording goroutine, once each time, when
	// nothing has come for stillAfter.
	Still func(time.Duration)

	// Rolls, if not nil, is told on the recording goroutine when JACK's
	// transport begins to roll, and when it stops: the frames that are
	// written next are the first after that. An error ends the recording.
	Rolls func(rolling bool) error
}

// Record writes what the inputs bring, as interleaved float32 little-endian
// frames and whole frames only, from Start until the context ends or
// opt.Frames are written; then it stops the loop. Everything that the audio
// thread took before the stop is written first. The report is valid with an
// error, too: ErrServerGone after everything was written, ErrStill where nothing
// ever came, or the writer's.
func (l *Loop) Record(ctx context.Context, w io.Writer, opt RecordOptions) (Report, error) {
	s := newSplicer(len(l.inputs), l.rateHz)
	frameBytes := 4 * s.channels
	buf := make([]byte, max(1, writeBytes/frameBytes)*frameBytes)

	came, still := time.Now(), false // the last frames; whether that is told to be long ago

	// drain writes all that can be told from the ring.
	drain := func(final bool) error {
		for {
			dst := buf
			if left := opt.Frames - s.report.Frames; opt.Frames > 0 && left < int64(len(buf)/frameBytes) {
				dst = buf[:left*int64(frameBytes)]
			}
			var bytes C.uint64_t
			front := C.loop_recorded(l.c, &bytes)
			ring := unsafe.Slice((*byte)(front), int(bytes))
			rolled := s.rolls
			frames, used := s.splice(dst, ring, final)
			C.loop_release(l.c, C.uint64_t(used))
			if frames == 0 && used == 0 {
				return nil
			}
			came, still = time.Now(), false
			if s.rolls != rolled && opt.Rolls != nil {
				if err := opt.Rolls(s.rolls); err != nil {
					s.report.cut(s.report.Frames - int64(frames))
					return err
				}
			}
			n, err := w.Write(dst[:frames*frameBytes])
			if err != nil {
				s.report.cut(s.report.Frames - int64(frames) + int64(n/frameBytes))
				return err
			}
			s.report.RingPeak = l.lasting(int(C.loop_peak(l.c)))
			if opt.Seen != nil {
				opt.Seen(s.report)
			}
		}
	}
	full := func() bool { return opt.Frames > 0 && s.report.Frames >= opt.Frames }

	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	stop := ctx.Done()
	var late <-chan time.Time
	var end error // why there will be no last record
	over := false
	for {
		last := over // the audio thread has run out since the tick before
		err := drain(last)
		if err == nil && last {
			s.lose(int64(C.loop_lost(l.c)), int64(C.loop_lost(l.c)))
			err = drain(true)
		}
		if err != nil || last || s.ended || full() {
			C.loop_stop(l.c)
			s.report.cut(s.report.Frames)
			return s.report, errors.Join(err, end)
		}
		select {
		case <-tick.C:
			if end = l.gone(); end != nil {
				over = true
			} else if time.Since(came) > stillAfter && !still {
				if still = true; s.report.Frames == 0 {
					end, over = ErrStill, true
				} else if opt.Still != nil {
					opt.Still(stillAfter)
				}
			}
		case <-stop:
			C.loop_stop(l.c)
			stop, late = nil, time.After(stopWithin)
		case <-late:
			over = true // a server that stands still: take what is there
		}
	}
}

// Waiting is how much audio is in the ring, not yet given to Record's writer.
// It is for the goroutine that records: the writer and Seen may ask.
func (l *Loop) Waiting() time.Duration {
	var bytes C.uint64_t
	C.loop_recorded(l.c, &bytes)
	return l.lasting(int(bytes))
}

// lasting is how much time so many bytes of records hold at the block size of
// now.
func (l *Loop) lasting(bytes int) time.Duration {
	block := head{frames: l.Block()}
	records := time.Duration(bytes / block.bytes(len(l.inputs)))
	return records * time.Duration(block.frames) * time.Second / time.Duration(l.rateHz)
}

// Load takes the frames to play from r, interleaved float32 little-endian, and
// fills the ring with the first of them.
func (l *Loop) Load(r io.Reader) error {
	l.source, l.sourced = r, false
	return l.supply()
}

// supply reads frames into the ring until it is full or the source ends.
func (l *Loop) supply() error {
	frameBytes := 4 * len(l.outputs)
	atOnce := max(1, (256<<10)/frameBytes) * frameBytes // so that a slow source is heard as it comes
	for !l.sourced {
		var bytes C.uint64_t
		space := C.loop_space(l.c, &bytes)
		room := min(int(bytes)/frameBytes*frameBytes, atOnce)
		if room == 0 {
			return nil
		}
		n, err := io.ReadFull(l.source, unsafe.Slice((*byte)(space), room))
		if n%frameBytes != 0 {
			return fmt.Errorf("what is to be played ends inside a frame (%d of %d bytes)", n%frameBytes, frameBytes)
		}
		C.loop_supply(l.c, C.uint64_t(n))
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			C.loop_last(l.c)
			l.sourced = true
		default:
			return err
		}
	}
	return nil
}

// Play plays what was loaded until the last frame has left the loop and, as
// far as the ports know their latency, has been heard. When the context ends
// it stops the loop and leaves the rest unplayed, without an error; a source
// may fail then. It fails with ErrStill where nothing is ever played. Seen, if not nil, is told now and then how far it is.
func (l *Loop) Play(ctx context.Context, seen func(Played)) (Played, error) {
	begun, moved := time.Now(), false
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := l.supply()
		if ctx.Err() != nil {
			err = nil
		}
		if err == nil {
			err = l.gone()
		}
		if moved = moved || l.played().Frames > 0; err == nil && !moved && time.Since(begun) > stillAfter {
			err = ErrStill
		}
		if seen != nil {
			seen(l.played())
		}
		// Two blocks more: a client that is behind in the graph may hear the
		// last one a cycle late.
		tail := int(C.loop_latency(l.c)) + 2*l.Block()
		if err != nil || ctx.Err() != nil || l.sourced && int(C.loop_after(l.c)) >= tail {
			if ctx.Err() != nil {
				C.loop_stop(l.c)
			}
			return l.played(), err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// Follow plays with JACK's transport: frame n of what open reads is heard while
// the transport is at frame n and rolls. Open is asked for a reader from a
// frame on, which may be behind the end, whenever the transport has moved. Where
// it begins to roll it waits for the frames, as long as the server lets it.
//
// Follow goes on until the context ends, or, with once, until the end was heard.
// The loop was opened for it and is started. Seen is told as by Play.
func (l *Loop) Follow(ctx context.Context, open func(frame int64) (io.ReadCloser, error), once bool, seen func(Played)) (Played, error) {
	var source io.ReadCloser
	defer func() {
		if source != nil {
			source.Close()
		}
	}()
	move := func(frame int64) error {
		if source != nil {
			source.Close()
			source = nil
		}
		C.loop_seek(l.c, C.uint64_t(frame))
		for C.loop_seeking(l.c) != 0 { // the audio thread empties the ring
			if err := errors.Join(ctx.Err(), l.gone()); err != nil {
				return err
			}
			time.Sleep(time.Millisecond)
		}
		var err error
		if source, err = open(frame); err == nil {
			l.source, l.sourced = source, false
		}
		return err
	}
	err := move(0)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var served C.uint32_t
	for {
		if err == nil {
			var frame C.uint64_t
			if asked := C.loop_asked(l.c, &frame); asked != served {
				err = move(int64(frame))
				// What was asked for meanwhile and still matters is asked for again.
				served = C.loop_asked(l.c, &frame)
			}
		}
		if err == nil {
			err = l.supply()
		}
		if err == nil {
			err = l.gone()
		}
		if seen != nil {
			seen(l.played())
		}
		tail := int(C.loop_latency(l.c)) + 2*l.Block()
		switch {
		case ctx.Err() != nil:
			C.loop_stop(l.c)
			return l.played(), nil
		case err != nil || once && l.sourced && int(C.loop_after(l.c)) >= tail:
			return l.played(), err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (l *Loop) played() Played {
	return Played{
		Frames:    int64(C.loop_played(l.c)),
		Underruns: int64(C.loop_dry(l.c)),
		Xruns:     int(C.loop_xruns(l.c)),
	}
}

// Close leaves the graph and gives everything back. A server that is stopped
// or dying can keep it waiting: after two seconds it is left to itself, with
// the memory that the audio thread may still touch, and the error says so.
func (l *Loop) Close() error {
	done := make(chan struct{})
	go func() {
		C.loop_close(l.c)
		close(done)
	}()
	select {
	case <-done:
		C.loop_free(l.c)
		return nil
	case <-time.After(shutWithin):
		return fmt.Errorf("client: the server has not let go of it within %v", shutWithin)
	}
}
