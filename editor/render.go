package editor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"jackknife/wav"
)

// Renderer writes the edited take while pauses and edits are still coming in.
// Everything is copied as bytes but for the fills and the seams:
//
//	fill    |aaaa|~~~~~~~~~~|bbbb|    the seams lie inside the fill, at its two
//	             \/        \/         ends: the take goes on under them, fading
//
//	cut     |aaaa:aa|bb:bbbb|         the seam lies across the splice, half of
//	               \/                 it on either side; each side goes on under
//	                                  the other with what was cut away
//
// so that no seam changes the length, and beside a fill every kept frame is
// the take's own. A seam is 30 ms long from tone to tone, inside a pause; with
// speech beside it 5 ms. The room tone comes from the pause itself and its
// nearest neighbours; its level and its direct current are led from those left
// of the fill to those right of it.
//
// The bytes written depend on the take, the edits and the seed only, not on
// when the pauses arrived. A Renderer serves one goroutine, and has one of its
// own that writes while the next fill is made: Stop ends it.
type Renderer struct {
	// Silence makes the fills digitally silent, between their seams. It is set
	// before the first edit.
	Silence bool

	take    *wav.Reader
	w       io.Writer
	seed    uint64
	pauses  []Pause
	edits   List  // not yet written
	all     bool  // no more pauses or edits will come
	lastEnd int64 // of the last edit taken, -1 before the first
	pos     int64 // frames of the take before pos are written or cut away
	fades   map[int64]fade
	pieces  []piece
	spare   []piece // whose memory is free
	filler  filler
	ear     ear
	result  Result
	raw     []byte
	block   []float64
	handle  []float64
	made    []byte      // new sound not yet sent
	free    chan []byte // what was sent, to be used again
	out     *output     // nil until there is something to write
}

// Result is what a Renderer wrote.
type Result struct {
	Frames int64 // length of the output
	Filled int64 // frames of room tone
	Silent int   // fills left digitally silent: the take had no room tone to offer
}

// WriteError is an error of the output; all others are of the take.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return e.Err.Error() }
func (e *WriteError) Unwrap() error { return e.Err }

// How much tone a fill is made of, and how far it is fetched from.
const (
	leastToneMillis  = 500  // less is not cut into grains
	enoughToneMillis = 1000 // no farther pause is asked; for a long fill as much as its length, up to plenty
	plentyToneMillis = 5000
	mostToneMillis   = 1500 // of one stretch
	pieceMillis      = 40   // shorter stretches are passed over
	reachMillis      = 60_000
	quietMillis      = 100 // taken around the quietest place where no tone is clean
	contextMillis    = 1000
	heardMillis      = 1000 // of the take before a fill that its grains shun
	mostSpare        = 8    // pieces
)

// NewRenderer writes the edited take to w, which is a wav.Writer of the take's
// format or anything else that takes frames of that format as bytes; it is
// written to from another goroutine, until Finish or Stop returns. Another seed
// gives other room tone.
func NewRenderer(take *wav.Reader, w io.Writer, seed uint64) *Renderer {
	return &Renderer{take: take, w: w, seed: seed, lastEnd: -1, fades: map[int64]fade{}}
}

// Pause makes the next pause known.
func (r *Renderer) Pause(ctx context.Context, p Pause) error {
	r.pauses = append(r.pauses, p)
	return r.advance(ctx)
}

// Edit takes the next edit, in the order of the take.
func (r *Renderer) Edit(ctx context.Context, e Edit) error {
	if err := (List{e}).Validate(r.take.Frames()); err != nil {
		return err
	}
	if e.Start <= r.lastEnd {
		return fmt.Errorf("edit at frame %d: does not follow the one that ends at frame %d", e.Start, r.lastEnd)
	}
	r.lastEnd = e.End
	r.edits = append(r.edits, e)
	return r.advance(ctx)
}

// Render writes the take with the edits of l, all known beforehand, to w. It
// finds the pauses, for their room tone, only if there is something to edit.
func Render(ctx context.Context, take *wav.Reader, l List, o DetectOptions, seed uint64, w io.Writer) (Result, error) {
	if err := l.Validate(take.Frames()); err != nil {
		return Result{}, err
	}
	return NewRenderer(take, w, seed).render(ctx, l, o)
}

// Render writes the take as the plan says to w.
func (p *Plan) Render(ctx context.Context, take *wav.Reader, w io.Writer) (Result, error) {
	if err := p.Edits.Validate(take.Frames()); err != nil {
		return Result{}, err
	}
	r := NewRenderer(take, w, p.Seed)
	r.Silence = p.Silence
	return r.render(ctx, p.Edits, p.Detect())
}

func (r *Renderer) render(ctx context.Context, l List, o DetectOptions) (Result, error) {
	defer r.Stop()
	for _, e := range l {
		if err := r.Edit(ctx, e); err != nil {
			return r.result, err
		}
	}
	if len(l) > 0 && r.take.Frames() > 0 {
		_, err := Detect(ctx, r.take, o, func(p Pause) error { return r.Pause(ctx, p) })
		if err != nil {
			return r.result, err
		}
	}
	return r.Finish(ctx)
}

// Finish writes the rest, all pauses and edits being known, and ends the
// Renderer.
func (r *Renderer) Finish(ctx context.Context) (Result, error) {
	defer r.Stop()
	r.all = true
	if err := r.advance(ctx); err != nil {
		return r.result, err
	}
	if err := r.copy(ctx, r.take.Frames()); err != nil {
		return r.result, err
	}
	if err := r.flush(ctx); err != nil || r.out == nil {
		return r.result, err
	}
	return r.result, r.out.finish(ctx)
}

// Stop ends the writing, once the write under way returns. After Finish it does
// nothing.
func (r *Renderer) Stop() {
	if r.out != nil {
		r.out.stop()
	}
}

// advance writes as far as is final: up to the first edit whose tone or whose
// successor is not known.
func (r *Renderer) advance(ctx context.Context) error {
	for len(r.edits) > 0 {
		e, next := r.edits[0], r.take.Frames()
		if len(r.edits) > 1 {
			next = r.edits[1].Start
		} else if !r.all {
			return nil
		}
		// The seams of a cut look at the pauses around it.
		if n := len(r.pauses); !r.all && (n == 0 || r.pauses[n-1].Start < e.End) {
			return nil
		}
		var tone []Span
		if e.Fill > 0 {
			var known bool
			if tone, known = r.tone(e); !known {
				return nil
			}
		}
		r.edits = r.edits[1:]
		err := error(nil)
		if e.Fill > 0 {
			err = r.fill(ctx, e, tone)
		} else {
			err = r.cut(ctx, e, next)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copy copies the take up to a frame, as bytes.
func (r *Renderer) copy(ctx context.Context, to int64) error {
	n := to - r.pos
	if n <= 0 {
		return nil
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	err := r.send(ctx, part{from: r.pos, frames: n})
	r.result.Frames += n
	r.pos = to
	return err
}

// flush sends the sound that was made.
func (r *Renderer) flush(ctx context.Context) error {
	if len(r.made) == 0 {
		return nil
	}
	err := r.send(ctx, part{raw: r.made})
	r.made = nil
	return err
}

// room is where the next n frames of new sound belong.
func (r *Renderer) room(ctx context.Context, n int64) ([]byte, error) {
	size := int(n) * r.take.Format().FrameBytes()
	if len(r.made)+size > cap(r.made) {
		if err := r.flush(ctx); err != nil {
			return nil, err
		}
		r.made = sized(r.memory(), max(size, madeBytes))[:0]
	}
	r.result.Frames += n
	r.made = r.made[:len(r.made)+size]
	return r.made[len(r.made)-size:], nil
}

// send hands a part of the output to the writing goroutine.
func (r *Renderer) send(ctx context.Context, p part) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.out == nil {
		if r.free == nil {
			r.free = make(chan []byte, 17)
		}
		r.out = newOutput(r.take, r.w, r.free)
	}
	select {
	case r.out.parts <- p:
		return nil
	case <-r.out.broken:
		return r.out.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readFull fills raw with the frames from a position on.
func readFull(take *wav.Reader, raw []byte, from int64) error {
	n := len(raw) / take.Format().FrameBytes()
	got, err := take.ReadFrames(raw, from)
	if got == n {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("frame %d: %w", from+int64(got), err)
}

// samples decodes n frames from a position on, in the memory of x. What is not
// a number is silence.
func (r *Renderer) samples(x []float64, from, n int64) ([]float64, error) {
	f := r.take.Format()
	r.raw = sized(r.raw, int(n)*f.FrameBytes())
	if err := readFull(r.take, r.raw, from); err != nil {
		return nil, err
	}
	x = sized(x, int(n)*f.Channels)
	decode(x, r.raw, f)
	return x, nil
}

func (r *Renderer) write(ctx context.Context, x []float64) error {
	f := r.take.Format()
	raw, err := r.room(ctx, int64(len(x)/f.Channels))
	if err == nil {
		encodeSamples(raw, x, f)
	}
	return err
}

// memory is bytes that were written, to be used again.
func (r *Renderer) memory() []byte {
	select {
	case raw := <-r.free:
		return raw
	default:
		return nil
	}
}

func (r *Renderer) fade(frames int64) fade {
	f, ok := r.fades[frames]
	if !ok {
		if len(r.fades) > 64 { // most lengths are the usual ones
			clear(r.fades)
		}
		f = newFade(frames)
		r.fades[frames] = f
	}
	return f
}

// cut joins what is before e to what is after it.
func (r *Renderer) cut(ctx context.Context, e Edit, next int64) error {
	half := halfSeam(e, r.pos, next, r.pauses, r.take.Frames(), r.take.Format().RateHz)
	if err := r.copy(ctx, e.Start-half); err != nil {
		return err
	}
	r.pos = e.End + half
	if half == 0 {
		return nil
	}
	var err error
	if r.handle, err = r.samples(r.handle, e.Start-half, 2*half); err != nil {
		return err
	}
	if r.block, err = r.samples(r.block, e.End-half, 2*half); err != nil {
		return err
	}
	r.fade(2*half).seam(r.handle, r.block, r.take.Format().Channels)
	return r.write(ctx, r.handle)
}

// halfSeam is half the length of the seam of a cut: how many kept frames it
// takes on either side. Kept is the first frame not yet taken by the edit
// before, next the start of the edit after.
func halfSeam(e Edit, kept, next int64, pauses []Pause, frames int64, rateHz int) int64 {
	if e.Start == 0 || e.End == frames {
		return 0
	}
	half := millis(seamMillis, rateHz) / 2
	for _, at := range [...]int64{e.Start, e.End} {
		room := int64(0)
		if p := pauseAt(pauses, at); p != nil {
			room = min(at-p.Start, p.End-at)
		}
		half = min(half, max(room, millis(nearMillis, rateHz)/2))
	}
	after := next - e.End
	if next < frames {
		after /= 2 // the other half is for the edit after
	}
	return max(0, min(half, e.Start-kept, after, frames-e.Start, e.End))
}

// fillSeams are the lengths of the two seams inside a fill.
func fillSeams(e Edit, pauses []Pause, frames int64, rateHz int) (left, right int64) {
	long, near := millis(seamMillis, rateHz), millis(nearMillis, rateHz)
	left, right = near, near
	if p := pauseAt(pauses, e.Start); p != nil {
		left = max(near, min(long, p.End-e.Start))
	}
	if p := pauseAt(pauses, e.End); p != nil {
		right = max(near, min(long, e.End-p.Start))
	}
	left, right = min(left, e.Fill/2, frames-e.Start), min(right, e.Fill/2, e.End)
	if e.Start == 0 {
		left = 0
	}
	if e.End == frames {
		right = 0
	}
	return left, right
}

// fill puts room tone in the place of e's span.
func (r *Renderer) fill(ctx context.Context, e Edit, tone []Span) error {
	if err := r.copy(ctx, e.Start); err != nil {
		return err
	}
	r.pos = e.End
	f := r.take.Format()
	if err := r.load(tone); err != nil {
		return err
	}
	context := millis(contextMillis, f.RateHz)
	left, right := Span{e.Start - context, e.Start}, Span{e.End, e.End + context}
	if p := pauseAt(r.pauses, e.Start); p != nil {
		left.Start = max(left.Start, p.Start)
	}
	if p := pauseAt(r.pauses, e.End); p != nil {
		right.End = min(right.End, p.End)
	}
	from := levelIn(r.pieces, left, f.Channels, f.RateHz)
	to := levelIn(r.pieces, right, f.Channels, f.RateHz)
	seamIn, seamOut := fillSeams(e, r.pauses, r.take.Frames(), f.RateHz)
	tonal := !r.Silence && r.begin(e, ramp{from, to, e.Fill})
	if !tonal && !r.Silence {
		r.result.Silent++
	}
	// The seams are read as a whole, what is between them as it comes.
	for done := int64(0); done < e.Fill; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := e.Fill - seamOut - done
		var err error
		switch {
		case done < seamIn:
			n = seamIn
			err = r.seamIn(ctx, e, r.tones(n, tonal))
		case n == 0:
			n = seamOut
			err = r.seamOut(ctx, e, r.tones(n, tonal))
		case tonal:
			n, err = r.passage(ctx, r.filler.next(n))
		default:
			n = min(n, 1<<13)
			err = r.write(ctx, r.tones(n, false))
		}
		if err != nil {
			return err
		}
		done += n
	}
	r.result.Filled += e.Fill
	return nil
}

// tones is the next n frames of the fill: room tone, or silence.
func (r *Renderer) tones(n int64, tonal bool) []float64 {
	r.block = sized(r.block, int(n)*r.take.Format().Channels)
	if tonal {
		r.filler.read(r.block)
	} else {
		clear(r.block)
	}
	return r.block
}

// seamIn fades from the take before e to the fill.
func (r *Renderer) seamIn(ctx context.Context, e Edit, x []float64) error {
	channels := r.take.Format().Channels
	n := int64(len(x) / channels)
	var err error
	if r.handle, err = r.samples(r.handle, e.Start, n); err != nil {
		return err
	}
	r.fade(n).seam(r.handle, x, channels)
	return r.write(ctx, r.handle)
}

// seamOut fades from the fill to the take behind e.
func (r *Renderer) seamOut(ctx context.Context, e Edit, x []float64) error {
	channels := r.take.Format().Channels
	n := int64(len(x) / channels)
	var err error
	if r.handle, err = r.samples(r.handle, e.End-n, n); err != nil {
		return err
	}
	r.fade(n).seam(x, r.handle, channels)
	return r.write(ctx, x)
}

// passage writes a part of a fill and says how many frames it has.
func (r *Renderer) passage(ctx context.Context, p passage) (int64, error) {
	n := p.Len()
	if p.x != nil {
		return int64(len(p.x) / r.take.Format().Channels), r.write(ctx, p.x)
	}
	raw, err := r.room(ctx, n)
	switch {
	case err != nil:
	case p.back:
		r.filler.reversed(raw, p.Span)
	default:
		copy(raw, r.filler.stored(r.filler.now(), p.Span))
	}
	return n, err
}

// begin makes the filler one of e's room tone, out of the pieces. It reports
// false if there are none to make it of.
func (r *Renderer) begin(e Edit, ramp ramp) bool {
	f := r.take.Format()
	rng := rand.New(rand.NewPCG(r.seed^uint64(r.take.Frames()), uint64(e.Start)))
	var total int64
	for _, p := range r.pieces {
		total += p.Len()
	}
	var length int64
	var cut grainFunc
	var h *hum
	if total >= millis(leastToneMillis, f.RateHz) {
		length, cut = grains(r.pieces, e.Fill, f.RateHz, rng)
	}
	if length >= millis(humMillis, f.RateHz) {
		if h = r.ear.hum(r.pieces, f); h != nil {
			h.lead(r.pieces, e, f)
		}
	}
	if cut == nil {
		length, cut = spectral(r.pieces, f, rng)
	}
	if cut == nil {
		return false
	}
	lap := r.fade(min(millis(lapMillis, f.RateHz), length/2))
	heard := grain{Span: Span{e.Start - millis(heardMillis, f.RateHz), e.Start}, piece: -1, at: -millis(heardMillis, f.RateHz)}
	r.filler.begin(f, r.pieces, ramp, h, length, lap, heard, cut)
	return true
}

// tone chooses the room tone for e: the pause's own, then that of the nearest
// pauses, until there is enough. It reports false while a pause that is not
// known yet could be nearer. Where nothing is clean, the quietest place of the
// nearest pause has to do.
func (r *Renderer) tone(e Edit) ([]Span, bool) {
	rate := r.take.Format().RateHz
	reach := millis(reachMillis, rate)
	var spans []Span
	var total int64
	j := sort.Search(len(r.pauses), func(j int) bool { return r.pauses[j].End >= e.Start })
	i := j - 1
	var quiet *Pause
	enough := min(max(e.Fill, millis(enoughToneMillis, rate)), millis(plentyToneMillis, rate))
	for total < enough {
		left, right := int64(math.MaxInt64), int64(math.MaxInt64)
		if i >= 0 {
			left = e.Start - r.pauses[i].End
		}
		switch {
		case j < len(r.pauses):
			right = max(0, r.pauses[j].Start-e.End)
		case r.all:
		default:
			// The nearest that may still come.
			right = 0
			if n := len(r.pauses); n > 0 {
				right = max(0, r.pauses[n-1].End-e.End)
			}
		}
		nearest := min(left, right)
		if nearest == math.MaxInt64 || nearest > reach && total >= millis(leastToneMillis, rate) {
			break
		}
		if right < left && j == len(r.pauses) {
			return nil, false
		}
		var p *Pause
		if left <= right {
			p, i = &r.pauses[i], i-1
		} else {
			p, j = &r.pauses[j], j+1
		}
		if quiet == nil {
			quiet = p
		}
		for _, s := range p.Tone {
			s = clip(s, Span{e.Start, e.End}, millis(mostToneMillis, rate))
			if s.Len() >= millis(pieceMillis, rate) {
				spans = append(spans, s)
				total += s.Len()
			}
		}
	}
	if len(spans) == 0 && quiet != nil {
		half := millis(quietMillis, rate) / 2
		spans = append(spans, Span{max(quiet.Start, quiet.At-half), min(quiet.End, quiet.At+half)})
	}
	return spans, true
}

// clip is the part of s nearest to around, at most long frames of it.
func clip(s, around Span, long int64) Span {
	if s.Len() <= long {
		return s
	}
	middle := (around.Start + around.End) / 2
	s.Start = min(max(s.Start, middle-long/2), s.End-long)
	s.End = s.Start + long
	return s
}

// load makes the pieces of the spans. Those of the edit before are kept, the
// memory of the others is used again.
func (r *Renderer) load(spans []Span) error {
	old := r.pieces
	r.pieces = make([]piece, len(spans))
	for i, s := range spans {
		r.pieces[i].Span = s
		for k := range old {
			if old[k].Span == s {
				r.pieces[i], old[k].raw = old[k], nil
				break
			}
		}
	}
	for _, p := range old {
		if p.raw != nil && len(r.spare) < mostSpare {
			r.spare = append(r.spare, p)
		}
	}
	f := r.take.Format()
	for i := range r.pieces {
		p := &r.pieces[i]
		if p.raw != nil {
			continue
		}
		size := int(p.Len()) * f.FrameBytes()
		if n := len(r.spare); n > 0 {
			k := n - 1
			for i := range r.spare { // the smallest that will do
				if c := cap(r.spare[i].raw); c >= size && (cap(r.spare[k].raw) < size || c < cap(r.spare[k].raw)) {
					k = i
				}
			}
			p.raw, p.sums = r.spare[k].raw, r.spare[k].sums
			r.spare = slices.Delete(r.spare, k, k+1)
		}
		p.raw, p.chord = sized(p.raw, size), nil
		if err := readFull(r.take, p.raw, p.Start); err != nil {
			return err
		}
		r.block = p.measure(f, r.block)
	}
	return nil
}
