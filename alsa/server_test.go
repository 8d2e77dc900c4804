package alsa

import (
	"strings"
	"testing"
)

// What jackd would fail at on an Envy24 card is found, and mended no further
// than it must be.
func TestServerLine(t *testing.T) {
	card := Card{Number: 1, ID: "M1010LT", Driver: ICE1712}
	for line, want := range map[string]string{
		"jackd -d alsa -d hw:M1010LT -r 48000 -p 1024 -n 3":         "ok",
		"/usr/bin/jackd -dalsa -r44100 -p2048 -n2 -D -Chw:1 -Phw:1": "ok",
		"jackd -R -P 70 -d alsa --device hw:1,0 --rate=96000":       "ok",
		"jackd -d alsa -d hw:CARD=M1010LT,DEV=0":                    "ok",
		"jackd -d alsa -d hw:1 -p 4096":                             "block 4096: the card takes 2 to 2730 frames | jackd -d alsa -d hw:1 -p 2048 -n 2",
		"jackd -d alsa -d hw:1 -p2048 -n3 -H":                       "3 periods of 2048 frames: the card's buffer holds 5461 | jackd -d alsa -d hw:1 -H -p 1024 -n 3",
		"jackd -d alsa -d hw:1 -i 2 -o2 -r 192000": "2 channels: the card has 12, no more and no fewer | " +
			"rate 192000: the card has 8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000 | " +
			"2 channels: the card has 10, no more and no fewer | jackd -d alsa -d hw:1 -r 48000",
		"jackd -d alsa -P hw:1 -p 2048 -n 3": "ok",
		"jackd -d alsa -P hw:1 -p 3000":      "ok",
		"jackd -d alsa -C hw:1 -p 3000":      "block 3000: the card takes 2 to 2730 frames | jackd -d alsa -C hw:1 -p 1500 -n 2",
		"jackd -d alsa -d hw:0":              "other",
		"jackd -d alsa":                      "other",
		"jackd -d dummy -p 4096":             "other",
		"jackdaw -d alsa -d hw:1":            "other",
		"jackd":                              "other",
		"":                                   "other",
		"jackd -d alsa -d hw:1 -p":           "ok",
		"jackd -d alsa -d hw:1 - x --y=":     "ok",
	} {
		got := "other"
		if l, ok := parseServer(strings.Fields(line)); ok && l.of(card) {
			if words := strings.Join(l.words(), " "); words != line {
				t.Errorf("%q becomes %q", line, words)
			}
			right, wrong := l.mended(envy24Limits())
			if got = "ok"; len(wrong) > 0 {
				got = strings.Join(append(wrong, strings.Join(right.words(), " ")), " | ")
			}
			if _, wrong := right.mended(envy24Limits()); len(wrong) > 0 {
				t.Errorf("%s: mended it is still wrong: %v", line, wrong)
			}
		}
		if got != want {
			t.Errorf("%s: %s\nwant %s", line, got, want)
		}
	}
}

func TestExamineUse(t *testing.T) {
	card := Card{Number: 0, ID: "M1010LT", Driver: ICE1712}
	server := strings.Fields("jackd -d alsa -d hw:0 -r 48000 -H")
	use := Use{
		Programs: []Program{{10, "jackd", server, []string{"pcmC0D0p"}}, {11, "mudita24", []string{"mudita24"}, []string{"controlC0"}},
			{12, "alsamixer", []string{"alsamixer"}, []string{"controlC0"}}, {13, "pipewire", []string{"pipewire"}, []string{"pcmC0D0c"}},
			{14, "aplay", []string{"aplay"}, []string{"pcm"}}},
		Streams: []Stream{{PID: 10, RateHz: 44100}, {PID: 13, RateHz: 48000, Capture: true}, {PID: 14, RateHz: 48000}},
	}
	var got []string
	for _, f := range examineUse(card, use) {
		var mend []string
		for _, words := range f.Mend {
			mend = append(mend, strings.Join(words, " "))
		}
		got = append(got, f.Text+" => "+strings.Join(mend, "; "))
	}
	want := []string{
		"jackd (process 10) runs with -H and sets the card's routes itself => kill 10; jackd -d alsa -d hw:0 -r 48000",
		"jackd (process 10) was asked for 48000 Hz and runs at 44100 without a word => kill 10; jackknife card clock -c M1010LT 48000 --lock off; jackd -d alsa -d hw:0 -r 48000 -H",
		"mudita24 (process 11) reads the meters: whoever reads takes the peaks from the others => kill 11",
		"pipewire (process 13) has the card: jackd cannot open it, and its rate may change => systemctl --user stop pipewire.socket pipewire.service",
		"aplay (process 14) has the card: no other program can play or record with it => kill 14",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestParseStream(t *testing.T) {
	s, open := parseStream("access: MMAP_INTERLEAVED\nformat: S32_LE\nsubformat: STD\nchannels: 10\nrate: 48000 (48000/1)\nperiod_size: 1024\nbuffer_size: 2048\n",
		"state: RUNNING\nowner_pid   : 178\ntrigger_time: 16.504387872\n")
	if want := (Stream{PID: 178, RateHz: 48000, Channels: 10, Block: 1024, Buffer: 2048}); s != want || !open {
		t.Errorf("%+v %v", s, open)
	}
	if s, open := parseStream("closed\n", "closed\n"); open {
		t.Errorf("closed, yet %+v", s)
	}
}
