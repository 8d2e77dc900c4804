package wav

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/meta"
)

func cover(t testing.TB) *Picture {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 32, 20))); err != nil {
		t.Fatal(err)
	}
	p := NewPicture(b.Bytes())
	if p == nil || p.MIME != "image/png" {
		t.Fatal(p)
	}
	return p
}

func about(t testing.TB) About {
	a := About{Cover: cover(t), Marks: []Mark{{Label: "one"}, {Frame: 1001, Label: "zwei; für #2"}, {Frame: 7777}, {Frame: 7779, Label: "near"}}}
	for _, tag := range []Tag{{"TITLE", "Das Meer = die See"}, {"ARTIST", "Ada"}, {"ARTIST", "Bob"}, {"ALBUM", "Ruhe ☾"},
		{"COMMENT", "slow"}, {"DATE", "2024-05-06"}, {"REPLAYGAIN_TRACK_GAIN", "-3.1 dB"}, {"ISRC", "DEAB12345678"}, {"IENG", "Eve"},
		{"DESCRIPTION", "reel 3"}, {"ORIGINATOR", "deck"}, {"ORIGINATION_DATE", "2024-05-06"}, {"TIME_REFERENCE", "5000000000"}} {
		a.add(tag.Name, tag.Value)
	}
	a.SetTrack("3/12")
	return a
}

// aboutTake writes a take that says nothing, and one in a container that says all.
func aboutTake(t testing.TB, dir, container string) (name string, f Format) {
	t.Helper()
	f = Format{RateHz: 44100, Channels: 2, Bits: 16, SampleBytes: 2}
	plain := filepath.Join(dir, "plain.wav")
	if _, err := os.Stat(plain); err != nil {
		write(t, plain, f, bytes.Repeat([]byte{1, 2, 3, 4}, 10_001))
	}
	r := mustOpen(t, plain)
	defer r.Close()
	a := about(t)
	name = filepath.Join(dir, "take-"+container)
	as(t, name, r, Target{Container: container, About: &a}, nil, r.Frames())
	return name, f
}

// as writes so many frames of a take, after a thousand of others where marks
// move, to a file.
func as(t testing.TB, name string, r *Reader, target Target, moved func(int64) int64, n int64) *Writer {
	t.Helper()
	w, err := CreateAs(name, r, target)
	if err != nil {
		t.Fatal(err)
	}
	if moved != nil {
		w.MapFrames(moved)
		_, err = w.Write(make([]byte, 1000*r.format.FrameBytes()))
	}
	if err == nil {
		err = w.CopyFrames(r, 0, n)
	}
	if err == nil {
		err = w.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func sameAbout(t *testing.T, label string, got, want About) {
	t.Helper()
	sorted := func(tags []Tag) []Tag {
		return slices.SortedStableFunc(slices.Values(tags), func(a, b Tag) int { return strings.Compare(a.Name, b.Name) })
	}
	if g, w := sorted(got.Tags), sorted(want.Tags); !slices.Equal(g, w) {
		t.Errorf("%s: tags\n%q, want\n%q", label, g, w)
	}
	if !slices.Equal(got.Marks, want.Marks) {
		t.Errorf("%s: marks %v, want %v", label, got.Marks, want.Marks)
	}
	if got.Cover == nil || !bytes.Equal(got.Cover.Bytes, want.Cover.Bytes) || got.Cover.MIME != want.Cover.MIME {
		t.Errorf("%s: another cover", label)
	}
}

// Tags, cover and marks pass from every container to every other, and marks
// move with the edit.
func TestAboutPasses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	later := func(frame int64) int64 { return frame + 1000 }
	for _, from := range []string{"RIFF", "RF64", "Wave64", "FLAC"} {
		name, _ := aboutTake(t, dir, from)
		r := openCoded(t, name)
		if len(r.Notes()) > 0 || r.Container() != from {
			t.Errorf("%s: %s, notes %q", from, r.Container(), r.Notes())
		}
		sameAbout(t, from, r.About(), about(t))
		for _, to := range []string{"RIFF", "RF64", "Wave64", "FLAC"} {
			out := filepath.Join(dir, from+"-"+to)
			w := as(t, out, r, Target{Container: to}, later, r.Frames())
			want := about(t)
			for i := range want.Marks {
				want.Marks[i].Frame += 1000
			}
			o := openCoded(t, out)
			sameAbout(t, from+" to "+to, o.About(), want)
			if len(o.Notes()) > 0 || len(w.Left()) > 0 {
				t.Errorf("%s to %s: notes %q, left %q", from, to, o.Notes(), w.Left())
			}
			if got := frames(t, o); !bytes.Equal(got[4000:], frames(t, r)) {
				t.Errorf("%s to %s: other audio", from, to)
			}
		}
	}
}

// What is written is read by others: metaflac, mewkiz/flac, ffprobe, sndfile-info.
func TestOthersReadAbout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	said := func(tool string, args ...string) string {
		if _, err := exec.LookPath(tool); err != nil {
			return ""
		}
		out, err := exec.Command(tool, args...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", tool, err, out)
		}
		return string(out)
	}
	want := func(tool, text string, words ...string) {
		t.Helper()
		for _, w := range words {
			if text != "" && !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", tool, w, text)
			}
		}
	}
	name, _ := aboutTake(t, dir, "FLAC")
	want("flac", said("flac", "-t", "-s", name))
	want("metaflac", said("metaflac", "--list", "--no-utf8-convert", name), "TITLE=Das Meer = die See", "TRACKNUMBER=3", "type: 3 (Cover (front))",
		"width: 32", "height: 20", "CHAPTER002NAME=zwei; für #2", "offset: 1001", "offset: 10001")
	s, err := flac.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	blocks := 0
	for _, b := range s.Blocks {
		switch body := b.Body.(type) {
		case *meta.VorbisComment:
			blocks++
			if !slices.Contains(body.Tags, [2]string{"ALBUM", "Ruhe ☾"}) {
				t.Errorf("mewkiz: %v", body.Tags)
			}
		case *meta.Picture:
			blocks++
			if !bytes.Equal(body.Data, about(t).Cover.Bytes) {
				t.Error("mewkiz: another picture")
			}
		case *meta.CueSheet:
			blocks++
			if body.Tracks[1].Offset != 1001 {
				t.Errorf("mewkiz: %+v", body.Tracks[1])
			}
		}
	}
	if blocks != 3 {
		t.Errorf("mewkiz: %d blocks", blocks)
	}
	chapters := []string{`"start_time": "0.023000"`, `"title": "zwei; für #2"`, `"title": "near"`}
	want("ffprobe", said("ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters", name),
		append(chapters, `"ALBUM": "Ruhe ☾"`, `"attached_pic": 1`)...)
	for _, container := range []string{"RIFF", "RF64"} {
		name, _ := aboutTake(t, dir, container)
		want("ffprobe", said("ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters", name),
			`"title": "Das Meer = die See"`, `"album": "Ruhe ☾"`, `"track": "3/12"`, `"title": "zwei; für #2"`, `"attached_pic": 1`, `"time_reference": "5000000000"`)
		info := said("sndfile-info", name)
		want("sndfile-info", info, "INAM : Das Meer", "labl : 2 : zwei; für #2")
		if container == "RIFF" { // libsndfile reads no cue points in RF64
			want("sndfile-info", info, "Cue ID :  2  Pos :  1001")
		}
		want("soxi", said("soxi", name), "10001 samples")
	}
}

// What is said of a RIFX take is said of the RIFF file made of it; a chunk whose
// numbers nobody knows is left out and named.
func TestTurned(t *testing.T) {
	dir := t.TempDir()
	name, f := aboutTake(t, dir, "RIFF")
	r := mustOpen(t, name)
	var chunks []byte
	for _, c := range r.Chunks() {
		if ownChunks[c.ID] {
			continue
		}
		b := r.content(c, maxAbout)
		if !turnBack(c.ID, b) {
			t.Fatal(c.ID)
		}
		chunks = append(chunks, rifxChunk(c.ID, b)...)
	}
	chunks = append(chunks, rifxChunk("abcd", []byte("1234"))...)
	rifx := filepath.Join(dir, "rifx.wav")
	audio := frames(t, r)
	for i := 0; i < len(audio); i += 2 {
		audio[i], audio[i+1] = audio[i+1], audio[i]
	}
	format := []byte{0, 1, 0, 2, 0, 0, 0xac, 0x44, 0, 2, 0xb1, 0x10, 0, 4, 0, 16}
	body := append([]byte("WAVE"), rifxChunk("fmt ", format)...)
	body = append(append(body, rifxChunk("data", audio)...), chunks...)
	if err := os.WriteFile(rifx, rifxChunk("RIFX", body), 0o666); err != nil {
		t.Fatal(err)
	}
	in := mustOpen(t, rifx)
	sameAbout(t, "RIFX", in.About(), about(t))
	for _, target := range []Target{{Container: "RIFF"}, {Container: "Wave64"}, {Container: "FLAC"}} {
		out := filepath.Join(dir, target.Container)
		w := as(t, out, in, target, nil, in.Frames())
		o := openCoded(t, out)
		sameAbout(t, "RIFX to "+target.Container, o.About(), about(t))
		if !bytes.Equal(frames(t, o), frames(t, r)) || o.Format() != f || len(o.Notes()) > 0 {
			t.Errorf("%s: %v, notes %q", target.Container, o.Format(), o.Notes())
		}
		if !slices.Equal(w.Left(), []string{"abcd"}) {
			t.Errorf("%s: left %q", target.Container, w.Left())
		}
	}
}

func rifxChunk(id string, body []byte) []byte {
	n := len(body)
	b := append([]byte(id), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	return append(append(b, body...), make([]byte, n&1)...)
}

// turnBack is turnChunk the other way: sizes in lists are found by the byte order
// they have, so a list is turned piece by piece here.
func turnBack(id string, b []byte) bool {
	if id != "LIST" {
		return turnChunk(id, b)
	}
	for at := 4; at+8 <= len(b); {
		size := int(b[at+4]) | int(b[at+5])<<8 | int(b[at+6])<<16
		slices.Reverse(b[at+4 : at+8])
		if string(b[:4]) == "adtl" {
			slices.Reverse(b[at+8 : at+12])
		}
		at += 8 + size + size&1
	}
	return true
}

// Whatever stands where words should: no panic, and what was understood is
// written and read again.
func FuzzAbout(f *testing.F) {
	a := about(f)
	f.Add(uint8(0), a.id3())
	f.Add(uint8(1), a.infoList())
	f.Add(uint8(2), a.bext())
	f.Add(uint8(3), a.commentBlock(Format{RateHz: 44100, Channels: 1}))
	f.Add(uint8(3), []byte("\x01\x00\x00\x00j\x01\x00\x00\x00ab"))
	f.Add(uint8(4), a.cueSheet(10_001))
	f.Add(uint8(5), a.Cover.pictureBlock())
	f.Add(uint8(0), []byte("ID3\x03\x00\xc0\x00\x00\x00\x20\x00\x00\x00\x06\x00\x00TIT2\x00\x00\x00\x05\x00\x00\x01\xff\xfea\x00"))
	f.Add(uint8(0), []byte("ID3\x02\x00\x00\x00\x00\x00\x20TT2\x00\x00\x03\x00ab\x00\x00\x00"))
	f.Add(uint8(6), a.infoList())
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		var got About
		switch kind % 7 {
		case 0:
			got = parseID3(bytes.Clone(b))
		case 1:
			got = parseInfo(b, Format{}.order())
		case 2:
			got = parseBext(b, Format{BigEndian: true}.order())
		case 3:
			c := flacAbout{rateHz: 44100, chapters: map[int]*Mark{}}
			eachComment(b, c.comment)
			c.marks(1 << 40)
			got = c.About
			moveComments(bytes.Clone(b), 44100, func(n int64) int64 { return n + 5 })
		case 4:
			cueFrames(b)
			moveCueSheet(bytes.Clone(b), 1000, func(n int64) int64 { return n + 5 })
		case 5:
			parsePicture(b)
		case 6:
			for _, id := range []string{"cue ", "smpl", "plst", "bext", "LIST"} {
				turnChunk(id, bytes.Clone(b))
			}
		}
		c := flacAbout{rateHz: 44100, chapters: map[int]*Mark{}}
		eachComment(got.commentBlock(Format{RateHz: 44100, Channels: 1}), c.comment)
		if len(c.Tags) != len(got.Tags) {
			t.Errorf("as comments %q, was %q", c.Tags, got.Tags)
		}
		if again := parseID3(got.id3()); len(got.Tags) > 0 && again.Tag("TITLE") != got.Tag("TITLE") && !strings.Contains(got.Tag("TITLE"), "\x00") {
			t.Errorf("as ID3 %q, was %q", again.Tags, got.Tags)
		}
	})
}

// What the channels are for passes to FLAC and back, where it is not what their
// number says anyway.
func TestMaskPasses(t *testing.T) {
	dir := t.TempDir()
	for i, c := range []struct {
		f    Format
		want uint32
	}{
		{Format{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2, Mask: 4}, 0},
		{Format{RateHz: 48000, Channels: 2, Bits: 16, SampleBytes: 2, Mask: 0x30}, 0x30},
		{Format{RateHz: 48000, Channels: 4, Bits: 24, SampleBytes: 3, Mask: 0x107}, 0x107},
		{Format{RateHz: 48000, Channels: 4, Bits: 24, SampleBytes: 3, Mask: 0x33}, 0x33},
	} {
		name := filepath.Join(dir, fmt.Sprint(i))
		w, err := Create(name+".wav", c.f)
		if err == nil {
			_, err = w.Write(make([]byte, 5000*c.f.FrameBytes()))
		}
		if err == nil {
			err = w.Commit()
		}
		if err != nil {
			t.Fatal(err)
		}
		as(t, name+".flac", openCoded(t, name+".wav"), Target{Container: "FLAC"}, nil, 5000)
		flac := openCoded(t, name+".flac")
		as(t, name+"-2.wav", flac, Target{Container: "RIFF"}, nil, 5000)
		for _, r := range []*Reader{flac, openCoded(t, name+"-2.wav")} {
			if got := r.Format().Mask; got != c.want || len(r.About().Tags) > 0 {
				t.Errorf("%v: mask %#x, want %#x; tags %q", c.f, got, c.want, r.About().Tags)
			}
		}
	}
}
