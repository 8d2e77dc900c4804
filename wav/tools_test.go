package wav

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	goaudio "github.com/go-audio/wav"
)

// Every file written here is read by others, and read the same. A tool that
// is not installed is left out.
func TestOthersReadWhatIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 5003
	check := func(name string, f Format, audio []byte) {
		t.Helper()
		label := fmt.Sprintf("%s (%v x %d)", filepath.Base(name), f, f.Channels)
		for _, read := range []func(*testing.T, string, Format, []byte) error{readGoAudio, readSndfile, readSox, readFfmpeg} {
			if err := read(t, name, f, audio); err != nil {
				t.Errorf("%s: %v", label, err)
			}
		}
	}
	for i, f := range formats() {
		if testing.Short() && f.Channels != 2 {
			continue
		}
		audio := tame(stored(rng, n*f.Channels, f), f)

		name := filepath.Join(dir, fmt.Sprintf("%d-writer.wav", i))
		write(t, name, f, audio)
		check(name, f, audio)

		limit := int64(maxRIFF)
		if i%2 == 0 {
			limit = 1000 // RF64
		}
		name = filepath.Join(dir, fmt.Sprintf("%d-take.wav", i))
		k, err := createTake(name, f, syncPeriod, limit)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = k.Write(audio); err == nil {
			err = k.Finish()
		}
		if err != nil {
			t.Fatal(err)
		}
		check(name, f, audio)
	}
}

// tame makes random floats plain numbers within full scale, as the tools turn
// others into something else.
func tame(p []byte, f Format) []byte {
	if f.Encoding == Float {
		s := make([]float64, len(p)/f.SampleBytes)
		for i := range s {
			s[i] = float64(float32(i%2000)/1024 - 0.9765625)
		}
		Encode(p, s, f)
	}
	return p
}

// asFloat64 is what a reader that gives float64 must give.
func asFloat64(audio []byte, f Format) []byte {
	s := make([]float64, len(audio)/f.SampleBytes)
	Decode(s, audio, f)
	out := make([]byte, 8*len(s))
	Encode(out, s, Format{Bits: 64, SampleBytes: 8, Encoding: Float})
	return out
}

func same(tool string, got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Errorf("%s read %d bytes, want %d; they differ from byte %d on", tool, len(got), len(want), at)
}

// readGoAudio: go-audio/wav reads neither float, RF64, nor containers larger
// than their bits.
func readGoAudio(t *testing.T, name string, f Format, audio []byte) error {
	if f.Encoding == Float || f.Bits != 8*f.SampleBytes {
		return nil
	}
	if head, err := os.ReadFile(name); err != nil || string(head[:4]) == "RF64" || string(head[:4]) == "riff" {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	b, err := goaudio.NewDecoder(file).FullPCMBuffer()
	if err != nil {
		return fmt.Errorf("go-audio: %w", err)
	}
	if b.Format.NumChannels != f.Channels || b.Format.SampleRate != f.RateHz {
		return fmt.Errorf("go-audio: %+v", b.Format)
	}
	got := make([]byte, 0, len(audio))
	for _, v := range b.Data {
		got = append(got, binary.LittleEndian.AppendUint32(nil, uint32(v))[:f.SampleBytes]...)
	}
	if odd := len(audio) & 1; odd > 0 && len(got) == len(audio)+f.SampleBytes {
		got = got[:len(audio)] // it takes the pad byte for one sample more
	}
	return same("go-audio", got, audio)
}

func readSndfile(t *testing.T, name string, f Format, audio []byte) error {
	tool, err := exec.LookPath("sndfile-convert")
	if err != nil {
		return nil
	}
	to := fmt.Sprintf("-pcm%d", 8*f.SampleBytes)
	if f.SampleBytes == 1 {
		to = "-pcmu8"
	}
	if f.Encoding == Float {
		to = fmt.Sprintf("-float%d", f.Bits)
	}
	out := name + ".raw"
	defer os.Remove(out)
	if text, err := exec.Command(tool, to, "-endian=little", name, out).CombinedOutput(); err != nil {
		return fmt.Errorf("sndfile-convert: %v\n%s", err, text)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	return same("libsndfile", got, audio)
}

func readSox(t *testing.T, name string, f Format, audio []byte) error {
	tool, err := exec.LookPath("sox")
	if err != nil || f.Bits != 8*f.SampleBytes { // sox refuses other valid bits
		return nil
	}
	var got []byte
	if f.Encoding == Float && f.Bits == 64 {
		// sox works in 32-bit integers: only the length is sure to be kept.
		n, err := exec.Command("soxi", "-s", name).Output()
		if err != nil || strings.TrimSpace(string(n)) != strconv.Itoa(len(audio)/f.FrameBytes()) {
			return fmt.Errorf("soxi: %s (%v)", n, err)
		}
		return nil
	}
	encoding := map[Encoding]string{PCM: "signed-integer", Float: "floating-point"}[f.Encoding]
	if f.Bits == 8 {
		encoding = "unsigned-integer"
	}
	cmd := exec.Command(tool, "-D", name, "-t", "raw", "-e", encoding, "-b", strconv.Itoa(f.Bits), "-L", "-")
	if got, err = cmd.Output(); err != nil {
		return fmt.Errorf("sox: %w", err)
	}
	return same("sox", got, audio)
}

func readFfmpeg(t *testing.T, name string, f Format, audio []byte) error {
	tool, err := exec.LookPath("ffmpeg")
	if err != nil || f.Bits == 24 && f.SampleBytes == 4 { // ffmpeg 5 looks for these 24 bits in the wrong place
		return nil
	}
	// Its f64le holds every format exactly.
	cmd := exec.Command(tool, "-v", "error", "-i", name, "-f", "f64le", "-c:a", "pcm_f64le", "-")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	got, err := cmd.Output()
	if err != nil || complaint.Len() > 0 {
		return fmt.Errorf("ffmpeg: %v %s", err, &complaint)
	}
	text, err := exec.Command("ffprobe", "-v", "error", "-show_streams", "-of", "json", name).Output()
	if err != nil {
		return fmt.Errorf("ffprobe: %w", err)
	}
	var probe struct {
		Streams []struct {
			SampleRate string `json:"sample_rate"`
			Channels   int
		}
	}
	if err := json.Unmarshal(text, &probe); err != nil || len(probe.Streams) != 1 ||
		probe.Streams[0].Channels != f.Channels || probe.Streams[0].SampleRate != strconv.Itoa(f.RateHz) {
		return fmt.Errorf("ffprobe: %s (%v)", text, err)
	}
	return same("ffmpeg", got, asFloat64(audio, f))
}
