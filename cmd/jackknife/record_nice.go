package main

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// ahead is how much nicer the system is to a recorder than to other programs,
// where it may be: what waits in memory is lost if the recorder dies.
const ahead = -10

// goAhead asks the scheduler to let this process's threads, and those they
// start, run before others. Where that is not allowed nothing happens.
func goAhead() {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, t := range threads {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			_ = unix.Setpriority(unix.PRIO_PROCESS, id, ahead)
		}
	}
}
