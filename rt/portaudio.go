//go:build cgo

package rt

/*
#cgo pkg-config: portaudio-2.0 alsa
#cgo CFLAGS: -Wno-unused-parameter
#include <stdio.h>
#include <alsa/asoundlib.h>
#include <jack/jack.h>

static void no_alsa(const char *file, int line, const char *function, int err, const char *text, ...)
{
	(void)file, (void)line, (void)function, (void)err, (void)text;
}

static void no_jack(const char *message)
{
	(void)message;
}

// hush silences what PortAudio and the libraries below it print on their own:
// libasound and libjack have handlers for that, PortAudio and plug-ins print to
// C's stderr, which Go does not use.
static void hush(void)
{
	snd_lib_error_set_handler(no_alsa);
	jack_set_error_function(no_jack);
	jack_set_info_function(no_jack);
#ifdef __GLIBC__
	static FILE *nowhere;
	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	if (nowhere)
		stderr = nowhere;
#endif
}
*/
import "C"

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gordonklaus/portaudio"
)

// openDevices starts PortAudio and lists the devices; portaudio.Terminate ends
// it. It opens every device for a moment.
func openDevices() ([]Device, error) {
	C.hush()
	if err := portaudio.Initialize(); err != nil {
		return nil, fmt.Errorf("PortAudio: %w", err)
	}
	apis, err := portaudio.HostApis()
	if err != nil {
		portaudio.Terminate()
		return nil, fmt.Errorf("PortAudio: %w", err)
	}
	var all []Device
	for _, api := range apis {
		if api.Type == portaudio.JACK {
			continue
		}
		for _, d := range api.Devices {
			all = append(all, Device{
				Name: d.Name, API: api.Name, Inputs: d.MaxInputChannels, Outputs: d.MaxOutputChannels,
				RateHz:       int(math.Round(d.DefaultSampleRate)),
				InputLatency: d.DefaultLowInputLatency, OutputLatency: d.DefaultLowOutputLatency,
				DefaultInput: d == api.DefaultInputDevice, DefaultOutput: d == api.DefaultOutputDevice,
				portAudioIndex: d.Index,
			})
		}
	}
	return all, nil
}

// Devices lists the sound devices that can be used without a JACK server. It
// opens each of them for a moment.
func Devices() ([]Device, error) {
	all, err := openDevices()
	if err != nil {
		return nil, err
	}
	return all, portaudio.Terminate()
}

// FindDevice returns the device that a name means: its Name, what stands in the
// parentheses at its end ("hw:0,0"), or a part that no other name has.
func FindDevice(name string) (Device, error) {
	all, err := Devices()
	if err != nil {
		return Device{}, err
	}
	return find(all, name)
}

// find returns the device that a name means.
func find(all []Device, name string) (Device, error) {
	var part []Device
	for _, d := range all {
		if d.Name == name || strings.HasSuffix(d.Name, "("+name+")") {
			return d, nil
		}
		if strings.Contains(strings.ToLower(d.Name), strings.ToLower(name)) {
			part = append(part, d)
		}
	}
	switch len(part) {
	case 0:
		return Device{}, fmt.Errorf("device %s: %w", name, ErrNoDevice)
	case 1:
		return part[0], nil
	}
	var names []string
	for _, d := range part {
		names = append(names, d.Name)
	}
	return Device{}, fmt.Errorf("device %s: that may be any of %s", name, strings.Join(names, ", "))
}

// Stream records from a device, or plays to it: one of both, once. PortAudio's
// blocking calls are made by a goroutine of its own, which looks every few
// milliseconds at what the device has and so is never kept waiting by it.
type Stream struct {
	pa      *portaudio.Stream
	device  Device
	cfg     DeviceConfig
	samples []int32 // one block, the buffer of pa
	block   int     // frames
	began   time.Time
	pace    *pace
	pulse   pulse // of the goroutine that calls PortAudio
	hung    bool  // it will not come back

	blocks chan block // between the device's goroutine and the caller's
	free   chan []byte

	source  io.Reader
	sourced bool
}

// block is what one look at a device brought.
type block struct {
	data []byte // interleaved float32 little-endian
	lost int64  // frames that are missing before it
	full int64  // of these, those that found no room in memory
}

const (
	lookEvery  = 5 * time.Millisecond
	stuckAfter = 3 * time.Second // without a frame: no clock, or no device
)

// pulse tells a call that does not return from a device that has nothing yet:
// PortAudio may try for ever to start one that was pulled out.
type pulse struct {
	beats atomic.Uint64 // one a round of the goroutine that calls
	seen  uint64
	still int // looks without a beat
}

// stopped is asked every lookEvery, and reports whether the goroutine is stuck.
// Looks are counted, not time: a program that was itself stopped proves nothing.
func (p *pulse) stopped() bool {
	if n := p.beats.Load(); n != p.seen {
		p.seen, p.still = n, 0
		return false
	}
	p.still++
	return p.still > int(stuckAfter/lookEvery)
}

// OpenInput opens a device to record from. The caller closes the stream.
func OpenInput(cfg DeviceConfig) (*Stream, error) { return openStream(cfg, true) }

// OpenOutput opens a device to play to. The caller closes the stream.
func OpenOutput(cfg DeviceConfig) (*Stream, error) { return openStream(cfg, false) }

func openStream(cfg DeviceConfig, input bool) (_ *Stream, err error) {
	all, err := openDevices()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			portaudio.Terminate()
		}
	}()
	d, err := find(all, cfg.Device)
	if err != nil {
		return nil, err
	}
	most, word := d.Outputs, "output"
	if input {
		most, word = d.Inputs, "input"
	}
	switch {
	case most == 0:
		return nil, fmt.Errorf("device %s: has no %ss, or another program uses them", d.Name, word)
	case cfg.Channels > most:
		return nil, fmt.Errorf("device %s: has %d %ss, not %d", d.Name, most, word, cfg.Channels)
	}
	if cfg.RateHz == 0 {
		cfg.RateHz = d.RateHz
	}
	if cfg.Latency == 0 {
		cfg.Latency = DefaultLatency
	}
	if cfg.Ring == 0 {
		cfg.Ring = DefaultRing
	}
	known, err := portaudio.Devices()
	if err != nil {
		return nil, err
	}
	// 32-bit integers, which PortAudio hands on as they are or cuts: its
	// floats are scaled by 2^31-1, which moves samples of 24 bits by a step.
	s := &Stream{device: d, cfg: cfg, block: max(1, cfg.RateHz/100), pace: newPace(cfg.RateHz)}
	s.samples = make([]int32, s.block*cfg.Channels)
	p := portaudio.StreamParameters{SampleRate: float64(cfg.RateHz), Flags: portaudio.ClipOff | portaudio.DitherOff}
	side := portaudio.StreamDeviceParameters{Device: known[d.portAudioIndex], Channels: cfg.Channels, Latency: cfg.Latency}
	if input {
		p.Input = side
	} else {
		p.Output = side
	}
	if s.pa, err = portaudio.OpenStream(p, &s.samples); err != nil {
		return nil, fmt.Errorf("device %s: %s at %d Hz: %w", d.Name, channelsOf(cfg.Channels), cfg.RateHz, err)
	}
	n := max(2, int(cfg.Ring/(10*time.Millisecond)))
	s.blocks, s.free = make(chan block, n), make(chan []byte, n)
	for range n {
		s.free <- make([]byte, 4*len(s.samples))
	}
	return s, nil
}

func channelsOf(n int) string {
	if n == 1 {
		return "1 channel"
	}
	return fmt.Sprint(n, " channels")
}

// Device is the device that was opened.
func (s *Stream) Device() Device { return s.device }

// RateHz is the sample rate.
func (s *Stream) RateHz() int { return s.cfg.RateHz }

// Waiting is how much audio is in memory, not yet given to Record's writer.
func (s *Stream) Waiting() time.Duration {
	return time.Duration(len(s.blocks)) * time.Duration(s.block) * time.Second / time.Duration(s.cfg.RateHz)
}

// Close gives the device back. One that hangs is left as it is, to the end of the
// program.
func (s *Stream) Close() error {
	if s.hung {
		return nil
	}
	return errors.Join(s.pa.Close(), portaudio.Terminate())
}

// start lets the device run.
func (s *Stream) start() error {
	if err := s.pa.Start(); err != nil {
		return fmt.Errorf("device %s: start: %w", s.device.Name, err)
	}
	s.began = time.Now()
	return nil
}

func (s *Stream) gone(why error) error {
	return fmt.Errorf("device %s: %w: %w", s.device.Name, ErrDeviceGone, why)
}

var errHangs = fmt.Errorf("it does not answer for %v", stuckAfter)

var errNoClock = errors.New("it gives frames faster than time goes by: it is no card")

var errNoFrames = fmt.Errorf("no frame moved for %v (is its clock external, and without a signal?)", stuckAfter)

// Record writes what the device hears to w, as interleaved float32
// little-endian, whole frames only, until the context ends or opt.Frames are
// written. What the device had by then is written first. Where the device lost
// frames, because nobody fetched them in time, it does not know how many: as
// many as the clock of the machine says, which is good to some milliseconds.
// The report is valid with an error, too: ErrDeviceGone after everything was
// written, or the writer's.
func (s *Stream) Record(ctx context.Context, w io.Writer, opt RecordOptions) (Report, error) {
	var report Report
	if err := s.start(); err != nil {
		return report, err
	}
	capturing, stop := context.WithCancel(ctx)
	end := make(chan error, 1)
	go func() {
		end <- s.capture(capturing)
		close(s.blocks)
	}()
	frameBytes := 4 * s.cfg.Channels
	silence := make([]byte, s.block*frameBytes)
	write := func(p []byte) error {
		if left := (opt.Frames - report.Frames) * int64(frameBytes); opt.Frames > 0 && int64(len(p)) > left {
			p = p[:left]
		}
		n, err := w.Write(p)
		report.Frames += int64(n / frameBytes)
		return err
	}
	var failed error
	take := func(b block) {
		enough := opt.Frames > 0 && report.Frames >= opt.Frames
		if failed != nil || enough {
			stop()
			return
		}
		if b.lost > 0 {
			report.Gaps = append(report.Gaps, Gap{At: report.Frames, Frames: b.lost, Full: b.full, About: b.lost > b.full})
			if b.lost > b.full {
				report.Xruns = append(report.Xruns, Xrun{At: report.Frames, Count: 1})
			}
			for left := b.lost; left > 0 && failed == nil; left -= int64(s.block) {
				failed = write(silence[:min(left, int64(s.block))*int64(frameBytes)])
			}
		}
		if failed == nil {
			failed = write(b.data)
		}
		s.free <- b.data[:cap(b.data)]
		report.RingPeak = max(report.RingPeak, s.Waiting())
		if failed == nil && opt.Seen != nil {
			opt.Seen(report)
		}
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for running := true; running && !s.hung; {
		select {
		case b, more := <-s.blocks:
			if running = more; more {
				take(b)
			}
		case <-look.C:
			s.hung = s.pulse.stopped()
		}
	}
	stop()
	report.cut(report.Frames)
	if s.hung {
		return report, errors.Join(failed, s.gone(errHangs))
	}
	report.RateHz = s.pace.rate()
	return report, errors.Join(failed, <-end)
}

// capture moves what the device has into blocks until the context ends, and
// then what is left.
func (s *Stream) capture(ctx context.Context) error {
	defer s.pa.Abort()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var moved, owed, full int64 // frames read and known to be lost; not yet told of these; of these found no room
	lastFrame := time.Now()
	scratch := make([]byte, 4*len(s.samples))
	overflowed := false
	for {
		s.pulse.beats.Add(1)
		ending := ctx.Err() != nil
		have, err := s.pa.AvailableToRead()
		at := time.Since(s.began)
		if err != nil && !errors.Is(err, portaudio.InputOverflowed) {
			return s.gone(err)
		}
		if err != nil {
			overflowed = true
		}
		for have >= s.block || ending && have > 0 {
			n := min(have, s.block)
			s.samples = s.samples[:n*s.cfg.Channels]
			err := s.pa.Read()
			if errors.Is(err, portaudio.InputOverflowed) {
				overflowed, err = true, nil
			}
			if err != nil {
				return s.gone(err)
			}
			if overflowed {
				// The flag comes with the first block after the loss.
				lost := s.pace.missing(at, moved+int64(have))
				moved += lost
				owed += lost
				overflowed = false
			}
			moved += int64(n)
			have -= n
			lastFrame = time.Now()
			var data []byte
			select {
			case data = <-s.free:
			default:
				data = scratch
			}
			data = data[:4*len(s.samples)]
			for i, v := range s.samples {
				binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(float32(v)/(1<<31)))
			}
			if &data[0] == &scratch[0] {
				owed, full = owed+int64(n), full+int64(n)
				continue
			}
			s.blocks <- block{data: data, lost: owed, full: full}
			owed, full = 0, 0
		}
		s.pace.see(at, moved+int64(have))
		switch {
		case ending:
			return nil
		case time.Since(lastFrame) > stuckAfter:
			return s.gone(errNoFrames)
		case float64(moved) > float64(s.cfg.RateHz)*(5+1.5*at.Seconds()):
			return s.gone(errNoClock)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// Load takes the frames to play from r, interleaved float32 little-endian, and
// reads the first of them ahead.
func (s *Stream) Load(r io.Reader) error {
	s.source = r
	for len(s.free) > 0 && !s.sourced {
		if err := s.supply(); err != nil {
			return err
		}
	}
	return nil
}

// supply reads one block of the source.
func (s *Stream) supply() error {
	data := <-s.free
	data = data[:cap(data)]
	n, err := io.ReadFull(s.source, data)
	if n%(4*s.cfg.Channels) != 0 {
		return fmt.Errorf("what is to be played ends inside a frame (%d of %d bytes)", n%(4*s.cfg.Channels), 4*s.cfg.Channels)
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		s.sourced, err = true, nil
	}
	if err == nil {
		s.blocks <- block{data: data[:n]}
	}
	return err
}

// Play plays what was loaded until the last frame has left the device's buffer.
// When the context ends it stops at once, without an error. Seen, if not nil,
// is told now and then how far it is. Silence that was heard because nothing
// came in time is as long as the clock of the machine says.
func (s *Stream) Play(ctx context.Context, seen func(Played)) (Played, error) {
	if err := s.start(); err != nil {
		return Played{}, err
	}
	playing, stop := context.WithCancel(ctx)
	type ended struct {
		Played
		err error
	}
	end := make(chan ended, 1)
	progress := make(chan Played, 1)
	go func() {
		p, err := s.playBlocks(playing, progress)
		end <- ended{p, err}
	}()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var failed error
	var heard Played
	finished := false
	for {
		var free chan []byte
		if !s.sourced && failed == nil && len(s.free) > 0 {
			free = s.free
		}
		select {
		case data := <-free:
			s.free <- data // supply takes one
			if failed = s.supply(); failed != nil {
				stop()
			}
		case heard = <-progress:
			if seen != nil {
				seen(heard)
			}
		case e := <-end:
			stop()
			if ctx.Err() != nil {
				failed = nil
			}
			return e.Played, errors.Join(failed, e.err)
		case <-tick.C:
			if s.hung = s.pulse.stopped(); s.hung {
				stop()
				return heard, errors.Join(failed, s.gone(errHangs))
			}
		}
		if s.sourced && !finished {
			finished = true
			close(s.blocks)
		}
	}
}

// playBlocks gives the device blocks until they end and the last is heard.
func (s *Stream) playBlocks(ctx context.Context, progress chan<- Played) (Played, error) {
	defer s.pa.Abort()
	var p Played
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var written, lost int64 // frames, silence included; frames of silence that the device made up
	buffer := -1            // frames that the device's buffer holds
	lastFrame := time.Now()
	var over, underflowed bool
	var tail int64 // frames of silence after the last
	for ctx.Err() == nil {
		s.pulse.beats.Add(1)
		room, err := s.pa.AvailableToWrite()
		at := time.Since(s.began)
		if err != nil && !errors.Is(err, portaudio.OutputUnderflowed) {
			return p, s.gone(err)
		}
		if err != nil {
			underflowed = true
		}
		if buffer < 0 {
			buffer = room
		}
		played := written - int64(buffer-room) // frames that left the buffer
		for room >= s.block {
			n, dry := s.block, false
			select {
			case b, ok := <-s.blocks:
				over = over || !ok
				if ok {
					n = len(b.data) / (4 * s.cfg.Channels)
					s.samples = s.samples[:n*s.cfg.Channels]
					for i := range s.samples {
						s.samples[i] = toInt32(math.Float32frombits(binary.LittleEndian.Uint32(b.data[4*i:])))
					}
					s.free <- b.data
					p.Frames += int64(n)
				}
			default:
				dry = true
			}
			if dry {
				// The source is late. What is in the device's buffer still plays.
				break
			}
			if over {
				s.samples = s.samples[:n*s.cfg.Channels]
				clear(s.samples)
				tail += int64(n)
			}
			if n == 0 {
				continue
			}
			err := s.pa.Write()
			if errors.Is(err, portaudio.OutputUnderflowed) {
				underflowed, err = true, nil
			}
			if err != nil {
				return p, s.gone(err)
			}
			if underflowed {
				underflowed = false
				if !over || tail <= int64(n) {
					silent := s.pace.missing(at, played+lost)
					lost += silent
					p.Underruns += silent
					p.Xruns++
				}
			}
			written += int64(n)
			room -= n
			lastFrame = time.Now()
		}
		s.pace.see(at, played+lost)
		select {
		case progress <- p:
		default:
		}
		switch {
		case over && played >= written-tail && tail >= int64(buffer):
			return p, nil
		case time.Since(lastFrame) > stuckAfter && room < s.block:
			return p, s.gone(errNoFrames)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return p, nil
}

// toInt32 is a sample as an integer of 32 bits, clipped.
func toInt32(v float32) int32 {
	scaled := float64(v) * (1 << 31)
	switch {
	case scaled >= math.MaxInt32:
		return math.MaxInt32
	case scaled > math.MinInt32:
		return int32(math.RoundToEven(scaled))
	case scaled <= math.MinInt32:
		return math.MinInt32
	}
	return 0 // not a number
}
