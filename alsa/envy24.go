package alsa

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The drivers of the Envy24 family: Delta 1010LT and its relatives, and the
// Envy24HT and PT, which have clocks, routes and meters, but no monitor mixer.
const (
	ICE1712 = "ICE1712"
	ICE1724 = "ICE1724"
)

// Envy24 reports whether a driver is one of the family.
func Envy24(driver string) bool { return driver == ICE1712 || driver == ICE1724 }

const (
	peakName  = "Multi Track Peak" // the 22 peak meters
	clockName = "Multi Track Internal Clock"
)

// ClearsOnRead reports whether reading the element changes it: the peak meters
// start anew, so that two readers take peaks from each other.
func ClearsOnRead(id ID) bool { return id.Name == peakName }

// echoes reports whether the element reads as another: the status of the
// S/PDIF stream always reads as the default status.
func echoes(id ID) bool { return id.Name == "IEC958 Playback PCM Stream" }

// silent reports whether the driver changes the element without an event.
func silent(id ID) bool {
	switch id.Name {
	case clockName, clockName + " Default", "Multi Track Rate Locking",
		"Multi Track Rate Reset", "Word Clock Status":
		return true
	}
	return false
}

// Refine adds to all elements of a card what the driver does not say of each:
// a name that no other has, and what the hardware documents. The S/PDIF strips
// of an ICE1712's monitor mixer have the scale of the others, and the analog
// gain of its AK4524 converters ends at +18 dB, value 163, where the driver
// offers 164.
func Refine(driver string, elements []*Element) {
	nameAlone(elements)
	if driver != ICE1712 {
		return
	}
	for _, e := range elements {
		switch {
		case e.Name == "IEC958 Multi Capture Volume" && e.Scale.None():
			e.Scale = Steps(e.Min, e.Max, -144, 1.5, false)
		case e.Name == "ADC Volume" && e.Max == 164:
			e.Limit = 163
		}
	}
}

// The monitor mixer of an ICE1712 has a strip for each playback channel and
// each input. A strip has two sends, to the left and to the right of the mix,
// each with a switch and an attenuator. It never changes what is recorded.

// Strip is a channel strip of the monitor mixer. Playback channels are pcm1 to
// pcm10, of which 9 and 10 are the S/PDIF pair; inputs are in1..., spdif-l,
// spdif-r.
type Strip struct {
	Name           string
	Volume, Switch *Element // two channels each: left, right
}

// Strips lists the strips of the monitor mixer; a card without has none.
func Strips(elements []*Element) []Strip {
	var strips []Strip
	for _, kind := range []struct {
		element string
		name    func(index int) string
	}{
		{"Multi Playback", func(i int) string { return fmt.Sprint("pcm", i+1) }},
		{"H/W Multi Capture", inputName},
		{"IEC958 Multi Capture", sideName},
	} {
		for _, volume := range family(elements, kind.element+" Volume") {
			for _, sw := range family(elements, kind.element+" Switch") {
				if sw.Index == volume.Index && sw.Count == 2 && volume.Count == 2 {
					strips = append(strips, Strip{kind.name(volume.Index), volume, sw})
				}
			}
		}
	}
	return strips
}

func inputName(i int) string { return fmt.Sprint("in", i+1) }

func sideName(i int) string { return [2]string{"spdif-l", "spdif-r"}[i&1] }

// family lists the mixer elements of a name in the order of their indices,
// those that could be read.
func family(elements []*Element, name string) []*Element {
	var f []*Element
	for _, e := range elements {
		if e.Name == name && e.Iface == IfaceMixer && e.Value != nil {
			f = append(f, e)
		}
	}
	slices.SortFunc(f, func(a, b *Element) int { return a.Index - b.Index })
	return f
}

// Output is a socket of the card and the element that says what feeds it: its
// own playback channel, an input, or the mix. Sockets are out1..., spdif-l,
// spdif-r.
type Output struct {
	Name  string
	Route *Element
	own   string // the playback channel that "PCM Out" stands for
}

// Outputs lists the outputs that can be routed.
func Outputs(elements []*Element) []Output {
	var outputs []Output
	for _, e := range family(elements, "H/W Playback Route") {
		outputs = append(outputs, Output{fmt.Sprint("out", e.Index+1), e, fmt.Sprint("pcm", e.Index+1)})
	}
	for _, e := range family(elements, "IEC958 Playback Route") {
		outputs = append(outputs, Output{sideName(e.Index), e, fmt.Sprint("pcm", e.Index+9)})
	}
	return outputs
}

// Source is the name of what an item of the route stands for: pcm3, in1,
// spdif-l, mix. Items that are none of these keep their own name.
func (o Output) Source(item int64) string {
	if item < 0 || item >= int64(len(o.Route.Items)) {
		return fmt.Sprint("#", item)
	}
	switch name := o.Route.Items[item]; name {
	case "PCM Out":
		return o.own
	case "IEC958 In L":
		return sideName(0)
	case "IEC958 In R":
		return sideName(1)
	case "Digital Mixer":
		return "mix"
	default:
		var n int
		if _, err := fmt.Sscanf(name, "H/W In %d", &n); err == nil {
			return inputName(n)
		}
		return name
	}
}

// Sources lists what can feed the output.
func (o Output) Sources() []string {
	s := make([]string, len(o.Route.Items))
	for i := range s {
		s[i] = o.Source(int64(i))
	}
	return s
}

// Item is the item of the route that a source stands for; "pcm" is the
// output's own playback channel.
func (o Output) Item(source string) (int64, error) {
	if source == "pcm" {
		source = o.own
	}
	sources := o.Sources()
	i := slices.IndexFunc(sources, func(s string) bool { return strings.EqualFold(s, source) })
	if i < 0 {
		return 0, fmt.Errorf("%s: %q cannot feed it, only %s", o.Name, source, strings.Join(sources, ", "))
	}
	return int64(i), nil
}

// Level is the level of a socket, in its converter: out1... of the DAC, in1...
// of the ADC. Above 0 dB an input's level is analog gain.
type Level struct {
	Name    string
	Element *Element
}

// Levels lists the levels of the sockets, outputs first.
func Levels(elements []*Element) []Level {
	var levels []Level
	for _, e := range family(elements, "DAC Volume") {
		levels = append(levels, Level{fmt.Sprint("out", e.Index+1), e})
	}
	for _, e := range family(elements, "ADC Volume") {
		levels = append(levels, Level{inputName(e.Index), e})
	}
	return levels
}

// Operating levels of M-Audio's own panel: what each is in dB, at an input and
// at an output. The inputs' are those of the OSS driver; the outputs' mirror
// them.
var operating = map[string]struct{ in, out float64 }{
	"+4dbu":    {0, 0},
	"consumer": {6, -6},
	"-10dbv":   {12, -12},
}

// Parse reads the words of a level: what Element.Parse takes, and the operating
// levels +4dBu, consumer and -10dBV.
func (l Level) Parse(words ...string) (Value, error) {
	if len(words) == 1 {
		if o, ok := operating[strings.ReplaceAll(strings.ToLower(words[0]), "\u2212", "-")]; ok {
			db := o.out
			if strings.HasPrefix(l.Name, "in") {
				db = o.in
			}
			words = []string{fmt.Sprintf("%gdB", db)}
		}
	}
	return l.Element.Parse(l.Element.Value, words...)
}

// Select returns the places of the names that spec means: NAME, PREFIX1-4 for
// several numbers, PREFIX for all its numbers, "all", and any of these joined by
// commas.
func Select(names []string, spec string) ([]int, error) {
	var at []int
	add := func(name string) error {
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
		if i < 0 {
			return fmt.Errorf("%q: %w; there are %s", name, ErrNotFound, strings.Join(names, ", "))
		}
		if !slices.Contains(at, i) {
			at = append(at, i)
		}
		return nil
	}
	for part := range strings.SplitSeq(spec, ",") {
		prefix := strings.TrimRight(part, "-0123456789")
		from, to, several := strings.Cut(part[len(prefix):], "-")
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		switch {
		case part == "all" || part == prefix && slices.Contains(names, part+"1"):
			for _, n := range names {
				if part == "all" || strings.Trim(strings.TrimPrefix(n, prefix), "0123456789") == "" {
					add(n)
				}
			}
		case several && err1 == nil && err2 == nil:
			if last < first || last > first+len(names) {
				return nil, fmt.Errorf("%q: want a range such as %s1-4", part, prefix)
			}
			for n := first; n <= last; n++ {
				if err := add(fmt.Sprint(prefix, n)); err != nil {
					return nil, err
				}
			}
		default:
			if err := add(part); err != nil {
				return nil, err
			}
		}
	}
	return at, nil
}

// Pan is the levels of the two sends for a strip at db and a place from -1,
// left, over 0 to 1, right: the near side stays at db, the far side goes down
// in a straight line to silence.
func Pan(db, place float64) (left, right float64) {
	far := db + 20*math.Log10(1-math.Abs(place))
	if place < 0 {
		return db, far
	}
	return far, db
}
