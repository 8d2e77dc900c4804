package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// Format tags, and the tails of the EXTENSIBLE sub-formats that begin with one.
const (
	tagPCM        = 1
	tagFloat      = 3
	tagExtensible = 0xfffe
)

var (
	guidTail    = []byte("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71")
	guidTailAMB = []byte("\x00\x00\x21\x07\xd3\x11\x86\x44\xc8\xc1\xca\x00\x00\x00") // Ambisonic B-format
)

// coded names format tags that hold coded audio.
var coded = map[uint16]string{
	0x02: "MS ADPCM", 0x06: "A-law", 0x07: "µ-law", 0x11: "IMA ADPCM", 0x31: "GSM 6.10", 0x50: "MPEG",
	0x55: "MP3", 0xff: "AAC", 0x161: "WMA", 0x162: "WMA Pro", 0x674f: "Vorbis", 0xf1ac: "FLAC",
}

// parseFormat reads the content of a fmt chunk.
func (l *layout) parseFormat(b []byte) error {
	if len(b) < 16 {
		return fmt.Errorf("fmt chunk of %d bytes, needs 16", len(b))
	}
	o := l.order()
	tag, channels, rate := o.Uint16(b), int(o.Uint16(b[2:])), o.Uint32(b[4:])
	byteRate, frame, valid := o.Uint32(b[8:]), int(o.Uint16(b[12:])), int(o.Uint16(b[14:]))
	f := Format{RateHz: int(rate), Channels: channels, Bits: valid, SampleBytes: (valid + 7) / 8, BigEndian: l.format.BigEndian}
	if channels == 0 {
		return errors.New("fmt chunk says 0 channels")
	}
	extensible := false
	switch {
	case tag == tagExtensible && len(b) < 40:
		l.notef("EXTENSIBLE fmt chunk of %d bytes, needs 40: taken as plain PCM", len(b))
		tag = tagPCM
	case tag == tagExtensible:
		extensible = true
		tag = o.Uint16(b[24:])
		if tail := b[26:40]; !bytes.Equal(tail, guidTail) && !bytes.Equal(tail, guidTailAMB) &&
			!(l.format.BigEndian && bytes.Equal(tail, guidTailBE)) {
			return fmt.Errorf("EXTENSIBLE sub-format %x: %w", b[24:40], errNotRead)
		}
		f.Mask = o.Uint32(b[20:])
		if n := bits.OnesCount32(f.Mask); n > channels {
			l.notef("channel mask of %d speakers for %d channels", n, channels)
		}
		switch v := int(o.Uint16(b[18:])); {
		case v == 0 || v > valid:
			l.notef("%d valid bits in samples of %d: taken as %d", v, valid, valid)
		default:
			f.Bits = v
		}
	case len(b) >= 18 && 18+int(o.Uint16(b[16:])) > len(b):
		l.notef("fmt chunk of %d bytes claims an extension of %d", len(b), o.Uint16(b[16:]))
	}
	switch tag {
	case tagPCM:
	case tagFloat:
		f.Encoding = Float
	default:
		name, ok := coded[tag]
		if !ok {
			return fmt.Errorf("format tag 0x%04x: %w", tag, errNotRead)
		}
		return &codedError{kind: name, text: fmt.Sprintf("%s: %v", name, errNotRead)}
	}
	switch want := f.FrameBytes(); {
	case frame == want:
	case frame == 0:
		l.notef("fmt chunk says 0 bytes a frame: taken as %d", want)
	case f.Encoding == PCM && frame > want && frame%channels == 0:
		f.SampleBytes = frame / channels
		l.notef("%d-bit samples in %d bytes", valid, f.SampleBytes)
	default:
		return fmt.Errorf("fmt chunk contradicts itself: %d bytes a frame, but %d channels of %d bits", frame, channels, valid)
	}
	if err := f.check(); err != nil {
		return fmt.Errorf("fmt chunk says %w", err)
	}
	if !extensible && f.Bits%8 != 0 {
		l.notef("%d-bit samples in %d bytes", f.Bits, f.SampleBytes)
	}
	if f.RateHz < 1000 || f.RateHz > 1_000_000 {
		l.notef("a rate of %d Hz", f.RateHz)
	}
	if uint64(byteRate) != uint64(rate)*uint64(f.FrameBytes()) {
		l.notef("fmt chunk says %d bytes a second, %d are right", byteRate, uint64(rate)*uint64(f.FrameBytes()))
	}
	l.format = f
	return nil
}

// guidTailBE is the standard tail with its two 16-bit fields turned, as RIFX
// writers leave it.
var guidTailBE = []byte("\x00\x00\x00\x00\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71")

// fmtContent writes f as the content of a fmt chunk: the plain form where it
// says all, EXTENSIBLE beyond 16 bits of PCM or two channels.
func fmtContent(f Format) []byte {
	plain := f.Channels <= 2 && f.Mask == 0 && f.Bits == 8*f.SampleBytes
	if plain && (f.Encoding == Float || f.Bits <= 16) {
		return plainContent(f)
	}
	o := binary.LittleEndian
	b := fmtBase(tagExtensible, f)
	b = o.AppendUint16(b, 22)
	b = o.AppendUint16(b, uint16(f.Bits))
	b = o.AppendUint32(b, f.Mask)
	return append(o.AppendUint16(b, f.tag()), guidTail...)
}

// plainContent is the plain form.
func plainContent(f Format) []byte {
	b := fmtBase(f.tag(), f)
	if f.Encoding == Float {
		b = binary.LittleEndian.AppendUint16(b, 0)
	}
	return b
}

func (f Format) tag() uint16 {
	if f.Encoding == Float {
		return tagFloat
	}
	return tagPCM
}

// fmtBase is what all forms begin with.
func fmtBase(tag uint16, f Format) []byte {
	o := binary.LittleEndian
	b := o.AppendUint16(nil, tag)
	b = o.AppendUint16(b, uint16(f.Channels))
	b = o.AppendUint32(b, uint32(f.RateHz))
	b = o.AppendUint32(b, uint32(f.RateHz*f.FrameBytes()))
	b = o.AppendUint16(b, uint16(f.FrameBytes()))
	return o.AppendUint16(b, uint16(8*f.SampleBytes))
}
