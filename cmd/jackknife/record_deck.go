package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"jackknife/editor/loudness"
	"jackknife/editor/marks"
	"jackknife/rt"
	"jackknife/wav"
)

// deck takes the frames from the loop. While no take rolls it keeps the last of
// them, the pre-roll; a take begins with these. All of it runs on the goroutine
// that records; others speak to it through requests and pokes.
type deck struct {
	ctx      context.Context
	s        *streams
	want     recording
	channels []channel
	sources  []string
	tracks   []string // nil: none has a name
	rateHz   int
	waiting  func() time.Duration // audio in the ring

	requests chan request
	pokes    chan os.Signal // USR1, USR2

	pre     preRoll
	meters  []meter
	screen  screen
	seen    rt.Report // of the loop
	frames  int64     // of the loop, that are done with
	coming  int64     // behind these, that the loop has given
	now     *rolling  // nil: no take rolls
	over    bool      // the take has its last frame
	begins  time.Time // when a take begins by itself; zero: none does
	trouble error     // why, if it is an error
	refused time.Time // when a take could not begin
	stops   []request // answered when the take is finished
	ended   []taken
	failed  error // of the takes that ended
	disk    time.Time
	warned  time.Duration // room on the disk that was last warned of
}

// rolling is a take that is being recorded.
type rolling struct {
	file    string
	tape    *tape
	before  []*tape // finished, when a disk was full
	first   int64   // frame of the loop
	frames  int64
	marks   []wav.Mark
	events  sidecar
	noted   int         // gaps and xruns of the loop that are in events, or not of this take
	live    *marks.Live // nil: marks of the speaker are not looked for
	clips   []int64     // of the meters at the beginning
	quiet   int64       // frames since the signal was last there
	stuck   error       // why nothing can be written now
	doubted bool        // a failed sync is told
}

func newDeck(ctx context.Context, s *streams, want recording, channels []channel, own []string, rateHz int) *deck {
	d := &deck{ctx: ctx, s: s, want: want, channels: channels, rateHz: rateHz,
		requests: make(chan request), pokes: make(chan os.Signal, 16), meters: make([]meter, len(channels))}
	for i, c := range channels {
		if c.source == "" || c.follow {
			d.sources = append(d.sources, own[i])
		} else {
			d.sources = append(d.sources, c.source)
		}
		d.meters[i].unheeded = len(want.heeded) > 0 && !slices.Contains(want.heeded, c.track)
	}
	d.tracks, d.begins = trackNames(channels), want.begins
	d.pre.size = int(frames(want.preRoll, rateHz)) * 4 * len(channels)
	if !want.quiet && terminal(s.err) {
		d.screen = screen{w: s.err}
		for i := range d.meters { // costs more than all the rest, so only where it is seen
			m := loudness.NewMomentary(rateHz)
			d.meters[i].loud = &m
		}
	}
	return d
}

// Write takes interleaved float32 frames from the loop. It fails with errEnough
// when the only take has its last frame, or with why a take cannot be written.
func (d *deck) Write(p []byte) (int, error) {
	frameBytes := 4 * len(d.channels)
	done := 0
	for done < len(p) {
		d.coming = int64((len(p) - done) / frameBytes)
		d.obey()
		if err := d.onTime(); err != nil {
			return done, err
		}
		if d.over && d.want.takes == "" {
			return done, errEnough
		}
		block := p[done:]
		if r := d.now; r != nil && d.frames < r.first { // what comes is older than the take
			n := min(d.coming, r.first-d.frames)
			d.frames += n
			done += int(n) * frameBytes
			continue
		}
		if d.want.onSignal > 0 {
			block = block[:min(len(block), max(1, d.rateHz/100)*frameBytes)]
		}
		if d.now != nil && !d.over && d.want.length > 0 {
			left := frames(d.want.length, d.rateHz) - d.now.frames
			block = block[:min(int64(len(block)), left*int64(frameBytes))]
		}
		n, err := d.take(block)
		done += n
		if err != nil {
			return done, err
		}
	}
	d.coming = 0
	if d.over && d.want.takes == "" {
		return done, errEnough
	}
	return done, nil
}

// take takes a block of which all goes the same way.
func (d *deck) take(block []byte) (int, error) {
	loud := false
	if d.screen.w != nil || d.want.onSignal > 0 || clips(block) {
		loud = measure(d.meters, block) >= d.want.onSignal && d.want.onSignal > 0
	}
	if d.now == nil && loud && time.Since(d.refused) > time.Second {
		if err := d.start(); err != nil {
			if d.want.takes == "" || d.now != nil {
				return 0, err
			}
			if d.refused.IsZero() {
				d.say("error: %s", err)
			}
			d.refused = time.Now()
		}
	}
	n := int64(len(block) / (4 * len(d.channels)))
	if d.now == nil || d.over {
		d.pre.add(block)
		d.frames += n
		return len(block), nil
	}
	stored, err := d.roll(block)
	d.frames += int64(stored / (4 * len(d.channels)))
	if err != nil || d.over {
		return stored, err
	}
	r := d.now
	if r.quiet += n; loud {
		r.quiet = 0
	}
	d.over = d.over || d.want.length > 0 && r.frames >= frames(d.want.length, d.rateHz) ||
		d.want.silence > 0 && r.quiet >= frames(d.want.silence, d.rateHz)
	return stored, nil
}

// rolls begins a take with the transport, or ends it.
func (d *deck) rolls(rolling bool) error {
	switch {
	case !rolling:
		d.over = d.now != nil
	case d.now == nil:
		return d.begin()
	}
	return nil
}

// onTime begins the take that begins by itself, when it is time.
func (d *deck) onTime() error {
	if d.begins.IsZero() || time.Now().Before(d.begins) {
		return nil
	}
	d.begins = time.Time{}
	if d.now != nil {
		return nil
	}
	return d.begin()
}

// begin begins a take. Where more are to come, one that cannot be made is not the
// end.
func (d *deck) begin() error {
	err := d.start()
	if err == nil || d.want.takes == "" || d.now != nil {
		return err
	}
	d.say("error: %s", err)
	return nil
}

// poke does what a signal asks for: USR1 begins the take that waits, or marks the
// one that rolls; USR2 ends it.
func (d *deck) poke(s os.Signal) {
	switch {
	case s == syscall.SIGUSR2:
		d.over = d.now != nil
	case d.now != nil:
		d.mark("")
	default:
		if err := d.start(); err != nil {
			d.say("error: %s", err)
		}
	}
}

// start begins a take, with the pre-roll.
func (d *deck) start() error {
	file := d.want.file
	if d.want.takes != "" {
		var err error
		if file, err = nextTake(d.want.takes, d.want.flac, time.Now()); err != nil {
			return err
		}
	}
	t, err := newTape(d.want.parts(file, d.channels, d.rateHz), len(d.channels), d.want.dither)
	if err != nil {
		return err
	}
	d.now, d.refused = &rolling{file: file, tape: t, first: d.frames}, time.Time{}
	d.now.events.take = taken{file: file, rateHz: d.rateHz, tracks: d.tracks, sources: d.sources}
	if d.want.drops {
		d.now.live = marks.NewLive(len(d.channels), d.rateHz)
	}
	for _, m := range d.meters {
		d.now.clips = append(d.now.clips, m.clips)
	}
	if d.want.waits() && !d.want.quiet {
		d.say("%s: recording", file)
	}
	before := d.pre.drain()
	d.now.first -= int64(len(before) / (4 * len(d.channels)))
	age := time.Duration(float64(d.frames+d.coming-d.now.first) / float64(d.rateHz) * float64(time.Second))
	d.now.events.began = time.Now().Add(-age - d.waiting())
	if d.want.length > 0 {
		left := frames(d.want.length, d.rateHz) * int64(4*len(d.channels))
		before = before[:min(int64(len(before)), left)]
	}
	_, err = d.roll(before)
	d.over = d.over || d.want.length > 0 && d.now.frames >= frames(d.want.length, d.rateHz)
	return err
}

// roll stores frames. A take that cannot be written is over; where more are to
// come that is not the end.
func (d *deck) roll(p []byte) (int, error) {
	n, err := d.store(p)
	if d.now.live != nil {
		found, e := d.now.live.Add(p[:n])
		d.drop(found, e)
	}
	if err == nil || d.want.takes == "" || d.ctx.Err() != nil {
		return n, err
	}
	d.over, d.trouble = true, err
	return len(p), nil
}

// store writes frames to the take. While the disk is full or fails it waits:
// the audio stays in the ring, and requests are answered. With a place to spill
// to, the take is continued there before the ring is full. It fails when the
// recording is stopped in that state, or the error is none that can pass.
func (d *deck) store(p []byte) (int, error) {
	again := min(200*time.Millisecond, d.want.ring/20)
	r := d.now
	done := 0
	for {
		n, err := r.tape.Write(p[done:])
		done += n
		r.frames += int64(n / (4 * len(d.channels)))
		if err == nil {
			if r.stuck != nil {
				r.stuck = nil
				r.events.line("resumed", struct {
					At int64 `json:"at"`
				}{r.events.first + r.frames})
				d.say("%s: written again", r.file)
			}
			return done, nil
		}
		passing := errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EIO)
		if r.stuck == nil && passing {
			r.events.line("write error", struct {
				At  int64  `json:"at"`
				Why string `json:"why"`
			}{r.events.first + r.frames, err.Error()})
			d.say("warning: %s; the audio is kept in memory for %v", err, (d.want.ring - d.waiting()).Round(100*time.Millisecond))
		}
		if passing {
			r.stuck = err
		}
		stopped := d.ctx.Err() != nil || d.over
		full := d.waiting() >= d.want.ring*8/10
		if d.want.spill != "" && (full || stopped || !passing) && len(r.before) == 0 {
			if err := d.spill(err); err != nil {
				return done, err
			}
			continue
		}
		if stopped || !passing {
			rest := int64((len(p) - done) / (4 * len(d.channels)))
			rest += frames(d.waiting(), d.rateHz)
			return done, fmt.Errorf("%w; %.3f s that were in memory are not written", err, float64(rest)/float64(d.rateHz))
		}
		select {
		case <-time.After(again):
		case <-d.ctx.Done():
		case q := <-d.requests:
			d.answer(q)
		case s := <-d.pokes:
			d.poke(s)
		}
	}
}

// doubt looks after a take that the system could not bring to the disk: what
// comes may be lost as well. It is continued elsewhere, if there is a place.
func (d *deck) doubt() {
	r := d.now
	err := r.tape.suspect()
	if err == nil || r.doubted {
		return
	}
	r.doubted = true
	if d.want.spill != "" && len(r.before) == 0 {
		if err = d.spill(err); err == nil {
			return
		}
	}
	r.events.line("write error", struct {
		At  int64  `json:"at"`
		Why string `json:"why"`
	}{r.events.first + r.frames, err.Error()})
	d.say("warning: %s; what is recorded may not be on the disk", err)
}

// spill finishes the files of the take and continues it in another folder.
func (d *deck) spill(why error) error {
	r := d.now
	name := filepath.Join(d.want.spill, filepath.Base(r.file))
	if taken, err := present(name, d.want.parts(name, d.channels, d.rateHz)); err != nil || taken {
		return errors.Join(why, err, fmt.Errorf("%s: there is something of that name already", name))
	}
	if err := os.MkdirAll(d.want.spill, 0o777); err != nil {
		return errors.Join(why, err)
	}
	t, err := newTape(d.want.parts(name, d.channels, d.rateHz), len(d.channels), d.want.dither)
	if err != nil {
		return errors.Join(why, err)
	}
	d.failed = errors.Join(d.failed, r.tape.finish()) // the files are what they are
	r.before = append(r.before, r.tape)
	r.tape, r.stuck = t, nil
	r.events.spill(d.want.spill)
	r.events.line("spilled", struct {
		At   int64  `json:"at"`
		File string `json:"file"`
		Why  string `json:"why"`
	}{r.events.first + r.frames, name, why.Error()})
	d.say("warning: %s; continued in %s from %s on", why, name, clock(r.frames, d.rateHz))
	return nil
}

// present reports whether any of the files of a take is there.
func present(name string, parts []part) (bool, error) {
	for _, p := range parts {
		if _, err := os.Lstat(p.file); err == nil {
			return true, nil
		} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return false, err
		}
	}
	return false, nil
}

// mark puts a mark where the sound is now: behind all that waits to be stored.
func (d *deck) mark(label string) (wav.Mark, error) {
	r := d.now
	if r == nil || d.over {
		return wav.Mark{}, errors.New("no take is rolling")
	}
	label = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, label)
	if label == "" {
		label = fmt.Sprint("mark ", len(r.marks)+1)
	}
	m := wav.Mark{Frame: max(0, d.frames+d.coming+frames(d.waiting(), d.rateHz)-r.first), Label: label, Mistake: true}
	r.marks = append(r.marks, m)
	r.events.line("mark", markJSON{r.events.first + m.Frame, m.Label})
	return m, nil
}

// drop puts marks where the speaker left some.
func (d *deck) drop(found []marks.Mark, err error) {
	r := d.now
	if err != nil { // of memory only; the recording is what counts
		d.say("warning: no more marks are dropped: %s", err)
		r.live = nil
	}
	for _, m := range found {
		dropped := wav.Mark{Frame: m.Start, Label: string(m.Kind), Mistake: true}
		r.marks = append(r.marks, dropped)
		r.events.line("mark", markJSON{dropped.Frame, dropped.Label})
		if !d.want.quiet {
			d.say("%s: mark at %s: %s", r.file, clock(m.Start, d.rateHz), m.Kind)
		}
	}
}

// obey answers those who ask, and does what those who poke want.
func (d *deck) obey() {
	for {
		select {
		case q := <-d.requests:
			d.answer(q)
		case s := <-d.pokes:
			d.poke(s)
		default:
			return
		}
	}
}

// Seen is told of the loop's report when a block is written.
func (d *deck) Seen(r rt.Report) {
	d.seen = r
	d.obey()
	if d.now != nil {
		if n := len(r.Gaps) + len(r.Xruns); n > d.now.noted {
			far := r.Part(d.now.first, math.MaxInt64) // with the whole of a gap that is not written to its end
			far.Frames = d.now.frames
			if d.now.events.note(far) {
				d.now.noted = n
			}
		}
		if d.over {
			d.finish(r, d.trouble)
		} else {
			d.doubt()
		}
	}
	d.forecast()
	d.screen.show(d)
}

// finish ends the take that rolls; cause is why, if it is an error.
func (d *deck) finish(loop rt.Report, cause error) {
	r := d.now
	if r.live != nil {
		found, err := r.live.Finish()
		d.drop(found, err)
		slices.SortStableFunc(r.marks, func(a, b wav.Mark) int { return cmp.Compare(a.Frame, b.Frame) })
	}
	d.now, d.over = nil, false
	d.screen.clear()
	before := r.tape.frames
	err := r.tape.finish()
	report := loop.Part(r.first, r.first+r.frames-(before-r.tape.frames))
	for i := range r.marks {
		r.marks[i].Frame = min(r.marks[i].Frame, report.Frames)
	}
	t := taken{file: r.file, rateHz: d.rateHz, ring: d.want.ring,
		tracks: d.tracks, sources: d.sources, report: report, marks: r.marks, clips: make([]int64, len(d.meters)),
		events: sidecarName(r.events.take.file)}
	marks := r.marks
	for _, tape := range append(r.before, r.tape) {
		t.files = append(t.files, tape.files()...)
		var e error
		if marks, e = tape.mark(marks); e != nil {
			d.say("warning: %s; the marks are in %s", e, t.events)
		}
	}
	for i, m := range d.meters {
		t.clips[i] = m.clips - r.clips[i]
	}
	t.summary(d.s.err, d.want.quiet)
	if d.want.asJSON {
		err = errors.Join(err, t.json(d.s.out))
	}
	if e := r.events.end(report, cause); e != nil {
		d.say("warning: %s", e)
	}
	d.ended = append(d.ended, t)
	err = errors.Join(d.trouble, err)
	if err != nil && d.want.takes != "" {
		d.say("error: %s", err)
	}
	d.failed, d.trouble = errors.Join(d.failed, err), nil
	for _, q := range d.stops {
		q.answer <- d.status()
	}
	d.stops = nil
}

// say tells the user something in a line of its own.
func (d *deck) say(format string, args ...any) {
	d.screen.clear()
	fmt.Fprintf(d.s.err, "jackknife: "+format+"\n", args...)
}

// outcome is the error of the whole recording, if there is one.
func (d *deck) outcome(err error) error {
	switch n := len(d.ended); {
	case err != nil && d.failed == nil && n > 0:
		last := d.ended[n-1]
		return fmt.Errorf("%w; %s holds the %s until then", err, strings.Join(last.files, ", "), plural(int(last.report.Frames), "frame"))
	case err != nil || d.failed != nil:
		return errors.Join(err, d.failed)
	}
	for _, t := range d.ended {
		if err := t.gapsError(); err != nil {
			return err
		}
	}
	return nil
}

// forecast warns before the disk is full.
func (d *deck) forecast() {
	if time.Since(d.disk) < 10*time.Second {
		return
	}
	d.disk = time.Now()
	room, ok := d.room()
	if !ok {
		return
	}
	if d.warned == 0 && d.want.length > room {
		d.warned = d.want.length
		d.say("warning: %s: the disk has room for %v of the %v", d.folder(), room.Round(time.Second), d.want.length)
		return
	}
	for _, limit := range [...]time.Duration{time.Minute, 10 * time.Minute} {
		if room < limit && (d.warned == 0 || d.warned > limit) {
			d.warned = limit
			d.say("warning: %s: the disk has room for %v more", d.folder(), room.Round(time.Second))
			return
		}
	}
}

// room is for how long the disk can take takes.
func (d *deck) room() (time.Duration, bool) {
	bytes := 0
	for _, p := range d.want.parts("", d.channels, d.rateHz) {
		bytes += p.format.FrameBytes()
	}
	var st unix.Statfs_t
	if err := unix.Statfs(d.folder(), &st); err != nil {
		return 0, false
	}
	seconds := float64(st.Bavail) * float64(st.Bsize) / float64(bytes*d.rateHz)
	return time.Duration(min(seconds, 1e9) * float64(time.Second)), true
}

func (d *deck) folder() string {
	if d.want.takes != "" {
		return d.want.takes
	}
	return filepath.Dir(d.want.file)
}

// preRoll keeps the last bytes of what is added; size is a number of whole
// frames.
type preRoll struct {
	size int
	kept []byte
	at   int // where the oldest is, when full
}

func (r *preRoll) add(p []byte) {
	if len(p) >= r.size {
		r.kept, r.at = append(r.kept[:0], p[len(p)-r.size:]...), 0
		return
	}
	if room := r.size - len(r.kept); room > 0 {
		n := min(room, len(p))
		r.kept = append(r.kept, p[:n]...)
		p = p[n:]
	}
	for len(p) > 0 {
		n := copy(r.kept[r.at:], p)
		p = p[n:]
		r.at = (r.at + n) % r.size
	}
}

// drain returns what is kept, in order, and keeps nothing.
func (r *preRoll) drain() []byte {
	all := append(slices.Clone(r.kept[r.at:]), r.kept[:r.at]...)
	r.kept, r.at = r.kept[:0], 0
	return all
}

// meter is what is known of a channel's level.
type meter struct {
	peak, square float64             // highest value and sum of squares since they were last shown
	frames       int64               // of square
	top          float64             // highest value ever
	high         uint32              // bits of the highest value of a block
	clips        int64               // samples at full scale
	loud         *loudness.Momentary // nil: nobody sees it
	unheeded     bool                // begins and ends no take
}

// fullScale is where converters clip: the highest value of 16 bits.
const fullScale = 1 - 1.0/(1<<15)

// clips reports whether any sample of a block is at full scale, or no number. It
// looks at two at a time: floats without their sign are ordered as their bits
// are, and what reaches full scale carries into the place of the sign.
func clips(block []byte) bool {
	const sign = 1<<31 | 1<<63
	rest := uint64(1<<31 - math.Float32bits(fullScale))
	rest |= rest << 32
	two := func(p []byte) uint64 { return binary.LittleEndian.Uint64(p)&^sign + rest }
	for ; len(block) >= 64; block = block[64:] {
		p := (*[64]byte)(block)
		if (two(p[:])|two(p[8:])|two(p[16:])|two(p[24:])|two(p[32:])|two(p[40:])|two(p[48:])|two(p[56:]))&sign != 0 {
			return true
		}
	}
	for ; len(block) >= 4; block = block[4:] {
		if (uint64(binary.LittleEndian.Uint32(block))&^sign+rest)&(1<<31) != 0 {
			return true
		}
	}
	return false
}

// measure adds a block to the meters of its channels, and returns the peak of
// those that are heeded.
func measure(meters []meter, block []byte) float64 {
	// Floats without their sign are ordered as their bits are.
	full, none := math.Float32bits(fullScale), math.Float32bits(float32(math.Inf(1)))
	for rest := block; len(rest) > 0; rest = rest[4*len(meters):] {
		row := rest[:4*len(meters)]
		for c := range meters {
			v := binary.LittleEndian.Uint32(row[4*c:]) &^ (1 << 31)
			if m := &meters[c]; v > m.high || v >= full {
				if v > none { // not a number
					continue
				}
				m.high = max(m.high, v)
				if v >= full {
					m.clips++
				}
			}
		}
	}
	var loudest float64
	for c := range meters {
		m := &meters[c]
		peak := float64(math.Float32frombits(m.high))
		m.high = 0
		m.peak, m.top = max(m.peak, peak), max(m.top, peak)
		if !m.unheeded {
			loudest = max(loudest, peak)
		}
		if m.loud != nil {
			m.listen(block[4*c:], 4*len(meters))
		}
	}
	return loudest
}

// listen adds samples that lie so many bytes apart to what a person sees.
func (m *meter) listen(p []byte, step int) {
	for ; ; p = p[step:] {
		v := float64(math.Float32frombits(binary.LittleEndian.Uint32(p)))
		m.square += v * v
		m.frames++
		m.loud.Add(v)
		if len(p) < step+4 {
			return
		}
	}
}

// levelDB is a value in dBFS.
func levelDB(v float64) float64 { return 20 * math.Log10(v) }

var takeNumber = regexp.MustCompile(`^take-(\d+)-`)

// nextTake is the name of the next take in a folder, which is made if it is
// not there.
func nextTake(folder string, flac bool, now time.Time) (string, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	last := 0
	for _, e := range entries {
		if m := takeNumber.FindStringSubmatch(e.Name()); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil {
				last = max(last, n)
			}
		}
	}
	ext := ".wav"
	if flac {
		ext = ".flac"
	}
	return filepath.Join(folder, fmt.Sprintf("take-%03d-%s%s", last+1, now.Format("20060102-150405"), ext)), nil
}
