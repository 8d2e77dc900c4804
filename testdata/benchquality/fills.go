package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"

	"jackknife/editor"
	"jackknife/wav"
)

// fillRatio is the one at which fills are judged.
const fillRatio = 40

// ways are how a pause is made longer.
var ways = []string{"room tone", "plain loop", "digital silence"}

// fillScore is what editor.Check says of the fills made in one way.
type fillScore struct {
	fills, failed int
	values        [editor.MeasureKinds][]float64
	faults        [editor.MeasureKinds]int
}

// fill makes every pause of the take twice as long in every way and measures
// what can be heard of it.
func (b *bench) fill(w work) error {
	if w.take.Config.SNRDB != fillRatio {
		return nil
	}
	ctx := context.Background()
	take, err := wav.Open(w.name)
	if err != nil {
		return err
	}
	defer take.Close()
	rate := take.Format().RateHz
	var edits editor.List
	p := editor.Planner{RateHz: rate, Frames: take.Frames(), Min: int64(rate) * 3 / 10, Yield: func(e editor.Edit) error {
		edits = append(edits, e)
		return nil
	}}
	if p.Rules, err = editor.ParseRules("x2"); err != nil {
		return err
	}
	var pauses []editor.Pause
	if _, err := editor.Detect(ctx, take, editor.DetectOptions{}, func(q editor.Pause) error {
		pauses = append(pauses, q)
		return p.Pause(q)
	}); err != nil {
		return err
	}
	if err := p.Finish(); err != nil {
		return err
	}
	for _, way := range ways {
		if err := b.fillIn(ctx, take, edits, pauses, way, w.name+".filled.wav"); err != nil {
			return fmt.Errorf("%s: %w", way, err)
		}
	}
	return nil
}

func (b *bench) fillIn(ctx context.Context, take *wav.Reader, edits editor.List, pauses []editor.Pause, way, name string) error {
	out, err := wav.CreateLike(name, take)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	defer out.Abort()
	if way == ways[0] {
		_, err = editor.Render(ctx, take, edits, editor.DetectOptions{}, 0, out)
	} else {
		err = plain(out, take, edits, pauses, way == ways[1])
	}
	if err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	filled, err := wav.Open(name)
	if err != nil {
		return err
	}
	defer filled.Close()
	up, err := editor.Check(ctx, take, filled, edits, editor.DetectOptions{})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fills[way] == nil {
		b.fills[way] = new(fillScore)
	}
	s := b.fills[way]
	for _, h := range up.Edits {
		s.fills++
		if h.Fails() {
			s.failed++
		}
		for _, m := range h.Measures {
			s.values[m.Kind] = append(s.values[m.Kind], m.Value)
			if m.Fails() {
				s.faults[m.Kind]++
			}
		}
	}
	return nil
}

// plain fills as simple tools do: with the longest clean stretch of the pause, up
// to a second of it, again and again, or with zeros.
func plain(out *wav.Writer, take *wav.Reader, edits editor.List, pauses []editor.Pause, loop bool) error {
	for _, r := range edits.Regions(take.Frames()) {
		if !r.Tone() {
			if err := out.CopyFrames(take, r.Take.Start, r.Take.Len()); err != nil {
				return err
			}
			continue
		}
		if !loop {
			if _, err := out.Write(make([]byte, r.Out.Len()*int64(take.Format().FrameBytes()))); err != nil {
				return err
			}
			continue
		}
		k := slices.IndexFunc(pauses, func(q editor.Pause) bool { return q.Start <= r.Take.Start && r.Take.Start <= q.End })
		source := pauses[k].Span
		if tone := pauses[k].Tone; len(tone) > 0 {
			source = slices.MaxFunc(tone, func(a, b editor.Span) int { return int(a.Len() - b.Len()) })
		}
		period := min(source.Len(), int64(take.Format().RateHz))
		for n := r.Out.Len(); n > 0; n -= period {
			if err := out.CopyFrames(take, source.Start, min(n, period)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) fillReport(t *bytes.Buffer) {
	fmt.Fprintf(t, `
## What fills longer pauses

Every pause of the first takes at %d dB becomes twice as long: with room tone as jackknife edit makes it, with the longest
clean stretch of the same pause (up to 1 s) looped without seams, with digital silence. The measures and their limits are
those of jackknife check; they are set so that the sound of the room itself, taken out of a take and put back, passes (but
for about one in a hundred stretches of traffic), and the fills were mended with some of these takes in sight. A cell is the median over the fills and, in brackets, how many fail.

| fill | fills | any measure fails | distance from the tone | step at the edges | repetition | equal samples | click |
|---|---|---|---|---|---|---|---|
`, fillRatio)
	for _, way := range ways {
		s := b.fills[way]
		fmt.Fprintf(t, "| %s | %d | %d |", way, s.fills, s.failed)
		for kind, unit := range []string{editor.ToneDB: " dB", editor.StepDB: " dB", editor.Period: "", editor.RunMS: " ms", editor.Click: ""} {
			v := slices.Sorted(slices.Values(s.values[kind]))
			if len(v) == 0 {
				t.WriteString(" - |")
				continue
			}
			fmt.Fprintf(t, " %.2f%s (%d of %d) |", v[len(v)/2], unit, s.faults[kind], len(v))
		}
		t.WriteString("\n")
	}
}
