// Package picture draws takes as waveforms with their edits in colour.
package picture

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

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
	legendH    = 28
	glyphW     = 7
	leastWidth = 400
)

// Draw writes tracks below each other as a PNG of the given width in pixels,
// all on one time scale, with links between neighbours; links[i] ties track i
// to track i+1. A take is read once, in pieces.
func Draw(w io.Writer, width int, tracks []Track, links [][]Link) error {
	width = max(width, leastWidth)
	height := margin + legendH + len(tracks)*(titleH+waveH+axisH) + max(0, len(tracks)-1)*linkH + margin
	c := &canvas{
		img:   image.NewRGBA(image.Rect(0, 0, width, height)),
		left:  margin,
		right: width - margin,
	}
	draw.Draw(c.img, c.img.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
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
		y += titleH + waveH + axisH
		if i+1 < len(tracks) {
			if i < len(links) {
				c.links(y, t, tracks[i+1], links[i])
			}
			y += linkH
		}
	}
	c.legend(y+8, tracks)
	return png.Encode(w, c.img)
}

// canvas maps seconds to the columns left..right.
type canvas struct {
	img         *image.RGBA
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
	return nil
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

func (c *canvas) fill(x0, y0, x1, y1 int, col color.RGBA) {
	draw.Draw(c.img, image.Rect(x0, y0, x1, y1), image.NewUniform(col), image.Point{}, draw.Src)
}

func (c *canvas) text(x, y int, col color.RGBA, s string) {
	d := font.Drawer{Dst: c.img, Src: image.NewUniform(col), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(s)
}

// column is what one pixel column shows, full scale = 1.
type column struct{ low, high, rms float64 }

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
			for _, v := range samples[i*f.Channels : (i+1)*f.Channels] {
				s := float64(v)
				if math.IsNaN(s) {
					continue
				}
				s = max(-1, min(1, s))
				col.low, col.high = min(col.low, s), max(col.high, s)
				col.rms += s * s
				count[k]++
			}
		}
		at += int64(got)
	}
	for k := range columns {
		if count[k] > 0 {
			columns[k].rms = math.Sqrt(columns[k].rms / float64(count[k]))
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
