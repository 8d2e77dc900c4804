package alsa

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits is what a card's PCM can do in one direction. Frames are counted, not
// bytes.
type Limits struct {
	MinChannels, MaxChannels int
	RatesHz                  []int
	MinBlock, MaxBlock       int // of a period
	MaxBuffer                int // all periods together
}

// Check returns an error when the card cannot run like that. What is 0 is not
// asked for.
func (l Limits) Check(channels, rateHz, block, periods int) error {
	switch {
	case channels != 0 && (channels < l.MinChannels || channels > l.MaxChannels):
		return fmt.Errorf("%d channels: the card has %s", channels, between(l.MinChannels, l.MaxChannels))
	case rateHz != 0 && !slices.Contains(l.RatesHz, rateHz):
		rates := make([]string, len(l.RatesHz))
		for i, r := range l.RatesHz {
			rates[i] = strconv.Itoa(r)
		}
		return fmt.Errorf("rate %d: the card has %s", rateHz, strings.Join(rates, ", "))
	case block != 0 && (block < l.MinBlock || block > l.MaxBlock):
		return fmt.Errorf("block %d: the card takes %s frames", block, between(l.MinBlock, l.MaxBlock))
	case block != 0 && periods != 0 && block*periods > l.MaxBuffer:
		return fmt.Errorf("%d periods of %d frames: the card's buffer holds %d", periods, block, l.MaxBuffer)
	}
	return nil
}

func between(low, high int) string {
	if low == high {
		return fmt.Sprintf("%d, no more and no fewer", low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

// standardRates are what cards may be asked for.
var standardRates = []int{8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176400, 192000}

// envy24Limits are those of every ICE1712: 12 channels in, 10 out, up to
// 96 kHz (Linux 6.1, sound/pci/ice1712/ice1712.c, in frames of those channels).
func envy24Limits() (capture, playback *Limits) {
	rates := standardRates[:13]
	return &Limits{12, 12, rates, 2, 2730, 5461}, &Limits{10, 10, rates, 2, 3276, 6553}
}
