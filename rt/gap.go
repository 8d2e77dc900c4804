package rt

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// A record as loop.h lays it out.
const (
	recordLost   = 0
	recordUsec   = 8
	recordTime   = 16
	recordFrames = 20
	recordXruns  = 24
	recordRolls  = 28
	recordHead   = 32
	recordAlign  = 64
)

// head is the head of a record.
type head struct {
	lost   int64  // frames that found the ring full before it
	usec   uint64 // start of its cycle
	time   uint32 // JACK's clock at its first frame, modulo 2^32
	frames int    // 0: the last record
	xruns  uint32 // so far, modulo 2^32
	rolls  bool   // the transport, in its cycle
}

func parseHead(b []byte) head {
	return head{
		lost:   int64(binary.NativeEndian.Uint64(b[recordLost:])),
		usec:   binary.NativeEndian.Uint64(b[recordUsec:]),
		time:   binary.NativeEndian.Uint32(b[recordTime:]),
		frames: int(binary.NativeEndian.Uint32(b[recordFrames:])),
		xruns:  binary.NativeEndian.Uint32(b[recordXruns:]),
		rolls:  binary.NativeEndian.Uint32(b[recordRolls:]) != 0,
	}
}

// bytes is the size of the whole record.
func (h head) bytes(channels int) int {
	n := recordHead + 4*channels*h.frames
	return (n + recordAlign - 1) / recordAlign * recordAlign
}

// clock follows jack_last_frame_time through the records of a take.
type clock struct {
	rateHz  int
	running bool
	next    uint32 // the time that the next record should carry
	usec    uint64 // of the record before
	frames  int    // of the record before
}

// jumps reports whether r does not follow the record before on the clock, so
// that it takes the next to tell what was missed.
func (c *clock) jumps(r head) bool {
	jump := int64(int32(r.time - c.next - uint32(r.lost)))
	return c.running && jump != 0 && (c.frames == 0 || jump != int64(r.frames-c.frames))
}

// missed tells how many frames went by unrecorded between the record before r
// and r, those that found the ring full included. after is the record that
// follows r, nil when there is none.
//
// Under load the clock can jump by a block and be back with the next record
// although nothing was lost. So a jump counts as far as the next record bears
// it out; and where that carries the same time, r was so late that it saw the
// next cycle's clock, and the loss is before that one. A jump that the microseconds do not allow is no loss: the clock was set
// anew (PipeWire may do that when the graph changes its driver). That, and a clock
// that goes backwards, is followed without a gap.
func (c *clock) missed(r head, after *head) int64 {
	if !c.running {
		c.running = true
		c.next = r.time - uint32(r.lost)
	}
	c.next += uint32(r.lost)
	jump := int64(int32(r.time - c.next))
	if c.frames > 0 && jump == int64(r.frames-c.frames) {
		// JACK2 steps its clock by the block that begins, others by the block
		// that ended: where the block size changes that is no jump.
		c.next, jump = r.time, 0
	}
	if jump > 0 && after != nil && after.time == r.time && after.frames > 0 {
		jump = 0
	} else if after != nil {
		next := int64(int32(after.time-c.next)) - int64(r.frames) - after.lost
		switch {
		case jump > 0:
			jump = max(0, min(jump, next))
		case jump < 0:
			jump = min(0, max(jump, next))
		}
	}
	c.next += uint32(jump)
	if jump <= 0 || jump > c.elapsed(r) {
		return r.lost
	}
	return r.lost + jump
}

// elapsed is how many frames at the most can have gone by between the end of
// the record before and r by the microsecond clock, which is only good enough
// to tell a loss from a clock set anew.
func (c *clock) elapsed(r head) int64 {
	if r.usec == 0 || c.usec == 0 || r.usec < c.usec {
		return 1 << 31
	}
	run := int64(r.usec-c.usec) * int64(c.rateHz) / 1e6
	return run + run/4 + int64(c.rateHz)/4 - int64(c.frames)
}

// take moves the clock past r.
func (c *clock) take(r head) {
	c.next += uint32(r.frames)
	c.usec, c.frames = r.usec, r.frames
}

// splicer makes one run of interleaved frames out of records: silence where
// frames are missing, the frames of each record behind it.
type splicer struct {
	channels int
	clock    clock
	report   Report

	judged bool   // the silence before the record in front is known
	echo   bool   // the record behind it is one
	owed   int64  // frames of silence still to be put out
	done   int    // frames put out of the record in front
	xruns  uint32 // of the record before
	rolls  bool   // the transport, while the frames that were put out last were recorded
	ended  bool   // the last record was seen
}

func newSplicer(channels, rateHz int) *splicer {
	return &splicer{channels: channels, clock: clock{rateHz: rateHz}}
}

// splice fills dst, which has room for whole frames, from the whole records in
// ring. It returns how many frames it put out and how many bytes of ring it is
// done with. Unless final, the last record in ring is kept until the next has
// come where the clock jumps: it takes two to tell a gap. The transport does not turn within what is
// put out at once.
func (s *splicer) splice(dst, ring []byte, final bool) (frames, used int) {
	frameBytes := 4 * s.channels
	room := len(dst) / frameBytes
	for frames < room && !s.ended {
		if s.owed > 0 {
			n := int(min(s.owed, int64(room-frames)))
			clear(dst[frames*frameBytes : (frames+n)*frameBytes])
			frames += n
			s.owed -= int64(n)
			s.report.Frames += int64(n)
			continue
		}
		if used == len(ring) {
			break
		}
		r := parseHead(ring[used:])
		rest := ring[used+r.bytes(s.channels):]
		if !s.judged {
			if len(rest) == 0 && !final && r.frames > 0 && s.clock.jumps(r) {
				break
			}
			s.judge(r, ring[used:])
			continue
		}
		if r.rolls != s.rolls && r.frames > 0 {
			if frames > 0 {
				break
			}
			s.rolls = r.rolls
		}
		n := min(r.frames-s.done, room-frames)
		interleave(dst[frames*frameBytes:], ring[used+recordHead:], s.channels, r.frames, s.done, n)
		frames += n
		s.done += n
		s.report.Frames += int64(n)
		if s.done == r.frames {
			used = len(ring) - len(rest)
			s.clock.take(r)
			if s.echo {
				used += parseHead(rest).bytes(s.channels)
			}
			s.judged, s.echo, s.done = false, false, 0
			s.ended = r.frames == 0
		}
	}
	return frames, used
}

// judge decides what is missing before r, the first of records.
func (s *splicer) judge(r head, records []byte) {
	s.judged = true
	if r.xruns != s.xruns {
		if s.clock.running { // what was before the take is not its concern
			s.report.Xruns = append(s.report.Xruns, Xrun{At: s.report.Frames, Count: int(r.xruns - s.xruns)})
		}
		s.xruns = r.xruns
	}
	if r.frames == 0 {
		s.lose(r.lost, r.lost)
		return
	}
	var after *head
	if rest := records[r.bytes(s.channels):]; len(rest) > 0 {
		h := parseHead(rest)
		if s.echo = s.echoes(r, h, records, rest); !s.echo {
			after = &h
		}
	}
	s.lose(s.clock.missed(r, after), r.lost)
}

// echoes reports whether h, the first of rest, is an echo of r, the first of
// records, and no part of the take: PipeWire calls a client that came too late once
// more for the cycle it has just had, with no audio (0.3.65). Such a record is
// silent, and at the time of the one before it, which is behind a jump.
func (s *splicer) echoes(r, h head, records, rest []byte) bool {
	return s.clock.jumps(r) && h.time == r.time && h.frames == r.frames && h.lost == 0 &&
		s.silent(h, rest) && !s.silent(r, records)
}

// silent reports whether h, the first of records, has nothing but zeros.
func (s *splicer) silent(h head, records []byte) bool {
	for _, b := range records[recordHead : recordHead+4*s.channels*h.frames] {
		if b != 0 {
			return false
		}
	}
	return true
}

// lose puts n frames of silence into the take, full of them lost to a full ring.
func (s *splicer) lose(n, full int64) {
	if n > 0 {
		s.report.Gaps = append(s.report.Gaps, Gap{At: s.report.Frames, Frames: n, Full: full})
		s.owed += n
	}
}

// interleave copies n frames, from frame at on, out of a planar record of
// frames frames. Samples are moved as they are, not as numbers, and stored
// little-endian.
func interleave(dst, planar []byte, channels, frames, at, n int) {
	if n == 0 {
		return
	}
	// Both are aligned: the records in the ring, and the start of a buffer.
	to := unsafe.Slice((*uint32)(unsafe.Pointer(&dst[0])), n*channels)
	interleaveSamples(to, unsafe.Slice((*uint32)(unsafe.Pointer(&planar[0])), frames*channels), channels, frames, at, n)
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 { // not little-endian
		for i, v := range to {
			to[i] = bits.ReverseBytes32(v)
		}
	}
}
