// Command jackknife patches JACK audio, records takes without losing a frame
// and edits voice takes in batch.
package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	// A reader that goes away must not kill a recording: the write fails instead.
	signal.Ignore(syscall.SIGPIPE)
	// HUP and QUIT finish a take as cleanly as Ctrl-C: a lost ssh session
	// must not cost a recording.
	ctx, stop := signal.NotifyContext(context.Background(),
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	args := os.Args[1:]
	if filepath.Base(os.Args[0]) == nsmProgram {
		args = []string{"nsm"}
	}
	code := run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
