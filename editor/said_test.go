package editor_test

import (
	"slices"
	"testing"

	"jackknife/editor"
)

func TestFindSaid(t *testing.T) {
	said := func(words ...string) (all []editor.Said) {
		for i, w := range words {
			all = append(all, editor.Said{Span: editor.Span{Start: int64(10 * i), End: int64(10*i + 8)}, Words: w})
		}
		return all
	}
	text := said("So,", "um,", "you", "know,", "Um", "", "it's", "fine.", "Umbrella")
	for _, c := range []struct {
		what    string
		found   []editor.Span
		partial int
	}{
		{"um", []editor.Span{{Start: 10, End: 18}, {Start: 40, End: 48}}, 0},
		{"You know", []editor.Span{{Start: 20, End: 38}}, 0},
		{"its", []editor.Span{{Start: 60, End: 68}}, 0},
		{"know um it’s", []editor.Span{{Start: 30, End: 68}}, 0},
		{"/u[mh]/", []editor.Span{{Start: 10, End: 18}, {Start: 40, End: 48}}, 0},
		{"/so um|fine/", []editor.Span{{Start: 0, End: 18}, {Start: 70, End: 78}}, 0},
		{"brella", nil, 0},
		{"nothing", nil, 0},
	} {
		found, partial, err := editor.FindSaid(text, c.what)
		if err != nil || !slices.Equal(found, c.found) || partial != c.partial {
			t.Errorf("%s: %v, %d, %v; want %v, %d", c.what, found, partial, err, c.found, c.partial)
		}
	}
	if found, partial, err := editor.FindSaid(said("a whole line", "um and more"), "um"); len(found) > 0 || partial != 1 || err != nil {
		t.Errorf("within a line: %v, %d, %v", found, partial, err)
	}
	for _, bad := range []string{"", "...", "/(/"} {
		if _, _, err := editor.FindSaid(text, bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestParseOrder(t *testing.T) {
	for text, want := range map[string][]int{"1": {1}, "2-3": {2, 3}, "3-, 1": {3, 4, 1}} {
		if got, err := editor.ParseOrder(text, 4); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "0", "5", "3-2", "1-9", "a", "-2", "1--2", "1-3,2", "9-"} {
		if _, err := editor.ParseOrder(bad, 4); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
