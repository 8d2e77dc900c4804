package wav

import (
	"encoding/xml"
	"slices"
	"strings"
)

// bwfXML is the part of an iXML chunk that names the channels of a file (iXML
// specification 2.0).
type bwfXML struct {
	XMLName xml.Name   `xml:"BWFXML"`
	Version string     `xml:"IXML_VERSION"`
	Count   int        `xml:"TRACK_LIST>TRACK_COUNT"`
	Tracks  []xmlTrack `xml:"TRACK_LIST>TRACK"`
}

type xmlTrack struct {
	Channel    int    `xml:"CHANNEL_INDEX"`    // of the recorder, from 1
	Interleave int    `xml:"INTERLEAVE_INDEX"` // of the file, from 1
	Name       string `xml:"NAME"`
}

// trackList is the content of an iXML chunk with the names of the channels.
func trackList(names []string) []byte {
	x := bwfXML{Version: "2.0", Count: len(names)}
	for i, name := range names {
		x.Tracks = append(x.Tracks, xmlTrack{i + 1, i + 1, name})
	}
	b, err := xml.Marshal(x)
	if err != nil { // numbers and texts cannot fail
		return nil
	}
	return append([]byte(xml.Header), b...)
}

// maxXML bounds what is read of an iXML chunk.
const maxXML = 1 << 20

// Tracks is the names of the channels, as an iXML chunk has them; nil if there
// are none.
func (r *Reader) Tracks() []string {
	i := slices.IndexFunc(r.chunks, func(c Chunk) bool { return c.ID == "iXML" && c.Size <= maxXML })
	if i < 0 {
		return nil
	}
	var x bwfXML
	if err := xml.Unmarshal(r.content(r.chunks[i], maxXML), &x); err != nil {
		return nil
	}
	names := make([]string, r.format.Channels)
	for _, t := range x.Tracks {
		if t.Interleave >= 1 && t.Interleave <= len(names) {
			names[t.Interleave-1] = strings.TrimSpace(t.Name)
		}
	}
	if !slices.ContainsFunc(names, func(name string) bool { return name != "" }) {
		return nil
	}
	return names
}
