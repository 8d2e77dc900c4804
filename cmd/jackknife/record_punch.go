package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"jackknife/editor"
	"jackknife/rt"
	"jackknife/wav"
)

// A punch leaves three files: the pass that was recorded becomes the end of a
// copy of the old take, the whole; a plan cuts from that what lies between the
// two; the new take is what the plan makes of it.
func (want recording) wholeFile() string { return suffixed(want.file, "-whole") }
func (want recording) passFile() string  { return suffixed(want.file, "-pass") }

// join makes the new take of a punch: the frames of the old take until at, then
// those of the pass from frame roll on, with the editor's seam between.
// What the pass lost is marked in the whole.
func (want recording) join(ctx context.Context, s *streams, old *wav.Reader, at, roll int64, lost []rt.Gap) error {
	passName, wholeName := want.passFile(), want.wholeFile()
	pass, err := openTake(ctx, s, passName)
	if err != nil {
		return err
	}
	defer pass.Close()
	rate := old.Format().RateHz
	if pass.Frames() <= roll {
		return &failure{
			code: exitFailed,
			err:  fmt.Errorf("stopped before the punch at %s; nothing is joined", clock(at, rate)),
			hint: shown(passName) + " holds what was recorded",
		}
	}
	if err := want.writeWhole(old, pass, wholeName, at, lost); err != nil {
		return err
	}
	whole, err := openTake(ctx, s, wholeName)
	if err != nil {
		return err
	}
	defer whole.Close()
	plan := editor.Plan{Min: 300 * time.Millisecond, Edits: editor.List{{
		Span:       editor.Span{Start: at, End: old.Frames() + roll},
		Reason:     "punch",
		Confidence: 1,
	}}}
	if plan.Take, err = editor.Identify(whole, wholeName); err != nil {
		return named(wholeName, err)
	}
	var like shape
	w, err := like.create(want.file, whole)
	if err != nil {
		return err
	}
	_, err = plan.Render(ctx, whole, w)
	if err := finish(ctx, s, w, want.file, plan.Edits, ofTake(wholeName, err)); err != nil {
		return err
	}
	if err := writeSidecar(ctx, s, want.file, wholeName, plan); err != nil {
		return err
	}
	if !want.quiet {
		fmt.Fprintf(s.err, "%s: %s until %s, then %s that were recorded\n", shown(want.file), shown(want.along.file), clock(at, rate), clock(pass.Frames()-roll, rate))
		fmt.Fprintf(s.err, "both are whole in %s; %s joins them and can be changed\n", shown(wholeName), shown(sidecarOf(want.file)))
	}
	return os.Remove(passName) // every frame of it is in the whole
}

// writeWhole writes the old take and behind it the pass, with a mark between.
func (want recording) writeWhole(old, pass *wav.Reader, name string, at int64, lost []rt.Gap) error {
	f := old.Format()
	w, err := wav.CreateLike(name, old)
	if err != nil {
		return err
	}
	if err := errors.Join(w.CopyFrames(old, 0, old.Frames()), appendFrames(w, f, pass)); err != nil {
		return errors.Join(err, w.Abort())
	}
	if err := w.Commit(); err != nil {
		return err
	}
	marks := append(old.Marks(), wav.Mark{Frame: old.Frames(), Label: fmt.Sprintf("punch at %s", clock(at, f.RateHz))})
	for _, m := range pass.Marks() {
		m.Frame += old.Frames()
		marks = append(marks, m)
	}
	for _, g := range lost {
		marks = append(marks, wav.Mark{Frame: old.Frames() + g.At, Label: fmt.Sprintf("%s lost", plural(int(g.Frames), "frame"))})
	}
	if strings.HasPrefix(old.Container(), "R") {
		_, err = wav.SetMarks(name, marks)
	}
	return err
}

// appendFrames writes all frames of a take in another format of as many channels.
func appendFrames(w *wav.Writer, to wav.Format, take *wav.Reader) error {
	from := take.Format()
	const n = 4096
	raw, values := make([]byte, n*from.FrameBytes()), make([]float64, n*from.Channels)
	out := make([]byte, n*to.FrameBytes())
	for at := int64(0); at < take.Frames(); {
		got, err := take.ReadFrames(raw, at)
		if got == 0 {
			return fmt.Errorf("frame %d: %w", at, errors.Join(err, io.ErrUnexpectedEOF))
		}
		wav.Decode(values[:got*from.Channels], raw[:got*from.FrameBytes()], from)
		wav.Encode(out[:got*to.FrameBytes()], values[:got*from.Channels], to)
		if _, err := w.Write(out[:got*to.FrameBytes()]); err != nil {
			return err
		}
		at += int64(got)
	}
	return nil
}

// punched is the new take of a punch, made of the pass: from frame roll on this
// stands at frame at of it.
func (want recording) punched(pass taken, at, roll int64) taken {
	t := pass
	t.file, t.files = want.file, []string{want.file}
	t.report = pass.report.Part(roll, pass.report.Frames)
	t.report.Frames += at
	for i := range t.report.Gaps {
		t.report.Gaps[i].At += at
	}
	for i := range t.report.Xruns {
		t.report.Xruns[i].At += at
	}
	t.marks = nil
	for _, m := range pass.marks {
		if m.Frame >= roll {
			m.Frame += at - roll
			t.marks = append(t.marks, m)
		}
	}
	return t
}
