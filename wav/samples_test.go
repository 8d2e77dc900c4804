package wav

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// layouts are all ways a sample may be stored.
var layouts = []Format{
	{Bits: 8, SampleBytes: 1}, {Bits: 16, SampleBytes: 2}, {Bits: 24, SampleBytes: 3}, {Bits: 32, SampleBytes: 4},
	{Bits: 12, SampleBytes: 2}, {Bits: 20, SampleBytes: 3}, {Bits: 24, SampleBytes: 4},
	{Bits: 32, SampleBytes: 4, Encoding: Float}, {Bits: 64, SampleBytes: 8, Encoding: Float},
}

// bothOrders is each layout in little- and big-endian.
func bothOrders() (fs []Format) {
	for _, f := range layouts {
		fs = append(fs, f)
		f.BigEndian = true
		fs = append(fs, f)
	}
	return fs
}

// stored makes n legal samples: random bits, the unused low ones zero.
func stored(rng *rand.Rand, n int, f Format) []byte {
	p := make([]byte, n*f.SampleBytes)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	if unused := 8*f.SampleBytes - f.Bits; unused > 0 {
		for i := 0; i < len(p); i += f.SampleBytes {
			low := i
			if f.BigEndian {
				low = i + f.SampleBytes - 1
			}
			if unused >= 8 {
				p[low] = 0
			} else {
				p[low] &= 0xff << unused
			}
		}
	}
	return p
}

func TestDecodeEncodeGivesTheBytesBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range bothOrders() {
		for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 4097} {
			p := stored(rng, n, f)
			if f.Encoding == PCM && f.Bits <= 24 || f.Bits == 32 && f.Encoding == Float {
				checkRoundTrip[float32](t, p, n, f)
			}
			if f.Encoding == PCM || f.Bits == 64 {
				checkRoundTrip[float64](t, p, n, f)
			}
		}
	}
}

func checkRoundTrip[T float32 | float64](t *testing.T, p []byte, n int, f Format) {
	t.Helper()
	mid, back := make([]T, n), make([]byte, len(p))
	Decode(mid, p, f)
	Encode(back, mid, f)
	if string(back) != string(p) {
		t.Errorf("%v, %d samples through %T: bytes changed", f, n, mid)
	}
}

func TestDecodeValues(t *testing.T) {
	for _, c := range []struct {
		f    Format
		in   []byte
		want []float64
	}{
		{Format{Bits: 8, SampleBytes: 1}, []byte{0, 64, 128, 255}, []float64{-1, -0.5, 0, 127.0 / 128}},
		{Format{Bits: 16, SampleBytes: 2}, []byte{0, 0x80, 0, 0x40, 1, 0}, []float64{-1, 0.5, 1.0 / 32768}},
		{Format{Bits: 24, SampleBytes: 3}, []byte{0, 0, 0x80, 1, 0, 0, 0xff, 0xff, 0xff, 0, 0, 0x40, 2, 0, 0},
			[]float64{-1, 1.0 / (1 << 23), -1.0 / (1 << 23), 0.5, 2.0 / (1 << 23)}},
		{Format{Bits: 24, SampleBytes: 3, BigEndian: true}, []byte{0x80, 0, 0, 0, 0, 1}, []float64{-1, 1.0 / (1 << 23)}},
		{Format{Bits: 32, SampleBytes: 4}, []byte{0, 0, 0, 0x80, 1, 0, 0, 0}, []float64{-1, 1.0 / (1 << 31)}},
		{Format{Bits: 32, SampleBytes: 4, Encoding: Float}, []byte{0, 0, 0xc0, 0x3f}, []float64{1.5}},
	} {
		got := make([]float64, len(c.want))
		Decode(got, c.in, c.f)
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%v: got %v, want %v", c.f, got, c.want)
		}
	}
}

func TestEncodeRoundsAndClips(t *testing.T) {
	f := Format{Bits: 16, SampleBytes: 2}
	step := 1.0 / 32768
	in := []float64{1, 2, math.Inf(1), -1, -2, math.Inf(-1), math.NaN(), 0.49 * step, 0.51 * step, 1.5 * step, 2.5 * step, -0.51 * step}
	want := []float64{32767, 32767, 32767, -32768, -32768, -32768, 0, 0, 1, 2, 2, -1}
	p := make([]byte, 2*len(in))
	Encode(p, in, f)
	got := make([]float64, len(in))
	Decode(got, p, f)
	for i := range got {
		if got[i]*32768 != want[i] {
			t.Errorf("%v became %v, want %v", in[i], got[i]*32768, want[i])
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	const n = 1 << 16
	for _, f := range layouts {
		p := stored(rand.New(rand.NewPCG(1, 2)), n, f)
		b.Run(fmt.Sprintf("%s-%d/32", f, f.SampleBytes), func(b *testing.B) {
			dst := make([]float32, n)
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				Decode(dst, p, f)
			}
		})
		b.Run(fmt.Sprintf("%s-%d/64", f, f.SampleBytes), func(b *testing.B) {
			dst := make([]float64, n)
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				Decode(dst, p, f)
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	const n = 1 << 16
	for _, f := range layouts {
		src, p := make([]float32, n), make([]byte, n*f.SampleBytes)
		Decode(src, stored(rand.New(rand.NewPCG(1, 2)), n, f), f)
		b.Run(fmt.Sprintf("%s-%d", f, f.SampleBytes), func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				Encode(p, src, f)
			}
		})
	}
}

// Every bit of an exponent counts, wherever the sample stands.
func TestNotFinite(t *testing.T) {
	for _, f := range []Format{
		{Bits: 32, SampleBytes: 4, Encoding: Float}, {Bits: 64, SampleBytes: 8, Encoding: Float},
		{Bits: 32, SampleBytes: 4, Encoding: Float, BigEndian: true}, {Bits: 64, SampleBytes: 8, Encoding: Float, BigEndian: true},
	} {
		for n := range 9 {
			for at := range n {
				x := make([]float64, n)
				for i := range x {
					x[i] = float64(math.MaxFloat32)
				}
				raw := make([]byte, n*f.SampleBytes)
				Encode(raw, x, f)
				if count, _ := NotFinite(raw, f); count != 0 {
					t.Fatalf("%v: %d of %v", f, count, x)
				}
				for i, odd := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
					x[at], x[n-1] = odd, odd
					Encode(raw, x, f)
					want := int64(2)
					if at == n-1 {
						want = 1
					}
					if count, first := NotFinite(raw, f); count != want || first != at {
						t.Errorf("%v, odd number %d: %d from %d in %v", f, i, count, first, x)
					}
				}
			}
		}
	}
	pcm := Format{Bits: 32, SampleBytes: 4}
	if count, _ := NotFinite(bytes.Repeat([]byte{0xff}, 16), pcm); count != 0 {
		t.Errorf("%d of PCM are no numbers", count)
	}
}
