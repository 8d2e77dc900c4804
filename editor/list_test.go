package editor

import (
	"reflect"
	"testing"
)

func TestDiff(t *testing.T) {
	a := List{{Span: Span{1, 2}}, {Span: Span{5, 5}, Fill: 3, Reason: "a"}, {Span: Span{9, 12}}}
	b := List{{Span: Span{0, 1}}, {Span: Span{5, 5}, Fill: 3, Reason: "b"}, {Span: Span{9, 11}}, {Span: Span{20, 21}}}
	want := []Change{{b[0], true}, {a[0], false}, {b[2], true}, {a[2], false}, {b[3], true}}
	if got := a.Diff(b); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := a.Diff(a); got != nil {
		t.Errorf("from itself: %v", got)
	}
}

func TestInverse(t *testing.T) {
	l := List{{Span: Span{0, 0}, Fill: 3}, {Span: Span{5, 5}, Fill: 2}, {Span: Span{10, 10}, Fill: 7}}
	inverse, ok := l.Inverse()
	if err := inverse.Validate(l.Length(10)); !ok || err != nil || inverse.Length(l.Length(10)) != 10 {
		t.Errorf("%v, %v, %v", inverse, ok, err)
	}
	for frame := range int64(10) {
		if back := inverse.Output(l.Output(frame)); back != frame {
			t.Errorf("frame %d comes back as %d", frame, back)
		}
	}
	if _, ok := (List{{Span: Span{1, 2}}}).Inverse(); ok {
		t.Error("a cut can be undone")
	}
}
