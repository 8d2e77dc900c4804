package wav

import (
	"encoding/binary"
	"fmt"
	"io"
)

// maxRIFF is the largest RIFF size written in 32 bits. Beyond it a file is
// RF64; sizes near 2^32 are left alone, as some readers add to them.
const maxRIFF = 0xFFFFFFF0

const (
	ds64Bytes = 28     // content of a ds64 chunk without a table
	fillerID  = "FLLR" // fills a take's header page
)

// sizes is where the fields that depend on the length of the audio stand, and
// what they shall say.
type sizes struct {
	format    Format
	container string // RIFF may become RF64
	limit     int64  // largest RIFF size; maxRIFF but in tests
	room      int64  // content of a ds64 chunk, or of the JUNK that may become one; 0 = none
	fact      int64  // content of the fact chunk; 0 = none
	data      int64  // first byte of audio
	frames    int64
	end       int64 // where the last chunk ends
}

// large reports whether the sizes need 64 bits in a RIFF file.
func (s *sizes) large() bool { return s.end-8 > s.limit }

// wide reports whether the sizes go into a ds64 chunk.
func (s *sizes) wide() bool {
	return s.container == "RF64" || s.container == "BW64" || s.container == "RIFF" && s.large()
}

// pad is how many bytes stand between so many of audio and the next chunk. Behind
// the last one Wave64 files go without: libsndfile would take them for audio.
func (s *sizes) pad(audio int64, last bool) int64 {
	switch {
	case s.container != "Wave64":
		return audio & 1
	case last:
		return 0
	}
	return -(s.data + audio) & 7
}

// write puts the sizes in their places.
func (s *sizes) write(w io.WriterAt) error {
	audio := s.frames * int64(s.format.FrameBytes())
	var err error
	put := func(at int64, b []byte) {
		if err == nil {
			_, err = w.WriteAt(b, at)
		}
	}
	u32 := func(n int64) []byte {
		b := make([]byte, 4)
		s.format.order().PutUint32(b, uint32(n))
		return b
	}
	u64 := func(n int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }

	switch {
	case s.container == "Wave64":
		put(16, u64(s.end))
		put(s.data-8, u64(audio+24))
	case s.wide():
		if s.container != "BW64" {
			put(0, []byte("RF64"))
		}
		if s.container == "RIFF" {
			put(s.room+24, u32(0)) // no table
		}
		put(s.room-8, []byte("ds64"))
		put(4, u32(unknownSize))
		put(s.room, u64(s.end-8))
		put(s.room+8, u64(audio))
		put(s.room+16, u64(s.frames))
		put(s.data-4, u32(unknownSize))
	case s.large():
		return fmt.Errorf("%s holds no more than 4 GiB", s.container)
	default:
		put(4, u32(s.end-8))
		put(s.data-4, u32(audio))
	}
	if s.fact > 0 {
		put(s.fact, u32(min(s.frames, unknownSize)))
	}
	return err
}

// newHead makes the bytes before the audio of a new file, and says where its
// sizes stand. With page > 0 the names of the channels stand there as well, if they
// fit into the page, and a filler chunk so that the audio begins at a multiple of
// page.
func newHead(f Format, page int, tracks ...string) ([]byte, *sizes) {
	s := &sizes{format: f, container: "RIFF", limit: maxRIFF}
	b := []byte("RIFF\x00\x00\x00\x00WAVE")
	begin := func(id string, n int) {
		b = append(b, chunkHead(s.container, id, int64(n))...)
	}
	begin("JUNK", ds64Bytes)
	s.room = int64(len(b))
	b = append(b, make([]byte, ds64Bytes)...)
	content := fmtContent(f)
	begin("fmt ", len(content))
	b = append(b, content...)
	if f.Encoding == Float { // the standard asks for fact where it is not PCM
		begin("fact", 4)
		s.fact = int64(len(b))
		b = append(b, 0, 0, 0, 0)
	}
	if names := trackList(tracks); len(tracks) > 0 && len(b)+8+len(names)+1+16 <= page {
		begin("iXML", len(names))
		b = append(b, names...)
		b = append(b, make([]byte, len(names)&1)...)
	}
	if page > 0 {
		fill := page - (len(b)+16)%page
		begin(fillerID, fill)
		b = append(b, make([]byte, fill)...)
	}
	begin("data", 0)
	s.data, s.end = int64(len(b)), int64(len(b))
	return b, s
}
