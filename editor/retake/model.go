package retake

import "math"

// terms is the features and all products of two of them.
const terms = features + features*(features+1)/2

// model is a logistic regression over the features and their products. Its
// numbers are in weights.go, which testdata/benchmistakes makes.
type model struct {
	mean, deviation [features]float64
	bias            float64
	weights         [terms]float64
}

// judge is how likely it is that a pair with these features is what the model
// looks for.
func (m *model) judge(f *[features]float64) float64 {
	v := Terms(f[:], m.mean[:], m.deviation[:])
	sum := m.bias
	for i, w := range m.weights {
		sum += w * v[i]
	}
	return 1 / (1 + math.Exp(-sum))
}

// Terms is what the weights of the model are for: features within four
// deviations of their means, and the products of any two.
func Terms(f, mean, deviation []float64) []float64 {
	v := make([]float64, 0, terms)
	for i, x := range f {
		v = append(v, min(max((x-mean[i])/deviation[i], -4), 4))
	}
	for i := range features {
		for j := range i + 1 {
			v = append(v, v[i]*v[j])
		}
	}
	return v
}

// Pair is two lines of a take as the model sees them, for those who teach it.
type Pair struct {
	A, B        int // of Lines
	Features    []float64
	Whole, Part float64 // how sure it is
	From        int64   // the frame of A from which B says it again, if it does so in part
}

// Pairs is all pairs of lines that were judged.
func (t *Take) Pairs() []Pair {
	var all []Pair
	for i := range t.Lines {
		for j := i + 1; j < min(len(t.Lines), i+1+reach); j++ {
			if p := t.pairs[[2]int{i, j}]; p != nil && p.near {
				all = append(all, Pair{i, j, p.features[:], p.again, p.part, t.resumption(i, j, p)})
			}
		}
	}
	return all
}

// frame is the first one of a look.
func (t *Take) frame(look int) int64 {
	return (int64(look)*int64(t.Heard.RateHz) + looks - 1) / looks
}
