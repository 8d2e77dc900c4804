package wav

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTakeFLAC records FLAC of every width and length, in pieces of any size,
// and has flac itself look at it.
func TestTakeFLAC(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, f := range []Format{
		{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2},
		{RateHz: 44100, Channels: 2, Bits: 24, SampleBytes: 3},
		{RateHz: 96000, Channels: 8, Bits: 24, SampleBytes: 3, Mask: 0x63f},
	} {
		for _, n := range []int{0, 1, 15, 1023, 1024, 1025, 5000} {
			name := filepath.Join(t.TempDir(), "take.flac")
			k, err := CreateTake(name, f)
			if err != nil {
				t.Fatal(err)
			}
			want := sounds(random, n, f)["alike"]
			for rest := want; len(rest) > 0; {
				piece := min(len(rest), (1+random.IntN(1500))*f.FrameBytes())
				if took, err := k.Write(rest[:piece]); err != nil || took != piece {
					t.Fatal(took, err)
				}
				rest = rest[piece:]
			}
			if k.Frames() != int64(n) {
				t.Errorf("%d frames taken of %d", k.Frames(), n)
			}
			if err := k.Finish(); err != nil {
				t.Fatal(err)
			}
			r, err := OpenCoded(context.Background(), name)
			if err != nil {
				t.Fatalf("%v, %d frames: %v", f, n, err)
			}
			if got := frames(t, r); !bytes.Equal(got, want) || len(r.Notes()) > 0 && n > 0 {
				t.Errorf("%v, %d frames: %d read, notes %q", f, n, r.Frames(), r.Notes())
			}
			r.Close()
			if out, err := exec.Command("flac", "-t", "-s", name).CombinedOutput(); n > 0 && (err != nil || len(out) > 0) {
				t.Errorf("%v, %d frames: flac: %v\n%s", f, n, err, out)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "*")); len(left) != 1 {
				t.Errorf("left behind: %v", left)
			}
		}
	}
}

// TestTakeFLACOpensAtAnyTime looks at a take while it is recorded, as after a
// crash, and with a torn end: every reader has all whole FLAC frames.
func TestTakeFLACOpensAtAnyTime(t *testing.T) {
	f := Format{RateHz: 48000, Channels: 2, Bits: 24, SampleBytes: 3}
	dir := t.TempDir()
	k, err := createTake(filepath.Join(dir, "take.flac"), f, time.Millisecond, maxRIFF)
	if err != nil {
		t.Fatal(err)
	}
	want := sounds(rand.New(rand.NewPCG(9, 9)), 10_000, f)["alike"]
	for at := 0; at < len(want); at += 100 * f.FrameBytes() {
		if _, err := k.Write(want[at : at+100*f.FrameBytes()]); err != nil {
			t.Fatal(err)
		}
	}
	const whole = 10_000 / flacTakeBlock * flacTakeBlock
	if r, err := OpenCoded(t.Context(), k.Part()); err != nil || !bytes.Equal(frames(t, r), want[:whole*f.FrameBytes()]) {
		t.Errorf("the part file: %v", err)
	}
	for _, tool := range [][]string{
		{"flac", "-d", "-s", "-f", "-o", "out.wav", "take.part.flac"},
		{"sox", "take.part.flac", "out.wav"},
		{"ffmpeg", "-v", "error", "-y", "-i", "take.part.flac", "-c:a", "pcm_s24le", "out.wav"},
		{"sndfile-convert", "take.part.flac", "out.wav"},
	} {
		cmd := exec.Command(tool[0], tool[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		r, e := Open(filepath.Join(dir, "out.wav"))
		if err != nil || e != nil || !bytes.Equal(frames(t, r), want[:whole*f.FrameBytes()]) {
			t.Errorf("%s: %v, %v\n%s", tool[0], err, e, out)
		}
		if e == nil {
			r.Close()
		}
		os.Remove(filepath.Join(dir, "out.wav"))
	}
	b, err := os.ReadFile(k.Part())
	if err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(dir, "torn.flac")
	if err := os.WriteFile(torn, b[:len(b)-100], 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := OpenDamaged(context.Background(), torn)
	if err != nil {
		t.Fatal(err)
	}
	if got := frames(t, r); !bytes.Equal(got, want[:(whole-flacTakeBlock)*f.FrameBytes()]) || !strings.Contains(r.Damage(), "ends inside it") {
		t.Errorf("%d frames of the torn file, damage %q", r.Frames(), r.Damage())
	}
	r.Close()
	if err := k.Finish(); err != nil {
		t.Fatal(err)
	}
}

func TestTakeFLACRefused(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []Format{
		{RateHz: 48000, Channels: 1, Bits: 32, SampleBytes: 4, Encoding: Float},
		{RateHz: 48000, Channels: 9, Bits: 16, SampleBytes: 2},
	} {
		if _, err := CreateTake(filepath.Join(dir, "take.flac"), f); err == nil || !strings.Contains(err.Error(), "FLAC") {
			t.Errorf("%v of %d channels: %v", f, f.Channels, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Error(fmt.Sprint(left))
	}
}
