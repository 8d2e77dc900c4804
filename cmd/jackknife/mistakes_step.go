package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jackknife/editor"
	"jackknife/rt"
	"jackknife/wav"
)

// stepper asks about one mistake after the other and keeps the decisions.
type stepper struct {
	s      *streams
	take   *wav.Reader
	name   string
	all    []mistake
	said   []editor.Said
	play   playing // to, device: where it is heard
	silent bool
	out    string // the plan
	force  bool
}

// decision is what was said of a mistake: y, n or l.
type decision byte

// run asks until all is decided or the user has enough, and writes the plan.
func (p *stepper) run(ctx context.Context) error {
	if p.name == "-" {
		return usagef("--step asks on standard input: the take must be a file")
	}
	if err := vacant(p.out, p.name, p.force); err != nil {
		return err
	}
	decided := make([]decision, len(p.all))
	in := bufio.NewScanner(p.s.in)
	fmt.Fprintf(p.s.err, "y cut it, n leave it, l decide later, b hear it as it is, a hear it cut, u back, q enough\n")
	at, fresh := 0, true
ask:
	for at < len(p.all) {
		if fresh {
			p.show(at)
			if !p.silent {
				p.hear(ctx, p.all[at], false)
				p.hear(ctx, p.all[at], true)
			}
		}
		fresh = false
		fmt.Fprintf(p.s.err, "%d of %d [y/n/l/b/a/u/q]? ", at+1, len(p.all))
		if !in.Scan() {
			fmt.Fprintln(p.s.err)
			break
		}
		switch answer := strings.ToLower(strings.TrimSpace(in.Text())); answer {
		case "y", "n", "l":
			decided[at] = decision(answer[0])
			at, fresh = at+1, true
		case "b", "a":
			p.hear(ctx, p.all[at], answer == "a")
		case "u":
			if at > 0 {
				at, fresh = at-1, true
				decided[at] = 0
			}
		case "q":
			break ask
		default:
			fmt.Fprintf(p.s.err, "y, n, l, b, a, u or q\n")
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	return p.write(decided)
}

func (p *stepper) show(i int) {
	m, rate := p.all[i], p.take.Format().RateHz
	fmt.Fprintf(p.s.err, "\n%s to %s, %.2f s, sure %.2f: %s\n", clock(m.Start, rate), clock(m.End, rate), float64(m.Len())/float64(rate), m.confidence, m.why)
	if len(p.said) > 0 {
		fmt.Fprintf(p.s.err, "  goes  %q\n  stays %q\n", editor.WordsIn(p.said, m.flawed), editor.WordsIn(p.said, m.by))
	}
}

// hear plays the surroundings of a mistake, as they are or cut. That nothing can
// be heard is no reason not to decide.
func (p *stepper) hear(ctx context.Context, m mistake, cut bool) {
	want := p.play
	want.files, want.client, want.ring, want.quiet = []string{p.name}, "jackknife-step", rt.DefaultRing, true
	var err error
	if cut {
		var dir string
		if dir, err = os.MkdirTemp("", "jackknife-step-"); err == nil {
			defer os.RemoveAll(dir)
			want.edits, want.joins = filepath.Join(dir, "one.edits"), true
			err = p.writePlan(want.edits, editor.List{m.edit()}, nil)
		}
	} else {
		around := int64(p.take.Format().RateHz) * 3 / 2
		end := editor.Duration{Frames: min(p.take.Frames(), max(m.End, m.by.End)+around)}
		want.start, want.end = editor.Duration{Frames: max(0, m.Start-around)}, &end
	}
	if err == nil {
		err = play(ctx, p.s, want)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(p.s.err, "not heard: %v\n", err)
	}
}

// write writes the plan: what is to be cut, and as comments what stays or is left
// for later.
func (p *stepper) write(decided []decision) error {
	var edits editor.List
	comments := map[int][]string{}
	var counts [256]int
	for i, m := range p.all {
		d := decided[i]
		if d == 'y' && len(edits) > 0 && m.Start <= edits[len(edits)-1].End {
			edits = editor.Join(edits, editor.List{m.edit()})
			counts[d]++
			continue
		}
		if d == 'y' {
			edits = append(edits, m.edit())
			counts[d]++
			continue
		}
		word := "later"
		if d == 'n' {
			word = "no"
		}
		rate := p.take.Format().RateHz
		counts[word[0]]++
		comments[len(edits)] = append(comments[len(edits)], fmt.Sprintf("# %-5s %s %s 0f %.2f %s", word, editor.Stamp(m.Start, rate), editor.Stamp(m.End, rate), m.confidence, m.why))
	}
	if err := p.writePlan(p.out, edits, comments); err != nil {
		return err
	}
	fmt.Fprintf(p.s.err, "%s: %s, %d stay, %d for later; jackknife apply carries it out\n", shown(p.out), counted(counts['y'], "cut", "cuts"), counts['n'], counts['l'])
	return nil
}

func (p *stepper) writePlan(name string, edits editor.List, comments map[int][]string) error {
	plan := editor.Plan{Min: 300 * time.Millisecond, Edits: edits, Comments: comments}
	var err error
	if plan.Take, err = editor.Identify(p.take, p.name); err != nil {
		return fmt.Errorf("%s: %w", shown(p.name), err)
	}
	if name != p.out {
		return os.WriteFile(name, plan.Format(), 0600)
	}
	return writeFile(name, plan.Format(), p.force)
}

// check says what --step needs.
func (p *stepper) check() error {
	if p.out == "" {
		return &failure{code: exitUsage, err: errors.New("--step: where to: -o FILE is missing"), hint: "the decisions become a plan, as in -o take.edits"}
	}
	return nil
}
