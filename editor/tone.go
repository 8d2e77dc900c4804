package editor

import "slices"

const (
	cell       = 100 // looks: half a second
	localCells = 8   // the tone follows drift over 4 s either way
	// A band this far below full scale holds no tone, only digital silence.
	deadDB = -125
	// A look is active, or core, where some band is both so many dB and so
	// many standard deviations above the tone.
	activeDB, activeSigmas = 2, 3.8
	coreDB, coreSigmas     = 6, 6
)

// What a look is, as seen against the room tone around it.
const (
	lookActive = 1 << iota // some band rises above the tone: speech may go on here
	lookCore               // some band stands well above the tone: speech
	lookOdd                // not clean tone: a breath, a click, a tail, or dead silence
)

// spread is the centre and the robust standard deviation of some deviations
// from the tone, in dB.
type spread struct{ centre, sigma float32 }

// tone is the model of the room tone in one channel of a window of the take:
// its level in every band, followed over time, and how far single looks
// scatter around it.
type tone struct {
	mean    []levels // per cell
	clean   []bool   // per look
	sigma   levels
	slow    [bands]spread
	sum     spread // of all bands together, fast
	slowSum spread
	floorDB float32
}

// learn finds the room tone in a window of looks: it starts from low
// percentiles and then keeps, in rounds, what looks like tone.
func learn(fast, slow []levels) *tone {
	n := len(fast)
	t := &tone{mean: make([]levels, (n+cell-1)/cell), clean: make([]bool, n)}
	t.start(fast)
	for b := range bands {
		t.sigma[b] = 1.3
	}
	for round := range 4 {
		erode := 6
		if round >= 2 {
			erode = 16
		}
		t.sift(fast, erode)
		t.follow(fast)
	}
	var hist histogram
	for b := range bands {
		hist.reset()
		for i, ok := range t.clean {
			if ok {
				hist.add(slow[i][b] - t.mean[i/cell][b])
			}
		}
		t.slow[b] = hist.spread(0.2)
	}
	for _, s := range []struct {
		of  *spread
		sum func(i int) float32
	}{
		{&t.sum, func(i int) float32 { return t.fastSum(i, &fast[i]) }},
		{&t.slowSum, func(i int) float32 { return t.slowSumOf(i, &slow[i]) }},
	} {
		hist.reset()
		for i, ok := range t.clean {
			if ok {
				hist.add(s.sum(i))
			}
		}
		*s.of = hist.spread(0.05)
	}
	return t
}

// start sets the mean to the 12th percentile over 6 s either way, plus 1 dB.
func (t *tone) start(fast []levels) {
	const knot = 4 // cells
	v := make([]float32, 0, 512)
	for c := 0; c < len(t.mean); c += knot {
		from, to := max(0, (c-12)*cell), min(len(fast), (c+12)*cell)
		var m levels
		for b := range bands {
			v = v[:0]
			for i := from; i < to; i += 5 {
				if l := fast[i][b]; l > deadDB {
					v = append(v, l)
				}
			}
			m[b] = deadDB
			if len(v) > 0 {
				slices.Sort(v)
				m[b] = v[len(v)*12/100] + 1
			}
		}
		for k := c; k < min(c+knot, len(t.mean)); k++ {
			t.mean[k] = m
		}
	}
}

// sift marks the looks that are tone: no band stands out, and none does for
// erode looks either way.
func (t *tone) sift(fast []levels, erode int) {
	var limit levels
	for b := range bands {
		limit[b] = max(3.2*t.sigma[b], 2.5)
	}
	since := erode
	for i := range fast {
		m := &t.mean[i/cell]
		since++
		dead := true
		for b := range bands {
			if fast[i][b]-m[b] > limit[b] {
				since = 0
			}
			if fast[i][b] > deadDB {
				dead = false
			}
		}
		t.clean[i] = since > erode && !dead
		if since == 0 {
			for k := max(0, i-erode); k < i; k++ {
				t.clean[k] = false
			}
		}
	}
}

// follow sets mean and sigma from the looks marked clean.
func (t *tone) follow(fast []levels) {
	sums := make([]levels, len(t.mean))
	count := make([]float32, len(t.mean))
	var all levels
	var total float32
	for i, ok := range t.clean {
		if ok {
			for b := range bands {
				sums[i/cell][b] += fast[i][b]
			}
			count[i/cell]++
		}
	}
	for c := range sums {
		for b := range bands {
			all[b] += sums[c][b]
		}
		total += count[c]
	}
	if total < 20 {
		return
	}
	for c := range t.mean {
		from, to := max(0, c-localCells), min(len(sums), c+localCells+1)
		weight := 0.02 * float32((to-from)*cell)
		var sum levels
		for b := range bands {
			sum[b] = weight * all[b] / total
		}
		for k := from; k < to; k++ {
			for b := range bands {
				sum[b] += sums[k][b]
			}
			weight += count[k]
		}
		for b := range bands {
			t.mean[c][b] = sum[b] / weight
		}
	}
	var hist histogram
	for b := range bands {
		hist.reset()
		for i, ok := range t.clean {
			if ok {
				hist.add(fast[i][b] - t.mean[i/cell][b])
			}
		}
		t.sigma[b] = hist.spread(0.35).sigma
	}
}

// fastSum is the mean over the bands of how many sigmas the look lies above
// the tone; no band may speak for the others.
func (t *tone) fastSum(i int, l *levels) float32 {
	var sum float32
	for b := range bands {
		sum += min(max((l[b]-t.mean[i/cell][b])/t.sigma[b], -2), 5)
	}
	return sum / bands
}

func (t *tone) slowSumOf(i int, l *levels) float32 {
	var sum float32
	for b := range bands {
		sum += min(max((l[b]-t.mean[i/cell][b]-t.slow[b].centre)/t.slow[b].sigma, -2), 5)
	}
	return sum / bands
}

// judge says what look i of the window is.
func (t *tone) judge(i int, fast, slow *levels) byte {
	var is byte
	m := &t.mean[i/cell]
	dead := true
	for b := range bands {
		d := fast[b] - m[b]
		if d > coreDB && d > coreSigmas*t.sigma[b] {
			is |= lookCore | lookActive
		}
		if d > activeDB && d > activeSigmas*t.sigma[b] {
			is |= lookActive
		}
		e := slow[b] - m[b] - t.slow[b].centre
		if e > 1.2 && e > 4*t.slow[b].sigma {
			is |= lookActive
		}
		if max(e, -e) > 3*t.slow[b].sigma {
			is |= lookOdd
		}
		if fast[b] > deadDB {
			dead = false
		}
	}
	if dead {
		return lookOdd
	}
	if t.fastSum(i, fast)-t.sum.centre > 4*t.sum.sigma || t.slowSumOf(i, slow)-t.slowSum.centre > 4*t.slowSum.sigma {
		is |= lookActive
	}
	return is
}

// histogram holds deviations within 12.8 dB to 0.05 dB.
type histogram struct {
	n    int
	bins [512]int32
}

func (h *histogram) reset() { *h = histogram{} }

func (h *histogram) add(db float32) {
	h.bins[int(min(max(db*20+256, 0), 511))]++
	h.n++
}

// spread is the median and 1.4826 times the median absolute deviation, but
// no less than least.
func (h *histogram) spread(least float32) spread {
	if h.n == 0 {
		return spread{0, 1.3}
	}
	mid, seen := 0, h.bins[0]
	for int(seen)*2 < h.n {
		mid++
		seen += h.bins[mid]
	}
	inside, r := h.bins[mid], 0
	for int(inside)*2 < h.n {
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
