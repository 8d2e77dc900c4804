//go:build cgo

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"jackknife/testdata/counter"
	"jackknife/testdata/servers"
	"jackknife/wav"
)

const (
	channels = 12
	rateHz   = 48000
	interval = 1.0 // seconds between two syncs
)

var tests = []test{
	{name: "kill", says: "lost by SIGKILL", times: 100, atOnce: 4, run: killed},
	{name: "power", says: "lost by a power cut", times: 20, atOnce: 4, root: true, run: powerCut},
	{name: "stall", says: "lost by a disk that stands still for 5 s", times: 4, atOnce: 4, root: true, run: stalled},
	{name: "full", says: "lost by a full disk with room after 3 s", times: 4, atOnce: 4, root: true, run: full},
	{name: "write", says: "lost by one failed write", times: 150, atOnce: 4, run: writeFails},
	{name: "dead", says: "every write fails from one on: not written", times: 10, atOnce: 4, run: writesFail},
	{name: "sync", says: "lost by a failed sync, truncation or rename", times: len(finishing), atOnce: 4, run: syncFails},
	{name: "stop", says: "off in length after a second of SIGSTOP", times: 4, atOnce: 2, run: stopped},
	{name: "signal", says: "lost by INT, TERM, HUP, QUIT", times: 8, atOnce: 4, run: signalled},
	{name: "server", says: "lost by the end of the server", times: 4, atOnce: 1, run: serverKilled},
	{name: "large", says: "frames past 4 GiB, seen by three readers", times: 1, atOnce: 1, run: large},
}

// recorder is a jackknife record of a counting source of its own.
type recorder struct {
	*exec.Cmd
	source *counter.Source
	file   string
	part   string
	words  strings.Builder
	said   bytes.Buffer // the summary
	done   chan error
}

// record starts one in a folder, by a command in front of it if there is one,
// and returns when audio comes to the file.
func (t *trial) record(folder string, before []string, args ...string) (*recorder, error) {
	source, err := counter.Start("count-"+t.name, channels)
	if err != nil {
		return nil, err
	}
	r := &recorder{source: source, file: filepath.Join(folder, "take.wav"), part: filepath.Join(folder, "take.part.wav"), done: make(chan error, 1)}
	line := append(slices.Clone(before), t.program, "record", r.file, "--from", "count-"+t.name+":", "--name", "rec-"+t.name, "-q", "--json")
	line = append(line, args...)
	r.Cmd = exec.CommandContext(t.ctx, line[0], line[1:]...)
	r.Stdout, r.Stderr = &r.said, &r.words
	if err := r.Start(); err != nil {
		source.Close()
		return nil, err
	}
	go func() { r.done <- r.Wait() }()
	return r, nil
}

// rolls waits until so much audio is in the file.
func (r *recorder) rolls(seconds float64) error {
	want := int64(seconds * rateHz * channels * 4)
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		if st, err := os.Stat(r.part); err == nil && st.Size() > want {
			return nil
		}
		select {
		case err := <-r.done:
			return fmt.Errorf("the recorder has ended: %v: %s", err, r.words.String())
		default:
		}
	}
	return fmt.Errorf("the take does not grow: %s", r.words.String())
}

// end waits for the recorder and checks its exit code.
func (r *recorder) end(codes ...int) error {
	select {
	case <-r.done:
	case <-time.After(time.Minute):
		r.Process.Kill()
		<-r.done
		return fmt.Errorf("it did not end: %s", r.words.String())
	}
	if got := r.ProcessState.ExitCode(); !slices.Contains(codes, got) {
		return fmt.Errorf("exit code %d: %s", got, r.words.String())
	}
	return nil
}

// read checks the frames of a file: none may be mixed, or out of place against
// the source's clock. It returns the count behind the last.
func (r *recorder) read(take *wav.Reader) (check *counter.Check, next int64, err error) {
	check = counter.NewCheck(channels)
	raw := make([]byte, 4096*4*channels)
	for at := int64(0); at < take.Frames(); {
		n, err := take.ReadFrames(raw, at)
		if n == 0 {
			return nil, 0, err
		}
		check.Write(raw[:n*4*channels])
		at += int64(n)
	}
	if len(check.Sounds) == 0 {
		return check, 0, errors.New("nothing is in the file")
	}
	last := check.Sounds[len(check.Sounds)-1]
	err = check.InPlace(r.source.Skips())
	if check.Mixed != 0 {
		err = fmt.Errorf("%d frames are mixed", check.Mixed)
	}
	return check, last.Count + last.Frames, err
}

// readers have other programs open a file and say how many frames they see.
func readers(file string, frames int64) error {
	for _, tool := range [][]string{
		{"soxi", "-s", file},
		{"ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=duration_ts", "-of", "csv=p=0", file},
		{"sh", "-c", `sndfile-info "$1" | sed -n 's/^Frames *: *//p'`, "sh", file},
	} {
		out, err := exec.Command(tool[0], tool[1:]...).Output()
		n, e := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		if frames == 0 && n > 0 {
			continue // before the first sync the header claims nothing; some take what is there
		}
		if err != nil || e != nil || n != frames {
			return fmt.Errorf("%s sees %q frames of %s, there are %d (%v)", tool[0], strings.TrimSpace(string(out)), filepath.Base(file), frames, err)
		}
	}
	return nil
}

func ms(frames int64) string { return fmt.Sprintf("%.1f ms", float64(frames)/rateHz*1000) }

// crashed reads what a crash left, when the source had played so many frames.
// The plain header may be two intervals behind.
func (r *recorder) crashed(t *trial, played int64) (lost int64, err error) {
	plain, err := wav.Open(r.part)
	if err != nil {
		return 0, err
	}
	defer plain.Close()
	if err := readers(r.part, plain.Frames()); err != nil {
		return 0, err
	}
	all, err := wav.OpenDamaged(t.ctx, r.part)
	if err != nil {
		return 0, err
	}
	defer all.Close()
	check, next, err := r.read(all)
	if err != nil {
		return 0, err
	}
	if len(check.Silent) > 0 {
		return 0, fmt.Errorf("silent at %v", check.Silent)
	}
	if behind := float64(played-check.Origin-plain.Frames()) / rateHz; behind > 2*interval+0.5 {
		return 0, fmt.Errorf("the header is %.3f s behind", behind)
	}
	return max(0, played-next), nil
}

func killed(t *trial) (string, error) {
	r, err := t.record(t.folder, nil)
	if err != nil {
		return "", err
	}
	defer r.source.Close()
	if err := r.rolls(t.random.Float64() * 3); err != nil {
		return "", err
	}
	time.Sleep(time.Duration(t.random.IntN(20_000)) * time.Microsecond)
	played := r.source.Frames()
	r.Process.Kill()
	<-r.done
	lost, err := r.crashed(t, played)
	if err == nil && lost > rateHz*20/1000 {
		err = fmt.Errorf("%s lost", ms(lost))
	}
	return ms(lost), err
}

// loopDisk makes a small ext4 disk in a file and mounts it.
func (t *trial) loopDisk() (folder string, remount func() error, unmount func(), err error) {
	image := filepath.Join(t.folder, "disk")
	folder = filepath.Join(t.folder, "mnt")
	run := func(line ...string) error {
		if out, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(line, " "), err, out)
		}
		return nil
	}
	mount := func() error { return run("mount", "-o", "loop", image, folder) }
	err = errors.Join(os.MkdirAll(folder, 0o777), run("truncate", "-s", "400M", image), run("mkfs.ext4", "-q", image))
	if err == nil {
		err = mount()
	}
	return folder, func() error { return errors.Join(run("umount", folder), mount()) }, func() { exec.Command("umount", "-l", folder).Run() }, err
}

func powerCut(t *trial) (string, error) {
	folder, remount, unmount, err := t.loopDisk()
	if err != nil {
		return "", err
	}
	defer unmount()
	r, err := t.record(folder, nil)
	if err != nil {
		return "", err
	}
	defer r.source.Close()
	if err := r.rolls(2 + 6*t.random.Float64()); err != nil {
		return "", err
	}
	time.Sleep(time.Duration(t.random.IntN(20_000)) * time.Microsecond)
	played := r.source.Frames()
	// As xfstests does it: the file system stops at once, and its log is not
	// written (EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH).
	dir, err := os.Open(folder)
	if err != nil {
		return "", err
	}
	flags := uint32(2)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, dir.Fd(), 0x8004587d, uintptr(unsafe.Pointer(&flags)))
	dir.Close()
	r.Process.Kill()
	<-r.done
	if errno != 0 {
		return "", fmt.Errorf("shut the file system down: %w", errno)
	}
	if err := remount(); err != nil {
		return "", err
	}
	lost, err := r.crashed(t, played)
	if limit := int64((interval + 0.2) * rateHz); err == nil && lost > limit {
		err = fmt.Errorf("%s lost", ms(lost))
	}
	return ms(lost), err
}

// whole ends a recording and checks that the take has every frame.
func (r *recorder) whole(codes ...int) (string, error) {
	r.Process.Signal(syscall.SIGINT)
	if err := r.end(codes...); err != nil {
		return "", err
	}
	return r.finished()
}

// finished checks a take that was recorded to its end.
func (r *recorder) finished() (string, error) {
	take, err := wav.Open(r.file)
	if err != nil {
		return "", err
	}
	defer take.Close()
	check, _, err := r.read(take)
	if err != nil {
		return "", err
	}
	// What the take lacks must be said. A client that comes too late on a busy
	// machine is one thing; that the ring was full would be the disk's doing.
	var summary struct {
		Lost int64 `json:"lost_frames"`
		Gaps []struct{ At, Frames, Full int64 }
	}
	if err := json.Unmarshal(r.said.Bytes(), &summary); err != nil {
		return "", fmt.Errorf("summary %q: %w", r.said.String(), err)
	}
	var silent, full int64
	for _, s := range check.Silent {
		silent += s.Frames
	}
	for _, g := range summary.Gaps {
		full += g.Full
	}
	if silent != summary.Lost || full != 0 || (silent > 0) != (r.ProcessState.ExitCode() == 6) && r.ProcessState.ExitCode() != 3 {
		return ms(full), fmt.Errorf("silent at %v, gaps said %v, exit code %d", check.Silent, summary.Gaps, r.ProcessState.ExitCode())
	}
	return ms(full), readers(r.file, take.Frames())
}

func stalled(t *trial) (string, error) {
	folder, _, unmount, err := t.loopDisk()
	if err != nil {
		return "", err
	}
	defer unmount()
	r, err := t.record(folder, nil)
	if err != nil {
		return "", err
	}
	defer r.source.Close()
	if err := r.rolls(1); err != nil {
		return "", err
	}
	if out, err := exec.Command("fsfreeze", "-f", folder).CombinedOutput(); err != nil {
		return "", fmt.Errorf("fsfreeze: %w: %s", err, out)
	}
	time.Sleep(5 * time.Second)
	if out, err := exec.Command("fsfreeze", "-u", folder).CombinedOutput(); err != nil {
		return "", fmt.Errorf("fsfreeze: %w: %s", err, out)
	}
	if err := r.rolls(7); err != nil {
		return "", err
	}
	return r.whole(0, 6)
}

func full(t *trial) (string, error) {
	folder := filepath.Join(t.folder, "mnt")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	if err := syscall.Mount("soak", folder, "tmpfs", 0, "size=3m"); err != nil {
		return "", err
	}
	defer syscall.Unmount(folder, syscall.MNT_DETACH)
	r, err := t.record(folder, nil)
	if err != nil {
		return "", err
	}
	defer r.source.Close()
	if err := r.rolls(1); err != nil {
		return "", err
	}
	time.Sleep(3500 * time.Millisecond)
	if err := syscall.Mount("soak", folder, "tmpfs", syscall.MS_REMOUNT, "size=60m"); err != nil {
		return "", err
	}
	if err := r.rolls(5); err != nil {
		return "", err
	}
	return r.whole(0, 6)
}

// failing is strace, made to fail calls. It stays out of the way of signals.
func (t *trial) failing(inject string) []string {
	call, _, _ := strings.Cut(inject, ":")
	return []string{"strace", "-D", "-f", "-y", "--seccomp-bpf", "-o", filepath.Join(t.folder, "trace"), "-e", "trace=" + call, "-e", "inject=" + inject}
}

func writeFails(t *trial) (string, error) {
	why := [...]string{"EIO", "ENOSPC"}[t.n%2]
	r, err := t.record(t.folder, t.failing(fmt.Sprintf("pwrite64:error=%s:when=%d", why, 2+t.n)), "--for", "1500ms")
	if err != nil {
		return "", err
	}
	defer r.source.Close()
	if err := r.end(0, 6); err != nil {
		// The header that is written when the take is made, or ends, has no second chance.
		if !strings.Contains(r.words.String(), "input/output error") && !strings.Contains(r.words.String(), "no space left") {
			return "", err
		}
		return "", r.kept(t)
	}
	return r.finished()
}

// kept checks a take whose recorder said that it failed: what is there is in
// place, under one of its names.
func (r *recorder) kept(t *trial) error {
	name := r.file
	if _, err := os.Stat(name); err != nil {
		name = r.part
	}
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
		return nil // it was never begun
	}
	take, err := wav.OpenDamaged(t.ctx, name)
	if err != nil {
		return err
	}
	defer take.Close()
	_, _, err = r.read(take)
	return err
}

func writesFail(t *trial) (string, error) {
	r, err := t.record(t.folder, nil)
	if err != nil {
		return "", err
	}
	defer r.source.Close()
	if err := r.rolls(2 * t.random.Float64()); err != nil {
		return "", err
	}
	strace := exec.Command("strace", "-f", "-o", os.DevNull, "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC", "-p", strconv.Itoa(r.Process.Pid))
	if err := strace.Start(); err != nil {
		return "", err
	}
	time.Sleep(3 * time.Second)
	r.Process.Signal(syscall.SIGINT)
	defer strace.Wait() // ends with the recorder
	if err := r.end(1); err != nil {
		return "", err
	}
	if !strings.Contains(r.words.String(), "not written") {
		return "", fmt.Errorf("it does not say what is lost: %s", r.words.String())
	}
	return "said", r.kept(t)
}

// finishing are the calls that bring a take to the disk and give it its name.
var finishing = []string{"fdatasync:error=EIO:when=1", "fdatasync:error=EIO:when=2", "fdatasync:error=EIO:when=3", "fdatasync:error=EIO:when=1+",
	"fdatasync:delay_enter=3000000", "fsync:error=EIO:when=3", "fsync:error=EIO:when=4", "fsync:error=EIO:when=3+",
	"ftruncate:error=EIO", "renameat2:error=EIO", "renameat2:error=ENOSYS", "fallocate:error=EOPNOTSUPP", "fallocate:error=ENOSPC"}

func syncFails(t *trial) (string, error) {
	inject := finishing[t.n]
	r, err := t.record(t.folder, t.failing(inject), "--for", "2500ms")
	if err != nil {
		return "", err
	}
	defer r.source.Close()
	if err := r.end(0, 1, 6); err != nil {
		return "", fmt.Errorf("%s: %w", inject, err)
	}
	passing := strings.Contains(inject, "delay") || strings.Contains(inject, "fallocate") || strings.Contains(inject, "ENOSYS")
	// strace counts by thread, so that not each of these comes to pass. What
	// happens to the list of events is told, and is no error of the take.
	trace, err := os.ReadFile(filepath.Join(t.folder, "trace"))
	if err != nil {
		return "", err
	}
	failed := false
	for line := range strings.Lines(string(trace)) {
		failed = failed || strings.Contains(line, "(INJECTED)") && !strings.Contains(line, ".events.jsonl>")
	}
	if code := r.ProcessState.ExitCode(); (code == 1) != (failed && !passing) {
		return "", fmt.Errorf("%s: exit code %d: %s", inject, code, r.words.String())
	}
	if !failed && !passing {
		return "", nil
	}
	name := r.file
	if _, err := os.Stat(r.file); err != nil && strings.Contains(r.words.String(), "the take stays in") || strings.Contains(inject, "ftruncate") || inject == "renameat2:error=EIO" {
		name = r.part // the name is given last
	}
	take, err := wav.OpenDamaged(t.ctx, name)
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", inject, err, r.words.String())
	}
	defer take.Close()
	check, _, err := r.read(take)
	if err == nil && check.Frames != 2.5*rateHz {
		err = fmt.Errorf("%s: %d frames", inject, check.Frames)
	}
	return ms(0), err
}

func stopped(t *trial) (string, error) {
	r, err := t.record(t.folder, nil)
	if err != nil {
		return "", err
	}
	defer r.source.Close()
	if err := r.rolls(1); err != nil {
		return "", err
	}
	r.Process.Signal(syscall.SIGSTOP)
	time.Sleep(time.Second)
	r.Process.Signal(syscall.SIGCONT)
	if err := r.rolls(2.5); err != nil {
		return "", err
	}
	r.Process.Signal(syscall.SIGINT)
	if err := r.end(0, 6); err != nil {
		return "", err
	}
	take, err := wav.Open(r.file)
	if err != nil {
		return "", err
	}
	defer take.Close()
	check, _, err := r.read(take) // as long as the clock ran: not astray
	if err != nil {
		return "", err
	}
	events, _ := os.ReadFile(strings.TrimSuffix(r.file, ".wav") + ".events.jsonl")
	if len(check.Silent) > 0 && !strings.Contains(string(events), `"event":"gap"`) {
		return "", fmt.Errorf("silent at %v, events %s", check.Silent, events)
	}
	return "0 frames", nil
}

func signalled(t *trial) (string, error) {
	r, err := t.record(t.folder, nil)
	if err != nil {
		return "", err
	}
	defer r.source.Close()
	if err := r.rolls(0.5 + t.random.Float64()); err != nil {
		return "", err
	}
	played := r.source.Frames()
	r.Process.Signal([...]syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}[t.n%4])
	if err := r.end(0, 6); err != nil {
		return "", err
	}
	figure, err := r.finished()
	if err != nil {
		return "", err
	}
	take, err := wav.Open(r.file)
	if err != nil {
		return "", err
	}
	defer take.Close()
	if _, next, err := r.read(take); err != nil || next < played {
		return "", fmt.Errorf("%d frames were played before the signal, the take ends at %d (%v)", played, next, err)
	}
	return figure, nil
}

func serverKilled(t *trial) (string, error) {
	own, err := servers.StartJackd(t.folder, "-p", "256", "-C", "2", "-P", "2")
	if err != nil {
		return "", err
	}
	defer own.Stop()
	before := os.Getenv("JACK_DEFAULT_SERVER") // this test runs alone
	os.Setenv("JACK_DEFAULT_SERVER", own.Name)
	defer os.Setenv("JACK_DEFAULT_SERVER", before)
	r, err := t.record(t.folder, nil)
	if err != nil {
		return "", err
	}
	defer r.source.Close()
	if err := r.rolls(0.5 + t.random.Float64()); err != nil {
		return "", err
	}
	own.Kill()
	if err := r.end(3); err != nil {
		return "", err
	}
	if !strings.Contains(r.words.String(), "the JACK server is gone") {
		return "", fmt.Errorf("it says: %s", r.words.String())
	}
	if _, err := r.finished(); err != nil {
		return "", err
	}
	take, err := wav.Open(r.file)
	if err != nil {
		return "", err
	}
	defer take.Close()
	_, next, err := r.read(take)
	return ms(max(0, r.source.Frames()-next)), err
}

// large records more than 4 GiB of 64 channels. The counting signal is too slow
// to check them all here; what counts is that everyone sees every frame.
func large(t *trial) (string, error) {
	const wide, rate = 64, 384000
	own, err := servers.StartJackd(t.folder, "-r", strconv.Itoa(rate), "-p", "1024", "-C", strconv.Itoa(wide), "-P", "2")
	if err != nil {
		return "", err
	}
	defer own.Stop()
	before := os.Getenv("JACK_DEFAULT_SERVER")
	os.Setenv("JACK_DEFAULT_SERVER", own.Name)
	defer os.Setenv("JACK_DEFAULT_SERVER", before)
	file := filepath.Join(t.folder, "take.wav")
	defer os.Remove(file)
	seconds := int(math.Ceil(4.3 * (1 << 30) / (4 * wide * rate)))
	out, err := exec.CommandContext(t.ctx, t.program, "record", file, "--from", "system:", "--for", fmt.Sprint(seconds, "s"), "-q").CombinedOutput()
	var failed *exec.ExitError
	if err != nil && (!errors.As(err, &failed) || failed.ExitCode() != 6) {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	take, err := wav.Open(file)
	if err != nil {
		return "", err
	}
	defer take.Close()
	if take.Frames() != int64(seconds)*rate || take.Container() != "RF64" {
		return "", fmt.Errorf("%s of %d frames in %d s", take.Container(), take.Frames(), seconds)
	}
	return fmt.Sprintf("%d frames, %s", take.Frames(), take.Container()), readers(file, take.Frames())
}
