package editor_test

import (
	"slices"
	"testing"

	"jackknife/editor"
)

func TestJoin(t *testing.T) {
	edit := func(start, end, fill int64) editor.Edit {
		return editor.Edit{Span: editor.Span{Start: start, End: end}, Fill: fill, Confidence: 1}
	}
	for _, c := range []struct {
		name    string
		a, b, w editor.List
	}{
		{"apart", editor.List{edit(0, 10, 0)}, editor.List{edit(20, 30, 0)}, editor.List{edit(0, 10, 0), edit(20, 30, 0)}},
		{"cuts that overlap", editor.List{edit(0, 15, 0)}, editor.List{edit(10, 30, 0)}, editor.List{edit(0, 30, 0)}},
		{"cuts that touch", editor.List{edit(0, 10, 0)}, editor.List{edit(10, 30, 0)}, editor.List{edit(0, 30, 0)}},
		{"one inside the other", editor.List{edit(0, 30, 0)}, editor.List{edit(10, 20, 0)}, editor.List{edit(0, 30, 0)}},
		{"a fill inside a cover", editor.List{edit(0, 30, 30)}, editor.List{edit(10, 10, 5)}, editor.List{edit(0, 30, 35)}},
		{"a cut into a cover", editor.List{edit(0, 30, 30)}, editor.List{edit(20, 50, 0)}, editor.List{edit(0, 50, 20)}},
		{"a cut over a cover", editor.List{edit(10, 20, 10)}, editor.List{edit(0, 50, 0)}, editor.List{edit(0, 50, 0)}},
		{"a cover over two edits", editor.List{edit(0, 10, 0), edit(20, 20, 7)}, editor.List{edit(5, 25, 20)}, editor.List{edit(0, 25, 22)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := editor.Join(c.a, c.b); !slices.Equal(got, c.w) {
				t.Errorf("got %v, want %v", got, c.w)
			}
			var got editor.List
			j := editor.Joiner{Known: c.b, Yield: func(e editor.Edit) error { got = append(got, e); return nil }}
			for _, e := range c.a {
				if err := j.Edit(e); err != nil {
					t.Fatal(err)
				}
			}
			if err := j.Finish(); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, c.w) {
				t.Errorf("as they come %v, want %v", got, c.w)
			}
		})
	}
}
