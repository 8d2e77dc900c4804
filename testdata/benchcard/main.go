// Benchcard measures the card commands on a simulated Delta 1010LT: card show
// beside amixer contents, and the meters at 25 pictures a second. It takes the
// program as its argument.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"jackknife/testdata/cards"
)

func main() {
	if err := bench(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "benchcard:", err)
		os.Exit(1)
	}
}

func bench(program string) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "benchcard")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	lib, err := cards.Build(dir)
	if err != nil {
		return err
	}
	r, err := cards.Plug(lib, filepath.Join(dir, "rack"), "delta1010lt")
	if err != nil {
		return err
	}
	defer r.Close()
	if err := show(r, program); err != nil {
		return err
	}
	return meters(r, program)
}

// run is the time and the CPU time of a program.
func run(c *exec.Cmd) (wall, cpu time.Duration, err error) {
	start := time.Now()
	err = c.Run()
	if err != nil {
		return 0, 0, fmt.Errorf("%v: %w", c.Args, err)
	}
	return time.Since(start), c.ProcessState.UserTime() + c.ProcessState.SystemTime(), nil
}

// show compares card show with amixer contents, in pairs, and with the mere
// start of the program.
func show(r *cards.Rack, program string) error {
	const rounds = 60
	lines := [][]string{{program, "card", "show"}, {program, "--version"}, {"amixer", "-c", "0", "contents"}}
	var walls, cpus [3][]float64
	for range rounds {
		for i, line := range lines {
			wall, cpu, err := run(r.Command(line[0], line[1:]...))
			if err != nil {
				return err
			}
			walls[i], cpus[i] = append(walls[i], wall.Seconds()*1e3), append(cpus[i], cpu.Seconds()*1e3)
		}
	}
	ratios := make([]float64, rounds)
	for n := range rounds {
		ratios[n] = walls[0][n] / walls[2][n]
	}
	for i, name := range []string{"card show", "the start alone", "amixer contents"} {
		fmt.Printf("%-16s %6.2f ms, %5.2f ms of CPU (median of %d)\n", name, median(walls[i]), median(cpus[i]), rounds)
	}
	fmt.Printf("card show / amixer contents: %.2f of the time, %.2f of the CPU time\n\n", median(ratios), median(cpus[0])/median(cpus[2]))
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// meters runs card meters in a terminal of its own, on 22 meters of which ten
// move with every picture.
func meters(r *cards.Rack, program string) error {
	const pictures, interval = 250, 40 * time.Millisecond
	keyboard, tty, err := openTerminal()
	if err != nil {
		return err
	}
	defer keyboard.Close()
	c := r.Command(program, "card", "meters")
	c.Stdin, c.Stdout, c.Stderr = tty, tty, new(bytes.Buffer)
	c.Env = append(c.Env, "TERM=xterm")
	if err := c.Start(); err != nil {
		return err
	}
	tty.Close()
	go func() { // the terminal shows it
		for b := make([]byte, 1<<16); ; {
			if _, err := keyboard.Read(b); err != nil {
				return
			}
		}
	}()
	start := time.Now()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for n := range int64(pictures) {
		<-ticker.C
		peaks := make([]int64, 22)
		for i := range int64(10) {
			peaks[i] = (n*37 + i*23) % 256
		}
		r.Cards[0].SetSilently("Multi Track Peak", 0, peaks...)
	}
	took := time.Since(start)
	fmt.Fprint(keyboard, "q")
	if err := c.Wait(); err != nil {
		return fmt.Errorf("card meters: %w\n%s", err, c.Stderr)
	}
	cpu := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	fmt.Printf("card meters at 25 pictures a second, ten meters moving: %.2f %% of a core (%v in %v, the start included)\n",
		100*cpu.Seconds()/took.Seconds(), cpu.Round(time.Millisecond), took.Round(time.Millisecond))
	return nil
}

// openTerminal makes a terminal of 100 by 30.
func openTerminal() (keyboard, tty *os.File, err error) {
	keyboard, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(keyboard.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 100}); err != nil {
		return nil, nil, err
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	return keyboard, tty, err
}
