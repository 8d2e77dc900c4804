package jackgraph

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// keepUntil applies what a keeper wants, as a server would, until it wants no
// more, and returns the changes.
func keepUntil(t *testing.T, k *Keeper, s *state, settled bool) []Change {
	t.Helper()
	var all []Change
	for range 20 {
		changes := k.Changes(s.graph(), settled)
		if len(changes) == 0 {
			return all
		}
		for _, c := range changes {
			k.Tried(c)
			var events []Event
			if c.Action == Connect {
				events = s.connect(c.Connection)
			} else {
				events = s.disconnect(c.Connection)
			}
			for _, e := range events {
				k.Note(e)
			}
		}
		all = append(all, changes...)
	}
	t.Fatalf("no end of it: %v", all)
	return nil
}

func tell(k *Keeper, events []Event) {
	for _, e := range events {
		k.Note(e)
	}
}

func TestKeeper(t *testing.T) {
	k := NewKeeper(parsePatch(t, "system:capture_1 -> ardour:in_1\nre:Firefox-\\d+:(.*) -*> re:system:playback_[12]\nmeter:in_* => meter:in_*\nnew:out_* -> system:playback_*\nsystem:capture_2 -/> ardour:in_2\nre:v\\d+:o -> system:playback_1\nsystem:playback_2 -> w:*\n"))
	s := newState(studio())
	if got := keepUntil(t, k, s, false); len(got) > 0 {
		t.Errorf("did %v", got)
	}
	// cut by hand: it stays so, also when another port comes
	cut := Connection{"system:capture_1", "ardour:in_1"}
	tell(k, s.disconnect(cut))
	tell(k, s.addPort(Port{Name: "Firefox-1:L", Dir: Output, Type: Audio}))
	want := []Change{{Connect, Connection{"Firefox-1:L", "system:playback_1"}}, {Connect, Connection{"Firefox-1:L", "system:playback_2"}}}
	if got := keepUntil(t, k, s, false); !slices.Equal(got, want) {
		t.Errorf("did %v", got)
	}
	// until its port appears anew
	in := s.ports["ardour:in_1"]
	tell(k, s.removePort("ardour:in_1"))
	keepUntil(t, k, s, true)
	tell(k, s.addPort(in))
	if got := keepUntil(t, k, s, false); !slices.Equal(got, []Change{{Connect, cut}}) {
		t.Errorf("did %v", got)
	}
	// a group pairs when it is complete
	for n := range 10 {
		tell(k, s.addPort(Port{Name: fmt.Sprint("new:out_", n), Dir: Output, Type: Audio}))
		if got := keepUntil(t, k, s, false); len(got) > 0 {
			t.Errorf("did %v", got)
		}
	}
	if got := keepUntil(t, k, s, true); len(got) != 10 {
		t.Errorf("did %v", got)
	}
	// one with each needs no group
	for name, to := range map[string]string{"v1:o": "system:playback_1", "v2:o": "system:playback_1"} {
		tell(k, s.addPort(Port{Name: name, Dir: Output, Type: Audio}))
		if got := keepUntil(t, k, s, false); !slices.Equal(got, []Change{{Connect, Connection{name, to}}}) {
			t.Errorf("did %v", got)
		}
	}
	// but which side is which may change
	tell(k, s.addPort(Port{Name: "w:out", Dir: Output, Type: Audio}))
	if got := keepUntil(t, k, s, false); len(got) > 0 {
		t.Errorf("did %v", got)
	}
	// what must not be is cut, but not without end
	never := Connection{"system:capture_2", "ardour:in_2"}
	cuts := 0
	for range 20 {
		tell(k, s.connect(never))
		cuts += len(keepUntil(t, k, s, false))
	}
	if cuts != insist {
		t.Errorf("cut %d times, want %d", cuts, insist)
	}
}

func TestExplain(t *testing.T) {
	p := parsePatch(t, "system:capture_1 -> ardour:in_1\nsystem:capture_2 -> ardour:in_2\nsystem:capture_2 -/> ardour:in_2\nx* -> ardour:in_1\nardour:in_1 -> ardour:in_2\nsystem:capture_3 -> ardour:in_2\n")
	got := p.Explain(studio())
	for i, want := range []error{ErrAlready, ErrOverruled, ErrAlready, ErrNoMatch, nil, nil} {
		switch {
		case i == 4:
			if got[i].Err == nil || got[i].Err.Error() != "both are inputs" {
				t.Errorf("%v", got[i])
			}
		case !errors.Is(got[i].Err, want):
			t.Errorf("%v, want %v", got[i], want)
		}
	}
}
