package editor

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// TestEditLabels: labels keep every edit to the frame, in any order, at any
// rate, also with the six decimals that Audacity writes.
func TestEditLabels(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 2000 {
		rate := []int{8000, 44100, 48000, 96000, 192000}[rng.IntN(5)]
		n := int64(rate) * 36000
		l := randomList(rng, n)
		for i := range l {
			l[i].Reason = []string{"", "why: so", "pause 1, 1.000 s to 1.500 s"}[rng.IntN(3)]
		}
		text := string(l.FormatLabels(rate))
		lines := strings.SplitAfter(text, "\n")
		lines = lines[:len(lines)-1]
		rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		for i, line := range lines {
			f := strings.Split(line, "\t")
			lines[i] = f[0][:len(f[0])-3] + "\t" + f[1][:len(f[1])-3] + "\t" + f[2]
		}
		for _, text := range []string{text, strings.Join(lines, "")} {
			got, err := ParseEditLabels("l", []byte(text), rate, n)
			if err != nil || !reflect.DeepEqual(got, l) {
				t.Fatalf("%d Hz: %v, %v; want %v\n%s", rate, got, err, l, text)
			}
		}
	}
	for text, want := range map[string]string{
		"1\t2\tpause 3\n":                      `l:1:1: label "pause 3": want cut or fill`,
		"1\t2\tcutter\n":                       `l:1:1: label "cutter"`,
		"1\t2\tfill 5\n":                       `l:1:1: label "fill 5"`,
		"1\t1\tcut\n":                          "l:1:1: at frame 1000: changes nothing",
		"9\t11\tcut\n":                         "l:1:1: span",
		"3\t4\tcut\n\\\t1\t2\n1\t3\tfill 1s\n": "l:1:1: begins before the label in line 3 has ended",
		"x\n":                                  "l:1:1: want start",
	} {
		if _, err := ParseEditLabels("l", []byte(text), 1000, 10000); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzEditLabels: whatever can be read is a valid list, and survives writing.
func FuzzEditLabels(f *testing.F) {
	f.Add([]byte("1\t2\tcut: a\n3\t3\tfill 500ms\n"))
	f.Add([]byte("1\t3\tcut: ;\n3\t33\tcut:;0;\x00d;\x82\x823\x00\x003\f;\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := ParseEditLabels("l", text, 48000, 1<<40)
		if err != nil {
			return
		}
		if err := l.Validate(1 << 40); err != nil {
			t.Fatal(err)
		}
		again, err := ParseEditLabels("l", l.FormatLabels(48000), 48000, 1<<40)
		if err != nil || !reflect.DeepEqual(again, l) {
			t.Fatalf("%q: %v, %v; %v", text, l, again, err)
		}
	})
}
