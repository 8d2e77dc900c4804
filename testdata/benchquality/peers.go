package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"jackknife/editor"
)

// peer is another tool: its first setting is how it comes, the others are
// tried for the best one.
type peer struct {
	name     string
	settings []string
	find     func(w work, setting string) ([]editor.Pause, error)
}

var peers = []peer{
	{"sox", []string{
		"silence 1 0.1 1% -1 0.5 1%",
		"silence 1 0.1 0.1% -1 0.3 0.1%", "silence 1 0.1 0.2% -1 0.3 0.2%", "silence 1 0.1 0.5% -1 0.3 0.5%", "silence 1 0.1 1% -1 0.3 1%", "silence 1 0.1 2% -1 0.3 2%",
	}, sox},
	{"ffmpeg", []string{
		"silencedetect",
		"silencedetect=d=0.3:noise=-60dB", "silencedetect=d=0.3:noise=-55dB", "silencedetect=d=0.3:noise=-50dB",
		"silencedetect=d=0.3:noise=-45dB", "silencedetect=d=0.3:noise=-40dB", "silencedetect=d=0.3:noise=-35dB", "silencedetect=d=0.3:noise=-30dB",
	}, ffmpeg},
	{"auto-editor", []string{
		"--edit audio:threshold=4%",
		"--edit audio:threshold=1%", "--edit audio:threshold=2%", "--edit audio:threshold=8%",
	}, autoEditor},
}

// jackknife is the pauses that the program lists.
func (b *bench) jackknife(w work) ([]editor.Pause, error) {
	out, err := exec.Command(b.program, "pauses", "--json", w.name).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 4 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("jackknife: %w", err)
	}
	var list struct {
		Pauses []struct {
			Start, End int64
			Editable   struct{ Start, End int64 }
		}
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, err
	}
	var found []editor.Pause
	for _, p := range list.Pauses {
		found = append(found, editor.Pause{Span: editor.Span{Start: p.Editable.Start, End: p.Editable.End}, Heard: editor.Span{Start: p.Start, End: p.End}})
	}
	return found, nil
}

// between is the pauses around what a tool keeps.
func between(kept []editor.Span, frames int64) (found []editor.Pause) {
	at := int64(0)
	for _, k := range append(kept, editor.Span{Start: frames, End: frames}) {
		if k.Start > at {
			s := editor.Span{Start: at, End: k.Start}
			found = append(found, editor.Pause{Span: s, Heard: s})
		}
		at = max(at, k.End)
	}
	return found
}

// sox says nothing of where it cuts: what it kept is found again in the take,
// sample by sample.
func sox(w work, setting string) ([]editor.Pause, error) {
	raw := func(effects ...string) ([]byte, error) {
		args := append([]string{"-D", w.name, "-t", "s32", "-", "remix", "1"}, effects...)
		return exec.Command("sox", args...).Output()
	}
	take, err := raw()
	if err != nil {
		return nil, err
	}
	rest, err := raw(strings.Fields(setting)...)
	if err != nil {
		return nil, err
	}
	const sample, probe = 4, 64 * 4
	var kept []editor.Span
	for at := 0; len(rest) >= probe; {
		hit := at
		for {
			i := bytes.Index(take[hit:], rest[:probe])
			if i < 0 {
				return nil, fmt.Errorf("what sox kept is not in the take")
			}
			if hit += i; hit%sample == 0 {
				break
			}
			hit++
		}
		n := probe
		for n < len(rest) && hit+n < len(take) && binary.LittleEndian.Uint32(take[hit+n:]) == binary.LittleEndian.Uint32(rest[n:]) {
			n += sample
		}
		kept = append(kept, editor.Span{Start: int64(hit / sample), End: int64((hit + n) / sample)})
		at, rest = hit+n, rest[n:]
	}
	return between(kept, w.take.Truth.Frames), nil
}

var silence = regexp.MustCompile(`silence_(start|end): (-?[0-9.]+)`)

// ffmpeg lists silences in seconds.
func ffmpeg(w work, setting string) ([]editor.Pause, error) {
	out, err := exec.Command("ffmpeg", "-nostdin", "-hide_banner", "-i", w.name, "-af", setting, "-f", "null", "-").CombinedOutput()
	if err != nil {
		return nil, err
	}
	var found []editor.Pause
	for _, m := range silence.FindAllSubmatch(out, -1) {
		seconds, err := strconv.ParseFloat(string(m[2]), 64)
		if err != nil {
			return nil, err
		}
		frame := int64(math.Round(seconds * float64(w.take.Config.Format.RateHz)))
		if string(m[1]) == "start" {
			s := editor.Span{Start: max(frame, 0), End: w.take.Truth.Frames}
			found = append(found, editor.Pause{Span: s, Heard: s})
			continue
		}
		last := &found[len(found)-1]
		last.End, last.Heard.End = frame, frame
	}
	return found, nil
}

// autoEditor writes a timeline of what it keeps, in thirtieths of a second.
func autoEditor(w work, setting string) ([]editor.Pause, error) {
	out := w.name + ".json"
	defer os.Remove(out)
	args := append([]string{w.name, "--export", "json", "--output", out, "--no-open", "--quiet"}, strings.Fields(setting)...)
	if said, err := exec.Command("auto-editor", args...).CombinedOutput(); err != nil {
		if strings.Contains(string(said), "empty") { // all is silent to it
			return between(nil, w.take.Truth.Frames), nil
		}
		return nil, fmt.Errorf("%w: %s", err, said)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	var file struct {
		Timeline struct {
			Timebase string
			A        [][]struct{ Offset, Dur int64 }
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	if file.Timeline.Timebase != "30/1" {
		return nil, fmt.Errorf("timebase %q", file.Timeline.Timebase)
	}
	var kept []editor.Span
	rate := int64(w.take.Config.Format.RateHz)
	for _, track := range file.Timeline.A {
		for _, c := range track {
			kept = append(kept, editor.Span{Start: c.Offset * rate / 30, End: (c.Offset + c.Dur) * rate / 30})
		}
	}
	return between(kept, w.take.Truth.Frames), nil
}
