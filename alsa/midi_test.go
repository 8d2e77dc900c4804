package alsa

import (
	"slices"
	"testing"
)

// mixerOf is a mixer with the strips of a Delta 44: its inputs end at four.
func mixerOf() []Strip {
	fader := Steps(0, 96, -144, 1.5, false)
	var elements []*Element
	for name, n := range map[string]int{"Multi Playback": 10, "H/W Multi Capture": 4, "IEC958 Multi Capture": 2} {
		for i := range n {
			elements = append(elements,
				&Element{ID: ID{Iface: IfaceMixer, Name: name + " Volume", Index: i}, Type: Integer, Count: 2, Max: 96, Scale: fader, Value: Value{0, 96}},
				&Element{ID: ID{Iface: IfaceMixer, Name: name + " Switch", Index: i}, Type: Boolean, Count: 2, Max: 1, Value: Value{0, 1}})
		}
	}
	return Strips(elements)
}

// The controllers are where envy24control has them.
func TestSurfacePlaces(t *testing.T) {
	f := Surface{Strips: mixerOf()}
	for controller, want := range map[int]string{0: "Multi Playback Volume", 1: "Multi Playback Volume", 19: "Multi Playback Volume,9",
		20: "H/W Multi Capture Volume", 27: "H/W Multi Capture Volume,3", 28: "", 36: "IEC958 Multi Capture Volume", 39: "IEC958 Multi Capture Volume,1",
		40: "Multi Playback Switch", 61: "H/W Multi Capture Switch", 79: "IEC958 Multi Capture Switch,1", 80: "", 127: ""} {
		c, ok := f.Take(ControlChange{Controller: controller, Value: 127})
		if ok != (want != "") || ok && c.ID.String() != want {
			t.Errorf("controller %d is %v, want %q", controller, c, want)
		}
	}
	c, _ := f.Take(ControlChange{Controller: 21, Value: 0})
	if !slices.Equal(c.To, Value{0, 0}) {
		t.Errorf("the right side of in1 to the bottom: %v", c.To)
	}
	for value, want := range map[int]int64{0: 0, 63: 0, 64: 1, 127: 1} {
		if c, _ := f.Take(ControlChange{Controller: 40, Value: value}); c.To[0] != want {
			t.Errorf("a switch at %d is %d", value, c.To[0])
		}
	}
	if got := f.Tell(f.Strips[0].Switch); !slices.Equal(got, []ControlChange{{0, 40, 0}, {0, 41, 127}}) {
		t.Errorf("%v", got)
	}
}

// A fader goes from end to end without a step back, and what it tells is where
// it would be set to.
func TestSurfaceFaders(t *testing.T) {
	for _, fine := range []bool{false, true} {
		f := Surface{Strips: mixerOf(), Fine: fine}
		e := f.Strips[0].Volume
		last := int64(0)
		for p := range 128 {
			v := f.level(e, p)
			if v < last || v > 96 || p == 0 && v != 0 || p == 127 && v != 96 {
				t.Errorf("fine %v: position %d is %d after %d", fine, p, v, last)
			}
			if back := f.level(e, f.position(e, v)); back != v {
				t.Errorf("fine %v: %d is told as %d", fine, v, back)
			}
			last = v
		}
		for v := range int64(97) {
			if near := f.level(e, f.position(e, v)); near > v || v-near > 1 {
				t.Errorf("fine %v: %d is told as %d", fine, v, near)
			}
		}
		if middle := f.level(e, 64); fine && middle != 84 || !fine && middle != 48 {
			t.Errorf("fine %v: the middle is %d", fine, middle)
		}
	}
}
