package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

type command struct {
	name string
	args []string
}

// run is one execution: wall time, processor time in the program and in the
// kernel, and peak resident memory.
type run struct {
	wall, user, sys time.Duration
	memory          int64 // KiB
}

// clear removes what the commands write.
func (l *lane) clear() {
	for _, name := range []string{"out.wav", "out.wav.edits", "done"} {
		os.RemoveAll(l.file(name))
	}
}

// turns runs the commands in turns, in alternating order. The first round is
// not counted: it makes the memory warm. An output is removed just before the
// next run, whose memory is then as warm.
func (l *lane) turns(rounds int, commands []command) (map[string][]run, error) {
	defer l.clear()
	runs := map[string][]run{}
	for round := range rounds + 1 {
		for _, c := range commands {
			r, err := l.timed(c)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				runs[c.name] = append(runs[c.name], r)
			}
		}
		slices.Reverse(commands)
	}
	return runs, nil
}

// timed runs a command when the disk has nothing else to write.
func (l *lane) timed(c command) (run, error) {
	l.clear()
	if l.place == onDisk {
		syscall.Sync()
	}
	var words strings.Builder
	p := exec.CommandContext(l.ctx, c.args[0], c.args[1:]...)
	p.Stdout, p.Stderr = &words, &words
	start := time.Now()
	err := p.Run()
	wall := time.Since(start)
	if err != nil {
		return run{}, fmt.Errorf("%s: %w\n%s", c.name, err, words.String())
	}
	usage := p.ProcessState.SysUsage().(*syscall.Rusage)
	return run{wall, p.ProcessState.UserTime(), p.ProcessState.SystemTime(), usage.Maxrss}, nil
}

func summary(runs []run) string {
	walls := sorted(runs, func(r run) float64 { return r.wall.Seconds() })
	users := sorted(runs, func(r run) float64 { return r.user.Seconds() })
	systems := sorted(runs, func(r run) float64 { return r.sys.Seconds() })
	memory := slices.MaxFunc(runs, func(a, b run) int { return int(a.memory - b.memory) }).memory
	n := len(runs)
	return fmt.Sprintf("%.3f s (%.3f to %.3f), processor %.3f s + %.3f s in the kernel, peak memory %d MiB",
		walls[n/2], walls[0], walls[n-1], users[n/2], systems[n/2], memory/1024)
}

// ratios are those of the wall times of each pair.
func ratios(a, b []run) string {
	q := make([]float64, len(a))
	for i := range a {
		q[i] = float64(a[i].wall) / float64(b[i].wall)
	}
	slices.Sort(q)
	return fmt.Sprintf("%.2f (%.2f to %.2f)", q[len(q)/2], q[0], q[len(q)-1])
}

func sorted(runs []run, of func(run) float64) []float64 {
	x := make([]float64, len(runs))
	for i, r := range runs {
		x[i] = of(r)
	}
	slices.Sort(x)
	return x
}
