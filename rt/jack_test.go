//go:build cgo

package rt_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jackknife/rt"
	"jackknife/testdata/counter"
	"jackknife/testdata/servers"
)

// load is how long TestLoad records; make bench asks for 60s.
var load = flag.Duration("load", 4*time.Second, "how long to record under load")

func TestMain(m *testing.M) {
	if err := servers.Alone(); err != nil {
		panic(err)
	}
	m.Run()
}

// server starts a private jackd and points libjack at it.
func server(t *testing.T, args ...string) *servers.Server {
	t.Helper()
	s, err := servers.StartJackd(t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	for _, kv := range s.Env() {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
	return s
}

func ports(word string, n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%s_%d", word, i+1))
	}
	return names
}

// recorder opens an active loop with its inputs connected to a counting source.
func recorder(t *testing.T, channels int, ring time.Duration) (*rt.Loop, *counter.Source) {
	t.Helper()
	source, err := counter.Start("count", channels)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	l, err := rt.Open(rt.Config{Client: "rec", Inputs: ports("in", channels), Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := l.Activate(); err != nil {
		t.Fatal(err)
	}
	for i, in := range l.Inputs() {
		if err := counter.Connect(source.Ports[i], in); err != nil {
			t.Fatal(err)
		}
	}
	return l, source
}

// accounted fails unless every frame that is not in the recording stands in
// the report, at its place, as silence of its length: those that the recorder
// lost, and those that the source itself came too late to play.
func accounted(t *testing.T, check *counter.Check, source *counter.Source, r rt.Report) {
	t.Helper()
	if check.Frames != r.Frames {
		t.Errorf("%d frames written, %d reported", check.Frames, r.Frames)
	}
	if check.First != 0 {
		t.Errorf("the signal begins at frame %d", check.First)
	}
	if check.Mixed != 0 {
		t.Errorf("%d frames have channels of different times", check.Mixed)
	}
	if skips := source.Skips(); check.InPlace(skips) != nil {
		t.Errorf("%v; the source skipped %v", check.InPlace(skips), skips)
	}
	var gaps []counter.Run // as the silence shows them: two that touch are one
	for _, g := range r.Gaps {
		if n := len(gaps); n > 0 && gaps[n-1].At+gaps[n-1].Frames == g.At {
			gaps[n-1].Frames += g.Frames
			continue
		}
		gaps = append(gaps, counter.Run{At: g.At, Frames: g.Frames})
	}
	if fmt.Sprint(gaps) != fmt.Sprint(check.Silent) {
		t.Errorf("gaps reported %v, silent %v", gaps, check.Silent)
	}
}

// burn keeps the collector and the disk busy until the context ends.
func burn(ctx context.Context, t *testing.T) {
	var wait sync.WaitGroup
	t.Cleanup(wait.Wait)
	wait.Go(func() {
		var live [64][][]byte
		for n := 0; ctx.Err() == nil; n++ {
			tree := make([][]byte, 256)
			for i := range tree {
				tree[i] = make([]byte, 64+rand.IntN(4096))
			}
			live[n%len(live)] = tree
		}
	})
	name := filepath.Join(t.TempDir(), "burn")
	wait.Go(func() {
		f, err := os.Create(name)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		block := make([]byte, 1<<20)
		for n := int64(0); ctx.Err() == nil; n++ {
			if _, err := f.WriteAt(block, n%64<<20); err != nil {
				t.Error(err)
				return
			}
			if n%16 == 0 {
				f.Sync()
			}
		}
	})
}

// TestLoad records 12 channels at 64 frames while this process collects
// garbage and writes to the disk.
func TestLoad(t *testing.T) {
	server(t, "-p", "64")
	l, source := recorder(t, 12, 0)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	burn(ctx, t)

	check := counter.NewCheck(12)
	want := int64(load.Seconds() * float64(l.RateHz()))
	l.Start()
	r, err := l.Record(t.Context(), check, rt.RecordOptions{Frames: want})
	stop()
	if err != nil {
		t.Fatal(err)
	}
	if r.Frames != want {
		t.Errorf("%d frames, want %d", r.Frames, want)
	}
	accounted(t, check, source, r)
	if skips := source.Skips(); len(skips) > 0 {
		t.Logf("the source itself skipped %v", skips)
	}
	t.Logf("frames %d, gaps %d (%d frames), xruns %d, worst ring fill %v",
		r.Frames, len(r.Gaps), r.Lost(), r.XrunCount(), r.RingPeak.Round(time.Millisecond))
}

// stalling writes on, but stands still for a while each time so much was
// written.
type stalling struct {
	io.Writer
	each, n int
	stall   time.Duration
	during  func() // in the middle of a stall
}

func (s *stalling) Write(p []byte) (int, error) {
	if s.n += len(p); s.n >= s.each {
		s.n = 0
		time.Sleep(s.stall / 2)
		if s.during != nil {
			s.during()
		}
		time.Sleep(s.stall / 2)
	}
	return s.Writer.Write(p)
}

// TestOverrun stalls the writer for longer than the ring lasts.
func TestOverrun(t *testing.T) {
	server(t, "-p", "64")
	l, source := recorder(t, 4, 30*time.Millisecond)
	check := counter.NewCheck(4)
	w := &stalling{Writer: check, each: 4 * 4 * 12000, stall: 200 * time.Millisecond}
	l.Start()
	r, err := l.Record(t.Context(), w, rt.RecordOptions{Frames: 2*48000 + 17})
	if err != nil {
		t.Fatal(err)
	}
	accounted(t, check, source, r)
	if r.Frames != 2*48000+17 {
		t.Errorf("%d frames", r.Frames)
	}
	if len(r.Gaps) < 3 || r.RingPeak < 30*time.Millisecond {
		t.Errorf("%d gaps, ring peak %v: the ring was not full", len(r.Gaps), r.RingPeak)
	}
	for _, g := range r.Gaps {
		if g.Full == 0 || g.Full > g.Frames {
			t.Errorf("gap %+v is not laid to the full ring", g)
		}
	}
}

// TestOverrunAtTheEnd stops while the ring is full: what was lost then still
// counts.
func TestOverrunAtTheEnd(t *testing.T) {
	server(t, "-p", "64")
	l, source := recorder(t, 2, 30*time.Millisecond)
	ctx, stop := context.WithCancel(t.Context())
	check := counter.NewCheck(2)
	w := &stalling{Writer: check, each: 4 * 2 * 24000, stall: 400 * time.Millisecond, during: stop}
	l.Start()
	r, err := l.Record(ctx, w, rt.RecordOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Gaps) == 0 {
		t.Fatal("no gap")
	}
	const ring = 48000 * 30 / 1000 // what may have come until the loop heard of the stop
	if g := r.Gaps[len(r.Gaps)-1]; g.At+g.Frames < r.Frames-ring {
		t.Errorf("last gap %+v is not at the end of %d frames", g, r.Frames)
	}
	accounted(t, check, source, r)
}

// TestBlockChange changes the block size while recording.
func TestBlockChange(t *testing.T) {
	server(t, "-p", "256")
	l, source := recorder(t, 3, time.Second)
	check := counter.NewCheck(3)
	go func() {
		for _, block := range []int{1024, 64, 4096, 256} {
			time.Sleep(400 * time.Millisecond)
			if err := counter.SetBlock(block); err != nil {
				t.Error(err)
			}
		}
	}()
	l.Start()
	r, err := l.Record(t.Context(), check, rt.RecordOptions{Frames: 3 * 48000})
	if err != nil {
		t.Fatal(err)
	}
	accounted(t, check, source, r)
	if l.Block() != 256 {
		t.Errorf("block %d: the server did not change it", l.Block())
	}
}

// TestStop ends a recording by its context: what the ring holds is written.
func TestStop(t *testing.T) {
	server(t, "-p", "128")
	l, source := recorder(t, 2, 0)
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(500*time.Millisecond, stop)
	check := counter.NewCheck(2)
	l.Start()
	r, err := l.Record(ctx, check, rt.RecordOptions{})
	if err != nil {
		t.Fatal(err)
	}
	accounted(t, check, source, r)
	if r.Frames < 48000/4 || r.Frames > source.Frames() {
		t.Errorf("%d frames in half a second", r.Frames)
	}
	if r.Frames%128 != 0 {
		t.Errorf("%d frames are not whole blocks", r.Frames)
	}
}

// TestServerKilled kills the server in mid-take.
func TestServerKilled(t *testing.T) {
	s := server(t, "-p", "64")
	source, err := counter.Start("count", 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	l, err := rt.Open(rt.Config{Client: "rec", Inputs: ports("in", 2)})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Activate(); err != nil {
		t.Fatal(err)
	}
	for i, in := range l.Inputs() {
		if err := counter.Connect(source.Ports[i], in); err != nil {
			t.Fatal(err)
		}
	}
	check := counter.NewCheck(2)
	time.AfterFunc(500*time.Millisecond, s.Kill)
	l.Start()
	r, err := l.Record(t.Context(), check, rt.RecordOptions{})
	if !errors.Is(err, rt.ErrServerGone) {
		t.Fatalf("error %v, want ErrServerGone", err)
	}
	accounted(t, check, source, r)
	if r.Frames < 48000/4 {
		t.Errorf("%d frames", r.Frames)
	}
	if missing := source.Frames() - check.Origin - r.Frames; missing < 0 || missing > 2*64 {
		t.Errorf("%d frames were played and are not in the take", missing)
	}
	start := time.Now()
	if err := l.Close(); err != nil {
		t.Log(err)
	}
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("Close took %v", d)
	}
}

type failing struct{ left int }

var errFull = errors.New("no space left")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) <= f.left {
		f.left -= len(p)
		return len(p), nil
	}
	n := f.left
	f.left = 0
	return n, errFull
}

// TestWriteError reports what was written, in whole frames, and the cause.
func TestWriteError(t *testing.T) {
	server(t, "-p", "64")
	l, _ := recorder(t, 3, 0)
	l.Start()
	r, err := l.Record(t.Context(), &failing{left: 12*5000 + 7}, rt.RecordOptions{})
	if !errors.Is(err, errFull) {
		t.Fatalf("error %v", err)
	}
	if r.Frames != 5000 {
		t.Errorf("%d frames, want 5000", r.Frames)
	}
}

// TestPlayAndRecord sends frames through two loops and finds them again, to
// the bit, negative zeros and not-a-numbers included.
func TestPlayAndRecord(t *testing.T) {
	server(t, "-p", "128")
	const channels, frames = 3, 48000 + 77
	var played bytes.Buffer
	for i := range frames {
		for c := range channels {
			v := counter.Sample(int64(i), c)
			switch i % 1000 {
			case 998:
				v = float32(math.Copysign(0, -1))
			case 999:
				v = math.Float32frombits(0x7fc00000 | uint32(i))
			}
			binary.Write(&played, binary.LittleEndian, v)
		}
	}

	out, err := rt.Open(rt.Config{Client: "out", Outputs: ports("out", channels)})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	in, err := rt.Open(rt.Config{Client: "in", Inputs: ports("in", channels)})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for _, l := range []*rt.Loop{out, in} {
		if err := l.Activate(); err != nil {
			t.Fatal(err)
		}
	}
	for i, from := range out.Outputs() {
		if err := counter.Connect(from, in.Inputs()[i]); err != nil {
			t.Fatal(err)
		}
	}

	var recorded bytes.Buffer
	var r rt.Report
	var recordErr error
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	in.Start()
	go func() {
		defer close(done)
		r, recordErr = in.Record(ctx, &recorded, rt.RecordOptions{})
	}()
	if err := out.Load(bytes.NewReader(played.Bytes())); err != nil {
		t.Fatal(err)
	}
	out.Start()
	p, err := out.Play(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	<-done
	if recordErr != nil {
		t.Fatal(recordErr)
	}
	if p.Frames != frames || p.Underruns != 0 {
		t.Errorf("played %+v, want %d frames and no underrun", p, frames)
	}
	if r.Lost() != 0 {
		t.Errorf("gaps %v", r.Gaps)
	}
	if !bytes.Contains(recorded.Bytes(), played.Bytes()) {
		t.Errorf("the %d frames recorded do not contain the %d played", r.Frames, frames)
	}
}

// TestDuplex plays and records with one client that is connected to itself:
// both begin with the same frame, so that the echo is whole blocks late.
func TestDuplex(t *testing.T) {
	const block, frames = 128, 24000
	server(t, "-p", fmt.Sprint(block))
	l, err := rt.Open(rt.Config{Client: "both", Inputs: ports("in", 1), Outputs: ports("out", 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Activate(); err != nil {
		t.Fatal(err)
	}
	if err := counter.Connect(l.Outputs()[0], l.Inputs()[0]); err != nil {
		t.Fatal(err)
	}
	var signal []byte
	for i := range int64(frames) {
		signal = binary.LittleEndian.AppendUint32(signal, math.Float32bits(counter.Sample(i, 0)))
	}
	if err := l.Load(bytes.NewReader(signal)); err != nil {
		t.Fatal(err)
	}
	var recorded bytes.Buffer
	done := make(chan error)
	l.Start()
	go func() {
		_, err := l.Record(t.Context(), &recorded, rt.RecordOptions{Frames: frames + 4*block})
		done <- err
	}()
	if p, err := l.Play(t.Context(), nil); err != nil || p.Frames != frames || p.Underruns != 0 {
		t.Errorf("played %+v, %v", p, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(recorded.Bytes(), signal)
	if at < 0 || at > 2*4*block || at%(4*block) != 0 {
		t.Errorf("the echo begins at byte %d, want one block or two", at)
	}
}

// TestUnderrun plays from a source that is too slow for a ring that is too
// small.
func TestUnderrun(t *testing.T) {
	server(t, "-p", "64")
	l, err := rt.Open(rt.Config{Client: "out", Outputs: ports("out", 1), Ring: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Activate(); err != nil {
		t.Fatal(err)
	}
	source := slow{io.LimitReader(zeros{}, 4*9600)}
	if err := l.Load(source); err != nil {
		t.Fatal(err)
	}
	l.Start()
	p, err := l.Play(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Frames != 9600 || p.Underruns == 0 {
		t.Errorf("played %+v, want 9600 frames with underruns", p)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type slow struct{ io.Reader }

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(60 * time.Millisecond)
	return s.Reader.Read(p)
}

// TestPlayStopped leaves the rest unplayed.
func TestPlayStopped(t *testing.T) {
	server(t, "-p", "64")
	l, err := rt.Open(rt.Config{Client: "out", Outputs: ports("out", 2)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Activate(); err != nil {
		t.Fatal(err)
	}
	if err := l.Load(io.LimitReader(zeros{}, 8*48000*60)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	l.Start()
	p, err := l.Play(ctx, nil)
	if err != nil || p.Frames == 0 || p.Frames > 48000*30 {
		t.Errorf("played %+v, %v", p, err)
	}
}

// TestPlayTornFrame refuses a source that ends inside a frame.
func TestPlayTornFrame(t *testing.T) {
	server(t)
	l, err := rt.Open(rt.Config{Client: "out", Outputs: ports("out", 2)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Load(strings.NewReader("0123456789")); err == nil || !strings.Contains(err.Error(), "inside a frame") {
		t.Errorf("error %v", err)
	}
}

func TestNoServer(t *testing.T) {
	t.Setenv("JACK_NO_START_SERVER", "1")
	t.Setenv("JACK_DEFAULT_SERVER", "jackknife-none")
	_, err := rt.Open(rt.Config{Client: "rec", Inputs: ports("in", 1)})
	if !errors.Is(err, rt.ErrNoServer) || !strings.Contains(err.Error(), "jackknife-none") {
		t.Errorf("error %v", err)
	}
}

func TestPortRefused(t *testing.T) {
	server(t)
	_, err := rt.Open(rt.Config{Client: "rec", Inputs: []string{"in", "in"}})
	if err == nil || !strings.Contains(err.Error(), "rec:in") {
		t.Errorf("error %v", err)
	}
}

func TestClientName(t *testing.T) {
	_, err := rt.Open(rt.Config{Client: strings.Repeat("x", 100), Inputs: ports("in", 1)})
	if err == nil || errors.Is(err, rt.ErrNoServer) || !strings.Contains(err.Error(), "100 bytes") {
		t.Errorf("error %v", err)
	}
}
