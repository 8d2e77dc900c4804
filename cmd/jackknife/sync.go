package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"jackknife/editor"
	"jackknife/wav"
)

// stem is one of the takes of a performance that several microphones heard.
type stem struct {
	name, out string
	take      *wav.Reader
	odd       string // what is odd about the samples
}

// openTracks opens the tracks of one performance: as long as each other, at one
// rate. The caller closes them, whatever is returned.
func openTracks(ctx context.Context, s *streams, names []string) ([]stem, error) {
	var tracks []stem
	for i, name := range names {
		if name == "-" {
			return tracks, usagef("--sync reads files, not standard input")
		}
		if slices.Contains(names[:i], name) {
			return tracks, usagef("%s: named twice", shown(name))
		}
		take, err := openTake(ctx, s, name)
		if err != nil {
			return tracks, err
		}
		tracks = append(tracks, stem{name: name, take: take})
		if err := inTime(tracks[0], tracks[i]); err != nil {
			return tracks, err
		}
	}
	return tracks, nil
}

// inTime checks that two tracks can be cut at the same frames.
func inTime(a, b stem) error {
	rate, other := a.take.Format().RateHz, b.take.Format().RateHz
	if rate != other {
		return fmt.Errorf("%s: %d Hz, %s has %d Hz: tracks of one performance have one rate", shown(b.name), other, shown(a.name), rate)
	}
	if n, m := a.take.Frames(), b.take.Frames(); n != m {
		return &failure{code: exitFailed, err: fmt.Errorf("%s: %d frames, %s has %d: tracks of one performance are equally long", shown(b.name), m, shown(a.name), n),
			hint: "export them from the same start to the same end"}
	}
	return nil
}

func closeTracks(tracks []stem) {
	for _, t := range tracks {
		t.take.Close()
	}
}

// leader is the index of the track called lead, 0 if that is empty.
func leader(tracks []stem, lead string) (int, error) {
	if lead == "" {
		return 0, nil
	}
	i := slices.IndexFunc(tracks, func(t stem) bool { return t.name == lead || same(t.name, lead) })
	if i < 0 {
		return 0, usagef("--lead %s: is none of the tracks", shown(lead))
	}
	return i, nil
}

// ensemble plans the edits of all tracks: of the leader, in the pauses of all
// tracks together, or of the leader alone if one is named.
func (w *wish) ensemble(ctx context.Context, tracks []stem, lead string) (*job, error) {
	first, err := leader(tracks, lead)
	if err != nil {
		return nil, err
	}
	j, err := w.job(tracks[first].take, tracks[first].name)
	if err != nil {
		return nil, err
	}
	if lead == "" {
		j.tracks = tracks
	}
	j.identify = true
	return j, j.run(ctx)
}

// pauses finds the pauses of the take, or those of all tracks together.
func (j *job) pauses(ctx context.Context, yield func(editor.Pause) error) error {
	if j.take.Frames() == 0 {
		return nil
	}
	if len(j.tracks) == 0 {
		o := j.plan.Detect()
		o.Memory = j.memory
		d, err := editor.Detect(ctx, j.take, o, yield)
		j.odd = heard(d)
		return err
	}
	each := make([][]editor.Pause, len(j.tracks))
	for i, t := range j.tracks {
		d, err := editor.Detect(ctx, t.take, j.plan.Detect(), func(p editor.Pause) error { each[i] = append(each[i], p); return nil })
		if err != nil {
			return fmt.Errorf("%s: %w", shown(t.name), err)
		}
		j.tracks[i].odd = heard(d)
	}
	for _, p := range editor.Together(each...) {
		if err := yield(p); err != nil {
			return err
		}
	}
	return nil
}

// renderTracks carries out the plan on every track, each with its own room tone.
// The outputs appear when all are done.
func renderTracks(ctx context.Context, s *streams, plan editor.Plan, tracks []stem, like *shape, force bool) (results []editor.Result, err error) {
	var writers []*wav.Writer // that are not complete
	defer func() {
		for _, w := range writers {
			err = errors.Join(err, w.Abort())
		}
	}()
	plans := make([]editor.Plan, len(tracks))
	for i, t := range tracks {
		plans[i] = plan
		if plans[i].Take, err = editor.Identify(t.take, t.name); err != nil {
			return nil, fmt.Errorf("%s: %w", shown(t.name), err)
		}
		w, err := like.create(t.out, t.take)
		if err != nil {
			return nil, err
		}
		w.Replace = force
		writers = append(writers, w)
		result, err := plans[i].Render(ctx, t.take, w)
		if err != nil {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("%s: interrupted, nothing written", shown(t.out))
			}
			return nil, ofTake(t.name, err)
		}
		results = append(results, result)
	}
	for i, t := range tracks {
		w := writers[0]
		writers = writers[1:]
		if err := finish(ctx, s, w, t.out, plan.Edits, nil); err != nil {
			return nil, err
		}
		if err := writeSidecar(ctx, s, t.out, t.name, plans[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// vacantTracks checks early that the outputs may be written.
func vacantTracks(tracks []stem, force bool) error {
	for i, t := range tracks {
		if k := slices.IndexFunc(tracks[:i], func(u stem) bool { return u.out == t.out }); k >= 0 {
			return usagef("%s and %s: both would become %s", shown(tracks[k].name), shown(t.name), shown(t.out))
		}
		for _, u := range tracks {
			if err := vacant(t.out, u.name, force); err != nil {
				return err
			}
		}
		if err := sidecarVacant(t.out, force); err != nil {
			return err
		}
	}
	return nil
}

// sync edits the tracks into the folder of the batch.
func (b *batch) sync(ctx context.Context, s *streams, names []string, lead string) error {
	if b.resume || b.shard != "" {
		return usagef("--sync: no --resume, no --shard; the tracks are edited together")
	}
	tracks, err := openTracks(ctx, s, names)
	defer closeTracks(tracks)
	if err != nil {
		return err
	}
	for i := range tracks {
		tracks[i].out = b.output(tracks[i].name)
	}
	if !b.dry {
		if err := vacantTracks(tracks, b.force); err != nil {
			return err
		}
	}
	j, err := b.want.ensemble(ctx, tracks, lead)
	if err != nil {
		return err
	}
	results := make([]editor.Result, len(tracks))
	if b.dry {
		if !b.asJSON {
			if _, err := s.out.Write(j.plan.Format()); err != nil {
				return err
			}
		}
		for i := range tracks {
			tracks[i].out = ""
		}
	} else {
		if err := os.MkdirAll(b.outDir, 0o777); err != nil {
			return fmt.Errorf("%s: %w", shown(b.outDir), cause(err))
		}
		if results, err = renderTracks(ctx, s, j.plan, tracks, b.like, b.force); err != nil {
			return err
		}
	}
	rate, before := j.take.Format().RateHz, j.take.Frames()
	fmt.Fprintf(s.err, "%s: %s, %s; %s becomes %s\n", counted(len(tracks), "track", "tracks"),
		counted(j.counts.Changed, "pause changed", "pauses changed"), counted(j.counts.Cuts, "cut", "cuts"),
		clock(before, rate), clock(j.plan.Edits.Length(before), rate))
	j.warn(s)
	for i, t := range tracks {
		note(s.err, t.out, results[i])
	}
	if !b.asJSON {
		return nil
	}
	return writeJSON(s.out, tracksJSON(j.plan, j.counts, tracks, results))
}

// tracksJSON is what was made of every track.
func tracksJSON(plan editor.Plan, counts editor.Counts, tracks []stem, results []editor.Result) []edited {
	all := make([]edited, len(tracks))
	for i, t := range tracks {
		n := t.take.Frames()
		all[i] = edited{
			Take: t.name, Output: t.out, RateHz: t.take.Format().RateHz, Before: n, After: plan.Edits.Length(n),
			Pauses: counts.Pauses, Changed: counts.Changed, Cuts: counts.Cuts, Held: counts.Held,
			Filled: results[i].Filled, Silent: results[i].Silent, Edits: editsJSON(plan.Edits),
		}
	}
	return all
}

// applyTracks carries out a plan on its take and on the other tracks of the
// performance. Outputs stand beside the tracks, or in a folder.
func applyTracks(ctx context.Context, s *streams, plan *editor.Plan, lead stem, others []string, like *shape, force, dry, asJSON bool) error {
	opened, err := openTracks(ctx, s, others)
	defer closeTracks(opened)
	if err != nil {
		return err
	}
	for i, t := range opened {
		if err := inTime(lead, t); err != nil {
			return err
		}
		if same(t.name, lead.name) {
			return usagef("%s: is the take of the plan already", shown(t.name))
		}
		opened[i].out = editedName(t.name, like, t.take)
	}
	tracks := append([]stem{lead}, opened...)
	if err := vacantTracks(tracks, force); err != nil {
		return err
	}
	results := make([]editor.Result, len(tracks))
	if dry {
		for i := range tracks {
			tracks[i].out = ""
		}
	} else if results, err = renderTracks(ctx, s, *plan, tracks, like, force); err != nil {
		return err
	}
	n, rate := lead.take.Frames(), lead.take.Format().RateHz
	fmt.Fprintf(s.err, "%s: %s; %s becomes %s\n", counted(len(tracks), "track", "tracks"), counted(len(plan.Edits), "edit", "edits"),
		clock(n, rate), clock(plan.Edits.Length(n), rate))
	for i, t := range tracks {
		note(s.err, t.out, results[i])
	}
	if !asJSON {
		return nil
	}
	return writeJSON(s.out, tracksJSON(*plan, editor.Counts{}, tracks, results))
}

// editedName is the output beside a take that is not called otherwise.
func editedName(name string, like *shape, take *wav.Reader) string {
	return name[:len(name)-len(filepath.Ext(name))] + "-edited" + like.extension(name, take)
}
