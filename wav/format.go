// Package wav reads and writes the WAV family (RIFF, RIFX, RF64, BW64, Wave64)
// without losing anything: frames are handed out as the bytes of the file,
// sizes that disagree with the file are named instead of believed, and what
// is not audio is carried through.
//
// Sources: Microsoft "Multiple Channel Audio Data and WAVE Files" (fmt,
// EXTENSIBLE), EBU Tech 3306 and ITU-R BS.2088 (RF64, BW64, ds64), EBU Tech
// 3285 (bext), Sony "Wave64 file format".
package wav

import (
	"encoding/binary"
	"fmt"
)

// Encoding is how a sample is stored.
type Encoding uint8

const (
	PCM   Encoding = iota // two's complement; unsigned where the container is one byte
	Float                 // IEEE 754
)

func (e Encoding) String() string {
	if e == Float {
		return "float"
	}
	return "PCM"
}

// Format says what a frame is made of. Formats are comparable: frames may be
// copied between files of equal formats.
type Format struct {
	RateHz      int
	Channels    int
	Bits        int // valid bits, left-justified in the container
	SampleBytes int // container of one sample
	Encoding    Encoding
	Mask        uint32 // speaker of each channel, lowest bit first; 0 = unassigned
	BigEndian   bool   // RIFX
}

// FrameBytes is the size of one frame in the file.
func (f Format) FrameBytes() int { return f.Channels * f.SampleBytes }

func (f Format) String() string {
	s := fmt.Sprintf("%d-bit %s", f.Bits, f.Encoding)
	if f.Bits != 8*f.SampleBytes {
		s += fmt.Sprintf(" in %d", 8*f.SampleBytes)
	}
	if f.BigEndian {
		s += " big-endian"
	}
	return s
}

// Limits of what is taken for a file of sound.
const (
	maxChannels = 65535
	maxRateHz   = 10_000_000
)

// check refuses what no frame can be made of.
func (f Format) check() error {
	switch {
	case f.Channels < 1 || f.Channels > maxChannels:
		return fmt.Errorf("%d channels", f.Channels)
	case f.RateHz < 1 || f.RateHz > maxRateHz:
		return fmt.Errorf("a rate of %d Hz", f.RateHz)
	case f.Encoding == Float && f.Bits != 32 && f.Bits != 64,
		f.Encoding == Float && f.Bits != 8*f.SampleBytes:
		return fmt.Errorf("%d-bit float in %d bytes", f.Bits, f.SampleBytes)
	case f.Encoding == PCM && (f.Bits < 8 || f.Bits > 32),
		f.Encoding == PCM && (f.SampleBytes > 4 || f.Bits > 8*f.SampleBytes):
		return fmt.Errorf("%d-bit PCM in %d bytes", f.Bits, f.SampleBytes)
	case f.FrameBytes() > 65535:
		return fmt.Errorf("%d bytes a frame, more than the fmt chunk can say", f.FrameBytes())
	}
	return nil
}

// order is the byte order of the file.
func (f Format) order() binary.ByteOrder {
	if f.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}
