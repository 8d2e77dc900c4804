package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Form is what a picture is written as.
type Form uint8

const (
	PNG Form = iota
	SVG
)

// surface is what can be drawn on: rectangles and words.
type surface interface {
	fill(x0, y0, x1, y1 int, col color.RGBA)
	text(x, y int, col color.RGBA, s string)
	write(w io.Writer) error
}

func newSurface(form Form, width, height int) surface {
	if form == SVG {
		return &vectors{width: width, height: height}
	}
	return &pixels{image.NewRGBA(image.Rect(0, 0, width, height))}
}

// pixels make a PNG.
type pixels struct{ img *image.RGBA }

func (p *pixels) fill(x0, y0, x1, y1 int, col color.RGBA) {
	draw.Draw(p.img, image.Rect(x0, y0, x1, y1), image.NewUniform(col), image.Point{}, draw.Src)
}

func (p *pixels) text(x, y int, col color.RGBA, s string) {
	d := font.Drawer{Dst: p.img, Src: image.NewUniform(col), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(s)
}

func (p *pixels) write(w io.Writer) error { return png.Encode(w, p.img) }

// vectors make an SVG (W3C SVG 1.1).
type vectors struct {
	width, height int
	body          bytes.Buffer
}

func (v *vectors) fill(x0, y0, x1, y1 int, col color.RGBA) {
	if x1 > x0 && y1 > y0 {
		fmt.Fprintf(&v.body, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", x0, y0, x1-x0, y1-y0, hex(col))
	}
}

func (v *vectors) text(x, y int, col color.RGBA, s string) {
	fmt.Fprintf(&v.body, "<text x=\"%d\" y=\"%d\" fill=\"%s\">", x, y, hex(col))
	xml.EscapeText(&v.body, []byte(s)) // a buffer takes everything
	v.body.WriteString("</text>\n")
}

func (v *vectors) write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"monospace\" font-size=\"12\" shape-rendering=\"crispEdges\">\n%s</svg>\n",
		v.width, v.height, v.body.Bytes())
	return err
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
