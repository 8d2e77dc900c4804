//go:build cgo

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/jackgraph"
	"jackknife/testdata/counter"
	"jackknife/testdata/servers"
	"jackknife/wav"
)

// until PROGRAM [ARG...] runs a program again and again until it succeeds.
var _ = addScriptCommand("until", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: until PROGRAM [ARG...]")
	}
	var err error
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if err = ts.Exec(args[0], args[1:]...); err == nil {
			return
		}
	}
	ts.Fatalf("%v: still failing: %v", args, err)
})

// countingtake FILE RATE CHANNELS FRAMES writes a 24-bit take of the counting
// signal.
var _ = addScriptCommand("countingtake", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: countingtake FILE RATE CHANNELS FRAMES")
	}
	var n [3]int
	for i := range n {
		var err error
		n[i], err = strconv.Atoi(args[i+1])
		ts.Check(err)
	}
	ts.Check(countingTake(ts.MkAbs(args[0]), n[0], n[1], n[2]))
})

func countingTake(name string, rateHz, channels, frames int) error {
	f := wav.Format{RateHz: rateHz, Channels: channels, Bits: 24, SampleBytes: 3}
	w, err := wav.Create(name, f)
	if err != nil {
		return err
	}
	defer w.Abort()
	values := make([]float32, frames*channels)
	for i := range values {
		values[i] = counter.Sample(int64(i/channels), i%channels)
	}
	raw := make([]byte, frames*f.FrameBytes())
	wav.Encode(raw, values, f)
	if _, err := w.Write(raw); err != nil {
		return err
	}
	return w.Commit()
}

// jackServer starts a private jackd and points this process and its children
// at it.
func jackServer(t *testing.T, args ...string) *servers.Server {
	t.Helper()
	s, err := servers.StartJackd(t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	point(t, s)
	return s
}

// point makes a server this process's and its children's.
func point(t *testing.T, s *servers.Server) {
	for _, kv := range s.Env() {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
}

// program is a running jackknife.
type program struct {
	*exec.Cmd
	out, err bytes.Buffer
}

func start(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	p := &program{Cmd: exec.Command("jackknife", args...)}
	p.Dir, p.Stdout, p.Stderr = dir, &p.out, &p.err
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Process.Signal(syscall.SIGCONT)
		p.Process.Kill()
	})
	return p
}

// exit waits for the end and fails unless the exit code is as wanted.
func (p *program) exit(t *testing.T, code int) {
	t.Helper()
	done := make(chan struct{})
	go func() { p.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		p.Process.Kill()
		<-done
		t.Fatalf("%v has not ended\n%s", p.Args, p.err.String())
	}
	if got := p.ProcessState.ExitCode(); got != code {
		t.Fatalf("%v: exit code %d, want %d\n%s", p.Args, got, code, p.err.String())
	}
}

// await waits for a condition on the graph.
func await(t *testing.T, what string, ok func(jackgraph.Graph) bool) {
	t.Helper()
	s, err := jackgraph.Open("await")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if ok(s.Snapshot()) {
			return
		}
	}
	t.Fatalf("never saw %s", what)
}

// counting starts a counting source and returns the selector of its ports.
func counting(t *testing.T, channels int) (*counter.Source, string) {
	t.Helper()
	source, err := counter.Start("count", channels)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	return source, fmt.Sprintf("count:out_{1..%d}", channels)
}

// checked reads a take of the counting signal.
func checked(t *testing.T, name string) *counter.Check {
	t.Helper()
	take, err := wav.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer take.Close()
	if notes := take.Notes(); len(notes) > 0 {
		t.Errorf("%s: %v", name, notes)
	}
	check := counter.NewCheck(take.Format().Channels)
	f := take.Format()
	raw := make([]byte, 4096*f.FrameBytes())
	values := make([]float32, 4096*f.Channels)
	float := make([]byte, 4*len(values))
	for at := int64(0); at < take.Frames(); {
		n, _ := take.ReadFrames(raw, at)
		if n == 0 {
			t.Fatalf("%s: nothing at frame %d of %d", name, at, take.Frames())
		}
		wav.Decode(values[:n*f.Channels], raw, f)
		wav.Encode(float, values[:n*f.Channels], wav.Format{Bits: 32, SampleBytes: 4, Encoding: wav.Float})
		if _, err := check.Write(float[:4*n*f.Channels]); err != nil {
			t.Fatal(err)
		}
		at += int64(n)
	}
	return check
}

// event is a line of a take's sidecar.
type event struct {
	Event  string
	At     int64
	Frames int64
	Why    string
}

func events(t *testing.T, name string) []event {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []event
	for line := range bytes.Lines(b) {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, e)
	}
	return all
}

// TestRecordStopped stops the recorder for a second, as a debugger does: the
// take is as long as the clock ran, silent exactly where frames are missing,
// and says so. (A synchronous jackd waits for a stopped client for a while,
// and its clock with it, so that little is lost.)
func TestRecordStopped(t *testing.T) {
	jackServer(t, "-p", "256")
	_, from := counting(t, 2)
	recordStopped(t, 256, "--from", from)
}

// TestRecordStoppedOnPipeWire: PipeWire does not wait, a second is lost.
func TestRecordStoppedOnPipeWire(t *testing.T) {
	s, err := servers.StartPipeWire(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	point(t, s)
	dir := t.TempDir()
	if err := countingTake(filepath.Join(dir, "long.wav"), 48000, 2, 20*48000); err != nil {
		t.Fatal(err)
	}
	start(t, dir, "play", "long.wav", "--to", "system:playback_{1..2}", "--name", "count")
	for limit := time.Now().Add(10 * time.Second); exec.Command("jackknife", "ports", "count:out_2").Run() != nil; {
		if time.Now().After(limit) {
			t.Fatal("play has no ports")
		}
	}
	time.Sleep(500 * time.Millisecond)
	recordStopped(t, 48000*8/10, "--from", "count:out_{1,2}")
}

// recordStopped records, with a stop of a second in it that must cost frames
// at the least, and checks take, summary and sidecar against each other.
func recordStopped(t *testing.T, frames int64, args ...string) {
	t.Helper()
	dir := t.TempDir()
	p := start(t, dir, append([]string{"record", "take.wav", "--json", "--for", "3s"}, args...)...)
	grown(t, filepath.Join(dir, "take.part.wav"), 48000)
	p.Process.Signal(syscall.SIGSTOP)
	time.Sleep(time.Second)
	p.Process.Signal(syscall.SIGCONT)
	p.exit(t, exitWithGaps)

	var summary struct {
		Frames int64
		Lost   int64 `json:"lost_frames"`
		Gaps   []counter.Run
	}
	if err := json.Unmarshal(p.out.Bytes(), &summary); err != nil {
		t.Fatalf("%s: %v", p.out.String(), err)
	}
	check := checked(t, filepath.Join(dir, "take.wav"))
	t.Logf("%d frames, gaps %v", check.Frames, summary.Gaps)
	if check.Frames != summary.Frames || check.Frames != 3*48000 {
		t.Errorf("%d frames in the file, %d in the summary", check.Frames, summary.Frames)
	}
	if check.First != 0 || check.Mixed != 0 || len(check.Slips) != 0 {
		t.Errorf("begins at %d, %d frames are mixed, slips at %v", check.First, check.Mixed, check.Slips)
	}
	if !slices.Equal(check.Silent, summary.Gaps) {
		t.Errorf("silence at %v, gaps reported %v", check.Silent, summary.Gaps)
	}
	if summary.Lost < frames {
		t.Errorf("%d frames lost in a second", summary.Lost)
	}
	var gaps []counter.Run
	for _, e := range events(t, filepath.Join(dir, "take.events.jsonl")) {
		if e.Event == "gap" {
			gaps = append(gaps, counter.Run{At: e.At, Frames: e.Frames})
		}
	}
	if !slices.Equal(gaps, summary.Gaps) {
		t.Errorf("gaps noted %v, reported %v", gaps, summary.Gaps)
	}
}

// TestRecordServerKilled kills the server: the take is finished and whole.
func TestRecordServerKilled(t *testing.T) {
	s := jackServer(t, "-p", "64")
	_, from := counting(t, 2)
	dir := t.TempDir()
	p := start(t, dir, "record", "take.wav", "--from", from)
	await(t, "the take's connections", func(g jackgraph.Graph) bool { return len(g.Connections) == 2 })
	time.Sleep(700 * time.Millisecond)
	s.Kill()
	p.exit(t, exitNoServer)
	check := checked(t, filepath.Join(dir, "take.wav"))
	if check.Frames < 48000/4 || check.First != 0 || check.Mixed != 0 || len(check.Slips)+len(check.Silent) != 0 {
		t.Errorf("%+v", check)
	}
	if !strings.Contains(p.err.String(), "the JACK server is gone") {
		t.Errorf("stderr %q", p.err.String())
	}
	all := events(t, filepath.Join(dir, "take.events.jsonl"))
	if last := all[len(all)-1]; last.Event != "stop" || last.Frames != check.Frames || !strings.Contains(last.Why, "gone") {
		t.Errorf("last event %+v", last)
	}
	if _, err := os.Stat(filepath.Join(dir, "take.part.wav")); err == nil {
		t.Error("the part file is left")
	}
}

// TestRecordSignals: each of these ends a take cleanly.
func TestRecordSignals(t *testing.T) {
	jackServer(t, "-p", "128")
	_, from := counting(t, 3)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		dir := t.TempDir()
		p := start(t, dir, "record", "take.wav", "--from", from)
		await(t, "the take's connections", func(g jackgraph.Graph) bool { return len(g.Connections) == 3 })
		time.Sleep(300 * time.Millisecond)
		p.Process.Signal(sig)
		p.exit(t, exitDone)
		check := checked(t, filepath.Join(dir, "take.wav"))
		if check.Frames < 48000/10 || check.First != 0 || check.Mixed != 0 || len(check.Slips)+len(check.Silent) != 0 {
			t.Errorf("%v: %+v", sig, check)
		}
		await(t, "the client leave", func(g jackgraph.Graph) bool { return len(g.Connections) == 0 })
	}
}

// TestPlayRecordExact plays takes of every kind into a recorder: the recording
// holds each sample as Decode gives it.
func TestPlayRecordExact(t *testing.T) {
	jackServer(t, "-p", "128")
	random := rand.New(rand.NewPCG(3, 4))
	for _, f := range []wav.Format{
		{RateHz: 48000, Channels: 1, Bits: 16, SampleBytes: 2},
		{RateHz: 48000, Channels: 2, Bits: 24, SampleBytes: 3},
		{RateHz: 48000, Channels: 3, Bits: 32, SampleBytes: 4, Encoding: wav.Float},
	} {
		t.Run(fmt.Sprintf("%v %d", f, f.Channels), func(t *testing.T) {
			dir := t.TempDir()
			take, err := wav.Create(filepath.Join(dir, "take.wav"), f)
			if err != nil {
				t.Fatal(err)
			}
			const n = 30011
			raw := make([]byte, n*f.FrameBytes())
			for i := 0; i < len(raw); i += f.SampleBytes {
				v := random.Uint64()
				if f.Encoding == wav.Float {
					v = uint64(math.Float32bits(random.Float32()*2 - 1))
				}
				var b [8]byte
				binary.LittleEndian.PutUint64(b[:], v)
				copy(raw[i:i+f.SampleBytes], b[:])
			}
			if _, err := take.Write(raw); err != nil {
				t.Fatal(err)
			}
			if err := take.Commit(); err != nil {
				t.Fatal(err)
			}
			recorder := start(t, dir, "record", "back.wav", "--channels", fmt.Sprint(f.Channels), "--name", "back")
			await(t, "the recorder's ports", func(g jackgraph.Graph) bool {
				_, ok := g.Port(fmt.Sprintf("back:in_%d", f.Channels))
				return ok
			})
			start(t, dir, "play", "take.wav", "--to", "back:").exit(t, exitDone)
			recorder.Process.Signal(syscall.SIGTERM)
			recorder.exit(t, exitDone)

			want := make([]float32, n*f.Channels)
			wav.Decode(want, raw, f)
			var wantBytes []byte
			for _, v := range want {
				wantBytes = binary.LittleEndian.AppendUint32(wantBytes, math.Float32bits(v))
			}
			back, err := wav.Open(filepath.Join(dir, "back.wav"))
			if err != nil {
				t.Fatal(err)
			}
			defer back.Close()
			got := make([]byte, back.Frames()*int64(back.Format().FrameBytes()))
			back.ReadFrames(got, 0)
			if !bytes.Contains(got, wantBytes) {
				t.Errorf("the %d frames recorded do not contain the %d played", back.Frames(), n)
			}
		})
	}
}

// TestRecordFor records lengths to the frame.
func TestRecordFor(t *testing.T) {
	jackServer(t, "-p", "256", "-r", "44100")
	_, from := counting(t, 1)
	for length, want := range map[string]int64{"250ms": 11025, "1s": 44100, "333333us": 14700} {
		dir := t.TempDir()
		start(t, dir, "record", "take.wav", "--from", from, "--for", length).exit(t, exitDone)
		check := checked(t, filepath.Join(dir, "take.wav"))
		if check.Frames != want || len(check.Slips)+len(check.Silent) != 0 || check.First != 0 {
			t.Errorf("--for %s: %+v, want %d frames", length, check, want)
		}
	}
}

// TestBeginsAt: the next time of that name, today or tomorrow.
func TestBeginsAt(t *testing.T) {
	now := time.Date(2024, 2, 28, 20, 15, 0, 500, time.UTC)
	for text, want := range map[string]time.Duration{"10m": 10 * time.Minute, "1.5s": 1500 * time.Millisecond,
		"20:16": time.Minute - 500, "20:15:01": time.Second - 500, "20:15": 24*time.Hour - 500, "00:00": 3*time.Hour + 45*time.Minute - 500} {
		if at, err := beginsAt(text, now); err != nil || at.Sub(now) != want {
			t.Errorf("%s: %v, %v", text, at, err)
		}
	}
	for _, text := range []string{"0s", "-3s", "24:00", "soon", "2015"} {
		if at, err := beginsAt(text, now); err == nil {
			t.Errorf("%s: %v", text, at)
		}
	}
}

// TestRecordSignalled: USR1 begins a take and then marks it, USR2 ends it; another
// begins by itself.
func TestRecordSignalled(t *testing.T) {
	jackServer(t, "-p", "128")
	_, from := counting(t, 1)
	dir := t.TempDir()
	p := start(t, dir, "record", "--takes", "all", "--from", from, "--name", "signalled", "--json")
	state := func(want string) {
		t.Helper()
		for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
			if out, err := exec.Command("jackknife", "take", "status", "--name", "signalled").Output(); err == nil && strings.HasPrefix(string(out), want) {
				return
			}
		}
		t.Fatalf("never %s: %s", want, p.err.String())
	}
	state("waiting")
	p.Process.Signal(syscall.SIGUSR2) // nothing rolls
	time.Sleep(200 * time.Millisecond)
	p.Process.Signal(syscall.SIGUSR1)
	state("rolling")
	p.Process.Signal(syscall.SIGUSR1)
	time.Sleep(200 * time.Millisecond)
	p.Process.Signal(syscall.SIGUSR2)
	state("waiting, last")
	p.Process.Signal(syscall.SIGINT)
	p.exit(t, exitDone)
	var summary struct {
		File  string
		Marks []markJSON
	}
	if err := json.Unmarshal(p.out.Bytes(), &summary); err != nil || len(summary.Marks) != 1 {
		t.Fatalf("%v: %s", err, p.out.String())
	}
	if check := checked(t, filepath.Join(dir, summary.File)); len(check.Slips) > 0 || check.First != 0 {
		t.Errorf("%+v", check)
	}

	begun := time.Now()
	p = withoutGaps(t, dir, "record", "new.wav", "--from", from, "--begin", "2s", "--pre-roll", "500ms", "--for", "1s", "--json")
	if took := time.Since(begun); took < 2500*time.Millisecond {
		t.Errorf("a take of a second, half of it before 2 s were over, was there after %v", took)
	}
	if check := checked(t, filepath.Join(dir, "new.wav")); check.Frames != 48000 || len(check.Slips) > 0 || check.First != 0 {
		t.Errorf("%+v", check)
	}
}

// TestRecordPoked: the signal USR1 is a mark.
func TestRecordPoked(t *testing.T) {
	jackServer(t, "-p", "128")
	_, from := counting(t, 1)
	dir := t.TempDir()
	p := start(t, dir, "record", "take.wav", "--from", from, "--name", "poked", "--json")
	grown(t, filepath.Join(dir, "take.part.wav"), 60000)
	p.Process.Signal(syscall.SIGUSR1)
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		if st, err := os.Stat(filepath.Join(dir, "take.events.jsonl")); err == nil && st.Size() > 0 {
			break
		}
	}
	p.Process.Signal(syscall.SIGINT)
	p.exit(t, exitDone)
	var summary struct {
		Frames int64
		Marks  []markJSON
	}
	if err := json.Unmarshal(p.out.Bytes(), &summary); err != nil {
		t.Fatal(err)
	}
	if len(summary.Marks) != 1 || summary.Marks[0].At < 48000/4 || summary.Marks[0].At > summary.Frames {
		t.Fatalf("marks %v of %d frames", summary.Marks, summary.Frames)
	}
	for _, e := range events(t, filepath.Join(dir, "take.events.jsonl")) {
		if e.Event == "mark" && e.At == summary.Marks[0].At {
			return
		}
	}
	t.Error("the mark is not in the sidecar")
}

// grown waits for a file to be so large.
func grown(t *testing.T, name string, bytes int64) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		if st, err := os.Stat(name); err == nil && st.Size() > bytes {
			return
		}
	}
	t.Fatalf("%s never has %d bytes", name, bytes)
}

// smallDisk mounts a disk of so many KiB. It skips the test where that may not
// be done.
func smallDisk(t *testing.T, kib int) (dir string, resize func(kib int)) {
	t.Helper()
	dir = t.TempDir()
	err := syscall.Mount("jackknife", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", kib))
	if errors.Is(err, syscall.EPERM) {
		t.Skip("only root may mount a small disk")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir, func(kib int) {
		if err := syscall.Mount("jackknife", dir, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%dk", kib)); err != nil {
			t.Fatal(err)
		}
	}
}

// saw waits for an event in a sidecar.
func saw(t *testing.T, name, event string) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		if b, err := os.ReadFile(name); err == nil && bytes.Contains(b, []byte(`{"event":"`+event+`"`)) {
			return
		}
	}
	t.Fatalf("%s: no event %q", name, event)
}

// stuck waits until a recorder says that it cannot write.
func stuck(t *testing.T, client string) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		out, err := exec.Command("jackknife", "take", "status", "--name", client).Output()
		if err == nil && strings.Contains(string(out), "not written now: ") && strings.Contains(string(out), "no space left on device") {
			return
		}
	}
	t.Fatalf("%s is never stuck", client)
}

// TestRecordDiskFull: while the disk is full the audio waits in memory; when
// there is room again nothing is missing.
func TestRecordDiskFull(t *testing.T) {
	jackServer(t, "-p", "256")
	_, from := counting(t, 2)
	for _, args := range [][]string{nil, {"--split", "--bits", "24"}} {
		dir, resize := smallDisk(t, 256)
		p := start(t, dir, append([]string{"record", "take.wav", "--json", "--name", "fuller", "--from", from}, args...)...)
		stuck(t, "fuller")
		files := []string{"take.wav"}
		if args != nil {
			files = []string{"take-1.wav", "take-2.wav"}
		}
		resize(16 << 10)
		saw(t, filepath.Join(dir, "take.events.jsonl"), "resumed")
		p.Process.Signal(syscall.SIGINT)
		p.exit(t, exitDone)
		for _, file := range files {
			check := checked(t, filepath.Join(dir, file))
			if check.Frames < 20000 || check.Mixed != 0 || len(check.Slips)+len(check.Silent) != 0 {
				t.Errorf("%s: %+v", file, check)
			}
		}
		if n := strings.Count(p.err.String(), "no space left on device"); n != 1 {
			t.Errorf("told %d times: %s", n, p.err.String())
		}
		saw(t, filepath.Join(dir, "take.events.jsonl"), "write error")
	}
}

// TestRecordDiskFullTooLong: what the ring cannot hold is a gap of exactly that
// length.
func TestRecordDiskFullTooLong(t *testing.T) {
	jackServer(t, "-p", "256")
	source, from := counting(t, 2)
	dir, resize := smallDisk(t, 256)
	p := start(t, dir, "record", "take.wav", "--json", "--from", from, "--ring", "300ms", "--name", "overfull")
	stuck(t, "overfull")
	for from := source.Frames(); source.Frames() < from+48000; { // more than the ring holds
		time.Sleep(20 * time.Millisecond)
	}
	resize(16 << 10)
	saw(t, filepath.Join(dir, "take.events.jsonl"), "gap")
	p.Process.Signal(syscall.SIGINT)
	p.exit(t, exitWithGaps)
	var summary struct {
		Lost int64 `json:"lost_frames"`
		Gaps []counter.Run
	}
	if err := json.Unmarshal(p.out.Bytes(), &summary); err != nil {
		t.Fatal(err)
	}
	check := checked(t, filepath.Join(dir, "take.wav"))
	if check.Mixed != 0 || len(check.Slips) != 0 || summary.Lost == 0 || !slices.Equal(check.Silent, summary.Gaps) {
		t.Errorf("%+v, gaps reported %v", check, summary.Gaps)
	}
}

// TestRecordDiskFullStopped: a stop is obeyed; what is written is whole, and
// the rest is told.
func TestRecordDiskFullStopped(t *testing.T) {
	jackServer(t, "-p", "256")
	_, from := counting(t, 2)
	dir, _ := smallDisk(t, 256)
	p := start(t, dir, "record", "take.wav", "--from", from, "--name", "stopfull")
	stuck(t, "stopfull")
	p.Process.Signal(syscall.SIGINT)
	p.exit(t, exitFailed)
	check := checked(t, filepath.Join(dir, "take.wav"))
	if check.Frames < 20000 || check.First != 0 || check.Mixed != 0 || len(check.Slips)+len(check.Silent) != 0 {
		t.Errorf("%+v", check)
	}
	if !strings.Contains(p.err.String(), "s that were in memory are not written") {
		t.Errorf("stderr %q", p.err.String())
	}
}

// TestRecordSpill: the take is continued where there is room, without a frame
// missing between the two files.
func TestRecordSpill(t *testing.T) {
	jackServer(t, "-p", "256")
	_, from := counting(t, 2)
	dir, _ := smallDisk(t, 256)
	spill := filepath.Join(t.TempDir(), "spill")
	p := start(t, dir, "record", "take.wav", "--json", "--from", from, "--ring", "2s", "--spill", spill)
	grown(t, filepath.Join(spill, "take.part.wav"), 300_000)
	p.Process.Signal(syscall.SIGINT)
	p.exit(t, exitDone)
	first, second := checked(t, filepath.Join(dir, "take.wav")), checked(t, filepath.Join(spill, "take.wav"))
	for _, check := range []*counter.Check{first, second} {
		if check.Mixed != 0 || len(check.Slips)+len(check.Silent) != 0 {
			t.Errorf("%+v", check)
		}
	}
	told := events(t, filepath.Join(spill, "take.events.jsonl"))
	if len(told) < 3 || told[0].Event != "start" || told[len(told)-1].Event != "stop" {
		t.Errorf("events in the folder it was continued in: %+v", told)
	}
	saw(t, filepath.Join(spill, "take.events.jsonl"), "spilled")
	if err := p.err.String(); strings.Contains(err, "events.jsonl") {
		t.Errorf("stderr %q", err)
	}
	if first.First != 0 || second.First != 0 || second.Origin != (first.Origin+first.Frames)%(1<<23) {
		t.Errorf("%d frames from %d on, then from %d on", first.Frames, first.Origin, second.Origin)
	}
	var summary struct{ Frames int64 }
	if err := json.Unmarshal(p.out.Bytes(), &summary); err != nil || summary.Frames != first.Frames+second.Frames {
		t.Errorf("summary %s: %v", p.out.String(), err)
	}
}

// TestRecordSyncFails: the disk fails once under a take. It is continued where
// there is another, nothing is missing, and the error is told in the end.
func TestRecordSyncFails(t *testing.T) {
	mayTrace(t)
	jackServer(t, "-p", "256")
	_, from := counting(t, 2)
	dir, spill := t.TempDir(), t.TempDir()
	jackknife, err := exec.LookPath("jackknife")
	if err != nil {
		t.Fatal(err)
	}
	// -D keeps strace out of the way of our signals.
	p := &program{Cmd: exec.Command("strace", "-D", "-f", "--seccomp-bpf", "-o", filepath.Join(spill, "trace"), "-e", "trace=fdatasync",
		"-e", "inject=fdatasync:error=EIO:when=1", jackknife, "record", "take.wav", "--from", from, "--spill", spill)}
	p.Dir, p.Stdout, p.Stderr = dir, &p.out, &p.err
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	grown(t, filepath.Join(spill, "take.part.wav"), 100_000)
	p.Process.Signal(syscall.SIGINT)
	p.exit(t, exitFailed)
	first, second := checked(t, filepath.Join(dir, "take.wav")), checked(t, filepath.Join(spill, "take.wav"))
	for _, check := range []*counter.Check{first, second} {
		if check.Mixed != 0 || len(check.Slips)+len(check.Silent) != 0 || check.First != 0 {
			t.Errorf("%+v", check)
		}
	}
	if second.Origin != (first.Origin+first.Frames)%(1<<23) {
		t.Errorf("%d frames from %d on, then from %d on", first.Frames, first.Origin, second.Origin)
	}
	if !strings.Contains(p.err.String(), "error: take.part.wav: input/output error") && !strings.Contains(p.err.String(), "error: take.wav: input/output error") {
		t.Errorf("stderr %q", p.err.String())
	}
}

// TestTakesDiskFull: a recorder that makes take after take survives one that
// cannot be written to its end.
func TestTakesDiskFull(t *testing.T) {
	jackServer(t, "-p", "256")
	_, from := counting(t, 2)
	dir, resize := smallDisk(t, 256)
	p := start(t, dir, "record", "--takes", ".", "--from", from, "--name", "evening")
	ask := func(words ...string) (string, error) {
		out, err := exec.Command("jackknife", append([]string{"take", "--name", "evening"}, words...)...).Output()
		return string(out), err
	}
	for limit := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := ask("start"); err == nil {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("no recorder\n%s", p.err.String())
		}
	}
	only := func(pattern string) string {
		found, _ := filepath.Glob(filepath.Join(dir, pattern))
		if len(found) != 1 {
			t.Fatalf("%s: %q", pattern, found)
		}
		return found[0]
	}
	stuck(t, "evening")
	if out, err := ask("stop"); err != nil || !strings.HasPrefix(out, "waiting, last take-001-") {
		t.Errorf("stop: %q, %v", out, err)
	}
	resize(16 << 10)
	if out, err := ask("start"); err != nil || !strings.HasPrefix(out, "rolling take-002-") {
		t.Errorf("start: %q, %v", out, err)
	}
	grown(t, only("take-002-*.part.wav"), 50_000)
	p.Process.Signal(syscall.SIGINT)
	p.exit(t, exitFailed)
	for _, pattern := range []string{"take-001-*.wav", "take-002-*.wav"} {
		check := checked(t, only(pattern))
		if check.Frames == 0 || check.First != 0 || check.Mixed != 0 || len(check.Slips)+len(check.Silent) != 0 {
			t.Errorf("%s: %+v", pattern, check)
		}
	}
	if !strings.Contains(p.err.String(), "that were in memory are not written") {
		t.Errorf("stderr %q", p.err.String())
	}
}
