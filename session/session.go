package session

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Outcome is what a command of jackknife came to. Its error is nil where it
// did all that it was asked for.
type Outcome struct {
	Out  []byte
	Code int // exit code: 0 done, 5 partly, 6 recorded with gaps ...
	Err  error
}

// Exit codes that mean more here than failed.
const (
	noServer = 3
	noMatch  = 4
	partly   = 5
	withGaps = 6
)

// Do carries out a command of jackknife.
type Do func(ctx context.Context, args []string) Outcome

// Machine is what a session is carried out with.
type Machine struct {
	Do Do
	// Run runs a hook, with more in its environment.
	Run func(ctx context.Context, h Hook, env []string) error
	// Tell is told what happens: what, and names and values in turn.
	Tell func(what string, about ...any)
	// Now is the time of day, for names and logs.
	Now func() time.Time
	// Claims is the folder in which the session that is up says so.
	Claims string
}

// Session is a session file and the machine it is carried out on. It holds its
// folder until it is closed.
type Session struct {
	*File
	Machine
	// Dry has Down, Record, Edit and Deliver tell the commands they would
	// carry out ("would"), and change nothing.
	Dry  bool
	home *home
}

// Open takes hold of a session. ErrBusy if another program has it.
func Open(f *File, m Machine) (*Session, error) {
	h, err := openHome(f.Home())
	if err != nil {
		return nil, err
	}
	return &Session{File: f, Machine: m, home: h}, nil
}

// Peek looks at a session without taking hold of it: for Log and Status.
func Peek(f *File, m Machine) *Session {
	return &Session{File: f, Machine: m, home: &home{dir: f.Home()}}
}

// Close lets go of a session.
func (s *Session) Close() error { return s.home.close() }

// Status is how far a session is.
type Status struct {
	Name    string    `json:"name"`
	File    string    `json:"file"`
	Up      bool      `json:"up"`
	Since   time.Time `json:"since,omitzero"`
	Changed []string  `json:"changed"` // steps that down will put back
	Takes   int       `json:"takes"`
	Kept    int       `json:"kept"`
	Broken  []int     `json:"broken"` // takes that a recorder died over, or that are recorded now
}

// Status reads how far a session is, also while another program works on it.
func (s *Session) Status() (Status, error) {
	st := Status{Name: s.Name, File: s.path, Changed: []string{}, Broken: []int{}}
	changes, err := s.home.changes()
	if err != nil {
		return st, err
	}
	for _, c := range changes {
		st.Changed = append(st.Changed, c.Step)
	}
	takes, err := s.home.takes()
	if err != nil {
		return st, err
	}
	for _, t := range takes {
		st.Takes++
		switch {
		case !t.Finished:
			st.Broken = append(st.Broken, t.Number)
		case !t.Rejected:
			st.Kept++
		}
	}
	c, err := s.Claimed()
	if err != nil {
		return st, err
	}
	if home, err := filepath.Abs(s.home.dir); err == nil && c != nil && c.Home == home {
		st.Up, st.Since = true, c.Since
	}
	return st, nil
}

// Step is a part of the machine and what is to change there.
type Step struct {
	Name    string   `json:"step"`
	Command []string `json:"command"`
	Changes []string `json:"changes"` // empty: it is as the session wants it
	Absent  []string `json:"absent"`  // what is wanted of ports that are not there
	Error   string   `json:"error,omitempty"`
}

// told is a step as others see it.
func (st step) told(t todo) Step {
	return Step{Name: st.name, Command: append([]string{}, t.args...), Changes: append([]string{}, t.lines...), Absent: append([]string{}, t.absent...)}
}

// Plan is what up would change. A step may not be able to say as long as those
// before it are not taken: the ports of a server that does not run.
func (s *Session) Plan(ctx context.Context) ([]Step, error) {
	steps, err := s.prepare()
	if err != nil {
		return nil, err
	}
	var plan []Step
	for _, st := range steps {
		t, err := st.look(ctx, s.Do)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p := st.told(t)
		if err != nil {
			p.Error = err.Error()
		}
		plan = append(plan, p)
	}
	return plan, nil
}

// prepare writes the files that the steps load, and returns the steps.
func (s *Session) prepare() ([]step, error) {
	done, err := s.home.changes()
	if err != nil {
		return nil, err
	}
	for name, text := range s.patchFiles() {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			return nil, err
		}
	}
	return s.steps(len(done)), nil
}

// Up brings the machine into the state that the session wants. What is so
// already is left alone. Before anything changes the journal has how it is put
// back. The error is partial where only ports are missing that may come later.
// What was taken is returned, also of an Up that fails.
func (s *Session) Up(ctx context.Context) ([]Step, error) {
	taken := []Step{}
	if err := s.claim(); err != nil {
		return taken, err
	}
	if err := s.hooks(ctx, "before-up", nil); err != nil {
		return taken, err
	}
	steps, err := s.prepare()
	if err != nil {
		return taken, err
	}
	var absent error
	for _, st := range steps {
		if err := ctx.Err(); err != nil {
			return taken, err
		}
		t, missing, err := s.take(ctx, st)
		did := st.told(t)
		if why := cmp.Or(err, missing); why != nil {
			did.Error = why.Error()
		}
		taken = append(taken, did)
		if err != nil {
			return taken, err
		}
		absent = errors.Join(absent, missing)
	}
	if err := s.hooks(ctx, "after-up", nil); err != nil {
		return taken, err
	}
	if absent != nil {
		return taken, &Partial{absent}
	}
	return taken, nil
}

// Partial is the error of what was done but for something that was missing.
type Partial struct{ Err error }

func (p *Partial) Error() string { return p.Err.Error() }
func (p *Partial) Unwrap() error { return p.Err }

// take takes a step, if it changes anything. missing is what it could not
// reach; err is why it failed.
func (s *Session) take(ctx context.Context, st step) (t todo, missing, err error) {
	t, err = st.look(ctx, s.Do)
	if err != nil {
		return t, nil, err
	}
	if len(t.lines) == 0 && len(t.absent) == 0 {
		s.Tell("already so", "step", st.name)
		return t, nil, nil
	}
	undo := t.undo
	if t.save != nil {
		switch o := s.Do(ctx, t.save); {
		case o.Code == noMatch: // there is nothing yet
		case o.Err != nil:
			return t, nil, o.Err
		default:
			undo = append([][]string{t.restore}, undo...)
		}
	}
	if len(undo) > 0 {
		if err := s.home.note(change{s.Now(), st.name, undo}); err != nil {
			return t, nil, err
		}
	}
	o := s.Do(ctx, t.args)
	if o.Err != nil && o.Code != partly && o.Code != noMatch {
		return t, nil, o.Err
	}
	s.Tell("done", "step", st.name, "changes", t.lines)
	if o.Err != nil {
		s.Tell("missing", "step", st.name, "error", o.Err.Error())
	}
	return t, o.Err, nil
}

// Undone is a step that Down put back, and how.
type Undone struct {
	Step     string     `json:"step"`
	Commands [][]string `json:"commands"`
}

// Down puts back what Up and the steps after it changed, the last first, and
// forgets each change when it is put back. What is gone meanwhile is no error:
// a port, or the server itself. What was put back is returned, also of a Down
// that fails.
func (s *Session) Down(ctx context.Context) ([]Undone, error) {
	undone := []Undone{}
	if err := s.hooks(ctx, "before-down", nil); err != nil {
		return undone, err
	}
	changes, err := s.home.changes()
	if err != nil {
		return undone, err
	}
	for i, c := range slices.Backward(changes) {
		u := Undone{Step: c.Step}
		for _, args := range slices.Backward(c.Undo) {
			u.Commands = append(u.Commands, args)
			if s.Dry {
				s.Tell("would", "command", args)
				continue
			}
			if err := ctx.Err(); err != nil {
				return undone, err
			}
			o := s.Do(ctx, args)
			gone := o.Code == noMatch || o.Code == noServer
			if o.Err != nil && !gone {
				return undone, fmt.Errorf("%s: %w", strings.Join(args, " "), o.Err)
			}
		}
		undone = append(undone, u)
		if s.Dry {
			continue
		}
		s.Tell("put back", "step", c.Step)
		if err := s.home.forget(i); err != nil {
			return undone, err
		}
	}
	if s.Dry {
		return undone, s.hooks(ctx, "after-down", nil)
	}
	before, err := filepath.Glob(filepath.Join(s.home.dir, "before-*"))
	if err != nil {
		return undone, err
	}
	for _, name := range before {
		if err := os.Remove(name); err != nil {
			return undone, err
		}
	}
	if err := s.hooks(ctx, "after-down", nil); err != nil {
		return undone, err
	}
	return undone, s.unclaim()
}

// claimed is what the session that is up says of itself, for all others.
type claimed struct {
	Name  string    `json:"name"`
	File  string    `json:"file"`
	Home  string    `json:"home"`
	Since time.Time `json:"since"`
}

func (s *Session) claimFile() string { return filepath.Join(s.Claims, "session.json") }

// Claimed is who is up, nil if nobody is.
func (m Machine) Claimed() (*claimed, error) {
	b, err := os.ReadFile(filepath.Join(m.Claims, "session.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var c claimed
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(m.Claims, "session.json"), err)
	}
	return &c, nil
}

// claim makes this session the one that is up.
func (s *Session) claim() error {
	home, err := filepath.Abs(s.home.dir)
	if err != nil {
		return err
	}
	path, err := filepath.Abs(s.path)
	if err != nil {
		return err
	}
	other, err := s.Claimed()
	if err != nil {
		return err
	}
	if other != nil {
		if other.Home == home {
			return nil
		}
		if _, err := os.Stat(filepath.Join(other.Home, "journal.jsonl")); err == nil {
			return &Held{other.Name, other.File, other.Since}
		}
		// It changed nothing, or its folder is gone: nobody can take it down.
	}
	b, err := json.Marshal(claimed{s.Name, path, home, s.Now()})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Claims, 0o700); err != nil {
		return err
	}
	// The link fails if another session was quicker.
	fresh := fmt.Sprintf("%s.%d", s.claimFile(), os.Getpid())
	if err := os.WriteFile(fresh, b, 0o600); err != nil {
		return err
	}
	defer os.Remove(fresh)
	if other != nil {
		return os.Rename(fresh, s.claimFile())
	}
	return os.Link(fresh, s.claimFile())
}

// unclaim ends that.
func (s *Session) unclaim() error {
	home, err := filepath.Abs(s.home.dir)
	if err != nil {
		return err
	}
	c, err := s.Claimed()
	if err != nil || c == nil || c.Home != home {
		return err
	}
	return os.Remove(s.claimFile())
}

// Held is the error for a machine that another session has.
type Held struct {
	Name, File string
	Since      time.Time
}

func (c *Held) Error() string {
	return fmt.Sprintf("session %s (%s) is up since %s", c.Name, c.File, c.Since.Format(time.DateTime))
}

// hooks runs the commands of a moment, with the session's name and more in
// their environment.
func (s *Session) hooks(ctx context.Context, moment string, env []string) error {
	env = append([]string{"JACKKNIFE_SESSION=" + s.Name, "JACKKNIFE_MOMENT=" + moment}, env...)
	for _, h := range s.Hooks[moment] {
		if s.Dry {
			s.Tell("would", "hook", append(h.Words, h.Shell))
			continue
		}
		if err := s.Run(ctx, h, env); err != nil {
			return fmt.Errorf("%s: %w", moment, err)
		}
		s.Tell("hook", "moment", moment)
	}
	return nil
}
