package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"jackknife/jackgraph"
)

// deskGraph has outputs and inputs of one client each, in natural order.
func deskGraph(outputs, inputs int, connections ...jackgraph.Connection) jackgraph.Graph {
	var g jackgraph.Graph
	for i := range outputs {
		g.Ports = append(g.Ports, jackgraph.Port{Name: fmt.Sprint("mics:out_", i+1), Type: jackgraph.Audio, Dir: jackgraph.Output})
	}
	for i := range inputs {
		g.Ports = append(g.Ports, jackgraph.Port{Name: fmt.Sprint("desk:in_", i+1), Type: jackgraph.Audio, Dir: jackgraph.Input})
	}
	g.Connections = connections
	g.Sort()
	return g
}

func across(out, in int) jackgraph.Connection {
	return jackgraph.Connection{From: fmt.Sprint("mics:out_", out), To: fmt.Sprint("desk:in_", in)}
}

// patchbayOf is a patchbay of a size that shows a graph; its orders are kept.
func patchbayOf(g jackgraph.Graph, width, height int) (p *patchbay, orders *[]order) {
	p, orders = newPatchbay("JACK"), new([]order)
	p.order = func(o order) { *orders = append(*orders, o) }
	p.patches = func() ([]string, error) { return []string{"studio", "live"}, nil }
	p.Update(tea.WindowSizeMsg{Width: width, Height: height})
	p.Update(graphRead(g))
	return p, orders
}

func press(p *patchbay, keys ...string) {
	special := map[string]rune{"enter": tea.KeyEnter, "tab": tea.KeyTab, "esc": tea.KeyEscape, "down": tea.KeyDown, "up": tea.KeyUp, "end": tea.KeyEnd, "home": tea.KeyHome, "pgdown": tea.KeyPgDown, "backspace": tea.KeyBackspace}
	for _, k := range keys {
		if code, ok := special[k]; ok {
			p.Update(tea.KeyPressMsg{Code: code})
			continue
		}
		for _, r := range k {
			p.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

// screenText is what a terminal without attributes shows.
func screenText(p *patchbay) string {
	lines := strings.Split(ansi.Strip(p.View().Content), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestPatchbayPictures(t *testing.T) {
	var every []jackgraph.Connection
	for out := range 12 {
		every = append(every, across(out+1, 12-out), across(out+1, (out*5)%12+1))
	}
	for _, test := range []struct {
		name          string
		graph         jackgraph.Graph
		width, height int
		keys          []string
		want          string
	}{
		{"lines cross, fork and join", deskGraph(3, 4, across(1, 1), across(1, 3), across(2, 3), across(3, 1)), 44, 12, nil, `
 jackknife patchbay  JACK  7 ports, 4 conne…
 OUTPUTS                      INPUTS
 mics            ┏━━━━━┓      desk
   out_1 ━━━━━━━━┛  ┌──╋━━━━━━● in_1
   out_2 ───────────│──┃──┐     in_2
   out_3 ───────────┘  ┗━━┻━━━● in_3
                                in_4


 mics:out_1  audio  -> desk:in_1, desk:in_3
 enter disconnects mics:out_1 -> desk:in_1
 ? help  q quit  tab side  / find  x cut al…`},
		{"too many for lines: those of the chosen port", deskGraph(12, 12, every...), 40, 20, []string{"tab", "down"}, `
 jackknife patchbay  JACK  24 ports, 24…
 OUTPUTS                    INPUTS
 mics                       desk
   out_1 ○                  ○ in_1
   out_2 ○       ┏━━━━━┳━━━━○ in_2
   out_3 ○       ┃     ┃    ○ in_3
   out_4 ○       ┃     ┃    ○ in_4
   out_5 ○       ┃     ┃    ○ in_5
   out_6 ●━━━━━━━┛     ┃    ○ in_6
   out_7 ○             ┃    ○ in_7
   out_8 ○             ┃    ○ in_8
   out_9 ○             ┃    ○ in_9
   out_10 ○            ┃    ○ in_10
   out_11 ●━━━━━━━━━━━━┛    ○ in_11
   out_12 ○                 ○ in_12


 desk:in_2  audio  <- mics:out_6, mics:…
 enter connects mics:out_1 -> desk:in_2
 ? help  q quit  tab side  / find  x cu…`},
		{"scrolled out of sight", deskGraph(30, 30, across(3, 2), across(3, 28)), 60, 12, []string{"down", "down"}, `
 jackknife patchbay  JACK  60 ports, 2 connections
 OUTPUTS                                 INPUTS
 mics                                    desk
   out_1                                   in_1
   out_2                      ┏━━━━━━━━━━● in_2
   out_3 ━━━━━━━━━━━━━━━━━━━━━┫            in_3
   out_4                      ┃            in_4
   out_5                      ┃            in_5
   out_6                      ↓            in_6
 mics:out_3  audio  -> desk:in_2, desk:in_28
 enter connects mics:out_3 -> desk:in_1
 ? help  q quit  tab side  / find  x cut all  s save  o loa…`},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, _ := patchbayOf(test.graph, test.width, test.height)
			press(p, test.keys...)
			if got := screenText(p); got != strings.TrimPrefix(test.want, "\n") {
				t.Errorf("shows\n%s", got)
			}
		})
	}
}

// No two lines lie on each other: on a row what comes in from the left ends at
// a lane before that of what goes out to the right, and lanes are shared only by
// what does not meet. Whoever changes places finds a way where a row is free.
func TestLayLanes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	turned, failed := 0, 0
	for range 5000 {
		rows := 2 + r.IntN(14)
		var strands []*strand
		for i := range rows - 1 {
			if r.IntN(2) == 0 {
				continue
			}
			s := &strand{output: i, from: i}
			for range 1 + r.IntN(2) {
				if to := r.IntN(rows-1+2) - 1; !slices.Contains(s.to, to) {
					s.to = append(s.to, to)
				}
			}
			strands = append(strands, s)
		}
		lanes, ok := layLanes(strands, rows)
		if !ok {
			failed++
			continue
		}
		var trunks []*trunk
		for _, s := range strands {
			switch {
			case s.straight() != (s.lane < 0):
				t.Fatalf("strand %+v has no lane", s)
			case s.straight():
			case s.tail == nil:
				trunks = append(trunks, &trunk{s, s.from, s.to, s.lane})
			default:
				turned++
				trunks = append(trunks, &trunk{s, s.from, []int{s.jog}, s.lane}, s.tail)
			}
		}
		for _, a := range trunks {
			if a.lane < 0 || a.lane >= lanes {
				t.Fatalf("%+v of %d lanes", a, lanes)
			}
			for _, b := range trunks {
				aTop, aBottom := a.ends()
				bTop, bBottom := b.ends()
				switch {
				case a == b:
				case a.lane == b.lane && aTop <= bBottom && bTop <= aBottom:
					t.Fatalf("%+v and %+v share a lane", a, b)
				case a.strand != b.strand && a.before(b) && a.lane >= b.lane:
					t.Fatalf("%+v is not left of %+v", a, b)
				}
			}
		}
	}
	if turned < 100 || failed > 2500 {
		t.Errorf("%d took a second lane, %d failed", turned, failed)
	}
}

// The chosen rows stay chosen while ports come and go around them.
func TestPatchbayFollows(t *testing.T) {
	p, orders := patchbayOf(deskGraph(4, 4), 80, 24)
	press(p, "down", "down", "tab", "down")
	p.Update(graphRead(deskGraph(9, 9, across(3, 2))))
	press(p, "enter")
	p.Update(graphRead(deskGraph(2, 1)))
	press(p, "enter")
	p.Update(serverStopped{})
	press(p, "enter", "x", "u")
	want := []order{
		{command: "disconnect", changes: jackgraph.Changes(jackgraph.Disconnect, []jackgraph.Connection{across(3, 2)})},
		{command: "connect", changes: jackgraph.Changes(jackgraph.Connect, []jackgraph.Connection{across(2, 1)})},
	}
	if fmt.Sprint(*orders) != fmt.Sprint(want) {
		t.Errorf("orders %v, want %v", *orders, want)
	}
}

// Questions: a name that is taken, a filter taken back, a list, a pretty name.
func TestPatchbayAsks(t *testing.T) {
	p, orders := patchbayOf(deskGraph(4, 4), 80, 24)
	press(p, "s", "studix", "backspace", "o", "enter", "u", "s", "studio", "enter", "esc", "s", "new", "enter")
	press(p, "o", "down", "e", "/", "_3", "enter", "r", "Voice", "enter", "/", "nothing", "esc", "x")
	p.Update(tea.MouseClickMsg{X: 5, Y: 3, Button: tea.MouseLeft})
	p.Update(tea.MouseMotionMsg{X: 70, Y: 4, Button: tea.MouseLeft})
	p.Update(tea.MouseReleaseMsg{X: 70, Y: 4, Button: tea.MouseLeft})
	want := []order{
		{command: "patch save", name: "studio", update: true},
		{command: "patch save", name: "new"},
		{command: "patch load", name: "live", exact: true},
		{command: "names", name: "mics:out_3", pretty: "Voice"},
		{command: "connect", changes: jackgraph.Changes(jackgraph.Connect, []jackgraph.Connection{across(3, 2)})},
	}
	if fmt.Sprint(*orders) != fmt.Sprint(want) {
		t.Errorf("orders\n%v, want\n%v", *orders, want)
	}
}

// What was said of a stopped server goes when it is back.
func TestPatchbayServerBack(t *testing.T) {
	p, _ := patchbayOf(deskGraph(1, 1), 80, 24)
	p.Update(serverStopped{})
	press(p, "u")
	if text := screenText(p); !strings.Contains(text, "error: the server has stopped") {
		t.Errorf("no error:\n%s", text)
	}
	p.Update(graphRead(deskGraph(1, 1)))
	if text := screenText(p); strings.Contains(text, "stopped") {
		t.Errorf("still stopped:\n%s", text)
	}
}

// On a narrow screen the end of what is typed is seen, before the cursor.
func TestPatchbayTypesNarrow(t *testing.T) {
	p, _ := patchbayOf(deskGraph(1, 1), 40, 10)
	press(p, "r", "日本 microphone")
	lines := strings.Split(screenText(p), "\n")
	want := "…ut_1 (empty for none): 日本 microphone"
	if got := lines[len(lines)-1]; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if at := p.View().Cursor.X; at != ansi.StringWidth(want) {
		t.Errorf("cursor at %d, want %d", at, ansi.StringWidth(want))
	}
}

// Whatever is typed and whatever ports are called, the screen is as large as
// the terminal, and no name moves its cursor.
func TestPatchbayFits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	names := []string{"a:\x1b[2J", "日本語クライアント:出力ポート", "b:\n\r\t", "a:b:c", ":", "long client (with) parens:" + strings.Repeat("port ", 30), "é:ü\u202e"}
	keys := []string{"enter", "tab", "down", "up", "end", "home", "pgdown", "x", "/", "esc", "t", "s", "o", "r", "?", "[", "]", "a", "*", "u", "U", "l", "h"}
	for range 300 {
		g := deskGraph(r.IntN(40), r.IntN(40))
		for i, name := range names {
			g.Ports = append(g.Ports, jackgraph.Port{Name: name, Pretty: names[r.IntN(len(names))], Type: jackgraph.MIDI, Dir: []jackgraph.Direction{jackgraph.Input, jackgraph.Output}[(i+r.IntN(2))%2]})
		}
		for range r.IntN(60) {
			a, b := g.Ports[r.IntN(len(g.Ports))], g.Ports[r.IntN(len(g.Ports))]
			if a.Dir == jackgraph.Output && b.Dir == jackgraph.Input {
				g.Connections = append(g.Connections, jackgraph.Connection{From: a.Name, To: b.Name})
			}
		}
		g.Sort()
		p, _ := patchbayOf(g, 1+r.IntN(120), 1+r.IntN(40))
		for range 20 {
			press(p, keys[r.IntN(len(keys))])
			mouse := tea.Mouse{X: r.IntN(130), Y: r.IntN(45), Button: []tea.MouseButton{tea.MouseLeft, tea.MouseRight, tea.MouseWheelUp, tea.MouseWheelDown}[r.IntN(4)]}
			p.Update([]tea.Msg{tea.MouseClickMsg(mouse), tea.MouseMotionMsg(mouse), tea.MouseReleaseMsg(mouse), tea.MouseWheelMsg(mouse)}[r.IntN(4)])
			text := screenText(p)
			lines := strings.Split(text, "\n")
			if len(lines) > p.height {
				t.Fatalf("%d lines on %d:\n%s", len(lines), p.height, text)
			}
			for _, line := range lines {
				if w := ansi.StringWidth(line); w > p.width || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }) {
					t.Fatalf("%d columns on %d: %q", w, p.width, line)
				}
			}
		}
	}
}

// A graph as large as servers have is drawn in no time that anyone notices.
func BenchmarkPatchbayView(b *testing.B) {
	var connections []jackgraph.Connection
	for i := range 1000 {
		connections = append(connections, across(i+1, i+1), across(i+1, 1000-i))
	}
	p, _ := patchbayOf(deskGraph(1000, 1000, connections...), 80, 24)
	for b.Loop() {
		p.Update(graphRead(p.graph))
		p.View()
	}
}
