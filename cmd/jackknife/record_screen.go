package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// screen shows on a terminal how a recording goes: a line about the take, and
// a meter for each channel that there is a line for.
type screen struct {
	w     io.Writer // nil: nobody watches
	last  time.Time
	lines int // on the screen
}

func (s *screen) show(d *deck) {
	if s.w == nil || time.Since(s.last) < 100*time.Millisecond {
		return
	}
	s.last = time.Now()
	width, height := 80, 24
	if f, ok := s.w.(*os.File); ok {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil && w > 0 && h > 0 {
			width, height = w, h
		}
	}
	var b strings.Builder
	s.rewind(&b)
	lines := d.screenLines(width, min(len(d.meters), max(0, height-2)))
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("\x1b[K" + line)
	}
	s.lines = len(lines)
	io.WriteString(s.w, b.String())
}

// rewind goes back to the first line that is shown.
func (s *screen) rewind(b *strings.Builder) {
	if s.lines > 0 {
		b.WriteByte('\r')
	}
	if s.lines > 1 {
		fmt.Fprintf(b, "\x1b[%dA", s.lines-1)
	}
}

// clear makes room for other text.
func (s *screen) clear() {
	if s.w == nil || s.lines == 0 {
		return
	}
	var b strings.Builder
	s.rewind(&b)
	b.WriteString("\x1b[J")
	io.WriteString(s.w, b.String())
	s.lines = 0
}

// screenLines are the lines to be shown, with the meters of so many channels,
// which begin anew.
func (d *deck) screenLines(width, meters int) []string {
	what := "waiting"
	gaps, xruns := len(d.seen.Gaps), d.seen.XrunCount()
	if r := d.now; r != nil {
		what = clock(r.frames, d.rateHz)
		report := d.seen.Part(r.first, r.first+r.frames)
		gaps, xruns = len(report.Gaps), report.XrunCount()
		if len(r.marks) > 0 {
			what += "  " + plural(len(r.marks), "mark")
		}
	}
	line := fmt.Sprintf("%s  %s  %s  ring %v", what, plural(gaps, "gap"), plural(xruns, "xrun"), d.seen.RingPeak.Round(time.Millisecond))
	if room, ok := d.room(); ok {
		line += "  disk " + room.Round(time.Minute).String()
	}
	lines := []string{cutTo(line, width-1)}
	for i := range meters {
		m := &d.meters[i]
		lines = append(lines, cutTo(m.line(d.channels[i].port, width), width-1))
		m.peak, m.square, m.frames = 0, 0, 0
	}
	return lines
}

// line is a meter as text: a bar from -60 dBFS to 0, peak and RMS since it was
// last shown, the loudness of the last 400 ms in LUFS, the highest peak so far,
// and whether it ever clipped.
func (m *meter) line(name string, width int) string {
	const lowest = 60.0
	bar := max(10, min(50, width-70))
	full := 0
	if m.peak > 0 {
		full = int(math.Round(float64(bar) * max(0, min(1, 1+levelDB(m.peak)/lowest))))
	}
	rms := 0.0
	if m.frames > 0 {
		rms = math.Sqrt(m.square / float64(m.frames))
	}
	s := fmt.Sprintf("%-8.8s [%s%s] %5.1f dB  rms %5.1f", name, strings.Repeat("=", full), strings.Repeat(" ", bar-full),
		shownDB(m.peak), shownDB(rms))
	if m.loud != nil {
		s += fmt.Sprintf("  LUFS-M %5.1f", max(lowestDB, m.loud.LUFS()))
	}
	s += fmt.Sprintf("  max %5.1f", shownDB(m.top))
	if m.clips > 0 {
		s += "  CLIP"
	}
	return s
}

const lowestDB = -99.9 // shown for silence

func shownDB(v float64) float64 { return max(lowestDB, levelDB(v)) }

// cutTo keeps a line from wrapping.
func cutTo(s string, width int) string {
	if r := []rune(s); len(r) > width && width > 0 {
		return string(r[:width])
	}
	return s
}
