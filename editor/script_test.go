package editor_test

import (
	"fmt"
	"strings"
	"testing"

	"jackknife/editor"
)

func TestCompareScript(t *testing.T) {
	script := `Breathe in through the nose.

And out through the mouth.
Imagine a lake just before sunrise.
I am calm.
I am calm.
Nothing here needs your help.
`
	var said []editor.Said
	for i, w := range strings.Fields("breathe in through the nose and out of the mouth imagine a lake just after sunrise imagine a lake just before sunrise I'm calm I am calm i am calm") {
		said = append(said, editor.Said{Span: editor.Span{Start: int64(10 * i), End: int64(10*i + 9)}, Words: w})
	}
	got := ""
	for _, l := range editor.CompareScript(script, said) {
		got += fmt.Sprintf("%d:", l.Number)
		for _, r := range l.Read {
			got += fmt.Sprintf(" %d-%d", r.Start, r.End)
		}
		got += fmt.Sprintf(" wrong %d again %v\n", l.Wrong, l.Again)
	}
	want := `1: 0-49 wrong 0 again false
3: 50-99 wrong 1 again false
4: 100-159 160-219 wrong 0 again true
5: 240-269 wrong 0 again false
6: 270-299 wrong 0 again false
7: wrong 0 again false
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if lines := editor.CompareScript("a line\n", nil); len(lines) != 1 || len(lines[0].Read) != 0 {
		t.Errorf("without a transcript: %+v", lines)
	}
}

// Lines that differ by a word are not readings of each other.
func TestCompareScriptOfLinesAlike(t *testing.T) {
	script := "Relax your left hand.\nRelax your right hand.\nNow your left foot.\nRelax your whole left hand and the arm.\n"
	var said []editor.Said
	for i, w := range strings.Fields("relax your left hand relax your right and relax your right hand now your left foot relax your whole left hand and the arm") {
		said = append(said, editor.Said{Span: editor.Span{Start: int64(10 * i), End: int64(10*i + 9)}, Words: w})
	}
	lines := editor.CompareScript(script, said)
	for i, want := range []int{1, 2, 1, 1} {
		if l := lines[i]; len(l.Read) != want || l.Wrong != 0 {
			t.Errorf("%q: read %v, %d words wrong, want %d readings", l.Text, l.Read, l.Wrong, want)
		}
	}
}

func FuzzCompareScript(f *testing.F) {
	f.Add("Breathe in.\nAnd out.\nBreathe in.\n", "breathe in and and out breathe")
	f.Add("a a a a\na a a\n\na", "a a a a a a a a")
	f.Add("Relax your left hand.\nRelax your right hand.", "relax your right hand")
	f.Fuzz(func(t *testing.T, script, read string) {
		if len(script) > 400 || len(read) > 400 {
			return
		}
		var said []editor.Said
		for i, w := range strings.Fields(read) {
			said = append(said, editor.Said{Span: editor.Span{Start: int64(1000 * i), End: int64(1000*i + 900)}, Words: w})
		}
		number := 0
		for _, l := range editor.CompareScript(script, said) {
			if l.Number <= number {
				t.Fatalf("line %d comes after line %d", l.Number, number)
			}
			number = l.Number
			if l.Again != (len(l.Read) > 1) || (len(l.Read) == 0) != (l.Heard == "") || len(l.Read) == 0 && l.Wrong != 0 {
				t.Fatalf("%+v", l)
			}
			if n := len(strings.Fields(l.Text)); n > 0 && l.Wrong > len(l.Text) {
				t.Fatalf("%+v", l)
			}
			for i, r := range l.Read {
				if r.Len() <= 0 || i > 0 && r.Start < l.Read[i-1].End || r.End > int64(1000*len(said)) {
					t.Fatalf("%+v", l)
				}
			}
		}
	})
}

func TestCompareWords(t *testing.T) {
	for _, c := range []struct {
		first, then string
		want        editor.Likeness
	}{
		{"Relax your left hand.", "relax, your left hand", editor.Same},
		{"Relax your le", "Relax your left hand.", editor.Begun},
		{"Relax", "Relax your left hand.", editor.Begun},
		{"Relax your right hand.", "Relax your left hand.", editor.Corrected},
		{"Nothing here needs you.", "Relax your left hand.", editor.Unlike},
		{"", "Relax", editor.Unlike},
	} {
		if got := editor.CompareWords(c.first, c.then); got != c.want {
			t.Errorf("%q, %q: %d, want %d", c.first, c.then, got, c.want)
		}
	}
}
