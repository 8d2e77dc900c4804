package alsa

import "testing"

func TestLimits(t *testing.T) {
	capture, playback := envy24Limits()
	for _, c := range []struct {
		l                              *Limits
		channels, rate, block, periods int
		want                           string
	}{
		{capture, 12, 48000, 1024, 3, ""},
		{capture, 0, 0, 0, 0, ""},
		{capture, 2, 0, 0, 0, "2 channels: the card has 12, no more and no fewer"},
		{playback, 0, 192000, 0, 0, "rate 192000: the card has 8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000"},
		{capture, 0, 0, 4096, 2, "block 4096: the card takes 2 to 2730 frames"},
		{capture, 0, 0, 2048, 3, "3 periods of 2048 frames: the card's buffer holds 5461"},
		{playback, 0, 0, 2048, 3, ""},
		{&Limits{MinChannels: 1, MaxChannels: 2}, 3, 0, 0, 0, "3 channels: the card has 1 to 2"},
	} {
		got := ""
		if err := c.l.Check(c.channels, c.rate, c.block, c.periods); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: %q, want %q", c, got, c.want)
		}
	}
}
