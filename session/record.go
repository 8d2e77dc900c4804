package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Record records the next take, and returns it when it is finished. A take that
// an earlier program died over is finished first.
func (s *Session) Record(ctx context.Context) (Take, error) {
	takes, err := s.ready(ctx)
	if err != nil {
		return Take{}, err
	}
	return s.record(ctx, takes, s.recordArgs(), nil)
}

// Punch makes the end of a take anew: the next take is that one up to a time, as
// record --at takes it, and goes on from there; the inputs of the selectors to hear
// it, without any those of the card. The old take is put aside. Number 0 is the
// last take that is kept.
func (s *Session) Punch(ctx context.Context, number int, at string, to []string) (Take, error) {
	takes, err := s.ready(ctx)
	if err != nil {
		return Take{}, err
	}
	i := -1
	for k, t := range takes {
		if t.Number == number || number == 0 && !t.Rejected {
			i = k
		}
	}
	if i < 0 {
		return Take{}, fmt.Errorf("session %s: no take to punch into", s.Name)
	}
	old := takes[i]
	if len(old.Files) != 1 {
		return Take{}, fmt.Errorf("take %d: is %d files; punch goes into one", old.Number, len(old.Files))
	}
	args := append(s.trackArgs(), "--punch", old.Files[0]) // all else is like the old take
	if at != "" {
		args = append(args, "--at", at)
	}
	for _, inputs := range to {
		args = append(args, "--to", inputs)
	}
	// The summary is of the pass alone, which the recorder joins to the old take.
	t, err := s.record(ctx, takes, args, func(t *Take) error {
		t.Files = []string{t.File}
		return s.measure(ctx, t)
	})
	if t.Finished {
		old.Rejected = true
		old.Notes = append(old.Notes, fmt.Sprintf("take %d goes on from it", t.Number))
		err = errors.Join(err, s.home.logTake(old))
	}
	return t, err
}

// ready makes sure that a take can be recorded, and returns those there are.
func (s *Session) ready(ctx context.Context) ([]Take, error) {
	if len(s.Tracks) == 0 {
		return nil, fmt.Errorf("session %s: no tracks to record", s.Name)
	}
	if !s.Dry {
		if err := s.Mend(ctx); err != nil {
			return nil, err
		}
	}
	return s.home.takes()
}

// record has the recorder make the next take; joined, where it is not nil, sets
// right what the recorder says of it.
func (s *Session) record(ctx context.Context, takes []Take, args []string, joined func(*Take) error) (Take, error) {
	t := Take{Number: next(takes), Begun: s.Now()}
	t.File = s.takeFile(t.Number, t.Begun)
	if s.Takes.Notes != "" {
		t.Notes = []string{s.Takes.Notes}
	}
	args = append([]string{"record", t.File}, args...)
	if s.Dry {
		s.Tell("would", "command", args)
		return t, nil
	}
	if err := os.MkdirAll(filepath.Dir(t.File), 0o777); err != nil {
		return Take{}, err
	}
	env := []string{"JACKKNIFE_TAKE=" + t.File, "JACKKNIFE_NUMBER=" + strconv.Itoa(t.Number)}
	if err := s.hooks(ctx, "before-record", env); err != nil {
		return Take{}, err
	}
	if err := s.home.logTake(t); err != nil {
		return Take{}, err
	}
	s.Tell("recording", "take", t.Number, "file", t.File)
	o := s.Do(ctx, args)
	if len(o.Out) == 0 {
		if o.Err == nil {
			o.Err = errors.New("the recorder said nothing")
		}
		if len(t.found(".wav"))+len(t.found(".flac")) == 0 { // nothing was recorded; else Mend looks at it
			t.Finished, t.Rejected = true, true
			t.Notes = append(t.Notes, "not recorded")
			return Take{}, errors.Join(o.Err, s.home.logTake(t))
		}
		return t, o.Err
	}
	if err := t.finish(o.Out); err != nil {
		return t, err
	}
	if joined != nil {
		if err := joined(&t); err != nil {
			return t, errors.Join(o.Err, err)
		}
	}
	if err := s.home.logTake(t); err != nil {
		return t, err
	}
	s.Tell("recorded", "take", t.Number, "files", t.Files, "frames", t.Frames, "gaps", t.Gaps)
	// The take is there: an interrupt ended it, and ends the command after it.
	err := s.hooks(context.WithoutCancel(ctx), "after-record", append(env, "JACKKNIFE_FILES="+strings.Join(t.Files, "\n")))
	return t, errors.Join(o.Err, err)
}

// finish fills in what the recorder says of a take.
func (t *Take) finish(summary []byte) error {
	var said struct {
		Files      []string          `json:"files"`
		RateHz     int               `json:"rate_hz"`
		Frames     int64             `json:"frames"`
		LostFrames int64             `json:"lost_frames"`
		Gaps       []json.RawMessage `json:"gaps"`
		Xruns      int               `json:"xruns"`
		Marks      []Mark            `json:"marks"`
		Clips      []int64           `json:"clips"`
	}
	if err := json.Unmarshal(summary, &said); err != nil {
		return fmt.Errorf("take %d: the recorder's summary: %w", t.Number, err)
	}
	t.Files, t.RateHz, t.Frames, t.Lost = said.Files, said.RateHz, said.Frames, said.LostFrames
	t.Gaps, t.Xruns, t.Marks, t.Finished = len(said.Gaps), said.Xruns, said.Marks, true
	for _, n := range said.Clips {
		t.Clips += n
	}
	return nil
}

// trackArgs are what record is told of the tracks and the end of every take.
func (s *Session) trackArgs() []string {
	args := []string{"--json", "--name", s.Client()}
	for _, t := range s.Tracks {
		args = append(args, "--track", t.Name+"="+t.From)
	}
	if s.File.Record.For != "" {
		args = append(args, "--for", s.File.Record.For)
	}
	return s.onServer(args)
}

// recordArgs are what record is told of a take.
func (s *Session) recordArgs() []string {
	args := s.trackArgs()
	r := s.File.Record
	for _, o := range []struct{ value, flag string }{
		{r.PreRoll, "--pre-roll"}, {r.OnSignal, "--on-signal"}, {r.UntilSilence, "--until-silence"},
	} {
		if o.value != "" {
			args = append(args, o.flag, o.value)
		}
	}
	if r.Spill != "" {
		args = append(args, "--spill", s.Path(r.Spill))
	}
	if r.Bits != 0 {
		args = append(args, "--bits", strconv.Itoa(r.Bits))
	}
	for _, t := range s.Tracks {
		if t.Format != "" {
			args = append(args, "--format", t.Name+"="+t.Format)
		}
		if t.Heed {
			args = append(args, "--heed", t.Name)
		}
	}
	if r.Dither {
		args = append(args, "--dither")
	}
	if r.Wait {
		args = append(args, "--wait")
	}
	if r.Split {
		args = append(args, "--split")
	}
	return args
}

// Client is the name of the session's recorder, for jackknife take.
func (f *File) Client() string { return "session-" + f.Name }

// Mend finishes the takes that a program died over while it recorded them:
// what is in their parts comes into files of their right names.
func (s *Session) Mend(ctx context.Context) error {
	takes, err := s.home.takes()
	if err != nil {
		return err
	}
	for _, t := range takes {
		if t.Finished {
			continue
		}
		for _, part := range append(t.found(".part.wav"), t.found(".part.flac")...) {
			i := strings.LastIndex(part, ".part.")
			whole := part[:i] + part[i+len(".part"):]
			if o := s.Do(ctx, []string{"recover", part, "-o", whole}); o.Err != nil {
				return o.Err
			}
			if _, err := os.Stat(whole); errors.Is(err, fs.ErrNotExist) { // the part is in order
				if err := os.Link(part, whole); err != nil {
					return err
				}
			}
			if err := os.Remove(part); err != nil {
				return err
			}
		}
		t.Files = append(t.found(".wav"), t.found(".flac")...)
		t.Finished, t.Rejected = true, len(t.Files) == 0
		t.Notes = append(t.Notes, "the recorder died")
		if err := s.measure(ctx, &t); err != nil {
			return err
		}
		if err := s.home.logTake(t); err != nil {
			return err
		}
		s.Tell("recovered", "take", t.Number, "files", t.Files)
	}
	return nil
}

// measure looks how long the files of a take are.
func (s *Session) measure(ctx context.Context, t *Take) error {
	t.Frames = 0
	for _, file := range t.Files {
		o := s.Do(ctx, []string{"info", "--json", file})
		if o.Err != nil {
			return o.Err
		}
		var about struct {
			RateHz int   `json:"rate_hz"`
			Frames int64 `json:"frames"`
		}
		if err := json.Unmarshal(o.Out, &about); err != nil {
			return fmt.Errorf("info %s: %w", file, err)
		}
		t.RateHz, t.Frames = about.RateHz, max(t.Frames, about.Frames)
	}
	return nil
}

// found are the files of a take that end so: one, or one for each track.
func (t Take) found(ending string) []string {
	stem := escape(strings.TrimSuffix(t.File, filepath.Ext(t.File)))
	one, _ := filepath.Glob(stem + ending) // the pattern is well made
	split, _ := filepath.Glob(stem + "-*" + ending)
	return append(one, split...)
}

// escape takes a name for itself in a pattern.
func escape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}
