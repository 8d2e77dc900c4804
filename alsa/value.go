package alsa

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// FormatDB words a level: "-6.0 dB", "mute" for silence.
func FormatDB(db float64) string {
	if math.IsInf(db, -1) {
		return "mute"
	}
	return strings.TrimSuffix(strconv.FormatFloat(db, 'f', 2, 64), "0") + " dB"
}

// Text words the values of the element as Parse takes them: "on off",
// "-6.0 dB", "PCM Out", "0x00 0x82". One text when all channels agree.
func (e *Element) Text(v Value) string {
	switch e.Type {
	case Bytes:
		return hexBytes(v)
	case IEC958:
		status := v[:24]
		for len(status) > 4 && status[len(status)-1] == 0 {
			status = status[:len(status)-1]
		}
		return hexBytes(status)
	}
	if len(v) == 0 {
		return ""
	}
	if e.Count > 1 && !slices.ContainsFunc(v, func(n int64) bool { return n != v[0] }) {
		v = v[:1]
	}
	texts := make([]string, len(v))
	for i, n := range v {
		texts[i] = e.channel(n)
	}
	return strings.Join(texts, ", ")
}

// channel words one channel's value.
func (e *Element) channel(n int64) string {
	switch {
	case e.Type == Boolean && n == 0:
		return "off"
	case e.Type == Boolean:
		return "on"
	case e.Type == Enumerated && n >= 0 && n < int64(len(e.Items)):
		return e.Items[n]
	case e.Type == Enumerated:
		return "#" + strconv.FormatInt(n, 10)
	case !e.Scale.None():
		return FormatDB(e.Scale.DB(n))
	}
	return strconv.FormatInt(n, 10)
}

func hexBytes(v Value) string {
	if len(v) > 8 {
		b := make([]byte, len(v))
		for i, n := range v {
			b[i] = byte(n)
		}
		return hex.EncodeToString(b)
	}
	texts := make([]string, len(v))
	for i, b := range v {
		texts[i] = fmt.Sprintf("0x%02x", b)
	}
	return strings.Join(texts, " ")
}

// Parse reads the words a person sets the element with. One word is for all
// channels, otherwise there is one for each, "=" leaving a channel as it is;
// commas separate words too. have is the present value, for "=", "toggle" and
// relative changes.
//
//	Boolean       on off toggle (true false yes no 1 0)
//	Enumerated    an item in any capitals, or #NUMBER
//	Integer       -6dB, mute, 50%, a number; relative: 3dB+, 3dB-, 5%+, 1-
//	Bytes         as many bytes as it has: 0x00 0x82, or 0082
//	IEC958        one to 24 status bytes
//
// A level outside the element's range is an error; a relative change stops at
// the end of the range.
func (e *Element) Parse(have Value, words ...string) (Value, error) {
	if e.Type == Bytes || e.Type == IEC958 {
		return e.parseBytes(have, strings.Fields(strings.ReplaceAll(strings.Join(words, " "), ",", " ")))
	}
	if len(words) == 1 && !slices.ContainsFunc(e.Items, func(s string) bool { return strings.EqualFold(s, words[0]) }) {
		words = strings.Split(words[0], ",")
	}
	if len(words) != 1 && len(words) != e.Count {
		return nil, fmt.Errorf("%s: %d values for %d channels", e, len(words), e.Count)
	}
	v := make(Value, e.Count)
	for i := range v {
		word := words[min(i, len(words)-1)]
		var old int64
		if i < len(have) {
			old = have[i]
		}
		n, err := e.parseChannel(old, strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e, err)
		}
		v[i] = n
	}
	return v, nil
}

func (e *Element) parseChannel(old int64, word string) (int64, error) {
	if word == "=" {
		return old, nil
	}
	switch e.Type {
	case Boolean:
		switch strings.ToLower(word) {
		case "on", "true", "yes", "1":
			return 1, nil
		case "off", "false", "no", "0":
			return 0, nil
		case "toggle":
			return 1 - old, nil
		}
		return 0, fmt.Errorf("%q: want on, off or toggle", word)
	case Enumerated:
		return e.parseItem(word)
	}
	return e.parseNumber(old, word)
}

func (e *Element) parseItem(word string) (int64, error) {
	if i := slices.Index(e.Items, word); i >= 0 {
		return int64(i), nil
	}
	if i := slices.IndexFunc(e.Items, func(s string) bool { return strings.EqualFold(s, word) }); i >= 0 {
		return int64(i), nil
	}
	if number, ok := strings.CutPrefix(word, "#"); ok {
		if n, err := strconv.Atoi(number); err == nil && n >= 0 && n < len(e.Items) {
			return int64(n), nil
		}
	}
	return 0, fmt.Errorf("%q: want one of %s", word, quoted(e.Items))
}

func quoted(items []string) string {
	q := make([]string, len(items))
	for i, s := range items {
		q[i] = s
		if strings.ContainsAny(s, " ,") {
			q[i] = strconv.Quote(s)
		}
	}
	return strings.Join(q, ", ")
}

// parseNumber reads a level; its unit is dB, percent of the range, or none.
func (e *Element) parseNumber(old int64, word string) (int64, error) {
	text := strings.ReplaceAll(strings.ToLower(word), "\u2212", "-")
	if text == "mute" || text == "-inf" || text == "-infdb" {
		const inaudible = -100 // below the noise of any converter
		if !e.Scale.None() && e.Scale.DB(e.Min) <= inaudible {
			return e.Min, nil
		}
		return 0, fmt.Errorf("%q: it has no mute", word)
	}
	sign := 0.0
	if number, ok := strings.CutSuffix(text, "+"); ok {
		text, sign = number, 1
	} else if number, ok := strings.CutSuffix(text, "-"); ok {
		text, sign = number, -1
	}
	number, isDB := strings.CutSuffix(text, "db")
	number, isPercent := strings.CutSuffix(strings.TrimSpace(number), "%")
	if !isDB && !isPercent && sign == 0 {
		n, err := strconv.ParseInt(number, 0, 64)
		if err != nil {
			return 0, fmt.Errorf("%q: want a level such as %s", word, e.example())
		}
		if n != e.clamp(n) {
			return 0, fmt.Errorf("%q is outside %d to %d", word, e.Min, e.clamp(e.Max))
		}
		return n, nil
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%q: want a level such as %s", word, e.example())
	}
	x = min(max(x, -1<<40), 1<<40)
	switch {
	case isDB && e.Scale.None():
		return 0, fmt.Errorf("%q: it has no dB scale, only %d to %d", word, e.Min, e.Max)
	case isDB && sign != 0:
		return e.moveDB(old, sign*x), nil
	case isDB:
		low, _ := e.Scale.Ends()
		high := e.Scale.DB(e.clamp(e.Max))
		if x < low-0.005 || x > high+0.005 {
			return 0, fmt.Errorf("%q is outside %s to %s", word, FormatDB(low), FormatDB(high))
		}
		return e.clamp(e.Scale.Value(x)), nil
	case isPercent && sign == 0 && (x < 0 || x > 100):
		return 0, fmt.Errorf("%q is outside 0%% to 100%%", word)
	case isPercent:
		n := int64(math.Round(x / 100 * float64(e.clamp(e.Max)-e.Min)))
		if sign == 0 {
			return e.Min + n, nil
		}
		return e.clamp(old + int64(sign)*n), nil
	}
	return e.clamp(old + int64(sign*x)), nil
}

// moveDB changes a level by db, out of silence to the lowest level above it.
func (e *Element) moveDB(old int64, db float64) int64 {
	from := e.Scale.DB(old)
	if math.IsInf(from, -1) {
		if db <= 0 {
			return old
		}
		from, _ = e.Scale.Ends()
		db = 0
	}
	low, high := e.Scale.Ends()
	return e.clamp(e.Scale.Value(min(max(from+db, low), high)))
}

func (e *Element) clamp(n int64) int64 {
	low, high := e.Range()
	return min(max(n, low), high)
}

// example is a level that the element has.
func (e *Element) example() string {
	if !e.Scale.None() {
		_, high := e.Scale.Ends()
		return fmt.Sprintf("%s, 50%% or %d", strings.ReplaceAll(FormatDB(min(high, -6)), " ", ""), e.Max)
	}
	return fmt.Sprintf("50%% or %d", e.Max)
}

func (e *Element) parseBytes(have Value, words []string) (Value, error) {
	var bytes []byte
	for _, w := range words {
		digits, prefixed := strings.CutPrefix(strings.ToLower(w), "0x")
		if prefixed && len(digits) == 1 {
			digits = "0" + digits
		}
		b, err := hex.DecodeString(digits)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no byte", e, w)
		}
		bytes = append(bytes, b...)
	}
	n := e.Count
	if e.Type == IEC958 {
		n = 24
	}
	if len(bytes) == 0 || len(bytes) > n || e.Type == Bytes && len(bytes) != n {
		return nil, fmt.Errorf("%s: %d bytes for %d", e, len(bytes), n)
	}
	v := make(Value, e.Len())
	copy(v, have)
	for i, b := range bytes {
		v[i] = int64(b)
	}
	return v, nil
}
