//go:build cgo && (!race || portaudiorace)

// The race detector's pointer checks end the program in the PortAudio binding,
// which hands a number to C as if it were a pointer, unless they are off there,
// as make race has it.

package rt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jackknife/testdata/counter"
)

// TestDevices plays to a device of libasound that writes to a file and records
// from one that reads a file, through the real libraries. Neither has a clock,
// so nothing of time is tested here: cmd/jackknife does that on a simulated card.
func TestDevices(t *testing.T) {
	dir := t.TempDir()
	played, recorded := filepath.Join(dir, "played"), filepath.Join(dir, "recorded")
	const n, channels = 48000, 2
	var want []float32
	var whole []byte // as 32-bit integers
	for i := range n {
		for c := range channels {
			v := counter.Sample(int64(i), c)
			want = append(want, v)
			whole = binary.LittleEndian.AppendUint32(whole, uint32(int32(float64(v)*(1<<31))))
		}
	}
	if err := os.WriteFile(recorded, append(whole, whole...), 0o666); err != nil { // its end is read as anything
		t.Fatal(err)
	}
	config := filepath.Join(dir, "asound.conf")
	text := strings.NewReplacer("PLAYED", played, "RECORDED", recorded).Replace(`
pcm.default { type null }
pcm.intofile { type file slave.pcm { type null } file "PLAYED" format "raw" }
pcm.fromfile { type file slave.pcm { type null } file "/dev/null" infile "RECORDED" format "raw" }
`)
	if err := os.WriteFile(config, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ALSA_CONFIG_PATH", config)

	all, err := Devices()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"intofile", "fromfile", "default"} {
		i := slices.IndexFunc(all, func(d Device) bool { return d.Name == name })
		if i < 0 || all[i].API != "ALSA" || all[i].Inputs < 2 || all[i].Outputs < 2 {
			t.Errorf("no %s in %+v", name, all)
		}
	}
	for name, want := range map[string]string{"nosuch": "no such device", "file": "any of intofile, fromfile"} {
		if _, err := FindDevice(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenInput(DeviceConfig{Device: "nosuch", Channels: 1}); !errors.Is(err, ErrNoDevice) {
		t.Errorf("open: %v", err)
	}
	if _, err := OpenInput(DeviceConfig{Device: "fromfile", Channels: 1000}); err == nil || !strings.Contains(err.Error(), "not 1000") {
		t.Errorf("open: %v", err)
	}

	// An odd number of frames, so that the last block is not full.
	out, err := OpenOutput(DeviceConfig{Device: "intofile", Channels: channels, RateHz: 48000})
	if err != nil {
		t.Fatal(err)
	}
	const some = n - 777
	if err := out.Load(bytes.NewReader(float32Bytes(want[:some*channels]))); err != nil {
		t.Fatal(err)
	}
	p, err := out.Play(t.Context(), nil)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(played)
	if err != nil {
		t.Fatal(err)
	}
	if p.Frames != some || p.Underruns != 0 || len(got) < 4*some*channels || !bytes.Equal(got[:4*some*channels], whole[:4*some*channels]) {
		t.Errorf("%+v, %d bytes: not what was to be played", p, len(got))
	}
	if rest := got[4*some*channels:]; len(bytes.Trim(rest, "\x00")) > 0 {
		t.Error("something was played after the end")
	}

	in, err := OpenInput(DeviceConfig{Device: "fromfile", Channels: channels, RateHz: 48000})
	if err != nil {
		t.Fatal(err)
	}
	var take bytes.Buffer
	r, err := in.Record(t.Context(), &take, RecordOptions{Frames: some})
	if err := errors.Join(err, in.Close()); err != nil {
		t.Fatal(err)
	}
	if r.Frames != some || len(r.Gaps) > 0 || !bytes.Equal(take.Bytes(), float32Bytes(want[:some*channels])) {
		t.Errorf("%+v: %d bytes, not what was in the file", r, take.Len())
	}

	// The writer's error ends a recording, and its frames are counted.
	in, err = OpenInput(DeviceConfig{Device: "fromfile", Channels: channels, RateHz: 48000})
	if err != nil {
		t.Fatal(err)
	}
	full := &limited{left: 8 * 1000}
	if r, err = in.Record(t.Context(), full, RecordOptions{}); !errors.Is(err, errFull) || r.Frames != 1000 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}

	// So does the context, before the first frame, too.
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if in, err = OpenInput(DeviceConfig{Device: "fromfile", Channels: channels, RateHz: 48000}); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Record(ctx, &take, RecordOptions{}); err != nil {
		t.Error(err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}

var errFull = errors.New("full")

// limited takes so many bytes.
type limited struct{ left int }

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func float32Bytes(values []float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func TestToInt32(t *testing.T) {
	for v, want := range map[float32]int32{
		0: 0, 1: math.MaxInt32, -1: math.MinInt32, 2: math.MaxInt32, -2: math.MinInt32, 0.5: 1 << 30,
		1.0 / (1 << 23): 256, -1.0 / (1 << 23): -256, 1 - 1.0/(1<<24): math.MaxInt32 - 127,
		float32(math.NaN()): 0, float32(math.Inf(1)): math.MaxInt32,
	} {
		if got := toInt32(v); got != want {
			t.Errorf("%v: %d, want %d", v, got, want)
		}
	}
}
