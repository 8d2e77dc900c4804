package editor

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// SyntaxError says where in a rule, a time or a plan line the text stops
// making sense.
type SyntaxError struct {
	Column int // 1-based, in bytes
	Msg    string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Msg) }

// Decimal is a number with nine decimals: 1.5 is 1_500_000_000.
type Decimal int64

const one Decimal = 1_000_000_000

func (d Decimal) String() string {
	s := strconv.FormatInt(int64(d/one), 10)
	if frac := int64(d % one); frac != 0 {
		s += "." + strings.TrimRight(fmt.Sprintf("%09d", frac), "0")
	}
	return s
}

// of is d times n, rounded to the nearest, halves up; d and n are not negative
// and the result fits (see maxFactor, maxFrames).
func (d Decimal) of(n int64) int64 {
	hi, lo := bits.Mul64(uint64(d), uint64(n))
	lo, carry := bits.Add64(lo, uint64(one/2), 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(one))
	return int64(q)
}

// Duration is a length or a position as people write it: seconds, frames, or
// both. It becomes frames only when the rate is known, and exactly.
//
//	300ms  2s  2.5s  1:02.5  1:00:02.5  48000f  0:01:02+24000  0
//
// A clock time followed by +frames is exact at any rate: one minute, two
// seconds and 24000 frames.
type Duration struct {
	Seconds Decimal
	Frames  int64
}

// Limits that keep every sum and product of durations within an int64.
const (
	maxSeconds = 1000 * 3600 * one
	maxFrames  = 1 << 48
	maxFactor  = 10000 * one
)

// At is d in frames at a rate, rounded to the nearest.
func (d Duration) At(rateHz int) int64 { return d.Seconds.of(int64(rateHz)) + d.Frames }

func (d Duration) String() string {
	switch {
	case d.Frames != 0 && d.Seconds == 0:
		return fmt.Sprintf("%df", d.Frames)
	case d.Frames != 0:
		return fmt.Sprintf("%s+%d", clock(d.Seconds), d.Frames)
	case d.Seconds < one && d.Seconds%(one/1000) == 0 && d.Seconds != 0:
		return fmt.Sprintf("%dms", d.Seconds/(one/1000))
	case d.Seconds < 60*one:
		return d.Seconds.String() + "s"
	}
	return clock(d.Seconds)
}

// clock is m:ss or h:mm:ss, with decimals where there are any.
func clock(d Decimal) string {
	whole, frac := int64(d/one), d%one
	s := fmt.Sprintf("%d:%02d", whole/60, whole%60)
	if whole >= 3600 {
		s = fmt.Sprintf("%d:%02d:%02d", whole/3600, whole/60%60, whole%60)
	}
	if frac != 0 {
		s += strings.TrimPrefix(frac.String(), "0")
	}
	return s
}

// Stamp is a frame as h:mm:ss+frames: exact, and readable as a time.
func Stamp(frame int64, rateHz int) string {
	seconds, rest := frame/int64(rateHz), frame%int64(rateHz)
	return fmt.Sprintf("%d:%02d:%02d+%d", seconds/3600, seconds/60%60, seconds%60, rest)
}

// ParseDuration reads the whole of text as one Duration.
func ParseDuration(text string) (Duration, error) {
	s := scanner{text: text}
	d, err := s.duration()
	if err == nil {
		err = s.end()
	}
	return d, err
}

// ParseSpan reads START-END, two times of the take, as in 1:02.5-1:04.1.
func ParseSpan(text string, rateHz int) (Span, error) {
	s := scanner{text: text}
	start, err := s.duration()
	if err != nil {
		return Span{}, err
	}
	if !s.skip("-") {
		return Span{}, s.errorf("want - and the end of the span, as in 1:02.5-1:04.1")
	}
	at := s.pos
	end, err := s.duration()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return Span{}, err
	}
	span := Span{start.At(rateHz), end.At(rateHz)}
	if span.Len() <= 0 {
		return Span{}, &SyntaxError{at + 1, fmt.Sprintf("the span ends at %v, not after its start %v", end, start)}
	}
	return span, nil
}

// scanner reads one line of text from left to right.
type scanner struct {
	text string
	pos  int
}

func (s *scanner) errorf(format string, args ...any) error {
	return &SyntaxError{s.pos + 1, fmt.Sprintf(format, args...)}
}

func (s *scanner) rest() string { return s.text[s.pos:] }

func (s *scanner) skip(prefix string) bool {
	if strings.HasPrefix(s.rest(), prefix) {
		s.pos += len(prefix)
		return true
	}
	return false
}

// space skips blanks and reports whether there were any.
func (s *scanner) space() bool {
	from := s.pos
	for s.pos < len(s.text) && (s.text[s.pos] == ' ' || s.text[s.pos] == '\t') {
		s.pos++
	}
	return s.pos > from
}

// word reads up to the next blank.
func (s *scanner) word() string {
	from := s.pos
	for s.pos < len(s.text) && s.text[s.pos] != ' ' && s.text[s.pos] != '\t' {
		s.pos++
	}
	return s.text[from:s.pos]
}

func (s *scanner) end() error {
	if s.pos == len(s.text) {
		return nil
	}
	if s.text[s.pos] == ',' {
		return s.errorf("unexpected comma; decimals have a point, as in 1.5")
	}
	return s.errorf("unexpected %q", s.rest())
}

// wordAhead reports whether a letter or a comma stands here.
func (s *scanner) wordAhead() bool {
	r := s.rest()
	return r != "" && (r[0] == ',' || r[0]|0x20 >= 'a' && r[0]|0x20 <= 'z')
}

// digits reads an unsigned integer of at most max.
func (s *scanner) digits(max int64) (int64, error) {
	from := s.pos
	for s.pos < len(s.text) && s.text[s.pos] >= '0' && s.text[s.pos] <= '9' {
		s.pos++
	}
	if s.pos == from {
		return 0, s.errorf("want a number")
	}
	n, err := strconv.ParseInt(s.text[from:s.pos], 10, 64)
	if err != nil || n > max {
		return 0, &SyntaxError{from + 1, fmt.Sprintf("%s is too large", s.text[from:s.pos])}
	}
	return n, nil
}

// decimal reads an unsigned number with up to nine decimals.
func (s *scanner) decimal(max Decimal) (Decimal, error) {
	from := s.pos
	whole, err := s.digits(int64(max / one))
	if err != nil {
		return 0, err
	}
	frac, err := s.fraction()
	if err != nil {
		return 0, err
	}
	if d := Decimal(whole)*one + frac; d <= max {
		return d, nil
	}
	return 0, &SyntaxError{from + 1, fmt.Sprintf("%s is too large", s.text[from:s.pos])}
}

// fraction reads what may follow the digits of a number: a point and one to
// nine decimals. Two points are a range, and left alone.
func (s *scanner) fraction() (Decimal, error) {
	if strings.HasPrefix(s.rest(), "..") || !s.skip(".") {
		return 0, nil
	}
	from := s.pos
	if _, err := s.digits(int64(one) - 1); err != nil {
		return 0, err
	}
	decimals := s.text[from:s.pos]
	if len(decimals) > 9 {
		return 0, &SyntaxError{from + 1, "more than nine decimals"}
	}
	n, err := strconv.ParseInt(decimals+strings.Repeat("0", 9-len(decimals)), 10, 64)
	return Decimal(n), err
}

// duration reads one Duration.
func (s *scanner) duration() (Duration, error) {
	from := s.pos
	first, err := s.digits(maxFrames)
	if err != nil {
		return Duration{}, s.errorf("want a time: 300ms, 2.5s, 1:02.5 or 48000f")
	}
	tooLong := &SyntaxError{from + 1, "more than 1000 hours"}
	if s.clockColon() {
		return s.clock(first, tooLong)
	}
	if s.skip("f") {
		return Duration{Frames: first}, nil
	}
	if first > int64(maxSeconds/one)*1000 {
		return Duration{}, tooLong
	}
	frac, err := s.fraction()
	if err != nil {
		return Duration{}, err
	}
	switch {
	case s.skip("ms"):
		if frac%1000 != 0 {
			return Duration{}, &SyntaxError{from + 1, "finer than a nanosecond"}
		}
		d := Duration{Seconds: Decimal(first)*(one/1000) + frac/1000}
		if d.Seconds > maxSeconds {
			return Duration{}, tooLong
		}
		return d, nil
	case s.skip("s"):
		if first > int64(maxSeconds/one) || Decimal(first)*one+frac > maxSeconds {
			return Duration{}, tooLong
		}
		return Duration{Seconds: Decimal(first)*one + frac}, nil
	case first == 0 && frac == 0 && !s.wordAhead():
		return Duration{}, nil
	}
	if strings.HasPrefix(s.rest(), ",") {
		return Duration{}, s.errorf("unexpected comma; decimals have a point, as in 1.5s")
	}
	return Duration{}, s.errorf("want a unit after %s: s, ms, or f for frames", s.text[from:s.pos])
}

// clockColon skips a colon that two digits follow.
func (s *scanner) clockColon() bool {
	r := s.rest()
	digit := func(i int) bool { return i < len(r) && r[i] >= '0' && r[i] <= '9' }
	if strings.HasPrefix(r, ":") && digit(1) && digit(2) {
		s.pos++
		return true
	}
	return false
}

// clock reads what follows the first colon of m:ss or h:mm:ss.
func (s *scanner) clock(first int64, tooLong error) (Duration, error) {
	if first > int64(maxSeconds/one) {
		return Duration{}, tooLong
	}
	sixties := func() (int64, error) {
		at := s.pos
		n, err := s.digits(59)
		if err != nil || s.pos != at+2 {
			return 0, &SyntaxError{at + 1, "want two digits from 00 to 59"}
		}
		return n, nil
	}
	n, err := sixties()
	if err != nil {
		return Duration{}, err
	}
	whole := first*60 + n
	if s.clockColon() {
		if n, err = sixties(); err != nil {
			return Duration{}, err
		}
		whole = whole*60 + n
	}
	if whole > int64(maxSeconds/one)-1 {
		return Duration{}, tooLong
	}
	d := Duration{Seconds: Decimal(whole) * one}
	if s.skip("+") {
		d.Frames, err = s.digits(maxFrames)
		return d, err
	}
	frac, err := s.fraction()
	d.Seconds += frac
	return d, err
}
