package alsa

import (
	"errors"
	"slices"
)

// ErrNoSequencer: the kernel has no ALSA sequencer.
var ErrNoSequencer = errors.New("no ALSA sequencer")

// ControlChange is a MIDI controller that was moved.
type ControlChange struct{ Channel, Controller, Value int } // channel 0 to 15, the others 0 to 127

// Surface maps the monitor mixer to the controllers of a MIDI mixing desk as
// envy24control has them: controllers 0 to 39 are the faders, left and right of
// pcm1 to pcm10, in1 to in8, spdif-l, spdif-r; 40 to 79 are their switches, on
// from 64 up.
type Surface struct {
	Strips []Strip
	Fine   bool // half of a fader's way is for the highest 18 dB
}

const (
	surfaceSides  = 40
	surfaceMiddle = 64 // of a controller's values, where a switch is on
	fineMiddle    = 84 // of a fader's values, at a fine surface's middle
)

// place is the number of a strip on the surface.
func (Surface) place(s Strip) int { return slices.Index(MeterNames(), s.Name) }

// Take is what a controller sets: the element and its new value.
func (f Surface) Take(c ControlChange) (Change, bool) {
	for _, s := range f.Strips {
		at := f.place(s)
		if at < 0 || at != c.Controller%surfaceSides/2 || c.Controller >= 2*surfaceSides {
			continue
		}
		e, v := s.Volume, f.level(s.Volume, c.Value)
		if c.Controller >= surfaceSides {
			e, v = s.Switch, int64(c.Value/surfaceMiddle)
		}
		to := slices.Clone(e.Value)
		to[c.Controller%2] = v
		return Change{e, e.Value, to}, true
	}
	return Change{}, false
}

// Tell is where the controllers of an element stand; none if it is of no strip.
func (f Surface) Tell(e *Element) []ControlChange {
	var moved []ControlChange
	for _, s := range f.Strips {
		if e != s.Volume && e != s.Switch {
			continue
		}
		for side, v := range e.Value {
			c := ControlChange{Controller: 2*f.place(s) + side, Value: int(v) * 127}
			if e == s.Switch {
				c.Controller += surfaceSides
			} else {
				c.Value = f.position(e, v)
			}
			moved = append(moved, c)
		}
	}
	return moved
}

// level is the fader's value at a controller's position.
func (f Surface) level(e *Element, position int) int64 {
	low, high := e.Range()
	p := int64(position)
	if !f.Fine {
		return low + (p*(high-low)+63)/127
	}
	if p < surfaceMiddle {
		return low + p*fineMiddle/surfaceMiddle
	}
	return low + fineMiddle + ((p-surfaceMiddle)*(high-low-fineMiddle)+31)/(127-surfaceMiddle)
}

// position is the lowest controller's position at which the fader has the
// value, or the nearest below it.
func (f Surface) position(e *Element, v int64) int {
	at := 0
	for p := range 128 {
		if f.level(e, p) > v {
			break
		}
		if p == 0 || f.level(e, p) > f.level(e, at) {
			at = p
		}
	}
	return at
}
