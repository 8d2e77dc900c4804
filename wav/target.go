package wav

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"slices"
)

// Target is what an output shall be where it shall not be like its take.
type Target struct {
	Container string // RIFF, RF64, Wave64 or FLAC; "" = that of the take
	Bits      int    // 8, 16, 24, 32 (PCM), or Float32; 0 = samples as the take has them
	About     *About // what the output says of its audio; nil = what the take does. Marks are in frames of the take
}

// Float32 stands for 32-bit float as a Target's Bits.
const Float32 = -32

// format is what samples of a format become.
func (t Target) format(f Format) Format {
	switch t.Bits {
	case 0:
	case Float32:
		f.Bits, f.SampleBytes, f.Encoding = 32, 4, Float
	default:
		f.Bits, f.SampleBytes, f.Encoding = t.Bits, (t.Bits+7)/8, PCM
	}
	return f
}

// CreateAs begins a file of what is in a take, in the container and with the
// samples that the target says; where it says nothing more than the take has,
// that is CreateLike, unless the take is damaged: its header is made anew then.
// The frames that are written are those of the take's
// format. Samples that lose bits are dithered (triangular, the same every
// time); those that need no rounding stay as they are. The take's other chunks
// are carried over as far as the container has a place for them.
func CreateAs(name string, take *Reader, t Target) (*Writer, error) {
	f := t.format(take.format)
	container := t.Container
	switch {
	case t.About == nil && take.scratch == nil && take.damage == "" && (container == "" || container == take.container) && f == take.format:
		return CreateLike(name, take)
	case container != "":
	case take.scratch == nil && take.container != "RIFX":
		container = take.container
	case take.flac != nil:
		container = "FLAC"
	default:
		container = "RIFF"
	}
	f.BigEndian = false
	shown := name
	if shown == "" {
		shown = "standard output"
	}
	err := f.check()
	if container == "FLAC" && err == nil {
		err = checkFLAC(f)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot store %w", shown, err)
	}
	mode, err := outputMode(name, take)
	if err != nil {
		return nil, err
	}
	about := t.About
	if about == nil && (take.flac != nil) != (container == "FLAC") {
		of := take.About()
		about = &of
	}
	w, err := createAs(name, take, about, f, container, mode)
	if err == nil && w.err != nil {
		w.Abort()
		err = w.err
	}
	if err != nil {
		return nil, err
	}
	w.take, w.in = take, take.format
	if f != take.format {
		w.convert = &converter{from: take.format, to: f, dither: rand.NewPCG(0, 0)}
	}
	return w, nil
}

func createAs(name string, take *Reader, about *About, f Format, container string, mode fs.FileMode) (*Writer, error) {
	if container == "FLAC" {
		head, err := newFLACHead(take, about, 0, func(frame int64) int64 { return frame })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		w, err := create(name, &sizes{format: f}, mode)
		if err != nil {
			return nil, err
		}
		w.flac, w.about = newFLACWriter(f, w.put), about
		w.put(head)
		w.leaveFLAC(take)
		return w, nil
	}
	head, s := newHeadOf(container, f)
	w, err := create(name, s, mode)
	if err != nil {
		return nil, err
	}
	// The other chunks stand between the head and the header of the audio.
	data := head[s.dataHead():]
	w.put(head[:s.dataHead()])
	w.take, w.about = take, about
	w.carry(w.others(0, take.data))
	w.put(data)
	s.data = w.off + int64(len(w.buf))
	s.end = s.data
	return w, nil
}

// placed is a chunk of the take that was carried over.
type placed struct {
	from Chunk
	body int64 // first byte of its content in the output
}

// ownChunks follow from the format, the length or the peaks of the audio.
var ownChunks = map[string]bool{"fmt ": true, "data": true, "fact": true, "ds64": true, "PEAK": true, "levl": true,
	"JUNK": true, "junk": true, "PAD ": true, "FLLR": true}

// others gives the take's other chunks that lie between two bytes of it.
func (w *Writer) others(from, to int64) (chunks []Chunk) {
	r := w.take
	if r.scratch != nil { // FLAC has blocks
		return nil
	}
	for _, c := range r.chunks {
		if c.At < from || c.At >= to || ownChunks[c.ID] || w.about != nil && r.describes(c) {
			continue
		}
		if len(c.ID) == 4 && printable(c.ID) && c.Size >= 0 && c.Size <= r.size-c.Body && (!r.format.BigEndian || w.turned(c) != nil) {
			chunks = append(chunks, c)
		} else {
			w.left = append(w.left, c.ID)
		}
	}
	return chunks
}

// turned is the content of a chunk of a RIFX file in the other byte order; nil
// if that is not known of it.
func (w *Writer) turned(c Chunk) []byte {
	b := w.take.content(c, maxAbout)
	if b == nil || !turnChunk(c.ID, b) {
		return nil
	}
	return b
}

// leaveFLAC notes which chunks have no place in a FLAC file.
func (w *Writer) leaveFLAC(take *Reader) {
	if take.scratch != nil {
		return
	}
	for _, c := range take.chunks {
		if !ownChunks[c.ID] && c.ID != "bext" && !take.describes(c) {
			w.left = append(w.left, c.ID)
		}
	}
}

// Left names the chunks of the take that the output has no place for.
func (w *Writer) Left() []string { return w.left }

// Clipped counts the samples of the take that are beyond full scale and were
// clipped: the output holds integers.
func (w *Writer) Clipped() int64 {
	if w.convert == nil {
		return 0
	}
	return w.convert.clipped
}

func (w *Writer) carry(chunks []Chunk) {
	r := w.take
	for _, c := range chunks {
		if r.format.BigEndian {
			w.placed = append(w.placed, placed{c, w.putChunk(c.ID, w.turned(c))})
			continue
		}
		w.put(chunkHead(w.sizes.container, c.ID, c.Size))
		body := w.off + int64(len(w.buf))
		w.placed = append(w.placed, placed{c, body})
		w.copy(r, c.Body, c.Size)
		w.put(make([]byte, w.chunkPad(body+c.Size)))
	}
}

// putChunk appends a chunk and says where its content begins.
func (w *Writer) putChunk(id string, content []byte) int64 {
	w.put(chunkHead(w.sizes.container, id, int64(len(content))))
	body := w.off + int64(len(w.buf))
	w.put(content)
	w.put(make([]byte, w.chunkPad(body+int64(len(content)))))
	return body
}

// chunkPad is how many bytes stand behind a chunk that ends there.
func (w *Writer) chunkPad(end int64) int64 {
	if w.sizes.container == "Wave64" {
		return -end & 7
	}
	return end & 1
}

// describe appends the chunks that say what the output is about.
func (w *Writer) describe() {
	a := *w.about
	m := marks{w: w}
	a.Marks = nil
	for _, mark := range w.about.Marks {
		if w.mapped != nil {
			mark.Frame = m.moved(mark.Frame)
		}
		if mark.Frame > math.MaxUint32 || len(a.Marks) == maxMarks {
			w.left = append(w.left, "cue point "+mark.Label)
			continue
		}
		a.Marks = append(a.Marks, mark)
	}
	if b := a.bext(); b != nil && !slices.ContainsFunc(w.placed, func(p placed) bool { return p.from.ID == "bext" }) {
		w.putChunk("bext", b)
	}
	if b := a.infoList(); b != nil {
		w.putChunk("LIST", b)
	}
	if len(a.Marks) > 0 {
		cue, labels := markChunks(a.Marks)
		w.putChunk("cue ", cue)
		w.putChunk("LIST", labels)
	}
	// The last: libsndfile looks no further in an RF64 file.
	if b := a.id3(); b != nil {
		w.putChunk("id3 ", b)
	}
}

// chunkHead is the header of a chunk of n bytes.
func chunkHead(container, id string, n int64) []byte {
	if container == "Wave64" {
		return binary.LittleEndian.AppendUint64(append([]byte(id), w64Tail...), uint64(n+24))
	}
	return binary.LittleEndian.AppendUint32([]byte(id), uint32(n))
}

// newHeadOf is newHead for any container.
func newHeadOf(container string, f Format) ([]byte, *sizes) {
	head, s := newHead(f, 0)
	s.container = container
	if container != "Wave64" {
		if container == "BW64" {
			copy(head, container)
		}
		return head, s
	}
	head = append(append([]byte(nil), w64Riff...), make([]byte, 8)...)
	head = append(head, w64Wave...)
	content := fmtContent(f)
	if f.Mask == 0 && f.Bits == 8*f.SampleBytes {
		content = plainContent(f) // libsndfile knows no EXTENSIBLE float here
	}
	head = append(append(head, chunkHead(container, "fmt ", int64(len(content)))...), content...)
	head = append(head, make([]byte, -len(head)&7)...)
	head = append(head, chunkHead(container, "data", 0)...)
	n := int64(len(head))
	return head, &sizes{format: f, container: container, limit: maxRIFF, data: n, end: n}
}

// dataHead is where the header of the data chunk stands.
func (s *sizes) dataHead() int64 {
	if s.container == "Wave64" {
		return s.data - 24
	}
	return s.data - 8
}

// completeFLAC writes the last frame and STREAMINFO. If nothing was edited it
// takes the whole FLAC file as it is.
func (w *Writer) completeFLAC() error {
	r := w.take
	if r.flac != nil && r.damage == "" && w.convert == nil && w.copied == r.frames && w.sizes.frames == r.frames {
		w.buf, w.off, w.begun = w.buf[:0], 0, 0
		if err := w.file.Truncate(0); err != nil {
			return err
		}
		w.copyFrom(r.file, 0, r.info.Size())
		w.flush()
		if w.err != nil {
			return w.err
		}
		return r.unchanged()
	}
	if w.sizes.frames >= 1<<36 {
		return errFLACLong
	}
	w.flac.flush()
	w.flush()
	if w.err != nil {
		return w.err
	}
	if err := r.unchanged(); err != nil {
		return err
	}
	frame := func(at int64) int64 { return at }
	if w.mapped != nil {
		frame = (&marks{w: w}).moved
	}
	head, err := newFLACHead(r, w.about, w.sizes.frames, frame)
	if err != nil {
		return err
	}
	copy(head[flacHeadBytes-flacInfoBytes:], w.flac.info(w.sizes.frames))
	_, err = w.file.WriteAt(head, 0)
	return err
}

// converter turns frames of one format into those of another.
type converter struct {
	from, to Format
	dither   *rand.PCG
	clipped  int64 // samples
	x        []float64
	out      []byte
}

func (c *converter) frames(p []byte) []byte {
	n := len(p) / c.from.SampleBytes
	if cap(c.x) < n {
		c.x = make([]float64, n)
	}
	x := c.x[:n]
	Decode(x, p, c.from)
	c.out = grown(c.out, n*c.to.SampleBytes)
	if c.to.Encoding == PCM && (c.from.Encoding == Float || c.from.Bits > c.to.Bits) {
		full := math.Ldexp(1, c.to.Bits-1)
		for i, v := range x {
			if v > 1 || v < -1 {
				c.clipped++
			}
			if v *= full; v != math.RoundToEven(v) {
				r := c.dither.Uint64()
				x[i] += (float64(uint32(r)) - float64(r>>32)) / (1 << 32) / full
			}
		}
	}
	Encode(c.out, x, c.to)
	return c.out
}
