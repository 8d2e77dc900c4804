package editor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"jackknife/wav"
)

// Comp is a table on paper of how the lines of one text were read, in several
// takes or several times in one, and which of the readings are to stand one after
// the other: what `jackknife comp` writes, people change, and `jackknife apply`
// carries out.
//
//	jackknife comp 1
//	take    "one.wav"
//	frames  172800000
//	rate    48000
//	format  24-bit PCM, 1 channel
//	hash    5f2b…
//	take    "two.wav"
//	…
//
//	# take from             to               line  why
//	* 2    0:00:03+12000    0:00:07+1024     1     complete, clean
//	- 1    0:00:02+500      0:00:06+47000    1     2 clicks
//	* 1    0:00:06+47000    0:00:09+0        2     only here
//
// What has a star stands in the output, in the order of the table; what has a
// dash does not. Takes are numbered in the order in which they are named.
type Comp struct {
	Takes    []TakeID
	Readings []Reading
	// Comments are the comment lines: those in Comments[i] stand before reading i.
	Comments map[int][]string
}

// Reading is a line as it was read in a take, with the pause behind it.
type Reading struct {
	Take int // index of the take
	Span
	Used bool
	Line int    // number of the line, from 1
	Why  string // one line, for people
}

const (
	compWord    = "jackknife comp"
	compVersion = 1
	compColumns = "# take from             to               line  why"
)

// IsComp reports whether a text begins as a Comp does.
func IsComp(text []byte) bool { return bytes.HasPrefix(text, []byte(compWord+" ")) }

// Format is the table's text.
func (c *Comp) Format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %d\n", compWord, compVersion)
	for _, t := range c.Takes {
		t.write(&b)
	}
	fmt.Fprintf(&b, "\n%s\n", compColumns)
	for i := range len(c.Readings) + 1 {
		for _, comment := range c.Comments[i] {
			fmt.Fprintf(&b, "%s\n", comment)
		}
		if i < len(c.Readings) {
			r := c.Readings[i]
			b.WriteString(r.line(c.Takes[r.Take].RateHz) + "\n")
		}
	}
	return b.Bytes()
}

func (r Reading) line(rateHz int) string {
	star := '-'
	if r.Used {
		star = '*'
	}
	text := fmt.Sprintf("%c %-4d %-16s %-16s %-5d %s", star, r.Take+1, Stamp(r.Start, rateHz), Stamp(r.End, rateHz), r.Line, r.Why)
	return strings.TrimRight(text, " ")
}

// ParseComp reads a table. File is its name, for the error messages: they begin
// with file:line:column.
func ParseComp(file string, text []byte) (*Comp, error) {
	c := &Comp{Comments: map[int][]string{}}
	lineNo := 0
	fail := func(column int, format string, args ...any) error {
		return &LineError{file, lineNo, column, fmt.Sprintf(format, args...)}
	}
	var head Plan // the take that is being read
	var seen map[string]bool
	complete := func() error {
		if seen == nil {
			return fail(1, "no line that says take")
		}
		if name := missing(seen); name != "" {
			return fail(1, "take %d: no line that says %s", len(c.Takes)+1, name)
		}
		c.Takes = append(c.Takes, head.Take)
		return nil
	}
	for line := range strings.Lines(string(text)) {
		lineNo++
		line = strings.TrimRight(line, " \t\r\n")
		s := scanner{text: line}
		s.space()
		var err error
		switch {
		case lineNo == 1:
			if line != fmt.Sprintf("%s %d", compWord, compVersion) {
				return nil, fail(1, "its first line is not %q", fmt.Sprintf("%s %d", compWord, compVersion))
			}
		case s.rest() == "", line == compColumns:
		case s.rest()[0] == '#':
			c.Comments[len(c.Readings)] = append(c.Comments[len(c.Readings)], line)
		case s.rest()[0] == '*', s.rest()[0] == '-':
			if seen != nil || len(c.Takes) == 0 {
				if err := complete(); err != nil {
					return nil, err
				}
				seen = nil
			}
			var r Reading
			if r, err = s.reading(c.Takes); err == nil {
				if r.Start >= r.End || r.End > c.Takes[r.Take].Frames {
					return nil, fail(1, "from %s to %s: not a part of a take of %d frames", Stamp(r.Start, c.Takes[r.Take].RateHz), Stamp(r.End, c.Takes[r.Take].RateHz), c.Takes[r.Take].Frames)
				}
				c.Readings = append(c.Readings, r)
			}
		default:
			word, _, _ := strings.Cut(s.rest(), " ")
			switch {
			case len(c.Readings) > 0:
				return nil, fail(s.pos+1, "%q: a reading begins with * or -, a comment with #", word)
			case word == "take":
				if seen != nil {
					if err := complete(); err != nil {
						return nil, err
					}
				}
				head, seen = Plan{}, map[string]bool{}
			case word != "frames" && word != "rate" && word != "format" && word != "hash":
				return nil, fail(s.pos+1, "unknown word %q", word)
			case seen == nil:
				return nil, fail(s.pos+1, "%s before the line that says take", word)
			}
			err = head.header(&s, seen)
		}
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			return nil, fail(syntax.Column, "%s", syntax.Msg)
		}
		if err != nil {
			return nil, fail(s.pos+1, "%v", err)
		}
	}
	lineNo++
	if seen != nil || len(c.Takes) == 0 {
		if err := complete(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// reading reads a line: star or dash, take, from, to, line, reason.
func (s *scanner) reading(takes []TakeID) (Reading, error) {
	r := Reading{Used: s.rest()[0] == '*'}
	s.pos++
	s.space()
	at := s.pos
	n, err := strconv.Atoi(s.word())
	if err != nil || n < 1 || n > len(takes) {
		return r, &SyntaxError{at + 1, fmt.Sprintf("want the number of a take, 1 to %d", len(takes))}
	}
	r.Take = n - 1
	for _, field := range []struct {
		to   *int64
		name string
	}{{&r.Start, "from"}, {&r.End, "to"}} {
		s.space()
		d, err := s.duration()
		if err != nil {
			return r, err
		}
		*field.to = d.At(takes[r.Take].RateHz)
	}
	s.space()
	at = s.pos
	if r.Line, err = strconv.Atoi(s.word()); err != nil || r.Line < 0 {
		return r, &SyntaxError{at + 1, "want the number of a line"}
	}
	s.space()
	r.Why = s.rest()
	return r, nil
}

// Chosen are the readings that stand in the output, in order; those that follow
// on each other in their take are one.
func (c *Comp) Chosen() []Reading {
	var chosen []Reading
	for _, r := range c.Readings {
		if !r.Used {
			continue
		}
		if k := len(chosen) - 1; k >= 0 && chosen[k].Take == r.Take && chosen[k].End == r.Start {
			chosen[k].End = r.End
			continue
		}
		chosen = append(chosen, r)
	}
	return chosen
}

// Frames is the length of the output.
func (c *Comp) Frames() (n int64) {
	for _, r := range c.Chosen() {
		n += r.Len()
	}
	return n
}

// Output is the frame of the output at which a frame of a take stands, or would:
// what is not in it goes to the start of the reading that comes next in its take.
func (c *Comp) Output(take int, frame int64) int64 {
	var out, next int64
	least := int64(-1) // frames until the next reading
	for _, r := range c.Chosen() {
		if r.Take == take {
			if frame >= r.Start && frame < r.End {
				return out + frame - r.Start
			}
			if d := r.Start - frame; d >= 0 && (least < 0 || d < least) {
				least, next = d, out
			}
		}
		out += r.Len()
	}
	if least < 0 {
		return out
	}
	return next
}

// Render writes the chosen readings to w, which takes frames of the takes' format
// as bytes. Kept frames are copied as bytes; where readings meet that do not follow
// on each other lies a seam as over a cut, half of it on either side, made of what
// each take has there.
func (c *Comp) Render(ctx context.Context, takes []*wav.Reader, w io.Writer) error {
	chosen := c.Chosen()
	f := takes[0].Format()
	pauses := make([][]Pause, len(takes))
	for i, take := range takes {
		if f != take.Format() {
			return fmt.Errorf("take %d is %s, take 1 is %s: only takes of one format can be joined", i+1, formatWords(take.Format()), formatWords(f))
		}
		if len(chosen) < 2 {
			continue
		}
		if _, err := Detect(ctx, take, DetectOptions{}, func(p Pause) error {
			p.Tone = nil
			pauses[i] = append(pauses[i], p)
			return nil
		}); err != nil {
			return err
		}
	}
	// room is how much of a seam a reading allows at one of its ends: half as much
	// as there is of the pause there, and of the take beyond.
	room := func(r Reading, at int64) int64 {
		n := millis(nearMillis, f.RateHz) / 2
		if p := pauseAt(pauses[r.Take], at); p != nil {
			n = max(n, min(at-p.Start, p.End-at))
		}
		return max(0, min(n, at, takes[r.Take].Frames()-at, r.Len()/2))
	}
	for i, r := range chosen {
		from, to := r.Start, r.End
		if i > 0 {
			from += c.half(chosen[i-1], r, room, f.RateHz)
		}
		half := int64(0)
		if i+1 < len(chosen) {
			half = c.half(r, chosen[i+1], room, f.RateHz)
			to -= half
		}
		for from < to {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := min(to-from, 1<<22)
			if err := (&output{take: takes[r.Take], w: w}).copy(from, n); err != nil {
				return err
			}
			from += n
		}
		if half == 0 {
			continue
		}
		next := chosen[i+1]
		a, err := NewRenderer(takes[r.Take], nil, 0).samples(nil, r.End-half, 2*half)
		if err != nil {
			return err
		}
		b, err := NewRenderer(takes[next.Take], nil, 0).samples(nil, next.Start-half, 2*half)
		if err != nil {
			return err
		}
		newFade(2*half).seam(a, b, f.Channels)
		raw := make([]byte, int(2*half)*f.FrameBytes())
		encodeSamples(raw, a, f)
		if _, err := w.Write(raw); err != nil {
			return &WriteError{err}
		}
	}
	return nil
}

// half is half the length of the seam between two readings.
func (c *Comp) half(a, b Reading, room func(Reading, int64) int64, rateHz int) int64 {
	return min(millis(seamMillis, rateHz)/2, room(a, a.End), room(b, b.Start))
}
