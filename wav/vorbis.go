package wav

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The blocks of a FLAC file that speak of its audio (RFC 9639, 8.6 to 8.8).
const (
	mostChapters = 999 // CHAPTER001 to CHAPTER999, after the Ogg chapter extension
	mostTracks   = 254 // of a cue sheet, the last of which is its end
)

// vorbisName reports whether a text can be the name of a comment.
func vorbisName(s string) bool {
	return s != "" && len(s) < 256 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '}' || r == '=' })
}

var chapterName = regexp.MustCompile(`^CHAPTER(\d{3})(NAME|URL)?$`)

// flacAbout gathers what the blocks of a file say.
type flacAbout struct {
	About
	rateHz   int
	chapters map[int]*Mark // by number; Frame is -1 until its time is read
	exact    []int64       // frames that the cue sheet names
}

// about is what the blocks before the frames say of so many frames of audio.
func (h *flacHead) about(frames int64) About {
	f := flacAbout{rateHz: h.rateHz, chapters: map[int]*Mark{}}
	front := false
	for _, c := range h.blocks[1:] {
		if c.Size > maxAbout {
			continue
		}
		switch c.ID {
		case "VORBIS_COMMENT", "PICTURE", "CUESHEET":
		default:
			continue
		}
		b := make([]byte, c.Size)
		if n, _ := h.from.ReadAt(b, c.Body); n < len(b) {
			continue
		}
		switch c.ID {
		case "VORBIS_COMMENT":
			eachComment(b, f.comment)
		case "CUESHEET":
			f.exact = append(f.exact, cueFrames(b)...)
		default:
			if p, kind := parsePicture(b); p != nil && (f.Cover == nil || kind == 3 && !front) {
				f.Cover, front = p, kind == 3
			}
		}
	}
	f.marks(frames)
	return f.About
}

// eachComment goes through a block of comments.
func eachComment(b []byte, each func(name string, value []byte)) {
	next := func() []byte {
		if len(b) < 4 {
			b = nil
			return nil
		}
		n := int64(binary.LittleEndian.Uint32(b))
		if b = b[4:]; n > int64(len(b)) {
			b = nil
			return nil
		}
		s := b[:n]
		b = b[n:]
		return s
	}
	if next(); len(b) < 4 { // the vendor, the number of comments
		return
	}
	for b = b[4:]; len(b) > 0; {
		name, value, ok := bytes.Cut(next(), []byte("="))
		if n := strings.ToUpper(string(name)); ok && vorbisName(n) {
			each(n, value)
		}
	}
}

// chapterTime is the frame that a chapter's time names.
func chapterTime(value []byte, rateHz int) (int64, bool) {
	m := timeOfChapter.FindSubmatch(value)
	if m == nil {
		return 0, false
	}
	var n [4]int64
	for i := range n {
		n[i], _ = strconv.ParseInt(string(m[i+1]), 10, 64)
	}
	rate := int64(rateHz)
	return ((n[0]*60+n[1])*60+n[2])*rate + (n[3]*rate+500)/1000, true
}

var timeOfChapter = regexp.MustCompile(`^(\d\d):(\d\d):(\d\d)\.(\d\d\d)$`)

func showChapterTime(frame int64, rateHz int) string {
	rate := int64(rateHz)
	ms := min(frame/rate*1000+(frame%rate*1000+rate/2)/rate, 360_000_000-1)
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

// maskName is the comment that says which speakers the channels are for, if it is
// not what their number says (RFC 9639, 8.6.2). It is of the format, no tag.
const maskName = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"

// usualMask reports whether m is what so many channels are for anyway: one speaker
// in the middle, two at the sides, and beyond that as flacMasks has it.
func usualMask(m uint32, channels int) bool {
	return m == 0 || channels == 1 && m == 4 || channels == 2 && m == 3 || channels < len(flacMasks) && m == flacMasks[channels]
}

// mask is what the comments say of the speakers of the channels.
func (h *flacHead) mask() uint32 {
	m := flacMasks[h.channels]
	for _, c := range h.blocks[1:] {
		if c.ID != "VORBIS_COMMENT" || c.Size > maxAbout {
			continue
		}
		b := make([]byte, c.Size)
		if n, _ := h.from.ReadAt(b, c.Body); n < len(b) {
			continue
		}
		eachComment(b, func(name string, value []byte) {
			said, err := strconv.ParseUint(string(value), 0, 32)
			if name == maskName && err == nil && bits.OnesCount64(said) == h.channels && !usualMask(uint32(said), h.channels) {
				m = uint32(said)
			}
		})
	}
	return m
}

// comment takes over what one comment says.
func (f *flacAbout) comment(name string, value []byte) {
	if name == maskName {
		return
	}
	m := chapterName.FindStringSubmatch(name)
	if m == nil {
		f.add(name, string(value))
		return
	}
	n, _ := strconv.Atoi(m[1])
	c := f.chapters[n]
	if c == nil {
		c = &Mark{Frame: -1}
		f.chapters[n] = c
	}
	if m[2] == "NAME" && len(value) <= maxTextBytes {
		c.Label = strings.ToValidUTF8(string(value), "")
	}
	if at, ok := chapterTime(value, f.rateHz); ok && m[2] == "" {
		c.Frame = at
	}
}

// marks makes marks of chapters; the cue sheet says where they stand to the
// frame, if it is about the same places. Without chapters its tracks are marks.
func (f *flacAbout) marks(frames int64) {
	for _, n := range slices.Sorted(maps.Keys(f.chapters)) {
		if c := f.chapters[n]; c.Frame >= 0 {
			f.Marks = append(f.Marks, *c)
		}
	}
	sortMarks(f.Marks)
	slices.Sort(f.exact)
	if len(f.Marks) == 0 {
		f.Marks = make([]Mark, len(f.exact))
	}
	if len(f.Marks) == len(f.exact) {
		for i, at := range f.exact {
			m := &f.Marks[i]
			if len(f.chapters) == 0 || max(at-m.Frame, m.Frame-at) <= int64(f.rateHz)/1000+1 {
				m.Frame = at
			}
		}
	}
	f.Marks = slices.DeleteFunc(f.Marks, func(m Mark) bool { return m.Frame > frames })
}

// commentBlock is the content of a block of comments on audio of a format: tags,
// speakers and chapters.
func (a *About) commentBlock(f Format) []byte {
	o := binary.LittleEndian
	const vendor = "jackknife"
	b := append(o.AppendUint32(nil, uint32(len(vendor))), vendor...)
	count, at := uint32(0), len(b)
	b = append(b, 0, 0, 0, 0)
	put := func(s string) {
		b = append(o.AppendUint32(b, uint32(len(s))), s...)
		count++
	}
	for _, ofBext := range []bool{true, false} { // some take DESCRIPTION for COMMENT; the last one counts
		for _, t := range a.Tags {
			if vorbisName(t.Name) && fromBext(t.Name) == ofBext {
				put(t.Name + "=" + t.Value)
			}
		}
	}
	if !usualMask(f.Mask, f.Channels) {
		put(fmt.Sprintf("%s=%#04x", maskName, f.Mask))
	}
	for i, m := range a.Marks[:min(len(a.Marks), mostChapters)] {
		put(fmt.Sprintf("CHAPTER%03d=%s", i+1, showChapterTime(m.Frame, f.RateHz)))
		put(fmt.Sprintf("CHAPTER%03dNAME=%s", i+1, m.Label))
	}
	o.PutUint32(b[at:], count)
	return b
}

// cueSheet is the content of a cue sheet block, which names marks to the frame;
// nil if there are none, or more than it holds.
func (a *About) cueSheet(frames int64) []byte {
	if len(a.Marks) == 0 || len(a.Marks) > mostTracks {
		return nil
	}
	o := binary.BigEndian
	b := make([]byte, 128+8+1+258) // no number, no lead-in, not a CD
	b = append(b, byte(len(a.Marks)+1))
	for i, m := range a.Marks {
		b = append(o.AppendUint64(b, uint64(m.Frame)), byte(i+1))
		b = append(b, make([]byte, 12+1+13)...)
		b = append(b, 1)                                  // index points:
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0) // at once, number 1
	}
	b = append(o.AppendUint64(b, uint64(frames)), 255)
	return append(b, make([]byte, 12+1+13+1)...)
}

// cueFrames are the frames at which the tracks of a cue sheet begin.
func cueFrames(b []byte) (frames []int64) {
	eachTrack(b, func(number byte, track, index []byte) {
		at := int64(binary.BigEndian.Uint64(track))
		for ; len(index) >= 12; index = index[12:] {
			if index[8] == 1 && number != 170 && number != 255 {
				if at += int64(binary.BigEndian.Uint64(index)); at >= 0 {
					frames = append(frames, at)
				}
				return
			}
		}
	})
	return frames
}

// eachTrack goes through the tracks of a cue sheet: their 36 bytes, and their
// index points of 12.
func eachTrack(b []byte, each func(number byte, track, index []byte)) {
	if len(b) < 396 {
		return
	}
	count := b[395]
	for b = b[396:]; count > 0 && len(b) >= 36; count-- {
		n := 36 + 12*int(b[35])
		if n > len(b) {
			return
		}
		each(b[8], b[:36], b[36:n])
		b = b[n:]
	}
}

// moveComments moves the chapters in a block of comments.
func moveComments(b []byte, rateHz int, moved func(int64) int64) {
	eachComment(b, func(name string, value []byte) {
		m := chapterName.FindStringSubmatch(name)
		if at, ok := chapterTime(value, rateHz); ok && m != nil && m[2] == "" {
			copy(value, showChapterTime(moved(at), rateHz))
		}
	})
}

// moveCueSheet moves the tracks of a cue sheet and their index points; the last
// track is the end. What no longer fits the frames of a CD is none.
func moveCueSheet(b []byte, frames int64, moved func(int64) int64) {
	o := binary.BigEndian
	disc := len(b) > 136 && b[136]&0x80 != 0
	onDisc := true
	eachTrack(b, func(number byte, track, index []byte) {
		at := int64(o.Uint64(track))
		to := moved(at)
		if number == 170 && disc || number == 255 && !disc {
			to = frames
		}
		o.PutUint64(track, uint64(to))
		onDisc = onDisc && to%588 == 0
		for ; len(index) >= 12; index = index[12:] {
			n := moved(at+int64(o.Uint64(index))) - to
			o.PutUint64(index, uint64(n))
			onDisc = onDisc && n%588 == 0
		}
	})
	if disc && !onDisc {
		b[136] &^= 0x80
		clear(b[128:136])
		eachTrack(b, func(number byte, track, _ []byte) {
			if number == 170 {
				track[8] = 255
			}
		})
	}
}

// parsePicture reads a block of a picture and what it is of (3 = the front).
func parsePicture(b []byte) (*Picture, uint32) {
	o := binary.BigEndian
	if len(b) < 8 {
		return nil, 0
	}
	kind := o.Uint32(b)
	at := int64(4)
	for range 2 { // MIME type, description
		if at+4 > int64(len(b)) {
			return nil, 0
		}
		at += 4 + int64(o.Uint32(b[at:]))
	}
	if at += 16; at+4 > int64(len(b)) || int64(o.Uint32(b[at:])) > int64(len(b))-at-4 {
		return nil, 0
	}
	return NewPicture(b[at+4 : at+4+int64(o.Uint32(b[at:]))]), kind
}

// pictureBlock is the content of a block of a picture: the front cover.
func (p *Picture) pictureBlock() []byte {
	o := binary.BigEndian
	b := o.AppendUint32(nil, 3)
	b = append(o.AppendUint32(b, uint32(len(p.MIME))), p.MIME...)
	b = o.AppendUint32(b, 0) // no description
	w, h, depth := p.size()
	for _, n := range []int{w, h, depth, 0, len(p.Bytes)} {
		b = o.AppendUint32(b, uint32(n))
	}
	return append(b, p.Bytes...)
}
