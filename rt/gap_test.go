package rt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

// cycle is a record to be built: its clock, its block, what was lost before
// it. Frame i of the record carries first+i on channel 0 and its negative on
// the others.
type cycle struct {
	time   uint32
	frames int
	lost   int64
	usec   uint64
	xruns  uint32
	first  int32
	silent bool
}

func ring(channels int, cycles ...cycle) []byte {
	var b []byte
	for _, c := range cycles {
		h := head{lost: c.lost, usec: c.usec, time: c.time, frames: c.frames, xruns: c.xruns}
		r := make([]byte, h.bytes(channels))
		binary.NativeEndian.PutUint64(r[recordLost:], uint64(c.lost))
		binary.NativeEndian.PutUint64(r[recordUsec:], c.usec)
		binary.NativeEndian.PutUint32(r[recordTime:], c.time)
		binary.NativeEndian.PutUint32(r[recordFrames:], uint32(c.frames))
		binary.NativeEndian.PutUint32(r[recordXruns:], c.xruns)
		for ch := range channels {
			for i := range c.frames {
				v := c.first + int32(i)
				if ch > 0 {
					v = -v
				}
				if c.silent {
					v = 0
				}
				binary.NativeEndian.PutUint32(r[recordHead+4*(ch*c.frames+i):], uint32(v))
			}
		}
		b = append(b, r...)
	}
	return b
}

func TestGaps(t *testing.T) {
	const top = 1<<32 - 96 // the clock wraps within the first records
	for _, test := range []struct {
		name   string
		cycles []cycle
		gaps   string
		frames int64
	}{
		{"none, over the wrap", []cycle{{time: top, frames: 64}, {time: top + 64, frames: 64}, {time: 32, frames: 64}}, "[]", 192},
		{"a jump that lasts", []cycle{{time: 0, frames: 64}, {time: 192, frames: 64}, {time: 256, frames: 64}}, "[{64 128 0}]", 320},
		{"a jump over the wrap", []cycle{{time: top, frames: 64}, {time: 96, frames: 64}, {time: 160, frames: 64}}, "[{64 128 0}]", 320},
		{"a jump that comes back", []cycle{{time: 0, frames: 64}, {time: 192, frames: 64}, {time: 128, frames: 64}, {time: 192, frames: 64}}, "[]", 256},
		{"a jump that comes back by half", []cycle{{time: 0, frames: 64}, {time: 192, frames: 64}, {time: 192, frames: 64}, {time: 256, frames: 64}}, "[{128 64 0}]", 320},
		{"an echo", []cycle{{time: 0, frames: 64}, {time: 192, frames: 64, first: 192}, {time: 192, frames: 64, silent: true}, {time: 256, frames: 64}}, "[{64 128 0}]", 320},
		{"an echo behind one block", []cycle{{time: 0, frames: 64}, {time: 128, frames: 64, first: 128}, {time: 128, frames: 64, silent: true}, {time: 192, frames: 64}}, "[{64 64 0}]", 256},
		{"a silent take that is late", []cycle{{time: 0, frames: 64, silent: true}, {time: 192, frames: 64, silent: true}, {time: 192, frames: 64, silent: true}, {time: 256, frames: 64, silent: true}}, "[{128 64 0}]", 320},
		{"two jumps in a row", []cycle{{time: 0, frames: 64}, {time: 128, frames: 64}, {time: 256, frames: 64}, {time: 320, frames: 64}}, "[{64 64 0} {192 64 0}]", 384},
		{"a jump before the last record", []cycle{{time: 0, frames: 64}, {time: 128, frames: 64}}, "[{64 64 0}]", 192},
		{"a jump taken back by the stop", []cycle{{time: 0, frames: 64}, {time: 128, frames: 64}, {time: 128, frames: 0}}, "[]", 128},
		{"a clock set back", []cycle{{time: 1000, frames: 64}, {time: 64, frames: 64}, {time: 128, frames: 64}, {time: 256, frames: 64}}, "[{192 64 0}]", 320},
		{"a clock set far ahead", []cycle{{time: 0, frames: 64, usec: 1000}, {time: 1 << 30, frames: 64, usec: 2333}, {time: 1<<30 + 64, frames: 64, usec: 3666}, {time: 1<<30 + 192, frames: 64, usec: 6333}}, "[{192 64 0}]", 320},
		{"a second away", []cycle{{time: 0, frames: 64, usec: 1000}, {time: 48064, frames: 64, usec: 1002333}, {time: 48128, frames: 64, usec: 1003666}}, "[{64 48000 0}]", 48192},
		{"ring full", []cycle{{time: 0, frames: 64}, {time: 256, frames: 64, lost: 192}, {time: 320, frames: 64}}, "[{64 192 192}]", 384},
		{"ring full and a cycle missed", []cycle{{time: 0, frames: 64}, {time: 320, frames: 64, lost: 192}, {time: 384, frames: 64}}, "[{64 256 192}]", 448},
		{"ring full twice", []cycle{{time: 0, frames: 64}, {time: 128, frames: 64, lost: 64}, {time: 256, frames: 64, lost: 64}}, "[{64 64 64} {192 64 64}]", 320},
		{"ring full at the stop", []cycle{{time: 0, frames: 64}, {time: 256, frames: 0, lost: 192}}, "[{64 192 192}]", 256},
		{"JACK2 grows its block", []cycle{{time: 0, frames: 64}, {time: 256, frames: 256}, {time: 512, frames: 256}}, "[]", 576},
		{"JACK2 shrinks its block", []cycle{{time: 0, frames: 256}, {time: 64, frames: 64}, {time: 128, frames: 64}}, "[]", 384},
		{"PipeWire grows its block", []cycle{{time: 0, frames: 64}, {time: 64, frames: 256}, {time: 320, frames: 256}}, "[]", 576},
		{"nothing after the stop", []cycle{{time: 0, frames: 64}, {time: 128, frames: 0}}, "[]", 64},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSplicer(1, 48000)
			dst := make([]byte, 4<<20)
			s.splice(dst, ring(1, test.cycles...), true)
			var gaps []struct{ at, frames, full int64 }
			for _, g := range s.report.Gaps {
				gaps = append(gaps, struct{ at, frames, full int64 }{g.At, g.Frames, g.Full})
			}
			if got := fmt.Sprint(gaps); got != test.gaps || s.report.Frames != test.frames {
				t.Errorf("gaps %s in %d frames, want %s in %d", got, s.report.Frames, test.gaps, test.frames)
			}
		})
	}
}

func TestXruns(t *testing.T) {
	s := newSplicer(1, 48000)
	s.splice(make([]byte, 4096), ring(1,
		cycle{time: 0, frames: 8, xruns: 5}, // before the take
		cycle{time: 8, frames: 8, xruns: 5},
		cycle{time: 16, frames: 8, xruns: 7},
		cycle{time: 24, frames: 8, xruns: 8}), true)
	if got := fmt.Sprint(s.report.Xruns); got != "[{16 2} {24 1}]" || s.report.XrunCount() != 3 {
		t.Errorf("xruns %s", got)
	}
}

// TestSplice cuts the same ring and the same output into pieces of every kind
// and expects the same frames each time.
func TestSplice(t *testing.T) {
	const channels = 3
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var cycles []cycle
		var want []byte
		put := func(v int32) { want = binary.LittleEndian.AppendUint32(want, uint32(v)) }
		clock, n := random.Uint32(), int32(1)
		for k := range 2 + random.IntN(20) {
			c := cycle{frames: 1 + random.IntN(40), first: n}
			var silent int64
			if k > 0 && random.IntN(3) == 0 {
				c.lost = int64(64 * random.IntN(3))
				silent = c.lost
				if random.IntN(2) == 0 {
					silent += 64
				}
			}
			clock += uint32(silent)
			c.time = clock
			clock += uint32(c.frames)
			n += int32(c.frames)
			for range silent {
				for range channels {
					put(0)
				}
			}
			for i := range c.frames {
				put(c.first + int32(i))
				for range channels - 1 {
					put(-c.first - int32(i))
				}
			}
			cycles = append(cycles, c)
		}
		whole := ring(channels, append(cycles, cycle{time: clock})...)
		var ends []int // of the records
		for at := 0; at < len(whole); {
			at += parseHead(whole[at:]).bytes(channels)
			ends = append(ends, at)
		}

		s := newSplicer(channels, 48000)
		var got []byte
		from := 0
		for _, end := range ends {
			if random.IntN(2) == 0 && end != len(whole) {
				continue
			}
			for {
				dst := make([]byte, 4*channels*(1+random.IntN(50)))
				frames, used := s.splice(dst, whole[from:end], false)
				got = append(got, dst[:4*channels*frames]...)
				from += used
				if frames == 0 && used == 0 {
					break
				}
			}
		}
		if !s.ended || from != len(whole) {
			t.Fatalf("%d of %d bytes used", from, len(whole))
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, want %d; or other ones", len(got), len(want))
		}
		if s.report.Frames != int64(len(want)/4/channels) {
			t.Fatalf("%d frames reported of %d", s.report.Frames, len(want)/4/channels)
		}
	}
}

func TestReportCut(t *testing.T) {
	for _, test := range []struct {
		frames int64
		want   string
	}{
		{500, "{500 [{10 5 0 false} {100 50 20 false}] [{10 1} {400 2}] 0s 0}"},
		{150, "{150 [{10 5 0 false} {100 50 20 false}] [{10 1}] 0s 0}"},
		{110, "{110 [{10 5 0 false} {100 10 10 false}] [{10 1}] 0s 0}"},
		{100, "{100 [{10 5 0 false}] [{10 1}] 0s 0}"},
		{0, "{0 [] [] 0s 0}"},
	} {
		r := Report{
			Frames: 500,
			Gaps:   []Gap{{At: 10, Frames: 5}, {At: 100, Frames: 50, Full: 20}},
			Xruns:  []Xrun{{10, 1}, {400, 2}},
		}
		r.cut(test.frames)
		if got := fmt.Sprint(r); got != test.want {
			t.Errorf("cut(%d) = %s, want %s", test.frames, got, test.want)
		}
	}
}

func TestPart(t *testing.T) {
	whole := Report{
		Frames: 1000,
		Gaps:   []Gap{{At: 100, Frames: 50, Full: 50}, {At: 290, Frames: 20, Full: 5}, {At: 500, Frames: 100, Full: 60}, {At: 900, Frames: 10}},
		Xruns:  []Xrun{{At: 299, Count: 1}, {At: 300, Count: 2}, {At: 550, Count: 1}, {At: 551, Count: 1}},
	}
	got := whole.Part(300, 550)
	want := Report{
		Frames: 250,
		Gaps:   []Gap{{At: 0, Frames: 10, Full: 5}, {At: 200, Frames: 50, Full: 50}},
		Xruns:  []Xrun{{At: 0, Count: 2}, {At: 250, Count: 1}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := whole.Part(0, 1000); !reflect.DeepEqual(got, whole) {
		t.Errorf("the whole is %+v", got)
	}
	if got := whole.Part(150, 290); len(got.Gaps)+len(got.Xruns) != 0 {
		t.Errorf("between two gaps %+v", got)
	}
}

// TestInterleave: every sample goes where it belongs, whatever part of a record is
// taken.
func TestInterleave(t *testing.T) {
	const frames = 37
	for channels := 1; channels <= 13; channels++ {
		planar := make([]uint32, channels*frames)
		for i := range planar {
			planar[i] = uint32(i)
		}
		for at := range frames {
			for n := 1; n <= frames-at; n++ {
				to := make([]uint32, n*channels)
				interleaveSamples(to, planar, channels, frames, at, n)
				for i, v := range to {
					if want := uint32(i%channels*frames + at + i/channels); v != want {
						t.Fatalf("%d channels, frames %d to %d: sample %d is %d, want %d", channels, at, at+n, i, v, want)
					}
				}
			}
		}
	}
}
