package wav

import (
	"bytes"
	"unicode/utf8"
)

const (
	bextBytes = 602 // EBU Tech 3285, without the coding history
	textRange = 1 << 20
)

// checkChunks looks into the chunks that are not audio and notes what is wrong
// with them. They are carried through as they are.
func (w *walker) checkChunks() {
	for _, c := range w.chunks {
		switch c.ID {
		case "fact":
			w.checkFact(c)
		case "cue ":
			w.checkCue(c)
		case "smpl":
			w.checkCount(c, 28, 36)
		case "bext":
			w.checkBext(c)
		case "iXML":
			w.checkXML(c)
		case "LIST":
			w.checkList(c)
		}
	}
}

func (w *walker) checkFact(c Chunk) {
	b := w.s.bytes(c.Body, 4)
	if c.Size < 4 || b == nil {
		w.notef("fact chunk of %d bytes, needs 4", c.Size)
		return
	}
	if n := w.order().Uint32(b); int64(n) != w.frames && !(w.wide() && n == unknownSize) {
		w.notef("fact chunk counts %d frames, the audio has %d", n, w.frames)
	}
}

// checkCount checks the number of 24-byte entries that a chunk says at one
// offset and holds from another on; it returns how many are there.
func (w *walker) checkCount(c Chunk, at, entries int64) int64 {
	b := w.s.bytes(c.Body+at, 4)
	if c.Size < entries || b == nil {
		w.notef("%s chunk of %d bytes, needs %d", shown(c.ID), c.Size, entries)
		return 0
	}
	n := int64(w.order().Uint32(b))
	if n > (c.Size-entries)/24 {
		w.notef("%s chunk of %d bytes claims %d entries", shown(c.ID), c.Size, n)
	}
	return min(n, (c.Size-entries)/24)
}

func (w *walker) checkCue(c Chunk) {
	n := w.checkCount(c, 0, 4)
	for i := range min(n, maxListed) {
		b := w.s.bytes(c.Body+4+24*i+20, 4)
		if b == nil {
			return
		}
		if at := w.order().Uint32(b); int64(at) > w.frames {
			w.notef("cue point at frame %d, the audio ends at %d", at, w.frames)
			return
		}
	}
}

func (w *walker) checkBext(c Chunk) {
	b := w.s.bytes(c.Body, bextBytes)
	if c.Size < bextBytes || b == nil {
		w.notef("bext chunk of %d bytes, needs %d", c.Size, bextBytes)
		return
	}
	for i, d := range b[320:330] { // yyyy-mm-dd, any separator; or nothing
		digit := d >= '0' && d <= '9'
		if d != 0 && digit == (i == 4 || i == 7) {
			w.notef("bext chunk without a valid date")
			return
		}
	}
}

func (w *walker) checkXML(c Chunk) {
	b := w.s.bytes(c.Body, int(min(c.Size, textRange)))
	if c.Size > textRange || b == nil {
		return
	}
	if !utf8.Valid(b) || !bytes.Contains(b, []byte("</BWFXML>")) {
		w.notef("iXML chunk is cut short or not UTF-8")
	}
}

func (w *walker) checkList(c Chunk) {
	end := c.Body + c.Size
	for at, n := c.Body+4, 0; at+8 <= end && n < maxListed; n++ {
		b := w.s.bytes(at, 8)
		if b == nil {
			return
		}
		size := int64(w.order().Uint32(b[4:]))
		if string(b[:4]) == "LIST" {
			w.notef("LIST in the LIST at byte %d", c.At)
			return
		}
		if size > end-at-8 {
			w.notef("%s in the LIST at byte %d claims %d bytes, the LIST has %d", shown(string(b[:4])), c.At, size, end-at-8)
			return
		}
		at += 8 + size + size&1
	}
}
