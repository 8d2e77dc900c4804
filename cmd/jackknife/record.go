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

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
	"jackknife/rt"
)

// recording is what the user asks of record.
type recording struct {
	file     string
	from     []jackgraph.Selector
	channels int // without from
	length   time.Duration
	client   string
	ring     time.Duration
	quiet    bool
	dry      bool
	asJSON   bool
}

func recordCommand(s *streams) *cobra.Command {
	var r recording
	var from []string
	c := &cobra.Command{
		Use:   "record TAKE",
		Short: "Record a take from JACK",
		Long: `Record a take from JACK, as 32-bit float WAV at the server's rate. --from names
the outputs to record, one channel each, in order. Without it the take has
--channels inputs of its own, to be connected by others.

Ctrl-C ends the take, as do TERM, HUP (a lost terminal) and QUIT: everything
that was played until then is written. While it is recorded the take is called
TAKE.part.wav; that file opens at any time. No file is ever overwritten.

Frames that are lost (a disk that stalls for longer than the ring lasts, a
machine too busy) are counted and replaced by as much silence, so that the take
stays as long as the clock ran. The summary and TAKE.events.jsonl say where, and
the exit code is 6. An xrun is not a loss; it is counted apart. What never came
to the recorder it cannot know: between programs, JACK2 is only exact in its
synchronous mode (jackd -S).
If the server ends, the take is finished, and the exit code is 3.`,
		Example: `  jackknife record take.wav --from system:capture_1
  jackknife record band.wav --from 'system:capture_{1..8}' --for 10m
  jackknife record take.wav --channels 2 --name voice   # then connect voice:in_1, voice:in_2`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which file? Name the take to record")
			}
			return oneTake(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			r.file = args[0]
			switch {
			case len(from) > 0 && c.Flags().Changed("channels"):
				return usagef("--from and --channels: choose one, every port of --from is a channel")
			case r.channels < 1 || r.channels > maxChannels:
				return usagef("--channels %d: 1 to %d", r.channels, maxChannels)
			case c.Flags().Changed("for") && r.length <= 0:
				return usagef("--for %v: the take would be empty", r.length)
			case r.ring <= 0 || r.ring > maxRing:
				return usagef("--ring %v: more than nothing, at most %v", r.ring, maxRing)
			case r.client == "":
				return usagef("--name: a client needs a name")
			}
			var err error
			if r.from, err = parseSelectors(from); err != nil {
				return err
			}
			return record(c.Context(), s, r)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&from, "from", nil, "outputs to record, by selector; may be given more than once")
	f.IntVar(&r.channels, "channels", 1, "channels, where there is no --from")
	f.DurationVar(&r.length, "for", 0, "length of the take, exact to the frame (30s, 1h10m)")
	f.StringVar(&r.client, "name", "jackknife-record", "name of the JACK client")
	f.DurationVar(&r.ring, "ring", rt.DefaultRing, "audio that is kept while the disk stalls")
	f.BoolVarP(&r.quiet, "quiet", "q", false, "no progress and no summary; losses and errors are told all the same")
	f.BoolVarP(&r.dry, "dry-run", "n", false, "show what would be recorded")
	f.BoolVar(&r.asJSON, "json", false, "print the summary as one JSON object")
	serverFlag(c)
	c.RegisterFlagCompletionFunc("from", func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completePorts(toComplete, jackgraph.Output)
	})
	return c
}

const (
	maxChannels = 1024            // more ports than a JACK client can have
	maxRing     = 5 * time.Minute // populated memory, 4 bytes a sample
)

// taken is a finished recording.
type taken struct {
	file    string
	rateHz  int
	ring    time.Duration
	sources []string // full port name of each channel's output, or of the take's own input
	report  rt.Report
}

// summary says on w what a recording came to.
func (t taken) summary(w io.Writer, quiet bool) {
	r := t.report
	if !quiet {
		fmt.Fprintf(w, "%s: %d frames, %s, %s at %d Hz\n", t.file, r.Frames, clock(r.Frames, t.rateHz), plural(len(t.sources), "channel"), t.rateHz)
		fmt.Fprintf(w, "%s, %s, worst ring fill %v of %v\n", plural(len(r.Gaps), "gap"), plural(r.XrunCount(), "xrun"),
			r.RingPeak.Round(time.Millisecond), t.ring)
	}
	const shown = 20
	for i, g := range r.Gaps {
		if i == shown {
			fmt.Fprintf(w, "and %d gaps more, in %s\n", len(r.Gaps)-shown, sidecarName(t.file))
			break
		}
		cause := "the client came too late"
		if g.Full > 0 {
			cause = "the ring was full"
		}
		fmt.Fprintf(w, "gap at %s (frame %d): %d frames, %.3f s: %s\n", clock(g.At, t.rateHz), g.At, g.Frames, float64(g.Frames)/float64(t.rateHz), cause)
	}
}

// json writes the summary as one object.
func (t taken) json(w io.Writer) error {
	gaps := t.report.Gaps
	if gaps == nil {
		gaps = []rt.Gap{}
	}
	return json.NewEncoder(w).Encode(struct {
		File       string   `json:"file"`
		RateHz     int      `json:"rate_hz"`
		Channels   []string `json:"channels"`
		Frames     int64    `json:"frames"`
		LostFrames int64    `json:"lost_frames"`
		Gaps       []rt.Gap `json:"gaps"`
		Xruns      int      `json:"xruns"`
		RingS      float64  `json:"ring_s"`
		RingPeakS  float64  `json:"ring_peak_s"`
	}{t.file, t.rateHz, t.sources, t.report.Frames, t.report.Lost(), gaps, t.report.XrunCount(),
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
		hint: "silence stands in their place; " + sidecarName(t.file) + " has the positions",
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
type sidecar struct {
	take  taken // file, rate and sources; the report is not used
	file  *os.File
	gaps  int // noted so far
	xruns int
	err   error // of the first note that failed; recording goes on
}

// note writes what is new in the report. A gap is noted when its silence is
// written.
func (s *sidecar) note(r rt.Report) {
	for ; s.xruns < len(r.Xruns); s.xruns++ {
		s.line("xrun", r.Xruns[s.xruns])
	}
	for ; s.gaps < len(r.Gaps) && r.Gaps[s.gaps].At+r.Gaps[s.gaps].Frames <= r.Frames; s.gaps++ {
		s.line("gap", r.Gaps[s.gaps])
	}
}

// end notes how the recording ended, where there was anything to note.
func (s *sidecar) end(r rt.Report, cause error) error {
	s.note(r)
	if cause != nil || s.file != nil {
		why := "stopped"
		if cause != nil {
			why = cause.Error()
		}
		s.line("stop", struct {
			Frames int64  `json:"frames"`
			Why    string `json:"why"`
		}{r.Frames, why})
	}
	if s.file != nil {
		s.err = errors.Join(s.err, s.file.Sync(), s.file.Close())
	}
	return s.err
}

func (s *sidecar) line(event string, what any) {
	if s.err != nil {
		return
	}
	if s.file == nil {
		s.file, s.err = os.OpenFile(sidecarName(s.take.file), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
		if s.err != nil {
			return
		}
		s.line("start", struct {
			Take     string   `json:"take"`
			RateHz   int      `json:"rate_hz"`
			Channels []string `json:"channels"`
		}{filepath.Base(s.take.file), s.take.rateHz, s.take.sources})
		if s.err != nil {
			return
		}
	}
	b, err := json.Marshal(what)
	if err == nil {
		head := fmt.Sprintf(`{"event":%q,"time":%q,`, event, time.Now().Format(time.RFC3339Nano))
		_, err = s.file.WriteString(head + string(b[1:]) + "\n")
	}
	s.err = errors.Join(s.err, err)
}

// progress shows on a terminal, in one line, how a recording goes.
type progress struct {
	w      io.Writer
	rateHz int
	last   time.Time
}

func (p *progress) show(r rt.Report) {
	if p.w == nil || time.Since(p.last) < 200*time.Millisecond {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.w, "\r\x1b[K%s  %s  %s  ring %v", clock(r.Frames, p.rateHz), plural(len(r.Gaps), "gap"),
		plural(r.XrunCount(), "xrun"), r.RingPeak.Round(time.Millisecond))
}

func (p *progress) clear() {
	if p.w != nil && !p.last.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
