//go:build cgo

// Command benchrecord times the recording loop beside a plain C client, and a
// recording beside jack_capture, all on the same private server in the same run:
//
//	go run -tags timed ./testdata/benchrecord [-length 5m] [-wide 1m] PROGRAM PASSTHROUGH FOLDER
//
// PASSTHROUGH is testdata/passthrough, compiled. The loop's process is kept
// busy collecting garbage, another writes to the disk.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"jackknife/rt"
	"jackknife/testdata/counter"
	"jackknife/testdata/servers"
)

func main() {
	length := flag.Duration("length", 5*time.Minute, "of the run with 12 channels")
	wide := flag.Duration("wide", time.Minute, "of the run with 64 channels")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch args := flag.Args(); {
	case len(args) == 3 && args[0] == "loop": // this program's child
		err = loop(ctx, args[1], args[2])
	case len(args) == 2 && args[0] == "burn":
		err = burnDisk(ctx, args[1])
	case len(args) == 3:
		err = bench(ctx, args[0], args[1], args[2], *length, *wide)
	default:
		fmt.Fprintln(os.Stderr, "usage: benchrecord PROGRAM PASSTHROUGH FOLDER")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchrecord:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, program, passthrough, folder string, length, wide time.Duration) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if program, err = filepath.Abs(program); err != nil {
		return err
	}
	if passthrough, err = filepath.Abs(passthrough); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	fmt.Printf("12 channels, 64 frames a cycle at 48 kHz, %v; garbage collected in the loop's process, another writes to the disk\n", length)
	if err := run(ctx, program, passthrough, folder, 12, length, "-r", "48000", "-p", "64"); err != nil {
		return err
	}
	fmt.Printf("64 channels, 256 frames a cycle at 96 kHz, %v\n", wide)
	return run(ctx, program, passthrough, folder, 64, wide, "-r", "96000", "-p", "256")
}

// run has all of them record the same source on a server of their own.
func run(ctx context.Context, program, passthrough, folder string, channels int, length time.Duration, driver ...string) error {
	s, err := servers.StartJackd(folder, append(driver, "-C", "2", "-P", "2")...)
	if err != nil {
		return err
	}
	defer s.Stop()
	for _, kv := range s.Env() {
		name, value, _ := strings.Cut(kv, "=")
		os.Setenv(name, value)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	n := strconv.Itoa(channels)
	start := func(c *exec.Cmd) (*exec.Cmd, error) {
		c.Stderr = os.Stderr
		c.Dir = folder
		return c, c.Start()
	}

	measured := exec.CommandContext(ctx, self, "loop", n, length.String())
	report, err := measured.StdoutPipe()
	if err != nil {
		return err
	}
	if measured, err = start(measured); err != nil {
		return err
	}
	lines := json.NewDecoder(report)
	var ready bool
	if err := lines.Decode(&ready); err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	pass := exec.CommandContext(ctx, passthrough, "passthrough", n, "count")
	hold, err := pass.StdinPipe()
	if err != nil {
		return err
	}
	var times strings.Builder
	pass.Stdout = &times
	if pass, err = start(pass); err != nil {
		return err
	}
	burning, err := start(exec.CommandContext(ctx, self, "burn", filepath.Join(folder, "burn")))
	if err != nil {
		return err
	}

	seconds := strconv.Itoa(int(length.Seconds()) - 2)
	ours, theirs := filepath.Join(folder, "jackknife.wav"), filepath.Join(folder, "capture.wav")
	defer os.Remove(ours)
	defer os.Remove(theirs)
	recorder, err := start(exec.CommandContext(ctx, program, "record", ours, "--from", "count:", "--for", seconds+"s", "-q"))
	if err != nil {
		return err
	}
	capture := exec.CommandContext(ctx, "jack_capture", "-c", n, "-p", "count:out_*", "-d", seconds, "-f", "rf64", "-as", "-dc", theirs)
	if capture, err = start(capture); err != nil {
		return err
	}
	memory, steady := follow(ctx, recorder.Process.Pid, capture.Process.Pid, length-4*time.Second)

	var r result
	if err := lines.Decode(&r); err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	hold.Close()
	if err := errors.Join(measured.Wait(), pass.Wait()); err != nil {
		return err
	}
	burning.Process.Signal(syscall.SIGTERM)
	burning.Wait()
	failed := recorder.Wait()
	if code := recorder.ProcessState.ExitCode(); code != 0 && code != 6 {
		return fmt.Errorf("record: %w", failed)
	}
	if err := capture.Wait(); err != nil {
		return fmt.Errorf("jack_capture: %w", err)
	}

	var cycles, median, p999, most int64
	if _, err := fmt.Sscan(times.String(), &cycles, &median, &p999, &most); err != nil {
		return fmt.Errorf("passthrough: %w", err)
	}
	fmt.Printf("  the loop: %d frames, %d in gaps, of which the source had missed %d; astray at %v; %d xruns, worst ring fill %v\n",
		r.Frames, r.Lost, r.Skipped, r.Astray, r.Xruns, r.RingPeak.Round(time.Millisecond))
	row := func(name string, n, median, p999, most int64) {
		fmt.Printf("  %-12s %8d cycles  median %6.2f us  p99.9 %6.2f us  max %8.2f us\n", name, n, float64(median)/1e3, float64(p999)/1e3, float64(most)/1e3)
	}
	row("the loop", int64(r.Cycles), r.Median.Nanoseconds(), r.P999.Nanoseconds(), r.Max.Nanoseconds())
	row("passthrough", cycles, median, p999, most)
	fmt.Printf("  ratio        median %.2f  p99.9 %.2f  max %.2f\n", float64(r.Median)/float64(median), float64(r.P999)/float64(p999), float64(r.Max)/float64(most))
	cpu := func(c *exec.Cmd) time.Duration { return c.ProcessState.UserTime() + c.ProcessState.SystemTime() }
	a, b := cpu(recorder), cpu(capture)
	per := func(d time.Duration) float64 {
		return float64(d) / float64(length-2*time.Second) / float64(channels) * 100
	}
	fmt.Printf("  CPU per channel while they record: %s\n", steady(channels))
	fmt.Printf("  and from their start to their end: jackknife record %.3f %%, jack_capture %.3f %%, ratio %.2f\n", per(a), per(b), float64(a)/float64(b))
	fmt.Printf("  memory of jackknife record: %s\n", memory)
	return ctx.Err()
}

// follow notes the resident memory of a process while it records, and the time
// that it and another take of the processor after their first three seconds.
func follow(ctx context.Context, pid, other int, d time.Duration) (memory string, cpu func(channels int) string) {
	const settled = 3 // seconds
	var kib []int64
	type used struct {
		at           time.Time
		ours, theirs time.Duration
	}
	var first, last used
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; <-tick.C {
		last = used{time.Now(), cpuTime(pid), cpuTime(other)}
		if len(kib) <= settled {
			first = last
		}
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			break
		}
		if _, rest, ok := strings.Cut(string(b), "VmRSS:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			kib = append(kib, n)
		}
	}
	cpu = func(channels int) string {
		a, b := last.ours-first.ours, last.theirs-first.theirs
		per := func(d time.Duration) float64 {
			return float64(d) / float64(last.at.Sub(first.at)) / float64(channels) * 100
		}
		return fmt.Sprintf("jackknife record %.3f %%, jack_capture %.3f %%, ratio %.2f", per(a), per(b), float64(a)/float64(b))
	}
	if len(kib) < 10 {
		return "not known", cpu
	}
	third := len(kib) / 3
	mib := func(k int64) float64 { return float64(k) / 1024 }
	return fmt.Sprintf("%.1f MiB at most in the first third, %.1f in the last", mib(slices.Max(kib[3:3+third])), mib(slices.Max(kib[2*third:]))), cpu
}

// cpuTime is what a process has taken of the processor (proc(5): utime and
// stime, in hundredths of a second).
func cpuTime(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// result is what the loop came to.
type result struct {
	Frames, Lost, Skipped int64
	Astray                []counter.Slip
	Xruns, Cycles         int
	Median, P999, Max     time.Duration
	RingPeak              time.Duration
}

// loop records a counting source of its own and times the cycles. It prints
// true when it records, and the result in the end.
func loop(ctx context.Context, channels, length string) error {
	n, err := strconv.Atoi(channels)
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(length)
	if err != nil {
		return err
	}
	source, err := counter.Start("count", n)
	if err != nil {
		return err
	}
	defer source.Close()
	var inputs []string
	for i := range n {
		inputs = append(inputs, fmt.Sprint("in_", i+1))
	}
	l, err := rt.Open(rt.Config{Client: "loop", Inputs: inputs})
	if err != nil {
		return err
	}
	defer l.Close()
	if err := l.Activate(); err != nil {
		return err
	}
	for i, in := range l.Inputs() {
		if err := counter.Connect(source.Ports[i], in); err != nil {
			return err
		}
	}
	garbage, stop := context.WithCancel(ctx)
	defer stop()
	go burnMemory(garbage)
	out := json.NewEncoder(os.Stdout)
	out.Encode(true)
	check := counter.NewCheck(n)
	l.Start()
	report, err := l.Record(ctx, check, rt.RecordOptions{Frames: int64(d.Seconds() * float64(l.RateHz()))})
	if err != nil {
		return err
	}
	times := cycleTimes(l)
	if len(times) == 0 {
		return errors.New("no cycle was timed: build this with -tags timed")
	}
	slices.Sort(times)
	skips := source.Skips()
	r := result{Frames: report.Frames, Lost: report.Lost(), Astray: check.Astray(skips), Xruns: report.XrunCount(), Cycles: len(times),
		Median: times[len(times)/2], P999: times[len(times)-1-len(times)/1000], Max: times[len(times)-1], RingPeak: report.RingPeak}
	for _, s := range skips {
		r.Skipped += s.Frames
	}
	return out.Encode(r)
}

// burnMemory keeps the garbage collector busy.
func burnMemory(ctx context.Context) {
	var live [64][][]byte
	for n := 0; ctx.Err() == nil; n++ {
		tree := make([][]byte, 256)
		for i := range tree {
			tree[i] = make([]byte, 64+rand.IntN(4096))
		}
		live[n%len(live)] = tree
		if n%8 == 0 {
			time.Sleep(time.Millisecond) // the machine has few cores for all of them
		}
	}
}

// burnDisk writes 64 MiB again and again until it is told to stop.
func burnDisk(ctx context.Context, name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	defer f.Close()
	block := make([]byte, 1<<20)
	for n := int64(0); ctx.Err() == nil; n++ {
		if _, err := f.WriteAt(block, n%64<<20); err != nil {
			return err
		}
		if n%16 == 0 {
			if err := f.Sync(); err != nil {
				return err
			}
		}
	}
	return nil
}
