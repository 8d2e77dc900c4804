package main

import (
	"bytes"
	"fmt"
	"go/format"
	"log"
	"math"
	"os"

	"gonum.org/v1/gonum/mat"

	"jackknife/editor"
	"jackknife/editor/retake"
	"jackknife/testdata/voices"
)

// example is a pair of lines and whether it is what a model looks for.
type example struct {
	features []float64
	yes      bool
	voice    string
}

// examples are the pairs of a take for both models. A pair of which the truth
// says neither is left out.
func examples(t *retake.Take, truth voices.Truth, voice string) (whole, part []example) {
	rate := int64(t.Heard.RateHz)
	phrase := make([]int, len(t.Lines)) // the phrase that most of a line is
	covers := make([]float64, len(t.Lines))
	for i, l := range t.Lines {
		phrase[i] = -1
		var most int64
		for k, p := range truth.Phrases {
			if o := overlap(l, p.Span); o > most {
				phrase[i], most = k, o
			}
		}
		covers[i] = float64(most) / float64(l.Len())
	}
	starts := func(line, k int) bool { // line begins with phrase k
		p := truth.Phrases[k]
		return t.Lines[line].Start < p.End && t.Lines[line].Start > p.Start-rate*3/10 && t.Lines[line].Start < p.Start+rate*3/10
	}
	for _, p := range t.Pairs() {
		isWhole, isPart, skip := false, false, phrase[p.A] < 0 || phrase[p.B] < 0
		for _, s := range truth.Slips {
			good := starts(p.B, s.Good)
			for n, b := range s.Bad {
				first := starts(p.A, b) && covers[p.A] > 0.6
				if !first {
					continue
				}
				isWhole = isWhole || good && n == 0
				if good && n > 0 || n == 0 && len(s.Bad) > 1 && starts(p.B, s.Bad[1]) {
					if s.Kind == "double" {
						isWhole = true
					} else {
						skip = true // "sorry", and what comes after it
					}
				}
			}
			if s.Kind == "partial" && good && overlap(t.Lines[p.A], truth.Phrases[s.Bad[0]].Span) > 0 && t.Lines[p.A].Start < s.Start {
				if d := p.From - s.Start; d > -rate/5 && d < rate/5 {
					isPart = true
				} else {
					skip = true
				}
			}
		}
		if !skip {
			whole = append(whole, example{p.Features, isWhole, voice})
			part = append(part, example{p.Features, isPart, voice})
		}
	}
	return whole, part
}

func overlap(a, b editor.Span) int64 { return max(0, min(a.End, b.End)-max(a.Start, b.Start)) }

// fitted is a logistic regression.
type fitted struct {
	mean, deviation []float64
	bias            float64
	weights         []float64
}

// fit finds the weights by Newton's method, with a penalty on their squares.
func fit(all []example, penalty float64) fitted {
	n := len(all[0].features)
	m := fitted{mean: make([]float64, n), deviation: make([]float64, n)}
	for _, e := range all {
		for k, x := range e.features {
			m.mean[k] += x / float64(len(all))
		}
	}
	for _, e := range all {
		for k, x := range e.features {
			m.deviation[k] += (x - m.mean[k]) * (x - m.mean[k]) / float64(len(all))
		}
	}
	for k := range m.deviation {
		m.deviation[k] = math.Sqrt(m.deviation[k]) + 1e-6
	}
	rows := make([][]float64, len(all))
	for i, e := range all {
		rows[i] = append(retake.Terms(e.features, m.mean, m.deviation), 1)
	}
	d := len(rows[0])
	w := make([]float64, d)
	w[d-1] = -2
	for range 8 {
		gradient := mat.NewVecDense(d, nil)
		hessian := mat.NewSymDense(d, nil)
		for i, row := range rows {
			p := sigmoid(row, w)
			y := 0.0
			if all[i].yes {
				y = 1
			}
			x := mat.NewVecDense(d, row)
			gradient.AddScaledVec(gradient, y-p, x)
			hessian.SymRankOne(hessian, max(p*(1-p), 1e-6), x)
		}
		for k := range d - 1 {
			c := penalty
			if k >= n {
				c *= 3 // products must earn more than features
			}
			gradient.SetVec(k, gradient.AtVec(k)-c*w[k])
			hessian.SetSym(k, k, hessian.At(k, k)+c)
		}
		var chol mat.Cholesky
		if !chol.Factorize(hessian) {
			log.Fatal("fit: singular")
		}
		var step mat.VecDense
		if err := chol.SolveVecTo(&step, gradient); err != nil {
			log.Fatal(err)
		}
		var size float64
		for k := range w {
			s := math.Max(-2, math.Min(2, step.AtVec(k)))
			w[k] += s
			size += s * s
		}
		if size < 1e-8 {
			break
		}
	}
	m.bias, m.weights = w[d-1], w[:d-1]
	return m
}

func sigmoid(row, w []float64) float64 {
	var sum float64
	for k, x := range row {
		sum += x * w[k]
	}
	return 1 / (1 + math.Exp(-sum))
}

func (m fitted) judge(f []float64) float64 {
	return sigmoid(append(retake.Terms(f, m.mean, m.deviation), 1), append(append([]float64{}, m.weights...), m.bias))
}

// calibrated fits a model and sets its scale by what it says of voices it was not
// shown: each voice is left out once.
func calibrated(all []example, penalty float64) fitted {
	names := map[string]bool{}
	for _, e := range all {
		names[e.voice] = true
	}
	var said, truth []float64
	for name := range names {
		var others, own []example
		for _, e := range all {
			if e.voice == name {
				own = append(own, e)
			} else {
				others = append(others, e)
			}
		}
		m := fit(others, penalty)
		for _, e := range own {
			p := m.judge(e.features)
			said = append(said, math.Log(max(p, 1e-9)/max(1-p, 1e-9)))
			y := 0.0
			if e.yes {
				y = 1
			}
			truth = append(truth, y)
		}
	}
	a, b := 1.0, 0.0 // J. Platt, 1999
	var loss float64
	for range 3000 {
		var ga, gb float64
		loss = 0
		for i, z := range said {
			p := 1 / (1 + math.Exp(-(a*z + b)))
			ga += (truth[i] - p) * z
			gb += truth[i] - p
			loss -= truth[i]*math.Log(max(p, 1e-12)) + (1-truth[i])*math.Log(max(1-p, 1e-12))
		}
		a += 0.05 * ga / float64(len(said))
		b += 0.2 * gb / float64(len(said))
	}
	log.Printf("penalty %g: scale %.3f, shift %.3f, loss %.5f over %d pairs", penalty, a, b, loss/float64(len(said)), len(said))
	m := fit(all, penalty)
	m.bias = a*m.bias + b
	for k := range m.weights {
		m.weights[k] *= a
	}
	return m
}

// writeWeights writes the models as Go.
func writeWeights(name string, whole, part fitted) error {
	var b bytes.Buffer
	fmt.Fprint(&b, "package retake\n\n// Made by go run ./testdata/benchmistakes -fit; do not edit.\n\n")
	for _, m := range []struct {
		name string
		fitted
	}{{"wholeModel", whole}, {"partModel", part}} {
		fmt.Fprintf(&b, "var %s = model{\nmean: [features]float64{", m.name)
		list(&b, m.mean)
		fmt.Fprint(&b, "},\ndeviation: [features]float64{")
		list(&b, m.deviation)
		fmt.Fprintf(&b, "},\nbias: %.5g,\nweights: [terms]float64{", m.bias)
		list(&b, m.weights)
		fmt.Fprint(&b, "},\n}\n\n")
	}
	text, err := format.Source(b.Bytes())
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

func list(b *bytes.Buffer, v []float64) {
	for i, x := range v {
		if i%10 == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "%.4g, ", x)
	}
	b.WriteByte('\n')
}
