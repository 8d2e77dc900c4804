package editor

import "math"

const (
	thinning   = 3             // the tone is learned from every third look: fast is a mean of three
	cell       = 34 * thinning // looks, half a second
	cellThin   = cell / thinning
	knotCells  = 4         // the first guess is made every 2 s
	guessCells = 12        // from 6 s either way
	localCells = 8         // the tone is followed over 4 s either way
	around     = 16 * cell // of context either side of a stretch

	// A band this far below full scale holds no tone, only digital silence.
	deadDB = -125
	// A steady sound with a band above this is no room tone if nothing rises
	// above it: something is held between digital silences.
	loudDB = -50
	// A look is active, or core, where some band is both so many dB and so
	// many standard deviations above the tone.
	activeDB, activeSigmas = 2, 3.8
	coreDB, coreSigmas     = 6, 6
	// The same for a mean of nine looks, and for the mean of all bands in
	// standard deviations.
	slowDB, slowSigmas = 1.2, 4
	allSigmas          = 4
	// Clean tone stays within so many standard deviations.
	oddSigmas = 3

	// A look is voiced where the first voicedBands, below 390 Hz, hold so much:
	// breaths and clicks hold next to nothing there.
	voicedBands, voicedDB = 3, 10
)

// What a look is, as seen against the room tone around it.
const (
	lookActive = 1 << iota // some band rises above the tone: speech may go on here
	lookCore               // some band stands well above the tone: speech
	lookOdd                // not clean tone: a breath, a click, a tail, or digital silence
	lookVoiced             // neither breath nor click
)

// spread is the centre and the robust standard deviation of some deviations
// from the tone, in dB.
type spread struct{ centre, sigma float32 }

// tone is the model of the room tone in one channel around a stretch: its level
// in every band, followed over time, and how far looks scatter around it.
type tone struct {
	fast, slow []levels // every third look of the stretch and its context
	clean      []bool   // whether that look is tone
	marks      []byte   // of that look
	mean       []levels // of every cell
	sums       []levels // of the clean looks in every cell
	count      []float32
	first      int // cell of mean at which the stretch begins
	sigma      levels
	slowSpread [bands]spread
	all        spread // of the mean of all bands in sigmas
	slowAll    spread
	hists      [bands]histogram
}

// learn finds the room tone around the stretch now: it starts from low
// percentiles and then keeps, in rounds, what looks like tone. before and after
// may be empty.
func (t *tone) learn(before, now, after looks) {
	b := before.fast[max(0, len(before.fast)-around):]
	bs := before.slow[max(0, len(before.slow)-around):]
	n := min(len(after.fast), around)
	t.first = len(b) / cell
	t.fast = thin(thin(thin(t.fast[:0], b), now.fast), after.fast[:n])
	t.slow = thin(thin(thin(t.slow[:0], bs), now.slow), after.slow[:n])
	cells := (len(t.fast) + cellThin - 1) / cellThin
	t.clean, t.marks = resize(t.clean, len(t.fast)), resize(t.marks, len(t.fast))
	t.mean, t.sums, t.count = resize(t.mean, cells), resize(t.sums, cells), resize(t.count, cells)

	t.sigma = gaussian
	gated := t.guess()
	for round := range 4 {
		erode := 2 // 30 ms
		if round >= 2 {
			erode = 5 // 80 ms
		}
		t.sift(erode)
		t.follow()
	}
	if share := t.cleanShare(); gated && (share < 0.04 || share > 0.7 && t.loudest() > loudDB) {
		t.none()
	}
	t.slowSpread = t.spreads(t.slow, 0.2, 0.6)
	fast, slow := t.limits()
	t.all = t.spreadOf(0.05, 0.35, func(i int) float32 { return fast.sum(&t.fast[i], &t.mean[i/cellThin]) / bands })
	t.slowAll = t.spreadOf(0.05, 0.35, func(i int) float32 { return slow.sum(&t.slow[i], &t.mean[i/cellThin]) / bands })
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// thin appends every third look.
func thin(to, from []levels) []levels {
	for i := 0; i < len(from); i += thinning {
		to = append(to, from[i])
	}
	return to
}

// gaussian is how far the looks at Gaussian noise scatter in dB: as the sum of
// squares of as many independent numbers as the band and three looks hold.
var gaussian = func() (sigma levels) {
	for b := range bands {
		freedom := 3.6 * max(1, (bandEdgesHz[b+1]-bandEdgesHz[b])/150)
		sigma[b] = float32(4.34 * math.Sqrt(2/freedom))
	}
	return sigma
}()

// guess sets the mean by the 12th percentile over 6 s either way, which lies
// below it. It reports whether there is much digital silence: the take may have
// been gated or synthesised, and have no tone.
func (t *tone) guess() (gated bool) {
	const (
		every  = 2
		lowest = -130
	)
	var bins [bands][256]int32 // of half a dB
	var dead, total [bands]int32
	put := func(c int, n int32) {
		for i := c * cellThin; i < min((c+1)*cellThin, len(t.fast)); i += every {
			for b := range bands {
				if l := t.fast[i][b]; l > deadDB {
					bins[b][min(int((l-lowest)*2), 255)] += n
				} else {
					dead[b] += n
				}
				total[b] += n
			}
		}
	}
	from, to := 0, 0
	for c := 0; c < len(t.mean); c += knotCells {
		for ; to < min(c+guessCells+knotCells, len(t.mean)); to++ {
			put(to, 1)
		}
		for ; from < c-guessCells; from++ {
			put(from, -1)
		}
		var m levels
		for b := range bands {
			m[b] = deadDB
			rank := (total[b] - dead[b]) * 12 / 100
			for k, n := range bins[b] {
				if rank -= n; rank < 0 {
					m[b] = lowest + float32(k)/2 + 0.25 + 0.8*t.sigma[b]
					break
				}
			}
		}
		for k := c; k < min(c+knotCells, len(t.mean)); k++ {
			t.mean[k] = m
		}
	}
	silent := 0
	for i := range t.fast {
		if t.fast[i].dead() {
			silent++
		}
	}
	return silent > len(t.fast)*12/100
}

// dead reports whether the look holds digital silence.
func (l *levels) dead() bool {
	for b := range bands {
		if l[b] > deadDB {
			return false
		}
	}
	return true
}

// cleanShare is how many of the looks that sound are clean.
func (t *tone) cleanShare() float64 {
	sounds, clean := 0, 0
	for i, ok := range t.clean {
		if ok {
			clean++
		}
		if !t.fast[i].dead() {
			sounds++
		}
	}
	return float64(clean) / float64(max(sounds, 1))
}

// loudest is the highest level of the tone in any band at any time.
func (t *tone) loudest() float32 {
	most := float32(deadDB)
	for _, mean := range t.mean {
		for _, l := range mean[:bands] {
			most = max(most, l)
		}
	}
	return most
}

// none makes t the model of a take without room tone: all that sounds stands
// out.
func (t *tone) none() {
	for c := range t.mean {
		for b := range bands {
			t.mean[c][b] = deadDB
		}
	}
	clear(t.clean)
	t.sigma = gaussian
}

// What a look is beside the mean of its cell.
const (
	markOut    = 1 << iota // some band stands out
	markSounds             // it holds more than digital silence
)

// sift marks the looks that are tone: no band stands out, and none does for
// erode looks either way.
func (t *tone) sift(erode int) {
	over := unreached
	for b := range bands {
		over[b] = max(3.2*t.sigma[b], 2.5)
	}
	stands(t.fast, t.mean, &over, t.marks)
	quiet := erode // looks since one that stands out
	for i, m := range t.marks {
		quiet++
		if m&markOut != 0 {
			quiet = 0
			clear(t.clean[max(0, i-erode):i])
		}
		t.clean[i] = quiet > erode && m&markSounds != 0
	}
}

// unreached is limits that no look reaches.
var unreached = func() (l levels) {
	for b := range l {
		l[b] = 1e9
	}
	return l
}()

// standsGo is stands in Go: it marks every look, one mean a thin cell.
func standsGo(looks, mean []levels, over *levels, marks []byte) {
	for i := range looks {
		l, m := &looks[i], &mean[i/cellThin]
		marks[i] = 0
		for b := range bands {
			if l[b] > m[b]+over[b] {
				marks[i] |= markOut
			}
			if l[b] > deadDB {
				marks[i] |= markSounds
			}
		}
	}
}

// sumGo is sum in Go: it adds the clean looks to the sums of their thin cells.
func sumGo(looks []levels, clean []bool, sums []levels) {
	for i := range looks {
		if s := &sums[i/cellThin]; clean[i] {
			for b, l := range looks[i] {
				s[b] += l
			}
		}
	}
}

// follow sets mean and sigma from the clean looks.
func (t *tone) follow() {
	var all levels
	var total float32
	clear(t.sums)
	clear(t.count)
	sum(t.fast, t.clean, t.sums)
	for i, ok := range t.clean {
		if ok {
			t.count[i/cellThin]++
		}
	}
	for c := range t.sums {
		for b := range bands {
			all[b] += t.sums[c][b]
		}
		total += t.count[c]
	}
	if total < 10 {
		return
	}
	var local levels
	var n float32
	from, to := 0, 0
	for c := range t.mean {
		for ; to < min(c+localCells+1, len(t.sums)); to++ {
			for b := range bands {
				local[b] += t.sums[to][b]
			}
			n += t.count[to]
		}
		for ; from < c-localCells; from++ {
			for b := range bands {
				local[b] -= t.sums[from][b]
			}
			n -= t.count[from]
		}
		// Where little is clean, the mean of the whole window helps out.
		weight := 0.02 * float32((to-from)*cellThin)
		for b := range bands {
			t.mean[c][b] = (local[b] + weight*all[b]/total) / (n + weight)
		}
	}
	for b, s := range t.spreads(t.fast, 0.35, 1) {
		t.sigma[b] = s.sigma
	}
}

// spreads is, for every band, how far the clean looks lie from the mean; if
// they are too few to tell, that of Gaussian noise times noise. Every second
// clean look is enough.
func (t *tone) spreads(looks []levels, least, noise float32) (out [bands]spread) {
	t.hists = [bands]histogram{}
	skip := false
	for c := range t.mean {
		mean := &t.mean[c]
		for i := c * cellThin; i < min((c+1)*cellThin, len(looks)); i++ {
			if !t.clean[i] {
				continue
			}
			if skip = !skip; skip {
				continue
			}
			l := &looks[i]
			for b := range bands {
				t.hists[b].add(l[b] - mean[b])
			}
		}
	}
	for b := range bands {
		out[b] = spread{0, noise * gaussian[b]}
		if t.hists[b].n >= 30 {
			out[b] = t.hists[b].spread(least)
		}
	}
	return out
}

// spreadOf is the spread of a deviation over the clean looks; if they are too
// few to tell, that of Gaussian noise.
func (t *tone) spreadOf(least, noise float32, deviation func(i int) float32) spread {
	h := &t.hists[0]
	*h = histogram{}
	for i, ok := range t.clean {
		if ok {
			h.add(deviation(i))
		}
	}
	if h.n < 60 {
		return spread{0, noise}
	}
	return h.spread(least)
}

// limits is what one look, fast or slow, is held against: all relative to the
// mean of the cell. struct jk_limits in tone.h is the same.
type limits struct {
	centre, scale levels // one over sigma
	active, core  levels
	odd           levels  // either way from the centre
	all           float32 // of sum
}

func (t *tone) limits() (fast, slow limits) {
	fast = limits{active: unreached, core: unreached, odd: unreached}
	slow = fast
	for b := range bands {
		s := t.sigma[b]
		fast.scale[b] = 1 / s
		fast.active[b] = max(activeDB, activeSigmas*s)
		fast.core[b] = max(coreDB, coreSigmas*s)
		w := t.slowSpread[b]
		slow.centre[b], slow.scale[b] = w.centre, 1/w.sigma
		slow.active[b] = w.centre + max(slowDB, slowSigmas*w.sigma)
		slow.odd[b] = oddSigmas * w.sigma
	}
	fast.all = bands * (t.all.centre + allSigmas*t.all.sigma)
	slow.all = bands * (t.slowAll.centre + allSigmas*t.slowAll.sigma)
	return fast, slow
}

// sum is how many sigmas the look lies above the tone, all bands together. No
// band may speak for the others.
func (l *limits) sum(look, mean *levels) float32 {
	var z levels
	for b := range z {
		v := (look[b] - mean[b] - l.centre[b]) * l.scale[b]
		if v > 5 {
			v = 5
		}
		if v < -2 {
			v = -2
		}
		z[b] = v
	}
	for h := len(z) / 2; h > 0; h /= 2 {
		for b := range h {
			z[b] += z[b+h]
		}
	}
	return z[0]
}

// judge says what each look of the stretch is; bits are added to is.
func (t *tone) judge(now looks, is []byte) {
	fast, slow := t.limits()
	judgeLooks(now, t.mean[t.first:], &fast, &slow, is)
}

// judgeGo is judgeLooks in Go, one mean a cell.
func judgeGo(now looks, means []levels, fast, slow *limits, is []byte) {
	for i := range now.fast {
		mean, f := &means[i/cell], &now.fast[i]
		var what byte
		dead := true
		for b := range bands {
			d := f[b] - mean[b]
			if d > fast.active[b] {
				what |= lookActive | lookOdd
				if d > fast.core[b] {
					what |= lookCore
					break
				}
			}
			dead = dead && f[b] <= deadDB
		}
		switch s := &now.slow[i]; {
		case what&lookActive != 0:
		case dead:
			what = lookOdd
		default:
			for b := range bands {
				d := s[b] - mean[b]
				if d > slow.active[b] {
					what = lookActive | lookOdd
					break
				}
				d -= slow.centre[b]
				if d > slow.odd[b] || -d > slow.odd[b] {
					what = lookOdd
				}
			}
			if what&lookActive == 0 && (fast.sum(f, mean) > fast.all || slow.sum(s, mean) > slow.all) {
				what = lookActive | lookOdd
			}
		}
		if what&lookCore != 0 && fast.voiced(f, mean) {
			what |= lookVoiced
		}
		is[i] |= what
	}
}

// voiced reports whether the voice's lowest bands stand well above the tone,
// and not far below the others.
func (l *limits) voiced(look, mean *levels) bool {
	low, high := float32(deadDB), float32(deadDB)
	for b := range voicedBands {
		if look[b]-mean[b] > l.core[b] {
			low = max(low, look[b])
		}
	}
	for b := voicedBands; b < bands; b++ {
		high = max(high, look[b])
	}
	return low > high-voicedDB
}

// histogram holds deviations within 12.8 dB to 0.05 dB.
type histogram struct {
	n    int32
	bins [512]int32
}

func (h *histogram) add(db float32) {
	k := int(db*20 + 256)
	h.bins[min(max(k, 0), 511)]++
	h.n++
}

// spread is the median and 1.4826 times the median absolute deviation, but
// no less than least.
func (h *histogram) spread(least float32) spread {
	mid, seen := 0, h.bins[0]
	for seen*2 < h.n {
		mid++
		seen += h.bins[mid]
	}
	inside, r := h.bins[mid], 0
	for inside*2 < h.n {
		r++
		if mid-r >= 0 {
			inside += h.bins[mid-r]
		}
		if mid+r < len(h.bins) {
			inside += h.bins[mid+r]
		}
	}
	return spread{(float32(mid) - 255.5) / 20, max(1.4826*(float32(r)+0.25)/20, least)}
}
