package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
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

// runPanel is the full-screen mixer: one loop that waits for keys until the
// next picture is due. What other programs change is seen at the next look.
func runPanel(ctx context.Context, s *streams, ctl *alsa.Ctl, elements []*alsa.Element) error {
	in, _ := s.in.(*os.File)
	if in == nil || !terminal(in) || !terminal(s.out) {
		return usagef("--tui needs a terminal")
	}
	out := s.out.(*os.File)
	p := newPanel(ctl.Card, elements)
	peaks := alsa.Peaks(elements)
	if peaks != nil {
		release, err := onlyReader(ctl.Card.ID)
		if err != nil {
			p.say(fmt.Errorf("no meters: %w", err))
		} else {
			defer release()
			p.peaks = make([]alsa.Meter, len(alsa.MeterNames()))
			for i := range p.peaks {
				p.peaks[i] = alsa.NewMeter()
			}
			if err := ctl.Read(peaks); err != nil { // of the time before
				return cardFailure(err)
			}
		}
	}
	old, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return err
	}
	defer term.Restore(int(in.Fd()), old)
	// The other screen, no cursor, mouse buttons in SGR form; and back.
	fmt.Fprint(out, "\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?1006h")
	defer fmt.Fprint(out, "\x1b[?1006l\x1b[?1000l\x1b[?25h\x1b[?1049l")

	dirty, size := true, [2]int{}
	next, reread := time.Now(), time.Now().Add(rereadTime)
	var typed []byte
	for ctx.Err() == nil {
		ready := []unix.PollFd{{Fd: int32(in.Fd()), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, max(0, int(time.Until(next).Milliseconds()))); err != nil && err != unix.EINTR {
			return err
		}
		width, height, err := term.GetSize(int(out.Fd()))
		if err != nil {
			return err
		}
		if size != [2]int{width, height} {
			dirty, size = true, [2]int{width, height}
		}
		if ready[0].Revents != 0 {
			dirty = true
			buf := make([]byte, 256)
			n, err := in.Read(buf)
			if errors.Is(err, io.EOF) || n == 0 {
				return nil
			}
			if err != nil {
				return err
			}
			typed = append(typed, buf[:n]...)
			var keys []string
			if keys, typed = parseKeys(typed, func(line int) int { return p.rowAt(line, height) }); len(keys) == 0 {
				continue
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
		}
		if now := time.Now(); now.After(reread) {
			reread = now.Add(rereadTime)
			for _, e := range elements {
				if !e.Access.Read || alsa.ClearsOnRead(e.ID) {
					continue
				}
				before := e.Value
				if err := ctl.Read(e); errors.Is(err, alsa.ErrGone) {
					return cardFailure(err)
				}
				dirty = dirty || !slices.Equal(before, e.Value)
			}
		}
		if now := time.Now(); !now.Before(next) {
			next = now.Add(frameTime)
			if p.peaks != nil {
				if err := ctl.Read(peaks); err != nil {
					return cardFailure(err)
				}
				for i, v := range peaks.Value {
					before := p.peaks[i]
					p.peaks[i].Feed(alsa.PeakDB(v), frameTime)
					dirty = dirty || before.Level != p.peaks[i].Level || before.Hold != p.peaks[i].Hold
				}
			}
		}
		if dirty {
			dirty = false
			if _, err := io.WriteString(out, "\x1b[H"+strings.Join(p.view(width, height), "\x1b[K\r\n")+"\x1b[K\x1b[J"); err != nil {
				return err
			}
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
