package retake

import "slices"

// resumption is the frame of line i from which line j says it again: of the looks
// about the place where they agree best, the one from which both go on alike at
// once, and the rather the deeper the level falls there. Good says how well both
// are so.
func (t *Take) resumption(a *aligner, i, j int, p *pair) (at int64, good float64) {
	const (
		before, after = 45, 25 // looks about the place
		alike         = 50     // looks by which a place is judged
		fall          = 0.3    // of perfect agreement, that 30 dB are worth
	)
	x, y := t.spans[i], t.spans[j]
	places := span{max(x.from+lead/2, p.resumeAt-before), min(x.to-lead/2, p.resumeAt+after)}
	y.to = min(y.to, y.from+alike)
	m := y.len()
	a.slack = 1
	a.fill(span{places.from, max(places.from, x.to)}, y)
	best, most := p.resumeAt, -1.0
	all := a.gain
	gain := all
	for look := places.from; look < places.to; look++ {
		n := min(x.to-look, alike)
		a.pre, a.preB = grown(a.pre, n+1), grown(a.preB, n+1)
		a.gain = gain
		score, _, _ := a.prefix(n, m, false, a.pre, a.preB)
		gain = gain[m:]
		if g := float64(score)/(2*float64(t.voice.theta)*float64(min(n, m))) + fall*t.dip(look)/30; g > most {
			best, most = look, g
		}
	}
	a.gain = all
	return t.Heard.Hole(t.frame(best), 100, 60), most
}

// dip is how far the level falls at a look from what is usual within 300 ms, in
// dB, 30 at most.
func (t *Take) dip(look int) float64 {
	db := t.voice.db
	level := func(i int) float64 { // over 60 ms
		i = max(1, min(i, len(db)-2))
		return float64(db[i-1]+db[i]+db[i+1]) / 3
	}
	least := 1e9
	for d := -2; d <= 1; d++ {
		least = min(least, level(look+d))
	}
	var around []float64
	for d := -15; d <= 15; d++ {
		around = append(around, level(look+d))
	}
	slices.Sort(around)
	return min(30, max(0, around[len(around)*3/4]-least))
}
