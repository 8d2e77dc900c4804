package editor

import (
	"math"
	"time"
)

const (
	coreLooks  = 6  // a core lasts 30 ms
	holeLooks  = 12 // a phrase grows through holes of up to 60 ms
	mergeLooks = 30 // islands nearer than 150 ms are one
	leastLooks = 12 // an island shorter than 60 ms is none
	tailLooks  = 4  // 20 ms after the last active look still belong to it
	awayLooks  = 16 // clean tone is 80 ms away from any island
)

// seen is what the tracker remembers of a look.
type seen struct {
	power float32
	odd   bool
	ratio float32 // speech over tone around here, dB
}

// tracker turns judged looks into islands of activity and the pauses between
// them. It remembers no more than the looks since the last island.
type tracker struct {
	d        *Detection
	hop      int64
	min      int64 // frames
	pad      [2]time.Duration
	yield    func(Pause) error
	past     []seen // looks from base on
	base     int64
	now      int64
	islandTo int64 // end of the last sure island; -1 before the first
	island   Span  // the open island, merged so far; empty if Start < 0
	group    struct {
		from, last int64 // looks; from < 0: none open
		kept       bool
		core       int
	}
	ratio              float32
	floor, speech      float64 // sums of power
	floorN, speechN    int64
	tone, sigma        [bands]float64 // sums over models
	models             int
	scratchF, scratchS []levels
}

func newTracker(d *Detection, hop int, o DetectOptions, yield func(Pause) error) *tracker {
	t := &tracker{d: d, hop: int64(hop), yield: yield, islandTo: -1, ratio: 30}
	t.pad = [2]time.Duration{o.Before, o.After}
	if t.pad[0] == 0 {
		t.pad[0] = 30 * time.Millisecond
	}
	if t.pad[1] == 0 {
		t.pad[1] = 60 * time.Millisecond
	}
	if o.Min == 0 {
		o.Min = 300 * time.Millisecond
	}
	t.min = t.frames(o.Min)
	t.island.Start, t.group.from = -1, -1
	return t
}

func (t *tracker) frames(d time.Duration) int64 {
	return int64(d.Seconds() * float64(t.d.RateHz))
}

// feed judges the looks of now, which lie between before and after.
func (t *tracker) feed(before, now, after []looks) error {
	n := len(now[0].power)
	is := make([]byte, n)
	power := make([]float32, n)
	odd := make([]bool, n)
	for c := range now {
		fast, slow := t.scratchF[:0], t.scratchS[:0]
		offset := 0
		if before != nil {
			fast, slow = append(fast, before[c].fast...), append(slow, before[c].slow...)
			offset = len(fast)
		}
		fast, slow = append(fast, now[c].fast...), append(slow, now[c].slow...)
		if after != nil {
			fast, slow = append(fast, after[c].fast...), append(slow, after[c].slow...)
		}
		t.scratchF, t.scratchS = fast, slow
		m := learn(fast, slow)
		t.note(m)
		for i := range n {
			j := m.judge(offset+i, &fast[offset+i], &slow[offset+i])
			is[i] |= j &^ lookOdd
			odd[i] = odd[i] || j&lookOdd != 0
			power[i] += now[c].power[i] / float32(len(now))
		}
	}
	t.measure(is, power)
	for i := range n {
		t.past = append(t.past, seen{power[i], odd[i] || is[i]&lookActive != 0, t.ratio})
		if err := t.step(is[i]); err != nil {
			return err
		}
	}
	return nil
}

// note keeps the sums behind Detection.Bands.
func (t *tracker) note(m *tone) {
	mid := &m.mean[len(m.mean)/2]
	for b := range bands {
		t.tone[b] += float64(mid[b])
		t.sigma[b] += float64(m.sigma[b])
	}
	t.models++
}

// measure keeps the sums behind the floor and the speech level, and how far
// apart they are around here.
func (t *tracker) measure(is []byte, power []float32) {
	var quiet, loud float64
	var quietN, loudN int64
	for i, p := range power {
		switch {
		case is[i]&lookCore != 0:
			loud += float64(p)
			loudN++
		case is[i]&lookActive == 0:
			quiet += float64(p)
			quietN++
		}
	}
	t.floor, t.floorN = t.floor+quiet, t.floorN+quietN
	t.speech, t.speechN = t.speech+loud, t.speechN+loudN
	if t.floorN > 0 && t.speechN > 0 {
		t.ratio = float32(10 * math.Log10((t.speech/float64(t.speechN)+1e-14)/(t.floor/float64(t.floorN)+1e-14)))
	}
}

func (t *tracker) step(is byte) error {
	i := t.now
	t.now++
	g := &t.group
	if is&lookActive != 0 {
		if g.from < 0 {
			g.from, g.kept, g.core = i, false, 0
		}
		g.last = i
		if is&lookCore != 0 {
			g.core++
			g.kept = g.kept || g.core >= coreLooks
		} else {
			g.core = 0
		}
	} else {
		g.core = 0
	}
	if g.from >= 0 && i-g.last > holeLooks {
		if err := t.closeGroup(); err != nil {
			return err
		}
	}
	if t.island.Start >= 0 && g.from < 0 && i-t.island.End > mergeLooks+holeLooks {
		return t.closeIsland()
	}
	return nil
}

// closeGroup adds the group of active looks to the open island, or opens one.
func (t *tracker) closeGroup() error {
	from, to, kept := t.group.from, t.group.last+1+tailLooks, t.group.kept
	t.group.from = -1
	if !kept {
		return nil
	}
	if t.island.Start >= 0 && from-t.island.End < mergeLooks {
		t.island.End = to
		return nil
	}
	if t.island.Start >= 0 {
		if err := t.closeIsland(); err != nil {
			return err
		}
	}
	t.island = Span{from, to}
	return nil
}

// closeIsland yields the pause before the island that no later look can reach.
func (t *tracker) closeIsland() error {
	s := t.island
	t.island.Start = -1
	if s.Len() < leastLooks+tailLooks {
		return nil
	}
	err := t.pause(s.Start)
	t.islandTo = s.End
	drop := min(s.End-t.base, int64(len(t.past)))
	t.past = append(t.past[:0], t.past[drop:]...)
	t.base += drop
	return err
}

func (t *tracker) finish() error {
	if t.group.from >= 0 {
		if err := t.closeGroup(); err != nil {
			return err
		}
	}
	if t.island.Start >= 0 {
		if err := t.closeIsland(); err != nil {
			return err
		}
	}
	if t.floorN > 0 {
		t.d.FloorDB = 10 * math.Log10(t.floor/float64(t.floorN)+1e-14)
	}
	if t.speechN > 0 {
		t.d.SpeechDB = 10 * math.Log10(t.speech/float64(t.speechN)+1e-14)
	}
	for b := range bands {
		if bandEdgesHz[b+1] > 0.45*float64(t.d.RateHz) {
			break
		}
		tone, sigma := t.tone[b]/float64(t.models), t.sigma[b]/float64(t.models)
		t.d.Bands = append(t.d.Bands, Band{bandEdgesHz[b], bandEdgesHz[b+1], tone,
			tone + max(activeDB, activeSigmas*sigma), tone + max(coreDB, coreSigmas*sigma)})
	}
	return t.pause(-1)
}

// pause yields the pause between the last island and the look to; the end of
// the take if to < 0.
func (t *tracker) pause(to int64) error {
	head, tail := t.islandTo < 0, to < 0
	heard := Span{max(t.islandTo, 0) * t.hop, to * t.hop}
	if tail {
		heard.End, to = t.d.Frames, t.now
	} else {
		t.d.Phrases++
	}
	if heard.Len() < t.min || heard.Len() <= 0 {
		return nil
	}
	from := max(t.islandTo, 0)
	p := Pause{Span: heard, Heard: heard}
	if !head {
		p.Start += t.padded(t.pad[1], from)
	}
	if !tail {
		p.End -= t.padded(t.pad[0], to)
	}
	if p.Len() <= 0 {
		return nil
	}
	var sum float64
	least := float32(math.Inf(1))
	p.At = (p.Start + p.End) / 2
	reach := t.frames(5 * time.Millisecond)
	toneFrom, toneTo := from, to
	if !head {
		toneFrom += awayLooks
	}
	if !tail {
		toneTo -= awayLooks
	}
	for i := from; i < to && i-t.base < int64(len(t.past)); i++ {
		s := &t.past[i-t.base]
		sum += float64(s.power)
		if at := i * t.hop; s.power < least && at-reach >= p.Start && at+reach <= p.End {
			least, p.At = s.power, at
		}
		if i >= toneFrom && i < toneTo && !s.odd {
			at := Span{i*t.hop - t.hop/2, i*t.hop + t.hop - t.hop/2}
			at.Start, at.End = max(at.Start, p.Start), min(at.End, p.End)
			if k := len(p.Tone) - 1; k >= 0 && p.Tone[k].End == at.Start {
				p.Tone[k].End = at.End
			} else if at.Len() > 0 {
				p.Tone = append(p.Tone, at)
			}
		}
	}
	p.LevelDB = 10 * math.Log10(sum/float64(to-from)+1e-14)
	long := p.Tone[:0]
	for _, s := range p.Tone {
		if s.Len() >= t.frames(50*time.Millisecond) {
			long = append(long, s)
		}
	}
	p.Tone = long
	t.d.Pauses++
	return t.yield(p)
}

// padded is the pad at a look in frames: longer where the speech stands less
// than 30 dB above the tone, for its weak ends then sink below it.
func (t *tracker) padded(pad time.Duration, look int64) int64 {
	ratio := t.past[min(max(look-t.base, 0), int64(len(t.past))-1)].ratio
	more := min(max(float64(30-ratio)/20, 0), 1)
	return t.frames(time.Duration(float64(pad) * (1 + more)))
}
