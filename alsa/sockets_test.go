package alsa

import (
	"errors"
	"strings"
	"testing"
)

func TestSockets(t *testing.T) {
	for model, want := range map[string]string{
		"delta1010lt": "XLR 1|XLR 2|RCA 3|RCA 4|RCA 5|RCA 6|RCA 7|RCA 8|S/PDIF L|S/PDIF R|monitor mix L|monitor mix R" +
			" -> RCA out 1|RCA out 2|RCA out 3|RCA out 4|RCA out 5|RCA out 6|RCA out 7|RCA out 8|S/PDIF out L|S/PDIF out R",
		"Delta44": "in 1|in 2|in 3|in 4|||||||monitor mix L|monitor mix R -> out 1|out 2|out 3|out 4||||||",
		"dio2496": "||||||||S/PDIF L|S/PDIF R|monitor mix L|monitor mix R -> RCA out 1|RCA out 2|RCA out 3|RCA out 4|||||S/PDIF out L|S/PDIF out R",
	} {
		captures, playbacks, err := Sockets(model)
		if got := strings.Join(captures, "|") + " -> " + strings.Join(playbacks, "|"); got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", model, got, err, want)
		}
	}
	for _, model := range Models() {
		captures, playbacks, _ := Sockets(model)
		seen := make(map[string]bool)
		for _, name := range append(captures, playbacks...) {
			if name != "" && seen[name] {
				t.Errorf("%s has two %s", model, name)
			}
			seen[name] = true
		}
		if got := (Card{Driver: ICE1712, Name: boxes[model].card}).Model(); got != model {
			t.Errorf("the model of %s is %q", boxes[model].card, got)
		}
	}
	if _, _, err := Sockets("hda"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "delta1010lt") {
		t.Error(err)
	}
	if model := (Card{Driver: "HDA-Intel", Name: "M Audio Delta 44"}).Model(); model != "" {
		t.Errorf("an onboard card is a %s", model)
	}
}
