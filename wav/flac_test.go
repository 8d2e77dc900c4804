package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mewkiz/flac"
)

// pcm are formats that FLAC holds.
func pcm() []Format {
	var all []Format
	for _, bits := range []int{8, 12, 16, 20, 24, 32} {
		for _, channels := range []int{1, 2, 3, 8} {
			f := Format{RateHz: 44100 + channels, Channels: channels, Bits: bits, SampleBytes: (bits + 7) / 8}
			if channels > 2 {
				f.Mask = flacMasks[channels]
			}
			all = append(all, f)
		}
	}
	return all
}

// sounds are samples that coders meet: noise, tones, silence, extremes.
func sounds(rng *rand.Rand, n int, f Format) map[string][]byte {
	full := int64(1) << (f.Bits - 1)
	left := 8*f.SampleBytes - f.Bits
	make := func(value func(i, c int) int64) []byte {
		var p []byte
		for i := range n {
			for c := range f.Channels {
				v := min(max(value(i, c), -full), full-1) << left
				if f.SampleBytes == 1 {
					v += 128
				}
				p = append(p, binary.LittleEndian.AppendUint64(nil, uint64(v))[:f.SampleBytes]...)
			}
		}
		return p
	}
	return map[string][]byte{
		"noise":     make(func(i, c int) int64 { return rng.Int64N(2*full) - full }),
		"tone":      make(func(i, c int) int64 { return int64(float64(full) * 0.4 * math.Sin(float64(i*(c+1))/50)) }),
		"alike":     make(func(i, c int) int64 { return int64(float64(full)*0.3*math.Sin(float64(i)/40)) + rng.Int64N(4) }),
		"silence":   make(func(i, c int) int64 { return 0 }),
		"constant":  make(func(i, c int) int64 { return -full + int64(c) }),
		"square":    make(func(i, c int) int64 { return full * int64(1-2*(i/7%2)) }),
		"wasted":    make(func(i, c int) int64 { return rng.Int64N(8) * full / 16 }),
		"extremes":  make(func(i, c int) int64 { return full * (1 - 2*int64(rng.IntN(2))) }),
		"impulses":  make(func(i, c int) int64 { return full * int64((i%997)/996) }),
		"staircase": make(func(i, c int) int64 { return int64(i) % full }),
	}
}

// asFLAC writes audio through a Writer into a FLAC file.
func asFLAC(t testing.TB, name string, f Format, audio []byte) {
	t.Helper()
	take := name + ".wav"
	write(t, take, f, audio)
	r := mustOpen(t, take)
	w, err := CreateAs(name, r, Target{Container: "FLAC"})
	if err == nil {
		err = w.CopyFrames(r, 0, r.Frames())
	}
	if err == nil {
		err = w.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func openCoded(t testing.TB, name string) *Reader {
	t.Helper()
	r, err := OpenCoded(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// Every sample that goes in comes out: read by us, by mewkiz/flac where it can,
// and by flac, which also checks the file.
func TestFLACKeepsSamples(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(7, 8))
	tool, _ := exec.LookPath("flac")
	k := 0
	for _, f := range pcm() {
		for _, n := range []int{0, 1, 5, 4096, 4097, 9001} {
			if n != 9001 && f.Channels != 2 {
				continue
			}
			for kind, audio := range sounds(rng, n, f) {
				if few := kind != "tone" && kind != "extremes"; few && (n != 9001 || f.Channels != 2) {
					continue
				}
				k++
				label := fmt.Sprintf("%s, %d frames of %v x %d", kind, n, f, f.Channels)
				name := filepath.Join(dir, fmt.Sprintf("%d.flac", k))
				asFLAC(t, name, f, audio)
				r := openCoded(t, name)
				if r.Format() != f || r.Container() != "FLAC" || !bytes.Equal(frames(t, r), audio) {
					t.Errorf("%s: read as %v, %d frames", label, r.Format(), r.Frames())
				}
				if len(r.Notes()) > 0 {
					t.Errorf("%s: %q", label, r.Notes())
				}
				if n > 0 && f.Bits < 32 && f.Channels == 2 {
					if err := mewkizReads(name, f, audio); err != nil {
						t.Errorf("%s: mewkiz: %v", label, err)
					}
				}
				if tool != "" && n > 0 && f.Bits%8 == 0 && f.Bits < 32 && n != 4096 {
					if out, err := exec.Command(tool, "-st", name).CombinedOutput(); err != nil {
						t.Errorf("%s: flac -t: %v\n%s", label, err, out)
					}
				}
				r.Close()
				os.Remove(name)
				os.Remove(name + ".wav")
			}
		}
	}
}

func mewkizReads(name string, f Format, audio []byte) error {
	s, err := flac.Open(name)
	if err != nil {
		return err
	}
	defer s.Close()
	var got []byte
	for {
		block, err := s.ParseNext()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		for i := range block.Subframes[0].Samples {
			for _, sub := range block.Subframes {
				v := int64(sub.Samples[i]) << (8*f.SampleBytes - f.Bits)
				if f.SampleBytes == 1 {
					v += 128
				}
				got = append(got, binary.LittleEndian.AppendUint64(nil, uint64(v))[:f.SampleBytes]...)
			}
		}
	}
	return same("mewkiz", got, audio)
}

// What flac itself writes, at every level and with odd settings, is read back.
func TestFLACReadsOthers(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("flac")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(9, 10))
	for _, f := range []Format{
		{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2},
		{RateHz: 96000, Channels: 2, Bits: 24, SampleBytes: 3},
		{RateHz: 22050, Channels: 2, Bits: 8, SampleBytes: 1},
		{RateHz: 192000, Channels: 6, Bits: 16, SampleBytes: 2, Mask: 0x60f},
	} {
		for kind, audio := range sounds(rng, 10_011, f) {
			take := filepath.Join(dir, "take.wav")
			write(t, take, f, audio)
			for _, options := range []string{"-0", "-5", "-8", "-b 17 --lax -l 0", "-8 -l 32 --lax -b 8192", "-b 4608 -m -r 0,0"} {
				name := filepath.Join(dir, "take.flac")
				args := append(strings.Fields(options), "-s", "-f", "-o", name, take)
				if f.Channels != 2 {
					args = append([]string{"--channel-map=none"}, strings.Fields(strings.ReplaceAll(strings.Join(args, " "), "-m ", ""))...)
				}
				if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
					t.Fatalf("flac %v: %v\n%s", args, err, out)
				}
				r := openCoded(t, name)
				if got := frames(t, r); !bytes.Equal(got, audio) || len(r.Notes()) > 0 {
					t.Errorf("%s, %v x %d, flac %s: %v; notes %q", kind, f, f.Channels, options, same("we", got, audio), r.Notes())
				}
				r.Close()
			}
			os.Remove(take)
		}
	}
}

// Damage is named with its place, and nothing of it passes for audio.
func TestFLACDamage(t *testing.T) {
	dir := t.TempDir()
	f := Format{RateHz: 48000, Channels: 2, Bits: 16, SampleBytes: 2}
	audio := sounds(rand.New(rand.NewPCG(1, 1)), 3*flacBlock, f)["alike"]
	name := filepath.Join(dir, "good.flac")
	asFLAC(t, name, f, audio)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	change := func(edit func(b []byte) []byte) []byte { return edit(bytes.Clone(good)) }
	second := bytes.Index(good[50:], []byte{0xff, 0xf8, 0xc0}) + 50
	for _, c := range []struct {
		name, want string // want = note or error
		bytes      []byte
		ok         bool
	}{
		{"flip", "checksum (CRC-16) is wrong", change(func(b []byte) []byte { b[len(b)/2] ^= 4; return b }), false},
		{"half", "the file ends inside it", good[:len(good)/2], false},
		{"head", "the file ends inside it", change(func(b []byte) []byte { return b[:flacHeadBytes+1] }), false},
		{"lost", "after 4096 frames of audio: what lies between is missing",
			append(bytes.Clone(good[:flacHeadBytes]), good[second:]...), false},
		{"md5", "its MD5 sum differs", change(func(b []byte) []byte { b[flacHeadBytes-1] ^= 1; return b }), false},
		{"total", "the header claims 6144 frames, the audio has 12288",
			change(func(b []byte) []byte { binary.BigEndian.PutUint32(b[22:], 6144); return b }), true},
		{"junk", "100 bytes behind the last frame", append(bytes.Clone(good), make([]byte, 100)...), true},
		{"id3v1", "128 bytes behind the last frame", append(append(bytes.Clone(good), "TAG"...), make([]byte, 125)...), true},
		{"id3v2", "", append([]byte("ID3\x03\x00\x00\x00\x00\x00\x05hello"), good...), true},
		{"magic", "cut off in the metadata at byte 4", good[:4], false},
		{"metadata", "STREAMINFO at byte 4 claims 34 bytes, file has 12", good[:20], false},
	} {
		name := filepath.Join(dir, c.name+".flac")
		if err := os.WriteFile(name, c.bytes, 0666); err != nil {
			t.Fatal(err)
		}
		r, err := OpenCoded(t.Context(), name)
		switch {
		case c.ok && err != nil, !c.ok && err == nil:
			t.Errorf("%s: error %v", c.name, err)
		case err != nil:
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), name+": FLAC: ") {
				t.Errorf("%s: %v", c.name, err)
			}
			if c.name != "magic" && c.name != "metadata" && !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: not ErrDamaged: %v", c.name, err)
			}
		default:
			if text := strings.Join(r.Notes(), "; "); !strings.Contains(text, c.want) || (text == "") != (c.want == "") {
				t.Errorf("%s: notes %q", c.name, text)
			}
			if !bytes.Equal(frames(t, r), audio) {
				t.Errorf("%s: other audio", c.name)
			}
			r.Close()
		}
	}
}

// A FLAC take that is not edited is copied as it is; one that is stays FLAC,
// with its tags, and flac finds nothing wrong with it.
func TestFLACLike(t *testing.T) {
	dir := t.TempDir()
	f := Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}
	audio := sounds(rand.New(rand.NewPCG(2, 2)), 10_000, f)["tone"]
	name := filepath.Join(dir, "take.flac")
	asFLAC(t, name, f, audio)
	if tool, err := exec.LookPath("metaflac"); err == nil {
		if out, err := exec.Command(tool, "--set-tag=TITLE=Evening", "--add-seekpoint=10x", name).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	r := openCoded(t, name)
	for _, edited := range []bool{false, true} {
		out := filepath.Join(dir, fmt.Sprintf("%v.flac", edited))
		w, err := CreateLike(out, r)
		if err != nil {
			t.Fatal(err)
		}
		want := audio
		if err = w.CopyFrames(r, 0, 5000); err == nil && edited {
			_, err = w.Write(audio[:300])
			want = append(append(bytes.Clone(audio[:15000]), audio[:300]...), audio[15000:]...)
		}
		if err == nil {
			err = w.CopyFrames(r, 5000, 5000)
		}
		if err == nil {
			err = w.Commit()
		}
		if err != nil {
			t.Fatal(err)
		}
		a, _ := os.ReadFile(name)
		b, _ := os.ReadFile(out)
		if bytes.Equal(a, b) == edited {
			t.Errorf("edited %v, the same file %v", edited, !edited)
		}
		if !bytes.Equal(frames(t, openCoded(t, out)), want) {
			t.Errorf("edited %v: other audio", edited)
		}
		if bytes.Contains(a, []byte("TITLE=Evening")) != bytes.Contains(b, []byte("TITLE=Evening")) {
			t.Error("the tag is lost")
		}
		if tool, err := exec.LookPath("flac"); err == nil {
			if text, err := exec.Command(tool, "-st", out).CombinedOutput(); err != nil {
				t.Errorf("flac -t: %v\n%s", err, text)
			}
		}
	}
}

// Whatever the file says: no panic, and what is read once is written and read
// again.
func FuzzFLAC(f *testing.F) {
	dir := f.TempDir()
	rng := rand.New(rand.NewPCG(3, 3))
	for _, format := range pcm() {
		if format.Channels > 3 {
			continue
		}
		for kind, audio := range sounds(rng, 40, format) {
			name := filepath.Join(dir, fmt.Sprint(kind, format.Channels, format.Bits))
			asFLAC(f, name, format, audio)
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b, true)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte, mend bool) {
		if mend {
			mendFLAC(file)
		}
		r, err := decodeFLAC(t.Context(), bytes.NewReader(file), int64(len(file)), dir, false)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("control characters in %q", err)
			}
			return
		}
		defer r.Close()
		audio := frames(t, r)
		var coded []byte
		w := newFLACWriter(r.format, func(p []byte) { coded = append(coded, p...) })
		w.write(audio)
		w.flush()
		again := append([]byte("fLaC\x80\x00\x00\x22"), w.info(r.frames)...)
		again = append(again, coded...)
		r2, err := decodeFLAC(t.Context(), bytes.NewReader(again), int64(len(again)), dir, false)
		if err != nil {
			t.Fatal(err)
		}
		defer r2.Close()
		if !bytes.Equal(frames(t, r2), audio) {
			t.Fatal("other audio when written and read again")
		}
	})
}

// mendFLAC makes the checksums of the first frame right, so that the fuzzer
// comes past them: of a frame without a long number or sizes behind it, that
// ends with the file.
func mendFLAC(b []byte) {
	at := int(flacHeadBytes)
	if len(b) < at+10 {
		return
	}
	clear(b[flacHeadBytes-16 : flacHeadBytes])
	n := 5
	if c := b[at+2] >> 4; c == 6 {
		n++
	} else if c == 7 {
		n += 2
	}
	b[at+n] = crc8(b[at : at+n])
	end := len(b) - 2
	binary.BigEndian.PutUint16(b[end:], crc16(b[at:end]))
}
