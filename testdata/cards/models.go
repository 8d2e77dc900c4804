package cards

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A model is the output of `amixer -i contents` on the original card. These
// are the kernel's numbers (include/uapi/sound/asound.h).
const (
	typeBoolean    = 1
	typeInteger    = 2
	typeEnumerated = 3
	typeBytes      = 4
	typeIEC958     = 5
	typeInteger64  = 6

	accessInactive = 1 << 8

	tlvScale     = 1
	tlvLinear    = 2
	tlvMinMax    = 4
	tlvScaleMute = 0x10000
)

var ifaces = map[string]int32{"CARD": 0, "HWDEP": 1, "MIXER": 2, "PCM": 3, "RAWMIDI": 4, "TIMER": 5, "SEQUENCER": 6}

var types = map[string]uint32{"BOOLEAN": typeBoolean, "INTEGER": typeInteger, "ENUMERATED": typeEnumerated,
	"BYTES": typeBytes, "IEC958": typeIEC958, "INTEGER64": typeInteger64}

// accesses are amixer's letters.
var accesses = map[rune]uint32{'r': 1 << 0, 'w': 1 << 1, 'v': 1 << 2, 'i': accessInactive, 'l': 1 << 9,
	'R': 1 << 4, 'W': 1 << 5, 'C': 1 << 6}

// parse reads a model: its elements in the order of their numids, and the
// items of the enumerated ones.
func parse(dump string) (elements []element, items [][]string, err error) {
	n := strings.Count(dump, "numid=")
	elements, items = make([]element, n), make([][]string, n)
	i := -1
	for number, line := range strings.Split(strings.TrimRight(dump, "\n"), "\n") {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var err error
		switch {
		case strings.HasPrefix(line, "numid="):
			f := fields(line)
			i = int(number0(f["numid"])) - 1
			if i < 0 || i >= n || elements[i].Type != 0 {
				return nil, nil, fmt.Errorf("line %d: numid out of order", number+1)
			}
			e := &elements[i]
			e.Iface, e.Index, e.Device = ifaces[f["iface"]], int32(number0(f["index"])), int32(number0(f["device"]))
			copy(e.Name[:], f["name"])
		case kind == ";" && strings.HasPrefix(rest, "Item #"):
			_, item, _ := strings.Cut(rest, "'")
			items[i] = append(items[i], strings.TrimSuffix(item, "'"))
			elements[i].Items++
		case kind == ";":
			elements[i].describe(fields(rest))
		case kind == ":":
			err = elements[i].fill(strings.TrimPrefix(rest, "values="))
		case kind == "|":
			err = elements[i].scale(rest)
		default:
			err = errors.New("what is this?")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", number+1, err)
		}
	}
	return elements, items, nil
}

// fields cuts a=b,c='d, e' at the commas outside quotes.
func fields(s string) map[string]string {
	f := make(map[string]string)
	quoted, from := false, 0
	for i, r := range s + "," {
		switch {
		case r == '\'':
			quoted = !quoted
		case r == ',' && !quoted:
			k, v, _ := strings.Cut(s[from:i], "=")
			f[k] = strings.Trim(v, "'")
			from = i + 1
		}
	}
	return f
}

// number0 is 0 for what is not there.
func number0(s string) int64 {
	n, _ := strconv.ParseInt(s, 0, 64)
	return n
}

func (e *element) describe(f map[string]string) {
	e.Type, e.Count = types[f["type"]], uint32(number0(f["values"]))
	for _, r := range f["access"] {
		e.Access |= accesses[r]
	}
	e.Min, e.Max, e.Step = number0(f["min"]), number0(f["max"]), number0(f["step"])
	if e.Type == typeBoolean {
		e.Max = 1
	}
}

func (e *element) fill(values string) error {
	if e.Type == typeIEC958 {
		for i, b := range strings.Fields(strings.Trim(values, "[]")) {
			_, hex, _ := strings.Cut(b, "=")
			e.Value[i] = number0(hex)
		}
		if e.Value[0] == 0xff { // a mask: amixer shows four bytes of 24
			for i := range 24 {
				e.Value[i] = 0xff
			}
		}
		return nil
	}
	for i, v := range strings.Split(values, ",") {
		switch v {
		case "on":
			e.Value[i] = 1
		case "off":
		default:
			n, err := strconv.ParseInt(v, 0, 64)
			if err != nil {
				return err
			}
			e.Value[i] = n
		}
	}
	return nil
}

// scale reads amixer's account of the element's dB scale into the words that
// the driver gives (include/uapi/sound/tlv.h).
func (e *element) scale(s string) error {
	kind, rest, _ := strings.Cut(s, "-")
	f := fields(rest)
	hundredths := func(k string) uint32 {
		v, err := strconv.ParseFloat(strings.TrimSuffix(f[k], "dB"), 64)
		if err != nil {
			panic(err)
		}
		return uint32(int32(math.Round(v * 100)))
	}
	switch kind {
	case "dBscale":
		e.TLV = [9]uint32{tlvScale, 8, hundredths("min"), hundredths("step")}
		if f["mute"] == "1" {
			e.TLV[3] |= tlvScaleMute
		}
	case "dBlinear":
		e.TLV = [9]uint32{tlvLinear, 8, hundredths("min"), hundredths("max")}
	case "dBminmax":
		e.TLV = [9]uint32{tlvMinMax, 8, hundredths("min"), hundredths("max")}
	default:
		return fmt.Errorf("unknown dB scale %q", kind)
	}
	return nil
}

// What the driver does with a value out of range, and how an element differs
// from a plain register: enum law and enum quirk of sndcard.c.
const (
	refuse = iota
	mask7
	mask8
	truth
	first
	modulo
)

const (
	plain = iota
	clock
	echo
	clears
)

// envy24 gives the elements the ways of the snd-ice1712 and -ice1724 drivers (Linux 6.1,
// sound/pci/ice1712): what it clamps, drags along, clears or echoes.
func envy24(elements []element) {
	at := make(map[string]int32)
	for i := range elements {
		at[text(elements[i].Name[:])] = int32(i)
	}
	for i := range elements {
		e := &elements[i]
		switch text(e.Name[:]) {
		case "Multi Playback Volume", "H/W Multi Capture Volume", "IEC958 Multi Capture Volume":
			e.Law = mask7
		case "Multi Track Volume Rate":
			e.Law = mask8
		case "H/W Playback Route", "IEC958 Playback Route":
			e.Law = first
		case "Multi Track Internal Clock":
			e.Law = modulo
			if of, ok := at["Multi Track Internal Clock Default"]; ok { // an ICE1724 has none
				e.Quirk, e.Of = clock, of
			}
		case "Multi Track Internal Clock Default", "Deemphasis":
			e.Law = modulo
		case "IEC958 Playback PCM Stream":
			e.Quirk, e.Of = echo, at["IEC958 Playback Default"]
		case "Multi Track Peak":
			e.Quirk = clears
		default:
			if e.Type == typeBoolean {
				e.Law = truth
			}
		}
	}
}
