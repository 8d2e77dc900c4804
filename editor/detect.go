package editor

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"jackknife/wav"
)

// DetectOptions are what the user may turn. The zero value is the default.
type DetectOptions struct {
	// Min is the shortest pause worth naming, give or take the 10 ms to which
	// its ends are known; 300 ms if zero.
	Min time.Duration
	// Before and After are the pads kept untouched before and after every
	// phrase where the take has 30 dB and more between speech and tone;
	// more is kept where it has less. 40 ms and 80 ms if zero.
	Before, After time.Duration
	Breaths       Breaths
	// Memory is what Detect works in; its own if nil.
	Memory *Memory
}

// Breaths says where the breaths and lip clicks between phrases belong. Those
// within 200 ms of a phrase are part of it either way.
type Breaths uint8

const (
	BreathsKept    Breaths = iota // they are kept like phrases, and divide a pause in two
	BreathsInPause                // the pause goes on through them
)

var breathsWords = [...]string{BreathsKept: "keep", BreathsInPause: "pause"}

func (b Breaths) String() string { return breathsWords[b] }

// ParseBreaths reads keep or pause.
func ParseBreaths(word string) (Breaths, error) {
	i := slices.Index(breathsWords[:], word)
	if i < 0 {
		return 0, fmt.Errorf("breaths %q: keep or pause", word)
	}
	return Breaths(i), nil
}

// Detection is what Detect learned of the whole take.
type Detection struct {
	RateHz  int
	Frames  int64
	Phrases int
	Pauses  int
	// FloorDB is the level of the room tone, SpeechDB that of the phrases,
	// both in dBFS from 90 Hz to 15 kHz.
	FloorDB, SpeechDB float64
	Bands             []Band
	// NotFinite counts the samples that are NaN or infinite, which are heard as
	// silence; NotFiniteAt is the frame of the first.
	NotFinite, NotFiniteAt int64
}

// Band is the room tone in one frequency band, and what it takes to leave it;
// means over the take, in dBFS.
type Band struct {
	LowHz, HighHz float64
	ToneDB        float64
	// ActiveDB continues a phrase, CoreDB starts one.
	ActiveDB, CoreDB float64
}

// SNRDB is how far the speech stands above the room tone.
func (d Detection) SNRDB() float64 { return d.SpeechDB - d.FloorDB }

// stretch is how many looks are taken at once: 20 s.
const stretch = 40 * cell

// Detect finds the pauses of the take and yields them in order, each as soon
// as it is final. A phrase in any channel is a phrase. Pauses at the head and
// the tail of the take are yielded as well (Start is 0, End is the length).
//
// Method: 10 ms looks every 5 ms in 13 bands; per band the room tone's level
// in dB is nearly normal, so its mean is tracked and a look is speech when any
// band leaves it by far; from such cores phrases grow outward under a low
// threshold. Phrases nearer than 200 ms are one.
//
// Yield is called from one goroutine only. The result does not depend on the
// number of processors.
func Detect(ctx context.Context, take *wav.Reader, o DetectOptions, yield func(Pause) error) (Detection, error) {
	f := take.Format()
	d := Detection{RateHz: f.RateHz, Frames: take.Frames(), FloorDB: math.Inf(-1), SpeechDB: math.Inf(-1)}
	if d.Frames == 0 {
		return d, nil
	}
	if f.RateHz < 1000 {
		return d, fmt.Errorf("%d Hz: too low a rate to find speech in", f.RateHz)
	}
	if o.Min == 0 {
		o.Min = 300 * time.Millisecond
	}
	if o.Before == 0 {
		o.Before = 40 * time.Millisecond
	}
	if o.After == 0 {
		o.After = 80 * time.Millisecond
	}
	if o.Memory == nil {
		o.Memory = new(Memory)
	}
	a := newAnalyser(f.RateHz)
	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	slots := make(chan *slot, runtime.GOMAXPROCS(0)+1)
	spare := make(chan *slot, 2)
	free := make(chan *bench, runtime.GOMAXPROCS(0))
	o.Memory.lend(free, spare)
	defer o.Memory.takeBack(free, spare)
	defer workers.Wait()
	defer cancel()
	workers.Go(func() { a.work(ctx, take, slots, spare, free, &workers) })

	t := newTracker(&d, a.step(), o, yield)
	done := func(s *slot) {
		select {
		case spare <- s:
		default:
		}
	}
	var last *slot
	for s := range slots {
		<-s.judged
		v := &s.verdict
		if s.odd.samples > 0 && d.NotFinite == 0 {
			d.NotFiniteAt = s.odd.at
		}
		d.NotFinite += s.odd.samples
		if v.err == nil {
			v.err = t.feed(v)
		}
		if v.err != nil {
			return d, v.err
		}
		if last != nil { // now that this one is judged, nobody looks at the one before
			done(last)
		}
		last = s
	}
	if last != nil {
		done(last)
	}
	if err := ctx.Err(); err != nil {
		return d, err
	}
	return d, t.finish()
}

// slot is a stretch on its way from the take to the tracker.
type slot struct {
	looked  chan struct{} // closed when the next three are set
	looks   []looks
	odd     notFinite
	err     error
	judged  chan struct{} // closed when the verdict is set
	verdict verdict
}

// newSlot takes its memory from a slot that is done with, if there is one.
func newSlot(spare <-chan *slot) *slot {
	s := &slot{looked: make(chan struct{}), judged: make(chan struct{})}
	select {
	case old := <-spare:
		s.looks, s.verdict.is, s.verdict.power = old.looks, old.verdict.is, old.verdict.power
	default:
	}
	return s
}

// bench is what one worker works with.
type bench struct {
	raw     []byte
	samples []float32
	d       []float32
	single  [][]levels
	tone    tone
}

// work sends the stretches of the take in order to slots, which bounds how many
// are under way; as many are worked on at once as there are processors.
func (a *analyser) work(ctx context.Context, take *wav.Reader, slots chan<- *slot, spare <-chan *slot, free chan *bench, workers *sync.WaitGroup) {
	defer close(slots)
	none := &slot{looked: make(chan struct{})}
	close(none.looked)
	last, now := none, none
	total := a.count(take.Frames())
	for first := int64(0); ; first += stretch {
		next := none
		if first < total {
			next = newSlot(spare)
			workers.Go(func() {
				defer close(next.looked)
				b := <-free
				defer func() { free <- b }()
				if next.err = ctx.Err(); next.err == nil {
					next.looks, next.odd, next.err = a.look(take, first, int(min(stretch, total-first)), next.looks, b)
				}
			})
		}
		if before, it, after := last, now, next; it != none {
			workers.Go(func() {
				defer close(it.judged)
				<-before.looked
				<-it.looked
				<-after.looked
				b := <-free
				judge(before, it, after, b)
				free <- b
			})
		}
		last, now = now, next
		if next == none {
			return
		}
		select {
		case slots <- next:
		case <-ctx.Done():
			return
		}
	}
}

// judge learns the tone around the stretch now and judges its looks.
func judge(before, now, after *slot, b *bench) {
	v := &now.verdict
	for _, s := range []*slot{before, now, after} {
		if s.err != nil {
			v.err = s.err
			return
		}
	}
	n := len(now.looks[0].power)
	v.is, v.power = resize(v.is, n), resize(v.power, n)
	clear(v.is)
	clear(v.power)
	channel := func(s *slot, c int) looks {
		if s.looks == nil {
			return looks{}
		}
		return s.looks[c]
	}
	share := 1 / float64(len(now.looks))
	for c, l := range now.looks {
		t := &b.tone
		t.learn(channel(before, c), l, channel(after, c))
		t.judge(l, v.is)
		middle := &t.mean[t.first+n/2/cell]
		for b := range bands {
			v.tone[b] += share * float64(middle[b])
			v.sigma[b] += share * float64(t.sigma[b])
		}
		for i, p := range l.power {
			v.power[i] += p * float32(share)
		}
	}
	for i, p := range v.power {
		switch is := v.is[i]; {
		case is&lookCore != 0:
			v.loud, v.loudN = v.loud+float64(p), v.loudN+1
		case is&lookActive == 0:
			v.quiet, v.quietN = v.quiet+float64(p), v.quietN+1
		}
	}
}
