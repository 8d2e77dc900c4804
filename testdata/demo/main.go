// Command demo runs jackknife's main job on a private JACK server and shows
// every command with what it prints: go run ./testdata/demo PROGRAM FOLDER
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"jackknife/testdata/servers"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: demo PROGRAM FOLDER")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := demo(ctx, os.Args[1], os.Args[2])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// stage runs jackknife in one folder against one server.
type stage struct {
	ctx     context.Context
	program string
	folder  string
	env     []string
}

func demo(ctx context.Context, program, folder string) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	folder = filepath.Clean(folder)
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	heading("A private server: jackd -S -d dummy -C 12 -P 10")
	server, err := servers.StartJackd(folder, "-r", "48000", "-p", "256", "-C", "12", "-P", "10")
	if err != nil {
		return err
	}
	defer server.Stop()
	s := &stage{ctx: ctx, program: program, folder: folder, env: append(os.Environ(), server.Env()...)}
	if err := s.run("ports"); err != nil {
		return err
	}
	if err := s.patch(); err != nil {
		return err
	}
	for _, make := range []func(string) (*spoken, error){people, machine} {
		take, err := make(folder)
		if err != nil {
			return err
		}
		if err := s.job(take); err != nil {
			return err
		}
	}
	server.Stop()
	heading("The server is stopped. The results:")
	for _, f := range []struct{ name, what string }{
		{"voice-edited.wav", "the spoken take with longer pauses and without the mistake"},
		{"voice-edited.png", "before and after, what was taken out in red, room tone in green"},
		{"voice-edited.edits", "the plan: change it and jackknife apply it again"},
		{"exercise-edited.wav", "the same of the exercise"},
	} {
		fmt.Printf("  %-36s %s\n", filepath.Join(folder, f.name), f.what)
	}
	return nil
}

// patch connects twelve inputs of the card to a recorder with one glob.
func (s *stage) patch() error {
	heading("Patching with a glob")
	recorder, err := s.start("record", "room.wav", "--channels", "12", "--name", "room", "--for", "3s")
	if err != nil {
		return err
	}
	defer recorder.Process.Kill()
	if err := s.until("ports", "room:in_12"); err != nil {
		return err
	}
	if err := s.run("connect", "system:capture_*", "room:in_{1..12}"); err != nil {
		return err
	}
	if err := recorder.Wait(); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return s.run("info", "room.wav")
}

// job plays a take into the graph, records it back, proves the recording and
// edits it.
func (s *stage) job(take *spoken) error {
	heading("%s: %s", take.file, take.what)
	name := strings.TrimSuffix(take.file, ".wav")
	recorded, edited := name+"-recorded.wav", name+"-edited.wav"

	recorder, err := s.start("record", recorded, "--name", "recorder")
	if err != nil {
		return err
	}
	defer recorder.Process.Kill()
	if err := s.until("ports", "recorder:in_1"); err != nil {
		return err
	}
	if err := s.run("play", take.file, "--to", "recorder:in_1"); err != nil {
		return err
	}
	fmt.Println("(Ctrl-C to the recorder)")
	recorder.Process.Signal(os.Interrupt)
	if err := recorder.Wait(); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return s.edit(take, recorded, edited)
}

func heading(format string, args ...any) {
	fmt.Printf("\n== "+format+"\n", args...)
}

func (s *stage) command(args ...string) *exec.Cmd {
	fmt.Println("\n$ jackknife " + quoted(args))
	c := exec.CommandContext(s.ctx, s.program, args...)
	c.Dir, c.Env = s.folder, s.env
	c.Stdout, c.Stderr = os.Stdout, os.Stdout
	return c
}

func (s *stage) run(args ...string) error {
	if err := s.command(args...).Run(); err != nil {
		return fmt.Errorf("jackknife %s: %w", args[0], err)
	}
	return nil
}

func (s *stage) start(args ...string) (*exec.Cmd, error) {
	c := s.command(args...)
	return c, c.Start()
}

// until repeats a command silently until it succeeds.
func (s *stage) until(args ...string) error {
	for range 100 {
		c := exec.CommandContext(s.ctx, s.program, args...)
		c.Env = s.env
		if c.Run() == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("jackknife %s: still failing after 5 s", strings.Join(args, " "))
}

func quoted(args []string) string {
	q := make([]string, len(args))
	for i, a := range args {
		if strings.ContainsAny(a, " *{}'>") {
			a = "'" + a + "'"
		}
		q[i] = a
	}
	return strings.Join(q, " ")
}
