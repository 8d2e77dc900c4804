//go:build cgo

package main

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/testdata/cards"
	"jackknife/wav"
)

// alsajack [ARG...] starts a private jackd with its alsa driver on card 0, in
// synchronous mode, and points the script at it; the script's end ends it.
var _ = addScriptCommand("alsajack", func(ts *testscript.TestScript, neg bool, args []string) {
	r, ok := scriptRacks.Load(ts.MkAbs("cards"))
	if neg || !ok {
		ts.Fatalf("usage: alsajack [ARG...] after cards")
	}
	name := "jkcard" + strings.ToLower(rand.Text()[:8])
	ts.Setenv("JACK_DEFAULT_SERVER", name)
	for limit := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		server, err := startOnCard(r.(*cards.Rack), name, ts.MkAbs("jackd.log"), args)
		if err == nil {
			ts.Defer(server.end)
			return
		}
		if !strings.Contains(err.Error(), "Too many servers") || time.Now().After(limit) { // eight a machine
			ts.Fatalf("%v", err)
		}
	}
})

// cardServer is a jackd that was started, and when it ended.
type cardServer struct {
	*exec.Cmd
	ended chan struct{}
}

func (s cardServer) end() {
	s.Process.Signal(syscall.SIGTERM)
	<-s.ended
}

// startOnCard starts a jackd on card 0 and waits until it can be used. Its log is
// in the error.
func startOnCard(r *cards.Rack, name, log string, args []string) (cardServer, error) {
	server := cardServer{r.Command("jackd", append([]string{"-n", name, "-S", "-r", "-d", "alsa", "-d", "hw:0"}, args...)...), make(chan struct{})}
	server.Env = append(server.Env, "JACK_NO_AUDIO_RESERVATION=1")
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := os.Create(log)
	if err != nil {
		return server, err
	}
	defer out.Close()
	server.Stdout, server.Stderr = out, out
	if err := server.Start(); err != nil {
		return server, err
	}
	go func() {
		server.Wait()
		close(server.ended)
	}()
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		list := exec.Command("jack_lsp")
		list.Env = append(os.Environ(), "JACK_DEFAULT_SERVER="+name, "JACK_NO_START_SERVER=1")
		if list.Run() == nil {
			return server, nil
		}
		select {
		case <-server.ended:
			limit = time.Time{}
		default:
		}
		if time.Now().After(limit) {
			server.end()
			text, _ := os.ReadFile(log)
			return server, fmt.Errorf("no jackd on the card:\n%s", text)
		}
	}
}

// records runs jackknife record, which may end with gaps on a busy machine.
var _ = addScriptCommand("records", func(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("jackknife", append([]string{"record"}, args...)...)
	var exit interface{ ExitCode() int }
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == exitWithGaps) {
		ts.Fatalf("record: %v", err)
	}
})

// staircase TAKE checks that a take is the staircase that the card records:
// every frame is one step above the frame before, but over the gaps that the
// recorder told of, which are silence. When jackd itself comes too late the card
// drops what it holds and starts anew: the recorder tells of that as an xrun,
// and as often as that a frame may be some steps higher.
var _ = addScriptCommand("staircase", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: staircase TAKE")
	}
	take, err := wav.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer take.Close()
	gaps, xruns := lossesOf(ts, strings.TrimSuffix(ts.MkAbs(args[0]), ".wav")+".events.jsonl")
	channels := take.Format().Channels
	raw := make([]byte, int(take.Frames())*take.Format().FrameBytes())
	n, err := take.ReadFrames(raw, 0)
	if err != nil && !errors.Is(err, io.EOF) || int64(n) != take.Frames() {
		ts.Fatalf("%d of %d frames: %v", n, take.Frames(), err)
	}
	samples := make([]float32, n*channels)
	wav.Decode(samples, raw, take.Format())
	steps, lost, breaks, last := 0, int64(0), 0, int64(-1)
	for i := range int64(n) {
		frame := samples[int(i)*channels : (int(i)+1)*channels]
		if gaps(i) {
			lost++
			last = -1
			continue
		}
		step := int64(math.Round(float64(frame[0]) * (1<<23 - 1)))
		for c, v := range frame {
			if got := int64(math.Round(float64(v) * (1<<23 - 1))); got != step+int64(c) {
				ts.Fatalf("frame %d channel %d is %d, want %d", i, c, got, step+int64(c))
			}
		}
		if last >= 0 && step != last+16 {
			breaks++
			if step <= last || breaks > xruns {
				ts.Fatalf("frame %d is step %d after step %d, break %d with %d xruns", i, step/16, last/16, breaks, xruns)
			}
		}
		last = step
		steps++
	}
	if steps < n/2 {
		ts.Fatalf("%d of %d frames are lost", lost, n)
	}
	ts.Logf("%d frames in order, %d in gaps, %d breaks with %d xruns", steps, lost, breaks, xruns)
})

// lossesOf reads the gaps and xruns of a take; gaps reports whether a frame lies
// in one.
func lossesOf(ts *testscript.TestScript, name string) (gaps func(frame int64) bool, xruns int) {
	type event struct {
		Event      string
		At, Frames int64
		Count      int
	}
	var list []event
	f, err := os.Open(name)
	if !errors.Is(err, os.ErrNotExist) {
		ts.Check(err)
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			var e event
			ts.Check(json.Unmarshal(s.Bytes(), &e))
			switch e.Event {
			case "gap":
				list = append(list, e)
			case "xrun":
				xruns += e.Count
			}
		}
	}
	return func(frame int64) bool {
		for _, g := range list {
			if frame >= g.At && frame < g.At+g.Frames {
				return true
			}
		}
		return false
	}, xruns
}

// played TAKE checks that the card played a piece of a staircase take without a
// break, long enough to be no chance: on a busy machine jackd breaks it up.
var _ = addScriptCommand("played", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: played TAKE")
	}
	raw, err := os.ReadFile(filepath.Join(ts.MkAbs("cards"), "played"))
	ts.Check(err)
	take, err := wav.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer take.Close()
	const channels = 10
	longest, run, last := 0, 0, int64(0)
	for i := 0; i+channels*4 <= len(raw); i += channels * 4 {
		v := int64(int32(binary.LittleEndian.Uint32(raw[i:])))
		step := int64(math.Round(float64(v) / math.MaxInt32 * (1<<23 - 1)))
		if run > 0 && step == last+16 {
			run++
		} else {
			run = 1
		}
		longest, last = max(longest, run), step
	}
	if longest < 4096 {
		ts.Fatalf("the longest piece in order has %d of %d frames", longest, take.Frames())
	}
	ts.Logf("%d of %d frames in one piece", longest, take.Frames())
})
