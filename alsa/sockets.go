package alsa

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An ICE1712 has always 12 capture and 10 playback channels: eight analog ones,
// S/PDIF, and at the end of capture the monitor mix. What a card has no socket
// for is silent.

// box is how many analog sockets a model has, and what they are.
type box struct {
	card          string // as the driver names it
	in, out       int
	xlr           int    // of the inputs, so many are XLR
	inKind, mouth string // what the inputs and outputs are called on the card
	spdif         bool
}

// boxes are the models whose sockets are known (the driver's codec tables,
// linux/sound/pci/ice1712/delta.c, and the makers' manuals).
var boxes = map[string]box{
	"delta1010lt":    {"M Audio Delta 1010LT", 8, 8, 2, "RCA", "RCA out", true},
	"delta1010":      {"M Audio Delta 1010", 8, 8, 0, "in", "out", true},
	"delta66":        {"M Audio Delta 66", 4, 4, 0, "in", "out", true},
	"delta44":        {"M Audio Delta 44", 4, 4, 0, "in", "out", false},
	"delta410":       {"M Audio Delta 410", 2, 8, 0, "RCA", "RCA out", true},
	"audiophile2496": {"M Audio Audiophile 24/96", 2, 2, 0, "RCA", "RCA out", true},
	"dio2496":        {"M Audio Delta DiO 2496", 0, 4, 0, "", "RCA out", true},
	"vx442":          {"Digigram VX442", 4, 4, 0, "in", "out", true},
}

// Models lists the models that Sockets knows.
func Models() []string { return slices.Sorted(maps.Keys(boxes)) }

// Model is the name by which Sockets knows the card, or "".
func (c Card) Model() string {
	for model, b := range boxes {
		if c.Driver == ICE1712 && strings.EqualFold(c.Name, b.card) {
			return model
		}
	}
	return ""
}

// Sockets names the sockets of a model in the order of its channels, "" where a
// channel has none: of a Delta 1010LT capture 1 is "XLR 1", capture 11 "monitor
// mix L", playback 3 "RCA out 3". A model that is not known is ErrNotFound.
func Sockets(model string) (captures, playbacks []string, err error) {
	b, ok := boxes[strings.ToLower(model)]
	if !ok {
		return nil, nil, fmt.Errorf("model %s: %w; there are %s", model, ErrNotFound, strings.Join(Models(), ", "))
	}
	captures, playbacks = make([]string, 12), make([]string, 10)
	for i := range b.in {
		kind := b.inKind
		if i < b.xlr {
			kind = "XLR"
		}
		captures[i] = fmt.Sprint(kind, " ", i+1)
	}
	for i := range b.out {
		playbacks[i] = fmt.Sprint(b.mouth, " ", i+1)
	}
	for side, letter := range []string{"L", "R"} {
		if b.spdif {
			captures[8+side], playbacks[8+side] = "S/PDIF "+letter, "S/PDIF out "+letter
		}
		captures[10+side] = "monitor mix " + letter
	}
	return captures, playbacks, nil
}
