package wav

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// FLAC is read after RFC 9639. Beside the audio every promise of the file is
// checked: the checksums of headers and frames, the order of the frames, their
// number, and the MD5 sum of the samples.

const (
	flacMagic      = "fLaC"
	flacInfoBytes  = 34
	flacMostBlocks = 10_000
	flacWindow     = 1 << 20
	flacMostWindow = 16 << 20 // more than the largest frame there can be
)

// Types of metadata blocks.
const (
	flacInfo        = 0
	flacApplication = 2
	flacSeekTable   = 3
	flacComment     = 4
	flacCueSheet    = 5
	flacPicture     = 6
)

var flacBlockNames = []string{"STREAMINFO", "PADDING", "APPLICATION", "SEEKTABLE", "VORBIS_COMMENT", "CUESHEET", "PICTURE"}

// flacHead is what stands before the frames of a FLAC file.
type flacHead struct {
	from                   io.ReaderAt
	rateHz, channels, bits int
	total                  int64 // frames of audio; 0 = the file does not say
	sum                    [md5.Size]byte
	blocks                 []Chunk // with their four bytes of header, as Chunk has it
	audio                  int64   // first byte of the first frame
}

// parseFLACHead reads the metadata up to the first frame.
func parseFLACHead(s *scanner) (*flacHead, error) {
	h := &flacHead{from: s.r}
	at := int64(0)
	if b := s.bytes(0, 10); b != nil && string(b[:3]) == "ID3" {
		at = 10 + int64(b[6]&0x7f)<<21 + int64(b[7]&0x7f)<<14 + int64(b[8]&0x7f)<<7 + int64(b[9]&0x7f)
	}
	if b := s.bytes(at, 4); b == nil || string(b) != flacMagic {
		return nil, errors.New("no FLAC header")
	}
	at += 4
	for last := false; !last; {
		b := s.bytes(at, 4)
		if b == nil {
			return nil, fmt.Errorf("cut off in the metadata at byte %d", at)
		}
		kind, size := b[0]&0x7f, int64(b[1])<<16|int64(b[2])<<8|int64(b[3])
		last = b[0]&0x80 != 0
		name := fmt.Sprintf("block %d", kind)
		if int(kind) < len(flacBlockNames) {
			name = flacBlockNames[kind]
		}
		switch {
		case size > s.size-at-4:
			return nil, fmt.Errorf("%s at byte %d claims %d bytes, file has %d", name, at, size, s.size-at-4)
		case kind == 127:
			return nil, fmt.Errorf("metadata of an invalid type at byte %d", at)
		case (kind == flacInfo) != (len(h.blocks) == 0), kind == flacInfo && size != flacInfoBytes:
			return nil, fmt.Errorf("%s of %d bytes at byte %d is out of place", name, size, at)
		case len(h.blocks) == flacMostBlocks:
			return nil, fmt.Errorf("more than %d blocks of metadata", flacMostBlocks)
		}
		h.blocks = append(h.blocks, Chunk{name, at, at + 4, size})
		at += 4 + size
	}
	b := s.bytes(h.blocks[0].Body, flacInfoBytes)
	if b == nil {
		return nil, s.err
	}
	v := binary.BigEndian.Uint64(b[10:])
	h.rateHz, h.channels, h.bits = int(v>>44), int(v>>41&7)+1, int(v>>36&31)+1
	h.total = int64(v & (1<<36 - 1))
	copy(h.sum[:], b[18:])
	h.audio = at
	return h, nil
}

// format is how the audio stands in a WAV file.
func (h *flacHead) format() Format {
	f := Format{RateHz: h.rateHz, Channels: h.channels, Bits: h.bits, SampleBytes: (h.bits + 7) / 8}
	f.Mask = h.mask()
	return f
}

// flacMasks are the speakers of so many channels (RFC 9639, 9.1.3).
var flacMasks = [...]uint32{3: 0x07, 4: 0x33, 5: 0x607, 6: 0x60f, 7: 0x70f, 8: 0x63f}

// decodeFLAC decodes a file into a scratch file near a folder; a damaged one up
// to the damage, if that shall be kept.
func decodeFLAC(ctx context.Context, file io.ReaderAt, size int64, near string, keep bool) (*Reader, error) {
	s := &scanner{r: file, size: size}
	h, err := parseFLACHead(s)
	if s.err != nil {
		err = s.err
	}
	if err != nil {
		return nil, err
	}
	f := h.format()
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("cannot read %w", err)
	}
	w, err := createScratch(f, near)
	if err != nil {
		return nil, err
	}
	d := &flacDecoder{flacHead: h, r: file, size: size, at: h.audio}
	damage := ""
	if err = d.decode(ctx, w, f); keep && errors.Is(err, ErrDamaged) {
		damage = err.Error()
	} else if err != nil {
		w.Abort()
		return nil, err
	}
	r, err := w.decoded("FLAC")
	if err != nil {
		w.Abort()
		return nil, err
	}
	r.flac, r.chunks, r.notes, r.damage = h, h.blocks, d.notes, damage
	return r, nil
}

// flacDecoder goes through the frames of one file.
type flacDecoder struct {
	*flacHead
	r      io.ReaderAt
	size   int64
	window []byte // of the file, from at on
	at     int64  // byte of the next frame
	done   int64  // frames of audio decoded
	block  int64  // frames of audio in the first frame
	notes  []string

	planes [][]int64 // decoded samples of a frame, channel by channel
}

var errFLACShort = errors.New("the file ends inside it")

// damage places an error.
func (d *flacDecoder) damage(err error) error {
	return damaged(fmt.Sprintf("frame at byte %d, after %d frames of audio: %v", d.at, d.done, err))
}

func (d *flacDecoder) decode(ctx context.Context, w *Writer, f Format) error {
	sum := md5.New()
	var raw, native []byte
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, used, err := d.next()
		if err == io.EOF {
			break
		}
		if err != nil && d.total > 0 && d.done == d.total || err != nil && d.tag() {
			d.notes = append(d.notes, fmt.Sprintf("%d bytes behind the last frame at byte %d are not read", d.size-d.at, d.at))
			break
		}
		if err != nil {
			return d.damage(err)
		}
		raw, native = d.interleave(n, raw, native, f)
		sum.Write(native)
		if _, err := w.Write(raw); err != nil {
			return err
		}
		d.done += int64(n)
		d.at += int64(used)
		d.window = d.window[used:]
	}
	known := d.sum != [md5.Size]byte{}
	equal := bytes.Equal(sum.Sum(nil), d.sum[:])
	switch {
	case known && !equal && d.done == d.total:
		return damaged("the audio is not what was put in: its MD5 sum differs from the file's")
	case d.total > 0 && d.done != d.total && !(known && equal):
		return damaged(fmt.Sprintf("the header claims %d frames, file has %d", d.total, d.done))
	case d.total > 0 && d.done != d.total:
		d.notes = append(d.notes, fmt.Sprintf("the header claims %d frames, the audio has %d", d.total, d.done))
	case known && !equal:
		return damaged("the audio is not what was put in: its MD5 sum differs from the file's")
	}
	if !known {
		d.notes = append(d.notes, "no MD5 sum to check the audio by")
	}
	return nil
}

// tag reports whether an ID3v1 tag is all that follows.
func (d *flacDecoder) tag() bool {
	return d.size-d.at == 128 && bytes.HasPrefix(d.window, []byte("TAG"))
}

// next decodes the next frame into the planes and says how many frames of
// audio and how many bytes it has.
func (d *flacDecoder) next() (n, used int, err error) {
	if len(d.window) < flacWindow/2 {
		if err := d.fill(flacWindow); err != nil {
			return 0, 0, err
		}
	}
	for {
		if len(d.window) == 0 {
			return 0, 0, io.EOF
		}
		n, used, err = d.frame(d.window)
		if err != errFLACShort || int64(len(d.window)) == d.size-d.at || len(d.window) >= flacMostWindow {
			return n, used, err
		}
		if err := d.fill(2 * len(d.window)); err != nil {
			return 0, 0, err
		}
	}
}

// fill makes the window so long, or as long as the file lasts.
func (d *flacDecoder) fill(want int) error {
	have := len(d.window)
	want = int(min(int64(want), d.size-d.at))
	if have >= want {
		return nil
	}
	window := make([]byte, want)
	copy(window, d.window)
	if got, err := d.r.ReadAt(window[have:], d.at+int64(have)); got < want-have {
		return shrunk(err)
	}
	d.window = window
	return nil
}

// frame decodes one frame from the beginning of p.
func (d *flacDecoder) frame(p []byte) (n, used int, err error) {
	b := &bitReader{p: p}
	if b.read(15) != 0x7ffc {
		if len(p) < 2 {
			return 0, 0, errFLACShort
		}
		return 0, 0, errors.New("no frame begins here")
	}
	variable := b.read(1) == 1
	blockCode, rateCode, channelCode, bitsCode := b.read(4), b.read(4), b.read(4), b.read(3)
	reserved := b.read(1)
	number, ok := flacNumber(b)
	switch {
	case blockCode == 0:
		ok = false
	case blockCode == 1:
		n = 192
	case blockCode <= 5:
		n = 576 << (blockCode - 2)
	case blockCode == 6:
		n = int(b.read(8)) + 1
	case blockCode == 7:
		n = int(b.read(16)) + 1
	default:
		n = 256 << (blockCode - 8)
	}
	rate := d.rateHz
	switch rateCode {
	case 0:
	case 12:
		rate = int(b.read(8)) * 1000
	case 13:
		rate = int(b.read(16))
	case 14:
		rate = int(b.read(16)) * 10
	case 15:
		ok = false
	default:
		rate = [...]int{1: 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000}[rateCode]
	}
	head := b.align()
	sum := byte(b.read(8))
	switch {
	case b.short:
		return 0, 0, errFLACShort
	case crc8(p[:head]) != sum:
		return 0, 0, errors.New("its header's checksum (CRC-8) is wrong")
	case !ok || reserved != 0 || bitsCode == 3 || channelCode > 10:
		return 0, 0, errors.New("a reserved header")
	}
	channels, width := int(channelCode)+1, [...]int{0, 8, 12, 0, 16, 20, 24, 32}[bitsCode]
	if channelCode > 7 {
		channels = 2
	}
	if width == 0 {
		width = d.bits
	}
	if channels != d.channels || width != d.bits || rate != d.rateHz {
		return 0, 0, fmt.Errorf("%d channels of %d bits at %d Hz, the header says %d of %d at %d Hz", channels, width, rate, d.channels, d.bits, d.rateHz)
	}
	if d.done == 0 {
		d.block = int64(n)
	}
	if !variable {
		number *= d.block
	}
	if number != d.done {
		return 0, 0, fmt.Errorf("it is the one after %d frames of audio: what lies between is missing", number)
	}
	if d.planes == nil {
		d.planes = make([][]int64, channels)
	}
	for c := range d.planes {
		d.planes[c] = sized(d.planes[c], n)
		depth := uint(width)
		if channelCode == 8 && c == 1 || channelCode == 9 && c == 0 || channelCode == 10 && c == 1 {
			depth++
		}
		if err := subframe(b, d.planes[c], depth); err != nil {
			return 0, 0, err
		}
	}
	end := b.align()
	check := uint16(b.read(16))
	if b.short {
		return 0, 0, errFLACShort
	}
	if crc16(p[:end]) != check {
		return 0, 0, errors.New("its checksum (CRC-16) is wrong")
	}
	d.join(channelCode)
	return n, end + 2, nil
}

// sized is a slice of n elements, in the memory of p if it is large enough.
func sized(p []int64, n int) []int64 {
	if cap(p) < n {
		return make([]int64, n)
	}
	return p[:n]
}

// flacNumber reads a number coded as UTF-8 codes characters, with up to 36 bits.
func flacNumber(b *bitReader) (int64, bool) {
	first := b.read(8)
	more := 0
	for first<<more&0x80 != 0 {
		more++
	}
	switch {
	case more == 0:
		return int64(first), true
	case more == 1 || more > 7:
		return 0, false
	}
	v := first & (1<<(7-more) - 1)
	for range more - 1 {
		next := b.read(8)
		if next>>6 != 2 {
			return 0, false
		}
		v = v<<6 | next&0x3f
	}
	return int64(v), true
}

// join makes left and right of a stereo frame's coded channels.
func (d *flacDecoder) join(code uint64) {
	if code < 8 {
		return
	}
	a, b := d.planes[0], d.planes[1]
	b = b[:len(a)]
	switch code {
	case 8: // left, left - right
		for i, l := range a {
			b[i] = l - b[i]
		}
	case 9: // left - right, right
		for i, r := range b {
			a[i] += r
		}
	case 10: // half the sum, left - right
		for i, side := range b {
			mid := a[i]<<1 | side&1
			a[i], b[i] = (mid+side)>>1, (mid-side)>>1
		}
	}
}

// subframe decodes one channel of a frame.
func subframe(b *bitReader, x []int64, depth uint) error {
	kind := b.read(7) // the first bit is reserved: 0
	wasted := uint(0)
	if b.read(1) == 1 {
		w := b.unary() + 1
		if w >= uint64(depth) {
			return flacBad(b, "no bits left")
		}
		wasted = uint(w)
		depth -= wasted
	}
	order := 0
	switch {
	case kind == 0:
		v := b.signed(depth)
		for i := range x {
			x[i] = v
		}
	case kind == 1:
		for i := range x {
			x[i] = b.signed(depth)
		}
	case kind >= 8 && kind <= 12:
		order = int(kind - 8)
	case kind >= 32 && kind < 64:
		order = int(kind-32) + 1
	default:
		return flacBad(b, "a reserved kind of subframe")
	}
	if kind >= 8 {
		if order > len(x) {
			return flacBad(b, "fewer samples than its predictor needs")
		}
		for i := range order {
			x[i] = b.signed(depth)
		}
		if err := predicted(b, x, order, kind >= 32); err != nil {
			return err
		}
	}
	if b.short {
		return errFLACShort
	}
	for i := range x {
		x[i] <<= wasted
	}
	return nil
}

// flacBad is an error about bits that were read, if they were there at all.
func flacBad(b *bitReader, what string) error {
	if b.short {
		return errFLACShort
	}
	return errors.New(what)
}

// predicted decodes the samples behind the warm-up of a predicted subframe.
func predicted(b *bitReader, x []int64, order int, linear bool) error {
	var coefficients [32]int64
	var shift uint
	if linear {
		precision := uint(b.read(4)) + 1
		s := b.signed(5)
		if precision == 16 || s < 0 {
			return flacBad(b, "an invalid predictor")
		}
		shift = uint(s)
		for i := range order {
			coefficients[i] = b.signed(precision)
		}
	}
	if err := residuals(b, x, order); err != nil {
		return err
	}
	if linear {
		c := coefficients[:order]
		for i := order; i < len(x); i++ {
			past := x[i-order : i]
			sum := int64(0)
			for j, v := range past {
				sum += v * c[order-1-j]
			}
			x[i] += sum >> shift
		}
		return nil
	}
	undifference(x, order)
	return nil
}

// undifference makes samples of what a fixed predictor leaves, the first ones
// being samples already.
func undifference(x []int64, order int) {
	switch order {
	case 1:
		for i := 1; i < len(x); i++ {
			x[i] += x[i-1]
		}
	case 2:
		for i := 2; i < len(x); i++ {
			x[i] += 2*x[i-1] - x[i-2]
		}
	case 3:
		for i := 3; i < len(x); i++ {
			x[i] += 3*x[i-1] - 3*x[i-2] + x[i-3]
		}
	case 4:
		for i := 4; i < len(x); i++ {
			x[i] += 4*x[i-1] - 6*x[i-2] + 4*x[i-3] - x[i-4]
		}
	}
}

// residuals reads what the predictor did not foretell into x, from order on.
func residuals(b *bitReader, x []int64, order int) error {
	method, partitions := b.read(2), 1<<b.read(4)
	if method > 1 {
		return flacBad(b, "a reserved coding of residuals")
	}
	each := len(x) / partitions
	if each*partitions != len(x) || each < order {
		return flacBad(b, "partitions that do not fit")
	}
	width := uint(4 + method)
	for p := range partitions {
		part := x[p*each : (p+1)*each]
		if p == 0 {
			part = part[order:]
		}
		k := uint(b.read(width))
		if k == 1<<width-1 { // not coded
			k = uint(b.read(5))
			for i := range part {
				part[i] = b.signed(k)
			}
			continue
		}
		for i := range part {
			v := b.unary()
			if v > 1<<32>>k {
				return flacBad(b, "a residual of more than 32 bits")
			}
			v = v<<k | b.read(k)
			part[i] = int64(v>>1) ^ -int64(v&1)
		}
		if b.short {
			return errFLACShort
		}
	}
	return nil
}

// interleave stores a frame as a WAV file has it (raw) and as the MD5 sum is
// made of it (native): signed, and not left-justified.
func (d *flacDecoder) interleave(n int, raw, native []byte, f Format) (_, _ []byte) {
	size := f.SampleBytes
	native = grown(native, n*f.FrameBytes())
	for c, plane := range d.planes {
		store(native[c*size:], plane[:n], f.FrameBytes(), size, 0, 0)
	}
	if size > 1 && f.Bits == 8*size {
		return native, native
	}
	raw = grown(raw, len(native))
	for c, plane := range d.planes {
		bias := int64(0)
		if size == 1 {
			bias = 128
		}
		store(raw[c*size:], plane[:n], f.FrameBytes(), size, uint(8*size-f.Bits), bias)
	}
	return raw, native
}

func grown(p []byte, n int) []byte {
	if cap(p) < n {
		return make([]byte, n)
	}
	return p[:n]
}

// store writes samples of one channel, step bytes apart.
func store(dst []byte, x []int64, step, size int, left uint, bias int64) {
	at := 0
	for _, v := range x {
		v = v<<left + bias
		for k := range size {
			dst[at+k] = byte(v >> (8 * k))
		}
		at += step
	}
}
