package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"jackknife/alsa"
)

// panel is the full-screen mixer without its terminal: what it shows, and what
// a key changes.
type panel struct {
	title  string
	strips []alsa.Strip
	routes []alsa.Output
	levels []alsa.Level
	clock  alsa.Clock
	peaks  []alsa.Meter // as MeterNames; nil when they cannot be read

	page   int
	at     [3]int // the chosen row of each page
	side   int    // what arrows move on a strip: 0 both sides, 1 left, 2 right
	status string // the last error
}

// row is a line of a page.
type row struct {
	name  string
	meter string // the meter that belongs to it, or ""
	text  string // between name and meter
	step  func(n int) []alsa.Change
	press func(key string) []alsa.Change // keys of the row's own
}

var pageNames = [3]string{"mixer", "sockets", "clock"}

func newPanel(card alsa.Card, elements []*alsa.Element) *panel {
	return &panel{title: card.Name, strips: alsa.Strips(elements), routes: alsa.Outputs(elements), levels: alsa.Levels(elements), clock: alsa.NewClock(elements)}
}

func nothing(string) []alsa.Change { return nil }

// changed is the change of an element to v, none when it is so already.
func changed(e *alsa.Element, v alsa.Value) []alsa.Change {
	if slices.Equal(v, e.Value) {
		return nil
	}
	return []alsa.Change{{Element: e, From: e.Value, To: v}}
}

// moved is v with the channels of side (0 all) n steps further, within range.
func moved(e *alsa.Element, side, n int) alsa.Value {
	low, high := e.Range()
	v := slices.Clone(e.Value)
	for i := range v {
		if side == 0 || side == i+1 {
			v[i] = min(max(v[i]+int64(n), low), high)
		}
	}
	return v
}

// slid is moved on a fader that ends at the bottom of its slider: below it is
// only silence.
func slid(e *alsa.Element, side, n int) alsa.Value {
	v := moved(e, side, n)
	bottom := e.Scale.Value(meterBottom)
	for i := range v {
		if v[i] != e.Value[i] && v[i] < bottom {
			v[i] = e.Min
			if n > 0 {
				v[i] = bottom
			}
		}
	}
	return v
}

func (p *panel) rows() []row {
	switch p.page {
	case 0:
		return p.stripRows()
	case 1:
		return p.socketRows()
	}
	return p.clockRows()
}

func (p *panel) stripRows() []row {
	var rows []row
	for i, s := range p.strips {
		var sides strings.Builder
		for side, v := range s.Volume.Value {
			ink := "█"
			if s.Switch.Value[side] == 0 {
				ink = "░"
			}
			db := s.Volume.Scale.DB(v)
			fmt.Fprintf(&sides, " %s%7s", slider(db, meterBottom, 0, 11, ink), peakText(db))
		}
		rows = append(rows, row{
			name: s.Name, meter: s.Name, text: sides.String() + fmt.Sprintf(" %-5s", sendText(s.Switch.Value)),
			step: func(n int) []alsa.Change { return changed(s.Volume, slid(s.Volume, p.side, n)) },
			press: func(key string) []alsa.Change {
				v := slices.Clone(s.Switch.Value)
				switch key {
				case "m":
					on := int64(1)
					if v[0] != 0 || v[1] != 0 {
						on = 0
					}
					v = alsa.Value{on, on}
				case "l":
					v[0] = 1 - v[0]
				case "r":
					v[1] = 1 - v[1]
				case "s":
					changes, err := mix(p.strips, p.strips[i:i+1], nil, "", true)
					p.say(err)
					return changes
				case "0":
					_, high := s.Volume.Range()
					return changed(s.Volume, alsa.Value{high, high})
				}
				return changed(s.Switch, v)
			},
		})
	}
	return rows
}

func (p *panel) socketRows() []row {
	levels := make(map[string]*alsa.Element)
	for _, l := range p.levels {
		levels[l.Name] = l.Element
	}
	levelText := func(e *alsa.Element) string {
		low, _ := e.Scale.Ends()
		_, top := e.Range()
		return fmt.Sprintf(" %s%9s", slider(e.Scale.DB(e.Value[0]), low, e.Scale.DB(top), 20, "█"), alsa.FormatDB(e.Scale.DB(e.Value[0])))
	}
	levelStep := func(e *alsa.Element) func(int) []alsa.Change {
		return func(n int) []alsa.Change { return changed(e, moved(e, 0, n)) }
	}
	toZero := func(e *alsa.Element) []alsa.Change { return changed(e, alsa.Value{e.Scale.Value(0)}) }
	var rows []row
	for _, o := range p.routes {
		reroute := func(n int) []alsa.Change {
			items := int64(len(o.Route.Items))
			return changed(o.Route, alsa.Value{(o.Route.Value[0] + int64(n) + items) % items})
		}
		e := levels[o.Name]
		r := row{name: o.Name, meter: o.Source(o.Route.Value[0]), step: reroute}
		r.text = strings.Repeat(" ", 30)
		if e != nil {
			r.text, r.step = levelText(e), levelStep(e)
		}
		if r.meter == "mix" {
			r.meter = [2]string{"mix-l", "mix-r"}[o.Route.Index&1]
		}
		r.text += fmt.Sprintf("  <- %-8s", o.Source(o.Route.Value[0]))
		r.press = func(key string) []alsa.Change {
			switch {
			case key == "<":
				return reroute(-1)
			case key == ">":
				return reroute(1)
			case key == "0" && e != nil:
				return toZero(e)
			}
			return nil
		}
		rows = append(rows, r)
	}
	for _, l := range p.levels {
		if strings.HasPrefix(l.Name, "in") {
			rows = append(rows, row{name: l.Name, meter: l.Name, text: levelText(l.Element) + strings.Repeat(" ", 13), step: levelStep(l.Element),
				press: func(key string) []alsa.Change {
					if key == "0" {
						return toZero(l.Element)
					}
					return nil
				}})
		}
	}
	return rows
}

func (p *panel) clockRows() []row {
	c := p.clock
	if c.Rate == nil {
		return nil
	}
	turn := func(words []string, now string, n int) string {
		i := max(slices.Index(words, now), 0)
		return words[((i+n)%len(words)+len(words))%len(words)]
	}
	lock := map[alsa.Lock]string{alsa.Locked: "locked", alsa.Unlocked: "no lock"}[c.Lock()]
	rows := []row{{name: "source", text: fmt.Sprintf(" %-10s %s", c.Source(), lock), press: nothing,
		step: func(n int) []alsa.Change {
			changes, err := c.To(turn([]string{alsa.Internal, alsa.SPDIF, alsa.WordClock}, c.Source(), n), 0)
			p.say(err)
			return changes
		}},
		{name: "rate", text: fmt.Sprintf(" %d Hz", c.RateHz()), press: nothing,
			step: func(n int) []alsa.Change {
				changes, err := clockTo(c, turn(c.Rates(), fmt.Sprint(c.RateHz()), n), 0)
				p.say(err)
				return changes
			}}}
	for _, setting := range []struct {
		name string
		e    *alsa.Element
	}{{"default", c.Default}, {"lock", c.Locking}, {"reset", c.Reset}} {
		if e := setting.e; e != nil {
			low, high := e.Range()
			rows = append(rows, row{name: setting.name, text: " " + e.Text(e.Value), press: nothing,
				step: func(n int) []alsa.Change {
					size := high - low + 1
					return changed(e, alsa.Value{low + ((e.Value[0]-low+int64(n))%size+size)%size})
				}})
		}
	}
	return rows
}

// resetPeaks lets the meters start anew.
func (p *panel) resetPeaks() {
	p.peaks = make([]alsa.Meter, len(alsa.MeterNames()))
	for i := range p.peaks {
		p.peaks[i] = alsa.NewMeter()
	}
}

// say keeps an error to show it.
func (p *panel) say(err error) {
	if err != nil {
		p.status = err.Error()
	}
}

// key is what a key changes; quit when it ends the panel. Keys are letters, or
// names: up down left right pageup pagedown tab, "row 3" and "wheel 3 +1" of
// the mouse.
func (p *panel) key(k string) (changes []alsa.Change, quit bool) {
	p.status = ""
	rows := p.rows()
	choose := func(n int) { p.at[p.page] = min(max(n, 0), len(rows)-1) }
	step := func(n int) []alsa.Change {
		if len(rows) == 0 {
			return nil
		}
		return rows[p.at[p.page]].step(n)
	}
	var line, n int
	switch k {
	case "q", "\x03":
		return nil, true
	case "tab":
		p.page = (p.page + 1) % len(pageNames)
	case "1", "2", "3":
		p.page = int(k[0] - '1')
	case "up", "k":
		choose(p.at[p.page] - 1)
	case "down", "j":
		choose(p.at[p.page] + 1)
	case "left", "-":
		return step(-1), false
	case "right", "+":
		return step(1), false
	case "pagedown":
		return step(-4), false
	case "pageup":
		return step(4), false
	case "p":
		if p.peaks != nil {
			p.resetPeaks()
		}
	case "b":
		p.side = (p.side + 1) % 3
	default:
		if _, err := fmt.Sscanf(k, "wheel %d %d", &line, &n); err == nil {
			choose(line)
			return step(n), false
		}
		if _, err := fmt.Sscanf(k, "row %d", &line); err == nil {
			choose(line)
			return nil, false
		}
		if len(rows) > 0 {
			return rows[p.at[p.page]].press(k), false
		}
	}
	return nil, false
}

// first is the row at the top when not all fit.
func (p *panel) first(rows, height int) int {
	return min(max(p.at[p.page]-height/2, 0), max(rows-height, 0))
}

// rowAt is the row on a line of the screen, counted from 0; -1 for none.
func (p *panel) rowAt(line, height int) int {
	rows := p.rows()
	n := line - 1 + p.first(len(rows), height-2)
	if line < 1 || line >= height-1 || n >= len(rows) {
		return -1
	}
	return n
}

// view is the lines of the screen.
func (p *panel) view(width, height int) []string {
	if width < 80 || height < 24 {
		return []string{fmt.Sprintf("%dx%d is too small, 80x24 is needed", width, height)}
	}
	head := " " + p.title + " "
	for i, name := range pageNames {
		if i == p.page {
			name = strings.ToUpper(name)
		}
		head += fmt.Sprintf("  %d %s", i+1, name)
	}
	if p.page == 0 {
		head += "   moves " + [3]string{"both sides", "the left", "the right"}[p.side]
	}
	lines := []string{fit(head, width)}
	rows := p.rows()
	first := p.first(len(rows), height-2)
	for i := first; i < len(rows) && i < first+height-2; i++ {
		r, mark := rows[i], ' '
		if i == p.at[p.page] {
			mark = '>'
		}
		line := fmt.Sprintf("%c%-8s%s", mark, r.name, r.text)
		if at := slices.Index(alsa.MeterNames(), r.meter); at >= 0 && p.peaks != nil {
			m := p.peaks[at]
			room := max(width-utf8.RuneCountInString(line)-8, 0)
			line += fmt.Sprintf(" %s%6s", bar(m, room, false), peakText(m.Top))
		}
		lines = append(lines, fit(line, width))
	}
	for len(lines) < height-1 {
		lines = append(lines, "")
	}
	foot := [3]string{
		" arrows pages: level  m mute  l r sends  s solo  b sides  0 0dB  p peaks  q quit",
		" arrows pages: level  < > source  0 0dB  p peaks  1-3 tab: screens  q quit",
		" left, right: change  1-3 tab: screens  q quit",
	}[p.page]
	if p.status != "" {
		foot = " " + p.status
	}
	return append(lines, fit(foot, width))
}

// fit cuts or pads a line to the width.
func fit(s string, width int) string {
	r := []rune(s)
	if len(r) > width {
		r = r[:width]
	}
	return string(r) + strings.Repeat(" ", width-len(r))
}

// slider draws a level between two others.
func slider(db, low, high float64, width int, ink string) string {
	n := int(math.Round(min(max((db-low)/(high-low), 0), 1) * float64(width)))
	return strings.Repeat(ink, n) + strings.Repeat("·", width-n)
}
