package alsa

import (
	"fmt"
	"math"
	"sort"
)

// Scale turns values into decibels and back. The zero Scale is none.
//
// The kinds are those of include/uapi/sound/tlv.h; a scale of several segments
// is its DB_RANGE.
type Scale struct {
	segments []segment
}

type segment struct {
	from, to int64 // values
	kind     uint32
	min, max float64 // dB at from and to, or the step for a DB_SCALE
	mute     bool    // from is silence
}

const (
	tlvContainer  = 0
	tlvScale      = 1
	tlvLinear     = 2
	tlvRange      = 3
	tlvMinMax     = 4
	tlvMinMaxMute = 5

	tlvScaleMute = 1 << 16

	// muteDB is the dB value by which drivers say silence.
	muteDB = -99999.99
)

// Steps is the scale of most drivers: so many dB at the lowest value, so many
// more with each step; mute makes the lowest value silence.
func Steps(low, high int64, minDB, stepDB float64, mute bool) Scale {
	return Scale{[]segment{{low, high, tlvScale, minDB, stepDB, mute}}}
}

// ParseTLV reads what a driver says of an element's dB scale; low and high are
// the element's range. Words that hold no dB scale give the zero Scale.
func ParseTLV(words []uint32, low, high int64) (Scale, error) {
	for len(words) >= 2 {
		kind, n := words[0], int(words[1]/4)
		if n < 0 || n > len(words)-2 {
			return Scale{}, fmt.Errorf("tlv: %d words announced, %d there", n, len(words)-2)
		}
		body := words[2 : 2+n]
		words = words[2+n:]
		switch kind {
		case tlvContainer:
			if s, err := ParseTLV(body, low, high); err != nil || !s.None() {
				return s, err
			}
		case tlvRange:
			return parseRange(body)
		case tlvScale, tlvLinear, tlvMinMax, tlvMinMaxMute:
			g, err := parseSegment(kind, body, low, high)
			return Scale{[]segment{g}}, err
		}
	}
	return Scale{}, nil
}

// parseRange reads a DB_RANGE: lowest value, highest value, then the scale
// between them, again and again.
func parseRange(words []uint32) (Scale, error) {
	var s Scale
	for len(words) > 0 {
		if len(words) < 4 || int(words[3]/4) > len(words)-4 {
			return Scale{}, fmt.Errorf("tlv: range cut short")
		}
		end := 4 + int(words[3]/4)
		g, err := parseSegment(words[2], words[4:end], int64(int32(words[0])), int64(int32(words[1])))
		if err != nil {
			return Scale{}, err
		}
		s.segments = append(s.segments, g)
		words = words[end:]
	}
	return s, nil
}

func parseSegment(kind uint32, body []uint32, low, high int64) (segment, error) {
	if len(body) < 2 {
		return segment{}, fmt.Errorf("tlv: dB scale cut short")
	}
	g := segment{from: low, to: high, kind: kind, min: float64(int32(body[0])) / 100}
	switch kind {
	case tlvScale:
		g.max = float64(body[1]&0xffff) / 100
		g.mute = body[1]&tlvScaleMute != 0
	case tlvLinear, tlvMinMax, tlvMinMaxMute:
		g.max = float64(int32(body[1])) / 100
		g.mute = kind == tlvMinMaxMute
	default:
		return segment{}, fmt.Errorf("tlv: unknown kind %d in a range", kind)
	}
	return g, nil
}

// None reports whether there is no scale.
func (s Scale) None() bool { return len(s.segments) == 0 }

// DB is the level of a value in dB; silence is -Inf. A value beyond the scale
// has the level of its nearest end.
func (s Scale) DB(v int64) float64 {
	if s.None() {
		return math.NaN()
	}
	g := s.segments[0]
	for _, next := range s.segments[1:] {
		if v < next.from {
			break
		}
		g = next
	}
	return g.db(min(max(v, g.from), g.to))
}

func (g segment) db(v int64) float64 {
	if g.mute && v <= g.from {
		return math.Inf(-1)
	}
	var part float64
	if g.to > g.from {
		part = float64(v-g.from) / float64(g.to-g.from)
	}
	db := g.min
	switch g.kind {
	case tlvScale:
		db = g.min + float64(v-g.from)*g.max
	case tlvMinMax, tlvMinMaxMute:
		db = g.min + part*(g.max-g.min)
	case tlvLinear:
		low := math.Pow(10, g.min/20)
		if g.min <= muteDB {
			low = 0
		}
		db = 20 * math.Log10(low+part*(math.Pow(10, g.max/20)-low))
	}
	if db <= muteDB {
		return math.Inf(-1)
	}
	return db
}

// Value is the value whose level is nearest to db; only -Inf is silence.
func (s Scale) Value(db float64) int64 {
	low, high := s.segments[0].from, s.segments[len(s.segments)-1].to
	n := low + int64(sort.Search(int(high-low), func(i int) bool { return s.DB(low+int64(i)) >= db }))
	if n > low && db-s.DB(n-1) < s.DB(n)-db {
		n--
	}
	return n
}

// Ends are the levels of the lowest value that is not silence and the highest.
func (s Scale) Ends() (low, high float64) {
	first, last := s.segments[0], s.segments[len(s.segments)-1]
	v := first.from
	if math.IsInf(s.DB(v), -1) && v < last.to {
		v++
	}
	return s.DB(v), s.DB(last.to)
}
