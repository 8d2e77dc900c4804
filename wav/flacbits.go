package wav

import (
	"encoding/binary"
	"math/bits"
)

// bitReader reads bits, the highest first, from bytes in memory. Past their end
// it gives zeros and is short.
type bitReader struct {
	p     []byte
	pos   int    // next byte to load
	acc   uint64 // the next bits, from the top
	n     uint   // how many bits of acc are loaded
	short bool
}

func (b *bitReader) refill() {
	if b.pos+8 <= len(b.p) {
		b.acc |= binary.BigEndian.Uint64(b.p[b.pos:]) >> b.n
		whole := (64 - b.n) / 8
		b.pos += int(whole)
		b.n += 8 * whole
		return
	}
	for b.n <= 56 && b.pos < len(b.p) {
		b.acc |= uint64(b.p[b.pos]) << (56 - b.n)
		b.pos++
		b.n += 8
	}
}

// drop leaves out k bits that are loaded.
func (b *bitReader) drop(k uint) {
	b.acc <<= k
	b.n -= k
}

// read gives the next k bits, at most 56.
func (b *bitReader) read(k uint) uint64 {
	if b.n < k {
		if b.refill(); b.n < k {
			b.short, b.n, b.acc = true, 0, 0
			return 0
		}
	}
	v := b.acc >> (64 - k) // 0 for k = 0
	b.drop(k)
	return v
}

// signed gives the next k bits, at most 56, as two's complement.
func (b *bitReader) signed(k uint) int64 {
	return int64(b.read(k)<<(64-k)) >> (64 - k)
}

// unary counts the zeros before the next one.
func (b *bitReader) unary() uint64 {
	var zeros uint64
	for {
		if z := uint(bits.LeadingZeros64(b.acc)); z < b.n {
			b.drop(z + 1)
			return zeros + uint64(z)
		}
		zeros += uint64(b.n)
		b.acc, b.n = 0, 0
		if b.refill(); b.n == 0 {
			b.short = true
			return zeros
		}
	}
}

// align skips to the next whole byte and says which one it is.
func (b *bitReader) align() int {
	b.drop(b.n % 8)
	return b.pos - int(b.n/8)
}

// bitWriter appends bits, the highest first.
type bitWriter struct {
	p   []byte
	acc uint64 // the last n bits are not in p yet
	n   uint
}

// put appends the lowest k bits of v, at most 32.
func (b *bitWriter) put(v uint64, k uint) {
	b.acc = b.acc<<k | v&(1<<k-1)
	for b.n += k; b.n >= 8; {
		b.n -= 8
		b.p = append(b.p, byte(b.acc>>b.n))
	}
}

// unary appends so many zeros and a one.
func (b *bitWriter) unary(zeros uint64) {
	for ; zeros >= 32; zeros -= 32 {
		b.put(0, 32)
	}
	b.put(1, uint(zeros)+1)
}

func (b *bitWriter) align() {
	if b.n > 0 {
		b.put(0, 8-b.n)
	}
}

// The checksums of FLAC frames (RFC 9639, 9.1.8 and 9.3).
var (
	crc8Table  = crcTable(8, 0x07)
	crc16Table = crcTable(16, 0x8005)
)

func crcTable(width uint, polynomial uint16) (t [256]uint16) {
	top := uint16(1) << (width - 1)
	for i := range t {
		r := uint16(i) << (width - 8)
		for range 8 {
			if r&top != 0 {
				r = r<<1 ^ polynomial
			} else {
				r <<= 1
			}
		}
		t[i] = r & (top<<1 - 1)
	}
	return t
}

func crc8(p []byte) byte {
	var r byte
	for _, b := range p {
		r = byte(crc8Table[r^b])
	}
	return r
}

func crc16(p []byte) uint16 {
	var r uint16
	for _, b := range p {
		r = r<<8 ^ crc16Table[byte(r>>8)^b]
	}
	return r
}
