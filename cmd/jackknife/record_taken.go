package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jackknife/rt"
	"jackknife/wav"
)

// taken is a finished recording.
type taken struct {
	file    string   // the take's name; split takes have none of that name
	files   []string // what there is of it
	rateHz  int
	ring    time.Duration
	tracks  []string // track of each channel; nil: none has a name
	sources []string // full port name of each channel's output, or of the take's own input
	report  rt.Report
	marks   []wav.Mark
	clips   []int64 // samples at full scale, by channel
	events  string  // the file that they are noted in, if there were any
}

// summary says on w what a recording came to.
func (t taken) summary(w io.Writer, quiet bool) {
	r := t.report
	if !quiet {
		fmt.Fprintf(w, "%s: %d frames, %s, %s at %d Hz\n", strings.Join(t.files, ", "), r.Frames, clock(r.Frames, t.rateHz), plural(len(t.sources), "channel"), t.rateHz)
		fmt.Fprintf(w, "%s, %s, worst ring fill %v of %v\n", plural(len(r.Gaps), "gap"), plural(r.XrunCount(), "xrun"),
			r.RingPeak.Round(time.Millisecond), t.ring)
		for _, m := range t.marks {
			fmt.Fprintf(w, "mark at %s: %s\n", clock(m.Frame, t.rateHz), m.Label)
		}
		for i, n := range t.clips {
			if n > 0 {
				fmt.Fprintf(w, "channel %d (%s): %s at full scale\n", i+1, t.sources[i], plural(int(n), "sample"))
			}
		}
	}
	const shown = 20
	for i, g := range r.Gaps {
		if i == shown {
			fmt.Fprintf(w, "and %d gaps more, in %s\n", len(r.Gaps)-shown, t.events)
			break
		}
		cause := "the client came too late"
		switch {
		case g.Full > 0:
			cause = "the ring was full"
		case g.About:
			cause = "the device had to begin anew; the length is by the machine's clock"
		}
		fmt.Fprintf(w, "gap at %s (frame %d): %d frames, %.3f s: %s\n", clock(g.At, t.rateHz), g.At, g.Frames, float64(g.Frames)/float64(t.rateHz), cause)
	}
}

// markJSON is a mark for machines.
type markJSON struct {
	At    int64  `json:"at"` // frame of the take
	Label string `json:"label"`
}

// json writes the summary as one object.
func (t taken) json(w io.Writer) error {
	gaps := t.report.Gaps
	if gaps == nil {
		gaps = []rt.Gap{}
	}
	marks := []markJSON{}
	for _, m := range t.marks {
		marks = append(marks, markJSON{m.Frame, m.Label})
	}
	return json.NewEncoder(w).Encode(struct {
		File       string     `json:"file"`
		Files      []string   `json:"files"`
		RateHz     int        `json:"rate_hz"`
		Channels   []string   `json:"channels"`
		Tracks     []string   `json:"tracks,omitempty"`
		Frames     int64      `json:"frames"`
		LostFrames int64      `json:"lost_frames"`
		Gaps       []rt.Gap   `json:"gaps"`
		Xruns      int        `json:"xruns"`
		Marks      []markJSON `json:"marks"`
		Clips      []int64    `json:"clips"`
		RingS      float64    `json:"ring_s"`
		RingPeakS  float64    `json:"ring_peak_s"`
	}{t.file, t.files, t.rateHz, t.sources, t.tracks, t.report.Frames, t.report.Lost(), gaps, t.report.XrunCount(), marks, t.clips,
		t.ring.Seconds(), t.report.RingPeak.Seconds()})
}

// gapsError is nil for a take without gaps.
func (t taken) gapsError() error {
	n := len(t.report.Gaps)
	if n == 0 {
		return nil
	}
	lost := t.report.Lost()
	return &failure{
		code: exitWithGaps,
		err:  fmt.Errorf("%s: %d frames (%.3f s) are lost in %s", t.file, lost, float64(lost)/float64(t.rateHz), plural(n, "gap")),
		hint: "silence stands in their place; " + t.events + " has the positions",
	}
}

// plural counts things: 1 gap, 2 gaps.
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// sidecarName is the file that the events of a take are noted in.
func sidecarName(take string) string {
	return strings.TrimSuffix(take, filepath.Ext(take)) + ".events.jsonl"
}

// sidecar notes the events of a take while it is recorded, one JSON object a
// line. The file is made with the first event, so a take without any has none.
// What cannot be written now, to a full disk, is written with the next event.
type sidecar struct {
	take    taken     // file, rate, tracks and sources; the report is not used
	began   time.Time // when its first frame was heard
	first   int64     // frame of the take at which the recording begins: not 0 in a punch
	file    *os.File
	gaps    int // noted so far
	xruns   int
	lines   []byte // all of them
	written int    // bytes of these that are in the file
	err     error  // why not all
}

// note writes what is new in the report, and reports whether that is all of it:
// a gap is noted when its silence is written.
func (s *sidecar) note(r rt.Report) bool {
	for ; s.xruns < len(r.Xruns); s.xruns++ {
		x := r.Xruns[s.xruns]
		x.At += s.first
		s.line("xrun", x)
	}
	for ; s.gaps < len(r.Gaps) && r.Gaps[s.gaps].At+r.Gaps[s.gaps].Frames <= r.Frames; s.gaps++ {
		g := r.Gaps[s.gaps]
		g.At += s.first
		s.line("gap", g)
	}
	return s.gaps == len(r.Gaps)
}

// begun reports whether there was anything to note.
func (s *sidecar) begun() bool { return len(s.lines) > 0 }

// end notes how the recording ended, where there was anything to note.
func (s *sidecar) end(r rt.Report, cause error) error {
	s.note(r)
	if cause != nil || s.begun() {
		why := "stopped"
		if cause != nil {
			why = cause.Error()
		}
		s.line("stop", struct {
			Frames int64  `json:"frames"`
			Why    string `json:"why"`
		}{s.first + r.Frames, why})
	}
	if s.file != nil {
		s.err = errors.Join(s.err, s.file.Sync(), s.file.Close())
	}
	return s.err
}

func (s *sidecar) line(event string, what any) {
	if !s.begun() {
		s.add("start", s.began, struct {
			Take     string   `json:"take"`
			RateHz   int      `json:"rate_hz"`
			Channels []string `json:"channels"`
			Tracks   []string `json:"tracks,omitempty"`
		}{filepath.Base(s.take.file), s.take.rateHz, s.take.sources, s.take.tracks})
	}
	s.add(event, time.Now(), what)
	s.write()
}

func (s *sidecar) add(event string, at time.Time, what any) {
	b, err := json.Marshal(what)
	if err != nil {
		s.err = err
		return
	}
	head := fmt.Sprintf(`{"event":%q,"time":%q,`, event, at.Format(time.RFC3339Nano))
	s.lines = append(append(append(s.lines, head...), b[1:]...), '\n')
}

// write brings to the file what is not in it.
func (s *sidecar) write() {
	if s.file == nil {
		s.file, s.err = os.OpenFile(sidecarName(s.take.file), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
		if s.err != nil {
			s.file = nil
			return
		}
	}
	n, err := s.file.Write(s.lines[s.written:])
	s.written, s.err = s.written+n, err
}

// spill goes on in a folder: all events are there, from the first. The file on
// the full disk has those that fit.
func (s *sidecar) spill(folder string) {
	if s.file != nil {
		s.file.Close()
		if s.written == 0 {
			os.Remove(s.file.Name())
		}
	}
	s.take.file = filepath.Join(folder, filepath.Base(s.take.file))
	s.file, s.written = nil, 0
}
