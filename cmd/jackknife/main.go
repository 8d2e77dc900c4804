// Command jackknife patches JACK audio, records takes without losing a frame
// and edits voice takes in batch.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A reader that goes away must not kill a recording: the write fails instead.
	signal.Ignore(syscall.SIGPIPE)
	// HUP and QUIT finish a take as cleanly as Ctrl-C: a lost ssh session
	// must not cost a recording.
	ctx, stop := signal.NotifyContext(context.Background(),
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
