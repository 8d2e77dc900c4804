package wav

import (
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math/bits"
	"slices"
)

// How many frames of audio go into one FLAC frame: of a file, and of a take that
// is being recorded, of which a crash costs what is not yet a whole FLAC frame.
const (
	flacBlock     = 4096
	flacTakeBlock = 1024
)

// flacWriter codes frames of audio (RFC 9639): fixed predictors, partitioned
// Rice codes, the better of four codings of stereo. That is what flac -2 does,
// a few per cent larger than its best.
type flacWriter struct {
	format Format
	size   int // frames of audio in a block
	put    func([]byte)
	sum    hash.Hash
	number uint64
	least  int // bytes of the smallest and the largest frame
	most   int

	pending []byte // less than a block of audio, as it stands in a WAV file
	native  []byte // as the MD5 sum is made of it
	planes  [][]int64
	half    [2][]int64 // middle and side
	out     bitWriter
}

// checkFLAC refuses what FLAC does not hold.
func checkFLAC(f Format) error {
	switch {
	case f.Encoding == Float:
		return fmt.Errorf("%v in FLAC, which holds integers only", f)
	case f.Channels > 8:
		return fmt.Errorf("%d channels in FLAC, which holds 8", f.Channels)
	case f.RateHz >= 1<<20:
		return fmt.Errorf("a rate of %d Hz in FLAC", f.RateHz)
	}
	return nil
}

func newFLACWriter(f Format, put func([]byte)) *flacWriter {
	return &flacWriter{format: f, size: flacBlock, put: put, sum: md5.New(), planes: make([][]int64, f.Channels)}
}

// write takes whole frames of audio.
func (w *flacWriter) write(p []byte) {
	block := w.size * w.format.FrameBytes()
	for len(p) > 0 {
		n := min(block-len(w.pending), len(p))
		w.pending, p = append(w.pending, p[:n]...), p[n:]
		if len(w.pending) == block {
			w.flush()
		}
	}
}

// flush codes what is pending.
func (w *flacWriter) flush() {
	f := w.format
	n := len(w.pending) / f.FrameBytes()
	if n == 0 {
		return
	}
	bytes := (f.Bits + 7) / 8
	w.native = grown(w.native, n*f.Channels*bytes)
	for c := range w.planes {
		w.planes[c] = sized(w.planes[c], n)
		load(w.planes[c], w.pending[c*f.SampleBytes:], f)
		store(w.native[c*bytes:], w.planes[c], f.Channels*bytes, bytes, 0, 0)
	}
	w.sum.Write(w.native)
	w.pending = w.pending[:0]

	b := &w.out
	b.p, b.acc, b.n = b.p[:0], 0, 0
	b.put(0xfff8, 16) // fixed block size
	code := uint64(7)
	if n == flacBlock || n == flacTakeBlock {
		code = uint64(8 + bits.TrailingZeros(uint(n)/256))
	}
	b.put(code, 4)
	b.put(0, 4) // the rate stands in STREAMINFO
	channels := uint64(f.Channels - 1)
	planes := w.planes
	if f.Channels == 2 {
		channels, planes = w.stereo(n)
	}
	b.put(channels, 4)
	b.put(uint64(flacWidths[f.Bits]), 3)
	b.put(0, 1)
	putFLACNumber(b, w.number)
	if code == 7 {
		b.put(uint64(n-1), 16)
	}
	b.put(uint64(crc8(b.p)), 8)
	for c, x := range planes {
		depth := uint(f.Bits)
		if channels == 8 && c == 1 || channels == 9 && c == 0 || channels == 10 && c == 1 {
			depth++
		}
		putSubframe(b, x, depth)
	}
	b.align()
	b.put(uint64(crc16(b.p)), 16)
	w.put(b.p)
	w.number++
	w.most = max(w.most, len(b.p))
	if w.least == 0 || len(b.p) < w.least {
		w.least = len(b.p)
	}
}

// flacWidths are the codes of the widths; others stand in STREAMINFO.
var flacWidths = map[int]int{8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7}

// load reads one channel; samples lie a frame apart.
func load(x []int64, p []byte, f Format) {
	step, size := f.FrameBytes(), f.SampleBytes
	left := uint(8*size - f.Bits)
	for i := range x {
		s := p[i*step:][:size]
		var v uint32
		for k, b := range s {
			v |= uint32(b) << (8 * (k + 4 - size))
		}
		if size == 1 {
			v ^= 1 << 31 // unsigned in a WAV file
		}
		x[i] = int64(int32(v)>>(8*(4-size))) >> left
	}
}

// putFLACNumber codes a number as UTF-8 codes characters.
func putFLACNumber(b *bitWriter, v uint64) {
	if v < 0x80 {
		b.put(v, 8)
		return
	}
	more := 1 // bytes behind the first
	for v>>(6*more+6-more) > 0 {
		more++
	}
	b.put(0xff<<(7-more)&0xff|v>>(6*more), 8)
	for more--; more >= 0; more-- {
		b.put(0x80|v>>(6*more)&0x3f, 8)
	}
}

// stereo chooses how two channels are coded: as they are, or one of them by
// its difference to the other or to both.
func (w *flacWriter) stereo(n int) (code uint64, planes [][]int64) {
	left, right := w.planes[0], w.planes[1]
	w.half[0], w.half[1] = sized(w.half[0], n), sized(w.half[1], n)
	mid, side := w.half[0], w.half[1]
	for i, l := range left {
		mid[i], side[i] = (l+right[i])>>1, l-right[i]
	}
	l, r, m, s := roughness(left), roughness(right), roughness(mid), roughness(side)
	best := min(l+r, l+s, s+r, m+s)
	switch best {
	case l + r:
		return 1, w.planes
	case m + s:
		return 10, [][]int64{mid, side}
	case l + s:
		return 8, [][]int64{left, side}
	}
	return 9, [][]int64{side, right}
}

// roughness foretells how many bits a channel will take.
func roughness(x []int64) uint64 {
	var sum uint64
	for i := 2; i < len(x); i++ {
		sum += magnitude(x[i] - 2*x[i-1] + x[i-2])
	}
	return uint64(len(x))*uint64(bits.Len64(sum/uint64(len(x))))<<16 + sum>>8
}

func magnitude(v int64) uint64 {
	return uint64(v ^ v>>63 + (v>>63)&1)
}

// putSubframe codes one channel. x is changed.
func putSubframe(b *bitWriter, x []int64, depth uint) {
	var used int64
	same := true
	for _, v := range x {
		used |= v
		same = same && v == x[0]
	}
	if same {
		b.put(0, 8)
		putWide(b, x[0], depth)
		return
	}
	wasted := uint(bits.TrailingZeros64(uint64(used)))
	if wasted > 0 {
		for i := range x {
			x[i] >>= wasted
		}
		depth -= wasted
	}
	kind := func(code uint64) {
		b.put(code, 7)
		if wasted == 0 {
			b.put(0, 1)
			return
		}
		b.put(1, 1)
		b.unary(uint64(wasted - 1))
	}
	order := fixedOrder(x)
	difference(x, order)
	plan := newRicePlan(x, order)
	if plan.cost+uint64(order)*uint64(depth) >= uint64(len(x))*uint64(depth) || depth > 27 && long(x[order:]) {
		undifference(x, order)
		kind(1)
		for _, v := range x {
			putWide(b, v, depth)
		}
		return
	}
	kind(8 + uint64(order))
	for _, v := range x[:order] {
		putWide(b, v, depth)
	}
	plan.put(b, x, order)
}

// putWide appends a sample, which may have 33 bits.
func putWide(b *bitWriter, v int64, depth uint) {
	if depth > 32 {
		b.put(uint64(v>>32), depth-32)
		depth = 32
	}
	b.put(uint64(v), depth)
}

// fixedOrder is the order of the fixed predictor that leaves least.
func fixedOrder(x []int64) int {
	if len(x) < 8 {
		return 0
	}
	var sums [5]uint64
	d := [4]int64{x[3], x[3] - x[2], x[3] - 2*x[2] + x[1], x[3] - 3*x[2] + 3*x[1] - x[0]}
	for _, v := range x[4:] {
		for k := range 4 {
			sums[k] += magnitude(v)
			v, d[k] = v-d[k], v
		}
		sums[4] += magnitude(v)
	}
	best := 0
	for k := range sums {
		if sums[k] < sums[best] {
			best = k
		}
	}
	return best
}

// long reports whether a residual has more than 32 bits.
func long(residuals []int64) bool {
	for _, v := range residuals {
		if v != int64(int32(v)) {
			return true
		}
	}
	return false
}

// difference replaces samples by what the fixed predictor leaves of them.
func difference(x []int64, order int) {
	for o := 1; o <= order; o++ {
		for i := len(x) - 1; i >= o; i-- {
			x[i] -= x[i-1]
		}
	}
	restoreWarmUp(x, order)
}

// restoreWarmUp makes samples of the differences at the beginning of x.
func restoreWarmUp(x []int64, order int) {
	for o := order - 1; o >= 1; o-- {
		for i := o; i < order; i++ {
			x[i] += x[i-1]
		}
	}
}

// ricePlan is how residuals are divided and coded.
type ricePlan struct {
	order      uint // 1<<order partitions
	parameters [64]uint8
	cost       uint64 // bits
}

// newRicePlan looks for the division that costs least.
func newRicePlan(x []int64, order int) ricePlan {
	finest := uint(0)
	for finest < 6 && len(x)%(2<<finest) == 0 && len(x)>>(finest+1) > order {
		finest++
	}
	var sums [64]uint64
	each := len(x) >> finest
	for p := range 1 << finest {
		part := x[p*each : (p+1)*each]
		if p == 0 {
			part = part[order:]
		}
		for _, v := range part {
			sums[p] += uint64(v<<1 ^ v>>63)
		}
	}
	best := ricePlan{cost: 1 << 62}
	for o := int(finest); o >= 0; o-- {
		plan := ricePlan{order: uint(o)}
		n := len(x) >> o
		for p := range 1 << o {
			count := uint64(n)
			if p == 0 {
				count -= uint64(order)
			}
			k := uint64(0)
			if count > 0 && sums[p] > count {
				k = min(uint64(bits.Len64(sums[p]/count)), 30)
				if k > 0 && (k-1+1)*count+sums[p]>>(k-1) < (k+1)*count+sums[p]>>k {
					k--
				}
			}
			plan.parameters[p] = uint8(k)
			plan.cost += 5 + (k+1)*count + sums[p]>>k
		}
		if plan.cost < best.cost {
			best = plan
		}
		for p := range 1 << o / 2 {
			sums[p] = sums[2*p] + sums[2*p+1]
		}
	}
	return best
}

// put codes residuals from order on.
func (r *ricePlan) put(b *bitWriter, x []int64, order int) {
	count := 1 << r.order
	width := uint(4)
	for _, k := range r.parameters[:count] {
		if k > 14 {
			width = 5
		}
	}
	b.put(uint64(width-4), 2)
	b.put(uint64(r.order), 4)
	each := len(x) >> r.order
	for p, k := range r.parameters[:count] {
		part := x[p*each : (p+1)*each]
		if p == 0 {
			part = part[order:]
		}
		b.put(uint64(k), width)
		for _, v := range part {
			u := uint64(v<<1 ^ v>>63)
			if high := u >> k; high+1+uint64(k) <= 32 {
				b.put(1<<k|u&(1<<k-1), uint(high)+1+uint(k))
			} else {
				b.unary(high)
				b.put(u, uint(k))
			}
		}
	}
}

// info is the content of STREAMINFO for so many frames of audio.
func (w *flacWriter) info(frames int64) []byte {
	block := min(max(16, frames), int64(w.size))
	b := binary.BigEndian.AppendUint16(nil, uint16(block))
	b = binary.BigEndian.AppendUint16(b, uint16(block))
	b = append(b, byte(w.least>>16), byte(w.least>>8), byte(w.least), byte(w.most>>16), byte(w.most>>8), byte(w.most))
	f := w.format
	b = binary.BigEndian.AppendUint64(b, uint64(f.RateHz)<<44|uint64(f.Channels-1)<<41|uint64(f.Bits-1)<<36|uint64(frames))
	return w.sum.Sum(b)
}

var errFLACLong = errors.New("FLAC counts no more than 2^36 frames")

// flacHeadBytes is where STREAMINFO's content ends: its place is fixed.
const flacHeadBytes = int64(len(flacMagic)) + 4 + flacInfoBytes

// newFLACHead makes the bytes before the frames; STREAMINFO is written at the
// end. Blocks of a FLAC take are carried over, with the places that they name
// moved, but for seek tables; with about, those that say such things are made
// of it. How many bytes that is depends neither on frames nor on moved.
func newFLACHead(take *Reader, about *About, frames int64, moved func(int64) int64) ([]byte, error) {
	var keep [][]byte
	block := func(kind byte, content []byte) {
		n := len(content)
		keep = append(keep, append([]byte{kind, byte(n >> 16), byte(n >> 8), byte(n)}, content...))
	}
	if about != nil && !(about.empty() && usualMask(take.format.Mask, take.format.Channels)) {
		a := *about
		a.Marks = slices.Clone(a.Marks)
		for i := range a.Marks {
			a.Marks[i].Frame = moved(a.Marks[i].Frame)
		}
		comments := a.commentBlock(take.format)
		if len(comments) > maxAbout-1 {
			return nil, errors.New("more words than a FLAC block holds")
		}
		if c := a.cueSheet(frames); c != nil {
			block(flacCueSheet, c)
		}
		block(flacComment, comments) // after the tracks, to which ffmpeg gives the names of chapters
		if a.Cover != nil {
			c := a.Cover.pictureBlock()
			if len(c) > maxAbout-1 {
				return nil, fmt.Errorf("a cover of %d bytes, more than a FLAC block holds", len(a.Cover.Bytes))
			}
			block(flacPicture, c)
		}
	}
	if take != nil && take.flac != nil {
		for _, c := range take.flac.blocks[1:] {
			b := make([]byte, 4+c.Size)
			if n, err := take.flac.from.ReadAt(b, c.At); n < len(b) {
				return nil, shrunk(err)
			}
			switch kind := b[0] & 0x7f; {
			case kind == flacSeekTable, about != nil && (kind == flacComment || kind == flacCueSheet || kind == flacPicture):
				continue
			case kind == flacApplication && c.Size >= 4 && foreign[string(b[4:8])]:
				continue
			case kind == flacComment:
				moveComments(b[4:], take.format.RateHz, moved)
			case kind == flacCueSheet:
				moveCueSheet(b[4:], frames, moved)
			}
			keep = append(keep, b)
		}
	}
	head := append([]byte(flacMagic), flacInfo, 0, 0, flacInfoBytes)
	head = append(head, make([]byte, flacInfoBytes)...)
	if len(keep) == 0 {
		head[4] |= 0x80
	}
	for i, b := range keep {
		b[0] &^= 0x80
		if i == len(keep)-1 {
			b[0] |= 0x80
		}
		head = append(head, b...)
	}
	return head, nil
}

// foreign are the applications whose blocks hold headers of the WAV or AIFF
// file that a FLAC file was made of; they would contradict other audio.
var foreign = map[string]bool{"riff": true, "aiff": true, "w64 ": true}
