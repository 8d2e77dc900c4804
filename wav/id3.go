package wav

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// ID3 tags: 2.2, 2.3 and 2.4 are read, 2.4 is written (id3.org, "ID3 tag version
// 2.4.0").

// id3v22 are the names of the frames before 2.3.
var id3v22 = map[string]string{"TT2": "TIT2", "TP1": "TPE1", "TAL": "TALB", "TRK": "TRCK", "COM": "COMM", "TYE": "TYER",
	"TCO": "TCON", "TCR": "TCOP", "TLA": "TLAN", "TSS": "TSSE", "TXX": "TXXX", "PIC": "APIC"}

func syncsafe(b []byte) int64 {
	return int64(b[0]&0x7f)<<21 | int64(b[1]&0x7f)<<14 | int64(b[2]&0x7f)<<7 | int64(b[3]&0x7f)
}

func parseID3(b []byte) (a About) {
	if len(b) < 10 || string(b[:3]) != "ID3" || b[3] < 2 || b[3] > 4 {
		return a
	}
	version, flags := b[3], b[5]
	b = b[10:min(int64(len(b)), 10+syncsafe(b[6:]))]
	if flags&0x80 != 0 && version < 4 {
		b = bytes.ReplaceAll(b, []byte{0xff, 0}, []byte{0xff})
	}
	if flags&0x40 != 0 && version > 2 { // an extended header
		if len(b) < 4 {
			return a
		}
		skip := int64(binary.BigEndian.Uint32(b)) + 4
		if version == 4 {
			skip = syncsafe(b)
		}
		b = b[min(skip, int64(len(b))):]
	}
	for {
		var id string
		var size int64
		var inner byte
		switch {
		case version == 2 && len(b) >= 6:
			id, size = id3v22[string(b[:3])], int64(b[3])<<16|int64(b[4])<<8|int64(b[5])
			if b[0] == 0 {
				return a
			}
			b = b[6:]
		case version > 2 && len(b) >= 10 && b[0] != 0:
			id, size, inner = string(b[:4]), int64(binary.BigEndian.Uint32(b[4:])), b[9]
			if version == 4 {
				size = syncsafe(b[4:])
			}
			b = b[10:]
		default:
			return a
		}
		if size > int64(len(b)) {
			return a
		}
		body := b[:size]
		b = b[size:]
		if version == 4 && inner&2 != 0 {
			body = bytes.ReplaceAll(body, []byte{0xff, 0}, []byte{0xff})
		}
		if version == 4 && inner&1 != 0 && len(body) >= 4 {
			body = body[4:] // its length
		}
		if inner&0x0c != 0 && version == 4 || inner&0xc0 != 0 && version == 3 || len(body) < 2 {
			continue // compressed or encrypted
		}
		a.addFrame(id, body, version)
	}
}

// addFrame takes over what one frame says.
func (a *About) addFrame(id string, body []byte, version byte) {
	coding, rest := body[0], body[1:]
	switch {
	case id == "APIC":
		a.addPicture(coding, rest, version)
	case id == "COMM" && len(rest) > 3:
		if about, text := id3Cut(coding, rest[3:]); about == "" { // a comment on something else has a name
			a.add("COMMENT", id3Text(coding, text))
		}
	case id == "TXXX":
		name, text := id3Cut(coding, rest)
		if name = strings.ToUpper(name); vorbisName(name) {
			a.add(name, id3Text(coding, text))
		}
	default:
		for _, n := range tagNames {
			if n.id3 != id {
				continue
			}
			values := strings.Split(id3Text(coding, rest), "\x00")
			if id == "TRCK" {
				a.SetTrack(values[0])
				continue
			}
			for _, v := range values {
				a.add(n.vorbis, v)
			}
		}
	}
}

func (a *About) addPicture(coding byte, b []byte, version byte) {
	if version == 2 {
		if len(b) < 4 {
			return
		}
		b = b[3:] // the format in three letters; the picture itself tells
	} else {
		_, after, ok := bytes.Cut(b, []byte{0})
		if !ok {
			return
		}
		b = after
	}
	if len(b) < 2 {
		return
	}
	front := b[0] == 3
	_, picture := id3Cut(coding, b[1:])
	if p := NewPicture(bytes.Clone(picture)); p != nil && (a.Cover == nil || front) {
		a.Cover = p
	}
}

// id3Cut divides a frame at the end of its first text.
func id3Cut(coding byte, b []byte) (string, []byte) {
	if coding == 0 || coding == 3 {
		first, rest, _ := bytes.Cut(b, []byte{0})
		return id3Text(coding, first), rest
	}
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return id3Text(coding, b[:i]), b[i+2:]
		}
	}
	return id3Text(coding, b), nil
}

// id3Text decodes a text: Latin-1, UTF-16 with and without a mark of its byte
// order, UTF-8.
func id3Text(coding byte, b []byte) string {
	var s string
	switch coding {
	case 0:
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		s = string(runes)
	case 1, 2:
		var o binary.ByteOrder = binary.BigEndian
		if coding == 1 && len(b) >= 2 && b[0] == 0xff && b[1] == 0xfe {
			o = binary.LittleEndian
		}
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = o.Uint16(b[2*i:])
		}
		if len(units) > 0 && units[0] == 0xfeff {
			units = units[1:]
		}
		s = string(utf16.Decode(units))
	case 3:
		s = string(b)
	}
	return strings.TrimRight(s, "\x00")
}

// id3 is an ID3 tag with all that there is to say but the marks, which are cue
// points; nil if there is nothing.
func (a *About) id3() []byte {
	if len(a.Tags) == 0 && a.Cover == nil {
		return nil
	}
	var b []byte
	text := func(id, value string) { b = append(b, id3Frame(id, append([]byte{3}, value...))...) }
	done := map[string]bool{}
	for _, n := range tagNames {
		if n.id3 == "" || done[n.vorbis] {
			continue
		}
		done[n.vorbis] = true
		var values []string
		for _, t := range a.Tags {
			if t.Name == n.vorbis {
				values = append(values, t.Value)
			}
		}
		value := strings.Join(values, "\x00")
		switch {
		case value == "":
		case n.vorbis == "TRACKNUMBER":
			text(n.id3, a.Track())
		case n.vorbis == "COMMENT":
			text(n.id3, "XXX\x00"+values[0]) // of no language
		default:
			text(n.id3, value)
		}
	}
	inBext := a.bext() != nil
	for _, t := range a.Tags {
		if !done[t.Name] && t.Name != "TRACKTOTAL" && !ownInfo(t.Name) && !(inBext && fromBext(t.Name)) {
			text("TXXX", t.Name+"\x00"+t.Value)
		}
	}
	if a.Cover != nil {
		b = append(b, id3Frame("APIC", append([]byte("\x00"+a.Cover.MIME+"\x00\x03\x00"), a.Cover.Bytes...))...)
	}
	return append(append([]byte("ID3\x04\x00\x00"), unsyncsafe(len(b))...), b...)
}

func id3Frame(id string, body []byte) []byte {
	b := append([]byte(id), unsyncsafe(len(body))...)
	return append(append(b, 0, 0), body...)
}

func unsyncsafe(n int) []byte {
	return []byte{byte(n >> 21 & 0x7f), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}
}
