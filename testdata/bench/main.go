// Command bench times jackknife's edit of a long take beside cp and sox on the
// same file, in turns, and prints ratios of wall time and peak memory:
//
//	go run ./testdata/bench PROGRAM FOLDER
//
// The long takes are one spoken take of a minute or so, again and again.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"jackknife/testdata/voices"
	"jackknife/wav"
)

const rounds = 7

// speakOnly, in the place of PROGRAM, makes the take and nothing else: a
// program starts with the memory peak of the one that started it, so this one
// must stay small.
const speakOnly = "speak"

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bench PROGRAM FOLDER")
		os.Exit(2)
	}
	if os.Args[1] == speakOnly {
		if err := speak(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := bench(ctx, os.Args[1], os.Args[2])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, program, folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	long := filepath.Join(folder, "long.wav")
	out := filepath.Join(folder, "out.wav")
	defer os.Remove(out)
	defer os.Remove(out + ".edits")
	defer os.Remove(long)

	take := filepath.Join(folder, "take.wav")
	if out, err := exec.CommandContext(ctx, os.Args[0], speakOnly, take).CombinedOutput(); err != nil {
		return fmt.Errorf("speak: %w\n%s", err, out)
	}
	hour, err := lengthen(long, take, time.Hour)
	if err != nil {
		return err
	}
	programs := []struct {
		name string
		args []string
	}{
		{"cp", []string{"cp", long, out}},
		{"jackknife", []string{program, "edit", long, "-o", out, "--pauses", "x1.5"}},
		{"sox", []string{"sox", long, out, "silence", "-l", "1", "0.1", "1%", "-1", "0.5", "1%"}},
	}
	runs := map[string][]run{}
	for range rounds {
		for _, p := range programs {
			r, err := timed(ctx, out, p.args)
			if err != nil {
				return err
			}
			runs[p.name] = append(runs[p.name], r)
		}
	}
	fmt.Printf("one hour, %s, %d rounds in turns\n", hour, rounds)
	for _, p := range programs {
		fmt.Printf("  %-10s %s\n", p.name, summary(runs[p.name]))
	}
	fmt.Printf("  jackknife / cp   %s (wall time, paired)\n", ratios(runs["jackknife"], runs["cp"]))
	fmt.Printf("  jackknife / sox  %s\n", ratios(runs["jackknife"], runs["sox"]))

	ten, err := lengthen(long, take, 10*time.Hour)
	if err != nil {
		return err
	}
	r, err := timed(ctx, out, programs[1].args)
	if err != nil {
		return err
	}
	fmt.Printf("ten hours, %s\n  %-10s %s\n", ten, "jackknife", summary([]run{r}))
	return nil
}

// run is one execution: wall time and peak resident memory.
type run struct {
	wall   time.Duration
	memory int64 // KiB
}

func timed(ctx context.Context, out string, args []string) (run, error) {
	os.Remove(out)
	os.Remove(out + ".edits")
	var words strings.Builder
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Stdout, c.Stderr = &words, &words
	start := time.Now()
	if err := c.Run(); err != nil {
		return run{}, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, words.String())
	}
	wall := time.Since(start)
	usage := c.ProcessState.SysUsage().(*syscall.Rusage)
	return run{wall, usage.Maxrss}, nil
}

// speak makes a spoken take: a relaxation exercise, read by espeak-ng in a room.
func speak(name string) error {
	phrases, err := os.MkdirTemp("", "jackknife-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(phrases)
	take, err := voices.Make(phrases, voices.Config{
		Seed: 7, Voice: "espeak en-us", Script: "relaxation", SNRDB: 45, Background: "room",
		Format: wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3},
	})
	if err != nil {
		return err
	}
	os.Remove(name)
	return take.Write(name)
}

// lengthen writes take again and again until it lasts at least d, in the
// take's own format, and says what it is.
func lengthen(name, take string, d time.Duration) (string, error) {
	r, err := wav.Open(take)
	if err != nil {
		return "", err
	}
	defer r.Close()
	os.Remove(name)
	w, err := wav.Create(name, r.Format())
	if err != nil {
		return "", err
	}
	defer w.Abort()
	frames := int64(d.Seconds() * float64(r.Format().RateHz))
	for w.Frames() < frames {
		if err := w.CopyFrames(r, 0, min(r.Frames(), frames-w.Frames())); err != nil {
			return "", err
		}
	}
	if err := w.Commit(); err != nil {
		return "", err
	}
	f := r.Format()
	return fmt.Sprintf("%d Hz %s, %d channels, %d MB", f.RateHz, f, f.Channels, w.Frames()*int64(f.FrameBytes())/1e6), nil
}

func summary(runs []run) string {
	walls := make([]time.Duration, len(runs))
	memory := int64(0)
	for i, r := range runs {
		walls[i] = r.wall.Round(time.Millisecond)
		memory = max(memory, r.memory)
	}
	slices.Sort(walls)
	return fmt.Sprintf("%8v min, %8v median, %8v max, peak memory %d MiB", walls[0], walls[len(walls)/2], walls[len(walls)-1], memory/1024)
}

func ratios(a, b []run) string {
	q := make([]float64, len(a))
	for i := range a {
		q[i] = float64(a[i].wall) / float64(b[i].wall)
	}
	slices.Sort(q)
	return fmt.Sprintf("%.2f min, %.2f median, %.2f max", q[0], q[len(q)/2], q[len(q)-1])
}
