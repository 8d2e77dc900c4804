package wav

import (
	"cmp"
	"slices"
	"strings"
)

// Marks is the cue points of the file, or the chapters of a FLAC file, with their labels, in the order of the
// take; those past its end are left out.
func (r *Reader) Marks() []Mark {
	if r.flac != nil {
		return r.flac.about(r.frames).Marks
	}
	order := r.format.order()
	read := func(at int64, n int) []byte {
		b := make([]byte, n)
		if got, _ := r.r.ReadAt(b, at); got < n {
			return nil
		}
		return b
	}
	var found []Mark
	place := map[uint32]int{}
	for _, c := range r.chunks {
		if c.ID != "cue " {
			continue
		}
		for at := c.Body + 4; at+24 <= c.Body+c.Size && len(found) < maxMarks; at += 24 {
			b := read(at, 24)
			if b == nil {
				break
			}
			if frame := int64(order.Uint32(b[20:])); string(b[8:12]) == "data" && frame <= r.frames {
				place[order.Uint32(b)] = len(found)
				found = append(found, Mark{Frame: frame})
			}
		}
	}
	for _, c := range r.chunks {
		if b := read(c.Body, 4); c.ID != "LIST" || c.Size < 4 || string(b) != "adtl" {
			continue
		}
		for at, n := c.Body+4, 0; at+12 <= c.Body+c.Size && n < maxMarks; n++ {
			b := read(at, 12)
			if b == nil {
				break
			}
			size := int64(order.Uint32(b[4:]))
			if i, ok := place[order.Uint32(b[8:])]; ok && size >= 4 && size <= c.Body+c.Size-at-8 {
				text, _, _ := strings.Cut(string(read(at+12, int(min(size-4, 1<<10)))), "\x00")
				switch string(b[:4]) {
				case "labl":
					found[i].Label = text
				case "note":
					found[i].Mistake = text == noteMistake
				}
			}
			at += 8 + size + size&1
		}
	}
	sortMarks(found)
	return found
}

func sortMarks(marks []Mark) {
	slices.SortStableFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Frame, b.Frame) })
}
