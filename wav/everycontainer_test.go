package wav

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// asRIFX writes a big-endian file, as another program would.
func asRIFX(t *testing.T, name string, f Format, audio []byte) {
	t.Helper()
	turned := bytes.Clone(audio)
	for i := 0; i < len(turned); i += f.SampleBytes {
		slices.Reverse(turned[i : i+f.SampleBytes])
	}
	format := plainContent(f)[:16]
	for _, field := range [][2]int{{0, 2}, {2, 4}, {4, 8}, {8, 12}, {12, 14}, {14, 16}} {
		slices.Reverse(format[field[0]:field[1]])
	}
	body := append([]byte("WAVE"), rifxChunk("fmt ", format)...)
	if f.Encoding == Float {
		body = append(body, rifxChunk("fact", binary.BigEndian.AppendUint32(nil, uint32(len(audio)/f.FrameBytes())))...)
	}
	body = append(body, rifxChunk("data", turned)...)
	if err := os.WriteFile(name, rifxChunk("RIFX", body), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Every container in which we write, with every coding that it holds, edited so
// that nothing is a plain copy, is read the same by go-audio, libsndfile, sox and
// ffmpeg, as far as they know the container.
func TestOthersReadEveryContainer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(21, 22))
	type reader func(*testing.T, string, Format, []byte) error
	readers := map[string]reader{"go-audio": readGoAudio, "libsndfile": readSndfile, "sox": readSox, "ffmpeg": readFfmpeg}
	// Who knows what (sox 14.4.2, libsndfile 1.2, ffmpeg 5.1).
	know := map[string]string{
		"RIFF": "go-audio libsndfile sox ffmpeg", "RIFX": "libsndfile sox", "RF64": "libsndfile sox ffmpeg",
		"BW64": "ffmpeg", "Wave64": "libsndfile sox ffmpeg", "FLAC": "libsndfile sox ffmpeg",
	}
	// And what of it they do not: ffmpeg takes RIFX for little-endian, libsndfile
	// and ffmpeg know no FLAC of these widths, sox takes floats in Wave64 for integers.
	cannot := func(tool, container string, f Format) bool {
		switch {
		case container == "FLAC" && tool == "libsndfile":
			return f.Bits%8 != 0 || f.Bits == 32
		case container == "FLAC" && tool == "ffmpeg":
			return f.Bits == 32
		}
		return container == "Wave64" && tool == "sox" && f.Encoding == Float
	}
	read := map[string]int{}
	for i, f := range layouts {
		for _, channels := range []int{1 + i%2} {
			f.RateHz, f.Channels = 48000, channels
			const n = 2003
			audio := tame(stored(rng, n*channels, f), f)
			plain := filepath.Join(dir, "plain.wav")
			write(t, plain, f, audio)
			for container, who := range know {
				name := filepath.Join(dir, "out."+map[string]string{"Wave64": "w64", "FLAC": "flac"}[container])
				name = strings.TrimSuffix(name, ".")
				from, target := plain, Target{Container: container}
				switch {
				case container == "RIFX" && f.Bits != 8*f.SampleBytes:
					continue
				case container == "RIFX":
					from, target = filepath.Join(dir, "rifx.wav"), Target{}
					asRIFX(t, from, f, audio)
				case container == "FLAC" && (checkFLAC(f) != nil || f.Bits == 24 && f.SampleBytes == 4):
					continue // of 24 bits in four bytes FLAC makes 24 in three
				}
				r := mustOpen(t, from)
				w, err := CreateAs(name, r, target)
				if err != nil {
					t.Fatal(container, err)
				}
				err = w.CopyFrames(r, 3, n-3)
				if err == nil {
					err = w.CopyFrames(r, 0, 3)
				}
				if err == nil {
					err = w.Commit()
				}
				if err != nil {
					t.Fatal(container, err)
				}
				want := append(bytes.Clone(audio[3*f.FrameBytes():]), audio[:3*f.FrameBytes()]...)
				label := fmt.Sprintf("%s (%v x %d)", container, f, channels)
				o := openCoded(t, name)
				got := f
				got.BigEndian = container == "RIFX"
				if o.Container() != container || o.Format() != got || len(o.Notes()) > 0 {
					t.Errorf("%s: %s, %v, notes %q", label, o.Container(), o.Format(), o.Notes())
				}
				for tool, check := range readers {
					if !strings.Contains(who, tool) || cannot(tool, container, f) {
						continue
					}
					if err := check(t, name, f, want); err != nil {
						t.Errorf("%s: %s: %v", label, tool, err)
					} else {
						read[container+" "+tool]++
					}
				}
				o.Close()
				r.Close()
				os.Remove(name)
			}
			os.Remove(plain)
		}
	}
	t.Log(read)
}
