package main

import (
	"os"
	"time"

	"jackknife/editor"
	"jackknife/jackgraph"
)

// along is what is played while a take is recorded: all of a file, for an
// overdub, or the end of a take up to where it went wrong, for a punch.
type along struct {
	file  string // "": nothing
	punch bool
	at    *editor.Duration // of a punch; nil: at the end of the take
	roll  time.Duration    // played before that
	to    []jackgraph.Selector
}

// alongFlags are record's flags that say what is played along.
type alongFlags struct {
	overdub, punch, at string
	roll               time.Duration
	to                 []string
}

const (
	minRoll = 100 * time.Millisecond // the seam borrows from what is recorded meanwhile
	maxRoll = 10 * time.Minute
)

// read makes sense of the flags.
func (f alongFlags) read(r *recording) (err error) {
	a := &r.along
	switch {
	case f.overdub != "" && f.punch != "":
		return usagef("--overdub and --punch: choose one")
	case f.overdub == "" && f.punch == "":
		if f.at != "" || len(f.to) > 0 {
			return usagef("--at and --to: go with --punch or --overdub")
		}
		return nil
	case r.device != "":
		return usagef("--device: --overdub and --punch need a JACK server")
	case r.waits() || r.takes != "":
		return usagef("--overdub and --punch: the take begins when the other does; --wait, --begin, --on-signal, --with-transport and --takes do not go with that")
	case f.overdub != "" && f.at != "":
		return usagef("--at: goes with --punch; an overdub begins where its backing does")
	case f.punch != "" && (r.split || r.bits != 32 || r.dither):
		return usagef("--punch: the new take is like the old one; --split, --bits and --dither do not go with that")
	case f.roll < minRoll || f.roll > maxRoll:
		return usagef("--roll %v: from %v to %v", f.roll, minRoll, maxRoll)
	}
	if a.to, err = parseSelectors(f.to); err != nil {
		return err
	}
	a.file, a.punch, a.roll = f.overdub+f.punch, f.punch != "", f.roll
	if f.at != "" {
		at, err := editor.ParseDuration(f.at)
		if err != nil {
			return usagef("--at %q: %w", f.at, err)
		}
		a.at = &at
	}
	return nil
}

// vacant checks that what is going to be written is not there yet.
func (want recording) vacant() error {
	names := []string{want.file}
	if want.along.punch {
		names = append(names, sidecarOf(want.file), want.wholeFile(), want.passFile())
	}
	for _, name := range names {
		if _, err := os.Lstat(name); err == nil {
			return takeFailure(name, os.ErrExist)
		}
	}
	return nil
}
