package editor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"jackknife/wav"
)

// bands is the number of frequency bands the detector looks at. They leave out
// DC, the fundamentals of hum, and rumble.
const bands = 13

var bandEdgesHz = [bands + 1]float64{90, 190, 290, 390, 600, 900, 1300, 1900, 2700, 3900, 5500, 7500, 10500, 15000}

// levels is one look at the take: a level per band. It is as wide as the
// vectors that fill it; what lies past bands means nothing.
type levels [16]float32

// looks are what the analyser saw in one channel of a stretch of the take.
type looks struct {
	fast, slow []levels  // dBFS, mean of 3 and of 9 looks around
	power      []float32 // of all bands together, full scale 1
}

// points is the length of the complex transform: it holds the window's samples
// two by two, padded with zeros.
const points = 256

// analyser measures the power in each band over 10 ms Hann windows every 5 ms.
// The signal is differentiated first, so that DC and rumble do not leak into
// the low bands; gain undoes that. Rates above 51.2 kHz are brought below it
// by halving.
//
// The arithmetic stands here in Go and in bands.c for vectors, operation by
// operation, so that both give the same bits. (float32(a*b) forbids fusing the
// product with a sum.)
type analyser struct {
	thin     int // frames a sample: 1, 2, 4...
	hop, win int // samples
	rows     int // of 32 samples that the window takes up
	window   [2 * points]float32
	twiddle  [2][points]float32       // cosine and sine of -2 pi row column / 256
	split    [2][points/2 + 1]float32 // cosine and sine of -2 pi k / 512
	bin      [bands + 1]int32         // first bin of each band
	gain     [bands]float32
}

func newAnalyser(rateHz int) *analyser {
	a := &analyser{thin: 1}
	for rateHz/a.thin > 100*2*points {
		a.thin *= 2
	}
	rate := float64(rateHz) / float64(a.thin)
	a.hop = int(math.Round(rate * 0.005))
	a.win = 2 * a.hop
	a.rows = (a.win + 31) / 32
	var power float64
	for i := range a.win {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(a.win))
		a.window[i] = float32(w)
		power += w * w
	}
	for r := range 16 {
		for c := range 16 {
			s, cos := math.Sincos(-2 * math.Pi * float64(r*c) / points)
			a.twiddle[0][16*r+c], a.twiddle[1][16*r+c] = float32(cos), float32(s)
		}
	}
	for k := range a.split[0] {
		s, c := math.Sincos(-math.Pi * float64(k) / points)
		a.split[0][k], a.split[1][k] = float32(c), float32(s)
	}
	hz := rate / (2 * points)
	for b, e := range bandEdgesHz {
		a.bin[b] = int32(math.Ceil(e / hz))
		if e >= 0.45*rate {
			a.bin[b] = a.bin[b-1] // an empty band never stands out
		}
	}
	for b := range bands {
		mid := math.Sqrt(bandEdgesHz[b] * bandEdgesHz[b+1])
		d := 2 * math.Sin(math.Pi*min(mid/rate, 0.5))
		// Both sides of the spectrum, a quarter of what spectrum gives, over the window's power.
		a.gain[b] = float32(2.0 / 4 / (2 * points * power * d * d))
	}
	return a
}

// step is the distance of two looks in frames.
func (a *analyser) step() int64 { return int64(a.hop) * int64(a.thin) }

// count is how many looks a take has.
func (a *analyser) count(frames int64) int64 { return frames/a.step() + 1 }

const (
	margin = 4   // looks either side that smoothing needs
	batch  = 160 // looks read at once: they stay in the processor's cache
)

// notFinite is how many samples of a stretch are NaN or infinite, and the frame of
// the first.
type notFinite struct{ samples, at int64 }

// look measures n looks from look first on in every channel, in the memory of out.
func (a *analyser) look(take *wav.Reader, first int64, n int, out []looks, b *bench) ([]looks, notFinite, error) {
	channels := take.Format().Channels
	var odd notFinite
	own := Span{first * a.step(), min((first+int64(n))*a.step(), take.Frames())} // what no other stretch counts
	b.single = slices.Grow(b.single[:0], channels)[:channels]
	for c := range b.single {
		b.single[c] = slices.Grow(b.single[c][:0], n+2*margin)[:n+2*margin]
	}
	for i, k := 0, 0; i < n+2*margin; i += k {
		// The last ones go with those before: alone they might all lie past the end.
		if k = n + 2*margin - i; k >= 2*batch {
			k = batch
		}
		if err := a.read(take, first-margin+int64(i), k, b); err != nil {
			return nil, odd, err
		}
		own.Start = odd.count(own, a.from(first-margin+int64(i)), b.raw, take.Format())
		for c := range channels {
			a.differences(take.Format(), c, k, b)
			a.measure(b.d, b.single[c][i:i+k])
		}
	}
	out = resize(out, channels)
	for c := range out {
		out[c] = looks{resize(out[c].fast, n), resize(out[c].slow, n), resize(out[c].power, n)}
		smooth(b.single[c], out[c])
	}
	return out, odd, nil
}

// count counts in that part of s which lies in raw, frames of the take from a frame
// on, and says up to where.
func (o *notFinite) count(s Span, from int64, raw []byte, f wav.Format) int64 {
	size := int64(f.FrameBytes())
	s.Start, s.End = max(s.Start, from), min(s.End, from+int64(len(raw))/size)
	if s.Start >= s.End {
		return s.Start
	}
	n, first := wav.NotFinite(raw[(s.Start-from)*size:(s.End-from)*size], f)
	if n > 0 && o.samples == 0 {
		o.at = s.Start + int64(first/f.Channels)
	}
	o.samples += n
	return s.End
}

// from is the first frame that a look sees, and one before it.
func (a *analyser) from(look int64) int64 { return look*a.step() - int64((a.win/2+1)*a.thin) }

// reach is how many samples k looks take in, and one before them.
func (a *analyser) reach(k int) int { return (k-1)*a.hop + 2*points + 1 }

// read fills b.raw with the frames that looks first to first+k see. What lies
// outside the take is the nearest frame inside.
func (a *analyser) read(take *wav.Reader, first int64, k int, b *bench) error {
	size := take.Format().FrameBytes()
	from := a.from(first)
	length := a.reach(k) * a.thin * size
	b.raw = slices.Grow(b.raw[:0], length)[:length]
	to := from + int64(len(b.raw)/size)
	start, end := max(from, 0), min(to, take.Frames())
	if start >= end {
		return fmt.Errorf("frames %d to %d: %w", from, to, io.ErrUnexpectedEOF)
	}
	for at := start; at < end; {
		got, err := take.ReadFrames(b.raw[int(at-from)*size:int(end-from)*size], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if got == 0 {
			return fmt.Errorf("frame %d: %w", at, io.ErrUnexpectedEOF)
		}
		at += int64(got)
	}
	for i := range int(start - from) {
		copy(b.raw[i*size:(i+1)*size], b.raw[int(start-from)*size:])
	}
	for i := int(end - from); i < int(to-from); i++ {
		copy(b.raw[i*size:(i+1)*size], b.raw[(i-1)*size:])
	}
	return nil
}

// differences fills b.d with the differences of neighbouring samples of channel
// c of b.raw, for k looks.
func (a *analyser) differences(f wav.Format, c, k int, b *bench) {
	n := a.reach(k) - 1
	b.d = slices.Grow(b.d[:0], n)[:n]
	plain := f.SampleBytes == 2 || f.SampleBytes == 3 || f.SampleBytes == 4 && f.Encoding == wav.Float
	if plain && !f.BigEndian && a.thin == 1 {
		differencesOf(b.raw[c*f.SampleBytes:], f.SampleBytes, f.FrameBytes(), b.d)
		return
	}
	count := len(b.raw) / f.SampleBytes
	b.samples = slices.Grow(b.samples[:0], count)[:count]
	if c == 0 {
		wav.Decode(b.samples, b.raw, f)
	}
	x := b.samples
	at := func(i int) float32 { return sound(x[min(max(i, 0), len(x)/f.Channels-1)*f.Channels+c]) }
	var last float32
	for i := range n + 1 {
		v := at(i * a.thin)
		if a.thin > 1 {
			v = 0
			for j := range a.thin {
				v += at(i*a.thin+j)*2 + at(i*a.thin+j-a.thin/2) + at(i*a.thin+j+a.thin/2)
			}
			v /= float32(4 * a.thin)
		}
		if i > 0 {
			b.d[i-1] = v - last
		}
		last = v
	}
}

// noSound is a level that garbage has, not sound.
const noSound = 1e6

// sound reads what is not a number, or no sound, as silence.
func sound(x float32) float32 {
	if x > -noSound && x < noSound {
		return x
	}
	return 0
}

// differencesGo is differencesOf in Go: raw holds samples stride bytes apart, of
// 2 or 3 bytes, or of 4 if they are floats.
func differencesGo(raw []byte, bytes, stride int, d []float32) {
	switch bytes {
	case 2:
		last := int32(int16(binary.LittleEndian.Uint16(raw)))
		for i := range d {
			x := int32(int16(binary.LittleEndian.Uint16(raw[(i+1)*stride:])))
			d[i] = float32(x-last) * (1.0 / (1 << 15))
			last = x
		}
	case 3:
		value := func(p []byte) int32 { return int32(uint32(p[0])<<8|uint32(p[1])<<16|uint32(p[2])<<24) >> 8 }
		last := value(raw)
		for i := range d {
			x := value(raw[(i+1)*stride:])
			d[i] = float32(x-last) * (1.0 / (1 << 23))
			last = x
		}
	case 4:
		last := sound(math.Float32frombits(binary.LittleEndian.Uint32(raw)))
		for i := range d {
			x := sound(math.Float32frombits(binary.LittleEndian.Uint32(raw[(i+1)*stride:])))
			d[i] = x - last
			last = x
		}
	}
}

// measureGo is measure in Go: the power of every band in len(single) looks,
// the first of which begins at d[0].
func (a *analyser) measureGo(d []float32, single []levels) {
	var power [points + 1]float32
	for i := range single {
		a.spectrum(d[i*a.hop:], &power)
		for b := range bands {
			var sum float32
			for _, p := range power[a.bin[b]:a.bin[b+1]] {
				sum += p
			}
			single[i][b] = sum * a.gain[b]
		}
		clear(single[i][bands:])
	}
}

// spectrum is four times the power in every bin of the window that begins at
// d[0]: 256 complex points, as 16 rows of 16 transformed down the columns,
// twisted, and transformed along the rows (D. H. Bailey, FFTs in external or
// hierarchical memory, 1990); then even and odd samples are told apart.
func (a *analyser) spectrum(d []float32, power *[points + 1]float32) {
	var re, im, zr, zi [points]float32
	var x, y [16]float32
	for c := range 16 {
		for r := range 16 {
			x[r], y[r] = 0, 0
			if r < a.rows {
				k := 32*r + 2*c
				x[r], y[r] = d[k]*a.window[k], d[k+1]*a.window[k+1]
			}
		}
		sixteen(&x, &y)
		for k := range 16 {
			p := 4*(k%4) + k/4
			cs, sn := a.twiddle[0][16*k+c], a.twiddle[1][16*k+c]
			re[16*k+c] = float32(x[p]*cs) - float32(y[p]*sn)
			im[16*k+c] = float32(x[p]*sn) + float32(y[p]*cs)
		}
	}
	for k := range 16 {
		copy(x[:], re[16*k:])
		copy(y[:], im[16*k:])
		sixteen(&x, &y)
		for j := range 16 {
			p := 4*(j%4) + j/4
			zr[16*j+k], zi[16*j+k] = x[p], y[p]
		}
	}
	for k := 1; k <= points/2; k++ {
		ar, ai, br, bi := zr[k], zi[k], zr[points-k], zi[points-k]
		er, ei, or, oi := ar+br, ai-bi, ai+bi, br-ar
		cs, sn := a.split[0][k], a.split[1][k]
		tr, ti := float32(or*cs)-float32(oi*sn), float32(oi*cs)+float32(or*sn)
		xr, xi := er+tr, ei+ti
		power[k] = float32(xr*xr) + float32(xi*xi)
		xr, xi = er-tr, ei-ti
		power[points-k] = float32(xr*xr) + float32(xi*xi)
	}
}

// sixteen is a transform of 16 points in place, radix 4; bin k is left at
// 4 (k mod 4) + k / 4.
func sixteen(re, im *[16]float32) {
	const cos1, sin1, half = 0.9238795325112867, 0.3826834323650898, 0.7071067811865476
	four(re, im, 0, 4, 8, 12)
	four(re, im, 1, 5, 9, 13)
	four(re, im, 2, 6, 10, 14)
	four(re, im, 3, 7, 11, 15)
	turn(re, im, 5, cos1, -sin1)
	turn(re, im, 9, half, -half)
	turn(re, im, 13, sin1, -cos1)
	turn(re, im, 6, half, -half)
	re[10], im[10] = im[10], -re[10]
	turn(re, im, 14, -half, -half)
	turn(re, im, 7, sin1, -cos1)
	turn(re, im, 11, -half, -half)
	turn(re, im, 15, -cos1, sin1)
	four(re, im, 0, 1, 2, 3)
	four(re, im, 4, 5, 6, 7)
	four(re, im, 8, 9, 10, 11)
	four(re, im, 12, 13, 14, 15)
}

func four(re, im *[16]float32, a, b, c, d int) {
	ar, ai := re[a]+re[c], im[a]+im[c]
	br, bi := re[a]-re[c], im[a]-im[c]
	cr, ci := re[b]+re[d], im[b]+im[d]
	dr, di := im[b]-im[d], re[d]-re[b]
	re[a], im[a] = ar+cr, ai+ci
	re[b], im[b] = br+dr, bi+di
	re[c], im[c] = ar-cr, ai-ci
	re[d], im[d] = br-dr, bi-di
}

func turn(re, im *[16]float32, p int, c, s float32) {
	x, y := re[p], im[p]
	re[p] = float32(x*c) - float32(y*s)
	im[p] = float32(x*s) + float32(y*c)
}

// smoothGo is smooth in Go: single has margin looks more at either end than l.
func smoothGo(single []levels, l looks) {
	for i := range l.power {
		s := single[i : i+2*margin+1]
		for b := range levels(s[0]) {
			three := s[3][b] + s[4][b] + s[5][b]
			outer := (s[0][b] + s[8][b]) + (s[1][b] + s[7][b]) + (s[2][b] + s[6][b])
			l.fast[i][b] = decibels(float32(three*(1.0/3)) + 1e-14)
			l.slow[i][b] = decibels(float32((three+outer)*(1.0/9)) + 1e-14)
		}
		m := s[4]
		for h := len(m) / 2; h > 0; h /= 2 {
			for b := range h {
				m[b] += m[b+h]
			}
		}
		l.power[i] = m[0]
	}
}

// decibels is 10 log10(power), good to 0.0002 dB.
func decibels(power float32) float32 {
	b := math.Float32bits(power)
	m := math.Float32frombits(b&0x7fffff|0x3f800000) - 1
	log2 := m * (1.4426157 + float32(m*(-0.7170639+float32(m*(0.4422742+float32(m*(-0.2277126+float32(m*0.0599456))))))))
	return 3.0103 * (float32(int32(b)>>23-127) + log2)
}
