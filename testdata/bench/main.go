// Command bench times jackknife's edit of long takes beside cp and sox on the
// same files, in turns, and prints wall time, processor time, peak memory, and
// ratios of each pair of runs:
//
//	go run ./testdata/bench PROGRAM FOLDER
//
// One hour is edited in memory (/dev/shm), where only the work itself counts,
// and in FOLDER, on a disk. There jackknife's output is on the disk when it
// ends, and cp's is not: cp is timed as it is, and with sync(1) behind it.
// Then come many short takes beside one of the same length, and ten hours. What
// does not fit into memory or on the disk is passed over, with a word.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"jackknife/wav"
)

const (
	rounds           = 9
	fewRounds        = 5
	memory           = "/dev/shm"
	inMemory, onDisk = "in memory", "on disk"
)

// speakOnly, in the place of PROGRAM, makes the take and nothing else: a
// program starts with the memory peak of the one that started it, so this one
// must stay small.
const speakOnly = "speak"

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bench PROGRAM FOLDER")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if os.Args[1] == speakOnly {
		err = speak(os.Args[2])
	} else {
		err = bench(ctx, os.Args[1], os.Args[2])
	}
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
	take := filepath.Join(folder, "take.wav")
	if out, err := exec.CommandContext(ctx, os.Args[0], speakOnly, take).CombinedOutput(); err != nil {
		return fmt.Errorf("speak: %w\n%s", err, out)
	}
	shm, err := os.MkdirTemp(memory, "jackknife-bench-")
	if err != nil {
		fmt.Printf("nothing is timed in memory: %v\n", err)
	} else {
		defer os.RemoveAll(shm)
	}
	disk, err := os.MkdirTemp(folder, "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(disk)
	b := &lane{ctx: ctx, program: program, take: take}
	if shm != "" {
		if err := b.in(shm, inMemory).hour(false); err != nil {
			return err
		}
		if err := b.in(shm, inMemory).many(); err != nil {
			return err
		}
	}
	on := b.in(disk, onDisk)
	if err := on.hour(true); err != nil {
		return err
	}
	if err := on.many(); err != nil {
		return err
	}
	for _, f := range []wav.Format{
		{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3},
		{RateHz: 48000, Channels: 2, Bits: 32, SampleBytes: 4, Encoding: wav.Float},
	} {
		if err := on.tenHours(f); err != nil {
			return err
		}
	}
	return nil
}

// lane is where one measurement runs.
type lane struct {
	ctx           context.Context
	program, take string
	folder, place string
}

func (l lane) in(folder, place string) *lane {
	l.folder, l.place = folder, place
	return &l
}

func (l *lane) file(name string) string { return filepath.Join(l.folder, name) }

// fits says whether so many bytes have a place, and if not, what is passed over.
func (l *lane) fits(bytes int64, what string) (bool, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(l.folder, &fs); err != nil {
		return false, err
	}
	free := int64(fs.Bavail) * fs.Bsize
	if free >= bytes {
		return true, nil
	}
	fmt.Printf("\n%s, %s: passed over, needs %d MB and has %d MB\n", what, l.place, bytes/1e6, free/1e6)
	return false, nil
}

// hour times the edit of one hour beside cp and sox.
func (l *lane) hour(disk bool) error {
	f := wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}
	bytes := int64(3600 * f.RateHz * f.FrameBytes())
	if ok, err := l.fits(5*bytes, "one hour"); !ok {
		return err
	}
	long, out := l.file("long.wav"), l.file("out.wav")
	defer os.Remove(long)
	if err := lengthen(long, l.take, f, time.Hour); err != nil {
		return err
	}
	edit := command{"jackknife", []string{l.program, "edit", long, "-o", out, "--pauses", "x1.5"}}
	cp := command{"cp", []string{"cp", long, out}}
	sox := command{"sox", []string{"sox", long, out, "silence", "-l", "1", "0.1", "1%", "-1", "0.5", "1%"}}
	commands := []command{cp, edit, sox}
	synced := command{"cp, sync", []string{"sh", "-c", `cp "$1" "$2" && sync "$2"`, "sh", long, out}}
	if disk {
		commands = []command{cp, synced, edit}
	}
	runs, err := l.turns(rounds, commands)
	if err != nil {
		return err
	}
	fmt.Printf("\none hour, %s, %s, %d rounds in turns\n", describe(f, bytes), l.place, rounds)
	for _, c := range commands {
		fmt.Printf("  %-10s %s\n", c.name, summary(runs[c.name]))
	}
	for _, c := range commands {
		if c.name != edit.name {
			fmt.Printf("  %-20s %s\n", edit.name+" / "+c.name, ratios(runs[edit.name], runs[c.name]))
		}
	}
	return nil
}

// many times the edit of a thousand takes of 10 s beside that of one take as
// long as they all.
func (l *lane) many() error {
	const takes = 1000
	f := wav.Format{RateHz: 48000, Channels: 1, Bits: 24, SampleBytes: 3}
	bytes := int64(10 * takes * f.RateHz * f.FrameBytes())
	if ok, err := l.fits(4*bytes, "a thousand takes"); !ok {
		return err
	}
	long, out, short, done := l.file("long.wav"), l.file("out.wav"), l.file("short"), l.file("done")
	defer os.Remove(long)
	if err := lengthen(long, l.take, f, 10*takes*time.Second); err != nil {
		return err
	}
	names, err := split(short, long, takes)
	defer os.RemoveAll(short)
	if err != nil {
		return err
	}
	one := command{"one", []string{l.program, "edit", long, "-o", out, "--pauses", "x1.5"}}
	each := command{"a thousand", append([]string{l.program, "edit", "--out-dir", done, "--pauses", "x1.5"}, names...)}
	commands := []command{one, each}
	runs, err := l.turns(fewRounds, commands)
	if err != nil {
		return err
	}
	fmt.Printf("\na thousand takes of 10 s beside one as long, %s, %s, %d rounds in turns\n", describe(f, bytes), l.place, fewRounds)
	for _, c := range commands {
		fmt.Printf("  %-10s %s\n", c.name, summary(runs[c.name]))
	}
	fmt.Printf("  %-20s %s\n", each.name+" / "+one.name, ratios(runs[each.name], runs[one.name]))
	return nil
}

// tenHours edits ten hours once: its memory is what counts.
func (l *lane) tenHours(f wav.Format) error {
	const length = 10 * time.Hour
	bytes := int64(length.Seconds()) * int64(f.RateHz*f.FrameBytes())
	what := "ten hours, " + describe(f, bytes)
	if ok, err := l.fits(bytes*5/2, what); !ok {
		return err
	}
	long, out := l.file("long.wav"), l.file("out.wav")
	defer os.Remove(long)
	if err := lengthen(long, l.take, f, length); err != nil {
		return err
	}
	defer l.clear()
	r, err := l.timed(command{"jackknife", []string{l.program, "edit", long, "-o", out, "--pauses", "x1.5"}})
	if err == nil {
		fmt.Printf("\n%s, %s\n  %-10s %s\n", what, l.place, "jackknife", summary([]run{r}))
	}
	return err
}
