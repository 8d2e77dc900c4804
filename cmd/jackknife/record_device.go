package main

import (
	"fmt"
	"io"
	"strings"
)

// lineupOnDevice finds the channels of a take that is recorded from a device,
// and on which of its channels, counted from 1, each is heard.
func (r *recording) lineupOnDevice(from, tracks []string) (err error) {
	add := func(track, flag, text string) error {
		numbers, err := parseSockets(flag, text)
		for i, n := range numbers {
			port := fmt.Sprint("in_", n)
			switch {
			case track != "" && len(numbers) == 1:
				port = track
			case track != "":
				port = fmt.Sprintf("%s_%d", track, i+1)
			}
			r.sockets = append(r.sockets, n)
			r.heard = append(r.heard, channel{port: port, source: fmt.Sprintf("%s %d", r.device, n), track: track})
		}
		return err
	}
	for _, text := range tracks {
		name, numbers, ok := strings.Cut(text, "=")
		if !ok || name == "" || strings.ContainsAny(name, "/:\x00") {
			return usagef("--track %q: with --device, want NAME=CHANNELS, for instance voice=3", text)
		}
		for _, other := range r.heard {
			if other.track == name {
				return usagef("--track %s: two tracks of one name", name)
			}
		}
		if err := add(name, "--track", numbers); err != nil {
			return err
		}
	}
	for _, text := range from {
		if err := add("", "--from", text); err != nil {
			return err
		}
	}
	if len(r.sockets) == 0 {
		return add("", "--channels", fmt.Sprint("1..", r.channels))
	}
	return nil
}

// picker hands on some channels of the frames that it is given.
type picker struct {
	to    io.Writer
	width int   // channels of a frame
	picks []int // counted from 1
	buf   []byte
}

func (p *picker) Write(b []byte) (int, error) {
	frames := len(b) / (4 * p.width)
	if need := 4 * frames * len(p.picks); len(p.buf) < need {
		p.buf = make([]byte, need)
	}
	at := 0
	for i := range frames {
		for _, n := range p.picks {
			at += copy(p.buf[at:at+4], b[4*(i*p.width+n-1):])
		}
	}
	n, err := p.to.Write(p.buf[:at])
	return n / (4 * len(p.picks)) * 4 * p.width, err
}
