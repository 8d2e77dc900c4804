//go:build cgo

package jackgraph

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Visit is Open for a process that has no audio thread. libjack locks all memory
// of the server in RAM for whom it opens a client, 100 MB where there is room for
// 4,096 ports, which takes longer than to read the graph. A visitor locks nothing.
//
// A client that this process opens later shares that memory as it is.
func Visit(name string) (*Server, error) { return openOn(name, unlockable) }

// unlockable keeps this thread from locking much memory until again is called,
// and all threads without the right to lock as much as they like.
func unlockable() (again func()) {
	if OnPipeWire() {
		return func() {}
	}
	runtime.LockOSThread()
	const little = 64 << 10 // bytes
	var had unix.Rlimit
	limited := unix.Prlimit(0, unix.RLIMIT_MEMLOCK, nil, &had) == nil && had.Cur > little &&
		unix.Prlimit(0, unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: little, Max: had.Max}, nil) == nil
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var rights [2]unix.CapUserData
	const lock = 1 << unix.CAP_IPC_LOCK
	dropped := unix.Capget(&header, &rights[0]) == nil && rights[0].Effective&lock != 0
	if dropped {
		less := rights
		less[0].Effective &^= lock
		dropped = unix.Capset(&header, &less[0]) == nil
	}
	return func() {
		if dropped {
			unix.Capset(&header, &rights[0])
		}
		if limited {
			unix.Prlimit(0, unix.RLIMIT_MEMLOCK, &had, nil)
		}
		runtime.UnlockOSThread()
	}
}
