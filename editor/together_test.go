package editor

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func pauseOf(start, end int64) Pause {
	return Pause{Span: Span{start + 3, end - 2}, Heard: Span{start, end}, At: (start + end) / 2, LevelDB: -60}
}

func TestTogether(t *testing.T) {
	heard := func(pauses []Pause) (spans []Span) {
		for _, p := range pauses {
			spans = append(spans, p.Heard)
		}
		return spans
	}
	for _, test := range []struct {
		name string
		a, b []Pause
		want []Span
	}{
		{"none", nil, []Pause{pauseOf(0, 50)}, nil},
		{"the same", []Pause{pauseOf(10, 50)}, []Pause{pauseOf(10, 50)}, []Span{{10, 50}}},
		{"one inside the other", []Pause{pauseOf(10, 90)}, []Pause{pauseOf(20, 40)}, []Span{{20, 40}}},
		{"two in one", []Pause{pauseOf(0, 90)}, []Pause{pauseOf(20, 40), pauseOf(60, 100)}, []Span{{20, 40}, {60, 90}}},
		{"in turn", []Pause{pauseOf(0, 30), pauseOf(60, 90)}, []Pause{pauseOf(30, 60)}, nil},
		{"only pads", []Pause{pauseOf(0, 30)}, []Pause{pauseOf(26, 60)}, nil},
	} {
		for _, got := range [][]Pause{Together(test.a, test.b), Together(test.b, test.a)} {
			if !slices.Equal(heard(got), test.want) {
				t.Errorf("%s: %v, want %v", test.name, heard(got), test.want)
			}
		}
	}
	if got := Together([]Pause{pauseOf(0, 9)}); len(got) != 1 {
		t.Errorf("one track: %v", got)
	}
}

// TestTogetherIsQuiet: a frame may be edited if all tracks say so.
func TestTogetherIsQuiet(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	const frames = 2000
	for range 2000 {
		var tracks [][]Pause
		quiet := make([]int, frames)
		for range 1 + rng.IntN(4) {
			var pauses []Pause
			for at := rng.Int64N(40); at+20 < frames; at += 1 + rng.Int64N(80) {
				end := min(frames, at+6+rng.Int64N(150))
				p := pauseOf(at, end)
				pauses = append(pauses, p)
				for i := p.Start; i < p.End; i++ {
					quiet[i]++
				}
				at = end
			}
			tracks = append(tracks, pauses)
		}
		got := make([]int, frames)
		for _, p := range Together(tracks...) {
			if p.At < p.Start || p.At > p.End || p.Start < p.Heard.Start || p.End > p.Heard.End {
				t.Fatalf("%+v", p)
			}
			for i := p.Start; i < p.End; i++ {
				got[i]++
			}
		}
		for i, n := range quiet {
			if want := n == len(tracks); (got[i] == 1) != want || got[i] > 1 {
				t.Fatalf("frame %d: in %d pauses of %d tracks, in %d of all together", i, n, len(tracks), got[i])
			}
		}
	}
}
