package wav

import (
	"bytes"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"unicode/utf8"
)

// About is what a file says of its audio.
type About struct {
	Tags  []Tag
	Cover *Picture // nil = none
	Marks []Mark
}

// Tag is a word about the whole file. Names are those of Vorbis comments in
// capitals: TITLE, ARTIST, ALBUM, TRACKNUMBER, COMMENT.
type Tag struct{ Name, Value string }

// Picture is a cover as it stands in a file.
type Picture struct {
	MIME  string // image/jpeg, image/png
	Bytes []byte
}

// NewPicture takes the content of a JPEG or PNG file; nil if it is neither.
func NewPicture(content []byte) *Picture {
	if _, err := jpeg.DecodeConfig(bytes.NewReader(content)); err == nil {
		return &Picture{"image/jpeg", content}
	}
	if _, err := png.DecodeConfig(bytes.NewReader(content)); err == nil {
		return &Picture{"image/png", content}
	}
	return nil
}

// size is width, height and bits of a pixel; 0 if they cannot be told.
func (p *Picture) size() (w, h, depth int) {
	if c, err := jpeg.DecodeConfig(bytes.NewReader(p.Bytes)); err == nil {
		return c.Width, c.Height, 24
	}
	if c, err := png.DecodeConfig(bytes.NewReader(p.Bytes)); err == nil {
		return c.Width, c.Height, 24
	}
	return 0, 0, 0
}

// Limits of what is read of a file's words.
const (
	maxTags      = 1000
	maxTextBytes = 64 << 10
	maxAbout     = 16 << 20 // a FLAC block holds no more
)

// Tag is the value of the first tag of a name; "" = none.
func (a *About) Tag(name string) string {
	for _, t := range a.Tags {
		if t.Name == name {
			return t.Value
		}
	}
	return ""
}

// Set gives the tag of a name one value; "" removes it.
func (a *About) Set(name, value string) {
	a.Tags = slices.DeleteFunc(slices.Clone(a.Tags), func(t Tag) bool { return t.Name == name })
	a.add(name, value)
}

// add appends a tag; values that are empty, too long or no text are left out.
func (a *About) add(name, value string) {
	value = strings.TrimRight(value, "\x00")
	if value != "" && len(value) <= maxTextBytes && utf8.ValidString(value) && len(a.Tags) < maxTags {
		a.Tags = append(a.Tags, Tag{name, value})
	}
}

func (a *About) empty() bool { return len(a.Tags) == 0 && a.Cover == nil && len(a.Marks) == 0 }

// Track is number and total as ID3 and INFO have them: 3 or 3/12.
func (a *About) Track() string {
	n := a.Tag("TRACKNUMBER")
	if total := a.Tag("TRACKTOTAL"); n != "" && total != "" && !strings.Contains(n, "/") {
		return n + "/" + total
	}
	return n
}

// SetTrack takes a track as 3 or 3/12.
func (a *About) SetTrack(s string) {
	n, total, _ := strings.Cut(s, "/")
	a.Set("TRACKNUMBER", n)
	a.Set("TRACKTOTAL", total)
}

// addMissing takes over the names that are not there yet.
func (a *About) addMissing(b About) {
	have := slices.Clone(a.Tags)
	for _, t := range b.Tags {
		if !slices.ContainsFunc(have, func(h Tag) bool { return h.Name == t.Name }) {
			a.add(t.Name, t.Value)
		}
	}
	if a.Cover == nil {
		a.Cover = b.Cover
	}
}

// About is what the file says of its audio: of a WAV file its ID3 tag, its INFO
// list, its bext chunk and its cue points, of FLAC its comments, its picture and
// its chapters.
func (r *Reader) About() About {
	if r.flac != nil {
		return r.flac.about(r.frames)
	}
	var a About
	for _, c := range r.chunks {
		if id3Chunk(c) {
			a.addMissing(parseID3(r.content(c, maxAbout)))
		}
	}
	for _, c := range r.chunks {
		switch c.ID {
		case "LIST":
			a.addMissing(parseInfo(r.content(c, maxAbout), r.format.order()))
		case "bext":
			a.addMissing(parseBext(r.content(c, bextBytes), r.format.order()))
		}
	}
	a.Marks = r.Marks()
	return a
}

func id3Chunk(c Chunk) bool { return c.ID == "id3 " || c.ID == "ID3 " }

// content is what stands in a chunk; nil if that is more than most bytes, but
// for bext, whose beginning is asked for.
func (r *Reader) content(c Chunk, most int64) []byte {
	if c.Size > most && c.ID == "bext" {
		c.Size = most
	}
	if c.Size > most || c.Size > r.size-c.Body {
		return nil
	}
	b := make([]byte, c.Size)
	if n, _ := r.r.ReadAt(b, c.Body); n < len(b) {
		return nil
	}
	return b
}

// describes reports whether a chunk says what an About says.
func (r *Reader) describes(c Chunk) bool {
	switch c.ID {
	case "cue ", "plst":
		return true
	case "LIST":
		b := r.content(Chunk{Body: c.Body, Size: min(c.Size, 4)}, 4)
		return string(b) == "INFO" || string(b) == "adtl"
	}
	return id3Chunk(c)
}
