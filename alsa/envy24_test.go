package alsa

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestSelect(t *testing.T) {
	names := []string{"out1", "out2", "out3", "spdif-l", "spdif-r"}
	for spec, want := range map[string]string{
		"out1": "[0]", "OUT3": "[2]", "out1-2": "[0 1]", "out2-3,spdif-l": "[1 2 3]", "all": "[0 1 2 3 4]", "spdif-r,out1,out1": "[4 0]",
		"out1-4": "no such element", "out4": "no such element", "": "no such element", "out": "[0 1 2]", "spdif": "no such element", "out2-1": "want a range",
		"out1-999999999999": "want a range", "out1-": "no such element", "out-1": "no such element", "spdif-": "no such element", "1-2": "no such element",
	} {
		at, err := Select(names, spec)
		if got := fmt.Sprint(at); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %s", spec, at, err, want)
		}
	}
}

func TestPan(t *testing.T) {
	for _, c := range []struct{ db, place, left, right float64 }{
		{-6, 0, -6, -6}, {-6, -1, -6, math.Inf(-1)}, {-6, 1, math.Inf(-1), -6}, {0, 0.5, -6.0206, 0}, {0, -0.5, 0, -6.0206},
	} {
		if l, r := Pan(c.db, c.place); math.Abs(l-c.left) > 1e-4 || math.Abs(r-c.right) > 1e-4 {
			t.Errorf("Pan(%v, %v) = %v, %v", c.db, c.place, l, r)
		}
	}
	if v := Steps(0, 96, -144, 1.5, false).Value(math.Inf(-1)); v != 0 {
		t.Errorf("silence is %d", v)
	}
}

// The driver's start values, and those that envy24control wrote by a mistake
// it had for years.
func TestStatus(t *testing.T) {
	status := func(b ...int64) Value { return append(Value(b), make(Value, IEC958Len-len(b))...) }
	for words, v := range map[string]Value{
		"mode=consumer audio=yes copy=prohibited emphasis=none category=pcm generation=original rate=48000": status(0x00, 0x82, 0x00, 0x02),
		"mode=consumer audio=no copy=prohibited emphasis=none category=0x77 generation=original rate=48000": status(0x02, 0xf7, 0x00, 0x02),
		"mode=professional audio=yes emphasis=none stream=stereo rate=48000":                                status(0x85, 0x02),
	} {
		var got []string
		for _, s := range Status(v) {
			got = append(got, s.Key+"="+s.Value)
		}
		if strings.Join(got, " ") != words {
			t.Errorf("%v", got)
		}
	}
}

// Whatever is set is what the status says, and nothing else changes.
func TestSetStatus(t *testing.T) {
	for _, start := range [][2]int64{{0x00, 0x82}, {0x85, 0x02}, {0x06, 0x03}, {0xff, 0xff}} {
		v := append(Value{start[0], start[1]}, make(Value, IEC958Len-2)...)
		for i, s := range Status(v) {
			for _, choice := range s.Choices {
				to, err := SetStatus(v, s.Key, choice)
				if err != nil {
					t.Fatal(err)
				}
				after := Status(to)
				if after[i].Key != s.Key || after[i].Value != choice {
					t.Errorf("%v: %s=%s gives %v", start, s.Key, choice, after)
				}
				if s.Key == "mode" {
					continue
				}
				for j, a := range after {
					if j != i && a.Value != Status(v)[j].Value {
						t.Errorf("%v: %s=%s changes %s", start, s.Key, choice, a.Key)
					}
				}
				if back, _ := SetStatus(to, s.Key, s.Value); strings.HasPrefix(s.Value, "0x") == slices.Equal(back, v) {
					t.Errorf("%v: %s does not go back", start, s.Key)
				}
			}
		}
	}
	if _, err := SetStatus(make(Value, IEC958Len), "rate", "48000"); err == nil {
		t.Error("the rate is the driver's")
	}
}
