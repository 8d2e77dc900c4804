package editor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// Said is something said in a take, and where: a line of a transcript or a
// single word of it, or what stands in a label.
type Said struct {
	Span
	Words string
}

// ParseText reads what is said in a take from subtitles (SRT, WebVTT), the JSON
// of whisper, WhisperX or whisper.cpp, CTM (NIST's time marked words), or an
// Audacity label track; which of them it is, is seen by what is in it. Where
// whisper's JSON places single words, those are taken. The result is in the order of the middles. File is the file's name, for
// the error messages: they begin with file:line:column.
func ParseText(file string, text []byte, rateHz int) ([]Said, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var said []Said
	var err error
	switch start := bytes.TrimLeft(text, " \t\r\n"); {
	case len(start) == 0:
		return nil, &LineError{file, 1, 1, "nothing in the file"}
	case start[0] == '{', start[0] == '[':
		said, err = parseWhisper(file, text, rateHz)
	case bytes.Contains(text, []byte("-->")), bytes.HasPrefix(start, []byte("WEBVTT")):
		said, err = parseSubtitles(file, string(text), rateHz)
	case isCTM(start):
		said, err = parseCTM(file, string(text), rateHz)
	default:
		said, _, err = parseLabels(file, text, rateHz)
	}
	slices.SortStableFunc(said, func(a, b Said) int { return cmp.Compare(a.middle(), b.middle()) })
	return said, err
}

func (s Span) middle() int64 { return s.Start + s.Len()/2 }

// timed is the span between two times in seconds, if they can be times of a take.
func timed(from, to float64, rateHz int) (Span, bool) {
	const most = float64(maxSeconds / one)
	if !(from >= 0 && from <= to && to <= most) {
		return Span{}, false
	}
	frame := func(seconds float64) int64 { return int64(math.Round(seconds * float64(rateHz))) }
	return Span{frame(from), frame(to)}, true
}

// parseLabels reads an Audacity label track: start and end in seconds and the
// label, with tabs between them. The lines that Audacity writes for a range of
// frequencies, beginning with a backslash, are passed over. The labels are in
// the order of the file; lines says where they stand.
func parseLabels(file string, text []byte, rateHz int) (labels []Said, lines []int, err error) {
	lineNo := 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		lineNo++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || line[0] == '\\' {
			continue
		}
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) < 2 {
			return nil, nil, &LineError{file, lineNo, 1, "want start, end and label with tabs between them, as Audacity writes them"}
		}
		var at [2]float64
		column := 1
		for i, f := range fields[:2] {
			var err error
			if at[i], err = strconv.ParseFloat(strings.Replace(strings.TrimSpace(f), ",", ".", 1), 64); err != nil {
				return nil, nil, &LineError{file, lineNo, column, fmt.Sprintf("%.40q: want a time in seconds", f)}
			}
			column += len(f) + 1
		}
		span, ok := timed(at[0], at[1], rateHz)
		if !ok {
			return nil, nil, &LineError{file, lineNo, 1, fmt.Sprintf("a label from %s to %s", fields[0], fields[1])}
		}
		words := ""
		if len(fields) == 3 {
			words = strings.TrimSpace(fields[2])
		}
		labels, lines = append(labels, Said{span, words}), append(lines, lineNo)
	}
	return labels, lines, nil
}

var (
	cueTime = regexp.MustCompile(`^\s*(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})\s*-->\s*(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})(?:\s|$)`)
	markup  = regexp.MustCompile(`<[^>]*>|\{\\[^}]*\}`)
)

// parseSubtitles reads SRT and WebVTT: a line with two times, then text up to an
// empty line. Whatever else there is (numbers, notes, styles) is passed over.
func parseSubtitles(file, text string, rateHz int) ([]Said, error) {
	var said []Said
	lineNo, inside := 0, false
	for line := range strings.Lines(text) {
		lineNo++
		line = strings.TrimRight(line, " \t\r\n")
		switch {
		case line == "":
			inside = false
		case strings.Contains(line, "-->"):
			m := cueTime.FindStringSubmatch(line)
			if m == nil {
				return nil, &LineError{file, lineNo, 1, "want two times, as in 00:01:02,500 --> 00:01:04,100"}
			}
			span, ok := timed(cueSeconds(m[1:5]), cueSeconds(m[5:9]), rateHz)
			if !ok {
				return nil, &LineError{file, lineNo, 1, "the second time is before the first"}
			}
			said, inside = append(said, Said{Span: span}), true
		case inside:
			s := &said[len(said)-1]
			s.Words = strings.TrimSpace(s.Words + " " + html.UnescapeString(markup.ReplaceAllString(line, "")))
		}
	}
	return said, nil
}

// cueSeconds is the time of hours, minutes, seconds and decimals, all digits.
func cueSeconds(m []string) float64 {
	number := func(s string) float64 { n, _ := strconv.ParseFloat("0"+s, 64); return n }
	fraction, _ := strconv.ParseFloat("0."+m[3], 64)
	return number(m[0])*3600 + number(m[1])*60 + number(m[2]) + fraction
}

// parseWhisper reads the JSON of whisper (segments, and words where it was asked
// for them), a bare list of such segments, and the JSON of whisper.cpp
// (transcription, offsets in milliseconds).
func parseWhisper(file string, text []byte, rateHz int) ([]Said, error) {
	var doc struct {
		Segments []struct {
			Start, End *float64
			Text       string
			Words      []struct {
				Start, End *float64
				Word       string
			}
		}
		Transcription []struct {
			Offsets struct{ From, To float64 }
			Text    string
		}
	}
	into := any(&doc)
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		into = &doc.Segments
	}
	if err := json.Unmarshal(text, into); err != nil {
		at := int64(0)
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			at = syntax.Offset
		case errors.As(err, &kind):
			at = kind.Offset
		}
		before := text[:min(at, int64(len(text)))]
		return nil, &LineError{file, 1 + bytes.Count(before, []byte("\n")), max(1, len(before)-1-bytes.LastIndexByte(before, '\n')), "not whisper's JSON: " + err.Error()}
	}
	if doc.Segments == nil && doc.Transcription == nil {
		return nil, &LineError{file, 1, 1, "JSON with neither segments (whisper) nor transcription (whisper.cpp)"}
	}
	var said []Said
	add := func(from, to *float64, words string) bool {
		if from == nil || to == nil {
			return false
		}
		span, ok := timed(*from, *to, rateHz)
		if ok {
			said = append(said, Said{span, strings.TrimSpace(words)})
		}
		return ok
	}
	for i, s := range doc.Segments {
		mark, placed := len(said), len(s.Words) > 0
		for k := 0; k < len(s.Words) && placed; {
			if s.Words[k].Start != nil && s.Words[k].End != nil {
				placed = add(s.Words[k].Start, s.Words[k].End, s.Words[k].Word)
				k++
				continue
			}
			// WhisperX does not place numbers: they share what is between the words
			// around them.
			n, from, to := k, s.Start, s.End
			if k > 0 {
				from = s.Words[k-1].End
			}
			var words []string
			for n < len(s.Words) && (s.Words[n].Start == nil || s.Words[n].End == nil) {
				words = append(words, strings.TrimSpace(s.Words[n].Word))
				n++
			}
			if n < len(s.Words) {
				to = s.Words[n].Start
			}
			placed = add(from, to, strings.Join(words, " "))
			k = n
		}
		if placed {
			continue
		}
		said = said[:mark] // nowhere in time: the segment as a whole
		if !add(s.Start, s.End, s.Text) {
			return nil, &LineError{file, 1, 1, fmt.Sprintf("segment %d is nowhere in time", i+1)}
		}
	}
	for i, s := range doc.Transcription {
		from, to := s.Offsets.From/1000, s.Offsets.To/1000
		if !add(&from, &to, s.Text) {
			return nil, &LineError{file, 1, 1, fmt.Sprintf("segment %d of the transcription is nowhere in time", i+1)}
		}
	}
	return said, nil
}

// ctmLine is a line of CTM: recording, channel, start, length, word, and how sure
// it is.
var ctmLine = regexp.MustCompile(`^\s*\S+\s+\S+\s+(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)\s+(\S+)(?:\s+[-+.\deE]+.*)?\s*$`)

func isCTM(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !bytes.HasPrefix(line, []byte(";;")) {
			return !bytes.ContainsRune(line, '\t') && ctmLine.Match(line)
		}
	}
	return false
}

func parseCTM(file, text string, rateHz int) ([]Said, error) {
	var said []Said
	lineNo := 0
	for line := range strings.Lines(text) {
		lineNo++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, ";;") {
			continue
		}
		m := ctmLine.FindStringSubmatch(line)
		if m == nil {
			return nil, &LineError{file, lineNo, 1, "want recording, channel, start, length and word, as in take 1 12.5 0.3 hello"}
		}
		from, _ := strconv.ParseFloat(m[1], 64) // both are digits
		length, _ := strconv.ParseFloat(m[2], 64)
		span, ok := timed(from, from+length, rateHz)
		if !ok {
			return nil, &LineError{file, lineNo, 1, "a time past the end of any take"}
		}
		said = append(said, Said{span, m[3]})
	}
	return said, nil
}

// saidIn is what has its middle between two places, as words returns it. Text is
// in the order of the middles.
func saidIn(text []Said, from, to int64) string {
	var b strings.Builder
	for i := sort.Search(len(text), func(i int) bool { return text[i].middle() >= from }); i < len(text) && text[i].middle() < to; i++ {
		b.WriteString(text[i].Words)
		b.WriteByte(' ')
	}
	return words(b.String())
}

// words is text without all that does not matter when words are compared:
// capitals, punctuation, apostrophes.
func words(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\'' || r == '’':
			return -1
		case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// says reports whether the words stand one after the other in said, which is as
// words returns it.
func says(said, text string) bool {
	return strings.Contains(" "+said+" ", " "+words(text)+" ")
}
