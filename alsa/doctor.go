package alsa

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Finding is something about a card that keeps people from what they want.
type Finding struct {
	Problem bool // else only worth knowing
	Text    string
	Mend    [][]string // command lines that mend it, one after the other
}

// Examine looks for what usually is wrong with an Envy24 card's settings, and
// who has the card, of whatever kind.
func Examine(card Card, elements []*Element, use Use) []Finding {
	if !Envy24(card.Driver) {
		return examineUse(card, use)
	}
	var found []Finding
	add := func(problem bool, text string, mend ...string) {
		words := append([]string{"jackknife", "card", mend[0], "-c", card.ID}, mend[1:]...)
		found = append(found, Finding{problem, text, [][]string{words}})
	}
	problem := func(text string, mend ...string) { add(true, text, mend...) }
	note := func(text string, mend ...string) { add(false, text, mend...) }

	examineLevels(elements, problem, note)
	examineRoutes(elements, problem, note)
	if c := NewClock(elements); c.Rate != nil {
		examineClock(c, elements, problem, note)
	}
	for _, e := range elements {
		switch {
		case e.Value == nil:
		case e.Name == "IEC958 Playback Default" && e.Type == IEC958 && e.Value[0]&0x02 != 0:
			problem("the S/PDIF output is marked as no audio: receivers mute it", "spdif", "audio=yes")
		case e.Name == "Multi Track Volume Rate" && e.Value[0] > 16:
			note(fmt.Sprintf("the monitor mixer's faders move slowly: %d samples for each 1.5 dB", e.Value[0]), "set", e.String(), "1")
		case e.Name == "Deemphasis" && e.Text(e.Value) != "Off":
			note(fmt.Sprintf("%s is on (%s): outputs sound dull unless the recording has emphasis", e, e.Text(e.Value)), "set", e.String(), "Off")
		}
	}
	return append(found, examineUse(card, use)...)
}

// ExamineServer holds the words by which a jackd will be started against the
// card's limits; of other programs and other cards it finds nothing. source is
// the file that has the words.
func ExamineServer(card Card, args []string, source string, capture, playback *Limits) []Finding {
	l, ok := parseServer(args)
	if !ok || !l.of(card) {
		return nil
	}
	var found []Finding
	right, wrong := l.mended(capture, playback)
	for _, w := range wrong {
		write := "echo " + strings.Join(right.words(), " ") + " > " + source
		found = append(found, Finding{true, "jackd will not start as " + source + " says: " + w, [][]string{{"sh", "-c", write}}})
	}
	return found
}

// examineUse looks at the programs that use the card.
func examineUse(card Card, use Use) []Finding {
	var found []Finding
	for _, p := range use.Programs {
		kill := []string{"kill", fmt.Sprint(p.PID)}
		who := fmt.Sprintf("%s (process %d)", p.Name, p.PID)
		streams := slices.DeleteFunc(slices.Clone(use.Streams), func(s Stream) bool { return s.PID != p.PID })
		if l, ok := parseServer(p.Args); ok && l.of(card) {
			if l.has('H') {
				found = append(found, Finding{false, who + " runs with -H and sets the card's routes itself",
					[][]string{kill, l.with('H', 0).words()}})
			}
			if asked := l.number('r'); len(streams) > 0 && asked != 0 && asked != streams[0].RateHz {
				found = append(found, Finding{true, fmt.Sprintf("%s was asked for %d Hz and runs at %d without a word", who, asked, streams[0].RateHz),
					[][]string{kill, {"jackknife", "card", "clock", "-c", card.ID, fmt.Sprint(asked), "--lock", "off"}, p.Args}})
			}
			continue
		}
		switch {
		case p.ReadsPeaks():
			found = append(found, Finding{false, who + " reads the meters: whoever reads takes the peaks from the others", [][]string{kill}})
		case len(streams) > 0 && slices.Contains([]string{"pipewire", "pulseaudio"}, p.Name):
			found = append(found, Finding{false, who + " has the card: jackd cannot open it, and its rate may change",
				[][]string{{"systemctl", "--user", "stop", p.Name + ".socket", p.Name + ".service"}}})
		case len(streams) > 0:
			found = append(found, Finding{false, who + " has the card: no other program can play or record with it", [][]string{kill}})
		}
	}
	return found
}

func examineLevels(elements []*Element, problem, note func(string, ...string)) {
	var muted, all [2][]string // outputs, inputs
	var low []string
	for _, l := range Levels(elements) {
		kind := 0
		if strings.HasPrefix(l.Name, "in") {
			kind = 1
		}
		all[kind] = append(all[kind], l.Name)
		db := l.Element.Scale.DB(l.Element.Value[0])
		switch {
		case math.IsInf(db, -1):
			muted[kind] = append(muted[kind], l.Name)
		case kind == 1 && db < 0:
			low = append(low, l.Name)
		}
	}
	for kind, what := range [2]string{"outputs are muted: nothing can be heard", "inputs are muted: silence is recorded"} {
		switch n := len(muted[kind]); {
		case n == 0:
		case n == len(all[kind]):
			problem("all "+what+" (so the driver starts)", "levels", []string{"out", "in"}[kind], "0dB")
		default:
			note("some "+what+" there: "+strings.Join(muted[kind], ", "), "levels", strings.Join(muted[kind], ","), "0dB")
		}
	}
	if len(low) > 0 {
		note("turned down after the converter, which cures no clipping: "+strings.Join(low, ", "), "levels", strings.Join(low, ","), "0dB")
	}
}

func examineRoutes(elements []*Element, problem, note func(string, ...string)) {
	outputs := Outputs(elements)
	var direct, mixed []string
	for _, o := range outputs {
		switch source := o.Source(o.Route.Value[0]); {
		case source == "mix":
			mixed = append(mixed, o.Name)
		case source != o.own:
			direct = append(direct, o.Name)
		}
	}
	if len(direct) > 0 {
		note("play an input instead of what programs play (jackd -H sets this): "+strings.Join(direct, ", "), "route", strings.Join(direct, ","), "pcm")
	}
	if len(mixed) == 0 {
		return
	}
	for _, s := range Strips(elements) {
		for side, on := range s.Switch.Value {
			if on != 0 && s.Volume.Value[side] > 0 {
				return
			}
		}
	}
	problem("play the monitor mix, in which nothing is switched on: "+strings.Join(mixed, ", "), "route", strings.Join(mixed, ","), "pcm")
}

func examineClock(c Clock, elements []*Element, problem, note func(string, ...string)) {
	if c.Lock() == Unlocked {
		problem("the clock is external ("+c.Source()+") and there is no signal: programs hang", "clock", Internal)
	}
	if c.Locking != nil && c.Locking.Value[0] != 0 {
		rate := c.Rate
		if c.Default != nil {
			rate = c.Default
		}
		problem(fmt.Sprintf("the rate is locked: programs run at %s Hz whatever they ask for, or fail", item(rate)), "clock", "--lock", "off")
	}
	if c.Source() == SPDIF {
		return
	}
	uses := false
	for _, s := range Strips(elements) {
		uses = uses || strings.HasPrefix(s.Name, "spdif") && (s.Switch.Value[0] != 0 || s.Switch.Value[1] != 0)
	}
	for _, o := range Outputs(elements) {
		uses = uses || strings.HasPrefix(o.Source(o.Route.Value[0]), "spdif")
	}
	if uses {
		note("the S/PDIF input is used, but the card does not follow its clock: expect clicks or silence", "clock", SPDIF)
	}
}
