package wav

import (
	"encoding/binary"
	"slices"
)

// turnChunk turns the content of a chunk of a RIFX file into the byte order of
// RIFF, and reports whether it is known how. Texts and ID3 stand the same way in
// both.
func turnChunk(id string, b []byte) bool {
	turn := func(at, n int) {
		if at+n <= len(b) {
			slices.Reverse(b[at : at+n])
		}
	}
	each32 := func(from, to int) {
		for at := from; at+4 <= min(to, len(b)); at += 4 {
			turn(at, 4)
		}
	}
	switch id {
	case "iXML", "axml", "_PMX", "aXML", "id3 ", "ID3 ", "inst":
	case "cue ":
		turn(0, 4)
		for at := 4; at+24 <= len(b); at += 24 {
			each32(at, at+8) // and the name of a chunk
			each32(at+12, at+24)
		}
	case "smpl":
		each32(0, len(b))
	case "plst":
		each32(0, len(b))
	case "bext": // EBU Tech 3285: the time, the version, the loudness
		each32(338, 346)
		turn(346, 2)
		for at := 412; at < 422; at += 2 {
			turn(at, 2)
		}
	case "LIST":
		return turnList(b)
	default:
		return false
	}
	return true
}

// turnList turns the sizes in a list of texts or labels, and the numbers of its
// labels.
func turnList(b []byte) bool {
	if len(b) < 4 || string(b[:4]) != "INFO" && string(b[:4]) != "adtl" {
		return false
	}
	for at := int64(4); at+8 <= int64(len(b)); {
		size := int64(binary.BigEndian.Uint32(b[at+4:]))
		slices.Reverse(b[at+4 : at+8])
		body := b[at+8 : min(at+8+size, int64(len(b)))]
		if string(b[:4]) == "adtl" {
			if len(body) >= 4 {
				slices.Reverse(body[:4])
			}
			if string(b[at:at+4]) == "ltxt" && len(body) >= 20 {
				slices.Reverse(body[4:8])
				for i := 12; i < 20; i += 2 {
					slices.Reverse(body[i : i+2])
				}
			}
		}
		at += 8 + size + size&1
	}
	return true
}
