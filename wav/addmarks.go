package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// Mark is a place in a take, with a word about it.
type Mark struct {
	Frame   int64
	Label   string
	Mistake bool // dropped by a recorder's user, as something went wrong before it
}

// What the note of a cue point says of a mistake, and once that is cut out. They
// are of one length, as notes are changed in place.
const (
	noteMistake = "mistake"
	noteCut     = "cut out"
)

// AddMarks appends marks to a finished RIFF or RF64 file that has none yet, as
// cue points with labels and notes (Microsoft "Multimedia Data Standards Update",
// cue and adtl). The audio is not touched, and the header claims the new chunks only
// when they are on the disk. Cue points count frames in 32 bits: marks beyond
// them are left out, and how many were is returned.
func AddMarks(name string, marks []Mark) (left int, err error) {
	return storeMarks(name, marks, false)
}

// SetMarks is AddMarks for a file that may have marks: they are replaced. What
// held them becomes JUNK.
func SetMarks(name string, marks []Mark) (left int, err error) {
	return storeMarks(name, marks, true)
}

func storeMarks(name string, marks []Mark, replace bool) (left int, err error) {
	fit := make([]Mark, 0, len(marks))
	for _, m := range marks {
		if m.Frame < 0 || m.Frame > math.MaxUint32 || len(fit) == maxMarks {
			left++
			continue
		}
		fit = append(fit, m)
	}
	if len(fit) == 0 {
		return left, nil
	}
	file, err := os.OpenFile(name, os.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, named(name, err)
	}
	err = addMarks(file, fit, replace)
	if err = errors.Join(err, file.Close()); err != nil {
		return 0, named(name, err)
	}
	return left, nil
}

func addMarks(file *os.File, marks []Mark, replace bool) error {
	st, err := file.Stat()
	if err != nil {
		return err
	}
	r, err := NewReader(file, st.Size())
	if err != nil {
		return err
	}
	if r.container != "RIFF" && r.container != "RF64" {
		return fmt.Errorf("%s takes no marks", r.container)
	}
	room := r.ds64
	var old []Chunk
	for _, c := range r.chunks {
		switch {
		case c.ID == "cue " && !replace:
			return errors.New("has cue points already")
		case c.ID == "cue ":
			old = append(old, c)
		case c.ID == "LIST" && replace:
			var kind [4]byte
			if _, err := file.ReadAt(kind[:], c.Body); err == nil && string(kind[:]) == "adtl" {
				old = append(old, c)
			}
		case c.ID == "JUNK" && c.At == 12 && c.Size >= ds64Bytes && room == 0:
			room = c.Body
		}
	}
	cue, labels := markChunks(marks)
	chunks := append(chunkHead("RIFF", "cue ", int64(len(cue))), cue...)
	chunks = append(append(chunks, chunkHead("RIFF", "LIST", int64(len(labels)))...), labels...)
	_, err = file.WriteAt(chunks, r.end)
	if err == nil {
		err = fdatasync(file)
	}
	if err != nil { // a full disk, for one: nothing claims what is there of them
		return errors.Join(err, file.Truncate(st.Size()))
	}
	s := &sizes{format: r.format, container: r.container, limit: maxRIFF, room: room, fact: r.fact,
		data: r.data, frames: r.frames, end: r.end + int64(len(chunks))}
	if s.wide() && s.room == 0 {
		return errors.New("has no room for the sizes of an RF64 file")
	}
	for _, c := range old {
		if _, err := file.WriteAt([]byte("JUNK"), c.At); err != nil {
			return err
		}
	}
	if err := s.write(file); err != nil {
		return err
	}
	return file.Sync()
}

// markChunks is the content of a cue chunk and of the list of its texts.
func markChunks(marks []Mark) (cue, labels []byte) {
	o := binary.LittleEndian
	cue = o.AppendUint32(nil, uint32(len(marks)))
	labels = []byte("adtl")
	for i, m := range marks {
		id := uint32(i + 1)
		cue = o.AppendUint32(cue, id)
		cue = o.AppendUint32(cue, uint32(m.Frame)) // position in the playlist, of which there is none
		cue = append(cue, "data"...)
		cue = o.AppendUint32(cue, 0) // chunk start
		cue = o.AppendUint32(cue, 0) // block start
		cue = o.AppendUint32(cue, uint32(m.Frame))

		labels = cueText(labels, "labl", id, m.Label)
		if m.Mistake {
			labels = cueText(labels, "note", id, noteMistake)
		}
	}
	return cue, labels
}

// cueText appends a text of a cue point to the list.
func cueText(list []byte, kind string, id uint32, text string) []byte {
	o := binary.LittleEndian
	list = o.AppendUint32(append(list, kind...), uint32(4+len(text)+1))
	list = append(o.AppendUint32(list, id), text...)
	list = append(list, 0)
	return append(list, make([]byte, len(list)&1)...)
}
