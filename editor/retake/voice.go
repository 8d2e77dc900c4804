package retake

import (
	"math"
	"math/rand/v2"
	"slices"

	"jackknife/editor/hear"
)

// cepstra is how many coefficients a look has; as many differences follow them.
const cepstra = 13

const dims = 2 * cepstra

// voice is what is heard of the speaker in every look: mel cepstra and their
// differences, made comparable over the take (S. Davis and P. Mermelstein, 1980).
// The room's own power is added to every band first, so that looks at the room
// alone are all alike, however noisy it is.
type voice struct {
	looks  []float32 // dims a look
	square []float32 // the sum of their squares
	db     []float32 // power of the looks over the room, in dB
	active []bool
	theta  float32 // a distance below which two looks are of the same sound
}

func (v *voice) look(i int) []float32 { return v.looks[i*dims : (i+1)*dims] }

func hearVoice(h *hear.Heard) *voice {
	const bands = hear.Bands
	n := len(h.Mel) / bands
	v := &voice{looks: make([]float32, n*dims), square: make([]float32, n), db: make([]float32, n), active: make([]bool, n)}
	near := make([]bool, n) // a phrase and what is close to it
	for _, p := range h.Phrases {
		from, to := h.Look(p.Start), min(n, h.Look(p.End)+1)
		for i := from; i < to; i++ {
			v.active[i] = true
		}
		for i := max(0, from-2); i < min(n, to+2); i++ {
			near[i] = true
		}
	}
	var room [bands]float64
	quiet := 0
	for i := range n {
		if near[i] {
			continue
		}
		quiet++
		for b := range bands {
			room[b] += float64(h.Mel[i*bands+b])
		}
	}
	if quiet > 10 {
		for b := range room {
			room[b] /= float64(quiet)
		}
	} else {
		column := make([]float32, n)
		for b := range room {
			for i := range column {
				column[i] = h.Mel[i*bands+b]
			}
			slices.Sort(column)
			if n > 0 {
				room[b] = float64(column[n/10])
			}
		}
	}
	var all float64
	for _, p := range room {
		all += p
	}
	var cosines [cepstra][bands]float64
	for k := range cosines {
		for b := range bands {
			cosines[k][b] = math.Cos(math.Pi*float64(k)*(float64(b)+0.5)/bands) * math.Sqrt(2.0/bands)
		}
	}
	for i := range n {
		var logs [bands]float64
		var power float64
		for b := range bands {
			p := float64(h.Mel[i*bands+b])
			power += p
			logs[b] = math.Log(p + 1.5*room[b] + 1e-12)
		}
		v.db[i] = float32(10 * math.Log10((power+1e-12)/(all+1e-12)))
		c := v.look(i)
		for k := range cosines {
			var sum float64
			for b, w := range cosines[k] {
				sum += w * logs[b]
			}
			c[k] = float32(sum)
		}
	}
	for i := 2; i < n-2; i++ {
		c := v.look(i)
		for k := range cepstra {
			at := func(d int) float32 { return v.looks[(i+d)*dims+k] }
			c[cepstra+k] = (2*(at(2)-at(-2)) + at(1) - at(-1)) / 10
		}
	}
	v.level()
	return v
}

// level gives every coefficient the same weight over the speech of the take, but
// for loudness and the differences, which get less, and finds theta.
func (v *voice) level() {
	var mean, square [dims]float64
	var speech []int
	for i, is := range v.active {
		if !is {
			continue
		}
		speech = append(speech, i)
		for k, c := range v.look(i) {
			mean[k] += float64(c)
			square[k] += float64(c) * float64(c)
		}
	}
	if len(speech) == 0 {
		return
	}
	count := float64(len(speech))
	for i := range v.active {
		c := v.look(i)
		for k := range c {
			weight := 1.0
			switch {
			case k == 0:
				weight = 0.7
			case k >= cepstra:
				weight = 0.6
			}
			m := mean[k] / count
			deviation := math.Sqrt(max(0, square[k]/count-m*m)) + 1e-6
			c[k] = float32(weight * (float64(c[k]) - m) / deviation)
			v.square[i] += c[k] * c[k]
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	distances := make([]float32, 4000)
	for i := range distances {
		distances[i] = v.distance(speech[rng.IntN(len(speech))], speech[rng.IntN(len(speech))])
	}
	slices.Sort(distances)
	v.theta = 0.74 * distances[len(distances)/2]
}

func (v *voice) distance(i, j int) float32 {
	a, b := v.look(i), v.look(j)
	var dot float32
	for k, x := range a {
		dot += x * b[k]
	}
	return float32(math.Sqrt(float64(max(0, v.square[i]+v.square[j]-2*dot))))
}
