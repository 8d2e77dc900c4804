package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
	"jackknife/rt"
	"jackknife/wav"
)

// recording is what the user asks of record.
type recording struct {
	file     string // "": takes
	takes    string // folder of numbered takes
	inputs   []input
	channels int // without inputs
	split    bool
	bits     int  // 32 is float
	flac     bool // takes are FLAC
	dither   bool
	forms    map[string]trackForm // of the tracks that are not as bits and flac say
	heeded   []string             // tracks that onSignal and silence listen to; none: all
	length   time.Duration
	wait     bool          // for jackknife take start
	begins   time.Time     // by itself; zero: at once, or by an event
	onSignal float64       // level that begins a take; 0: none does
	rolls    bool          // with JACK's transport
	silence  time.Duration // below that level that ends it; 0: none does
	preRoll  time.Duration
	drops    bool      // a mark where the speaker claps or clicks
	along    along     // what is played meanwhile
	counted  bool      // channels were asked for
	device   string    // "": a JACK server
	rateHz   int       // of the device
	sockets  []int     // of the device, counted from 1
	heard    []channel // on these
	client   string
	ring     time.Duration
	spill    string
	quiet    bool
	dry      bool
	asJSON   bool
}

// isFLAC reports whether takes are FLAC files.
func (r *recording) isFLAC() bool {
	return r.flac || strings.EqualFold(filepath.Ext(r.file), ".flac")
}

// input is what the user names to record.
type input struct {
	track  string // "": a track a port
	ports  jackgraph.Selector
	follow bool // what the ports hear, not the ports
}

// waits reports whether recording begins by an event.
func (r *recording) waits() bool {
	return r.wait || r.takes != "" || r.onSignal > 0 || r.rolls || !r.begins.IsZero()
}

func recordCommand(s *streams) *cobra.Command {
	var r recording
	var from, tracks, follow []string
	var alongside alongFlags
	var onSignal, onMarker, begin string
	var formats []string
	c := &cobra.Command{
		Use:   "record TAKE",
		Short: "Record a take from JACK",
		Long: `Record a take from JACK, as 32-bit float WAV at the server's rate, or as 24-bit
FLAC where its name ends in .flac (with --takes: --flac). --from names the outputs
to record, one channel each, in order. --track NAME=PORTS gives them names, which
WAV files hold as well (iXML). --follow names inputs of other programs, and records
what is connected to these, now and later. Without any the take has --channels
inputs of its own, to be connected by others. --split writes a file for each track,
TAKE-NAME.wav, or for each channel.

Ctrl-C ends the take, as do TERM, HUP (a lost terminal) and QUIT: everything
that was played until then is written. While it is recorded the take is called
TAKE.part.wav; that file opens at any time. No file is ever overwritten. Of FLAC
a crash costs up to 1024 frames more than of WAV; it holds eight channels a file,
and no marks: these stand in TAKE.events.jsonl.

The take begins at once, or with --wait at jackknife take start, or with
--begin 20:15 at that time of day, or with --on-signal -40dB when a channel gets
as loud as that; --until-silence ends it when none has been for so long; --heed
has them listen to some tracks only. --with-transport: it begins when JACK's
transport rolls and ends when that stops, to the block. --pre-roll keeps the time
before in memory, and the take begins with it. With --takes FOLDER the program
stays, and makes take after take, numbered and with date and time in their names.
jackknife take start|stop|mark|status, in another shell, speaks to it; a mark
becomes a cue point of the take. The signal USR1 begins the take that waits and
marks the one that rolls, USR2 ends it. --on-marker drop drops one where
the speaker claps or snaps three times or presses a dog clicker, and says so some
two seconds later; jackknife marks finds them afterwards all the same.

Frames that are lost (a disk that stalls for longer than the ring lasts, a
machine too busy) are counted and replaced by as much silence, so that the take
stays as long as the clock ran. The summary and TAKE.events.jsonl say where, and
the exit code is 6. An xrun is not a loss; it is counted apart. What never came
to the recorder it cannot know: between programs, JACK2 is only exact in its
synchronous mode (jackd -S).
If the server ends, the take is finished, and the exit code is 3.

While a disk is full or fails, the audio waits in the ring, and recording goes
on as soon as there is room; with --spill FOLDER the take is continued there
before the ring is full.

--overdub BACKING plays a file meanwhile and goes on until Ctrl-C. What is sung to
it lines up with it to the frame, by the latencies that JACK states (jackknife
latency measures whether they are true). --punch OLD mends the end of a take: its
last five seconds before --at are played, then it is made anew from there. TAKE is
the old one until --at and the new from there on, with the editor's seam between;
both are whole in TAKE-whole.wav, which the plan TAKE.wav.edits joins. OLD is not
touched.

Where no JACK server runs, --device records from a sound device, as jackknife
devices lists them; --from and --track then name its channels: --from 1..2. If
nobody fetches what it has in time, frames are lost, and a device does not say
how many: the gap is as long as the machine's clock says, to some milliseconds.`,
		Example: `  jackknife record take.wav --from system:capture_1
  jackknife record band.wav --from 'system:capture_{1..8}' --for 10m
  jackknife record radio.wav --from radio: --begin 20:15 --for 45m
  jackknife record take.wav --channels 2 --name voice   # then connect voice:in_1, voice:in_2
  jackknife record talk.wav --track host=system:capture_1 --track guest=system:capture_2 --split --bits 24
  jackknife record --takes evening --from system:capture_1 --on-signal -40dB --until-silence 10s
  jackknife record take.wav --from system:capture_1 --on-marker drop   # three claps: a mark
  jackknife record voice.wav --from system:capture_1 --overdub music.wav
  jackknife record take-2.wav --from system:capture_1 --punch take.wav --at 1:02.5
  jackknife record take.wav --device hw:0,0 --track voice=3`,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case r.takes != "" && len(args) > 0:
				return usagef("%s: --takes names the takes itself", args[0])
			case r.takes != "":
				return nil
			case len(args) == 0:
				return usagef("which file? Name the take to record")
			}
			return oneTake(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if r.takes == "" {
				r.file = args[0]
			}
			kinds := 0
			for _, name := range [...]string{"from", "track", "follow", "channels"} {
				if c.Flags().Changed(name) {
					kinds++
				}
			}
			switch {
			case kinds > 1:
				return usagef("--from, --track, --follow and --channels: choose one, each says what the channels are")
			case r.channels < 1 || r.channels > maxChannels:
				return usagef("--channels %d: 1 to %d", r.channels, maxChannels)
			case c.Flags().Changed("for") && r.length <= 0:
				return usagef("--for %v: the take would be empty", r.length)
			case r.ring <= 0 || r.ring > maxRing:
				return usagef("--ring %v: more than nothing, at most %v", r.ring, maxRing)
			case otherFormat(r.file):
				return usagef("%s: a take is WAV, or FLAC where its name ends in .flac; jackknife deliver makes other formats of it", r.file)
			case r.client == "":
				return usagef("--name: a client needs a name")
			case r.flac && r.takes == "":
				return usagef("--flac: goes with --takes; a TAKE that ends in .flac is FLAC")
			case r.isFLAC() && alongside.punch != "":
				return usagef("--punch: joins WAV files; name the take %s.wav", strings.TrimSuffix(r.file, filepath.Ext(r.file)))
			case r.isFLAC() && r.bits == 32 && c.Flags().Changed("bits"):
				return usagef("--bits 32: FLAC holds no float; 16 or 24")
			case r.bits != 16 && r.bits != 24 && r.bits != 32:
				return usagef("--bits %d: 16, 24, or 32 for float", r.bits)
			case r.dither && r.bits == 32 && !r.isFLAC():
				return usagef("--dither: for --bits 16 and 24; float loses nothing")
			case r.preRoll < 0 || r.preRoll > maxRing:
				return usagef("--pre-roll %v: from 0 to %v", r.preRoll, maxRing)
			case onMarker != "" && onMarker != "drop":
				return usagef("--on-marker %q: want drop", onMarker)
			case c.Flags().Changed("until-silence") && (onSignal == "" || r.silence <= 0):
				return usagef("--until-silence %v: a time, together with --on-signal, which says what silence is", r.silence)
			}
			if r.isFLAC() && r.bits == 32 {
				r.bits = 24
			}
			r.drops = onMarker == "drop"
			var err error
			if r.onSignal, err = parseLevel(onSignal); err != nil {
				return err
			}
			if r.begins, err = beginsAt(begin, time.Now()); err != nil {
				return err
			}
			if c.Flags().Changed("pre-roll") && !r.waits() {
				return usagef("--pre-roll: goes with --wait, --begin, --on-signal, --with-transport or --takes; this take begins at once")
			}
			switch {
			case r.device == "" && c.Flags().Changed("rate"):
				return usagef("--rate: a server's rate is its own; this goes with --device")
			case r.device == "":
				r.inputs, err = parseInputs(from, tracks, follow)
			case len(follow) > 0 || r.rolls:
				return usagef("--device: --follow and --with-transport need a JACK server")
			default:
				err = r.lineupOnDevice(from, tracks)
			}
			if err == nil {
				err = r.readForms(formats)
			}
			if err == nil {
				err = alongside.read(&r)
			}
			if err != nil {
				return err
			}
			r.counted = c.Flags().Changed("channels")
			return record(c.Context(), s, r)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&from, "from", nil, "outputs to record, by selector; may be given more than once")
	f.StringArrayVar(&tracks, "track", nil, "`NAME=PORTS`: outputs to record, as a track of that name; may be given more than once")
	f.StringArrayVar(&follow, "follow", nil, "inputs of others whose connections to follow, by selector; may be given more than once")
	f.IntVar(&r.channels, "channels", 1, "channels, where no ports are named")
	f.BoolVar(&r.flac, "flac", false, "with --takes: make them FLAC")
	f.BoolVar(&r.split, "split", false, "write a file for each track")
	f.IntVar(&r.bits, "bits", 32, "16 or 24, or 32 for float; FLAC has 24")
	f.StringArrayVar(&formats, "format", nil, "`TRACK=FORM`, with --split: float, 24, 16, flac or flac16 for this track; may be given more than once")
	f.StringArrayVar(&r.heeded, "heed", nil, "`TRACK` that --on-signal and --until-silence listen to (default all); may be given more than once")
	f.BoolVar(&r.dither, "dither", false, "with --bits 16 or 24: add triangular noise of one step instead of rounding")
	f.DurationVar(&r.length, "for", 0, "length of a take, exact to the frame (30s, 1h10m)")
	f.StringVar(&r.takes, "takes", "", "make take after take in this `folder`")
	f.BoolVar(&r.wait, "wait", false, "begin at jackknife take start")
	f.StringVar(&begin, "begin", "", "begin at this `time` of day (20:15), or so much later (10m)")
	f.StringVar(&onSignal, "on-signal", "", "begin when a channel reaches this `level` (-40dB)")
	f.DurationVar(&r.silence, "until-silence", 0, "end when no channel has reached it for so long")
	f.StringVar(&onMarker, "on-marker", "", "drop: a mark where the speaker claps, snaps or clicks")
	c.RegisterFlagCompletionFunc("on-marker", cobra.FixedCompletions([]string{"drop"}, cobra.ShellCompDirectiveNoFileComp))
	f.BoolVar(&r.rolls, "with-transport", false, "begin and end with JACK's transport")
	f.DurationVar(&r.preRoll, "pre-roll", 0, "begin the take with so much of what was before")
	f.StringVar(&r.client, "name", "jackknife-record", "name of the JACK client")
	f.DurationVar(&r.ring, "ring", rt.DefaultRing, "audio that is kept while the disk stalls")
	f.StringVar(&r.spill, "spill", "", "`folder` to continue in when the disk is full")
	f.BoolVarP(&r.quiet, "quiet", "q", false, "no meters and no summary; losses and errors are told all the same")
	f.BoolVarP(&r.dry, "dry-run", "n", false, "show what would be recorded")
	f.BoolVar(&r.asJSON, "json", false, "print the summary of each take as one JSON object")
	f.StringVar(&alongside.overdub, "overdub", "", "play this `file` meanwhile; the take lines up with it")
	f.StringVar(&alongside.punch, "punch", "", "make anew the end of this `take`: play it up to --at, and go on from there")
	f.StringVar(&alongside.at, "at", "", "`time` of the take at which --punch begins (default its end)")
	f.DurationVar(&alongside.roll, "roll", 5*time.Second, "how much is played before --at")
	f.StringArrayVar(&alongside.to, "to", nil, "inputs that hear what is played, by selector; may be given more than once")
	c.RegisterFlagCompletionFunc("to", func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completePorts(toComplete, jackgraph.Input)
	})
	deviceFlag(c, &r.device)
	f.IntVar(&r.rateHz, "rate", 48000, "sample rate of the device in Hz")
	serverFlag(c)
	c.RegisterFlagCompletionFunc("from", func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completePorts(toComplete, jackgraph.Output)
	})
	c.RegisterFlagCompletionFunc("follow", func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completePorts(toComplete, jackgraph.Input)
	})
	return c
}

const (
	maxFLAC     = 8               // channels of a file
	maxChannels = 1024            // more ports than a JACK client can have
	maxRing     = 5 * time.Minute // populated memory, 4 bytes a sample
)

// beginsAt is the next time that a text means: a time of day, or so much later. It
// is zero where there is no text.
func beginsAt(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if later, err := time.ParseDuration(text); err == nil && later > 0 {
		return now.Add(later), nil
	}
	for _, form := range [...]string{"15:04", "15:04:05"} {
		t, err := time.Parse(form, text)
		if err != nil {
			continue
		}
		for day := now.Day(); ; day++ {
			at := time.Date(now.Year(), now.Month(), day, t.Hour(), t.Minute(), t.Second(), 0, now.Location())
			if at.After(now) {
				return at, nil
			}
		}
	}
	return time.Time{}, usagef("--begin %q: want a time of day, 20:15 or 20:15:30, or how much later, 10m", text)
}

// otherFormat reports whether a name is that of a file of a format that takes do
// not have.
func otherFormat(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".mp3", ".m4a", ".mp4", ".aac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".wma", ".wv", ".ape":
		return true
	}
	return false
}

// parseLevel reads a level in dBFS and returns it as a sample's value; 0 where
// there is none.
func parseLevel(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	number := strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(text, "FS"), "dB"))
	db, err := strconv.ParseFloat(number, 64)
	if err != nil || !(db <= 0 && db >= -200) {
		return 0, usagef("--on-signal %q: want a level from -200dB to 0dB", text)
	}
	return math.Pow(10, db/20), nil
}

// parseInputs reads what is to be recorded; one of the lists has entries.
func parseInputs(from, tracks, follow []string) ([]input, error) {
	var inputs []input
	for _, text := range tracks {
		name, ports, ok := strings.Cut(text, "=")
		if !ok || name == "" || strings.ContainsAny(name, "/:\x00") {
			return nil, usagef("--track %q: want NAME=PORTS, and a name for a file", text)
		}
		for _, other := range inputs {
			if other.track == name {
				return nil, usagef("--track %s: two tracks of one name", name)
			}
		}
		sel, err := parseSelectors([]string{ports})
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, input{track: name, ports: sel[0]})
	}
	for i, texts := range [...][]string{from, follow} {
		sels, err := parseSelectors(texts)
		if err != nil {
			return nil, err
		}
		for _, sel := range sels {
			inputs = append(inputs, input{ports: sel, follow: i == 1})
		}
	}
	return inputs, nil
}

// channel is one channel of a take.
type channel struct {
	port   string // short name of our input
	source string // full name of the output it records, or of the input it follows; "": left to others
	follow bool
	track  string // "": the channel is a track of its own
}

// lineup finds the channels of a take in a graph.
func (r *recording) lineup(g jackgraph.Graph) ([]channel, error) {
	var all []channel
	if len(r.inputs) == 0 {
		for i := range r.channels {
			all = append(all, channel{port: fmt.Sprint("in_", i+1)})
		}
		return all, nil
	}
	for _, in := range r.inputs {
		side := jackgraph.Output
		if in.follow {
			side = jackgraph.Input
		}
		names, err := choose(g, []jackgraph.Selector{in.ports}, side)
		if err != nil {
			return nil, err
		}
		for i, name := range names {
			port := fmt.Sprint("in_", len(all)+1)
			switch {
			case in.track != "" && len(names) == 1:
				port = in.track
			case in.track != "":
				port = fmt.Sprintf("%s_%d", in.track, i+1)
			}
			all = append(all, channel{port: port, source: name, follow: in.follow, track: in.track})
		}
	}
	if len(all) > maxChannels {
		return nil, fmt.Errorf("%d channels: a JACK client has %d at most", len(all), maxChannels)
	}
	return all, nil
}

// trackNames is the names of channels that are tracks or parts of one, or nil
// where none is.
func trackNames(channels []channel) []string {
	named := func(c channel) bool { return c.track != "" }
	if !slices.ContainsFunc(channels, named) {
		return nil
	}
	names := make([]string, len(channels))
	for i, c := range channels {
		if named(c) {
			names[i] = c.port
		}
	}
	return names
}

// trackForm is how a track is stored.
type trackForm struct {
	bits      int // 32 is float
	extension string
}

var trackForms = map[string]trackForm{"float": {32, ".wav"}, "24": {24, ".wav"}, "16": {16, ".wav"}, "flac": {24, ".flac"}, "flac16": {16, ".flac"}}

func (f trackForm) format(rateHz int) wav.Format {
	format := wav.Format{RateHz: rateHz, Bits: f.bits, SampleBytes: f.bits / 8}
	if f.bits == 32 {
		format.Encoding = wav.Float
	}
	return format
}

// readForms reads what is said of single tracks.
func (r *recording) readForms(formats []string) error {
	known := func(flag, name string) error {
		for _, in := range r.inputs {
			if in.track == name {
				return nil
			}
		}
		for _, c := range r.heard {
			if c.track == name {
				return nil
			}
		}
		return usagef("--%s %s: no --track has this name", flag, name)
	}
	r.forms = map[string]trackForm{}
	for _, text := range formats {
		name, form, _ := strings.Cut(text, "=")
		f, ok := trackForms[form]
		switch {
		case !ok:
			return usagef("--format %q: want TRACK=FORM, float, 24, 16, flac or flac16", text)
		case !r.split:
			return usagef("--format %s: goes with --split; without it all tracks are in one file", text)
		}
		if err := known("format", name); err != nil {
			return err
		}
		r.forms[name] = f
	}
	for _, name := range r.heeded {
		if err := known("heed", name); err != nil {
			return err
		}
	}
	if len(r.heeded) > 0 && r.onSignal == 0 {
		return usagef("--heed: goes with --on-signal")
	}
	return nil
}

// fits refuses files that cannot hold their channels.
func (r *recording) fits(channels []channel) error {
	file := r.file
	if r.takes != "" {
		file = filepath.Join(r.takes, "take.flac")
	}
	for _, p := range r.parts(file, channels, 0) {
		if n := p.format.Channels; strings.EqualFold(filepath.Ext(p.file), ".flac") && n > maxFLAC {
			return &failure{code: exitFailed, err: fmt.Errorf("%s: %d channels, and FLAC holds %d", p.file, n, maxFLAC),
				hint: "--split writes a file for each track"}
		}
	}
	return nil
}

// parts says which channels go to which file of the take file.
func (r *recording) parts(file string, channels []channel, rateHz int) []part {
	f := trackForm{bits: r.bits}.format(rateHz)
	if !r.split {
		f.Channels = len(channels)
		return []part{{file: file, tracks: trackNames(channels), format: f}}
	}
	var parts []part
	for i, c := range channels {
		if k := len(parts) - 1; k >= 0 && c.track != "" && channels[i-1].track == c.track {
			parts[k].format.Channels++
			continue
		}
		name := c.track
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		own, file := f, file
		if form, ok := r.forms[name]; ok {
			own, file = form.format(rateHz), strings.TrimSuffix(file, filepath.Ext(file))+form.extension
		}
		own.Channels = 1
		parts = append(parts, part{file: suffixed(file, "-"+name), first: i, format: own})
	}
	for i, p := range parts {
		parts[i].tracks = trackNames(channels[p.first : p.first+p.format.Channels])
	}
	return parts
}

var errEnough = errors.New("the take is complete")

// frames is how many frames of a rate a duration is, rounded to the nearest.
func frames(d time.Duration, rateHz int) int64 {
	seconds, rest := int64(d/time.Second), int64(d%time.Second)
	return seconds*int64(rateHz) + (rest*int64(rateHz)+int64(time.Second)/2)/int64(time.Second)
}

// takeFailure words that a take cannot be made.
func takeFailure(name string, err error) error {
	if errors.Is(err, os.ErrExist) {
		return &failure{code: exitFailed, err: fmt.Errorf("%s: there is something of that name already, and a take never overwrites", name), hint: "choose another name"}
	}
	return err
}
