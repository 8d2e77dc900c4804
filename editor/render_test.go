package editor

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"jackknife/wav"
)

// memoryTake is a take in memory: 32-bit PCM, one channel.
func memoryTake(t testing.TB, rateHz int, x []int32) *wav.Reader {
	t.Helper()
	data := make([]byte, 0, 4*len(x))
	for _, v := range x {
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
	}
	return takeOf(t, rateHz, 1, 32, data)
}

// takeOf is a PCM take in memory.
func takeOf(t testing.TB, rateHz, channels, bits int, data []byte) *wav.Reader {
	t.Helper()
	le := binary.LittleEndian
	b := []byte("RIFF")
	b = le.AppendUint32(b, uint32(36+len(data)))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rateHz))
	b = le.AppendUint32(b, uint32(rateHz*channels*bits/8))
	b = le.AppendUint16(b, uint16(channels*bits/8))
	b = le.AppendUint16(b, uint16(bits))
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	r, err := wav.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// staircase is a take whose frame i holds the value i: a misplaced frame shows
// its own number.
func staircase(t testing.TB, rateHz, frames int) *wav.Reader {
	x := make([]int32, frames)
	for i := range x {
		x[i] = int32(i)
	}
	return memoryTake(t, rateHz, x)
}

// randomList is a valid list for a take of n frames.
func randomList(rng *rand.Rand, n int64) List {
	var l List
	for pos := int64(0); len(l) < 8; {
		start := pos + rng.Int64N(n/4)
		end := start + rng.Int64N(n/8)
		if rng.IntN(3) == 0 {
			end = start
		}
		if rng.IntN(8) == 0 { // a neighbour one frame away
			start, end = pos, pos+end-start
		}
		e := Edit{Span: Span{start, end}, Reason: "chance", Confidence: 1}
		if e.Len() == 0 || rng.IntN(2) == 0 {
			e.Fill = 1 + rng.Int64N(200)
		}
		if rng.IntN(10) == 0 {
			e.End = n
		}
		if e.Start > n || e.End > n {
			break
		}
		l = append(l, e)
		pos = e.End + 1
	}
	return l
}

// randomPauses are pauses as Detect would yield them.
func randomPauses(rng *rand.Rand, n int64) []Pause {
	var pauses []Pause
	for pos := rng.Int64N(100); ; {
		p := Pause{Span: Span{pos, pos + 10 + rng.Int64N(200)}}
		if p.End > n {
			return pauses
		}
		p.Heard = Span{max(0, p.Start-6), min(n, p.End+3)}
		p.At = p.Start + p.Len()/2
		if rng.IntN(4) > 0 {
			p.Tone = []Span{{p.Start + 2, p.End - 2}}
		}
		pauses = append(pauses, p)
		pos = p.End + 20 + rng.Int64N(300)
	}
}

// render gives the renderer pauses and edits in the order that turns says:
// true takes a pause, false an edit.
func render(t *testing.T, take *wav.Reader, l List, pauses []Pause, turn func() bool) []byte {
	t.Helper()
	var out bytes.Buffer
	r := NewRenderer(take, &out, 1)
	ctx := context.Background()
	for len(l) > 0 || len(pauses) > 0 {
		var err error
		if len(l) == 0 || len(pauses) > 0 && turn() {
			err, pauses = r.Pause(ctx, pauses[0]), pauses[1:]
		} else {
			err, l = r.Edit(ctx, l[0]), l[1:]
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	res, err := r.Finish(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got := int64(out.Len() / take.Format().FrameBytes()); got != res.Frames {
		t.Fatalf("wrote %d frames, says %d", got, res.Frames)
	}
	return out.Bytes()
}

// TestRenderProperties holds the promises of an edit over random lists: length,
// bytes of every kept frame outside the seams, time map, playlist, and the same
// bytes whenever the pauses arrive.
func TestRenderProperties(t *testing.T) {
	const rate, n = 1000, 3000
	take := staircase(t, rate, n)
	rng := rand.New(rand.NewPCG(7, 1))
	lists := 10000
	if testing.Short() {
		lists = 1000
	}
	for round := range lists {
		l, pauses := randomList(rng, n), randomPauses(rng, n)
		if err := l.Validate(n); err != nil {
			t.Fatal(err)
		}
		out := render(t, take, l, pauses, func() bool { return false })
		again := render(t, take, l, pauses, func() bool { return rng.IntN(3) > 0 })
		if !bytes.Equal(out, again) {
			t.Fatalf("round %d: %v: the order in which pauses and edits arrive changes the output", round, l)
		}
		length := int64(n)
		for _, e := range l {
			length += e.Fill - (e.End - e.Start)
		}
		if int64(len(out)/4) != length || l.Length(n) != length {
			t.Fatalf("round %d: %v: %d frames, Length says %d, want %d", round, l, len(out)/4, l.Length(n), length)
		}
		checkRegions(t, l, n, length)
		checkFrames(t, l, n, pauses, out)
		last := int64(-1)
		for f := range int64(n) {
			at := l.Output(f)
			if at < last || at > length {
				t.Fatalf("round %d: %v: time map goes from %d to %d at frame %d", round, l, last, at, f)
			}
			last = at
		}
	}
}

// checkFrames holds every kept frame of a staircase against its place.
func checkFrames(t *testing.T, l List, n int64, pauses []Pause, out []byte) {
	t.Helper()
	// How far the seam of the edit reaches into what is kept.
	reach := func(i int) int64 {
		if i < 0 || i >= len(l) || l[i].Fill > 0 {
			return 0
		}
		inside := func(at int64) bool {
			return slices.ContainsFunc(pauses, func(p Pause) bool { return p.Start <= at && at <= p.End })
		}
		if inside(l[i].Start) && inside(l[i].End) {
			return 15
		}
		return 2
	}
	var pos int64
	shift := int64(0)
	for i := 0; i <= len(l); i++ {
		end := n
		if i < len(l) {
			end = l[i].Start
		}
		for f := pos + reach(i-1); f < end-reach(i); f++ {
			if got := int64(binary.LittleEndian.Uint32(out[4*(f+shift):])); got != f {
				t.Fatalf("%v: pauses %v: output frame %d holds %d, want %d", l, pauses, f+shift, got, f)
			}
			if got := l.Output(f); got != f+shift {
				t.Fatalf("%v: time map says %d for frame %d, it stands at %d", l, got, f, f+shift)
			}
		}
		if i < len(l) {
			pos = l[i].End
			shift += l[i].Fill - l[i].Len()
		}
	}
}

func checkRegions(t *testing.T, l List, n, length int64) {
	t.Helper()
	var out, taken, fills int64
	for _, r := range l.Regions(n) {
		if r.Out.Start != out || r.Out.Len() <= 0 {
			t.Fatalf("%v: region %v does not follow frame %d", l, r, out)
		}
		out = r.Out.End
		switch {
		case r.Tone():
			fills++
			if r.Out.Len() != l[r.Edit].Fill || r.Take != l[r.Edit].Span {
				t.Fatalf("%v: region %v is not its edit", l, r)
			}
		case r.Take.Start < taken || r.Take.Len() != r.Out.Len():
			t.Fatalf("%v: region %v", l, r)
		}
		taken = r.Take.End
	}
	if out != length {
		t.Fatalf("%v: regions end at %d, want %d", l, out, length)
	}
	for _, e := range l {
		if e.Fill > 0 {
			fills--
		}
	}
	if fills != 0 {
		t.Fatalf("%v: %d regions of tone too many", l, fills)
	}
}

// TestSeamsNeverOverlap: the seams of neighbouring cuts share no kept frame,
// and a joint that has room for a seam gets one.
func TestSeamsNeverOverlap(t *testing.T) {
	const rate, n = 1000, 3000
	rng := rand.New(rand.NewPCG(7, 2))
	for range 10000 {
		l, pauses := randomList(rng, n), randomPauses(rng, n)
		taken, last := int64(0), int64(0) // kept frames before taken belong to the seam of the edit that ends at last
		for i, e := range l {
			next := int64(n)
			if i+1 < len(l) {
				next = l[i+1].Start
			}
			half := int64(0)
			if e.Fill == 0 {
				half = halfSeam(e, taken, next, pauses, n, rate)
				if half == 0 && e.Start >= last+4 && next-e.End >= 4 && e.Start > 0 && e.End < n {
					t.Fatalf("%v: no seam at edit %d", l, i)
				}
			} else if left, right := fillSeams(e, pauses, n, rate); left+right > e.Fill || left < 0 || right < 0 || e.Start+left > n || e.End-right < 0 {
				t.Fatalf("%v: seams of %d and %d frames in edit %d", l, left, right, i)
			}
			if e.Start-half < taken {
				t.Fatalf("%v: seam of edit %d begins before frame %d", l, i, taken)
			}
			taken, last = e.End+half, e.End
			if taken > next {
				t.Fatalf("%v: seam of edit %d ends after frame %d", l, i, next)
			}
		}
	}
}

func TestEmptyListIsTheTake(t *testing.T) {
	for _, n := range []int{0, 1, 1000} {
		take := staircase(t, 48000, n)
		var out bytes.Buffer
		res, err := Render(context.Background(), take, nil, DetectOptions{}, 0, &out)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]byte, 4*n)
		if n > 0 {
			if _, err := take.ReadFrames(want, 0); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(out.Bytes(), want) || res.Frames != int64(n) {
			t.Errorf("%d frames: the empty list changes the take", n)
		}
	}
}

// TestRendererRefuses: edits that cannot be applied are errors, not damage.
func TestRendererRefuses(t *testing.T) {
	ctx := context.Background()
	take := staircase(t, 8000, 1000)
	for _, l := range []List{
		{{Span: Span{10, 5}}},
		{{Span: Span{-1, 5}}},
		{{Span: Span{5, 1001}}},
		{{Span: Span{5, 5}}},
		{{Span: Span{5, 5}, Fill: -1}},
		{{Span: Span{5, 9}}, {Span: Span{9, 10}}},
		{{Span: Span{5, 9}}, {Span: Span{7, 10}}},
	} {
		if err := l.Validate(1000); err == nil {
			t.Errorf("%v is valid", l)
		}
		var out bytes.Buffer
		if _, err := Render(ctx, take, l, DetectOptions{}, 0, &out); err == nil || out.Len() > 0 {
			t.Errorf("%v: error %v, %d bytes written", l, err, out.Len())
		}
		r := NewRenderer(take, &out, 0)
		var err error
		for _, e := range l {
			if err == nil {
				err = r.Edit(ctx, e)
			}
		}
		if err == nil {
			t.Errorf("%v: the renderer takes it", l)
		}
	}
}

// benchTake has 60 s of noise at -60 dBFS as 24-bit PCM and a pause every
// 2.4 s; only where tone is fetched from matters here.
func benchTake(b *testing.B) (*wav.Reader, []Pause) {
	const rate, n = 48000, 60 * 48000
	rng := rand.New(rand.NewPCG(1, 1))
	data := make([]byte, 3*n)
	for i := range n {
		v := uint32(int32(rng.NormFloat64() * 8388))
		data[3*i], data[3*i+1], data[3*i+2] = byte(v), byte(v>>8), byte(v>>16)
	}
	var pauses []Pause
	for at := int64(rate); at+2*rate < n; at += 2.4 * rate {
		p := Pause{Heard: Span{at, at + 8*rate/10}}
		p.Span = Span{at + 2880, p.Heard.End - 1440}
		p.At = (p.Start + p.End) / 2
		p.Tone = []Span{{p.Start + 1000, p.End - 2400}}
		pauses = append(pauses, p)
	}
	return takeOf(b, rate, 1, 24, data), pauses
}

// sink takes what is written as a wav.Writer does, kernel copies included, and
// keeps nothing.
type sink struct{ frames int64 }

func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) CopyFrames(_ *wav.Reader, _, n int64) error {
	s.frames += n
	return nil
}

// BenchmarkFill measures the room tone alone, per byte of fill.
func BenchmarkFill(b *testing.B) {
	take, pauses := benchTake(b)
	ctx := context.Background()
	var filled int64
	for b.Loop() {
		r := NewRenderer(take, &sink{}, 0)
		p := Planner{Rules: []Rule{{Verb: Scale, Factor: 3 * one / 2}}, RateHz: 48000, Frames: take.Frames(),
			Yield: func(e Edit) error { return r.Edit(ctx, e) }}
		for _, q := range pauses {
			if err := r.Pause(ctx, q); err != nil {
				b.Fatal(err)
			}
			if err := p.Pause(q); err != nil {
				b.Fatal(err)
			}
		}
		res, err := r.Finish(ctx)
		if err != nil {
			b.Fatal(err)
		}
		filled = res.Filled
	}
	b.SetBytes(3 * filled)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(filled), "ns/frame")
}
