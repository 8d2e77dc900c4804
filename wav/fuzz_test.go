package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jackknife/testdata/wavs"
)

// seed adds the small files of the corpus.
func seed(f *testing.F, add func(file []byte)) {
	for _, c := range wavs.Files() {
		if len(c.Bytes) < 10_000 {
			add(c.Bytes)
		}
	}
}

// Whatever the file says: no panic, no frame that the file does not hold, no
// allocation by a declared size, no control character in a message.
func FuzzParse(f *testing.F) {
	seed(f, func(file []byte) { f.Add(file) })
	f.Fuzz(func(t *testing.T, file []byte) {
		parsed(t, file, false)
		parsed(t, file, true)
	})
}

func parsed(t *testing.T, file []byte, stream bool) {
	began := time.Now()
	l, err := parseAs(bytes.NewReader(file), int64(len(file)), stream)
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v", took)
	}
	text := strings.Join(append(l.notes, l.damage), "")
	if err != nil {
		text += err.Error()
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("control characters in %q", text)
	}
	if err != nil {
		return
	}
	size := l.format.FrameBytes()
	if l.frames < 0 || l.data < 0 || l.frames > (int64(len(file))-l.data)/int64(size) {
		t.Fatalf("%d frames of %d bytes at byte %d, file has %d", l.frames, size, l.data, len(file))
	}
	if l.damage == "" && (l.after < l.data || l.end < l.after || l.end > int64(len(file))) {
		t.Fatalf("audio from %d to %d, end %d, file has %d", l.data, l.after, l.end, len(file))
	}
	for _, c := range l.chunks {
		if c.Size < 0 || c.Body+c.Size > int64(len(file)) {
			t.Fatalf("chunk %+v, file has %d", c, len(file))
		}
	}
	r := &Reader{layout: l, r: bytes.NewReader(file)}
	got := frames(t, r)
	if !bytes.Equal(got, file[l.data:][:len(got)]) || len(got) != int(l.frames)*size {
		t.Fatal("other bytes than the file's")
	}
	if len(got) > 0 {
		samples := make([]float64, len(got)/l.format.SampleBytes)
		Decode(samples, got, l.format)
	}
}

// Every file that is read is copied to the byte if nothing is edited; cut at
// any place, with marks moving along, the copy reads as what was put in.
func FuzzRoundTrip(f *testing.F) {
	seed(f, func(file []byte) { f.Add(file, uint16(3), uint8(5)) })
	f.Fuzz(func(t *testing.T, file []byte, from uint16, fill uint8) { roundTrip(t, file, from, fill) })
}

// FuzzChunks builds the file from a list of chunks instead: an id, a size to
// claim (0 = the right one) and content, so that the fuzzer moves chunks and
// not only bytes.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("\x00\x00\x10\x04\x00\x0c"), uint16(3), uint8(5))
	f.Add([]byte("\x05\x00\x03\x01\x00\x00\x04\x00\x18\x02\x00\x21\x03\x00\x40"), uint16(30), uint8(0))
	f.Fuzz(func(t *testing.T, list []byte, from uint16, fill uint8) {
		ids := []string{"fmt ", "data", "LIST", "cue ", "JUNK", "ds64", "fact", "smpl", "bext", "zz\x00\n"}
		kinds := []string{"RIFF", "RF64", "RIFX"}
		if len(list) == 0 {
			return
		}
		kind := kinds[int(list[0]/16)%len(kinds)]
		file := []byte(kind + "\x00\x00\x00\x00WAVE")
		order := Format{BigEndian: kind == "RIFX"}.order()
		u32 := func(n int) []byte {
			b := make([]byte, 4)
			order.PutUint32(b, uint32(n))
			return b
		}
		for ; len(list) >= 3 && len(file) < 1<<16; list = list[3:] {
			id, claim, n := ids[int(list[0])%len(ids)], int(list[1]), int(list[2])
			content := bytes.Repeat([]byte{list[1], list[2], 1}, n/3+1)[:n]
			if id == "fmt " {
				f := []byte{1, 0, list[2]%3 + 1, 0, 0x80, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 8 * (list[2]%4 + 1), 0}
				if kind == "RIFX" {
					for i := 0; i < 4; i += 2 {
						f[i], f[i+1] = f[i+1], f[i]
					}
					f[14], f[15] = f[15], f[14]
					binary.BigEndian.PutUint32(f[4:], 48000)
				}
				content = f
			}
			size := len(content)
			if claim%16 == 15 {
				size = claim << 20
			}
			file = append(append(append(file, id...), u32(size)...), content...)
			if len(content)&1 == 1 && claim%16 != 14 {
				file = append(file, 0)
			}
		}
		order.PutUint32(file[4:], uint32(len(file)-8))
		roundTrip(t, file, from, fill)
	})
}

func roundTrip(t *testing.T, file []byte, from uint16, fill uint8) {
	dir := t.TempDir()
	name, out := filepath.Join(dir, "take.wav"), filepath.Join(dir, "out.wav")
	if err := os.WriteFile(name, file, 0666); err != nil {
		t.Fatal(err)
	}
	r, err := Open(name)
	if err != nil {
		return
	}
	defer r.Close()
	w, err := CreateLike(out, r)
	if err == nil {
		err = w.CopyFrames(r, 0, r.Frames())
	}
	if err == nil {
		err = w.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(out); !bytes.Equal(got, file) {
		t.Fatal("the unedited copy differs")
	}

	at := min(int64(from), r.Frames())
	size := r.Format().FrameBytes()
	want := append(make([]byte, int(fill)*size), frames(t, r)[int(at)*size:]...)
	w, err = CreateLike(out, r)
	if err != nil {
		t.Fatal(err)
	}
	w.Replace = true
	w.MapFrames(func(frame int64) int64 { return max(frame-at, 0) + int64(fill) })
	if _, err = w.Write(want[:int(fill)*size]); err == nil {
		err = w.CopyFrames(r, at, r.Frames()-at)
	}
	if err == nil {
		err = w.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
	o, err := Open(out)
	if len(want) == 0 && errors.Is(err, ErrDamaged) {
		return // no audio, and a broken chunk behind it: a crash looks the same
	}
	if err != nil {
		t.Fatalf("the edited copy is refused: %v", err)
	}
	defer o.Close()
	if o.Format() != r.Format() || !bytes.Equal(frames(t, o), want) {
		t.Fatalf("%d frames of %v; want %d", o.Frames(), o.Format(), len(want)/size)
	}
}
