package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"jackknife/editor/retake"
)

// How the models are taught: so many trees, each so many branches deep, of which
// each counts for so much; each sees so many of the examples and of the features.
// stiff draws the values of the trees to 0, least is what stays on either side of
// a branch.
const (
	trees    = 200
	depth    = 4
	rate     = 0.06
	examined = 0.7
	compared = 0.5
	stiff    = 2
	least    = 1
)

// bins is in how many parts the range of a feature is divided.
const bins = 32

// boost teaches a model by gradient boosting: each tree by the second-order errors
// of those before it (T. Chen and C. Guestrin, 2016).
func boost(all []example) retake.Model {
	b := booster{rng: rand.New(rand.NewPCG(0, 7))}
	b.divide(all)
	yes := 0.5
	for _, e := range all {
		yes += e.truth()
	}
	m := retake.Model{Bias: math.Log(yes / (float64(len(all)) + 1 - yes))}
	sums := make([]float64, len(all))
	for i := range sums {
		sums[i] = m.Bias
	}
	b.slope, b.bend = make([]float64, len(all)), make([]float64, len(all))
	for range trees {
		for i, e := range all {
			p := 1 / (1 + math.Exp(-sums[i]))
			b.slope[i], b.bend[i] = e.truth()-p, max(p*(1-p), 1e-6)
		}
		rows, features := b.some(len(all), examined), b.some(len(b.edges), compared)
		if len(features) == 0 {
			continue
		}
		b.tree = nil
		b.grow(rows, features, depth)
		for i, e := range all {
			sums[i] += b.tree.Of(e.features)
		}
		m.Trees = append(m.Trees, b.tree)
	}
	return m
}

// booster grows trees.
type booster struct {
	rng         *rand.Rand
	edges       [][]float64 // of the bins, by feature
	bin         [][]uint8   // by feature and example
	slope, bend []float64   // of the likelihood, by example
	tree        retake.Tree
}

// divide sorts the features into bins of about as many examples.
func (b *booster) divide(all []example) {
	v := make([]float64, len(all))
	for k := range all[0].features {
		for i, e := range all {
			v[i] = e.features[k]
		}
		sorted := slices.Sorted(slices.Values(v))
		var edges []float64
		for q := 1; q < bins; q++ {
			if e := sorted[q*len(all)/bins]; len(edges) == 0 || e > edges[len(edges)-1] {
				edges = append(edges, e)
			}
		}
		bin := make([]uint8, len(all))
		for i, x := range v {
			at, _ := slices.BinarySearch(edges, x)
			bin[i] = uint8(at)
		}
		b.edges, b.bin = append(b.edges, edges), append(b.bin, bin)
	}
}

// some picks a share of n.
func (b *booster) some(n int, share float64) []int {
	var picked []int
	for i := range n {
		if b.rng.Float64() < share {
			picked = append(picked, i)
		}
	}
	return picked
}

// grow adds the branches for some examples to the tree.
func (b *booster) grow(rows, features []int, depth int) {
	var slope, bend float64
	for _, i := range rows {
		slope, bend = slope+b.slope[i], bend+b.bend[i]
	}
	me := len(b.tree)
	b.tree = append(b.tree, retake.Branch{Value: rate * slope / (bend + stiff)})
	feature, edge := -1, 0
	if depth > 0 {
		feature, edge = b.best(rows, features, slope, bend)
	}
	if feature < 0 {
		return
	}
	var low, high []int
	for _, i := range rows {
		if int(b.bin[feature][i]) <= edge {
			low = append(low, i)
		} else {
			high = append(high, i)
		}
	}
	b.grow(low, features, depth-1)
	b.tree[me] = retake.Branch{Feature: feature, At: b.edges[feature][edge], Else: len(b.tree)}
	b.grow(high, features, depth-1)
}

// best is the feature and the edge that part some examples best, -1 if none does.
func (b *booster) best(rows, features []int, slope, bend float64) (feature, edge int) {
	worth := func(slope, bend float64) float64 { return slope * slope / (bend + stiff) }
	most := 1e-3
	feature = -1
	for _, k := range features {
		var slopes, bends [bins]float64
		for _, i := range rows {
			at := b.bin[k][i]
			slopes[at], bends[at] = slopes[at]+b.slope[i], bends[at]+b.bend[i]
		}
		var low, lowBend float64
		for e := range b.edges[k] {
			low, lowBend = low+slopes[e], lowBend+bends[e]
			if lowBend < least || bend-lowBend < least {
				continue
			}
			if gain := worth(low, lowBend) + worth(slope-low, bend-lowBend) - worth(slope, bend); gain > most {
				most, feature, edge = gain, k, e
			}
		}
	}
	return feature, edge
}
