package editor

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"jackknife/wav"
)

// TestReversed: a part of a grain turned round holds the same frames, last
// first, whatever a frame's size.
func TestReversed(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for _, bytesEach := range []int{1, 2, 3, 4, 8} {
		for _, channels := range []int{1, 2, 3, 5} {
			size := bytesEach * channels
			raw := make([]byte, 50*size)
			for i := range raw {
				raw[i] = byte(rng.Uint32())
			}
			f := filler{format: wav.Format{Channels: channels, SampleBytes: bytesEach},
				pieces: []piece{{Span: Span{100, 150}, raw: raw}}, before: []grain{{Span: Span{100, 150}}}}
			for n := int64(1); n <= 40; n++ {
				got := f.reversed(nil, Span{105, 105 + n})
				var want []byte
				for i := 5 + int(n) - 1; i >= 5; i-- {
					want = append(want, raw[i*size:(i+1)*size]...)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("%d frames of %d bytes: %v, want %v", n, size, got, want)
				}
			}
		}
	}
}

// TestFillIsTheTake: most frames of a fill are frames of the take, to the bit.
func TestFillIsTheTake(t *testing.T) {
	const rate, frames = 48000, 20 * 48000
	x := make([]int32, frames)
	rng := rand.New(rand.NewPCG(11, 1))
	in := map[int32]bool{}
	for i := range x {
		x[i] = int32(rng.NormFloat64() * 2e6)
		in[x[i]] = true
	}
	pauses := roomPauses(frames)
	at := pauses[3].At
	out := render(t, memoryTake(t, rate, x), List{{Span: Span{at, at}, Fill: 4 * rate}}, pauses, func() bool { return true })
	same := 0
	for i := at; i < at+4*rate; i++ {
		if in[int32(binary.LittleEndian.Uint32(out[4*i:]))] {
			same++
		}
	}
	// By chance a tenth of any numbers so small would be among those of the take.
	if share := float64(same) / (4 * rate); share < 0.75 {
		t.Errorf("only %.0f %% of the frames are the take's", 100*share)
	}
}

// TestFillHasNoOddNumbers: what is not a number, or no sound, does not get into fills.
func TestFillHasNoOddNumbers(t *testing.T) {
	const frames = 12 * 48000
	f := wav.Format{RateHz: 48000, Channels: 1, Bits: 32, SampleBytes: 4, Encoding: wav.Float}
	name := filepath.Join(t.TempDir(), "take.wav")
	w, err := wav.Create(name, f)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float64, frames)
	rooms[0].make(x, rand.New(rand.NewPCG(1, 1)))
	pauses := roomPauses(frames)
	for i, p := range pauses {
		x[p.Tone[0].Start+20000] = [...]float64{math.NaN(), 1e30}[i%2]
	}
	raw := make([]byte, 4*frames)
	wav.Encode(raw, x, f)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	take, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer take.Close()
	at := pauses[2].At
	var out bytes.Buffer
	r := NewRenderer(take, &out, 0)
	defer r.Stop()
	ctx := context.Background()
	for _, p := range pauses {
		if err := r.Pause(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Edit(ctx, Edit{Span: Span{at, at}, Fill: 5 * 48000}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	for i := at; i < at+5*48000; i++ {
		if v := math.Float32frombits(binary.LittleEndian.Uint32(out.Bytes()[4*i:])); !(v > -1 && v < 1) {
			t.Fatalf("frame %d of the fill is %v", i-at, v)
		}
	}
}
