package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"jackknife/alsa"
)

const (
	frameTime  = 40 * time.Millisecond  // between two pictures
	rereadTime = 200 * time.Millisecond // between two looks at all elements
)

// window is the terminal that a command fills, in raw mode until close.
type window struct {
	in, out       *os.File
	old           *term.State
	threads       int // Go's, before
	width, height int
	typed         []byte   // the beginning of a key's sequence
	shown         []string // the lines that stand there
}

// openWindow takes over the terminal; option is the flag that wanted it.
func openWindow(s *streams, option string) (*window, error) {
	in, _ := s.in.(*os.File)
	if in == nil || !terminal(in) || !terminal(s.out) {
		return nil, usagef("%s needs a terminal", option)
	}
	t := &window{in: in, out: s.out.(*os.File)}
	var err error
	if t.old, err = term.MakeRaw(int(in.Fd())); err != nil {
		return nil, err
	}
	t.threads = runtime.GOMAXPROCS(1) // a picture is drawn with a fifth less work
	// The other screen, no cursor, mouse buttons in SGR form; close goes back.
	fmt.Fprint(t.out, "\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?1006h")
	return t, nil
}

func (t *window) close() {
	fmt.Fprint(t.out, "\x1b[?1006l\x1b[?1000l\x1b[?25h\x1b[?1049l")
	runtime.GOMAXPROCS(t.threads)
	term.Restore(int(t.in.Fd()), t.old)
}

// keys waits for keys until then. rowAt tells the row on a screen line, for the
// mouse. The end of the terminal is io.EOF.
func (t *window) keys(until time.Time, rowAt func(line int) int) (keys []string, err error) {
	ready := []unix.PollFd{{Fd: int32(t.in.Fd()), Events: unix.POLLIN}}
	if _, err := unix.Poll(ready, max(0, int(time.Until(until).Milliseconds())+1)); err != nil && err != unix.EINTR {
		return nil, err
	}
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil {
		return nil, err
	}
	if t.width != width || t.height != height {
		t.width, t.height, t.shown = width, height, nil
	}
	if ready[0].Revents == 0 {
		return nil, nil
	}
	buf := make([]byte, 256)
	n, err := t.in.Read(buf)
	if n == 0 && err == nil {
		err = io.EOF
	}
	keys, t.typed = parseKeys(append(t.typed, buf[:n]...), rowAt)
	return keys, err
}

// draw shows the lines, as many as fit, writing those that changed.
func (t *window) draw(lines []string) error {
	var b strings.Builder
	if t.shown == nil {
		b.WriteString("\x1b[2J")
		t.shown = make([]string, t.height)
	}
	for i := range t.shown {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		if line != t.shown[i] {
			fmt.Fprintf(&b, "\x1b[%d;1H%s\x1b[K", i+1, line)
			t.shown[i] = line
		}
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := io.WriteString(t.out, b.String())
	return err
}

// runPanel is the full-screen mixer: one loop that waits for keys until the
// next picture is due. What other programs change is seen at the next look.
func runPanel(ctx context.Context, s *streams, ctl *alsa.Ctl, elements []*alsa.Element) error {
	p := newPanel(ctl.Card, elements)
	peaks := alsa.Peaks(elements)
	if peaks != nil {
		release, err := onlyReader(ctl.Card.ID)
		if err != nil {
			p.say(fmt.Errorf("no meters: %w", err))
		} else {
			defer release()
			p.resetPeaks()
			if err := ctl.Read(peaks); err != nil { // of the time before
				return cardFailure(err)
			}
		}
	}
	t, err := openWindow(s, "--tui")
	if err != nil {
		return err
	}
	defer t.close()
	next, reread := time.Now(), time.Now().Add(rereadTime)
	for ctx.Err() == nil {
		keys, err := t.keys(next, func(line int) int { return p.rowAt(line, t.height) })
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, k := range keys {
			changes, quit := p.key(k)
			if quit {
				return nil
			}
			for _, c := range changes {
				err := ctl.Write(c.Element, c.To)
				if errors.Is(err, alsa.ErrGone) {
					return cardFailure(err)
				}
				p.say(err)
			}
		}
		now := time.Now()
		if now.After(reread) {
			reread = now.Add(rereadTime)
			for _, e := range elements {
				if !e.Access.Read || alsa.ClearsOnRead(e.ID) {
					continue
				}
				if err := ctl.Read(e); errors.Is(err, alsa.ErrGone) {
					return cardFailure(err)
				}
			}
		}
		if !now.Before(next) {
			next = now.Add(frameTime)
			if p.peaks != nil {
				if err := ctl.Read(peaks); err != nil {
					return cardFailure(err)
				}
				for i, v := range peaks.Value {
					p.peaks[i].Feed(alsa.PeakDB(v), frameTime)
				}
			}
		}
		if err := t.draw(p.view(t.width, t.height)); err != nil {
			return err
		}
	}
	return nil
}

// sequences are what terminals send for the keys that have no letter.
var sequences = map[string]string{
	"\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left",
	"\x1bOA": "up", "\x1bOB": "down", "\x1bOC": "right", "\x1bOD": "left",
	"\x1b[5~": "pageup", "\x1b[6~": "pagedown", "\t": "tab",
}

// parseKeys cuts what the terminal sent into keys; rest is the beginning of a
// sequence whose end is not there yet. rowAt tells the row on a screen line.
func parseKeys(typed []byte, rowAt func(line int) int) (keys []string, rest []byte) {
	for len(typed) > 0 {
		if typed[0] != '\x1b' {
			k := string(typed[:1])
			if name, ok := sequences[k]; ok {
				k = name
			}
			keys, typed = append(keys, k), typed[1:]
			continue
		}
		end := sequenceEnd(typed)
		if end == 0 {
			return keys, typed
		}
		sequence := string(typed[:end])
		typed = typed[end:]
		if name, ok := sequences[sequence]; ok {
			keys = append(keys, name)
		} else if k := mouse(sequence, rowAt); k != "" {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// sequenceEnd is the length of the escape sequence at the beginning, 0 while
// its end is missing.
func sequenceEnd(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if b[1] != '[' && b[1] != 'O' {
		return 1 // the escape key, then another
	}
	for i := 2; i < len(b); i++ {
		if b[i] >= '@' && b[i] <= '~' {
			return i + 1
		}
	}
	return 0
}

// mouse reads a report of the form ESC [ < BUTTON ; COLUMN ; LINE M.
func mouse(sequence string, rowAt func(line int) int) string {
	var button, column, line int
	var kind rune
	if n, err := fmt.Sscanf(sequence, "\x1b[<%d;%d;%d%c", &button, &column, &line, &kind); n != 4 || err != nil || kind != 'M' {
		return ""
	}
	row := rowAt(line - 1)
	switch {
	case row < 0:
		return ""
	case button == 0:
		return fmt.Sprintf("row %d", row)
	case button == 64:
		return fmt.Sprintf("wheel %d %d", row, 1)
	case button == 65:
		return fmt.Sprintf("wheel %d %d", row, -1)
	}
	return ""
}
