package rt

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// TestRolls: the transport turns between what is put out, also where the room
// ends inside a record and where silence stands before it.
func TestRolls(t *testing.T) {
	blocks := []struct {
		time  uint32
		rolls uint32
	}{{0, 0}, {64, 1}, {128, 1}, {256, 1}, {320, 0}, {384, 1}, {448, 0}}
	var records []byte
	for _, b := range blocks {
		r := ring(2, cycle{time: b.time, frames: 64})
		binary.NativeEndian.PutUint32(r[recordRolls:], b.rolls)
		records = append(records, r...)
	}
	const want = "[0 64 true 320 false 384 true 448 false]"
	for _, room := range []int{1000, 64, 50, 7} {
		s := newSplicer(2, 48000)
		dst := make([]byte, room*8)
		turns := []any{0}
		for rest := records; ; {
			rolled, at := s.rolls, s.report.Frames
			frames, used := s.splice(dst, rest, true)
			if s.rolls != rolled {
				turns = append(turns, at, s.rolls)
			}
			if rest = rest[used:]; frames == 0 && used == 0 {
				break
			}
		}
		// The frames lost before 256 belong to neither side: they go with what was before.
		if got := fmt.Sprint(turns); got != want {
			t.Errorf("room for %d frames: turns at %v, want %v", room, got, want)
		}
		if s.report.Frames != 512 {
			t.Errorf("%d frames", s.report.Frames)
		}
	}
}
