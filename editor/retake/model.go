package retake

import "math"

// Model is a sum of small trees over the features of a pair, taught by gradient
// boosting (J. Friedman, 2001). The numbers are in weights.go, which
// testdata/benchmistakes makes.
type Model struct {
	Bias  float64
	Trees []Tree
}

// Tree is branches in the order in which they are gone through.
type Tree []Branch

// Branch goes on with the next one where a feature is at most At, else with Else.
// Where Else is 0 the tree ends with a value.
type Branch struct {
	Feature int
	At      float64
	Else    int
	Value   float64
}

// Of is the value of a tree for features.
func (t Tree) Of(f []float64) float64 {
	k := 0
	for t[k].Else != 0 {
		if f[t[k].Feature] <= t[k].At {
			k++
		} else {
			k = t[k].Else
		}
	}
	return t[k].Value
}

// Judge is how likely it is that a pair with these features is what the model
// looks for.
func (m *Model) Judge(f []float64) float64 {
	sum := m.Bias
	for _, t := range m.Trees {
		sum += t.Of(f)
	}
	return 1 / (1 + math.Exp(-sum))
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
				all = append(all, Pair{i, j, p.features[:], p.again, p.part, p.from})
			}
		}
	}
	return all
}

// frame is the first one of a look.
func (t *Take) frame(look int) int64 {
	return (int64(look)*int64(t.Heard.RateHz) + looks - 1) / looks
}
