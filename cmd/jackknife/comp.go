package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jackknife/editor"
	"jackknife/editor/inspect"
	"jackknife/editor/retake"
	"jackknife/wav"
)

func compCommand(s *streams) *cobra.Command {
	var want markWish
	var like shape
	var out, lines string
	var texts []string
	var force, asJSON bool
	c := &cobra.Command{
		Use:   "comp TAKE...",
		Short: "Put together the best of several takes, line by line",
		Long: `Align several takes of one text by their sound, choose the best reading of every
line, and write them one after the other. Every kept frame is copied as it is; where
two takes meet lies a seam inside the pause.

Of the readings of a line the first of these rules that tells them apart decides:
  1  one that the take itself says again, or marks as flawed, is not taken
  2  complete: as long as the others, and with --text in the words of most
  3  clean: the fewest stars of what jackknife inspect finds in it and behind it
  4  steady: within 3 dB of the usual level of all takes
  5  the last: of the last take that was named, and the last attempt in it
A line that only one take has is taken from there.

What is chosen is a table, printed without -o: a line a reading, the chosen one with
a star. Move the stars, or lines, or change times; jackknife apply carries it out.
With -o the output is written at once and the table beside it, as FILE.comp.

--text says what is said in a take: given once for every take, in their order, in
any form that jackknife edit --text reads. --lines 5,1-3 takes these lines only, in
this order; with a single take and its --text these are the transcript's lines, cut
where the sound has a pause or a hole. The takes must have one format.`,
		Example: `  jackknife comp one.wav two.wav three.wav > song.comp   # look, move the stars
  jackknife apply song.comp -o best.wav
  jackknife comp one.wav two.wav -o best.wav
  jackknife comp one.wav two.wav --text one.srt --text two.srt -o best.wav
  jackknife comp take.wav --text take.srt --lines 4,1-3 -o other.wav   # another order`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("which takes?")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(texts) > 0 && len(texts) != len(args) {
				return usagef("--text: %s for %s; one for each, in their order", plural(len(texts), "transcript"), plural(len(args), "take"))
			}
			if len(args) == 1 && lines == "" {
				return usagef("one take alone: --lines says in which order its lines are to stand")
			}
			if err := toStream(s, out, asJSON); err != nil {
				return err
			}
			for _, take := range args {
				if take == "-" {
					return usagef("-: takes of a comp are files")
				}
				if err := vacant(out, take, force); err != nil {
					return err
				}
				if out != "" && out != "-" {
					if err := vacant(compOf(out), take, force); err != nil {
						return err
					}
				}
			}
			var comp editor.Comp
			var takes []*wav.Reader
			for _, name := range args {
				take, err := openTake(c.Context(), s, name)
				if err != nil {
					return err
				}
				defer take.Close()
				id, err := editor.Identify(take, name)
				if err != nil {
					return fmt.Errorf("%s: %w", shown(name), err)
				}
				if have := comp.Takes; len(have) > 0 && (have[0].Format != id.Format || have[0].RateHz != id.RateHz) {
					return &failure{code: exitFailed, err: fmt.Errorf("%s is %s at %d Hz, %s is %s at %d Hz: only takes of one format can be joined",
						shown(name), id.Format, id.RateHz, shown(args[0]), have[0].Format, have[0].RateHz), hint: "jackknife edit -p x1 --bits makes another format of a take"}
				}
				comp.Takes, takes = append(comp.Takes, id), append(takes, take)
			}
			table, err := want.compTable(c.Context(), takes, args, texts, lines)
			if err != nil {
				return err
			}
			comp.Readings = table
			if out == "" && !asJSON {
				_, err := s.out.Write(comp.Format())
				return err
			}
			if out != "" {
				if err := renderComp(c.Context(), s, &comp, takes, &like, out, force); err != nil {
					return err
				}
				if out != "-" {
					if err := writeComp(comp, out, force); err != nil {
						return err
					}
				}
			}
			if asJSON {
				return writeCompJSON(s, &comp, out)
			}
			return nil
		},
	}
	f := c.Flags()
	want.flags(c)
	like.flags(c)
	f.StringVarP(&out, "output", "o", "", "file to write")
	f.StringArrayVar(&texts, "text", nil, "`file` that says what is said in a take; once for every take, in their order")
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "transcript" {
			name = "text"
		}
		return pflag.NormalizedName(name)
	})
	f.StringVar(&lines, "lines", "", "these `lines` only, in this order, as in 5,1-3")
	f.BoolVarP(&force, "force", "f", false, "replace existing files")
	f.BoolVar(&asJSON, "json", false, "print the table as JSON, positions in frames")
	return c
}

// compOf is the file beside an output in which it remembers what it was made of.
func compOf(out string) string { return out + ".comp" }

// writeComp writes the table beside an output, the takes named as seen from there.
func writeComp(c editor.Comp, out string, force bool) error {
	c.Takes = slices.Clone(c.Takes)
	for i, t := range c.Takes {
		name, err := fromFolder(filepath.Dir(out), t.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", shown(t.Name), err)
		}
		c.Takes[i].Name = name
	}
	return writeFile(compOf(out), c.Format(), force)
}

// compTable finds the lines of the takes and chooses; order is what --lines asks for.
func (w *markWish) compTable(ctx context.Context, takes []*wav.Reader, names, texts []string, order string) ([]editor.Reading, error) {
	var sources []retake.Source
	for i, take := range takes {
		h, found, err := w.find(ctx, take, names[i])
		if err != nil {
			return nil, err
		}
		t, err := retake.Analyse(ctx, h, found)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", shown(names[i]), err)
		}
		source := retake.Source{Take: t}
		if source.Blemishes, err = inspect.Inspect(ctx, take, h, found); err != nil {
			return nil, fmt.Errorf("%s: %w", shown(names[i]), err)
		}
		if len(texts) > 0 {
			text, title, err := readText(texts[i], nil)
			if err != nil {
				return nil, err
			}
			if source.Said, err = editor.ParseText(title, text, h.RateHz); err != nil {
				return nil, err
			}
		}
		sources = append(sources, source)
	}
	var lines [][]editor.Reading
	if len(sources) == 1 && len(sources[0].Said) > 0 {
		lines = compWords(sources[0])
	} else {
		found, err := retake.Readings(ctx, sources)
		if err != nil {
			return nil, err
		}
		lines = compRows(found, len(sources))
	}
	if len(lines) == 0 {
		return nil, noMistake(strings.Join(names, ", "), "no line found", "jackknife pauses shows what is heard")
	}
	if order == "" {
		return slices.Concat(lines...), nil
	}
	numbers, err := editor.ParseOrder(order, len(lines))
	if err != nil {
		return nil, usagef("--lines %w", err)
	}
	var table []editor.Reading
	left := slices.Clone(lines)
	for _, n := range numbers {
		table = append(table, lines[n-1]...)
		left[n-1] = nil
	}
	for _, r := range slices.Concat(left...) { // may be wanted after all
		r.Used = false
		table = append(table, r)
	}
	return table, nil
}

// compWords are the lines of the transcript of one take, each with all that is up to
// the next.
func compWords(t retake.Source) (lines [][]editor.Reading) {
	h := t.Heard
	for i, said := range t.Said {
		_, start, _ := h.Line(said.Span)
		if k := len(lines) - 1; k < 0 {
			start = 0
		} else if before := &lines[k][0]; start <= before.Start {
			before.Why += " " + strconv.Quote(oneLine(said.Words)) // no sound divides them
			continue
		} else {
			before.End = start
		}
		lines = append(lines, []editor.Reading{{Span: editor.Span{Start: start, End: h.Frames}, Used: true, Line: i + 1, Why: strconv.Quote(oneLine(said.Words))}})
	}
	return lines
}

// compRows are the rows of the table for the lines of several takes.
func compRows(found []retake.Line, takes int) (lines [][]editor.Reading) {
	for i, l := range found {
		var rows []editor.Reading
		for k, r := range l.Readings {
			var why []string
			switch {
			case r.Flawed:
				why = append(why, "said again in its take")
			case r.Lacking:
				why = append(why, "not complete")
			case len(l.Readings) == 1 && takes > 1:
				why = append(why, "only here")
			}
			if r.Blemishes > 0 {
				why = append(why, fmt.Sprintf("blemishes %s", strings.Repeat("*", min(r.Blemishes, 9))))
			} else {
				why = append(why, "clean")
			}
			text := strings.Join(append(why, fmt.Sprintf("%.0f dB", r.LevelDB)), ", ")
			if r.Words != "" {
				text += " " + strconv.Quote(oneLine(r.Words))
			}
			rows = append(rows, editor.Reading{Take: r.Take, Span: r.Span, Used: k == l.Best, Line: i + 1, Why: text})
		}
		lines = append(lines, rows)
	}
	return lines
}

// renderComp writes the chosen readings. Cue points and the like are those of the
// first take.
func renderComp(ctx context.Context, s *streams, c *editor.Comp, takes []*wav.Reader, like *shape, out string, force bool) error {
	chosen := c.Chosen()
	if len(chosen) == 0 {
		return &failure{code: exitNoMatch, err: errors.New("no reading has a star: nothing to write")}
	}
	w, err := like.create(out, takes[0])
	if err != nil {
		return err
	}
	w.Replace = force
	err = c.Render(ctx, takes, w)
	w.MapFrames(func(frame int64) int64 { return c.Output(0, frame) })
	if err := committed(ctx, s, w, out, err); err != nil {
		return err
	}
	seen := map[int]bool{}
	for _, r := range chosen {
		seen[r.Take] = true
	}
	fmt.Fprintf(s.err, "%s: %s of %s, %s: written\n", shown(out), counted(len(chosen), "stretch", "stretches"), plural(len(seen), "take"), clock(c.Frames(), c.Takes[0].RateHz))
	return nil
}

// applyComp carries out a table.
func applyComp(ctx context.Context, s *streams, file string, text []byte, like *shape, out string, dry, force, asJSON bool) error {
	c, err := editor.ParseComp(shown(file), text)
	if err != nil {
		return err
	}
	if out == "" && !dry {
		return usagef("where to: -o FILE is missing")
	}
	var takes []*wav.Reader
	for i, id := range c.Takes {
		take, name, err := openPlanned(ctx, s, &editor.Plan{Take: id}, file, "")
		if err != nil {
			return err
		}
		defer take.Close()
		if err := vacant(out, name, force); err != nil && !dry {
			return err
		}
		c.Takes[i].Name = name
		takes = append(takes, take)
	}
	switch {
	case dry:
		out = ""
		fmt.Fprintf(s.err, "%s: %s of %s, %s\n", shown(file), counted(len(c.Chosen()), "stretch", "stretches"), plural(len(takes), "take"), clock(c.Frames(), c.Takes[0].RateHz))
	default:
		beside := out != "-" && !same(compOf(out), file)
		if beside {
			if err := vacant(compOf(out), file, force); err != nil {
				return err
			}
		}
		if err := renderComp(ctx, s, c, takes, like, out, force); err != nil {
			return err
		}
		if beside {
			if err := writeComp(*c, out, force); err != nil {
				return err
			}
		}
	}
	if !asJSON {
		return nil
	}
	return writeCompJSON(s, c, out)
}

func writeCompJSON(s *streams, c *editor.Comp, out string) error {
	type row struct {
		spanJSON
		Take int    `json:"take"` // from 1
		Used bool   `json:"used"`
		Line int    `json:"line"`
		Why  string `json:"why"`
	}
	table := struct {
		Takes    []string `json:"takes"`
		Output   string   `json:"output,omitempty"`
		RateHz   int      `json:"rate_hz"`
		After    int64    `json:"frames_after"`
		Readings []row    `json:"readings"`
	}{nil, out, c.Takes[0].RateHz, c.Frames(), []row{}}
	for _, t := range c.Takes {
		table.Takes = append(table.Takes, t.Name)
	}
	for _, r := range c.Readings {
		table.Readings = append(table.Readings, row{spanJSON(r.Span), r.Take + 1, r.Used, r.Line, r.Why})
	}
	return writeJSON(s.out, table)
}
