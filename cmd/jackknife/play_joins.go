package main

import (
	"fmt"
	"io"

	"jackknife/editor"
)

const (
	joinSeconds = 3         // heard before and after a join
	joinApart   = 1.0 / 2.0 // seconds of silence from one to the next
)

// join is a place of the edited take to listen to.
type join struct {
	editor.Span        // of the edited take: what is heard
	starts      int64  // frame of what is played at which it begins
	says        string // which it is
}

// joinsOf finds what is heard of the joins of a plan. An edit that is a long
// run of room tone has two: its middle is not heard.
func joinsOf(plan *editor.Plan, frames int64) []join {
	rate := plan.Take.RateHz
	around := int64(joinSeconds * rate)
	length := plan.Edits.Length(frames)
	var joins []join
	var shift, starts int64
	for i, e := range plan.Edits {
		add := func(from, to int64, at string) {
			j := join{Span: editor.Span{Start: max(0, from-around), End: min(length, to+around)}, starts: starts}
			what := fmt.Sprintf("%.3f s cut", float64(e.Len())/float64(rate))
			switch {
			case e.Fill > 0 && e.Len() > 0:
				what += fmt.Sprintf(", %.3f s of room tone", float64(e.Fill)/float64(rate))
			case e.Fill > 0:
				what = fmt.Sprintf("%.3f s of room tone", float64(e.Fill)/float64(rate))
			}
			j.says = fmt.Sprintf("%d of %d%s at %s: %s", i+1, len(plan.Edits), at, clock(from, rate), what)
			if e.Reason != "" {
				j.says += ": " + e.Reason
			}
			joins = append(joins, j)
			starts += j.Len() + joinSilence(rate)
		}
		from := e.Start + shift
		to := from + e.Fill
		if e.Fill <= 2*around {
			add(from, to, "")
		} else {
			add(from, from, ", beginning")
			add(to, to, ", end")
		}
		shift += e.Fill - e.Len()
	}
	return joins
}

func joinSilence(rateHz int) int64 { return int64(joinApart * float64(rateHz)) }

// joinReader reads the joins out of the edited take, silence between them. The
// take is read once: a join that begins inside the one before is copied from it.
type joinReader struct {
	io.ReadCloser // the edited take from its first frame on
	frameBytes    int64
	silence       int64 // frames between two joins
	joins         []join
	at            int64  // next frame of the edited take
	heard         []byte // the join before
	start         int64  // its first frame
	rest          []byte // not yet read of the join, and the silence before it
}

func (r *joinReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if len(r.joins) == 0 {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *joinReader) next() error {
	j := r.joins[0]
	r.joins = r.joins[1:]
	var head int64
	if r.heard != nil {
		head = r.silence * r.frameBytes
	}
	buf := make([]byte, head+j.Len()*r.frameBytes)
	window := buf[head:]
	done := 0
	if j.Start < r.at {
		done = copy(window, r.heard[(j.Start-r.start)*r.frameBytes:])
	} else {
		// What is passed over goes through the window.
		for skip := (j.Start - r.at) * r.frameBytes; skip > 0; {
			n, err := io.ReadFull(r.ReadCloser, window[:min(skip, int64(len(window)))])
			skip -= int64(n)
			if err != nil {
				return err
			}
		}
	}
	if _, err := io.ReadFull(r.ReadCloser, window[done:]); err != nil {
		return err
	}
	r.heard, r.start, r.at, r.rest = window, j.Start, j.End, buf
	return nil
}
