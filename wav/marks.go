package wav

import "math"

// maxMarks bounds what is read of one chunk's marks.
const maxMarks = 1 << 16

// moveMarks moves what names frames in the carried-over chunks: cue points,
// the lengths of their regions (ltxt), and sampler loops; and mistakes that were
// cut out are none any more. All fields keep their size, so the file is patched in
// place.
func (w *Writer) moveMarks() error {
	if w.mapped == nil {
		return nil
	}
	m := marks{w: w, cues: map[uint32]int64{}}
	for _, c := range w.take.chunks {
		switch c.ID {
		case "cue ":
			m.moveCues(c)
		case "smpl":
			m.moveLoops(c)
		}
	}
	for _, c := range w.take.chunks { // they belong to cue points
		if c.ID == "LIST" {
			m.moveTexts(c)
		}
	}
	return m.err
}

type marks struct {
	w    *Writer
	cues map[uint32]int64 // where each cue point stands in the take
	err  error
}

// read gives n bytes of the take; nil if they are not there.
func (m *marks) read(at int64, n int) []byte {
	b := make([]byte, n)
	if got, _ := m.w.take.r.ReadAt(b, at); got < n {
		return nil
	}
	return b
}

// put writes a number over the one that stands at a byte of the take's file.
func (m *marks) put(at, n int64) {
	b := make([]byte, 4)
	m.w.sizes.format.order().PutUint32(b, uint32(min(max(n, 0), math.MaxUint32)))
	m.write(at, b)
}

// write puts bytes over those that stand at a byte of the take's file.
func (m *marks) write(at int64, b []byte) {
	at, ok := m.w.place(at)
	if !ok {
		return
	}
	if _, err := m.w.file.WriteAt(b, at); err != nil && m.err == nil {
		m.err = err
	}
}

// place is where a byte of the take's other chunks stands in the output.
func (w *Writer) place(at int64) (int64, bool) {
	if w.like && at >= w.take.after {
		at += w.off - w.take.size // all behind the audio moved as one
	}
	if w.like {
		return at, true
	}
	for _, p := range w.placed {
		if at >= p.from.Body && at < p.from.Body+p.from.Size {
			return at - p.from.Body + p.body, true
		}
	}
	return 0, false
}

// moved is where a frame of the take stands in the output. What lies outside
// the take stays what it is.
func (m *marks) moved(frame int64) int64 {
	if frame > m.w.take.frames {
		return frame
	}
	return m.w.mapped(frame)
}

func (m *marks) u32(b []byte) int64 { return int64(m.w.take.format.order().Uint32(b)) }

// entries calls each for the 24-byte entries of a chunk.
func (m *marks) entries(c Chunk, count, first int64, each func(at int64, b []byte)) {
	if c.Size < first {
		return
	}
	b := m.read(c.Body+count, 4)
	if b == nil {
		return
	}
	for i := range min(m.u32(b), (c.Size-first)/24, maxMarks) {
		at := c.Body + first + 24*i
		if b = m.read(at, 24); b == nil {
			return
		}
		each(at, b)
	}
}

func (m *marks) moveCues(c Chunk) {
	m.entries(c, 0, 4, func(at int64, b []byte) {
		if string(b[8:12]) != "data" {
			return
		}
		position, offset := m.u32(b[4:]), m.u32(b[20:])
		m.cues[uint32(m.u32(b))] = offset
		m.put(at+4, m.moved(position))
		m.put(at+20, m.moved(offset))
	})
}

func (m *marks) moveLoops(c Chunk) {
	m.entries(c, 28, 36, func(at int64, b []byte) {
		start, last := m.u32(b[8:]), m.u32(b[12:]) // last is part of the loop
		m.put(at+8, m.moved(start))
		m.put(at+12, max(m.moved(last+1)-1, m.moved(start)))
	})
}

// gone reports whether a frame of the take lies in what is cut out.
func (m *marks) gone(frame int64) bool {
	frame = min(frame, m.w.take.frames-1)
	return m.moved(frame) == m.moved(frame+1)
}

func (m *marks) moveTexts(c Chunk) {
	end := c.Body + c.Size
	if b := m.read(c.Body, 4); c.Size < 4 || string(b) != "adtl" {
		return
	}
	for at, n := c.Body+4, 0; at+16 <= end && n < maxMarks; n++ {
		b := m.read(at, 16)
		if b == nil {
			return
		}
		size := m.u32(b[4:])
		start, ok := m.cues[uint32(m.u32(b[8:]))]
		switch kind := string(b[:4]); {
		case !ok || size < 8 || size > end-at-8:
		case kind == "ltxt":
			m.put(at+12, m.moved(start+m.u32(b[12:]))-m.moved(start))
		case kind == "note" && size == 4+int64(len(noteMistake))+1 && m.gone(start):
			if string(m.read(at+12, len(noteMistake))) == noteMistake {
				m.write(at+12, []byte(noteCut))
			}
		}
		at += 8 + size + size&1
	}
}
