package editor

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"time"

	"jackknife/wav"
)

// Plan is an edit list on paper: what `jackknife plan` writes, people read,
// change and keep, and `jackknife apply` carries out.
//
//	jackknife edits 1
//	take    "evening.wav"
//	frames  172800000
//	rate    48000
//	format  24-bit PCM, 1 channel
//	hash    5f2b…
//	rules   x1.5; max=4s
//	min     300ms
//	seed    0
//
//	# from           to               room tone        sure  why
//	0:00:03+12000    0:00:03+12000    0:00:00+24000    1     pause 1, 1.000 s to 1.500 s
//	0:01:02+24000    0:01:04+4800     0:00:00+0        1     cut
//
// One edit a line: the span of the take that goes, how much room tone comes in
// its place, how sure the proposer is, and why. Times are h:mm:ss+frames, exact;
// any other time that a rule may hold (2.5s, 1:02.5, 48000f) will do as well.
// Lines that begin with # are comments and are kept.
type Plan struct {
	Take  TakeID
	Rules []Rule        // what the edits came from, for people; they are not applied again
	Min   time.Duration // shortest pause, as it was detected
	// Breaths is where breaths belonged when the pauses were found.
	Breaths Breaths
	Seed    uint64 // of the room tone
	Silence bool   // digital silence instead of room tone
	// Output is what was made of the take by the plan, if the plan lies beside it
	// to remember that: name and hash, as in TakeID.
	Output struct{ Name, Hash string }
	Edits  List
	// Comments are the comment lines: those in Comments[i] stand before edit i,
	// the last ones, in Comments[len(Edits)], after all edits.
	Comments map[int][]string
}

// Detect is how the pauses of the plan's take were found.
func (p *Plan) Detect() DetectOptions { return DetectOptions{Min: p.Min, Breaths: p.Breaths} }

// TakeID is by which a plan knows its take. The name is for people, the rest
// must be the same.
type TakeID struct {
	Name   string
	Frames int64
	RateHz int
	Format string
	Hash   string
}

const (
	planWord    = "jackknife edits"
	planVersion = 1
	planColumns = "# from           to               room tone        sure  why"
)

// hashBlocks and hashBlock say what of the take's audio is hashed: 256 blocks
// of 16 KiB, from the first bytes to the last, evenly apart.
const (
	hashBlocks = 256
	hashBlock  = 16 << 10
)

// Identify takes the fingerprint of a take: its length, its format, and the
// SHA-256 (first 128 bits) of the CRC-32Cs of up to 4 MiB of its audio, in 256
// places. Hashing all of it would cost more than the whole edit, and SHA-256 of
// it ten times what the CRCs do; what it is for is to tell one take from another,
// and two recordings differ everywhere. Headers and tags do not count, so a
// renamed or tagged take is still the same.
func Identify(take *wav.Reader, name string) (TakeID, error) {
	f := take.Format()
	id := TakeID{Name: name, Frames: take.Frames(), RateHz: f.RateHz, Format: formatWords(f)}
	size := int64(f.FrameBytes())
	n := max(1, hashBlock/size) // frames a block
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	sums := binary.LittleEndian.AppendUint64(nil, uint64(id.Frames))
	read := func(raw []byte, from int64) error {
		err := readFull(take, raw, from)
		for block := range slices.Chunk(raw, int(n*size)) {
			sums = binary.LittleEndian.AppendUint32(sums, crc32.Checksum(block, castagnoli))
		}
		return err
	}
	if id.Frames <= hashBlocks*n {
		buf := make([]byte, min(4*n, id.Frames)*size)
		for at := int64(0); at < id.Frames; at += 4 * n {
			if err := read(buf[:min(4*n, id.Frames-at)*size], at); err != nil {
				return id, err
			}
		}
	} else {
		buf := make([]byte, n*size)
		for i := range int64(hashBlocks) {
			if err := read(buf, (id.Frames-n)*i/(hashBlocks-1)); err != nil {
				return id, err
			}
		}
	}
	sum := sha256.Sum256(sums)
	id.Hash = hex.EncodeToString(sum[:16])
	return id, nil
}

func formatWords(f wav.Format) string {
	if f.Channels == 1 {
		return f.String() + ", 1 channel"
	}
	return fmt.Sprintf("%s, %d channels", f, f.Channels)
}

// Differs says in which way another take is not this one; "" if it is.
func (t TakeID) Differs(other TakeID) string {
	switch {
	case t.Frames != other.Frames:
		return fmt.Sprintf("it has %d frames, the plan was made for %d", other.Frames, t.Frames)
	case t.RateHz != other.RateHz:
		return fmt.Sprintf("its rate is %d Hz, the plan was made for %d Hz", other.RateHz, t.RateHz)
	case t.Format != other.Format:
		return fmt.Sprintf("it is %s, the plan was made for %s", other.Format, t.Format)
	case t.Hash != other.Hash:
		return "its sound is not that of the take the plan was made for"
	}
	return ""
}

// Format is the plan's text.
func (p *Plan) Format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %d\n", planWord, planVersion)
	p.Take.write(&b)
	if len(p.Rules) > 0 {
		fmt.Fprintf(&b, "rules   %s\n", FormatRules(p.Rules))
	}
	if p.Min != 0 {
		fmt.Fprintf(&b, "min     %s\n", Duration{Seconds: Decimal(p.Min)})
	}
	if p.Breaths != BreathsKept {
		fmt.Fprintf(&b, "breaths %s\n", p.Breaths)
	}
	if p.Silence {
		b.WriteString("fill    silence\n")
	}
	fmt.Fprintf(&b, "seed    %d\n", p.Seed)
	if p.Output.Name != "" {
		fmt.Fprintf(&b, "output  %q\n", p.Output.Name)
	}
	if p.Output.Hash != "" {
		fmt.Fprintf(&b, "made    %s\n", p.Output.Hash)
	}
	fmt.Fprintf(&b, "\n%s\n", planColumns)
	comments := func(i int) {
		for _, c := range p.Comments[i] {
			fmt.Fprintf(&b, "%s\n", c)
		}
	}
	for i, e := range p.Edits {
		comments(i)
		b.WriteString(e.Line(p.Take.RateHz) + "\n")
	}
	comments(len(p.Edits))
	return b.Bytes()
}

// write writes the lines by which a take is known.
func (t TakeID) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "take    %q\n", t.Name)
	fmt.Fprintf(b, "frames  %d\n", t.Frames)
	fmt.Fprintf(b, "rate    %d\n", t.RateHz)
	fmt.Fprintf(b, "format  %s\n", t.Format)
	fmt.Fprintf(b, "hash    %s\n", t.Hash)
}

// Line is the edit as a line of a plan.
func (e Edit) Line(rateHz int) string {
	stamp := func(frame int64) string { return Stamp(frame, rateHz) }
	sure := strconv.FormatFloat(e.Confidence, 'g', -1, 64)
	line := fmt.Sprintf("%-16s %-16s %-16s %-5s %s", stamp(e.Start), stamp(e.End), stamp(e.Fill), sure, e.Reason)
	return strings.TrimRight(line, " ")
}

// LineError is a line of a text file that cannot be read.
type LineError struct {
	File         string
	Line, Column int
	Msg          string
}

func (e *LineError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// ParsePlan reads a plan. File is its name, for the error messages: they begin
// with file:line:column.
func ParsePlan(file string, text []byte) (*Plan, error) {
	p := &Plan{Comments: map[int][]string{}}
	before := 0 // line of the edit before
	seen := map[string]bool{}
	lineNo := 0
	fail := func(column int, format string, args ...any) error {
		return &LineError{file, lineNo, column, fmt.Sprintf(format, args...)}
	}
	for line := range strings.Lines(string(text)) {
		lineNo++
		line = strings.TrimRight(line, " \t\r\n")
		s := scanner{text: line}
		s.space()
		var err error
		switch {
		case lineNo == 1:
			if line != fmt.Sprintf("%s %d", planWord, planVersion) {
				if strings.HasPrefix(line, planWord+" ") {
					return nil, fail(len(planWord)+2, "plan of version %q; this program reads version %d", line[len(planWord)+1:], planVersion)
				}
				if IsComp(text) {
					return nil, fail(1, "a comp of several takes, not the plan of one")
				}
				return nil, fail(1, "not a plan: its first line is not %q", fmt.Sprintf("%s %d", planWord, planVersion))
			}
		case s.rest() == "", line == planColumns:
		case s.rest()[0] == '#':
			p.Comments[len(p.Edits)] = append(p.Comments[len(p.Edits)], line)
		case s.rest()[0] >= '0' && s.rest()[0] <= '9':
			if name := missing(seen); name != "" {
				return nil, fail(1, "an edit before the line that says %s", name)
			}
			var e Edit
			if e, err = s.edit(p.Take.RateHz); err == nil {
				if verr := (List{e}).Validate(p.Take.Frames); verr != nil {
					return nil, fail(1, "%s", strings.TrimPrefix(verr.Error(), "edit 1: "))
				}
				if k := len(p.Edits) - 1; k >= 0 && e.Start <= p.Edits[k].End {
					return nil, fail(1, "begins before the edit in line %d has ended, or touches it; edits stand in order, a frame or more apart", before)
				}
				p.Edits = append(p.Edits, e)
				before = lineNo
			}
		default:
			err = p.header(&s, seen)
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
	if lineNo == 1 {
		return nil, fail(1, "not a plan: the file is empty")
	}
	if name := missing(seen); name != "" {
		return nil, fail(1, "no line that says %s", name)
	}
	return p, nil
}

// missing is the first of the lines a plan must have that was not seen.
func missing(seen map[string]bool) string {
	for _, name := range [...]string{"take", "frames", "rate", "format", "hash"} {
		if !seen[name] {
			return name
		}
	}
	return ""
}

func (p *Plan) header(s *scanner, seen map[string]bool) error {
	at := s.pos
	name := s.word()
	s.space()
	value := s.rest()
	if seen[name] {
		return &SyntaxError{at + 1, "a second line that says " + name}
	}
	if value == "" {
		return s.errorf("%s: no value", name)
	}
	seen[name] = true
	var err error
	switch name {
	case "take":
		if p.Take.Name, err = strconv.Unquote(value); err != nil {
			return s.errorf("want the take's name in double quotes")
		}
	case "frames":
		p.Take.Frames, err = s.digits(maxFrames)
	case "rate":
		var rate int64
		rate, err = s.digits(10_000_000)
		if err == nil && rate == 0 {
			err = &SyntaxError{s.pos, "a rate of 0 Hz"}
		}
		p.Take.RateHz = int(rate)
	case "format":
		p.Take.Format = value
	case "output":
		if p.Output.Name, err = strconv.Unquote(value); err != nil || p.Output.Name == "" {
			return s.errorf("want the output's name in double quotes")
		}
		return nil
	case "hash", "made":
		if b, herr := hex.DecodeString(value); herr != nil || len(b) != 16 || strings.ToLower(value) != value {
			return s.errorf("want 32 hexadecimal digits")
		}
		if name == "made" {
			p.Output.Hash = value
			return nil
		}
		p.Take.Hash = value
	case "rules":
		base := s.pos
		p.Rules, err = ParseRules(value)
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			err = &SyntaxError{base + syntax.Column, syntax.Msg}
		}
		return err
	case "min":
		var d Duration
		d, err = s.duration()
		if err == nil && d.Frames != 0 {
			err = s.errorf("want a time without frames")
		}
		p.Min = time.Duration(d.Seconds)
	case "breaths":
		if p.Breaths, err = ParseBreaths(value); err != nil {
			return s.errorf("want keep or pause")
		}
		return nil
	case "fill":
		if value != "tone" && value != "silence" {
			return s.errorf("want tone or silence")
		}
		p.Silence = value == "silence"
		return nil
	case "seed":
		if p.Seed, err = strconv.ParseUint(value, 10, 64); err != nil {
			return s.errorf("want a number without sign")
		}
		return nil
	default:
		return &SyntaxError{at + 1, fmt.Sprintf("unknown word %q; an edit begins with a time, a comment with #", name)}
	}
	if err != nil || name == "take" || name == "format" || name == "hash" {
		return err
	}
	return s.end()
}

// edit reads a line: from, to, room tone, confidence, reason.
func (s *scanner) edit(rateHz int) (Edit, error) {
	var e Edit
	for _, field := range []struct {
		to   *int64
		name string
	}{{&e.Start, "from"}, {&e.End, "to"}, {&e.Fill, "room tone"}} {
		d, err := s.duration()
		if err != nil {
			return e, err
		}
		if !s.space() {
			return e, s.errorf("want a blank after %q", field.name)
		}
		*field.to = d.At(rateHz)
	}
	at := s.pos
	var err error
	e.Confidence, err = strconv.ParseFloat(s.word(), 64)
	if err != nil || !(e.Confidence >= 0 && e.Confidence <= 1) {
		return e, &SyntaxError{at + 1, "want how sure the edit is, from 0 to 1"}
	}
	s.space()
	e.Reason = s.rest()
	return e, nil
}
