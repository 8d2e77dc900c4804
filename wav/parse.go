package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// ErrDamaged is in the chain of errors about files that do hold audio, but
// whose header lies about it: what a crash or a full disk leaves behind.
var ErrDamaged = errors.New("damaged header")

// damaged is an ErrDamaged that says what is wrong.
type damaged string

func (d damaged) Error() string        { return string(d) }
func (d damaged) Is(target error) bool { return target == ErrDamaged }

// Chunk is where a chunk lies in a file.
type Chunk struct {
	ID   string
	At   int64 // first byte of its header
	Body int64 // first byte of its content
	Size int64 // of its content, as far as the file holds it
}

const (
	maxListed   = 10_000
	maxChunks   = 1_000_000
	unknownSize = math.MaxUint32
	scanWindow  = 16 << 10
	rescueRange = 1 << 20 // how far a lost data chunk is searched
)

// layout is what the headers of a file say, checked against the file.
type layout struct {
	container string // RIFF, RIFX, RF64, BW64, Wave64
	format    Format
	chunks    []Chunk
	unlisted  bool // there are more chunks than listed
	// A take of ours whose recording was broken off: audio follows that the
	// header does not claim yet.
	unfinished bool
	unsized    bool     // the data chunk claims all that comes
	notes      []string // odd but harmless, a line each
	damage     string   // why the sizes cannot be believed; "" = they can

	size   int64 // of the file
	base   int64 // where the RIFF begins
	first  int64 // first chunk
	data   int64 // first byte of audio
	frames int64
	after  int64 // first byte behind the data chunk and its pad
	end    int64 // where the last chunk ends in truth
	ds64   int64 // content of ds64; 0 = none
	fact   int64 // content of fact; 0 = none
}

// parse walks over all chunks once. Sizes from the file are compared, in 64
// bits without a sign, with what the file has left before they are used;
// nothing is allocated by such a size.
func parse(r io.ReaderAt, size int64) (*layout, error) { return parseAs(r, size, false) }

// parseAs is parse for a file or what came from a stream.
func parseAs(r io.ReaderAt, size int64, stream bool) (*layout, error) {
	w := &walker{layout: &layout{size: size}, s: &scanner{r: r, size: size}, stream: stream}
	err := w.identify()
	if err == nil {
		err = w.walk()
	}
	if err == nil {
		err = w.count()
	}
	if w.s.err != nil { // what was not read cannot be judged
		err = w.s.err
	}
	return w.layout, err
}

func (l *layout) order() binary.ByteOrder { return l.format.order() }

func (l *layout) notef(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

// damagef keeps the first reason why the sizes cannot be believed.
func (l *layout) damagef(format string, args ...any) {
	if l.damage == "" {
		l.damage = fmt.Sprintf(format, args...)
	}
}

// scanner reads small pieces of the file through one window.
type scanner struct {
	r      io.ReaderAt
	size   int64
	window []byte
	at     int64
	err    error // first read error
}

// bytes gives n bytes at off, or nil if the file does not hold them. They are
// valid until the next call.
func (s *scanner) bytes(off int64, n int) []byte {
	if off < 0 || off > s.size || int64(n) > s.size-off || s.err != nil {
		return nil
	}
	if off < s.at || off+int64(n) > s.at+int64(len(s.window)) {
		want := min(int64(max(n, scanWindow)), s.size-off)
		if int64(cap(s.window)) < want {
			s.window = make([]byte, want)
		}
		s.window, s.at = s.window[:want], off
		if got, err := s.r.ReadAt(s.window, off); got < len(s.window) {
			s.window, s.err = nil, shrunk(err)
			return nil
		}
	}
	return s.window[off-s.at:][:n]
}

// shrunk words the end of file where there was more a moment ago.
func shrunk(err error) error {
	if err == io.EOF {
		return errors.New("the file became shorter while it was read")
	}
	return err
}

// The Wave64 ids: a four-letter code, and a tail that all but riff share.
var (
	w64Riff = []byte("riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00")
	w64Wave = []byte("wave\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a")
	w64Tail = w64Wave[4:]
)

// identify reads the first header and names what is no WAV file.
func (w *walker) identify() error {
	if w.size == 0 {
		return errors.New("empty file")
	}
	if h := w.s.bytes(0, 10); h != nil && string(h[:3]) == "ID3" {
		w.base = 10 + int64(h[6]&0x7f)<<21 + int64(h[7]&0x7f)<<14 + int64(h[8]&0x7f)<<7 + int64(h[9]&0x7f)
		if h = w.s.bytes(w.base, 12); h == nil || string(h[:4]) != "RIFF" {
			return w.other(h)
		}
		w.damagef("%d bytes of ID3 tag stand before the RIFF", w.base)
	}
	h := w.s.bytes(w.base, int(min(w.size-w.base, 40)))
	switch {
	case h == nil:
		return w.s.err
	case bytes.HasPrefix(h, w64Riff):
		if len(h) < 40 || !bytes.Equal(h[24:], w64Wave) {
			return errors.New("not a WAV file: a Wave64 header without its second half")
		}
		w.container, w.first = "Wave64", 40
		w.setDeclared(binary.LittleEndian.Uint64(h[16:]), 0)
		return nil
	case len(h) < 4:
	case string(h[:4]) == "RIFF", string(h[:4]) == "RIFX", string(h[:4]) == "RF64", string(h[:4]) == "BW64":
		if len(h) < 12 {
			return fmt.Errorf("cut off inside the first header: file has %d bytes", w.size)
		}
		w.container = string(h[:4])
		if string(h[8:12]) != "WAVE" {
			return fmt.Errorf("not a WAV file but %s of type %s", w.container, shown(string(h[8:12])))
		}
		w.format.BigEndian = w.container == "RIFX"
		w.first = w.base + 12
		if n := w.order().Uint32(h[4:]); n == unknownSize {
			w.declared = w.size
		} else {
			w.setDeclared(uint64(n), 8)
		}
		return nil
	}
	return w.other(h)
}

// other names what a file is that is no WAV file.
func (w *walker) other(head []byte) error {
	for _, m := range []struct {
		at          int
		magic, name string
	}{
		{0, "fLaC", "FLAC"}, {0, "OggS", "Ogg"}, {0, "FORM", "AIFF"}, {0, ".snd", "Sun audio"}, {0, "caff", "Core Audio"},
		{0, "wvpk", "WavPack"}, {0, "\x1aE\xdf\xa3", "Matroska"}, {4, "ftyp", "MP4"}, {0, "MAC ", "Monkey's Audio"},
		{0, "TTA1", "TTA"}, {0, "#!AMR", "AMR"}, {0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA"}, {0, "\x0b\x77", "AC-3"},
		{0, "\xff\xfb", "MP3"}, {0, "\xff\xfa", "MP3"}, {0, "\xff\xf3", "MP3"}, {0, "\xff\xf2", "MP3"},
		{0, "\xff\xe3", "MP3"}, {0, "\xff\xfd", "MP2"}, {0, "\xff\xfc", "MP2"}, {0, "\xff\xf1", "AAC"}, {0, "\xff\xf9", "AAC"},
	} {
		if len(head) > m.at && bytes.HasPrefix(head[m.at:], []byte(m.magic)) {
			return &codedError{kind: m.name, text: "not a WAV file but " + m.name, alien: true}
		}
	}
	if w.base > 0 {
		return &codedError{kind: "MP3", text: "not a WAV file but MP3", alien: true}
	}
	return errors.New("not a WAV file" + w.guess(head))
}

// guess names what a file is that holds no audio.
func (w *walker) guess(head []byte) string {
	if w.size < 12 {
		return fmt.Sprintf(": file has only %d bytes", w.size)
	}
	zeros, text := true, true
	for _, b := range w.s.bytes(0, int(min(w.size, 512))) {
		zeros = zeros && b == 0
		text = text && (b >= ' ' && b <= '~' || b == '\n' || b == '\r' || b == '\t')
	}
	switch {
	case zeros:
		return ": it begins with zeros, as a file may after a power cut"
	case text && head[0] == '<':
		return " but a web page or XML"
	case text:
		return " but text"
	}
	return ""
}

// chunk is a chunk header as it stands in the file.
type chunk struct {
	id       string
	at, body int64
	size     uint64 // as declared
	left     uint64 // bytes from body to the end of the file
}

func (c chunk) overlong() string {
	if c.size == math.MaxUint64 {
		return fmt.Sprintf("%s chunk at byte %d has no valid size", shown(c.id), c.at)
	}
	return fmt.Sprintf("%s chunk at byte %d claims %d bytes, file has %d", shown(c.id), c.at, c.size, c.left)
}

// shown is a chunk id fit for a terminal.
func shown(id string) string {
	if printable(id) {
		return strings.TrimRight(id, " ")
	}
	return strconv.Quote(id)
}

// printable reports whether id looks like a chunk's.
func printable(id string) bool {
	for i := range len(id) {
		if id[i] < ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// walker goes over the chunks of one file.
type walker struct {
	*layout
	s         *scanner
	stream    bool
	declared  int64 // where the file says that the RIFF ends; its real end if it does not say
	audio     int64 // bytes in the data chunk
	fmtBody   []byte
	ds64Audio uint64 // bytes of audio as ds64 has it
	ds64Count uint64 // frames as ds64 has it
}

func (w *walker) wide() bool { return w.container == "RF64" || w.container == "BW64" }

// header reads the chunk header at a byte; false if the file ends inside it.
func (w *walker) header(at int64) (chunk, bool) {
	if w.container == "Wave64" {
		h := w.s.bytes(at, 24)
		if h == nil {
			return chunk{}, false
		}
		c := chunk{id: string(h[:4]), at: at, body: at + 24, left: uint64(w.size - at - 24)}
		if !bytes.Equal(h[4:16], w64Tail) {
			c.id = string(h[:16])
		}
		c.size = binary.LittleEndian.Uint64(h[16:]) - 24
		if c.size > math.MaxUint64-24 {
			c.size = math.MaxUint64 // less than its own header
		}
		return c, true
	}
	h := w.s.bytes(at, 8)
	if h == nil {
		return chunk{}, false
	}
	return chunk{string(h[:4]), at, at + 8, uint64(w.order().Uint32(h[4:])), uint64(w.size - at - 8)}, true
}

// chunkAt reports whether a chunk that fits into the file begins at a byte.
func (w *walker) chunkAt(at int64) bool {
	c, ok := w.header(at)
	fits := c.size <= c.left || w.wide() && c.id == "data" && c.size == unknownSize
	return ok && fits && (printable(c.id) || w.container == "Wave64" && c.id[0] != 0)
}

// next is where the chunk behind one of n bytes at body begins. Chunks are
// padded to an even size (Wave64: to 8 bytes), but some writers forget: where
// the pad byte is not zero and a chunk begins right there, that is the next.
func (w *walker) next(body, n int64) int64 {
	end := body + n
	if w.container == "Wave64" {
		return min((end+7)&^7, w.size)
	}
	if n&1 == 0 {
		return end
	}
	if pad := w.s.bytes(end, 1); pad != nil && pad[0] != 0 && w.chunkAt(end) {
		w.notef("no pad byte before the chunk at byte %d", end)
		return end
	}
	return min(end+1, w.size)
}

func (w *walker) walk() error {
	for n, pos := 0, w.first; pos < w.size; n++ {
		if w.data > 0 && pos >= w.declared {
			w.trailing(pos)
			return nil
		}
		if n == maxChunks {
			return fmt.Errorf("more than %d chunks", maxChunks)
		}
		c, ok := w.header(pos)
		if !ok {
			if w.s.err == nil {
				w.notef("%d bytes at byte %d are too few for a chunk", w.size-pos, pos)
			}
			return nil
		}
		var err error
		if pos, err = w.step(c); err != nil {
			return err
		}
		if w.data > 0 && pos <= w.size {
			w.end = pos
		}
	}
	return nil
}

// step takes one chunk in and says where the next one begins; a place beyond
// the file ends the walk.
func (w *walker) step(c chunk) (int64, error) {
	switch {
	case c.id == "data" && w.data == 0:
		return w.takeAudio(c), nil
	case w.data > 0 && !printable(c.id) && w.container != "Wave64":
		if c.at == w.after {
			w.damagef("data chunk at byte %d claims %d bytes, and what follows is no chunk", w.dataAt(), w.audio)
			w.audio = w.size - w.data
		} else {
			w.notef("what follows at byte %d is no chunk", c.at)
		}
		return w.size + 1, nil
	case c.size > c.left && c.id == "fmt ":
		return 0, errors.New(c.overlong())
	case c.size > c.left && w.data > 0:
		w.notef("%s", c.overlong())
		w.list(c, int64(c.left))
		w.end = w.size
		return w.size + 1, nil
	case c.size > c.left:
		w.damagef("%s", c.overlong())
		at := w.findData(c.body)
		if at < 0 {
			return 0, errors.New(c.overlong())
		}
		return at, nil
	}
	if err := w.note(c); err != nil {
		return 0, err
	}
	w.list(c, int64(c.size))
	return w.next(c.body, int64(c.size)), nil
}

// list keeps where a chunk lies.
func (w *walker) list(c chunk, size int64) {
	if len(w.chunks) < maxListed {
		w.chunks = append(w.chunks, Chunk{c.id, c.at, c.body, size})
	} else if !w.unlisted {
		w.unlisted = true
		w.notef("more than %d chunks", maxListed)
	}
}

// takeAudio settles how many bytes the data chunk holds.
func (w *walker) takeAudio(c chunk) int64 {
	n := c.size
	switch {
	case w.wide() && n == unknownSize && w.ds64 == 0:
		w.damagef("%s without a usable ds64 chunk", w.container)
		n = c.left
	case w.wide() && n == unknownSize:
		n = w.ds64Audio
	case w.wide() && n != w.ds64Audio:
		w.notef("data chunk says %d bytes, ds64 %d", n, w.ds64Audio)
	case w.stream && n > c.left && n >= w.boundless():
		w.notef("data chunk of unknown size: the audio is taken to run to the end of the stream")
		n = c.left
	case !w.wide() && w.container != "Wave64" && n == unknownSize:
		w.notef("data chunk of unknown size: the audio is taken to run to the end of the file")
		n, w.unsized = c.left, true
	}
	c.size = n
	// No audio, says the chunk; but if something follows that is no chunk, and
	// the RIFF does not end here either, it was never told of the audio.
	untold := n == 0 && c.left > 0 && !w.chunkAt(c.body) && w.declared != c.body
	if n > c.left || untold {
		w.damagef("%s", c.overlong())
		n = c.left
	}
	w.data, w.audio = c.body, int64(n)
	w.chunks = append(w.chunks, Chunk{c.id, c.at, c.body, w.audio}) // listed in any case
	w.after = w.next(c.body, w.audio)
	if w.declared < w.data+w.audio {
		if w.declared > w.base+8 {
			w.notef("%s size ends inside the audio", w.container)
		}
		w.declared = w.size
	}
	return w.after
}

// boundless is from where on a size is the kind that a program writes into a
// stream, where it cannot come back to correct it.
func (w *walker) boundless() uint64 {
	if w.container == "Wave64" {
		return 1 << 62
	}
	return 1<<31 - 1<<20
}

// dataAt is where the header of the data chunk stands.
func (w *walker) dataAt() int64 {
	if w.container == "Wave64" {
		return w.data - 24
	}
	return w.data - 8
}

// note takes in what a chunk of a known kind says about the audio.
func (w *walker) note(c chunk) error {
	switch c.id {
	case "fmt ":
		b := w.s.bytes(c.body, int(min(c.size, 4096)))
		switch {
		case w.fmtBody != nil && !bytes.Equal(b, w.fmtBody):
			return fmt.Errorf("two fmt chunks that disagree, the second at byte %d", c.at)
		case w.fmtBody != nil:
			w.notef("a second, equal fmt chunk at byte %d", c.at)
		case w.data > 0:
			w.notef("fmt chunk behind the audio")
		}
		w.fmtBody = append(make([]byte, 0, len(b)), b...)
	case "ds64":
		w.takeDS64(c)
	case "fact":
		if c.size >= 4 {
			w.fact = c.body
		}
	case "data":
		w.notef("a second data chunk at byte %d is not read", c.at)
	default:
		if !printable(c.id) && w.container != "Wave64" {
			w.notef("chunk id %s at byte %d", shown(c.id), c.at)
		}
	}
	return nil
}

func (w *walker) takeDS64(c chunk) {
	b := w.s.bytes(c.body, 24)
	switch {
	case !w.wide():
		w.notef("ds64 chunk in a plain %s is not used", w.container)
		return
	case w.ds64 > 0 || w.data > 0:
		w.notef("ds64 chunk at byte %d is not used", c.at)
		return
	case c.size < 24 || b == nil:
		w.damagef("ds64 chunk of %d bytes, needs 24", c.size)
		return
	case c.at != w.first:
		w.notef("ds64 is not the first chunk")
	}
	w.ds64 = c.body
	w.setDeclared(binary.LittleEndian.Uint64(b), 8)
	w.ds64Audio = binary.LittleEndian.Uint64(b[8:])
	w.ds64Count = binary.LittleEndian.Uint64(b[16:])
	if c.size >= 28 {
		if b = w.s.bytes(c.body+24, 4); b != nil {
			if n := uint64(binary.LittleEndian.Uint32(b)); n*12 > c.size-28 {
				w.notef("ds64 table of %d entries in a chunk of %d bytes", n, c.size)
			}
		}
	}
}

// setDeclared takes the size of the RIFF in; more is what the size leaves out.
func (w *walker) setDeclared(n uint64, more int64) {
	if n > uint64(w.size-w.base-more) {
		w.notef("%s size of %d bytes, file has %d", w.container, n, w.size-w.base-more)
		w.declared = w.size
		return
	}
	if n == 0 {
		w.notef("%s size 0", w.container)
	}
	w.declared = w.base + int64(n) + more
}

// trailing says what lies behind the RIFF.
func (w *walker) trailing(pos int64) {
	left := w.size - pos
	switch b := w.s.bytes(pos, int(min(left, 12))); {
	case left >= 1<<32 && w.container == "RIFF":
		w.damagef("the sizes wrapped at 4 GiB: RIFF ends at byte %d, file at %d", pos, w.size)
		w.audio += (w.size - w.data - w.audio) >> 32 << 32
	case len(b) == 12 && string(b[:4]) == "RIFF" && string(b[8:]) == "WAVE":
		w.notef("a second WAV file begins at byte %d and is not read", pos)
	case w.chunks[len(w.chunks)-1].ID == "data" && len(w.chunks) > 1 && w.chunks[len(w.chunks)-2].ID == fillerID && w.data%takePage == 0:
		w.unfinished = true
		w.notef("recording was broken off: %d bytes of audio are not in the header yet, jackknife recover has them", left)
	default:
		w.notef("%d bytes behind the end of the %s at byte %d are not read", left, w.container, pos)
	}
}

// findData looks for a data chunk where the walk lost its way; -1 if there is none.
func (w *walker) findData(from int64) int64 {
	b := w.s.bytes(from, int(min(w.size-from, rescueRange)))
	if w.container == "Wave64" {
		if i := bytes.Index(b, append([]byte("data"), w64Tail...)); i >= 0 {
			return from + int64(i)
		}
		return -1
	}
	if i := bytes.Index(b, []byte("data")); i >= 0 && int64(len(b)-i) >= 8 {
		return from + int64(i)
	}
	return -1
}

// count turns bytes into frames, once all chunks are known.
func (w *walker) count() error {
	switch {
	case w.s.err != nil:
		return w.s.err
	case w.fmtBody == nil && w.data == 0:
		return fmt.Errorf("no fmt and no data chunk in %d bytes", w.size)
	case w.fmtBody == nil:
		return errors.New("no fmt chunk")
	case w.data == 0:
		return errors.New("no data chunk")
	}
	if err := w.parseFormat(w.fmtBody); err != nil {
		return err
	}
	frame := int64(w.format.FrameBytes())
	w.frames = w.audio / frame
	if rest := w.audio % frame; rest > 0 {
		w.notef("%d bytes behind the last whole frame are not read", rest)
	}
	if w.wide() && w.ds64Count > 0 && w.ds64Count != uint64(w.frames) {
		w.notef("ds64 counts %d frames, the audio has %d", w.ds64Count, w.frames)
	}
	w.checkChunks()
	return w.s.err
}
