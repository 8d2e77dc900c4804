package main

import (
	"bytes"
	"fmt"
	"go/format"
	"log"
	"math"
	"os"

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

func (e example) truth() float64 {
	if e.yes {
		return 1
	}
	return 0
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
				cut := editor.Span{Start: p.From, End: t.Lines[p.B].Start}
				isPart = isPart || harm(truth, cut, int(rate)) == "" && touchesBad(truth, cut)
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

// calibrate scales both models so that what the proposals in other takes say of
// themselves is as often right (J. Platt, 1999).
func calibrate(takes []*work, models ...*retake.Model) {
	var said, truth []float64
	for _, w := range takes {
		w.found.Judge(models[0], models[1])
		for _, p := range proposals(w, 0.02) {
			said = append(said, math.Log(p.Confidence/(1-p.Confidence)))
			right := 0.0
			if rightly(w, p.Span) {
				right = 1
			}
			truth = append(truth, right)
		}
	}
	scale, shift := 1.0, 0.0
	for range 5000 {
		var byScale, byShift float64
		for i, z := range said {
			off := truth[i] - 1/(1+math.Exp(-(scale*z+shift)))
			byScale, byShift = byScale+off*z, byShift+off
		}
		scale += 0.05 * byScale / float64(len(said))
		shift += 0.2 * byShift / float64(len(said))
	}
	log.Printf("%d proposals: scale %.3f, shift %.3f", len(said), scale, shift)
	for _, m := range models {
		m.Bias = scale*m.Bias + shift
		for _, t := range m.Trees {
			for k := range t {
				t[k].Value *= scale
			}
		}
	}
}

// writeWeights writes the models as Go.
func writeWeights(name string, whole, part retake.Model) error {
	var b bytes.Buffer
	fmt.Fprint(&b, "package retake\n\n// Made by go run ./testdata/benchmistakes -fit; do not edit.\n\n")
	for _, m := range []struct {
		name string
		retake.Model
	}{{"wholeModel", whole}, {"partModel", part}} {
		fmt.Fprintf(&b, "var %s = Model{\nBias: %.5g,\nTrees: []Tree{\n", m.name, m.Bias)
		for _, t := range m.Trees {
			fmt.Fprint(&b, "{")
			for k, branch := range t {
				if k > 0 {
					fmt.Fprint(&b, ", ")
				}
				fmt.Fprintf(&b, "{%d, %.4g, %d, %.4g}", branch.Feature, branch.At, branch.Else, branch.Value)
			}
			fmt.Fprint(&b, "},\n")
		}
		fmt.Fprint(&b, "},\n}\n\n")
	}
	text, err := format.Source(b.Bytes())
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
