// Package picture draws takes as waveforms with their edits in colour.
package picture

import (
	"fmt"
	"image/color"
	"io"
	"math"

	"jackknife/editor"
	"jackknife/wav"
)

// Kind is what happened, or will happen, at a marked span; it has a colour.
type Kind uint8

const (
	Pause   Kind = iota // quiet that stays as it is
	Added               // room tone put in
	Removed             // frames taken out
)

var kindColour = [...]color.RGBA{
	Pause:   {0xe4, 0xe9, 0xf0, 0xff},
	Added:   {0x8f, 0xd3, 0xa2, 0xff},
	Removed: {0xf1, 0x93, 0x8b, 0xff},
}

var kindName = [...]string{"pause", "room tone added", "taken out"}

var (
	paper    = color.RGBA{0xff, 0xff, 0xff, 0xff}
	ink      = color.RGBA{0x22, 0x2a, 0x35, 0xff}
	faint    = color.RGBA{0xb6, 0xbe, 0xc9, 0xff}
	waveform = color.RGBA{0x3b, 0x5b, 0x8c, 0xff}
	loudness = color.RGBA{0x1d, 0x34, 0x5c, 0xff}
)

// lineColour are those of the lines in a level chart, in turn.
var lineColour = [...]color.RGBA{{0x2e, 0x8b, 0x57, 0xff}, {0xd9, 0x8e, 0x04, 0xff}, {0xc0, 0x39, 0x2b, 0xff}, {0x7d, 0x3c, 0x98, 0xff}}

// Mark is a coloured span of a track. A span of no length is drawn as a line.
type Mark struct {
	editor.Span
	Kind Kind
}

// Track is one waveform of the picture.
type Track struct {
	Title string
	Take  *wav.Reader
	Marks []Mark
	// Lines are levels to compare the take with. If there are any, a chart of its
	// level stands below the waveform: RMS above 90 Hz, dBFS.
	Lines []Line
}

// Line is a level with a name.
type Line struct {
	Name string
	DB   float64 // dBFS
}

// Link ties a frame of one track to the frame of the next one it became.
type Link struct{ From, To int64 }

// Edited shows a take and what its edits made of it: two tracks, and the links
// between them.
func Edited(before, after Track, l editor.List) ([]Track, [][]Link) {
	var links []Link
	for _, r := range l.Regions(before.Take.Frames()) {
		if r.Tone() {
			after.Marks = append(after.Marks, Mark{r.Out, Added})
			before.Marks = append(before.Marks, Mark{editor.Span{Start: r.Take.Start, End: r.Take.Start}, Added})
			continue
		}
		links = append(links, Link{r.Take.Start, r.Out.Start}, Link{r.Take.End, r.Out.End})
	}
	for _, e := range l {
		if e.Len() == 0 {
			continue
		}
		before.Marks = append(before.Marks, Mark{e.Span, Removed})
		if e.Fill == 0 {
			at := l.Output(e.Start)
			after.Marks = append(after.Marks, Mark{editor.Span{Start: at, End: at}, Removed})
		}
	}
	return []Track{before, after}, [][]Link{links}
}

const (
	margin     = 16
	titleH     = 22
	waveH      = 180
	axisH      = 22
	linkH      = 56
	levelH     = 140
	legendH    = 28
	glyphW     = 7
	leastWidth = 400
)

// Draw writes tracks below each other as a picture of the given width in pixels,
// all on one time scale, with links between neighbours; links[i] ties track i
// to track i+1. A take is read once, in pieces.
func Draw(w io.Writer, form Form, width int, tracks []Track, links [][]Link) error {
	width = max(width, leastWidth)
	height := margin + legendH + max(0, len(tracks)-1)*linkH + margin
	for _, t := range tracks {
		height += t.height()
	}
	c := &canvas{surface: newSurface(form, width, height), left: margin, right: width - margin}
	c.fill(0, 0, width, height, paper)
	for _, t := range tracks {
		c.seconds = max(c.seconds, float64(t.Take.Frames())/float64(t.Take.Format().RateHz))
	}
	if c.seconds == 0 {
		c.seconds = 1
	}
	y := margin
	for i, t := range tracks {
		if err := c.track(y, t); err != nil {
			return err
		}
		y += t.height()
		if i+1 < len(tracks) {
			if i < len(links) {
				c.links(y, t, tracks[i+1], links[i])
			}
			y += linkH
		}
	}
	c.legend(y+8, tracks)
	return c.write(w)
}

func (t *Track) height() int {
	if len(t.Lines) > 0 {
		return titleH + waveH + axisH + levelH
	}
	return titleH + waveH + axisH
}

// canvas maps seconds to the columns left..right.
type canvas struct {
	surface
	left, right int
	seconds     float64
}

func (c *canvas) x(frame int64, rateHz int) int {
	return c.left + int(float64(frame)/float64(rateHz)/c.seconds*float64(c.right-c.left))
}

func (c *canvas) track(y int, t Track) error {
	f := t.Take.Format()
	length := float64(t.Take.Frames()) / float64(f.RateHz)
	c.text(c.left, y+14, ink, fmt.Sprintf("%s   %s", t.Title, clock(length, c.seconds)))
	top := y + titleH
	for _, m := range t.Marks {
		a, b := c.x(m.Start, f.RateHz), c.x(m.End, f.RateHz)
		c.fill(a, top, max(b, a+1), top+waveH, kindColour[m.Kind])
	}
	end := c.x(t.Take.Frames(), f.RateHz)
	mid := top + waveH/2
	c.fill(c.left, mid, end, mid+1, faint)
	columns, err := envelope(t.Take, end-c.left)
	if err != nil {
		return err
	}
	half := float64(waveH/2 - 2)
	for i, e := range columns {
		x := c.left + i
		c.fill(x, mid-int(e.high*half), x+1, mid-int(e.low*half)+1, waveform)
		c.fill(x, mid-int(e.rms*half), x+1, mid+int(e.rms*half)+1, loudness)
	}
	c.axis(top+waveH, end)
	if len(t.Lines) > 0 {
		c.level(top+waveH+axisH, end, t, columns)
	}
	return nil
}

// level draws the chart of a track's level.
func (c *canvas) level(top, end int, t Track, columns []column) {
	const highest, room = 0.0, 14 // dBFS; pixels above and below
	lowest := -20.0
	for _, l := range t.Lines {
		lowest = min(lowest, max(l.DB, leastDB)-15)
	}
	lowest = math.Floor(lowest/20) * 20
	y := func(db float64) int {
		return top + room + int((highest-max(lowest, min(highest, db)))/(highest-lowest)*(levelH-2*room))
	}
	for _, m := range t.Marks {
		a, b := c.x(m.Start, t.Take.Format().RateHz), c.x(m.End, t.Take.Format().RateHz)
		c.fill(a, y(highest), max(b, a+1), y(lowest), kindColour[m.Kind])
	}
	for db := highest; db >= lowest; db -= 20 {
		c.fill(c.left, y(db), end, y(db)+1, faint)
	}
	last := y(lowest)
	for i, e := range columns {
		at := y(e.db)
		c.fill(c.left+i, min(at, last), c.left+i+1, max(at, last)+1, waveform)
		last = at
	}
	for k, l := range t.Lines {
		c.fill(c.left, y(l.DB), end, y(l.DB)+1, lineColour[k%len(lineColour)])
	}
	for db := highest; db >= lowest; db -= 20 {
		label := fmt.Sprintf("%.0f dB", db)
		c.fill(c.left, y(db)+1, c.left+4+glyphW*len(label), y(db)+room, paper)
		c.text(c.left+2, y(db)+11, ink, label)
	}
	x := c.left + 90
	for k, l := range t.Lines {
		name := fmt.Sprintf("%s %.0f dB", l.Name, l.DB)
		c.fill(x, top+3, x+14, top+6, lineColour[k%len(lineColour)])
		c.text(x+20, top+10, ink, name)
		x += 20 + glyphW*len(name) + 28
	}
}

// axis draws ticks at round times.
func (c *canvas) axis(y, end int) {
	c.fill(c.left, y, end, y+1, faint)
	step := tick(c.seconds / (float64(c.right-c.left) / 90))
	for i := 0; ; i++ {
		s := float64(i) * step
		x := c.left + int(s/c.seconds*float64(c.right-c.left))
		if x > end {
			return
		}
		c.fill(x, y, x+1, y+5, ink)
		if label := clock(s, step); x+3+glyphW*len(label) <= c.right+margin {
			c.text(x+3, y+14, ink, label)
		}
	}
}

func (c *canvas) links(y int, from, to Track, links []Link) {
	for _, l := range links {
		a := c.x(l.From, from.Take.Format().RateHz)
		b := c.x(l.To, to.Take.Format().RateHz)
		for i := range linkH {
			x0, x1 := a+(b-a)*i/linkH, a+(b-a)*(i+1)/linkH
			c.fill(min(x0, x1), y+i, max(x0, x1, min(x0, x1)+1), y+i+1, faint)
		}
	}
}

func (c *canvas) legend(y int, tracks []Track) {
	var used [len(kindName)]bool
	for _, t := range tracks {
		for _, m := range t.Marks {
			used[m.Kind] = true
		}
	}
	x := c.left
	for k, u := range used {
		if !u {
			continue
		}
		c.fill(x, y, x+14, y+12, kindColour[k])
		c.text(x+20, y+11, ink, kindName[k])
		x += 20 + glyphW*len(kindName[k]) + 28
	}
}

// column is what one pixel column shows, full scale = 1, and its level above 90
// Hz in dBFS.
type column struct{ low, high, rms, db float64 }

const leastDB = -160

// envelope reads the take once and folds it into n columns.
func envelope(take *wav.Reader, n int) ([]column, error) {
	columns := make([]column, max(n, 0))
	frames, f := take.Frames(), take.Format()
	if n <= 0 || frames == 0 {
		return columns, nil
	}
	const piece = 1 << 14
	raw := make([]byte, piece*f.FrameBytes())
	samples := make([]float32, piece*f.Channels)
	count := make([]int64, n)
	heard := make([]float64, n)
	slow := make([][2]float64, f.Channels) // below 90 Hz, taken away twice
	follow := min(1, 2*math.Pi*90/float64(f.RateHz))
	for at := int64(0); at < frames; {
		got, err := take.ReadFrames(raw, at)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if got == 0 {
			break
		}
		wav.Decode(samples[:got*f.Channels], raw[:got*f.FrameBytes()], f)
		for i := range got {
			k := int((at + int64(i)) * int64(n) / frames)
			col := &columns[k]
			for c, v := range samples[i*f.Channels : (i+1)*f.Channels] {
				s := float64(v)
				if math.IsNaN(s) {
					continue
				}
				s = max(-1, min(1, s))
				col.low, col.high = min(col.low, s), max(col.high, s)
				col.rms += s * s
				below := &slow[c]
				if at == 0 && i == 0 {
					below[0] = s
				}
				below[0] += follow * (s - below[0])
				s -= below[0]
				below[1] += follow * (s - below[1])
				s -= below[1]
				heard[k] += s * s
				count[k]++
			}
		}
		at += int64(got)
	}
	for k := range columns {
		columns[k].db = leastDB
		if count[k] > 0 {
			columns[k].rms = math.Sqrt(columns[k].rms / float64(count[k]))
			columns[k].db = max(leastDB, 10*math.Log10(heard[k]/float64(count[k])))
		}
	}
	return columns, nil
}

// tick is the smallest round step of at least s seconds.
func tick(s float64) float64 {
	for _, t := range []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800} {
		if t >= s {
			return t
		}
	}
	return math.Ceil(s/3600) * 3600
}

// clock words a time; tenths only where the step needs them.
func clock(s, step float64) string {
	tenths := int(math.Round(s * 10))
	whole := tenths / 10
	text := fmt.Sprintf("%d:%02d", whole/60, whole%60)
	if whole >= 3600 {
		text = fmt.Sprintf("%d:%02d:%02d", whole/3600, whole/60%60, whole%60)
	}
	if step != math.Trunc(step) {
		text += fmt.Sprintf(".%d", tenths%10)
	}
	return text
}
