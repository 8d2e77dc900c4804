//go:build cgo

// Command soak does to a recorder, again and again, what happens to recorders,
// and counts frames afterwards:
//
//	go run ./testdata/soak [-only NAME,...] PROGRAM FOLDER
//
// Every take is of a counting signal, so that what is missing is known to the
// frame. What needs root (disks that are cut off, frozen or small) is left out
// without it, and said.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"jackknife/testdata/servers"
)

func main() {
	only := flag.String("only", "", "tests to run, by name, with commas")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: soak [-only NAME,...] PROGRAM FOLDER")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ok, err := soak(ctx, flag.Arg(0), flag.Arg(1), *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// test is one kind of fault, done times over.
type test struct {
	name   string
	says   string
	times  int
	atOnce int
	root   bool
	run    func(t *trial) (string, error) // returns a figure to be shown, such as "12 ms"
}

// trial is one of the times.
type trial struct {
	ctx     context.Context
	program string
	folder  string // of its own
	name    string // of its own, for clients
	n       int
	random  *rand.Rand
}

func soak(ctx context.Context, program, folder, only string) (ok bool, err error) {
	if program, err = filepath.Abs(program); err != nil {
		return false, err
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return false, err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return false, err
	}
	server, err := servers.StartJackd(folder, "-p", "256", "-C", "2", "-P", "2")
	if err != nil {
		return false, err
	}
	defer server.Stop()
	for _, kv := range server.Env() {
		name, value, _ := strings.Cut(kv, "=")
		os.Setenv(name, value)
	}
	ok = true
	for _, t := range tests {
		if only != "" && !slices.Contains(strings.Split(only, ","), t.name) {
			continue
		}
		if t.root && os.Getuid() != 0 {
			fmt.Printf("%-10s left out: needs root\n", t.name)
			continue
		}
		ok = t.all(ctx, program, folder) && ok
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
	return ok, nil
}

// all does the test as often as it says, some at once, and prints what came of it.
func (t test) all(ctx context.Context, program, folder string) bool {
	start := time.Now()
	figures := make([]string, t.times)
	errs := make([]error, t.times)
	var wait sync.WaitGroup
	slots := make(chan struct{}, t.atOnce)
	for n := range t.times {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if ctx.Err() != nil {
				errs[n] = ctx.Err()
				return
			}
			own := filepath.Join(folder, fmt.Sprintf("%s-%d", t.name, n))
			if errs[n] = os.MkdirAll(own, 0o777); errs[n] != nil {
				return
			}
			figures[n], errs[n] = t.run(&trial{ctx: ctx, program: program, folder: own, name: fmt.Sprintf("%s-%d", t.name, n), n: n,
				random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))})
			if errs[n] == nil {
				os.RemoveAll(own) // what failed can be looked at
			}
		})
	}
	wait.Wait()
	failed := 0
	for n, err := range errs {
		if err != nil {
			failed++
			fmt.Printf("%-10s number %d failed: %v\n", t.name, n, err)
		}
	}
	figures = slices.DeleteFunc(figures, func(s string) bool { return s == "" })
	fmt.Printf("%-10s %d times, %d failed, %v: %s; %s\n", t.name, t.times, failed, time.Since(start).Round(time.Second), t.says, spread(figures))
	return failed == 0
}

// spread is the least and the most of figures such as "12.3 ms".
func spread(figures []string) string {
	if len(figures) == 0 {
		return "no figure"
	}
	least, most := 0, 0
	value := func(i int) (v float64) { fmt.Sscan(figures[i], &v); return }
	for i := range figures {
		if value(i) < value(least) {
			least = i
		}
		if value(i) > value(most) {
			most = i
		}
	}
	if figures[least] == figures[most] {
		return figures[least]
	}
	return figures[least] + " to " + figures[most]
}
