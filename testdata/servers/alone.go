package servers

import (
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const aloneMark = "JACKKNIFE_TEST_ALONE"

// Alone gives the test program that calls it, and what it starts, a /dev/shm
// and System V semaphores of its own: JACK2 keeps there the places of its
// servers and one store of metadata for all of them, in which a process that is
// killed at a bad moment leaves locks that stop every other. The program starts
// anew in them, so Alone comes first in TestMain. Only root may do that; for
// others, and for programs that are not called *.test, Alone does nothing.
func Alone() error {
	if os.Getenv(aloneMark) != "" || os.Geteuid() != 0 || !strings.HasSuffix(os.Args[0], ".test") {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	runtime.LockOSThread() // the thread that has left is the one that goes on
	if unix.Unshare(unix.CLONE_NEWNS|unix.CLONE_NEWIPC) != nil {
		runtime.UnlockOSThread()
		return nil // not allowed in this container
	}
	// In a chroot / is no mount, and what is mounted on /dev/shm must not be seen outside.
	if unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") != nil {
		if err := unix.Mount("", "/dev/shm", "", unix.MS_PRIVATE, ""); err != nil {
			return os.NewSyscallError("mount /dev/shm", err)
		}
	}
	if err := unix.Mount("tmpfs", "/dev/shm", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777"); err != nil {
		return os.NewSyscallError("mount /dev/shm", err)
	}
	// A mask of blocked signals outlives exec: a shell that has SIGCHLD blocked waits for ever.
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &unix.Sigset_t{}, nil); err != nil {
		return os.NewSyscallError("pthread_sigmask", err)
	}
	return os.NewSyscallError("exec", syscall.Exec(self, os.Args, append(os.Environ(), aloneMark+"=1")))
}
