package wav

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
)

// tagNames are the names of a tag: in Vorbis comments, in an INFO list
// (Microsoft "Multimedia Programming Interface", 3), and in ID3v2.4.
var tagNames = []struct{ vorbis, info, id3 string }{
	{"TITLE", "INAM", "TIT2"},
	{"ARTIST", "IART", "TPE1"},
	{"ALBUM", "IPRD", "TALB"},
	{"TRACKNUMBER", "ITRK", "TRCK"},
	{"TRACKNUMBER", "IPRT", ""}, // as ffmpeg has it
	{"COMMENT", "ICMT", "COMM"},
	{"DATE", "ICRD", "TDRC"},
	{"DATE", "", "TYER"}, // of ID3v2.3
	{"GENRE", "IGNR", "TCON"},
	{"COPYRIGHT", "ICOP", "TCOP"},
	{"LANGUAGE", "ILNG", "TLAN"},
	{"ENCODER", "ISFT", "TSSE"},
	{"SOURCE", "ISRC", ""},
	{"ISRC", "", "TSRC"},
}

var infoID = regexp.MustCompile(`^I[A-Z0-9]{3}$`)

// ownInfo reports whether the name of a tag is an id of INFO: those that go by
// no other name.
func ownInfo(name string) bool { return name != "ISRC" && infoID.MatchString(name) }

func parseInfo(b []byte, o binary.ByteOrder) (a About) {
	if len(b) < 4 || string(b[:4]) != "INFO" {
		return a
	}
	for b = b[4:]; len(b) >= 8; {
		id, size := string(b[:4]), int64(o.Uint32(b[4:]))
		b = b[8:]
		if size > int64(len(b)) {
			return a
		}
		value, _, _ := strings.Cut(string(b[:size]), "\x00")
		b = b[min(size+size&1, int64(len(b))):]
		name := ""
		for _, n := range tagNames {
			if n.info == id {
				name = n.vorbis
			}
		}
		switch {
		case name == "TRACKNUMBER" && a.Tag(name) == "":
			a.SetTrack(value)
		case name == "TRACKNUMBER":
		case name != "":
			a.add(name, value)
		case ownInfo(id):
			a.add(id, value)
		}
	}
	return a
}

// infoList is the content of a LIST chunk with the tags that INFO knows; nil
// if there are none.
func (a *About) infoList() []byte {
	b := []byte("INFO")
	put := func(id, value string) {
		b = binary.LittleEndian.AppendUint32(append(b, id...), uint32(len(value)+1))
		b = append(append(b, value...), 0)
		b = append(b, make([]byte, len(b)&1)...)
	}
	for _, n := range tagNames {
		value := a.Tag(n.vorbis)
		if n.vorbis == "TRACKNUMBER" {
			value = a.Track()
		}
		if n.info != "" && value != "" {
			put(n.info, value)
		}
	}
	for _, t := range a.Tags {
		if ownInfo(t.Name) {
			put(t.Name, t.Value)
		}
	}
	if len(b) == 4 {
		return nil
	}
	return b
}

// bextFields are the texts of a bext chunk (EBU Tech 3285, 2.3), under the names
// that ffmpeg has for them.
var bextFields = []struct {
	name     string
	at, size int
}{
	{"DESCRIPTION", 0, 256}, {"ORIGINATOR", 256, 32}, {"ORIGINATOR_REFERENCE", 288, 32},
	{"ORIGINATION_DATE", 320, 10}, {"ORIGINATION_TIME", 330, 8},
}

func parseBext(b []byte, o binary.ByteOrder) (a About) {
	if len(b) < bextBytes {
		return a
	}
	for _, f := range bextFields {
		value, _, _ := strings.Cut(string(b[f.at:f.at+f.size]), "\x00")
		a.add(f.name, strings.TrimSpace(value))
	}
	if t := uint64(o.Uint32(b[342:]))<<32 | uint64(o.Uint32(b[338:])); t > 0 {
		a.add("TIME_REFERENCE", fmt.Sprint(t))
	}
	return a
}

// bext is a bext chunk of the tags that come from one; nil without a date of
// origination, which every bext has.
func (a *About) bext() []byte {
	if a.Tag("ORIGINATION_DATE") == "" {
		return nil
	}
	b := make([]byte, bextBytes)
	for _, f := range bextFields {
		copy(b[f.at:f.at+f.size], a.Tag(f.name))
	}
	var t uint64
	if _, err := fmt.Sscan(a.Tag("TIME_REFERENCE"), &t); err == nil {
		binary.LittleEndian.PutUint64(b[338:], t)
	}
	return b
}

// fromBext reports whether a tag has its place in a bext chunk.
func fromBext(name string) bool {
	for _, f := range bextFields {
		if f.name == name {
			return true
		}
	}
	return name == "TIME_REFERENCE"
}
