package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Judge changes what the log says of a take: f is handed the take.
func (s *Session) Judge(number int, f func(*Take)) (Take, error) {
	takes, err := s.home.takes()
	if err != nil {
		return Take{}, err
	}
	for _, t := range takes {
		if t.Number == number {
			f(&t)
			return t, s.home.logTake(t)
		}
	}
	return Take{}, fmt.Errorf("session %s: no take %d", s.Name, number)
}

// Chosen are the takes of these numbers, or all.
func (s *Session) Chosen(numbers []int) ([]Take, error) {
	takes, err := s.home.takes()
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		if !slices.ContainsFunc(takes, func(t Take) bool { return t.Number == n }) {
			return nil, fmt.Errorf("session %s: no take %d", s.Name, n)
		}
	}
	return slices.DeleteFunc(takes, func(t Take) bool {
		return len(numbers) > 0 && !slices.Contains(numbers, t.Number)
	}), nil
}

// finished are the takes of these numbers, or all that are kept, which are
// there to be worked on.
func (s *Session) finished(numbers []int) ([]Take, error) {
	takes, err := s.Chosen(numbers)
	return slices.DeleteFunc(takes, func(t Take) bool {
		return !t.Finished || t.Rejected && len(numbers) == 0
	}), err
}

// Edited is a take and the files that were made of it.
type Edited struct {
	Take
	Edited []string `json:"edited"`
}

// Edit edits the takes of these numbers, or all that are kept. What was edited
// so before is passed over.
func (s *Session) Edit(ctx context.Context, numbers []int) ([]Edited, error) {
	e := s.File.Edit
	if e == nil {
		return nil, fmt.Errorf("session %s: has no edit", s.Name)
	}
	takes, err := s.finished(numbers)
	if err != nil {
		return nil, err
	}
	folder := s.Path(e.Folder)
	if !s.Dry {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return nil, err
		}
	}
	var done []Edited
	var failed error
	for _, t := range takes {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		d := Edited{Take: t}
		for _, file := range t.Files {
			d.Edited = append(d.Edited, filepath.Join(folder, filepath.Base(file)))
		}
		env := []string{"JACKKNIFE_NUMBER=" + strconv.Itoa(t.Number), "JACKKNIFE_FILES=" + strings.Join(t.Files, "\n"), "JACKKNIFE_EDITED=" + strings.Join(d.Edited, "\n")}
		if err := s.hooks(ctx, "before-edit", env); err != nil {
			return done, err
		}
		args := s.editArgs(e, t.Files, folder)
		if s.Dry {
			s.Tell("would", "command", args)
			continue
		}
		o := s.Do(ctx, args)
		if o.Err != nil {
			failed = errors.Join(failed, fmt.Errorf("take %d: %w", t.Number, o.Err))
			continue
		}
		done = append(done, d)
		s.Tell("edited", "take", t.Number, "files", d.Edited)
		if err := s.hooks(ctx, "after-edit", env); err != nil {
			return done, err
		}
	}
	return done, failed
}

func (s *Session) editArgs(e *Edit, files []string, folder string) []string {
	args := append([]string{"edit", "--out-dir", folder}, files...)
	if e.Sync && len(files) > 1 {
		args = append(args, "--sync", "--force") // the same again; resume is for one take at a time
	} else {
		args = append(args, "--resume")
	}
	for _, rule := range e.Pauses {
		args = append(args, "--pauses", rule)
	}
	if e.Rules != "" {
		args = append(args, "--rules", s.Path(e.Rules))
	}
	for _, o := range []struct{ value, flag string }{{e.Min, "--min"}, {e.Breaths, "--breaths"}, {e.Fill, "--fill"}} {
		if o.value != "" {
			args = append(args, o.flag, o.value)
		}
	}
	if e.Seed != nil {
		args = append(args, "--seed", fmt.Sprint(*e.Seed))
	}
	if e.Mistakes == "cut-marks" {
		args = append(args, "--cut-marks")
	}
	return args
}

// delivered is a line of the log of deliveries: what a file was made of.
type delivered struct {
	File string   `json:"file"`
	Args []string `json:"args"`
	Of   stamp    `json:"of"`
	Is   stamp    `json:"is"`
}

// stamp tells one content of a file from another.
type stamp struct {
	Size int64     `json:"size"`
	Time time.Time `json:"time"`
}

func stampOf(name string) (stamp, error) {
	st, err := os.Stat(name)
	if err != nil {
		return stamp{}, err
	}
	return stamp{st.Size(), st.ModTime().UTC()}, nil
}

// Deliver makes the files that the session delivers of the takes of these
// numbers, or of all that are kept. What stands there as it was delivered is
// left alone. One form that fails (a missing encoder) does not stop the others.
func (s *Session) Deliver(ctx context.Context, numbers []int) ([]string, error) {
	takes, err := s.finished(numbers)
	if err != nil {
		return nil, err
	}
	before, err := readLines[delivered](filepath.Join(s.home.dir, "delivered.jsonl"))
	if err != nil {
		return nil, err
	}
	var files []string
	var failed error
	for _, t := range takes {
		env := []string{"JACKKNIFE_NUMBER=" + strconv.Itoa(t.Number), "JACKKNIFE_FILES=" + strings.Join(t.Files, "\n")}
		if err := s.hooks(ctx, "before-deliver", env); err != nil {
			return files, err
		}
		for _, file := range t.Files {
			edited := filepath.Join(s.Path(s.File.Edit.Folder), filepath.Base(file))
			for _, c := range s.File.Deliver {
				if err := ctx.Err(); err != nil {
					return files, err
				}
				out, err := s.deliver(ctx, t, c, edited, before)
				if err != nil {
					failed = errors.Join(failed, fmt.Errorf("take %d as %s: %w", t.Number, c.As, err))
					continue
				}
				files = append(files, out)
			}
		}
		if err := s.hooks(ctx, "after-deliver", append(env, "JACKKNIFE_DELIVERED="+strings.Join(files, "\n"))); err != nil {
			return files, err
		}
	}
	return files, failed
}

var extensions = map[string]string{"wav": ".wav", "flac": ".flac", "m4a": ".m4a", "alac": ".m4a", "mp3": ".mp3", "listening-device": ".m4a"}

// tail is how the name of a copy ends: with its form too, where another copy
// before it would have the same name.
func (f *File) tail(c Copy) string {
	for _, other := range f.Deliver {
		if other == c {
			break
		}
		if other.Folder == c.Folder && extensions[other.As] == extensions[c.As] {
			return "-" + c.As + extensions[c.As]
		}
	}
	return extensions[c.As]
}

func (s *Session) deliver(ctx context.Context, t Take, c Copy, edited string, before []delivered) (string, error) {
	of, err := stampOf(edited)
	if s.Dry && errors.Is(err, fs.ErrNotExist) {
		err = nil // it will be
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: not edited yet", edited)
	}
	if err != nil {
		return "", err
	}
	folder := s.Path(c.Folder)
	out := filepath.Join(folder, strings.TrimSuffix(filepath.Base(edited), filepath.Ext(edited))+s.tail(c))
	args := []string{"deliver", edited, "-o", out, "--as", c.As}
	for _, o := range []struct{ value, flag string }{
		{c.Title, "--title"}, {c.Artist, "--artist"}, {c.Album, "--album"}, {c.Track, "--track"}, {c.Comment, "--comment"},
	} {
		if o.value != "" {
			args = append(args, o.flag, s.fill(o.value, t.Number, t.Begun))
		}
	}
	switch chapters := s.fill(c.Chapters, t.Number, t.Begun); chapters {
	case "":
	case "none", "phrases", "marks":
		args = append(args, "--chapters", chapters)
	default:
		args = append(args, "--chapters", s.Path(chapters))
	}
	if c.Cover != "" {
		args = append(args, "--cover", s.Path(c.Cover))
	}
	if c.Rate != 0 {
		args = append(args, "--rate", strconv.Itoa(c.Rate))
	}
	if c.Bits != 0 {
		args = append(args, "--bits", strconv.Itoa(c.Bits))
	}
	is, err := stampOf(out)
	if err == nil && slices.ContainsFunc(before, func(d delivered) bool {
		return d.File == out && d.Of == of && d.Is == is && slices.Equal(d.Args, args)
	}) {
		s.Tell("already so", "file", out)
		return out, nil
	}
	if s.Dry {
		s.Tell("would", "command", args)
		return out, nil
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	o := s.Do(ctx, append(slices.Clone(args), "--force"))
	if o.Err != nil {
		return "", o.Err
	}
	if is, err = stampOf(out); err != nil {
		return "", err
	}
	s.Tell("delivered", "file", out)
	return out, appendLine(filepath.Join(s.home.dir, "delivered.jsonl"), delivered{out, args, of, is})
}
