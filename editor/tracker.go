package editor

import (
	"math"
	"time"
)

// In looks of 5 ms.
const (
	coreLooks  = 6  // a core lasts 30 ms
	holeLooks  = 12 // a phrase grows through holes of up to 60 ms
	blurLooks  = 2  // a look sees 10 ms ahead: that much earlier it finds a phrase
	mergeLooks = 40 // islands nearer than 200 ms are one;
	firmLooks  = 5  // so is a weak group that lasts 25 ms: the release of a stop
	leastLooks = 12 // an island shorter than 60 ms is none
	awayLooks  = 20 // clean tone is so far from any island: 80 ms and what is blurred
	toneLooks  = 10 // and lasts 50 ms

	breathLooks = 240 // a breath lasts at most 1.2 s
	voicedLooks = 8   // what is voiced for 40 ms on end is no breath;
	loudShare   = 0.2 // nor is what has so much of the mean power of speech
)

// mostPad is how much longer than asked for a pad may become.
const mostPad = 2.25

// verdict is what the judges say of a stretch.
type verdict struct {
	is            []byte    // of every look, all channels together
	power         []float32 // mean over the channels
	quiet, loud   float64   // sums of power over tone and over cores
	quietN, loudN int64
	tone, sigma   [bands]float64 // mean over the channels, in the middle
	err           error
}

// tracker turns judged looks into islands of activity and the pauses between
// them. It remembers only the looks that a pause or an island may still claim.
type tracker struct {
	d             *Detection
	step          int64 // frames from look to look
	min           int64 // frames
	before, after time.Duration
	yield         func(Pause) error

	now   int64    // the look to come
	group struct { // of active looks
		open, kept, firm bool
		from, last       int64
		run, core        int  // active and core looks in a row that end here
		voiced           int  // voiced looks likewise
		speech           bool // neither breath nor click
	}
	weak struct { // the group before, without a core
		firm       bool
		from, last int64
	}
	island struct {
		open, sure, speech bool
		from, to           int64
	}
	still   still
	through bool // breaths are part of the pause: only speech is an island

	ratio         float64 // of speech to tone so far, dB
	quiet, loud   float64
	quietN, loudN int64
	tone, sigma   [bands]float64
	stretches     float64
}

// still is the pause going on, from the last island on.
type still struct {
	head    bool
	from    int64 // look
	pad     int64 // frames kept after the island
	past    []seen
	settled int64 // looks before this one are in the sums below
	sum     float64
	least   float32
	at      int64
	run     int64 // length of the tone that ends at settled
	tone    []Span
}

type seen struct {
	power float32
	odd   bool
}

func newTracker(d *Detection, step int64, o DetectOptions, yield func(Pause) error) *tracker {
	t := &tracker{d: d, step: step, yield: yield, before: o.Before, after: o.After, ratio: 30, through: o.Breaths == BreathsInPause}
	t.min = t.frames(o.Min)
	t.still = still{head: true, least: float32(math.Inf(1)), at: -1}
	return t
}

func (t *tracker) frames(d time.Duration) int64 {
	return int64(d.Seconds() * float64(t.d.RateHz))
}

// feed takes in the verdict on the next stretch.
func (t *tracker) feed(v *verdict) error {
	t.quiet, t.quietN = t.quiet+v.quiet, t.quietN+v.quietN
	t.loud, t.loudN = t.loud+v.loud, t.loudN+v.loudN
	if t.quietN > 0 && t.loudN > 0 {
		t.ratio = meanDB(t.loud, t.loudN) - meanDB(t.quiet, t.quietN)
	}
	for b := range bands {
		t.tone[b] += v.tone[b]
		t.sigma[b] += v.sigma[b]
	}
	t.stretches++
	for i, is := range v.is {
		t.still.past = append(t.still.past, seen{v.power[i], is&lookOdd != 0})
		if err := t.look(is, v.power[i]); err != nil {
			return err
		}
	}
	t.forget()
	return nil
}

func meanDB(sum float64, n int64) float64 { return 10 * math.Log10(sum/float64(n)+1e-14) }

// look takes in one look and its power.
func (t *tracker) look(is byte, power float32) error {
	i, g := t.now, &t.group
	t.now++
	if is&lookActive == 0 {
		g.run, g.core, g.voiced = 0, 0, 0
		if g.open && i-g.last > holeLooks {
			g.open = false
			t.weak.firm, t.weak.from, t.weak.last = g.firm && !g.kept, g.from, g.last
		}
		if t.island.open && !g.open && i-t.island.to > mergeLooks {
			t.closeIsland()
		}
		return nil
	}
	if !g.open {
		g.open, g.kept, g.firm, g.speech, g.from = true, false, false, false, i
	}
	g.last = i
	g.run++
	g.firm = g.firm || g.run >= firmLooks
	if is&lookCore != 0 {
		g.core++
	} else {
		g.core = 0
	}
	if is&lookVoiced != 0 {
		g.voiced++
	} else {
		g.voiced = 0
	}
	g.speech = g.speech || g.voiced >= voicedLooks || float64(power)*float64(t.loudN) > loudShare*t.loud
	if !g.kept {
		if g.core < coreLooks && !(g.firm && t.island.open && g.from-t.island.to < mergeLooks) {
			return nil
		}
		g.kept = true
		if t.weak.firm && g.from-t.weak.last <= mergeLooks {
			g.from = t.weak.from
		}
		if t.island.open && g.from-t.island.to >= mergeLooks {
			t.closeIsland()
		}
		if !t.island.open {
			t.island.open, t.island.sure, t.island.speech, t.island.from = true, false, false, g.from
		}
	}
	t.island.to = i + 1
	t.island.speech = t.island.speech || g.speech
	long := t.island.to - t.island.from
	if !t.island.sure && long >= leastLooks && (!t.through || t.island.speech || long > breathLooks) {
		t.island.sure = true
		t.d.Phrases++
		return t.pause(t.island.from+blurLooks, false)
	}
	return nil
}

// closeIsland ends the open island: no later look can join it. A pause begins,
// or goes on if the island was none; what is near that is no clean tone.
func (t *tracker) closeIsland() {
	t.island.open = false
	s := &t.still
	if !t.island.sure {
		for i := max(t.island.from-awayLooks-s.settled, 0); i < min(t.island.to+awayLooks-s.settled, int64(len(s.past))); i++ {
			s.past[i].odd = true
		}
		return
	}
	s.past = s.past[min(t.island.to-s.settled, int64(len(s.past))):]
	*s = still{from: t.island.to, pad: t.padded(t.after), past: s.past, settled: t.island.to, least: float32(math.Inf(1)), at: -1}
}

// forget lets go of the looks that nothing can claim any more.
func (t *tracker) forget() {
	s := &t.still
	if t.island.open && t.island.sure {
		drop := min(t.island.to-s.settled, int64(len(s.past)))
		s.settled += drop
		s.past = append(s.past[:0:0], s.past[drop:]...)
		return
	}
	to := t.now
	if t.group.open {
		to = t.group.from
	}
	if t.weak.firm && to-t.weak.last <= mergeLooks {
		to = t.weak.from
	}
	if t.island.open {
		to = t.island.from
	}
	to -= max(awayLooks, int64(mostPad*float64(t.frames(t.before)))/t.step+4)
	t.settle(to, to, math.MaxInt64)
	s.past = append(s.past[:0:0], s.past...)
}

// settle sums up the looks before to: those before toneTo may be tone, and those
// that end before frame end may hold the quietest place.
func (t *tracker) settle(to, toneTo, end int64) {
	s := &t.still
	reach := t.frames(5 * time.Millisecond)
	start := s.from * t.step
	toneFrom := s.from + awayLooks
	if s.head {
		start, toneFrom = 0, 0
	}
	n := 0
	for ; s.settled < to && n < len(s.past); s.settled, n = s.settled+1, n+1 {
		p, i := s.past[n], s.settled
		s.sum += float64(p.power)
		if at := i * t.step; p.power < s.least && at-reach >= start+s.pad && at+reach <= end {
			s.least, s.at = p.power, at
		}
		if p.odd || i < toneFrom || i >= toneTo {
			s.run = 0
			continue
		}
		s.run++
		if s.run == toneLooks {
			s.tone = append(s.tone, Span{(i + 1 - toneLooks) * t.step, (i + 1) * t.step})
		} else if s.run > toneLooks {
			s.tone[len(s.tone)-1].End = (i + 1) * t.step
		}
	}
	s.past = s.past[n:]
}

// pause yields the pause that ends with look to, or with the take.
func (t *tracker) pause(to int64, tail bool) error {
	s := &t.still
	p := Pause{Heard: Span{s.from * t.step, to * t.step}}
	if s.head {
		p.Heard.Start = 0
	}
	toneTo := to - awayLooks
	if tail {
		p.Heard.End, toneTo = t.d.Frames, to
	}
	if p.Heard.Len() < max(t.min-blurLooks*t.step, 1) {
		return nil
	}
	after, before := s.pad, int64(0)
	if !tail {
		before = t.padded(t.before)
	}
	// The pads leave a fifth of a short pause.
	if most := p.Heard.Len() * 4 / 5; after+before > most {
		after = most * after / (after + before)
		before = most - after
	}
	p.Span = Span{p.Heard.Start + after, p.Heard.End - before}
	t.settle(to, toneTo, p.End)
	if p.At = s.at; p.At < 0 {
		p.At = (p.Start + p.End) / 2
	}
	p.LevelDB = meanDB(s.sum, max(s.settled-s.from, 1))
	for _, tone := range s.tone {
		tone.Start, tone.End = max(tone.Start, p.Start), min(tone.End, p.End)
		if tone.Len() > 0 {
			p.Tone = append(p.Tone, tone)
		}
	}
	t.d.Pauses++
	return t.yield(p)
}

// finish yields the last pause and completes the Detection.
func (t *tracker) finish() error {
	d := t.d
	if t.quietN > 0 {
		d.FloorDB = meanDB(t.quiet, t.quietN)
	}
	if t.loudN > 0 {
		d.SpeechDB = meanDB(t.loud, t.loudN)
	}
	for b := range bands {
		if bandEdgesHz[b+1] >= 0.45*float64(d.RateHz) {
			break
		}
		tone, sigma := t.tone[b]/t.stretches, t.sigma[b]/t.stretches
		d.Bands = append(d.Bands, Band{bandEdgesHz[b], bandEdgesHz[b+1], tone,
			tone + max(activeDB, activeSigmas*sigma), tone + max(coreDB, coreSigmas*sigma)})
	}
	if t.island.open {
		t.closeIsland()
	}
	return t.pause(t.now, true)
}

// padded is a pad in frames: longer where the speech stands less than 32 dB
// above the tone, for its weak ends then sink below it; twice as long at 20 dB.
func (t *tracker) padded(pad time.Duration) int64 {
	more := min(max((32-t.ratio)/12, 0), mostPad-1)
	return t.frames(time.Duration(float64(pad) * (1 + more)))
}
