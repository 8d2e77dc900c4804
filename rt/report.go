// Package rt records and plays through JACK's process callback.
//
// The audio thread runs C and nothing else (the rules stand at the top of
// loop.c); rings carry the frames between it and ordinary goroutines, which
// poll. Gaps are data: frames that were lost are counted, reported with their
// position, and replaced by exactly as much silence, so that a take is as long
// as the clock ran.
//
// A machine without JACK's library, or a build without cgo, has the pure half
// only: how gaps are found and what a report says.
package rt

import (
	"errors"
	"time"
)

// DefaultRing is how much audio a ring holds. Disks were measured to stall for
// 5 s and more under a busy writer; ten seconds outlast that with room to
// spare and take 23 MB for 12 channels at 48 kHz.
const DefaultRing = 10 * time.Second

// ErrNoServer says that no JACK server could be reached.
var ErrNoServer = errors.New("no server running")

// ErrServerGone says that the server ended, or threw the client out, while the
// loop was running.
var ErrServerGone = errors.New("the JACK server is gone")

// ErrStill says that nothing came from the server since the loop began, or that it
// took nothing: it is there and does not run.
var ErrStill = errors.New("the JACK server stands still: no audio in 5 s")

// Gap is a run of frames that were lost in recording. The take holds silence
// there.
type Gap struct {
	At     int64 `json:"at"`     // frame of the take
	Frames int64 `json:"frames"` // lost, and replaced by silence
	Full   int64 `json:"full"`   // of these, lost to a full ring; the rest are cycles that the client missed

	// About says that the length is by the machine's clock, good to some
	// milliseconds: a device does not tell it.
	About bool `json:"about,omitempty"`
}

// Xrun is a deadline the server missed. It is not a loss: the frames may all
// be there.
type Xrun struct {
	At    int64 `json:"at"`    // frame of the take being recorded when it became known
	Count int   `json:"count"` // how many at once
}

// Report is what a recording came to.
type Report struct {
	Frames   int64 // written, silence in gaps included
	Gaps     []Gap
	Xruns    []Xrun
	RingPeak time.Duration // the most audio that waited in the ring
	RateHz   float64       // frames a second that a device delivered by the machine's clock; 0: not told
}

// cut ends the report at a frame of the take.
func (r *Report) cut(frames int64) {
	r.Frames = frames
	for n := len(r.Gaps); n > 0; n = len(r.Gaps) {
		g := &r.Gaps[n-1]
		if g.At < frames {
			g.Frames = min(g.Frames, frames-g.At)
			g.Full = min(g.Full, g.Frames)
			break
		}
		r.Gaps = r.Gaps[:n-1]
	}
	for n := len(r.Xruns); n > 0 && r.Xruns[n-1].At > frames; n = len(r.Xruns) {
		r.Xruns = r.Xruns[:n-1]
	}
}

// Part is the report on the frames [from, to) alone, with positions counted
// from there. What stays as it is: RingPeak.
func (r Report) Part(from, to int64) Report {
	part := Report{Frames: to - from, RingPeak: r.RingPeak}
	for _, g := range r.Gaps {
		end := min(g.At+g.Frames, to)
		g.At = max(g.At, from)
		if g.Frames = end - g.At; g.Frames > 0 {
			g.Full = min(g.Full, g.Frames)
			g.At -= from
			part.Gaps = append(part.Gaps, g)
		}
	}
	for _, x := range r.Xruns {
		if x.At >= from && x.At <= to {
			x.At -= from
			part.Xruns = append(part.Xruns, x)
		}
	}
	return part
}

// Lost is how many frames are silence because they were lost.
func (r Report) Lost() int64 {
	var n int64
	for _, g := range r.Gaps {
		n += g.Frames
	}
	return n
}

// XrunCount is how many deadlines the server missed.
func (r Report) XrunCount() int {
	n := 0
	for _, x := range r.Xruns {
		n += x.Count
	}
	return n
}

// Played is what playing came to.
type Played struct {
	Frames    int64 // that left the ring
	Underruns int64 // frames of silence played because the ring was empty
	Xruns     int
}
