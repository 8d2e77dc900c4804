package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

// verifyLimit bounds the wait for changes to show in the graph after the
// server took them.
const verifyLimit = time.Second

// settle is how long ports may stay away before a client that is coming up
// counts as complete.
const settle = 100 * time.Millisecond

// patching carries out changes of connections.
type patching struct {
	*streams
	name   string        // of the command, for its messages
	wait   time.Duration // for what is missing to appear
	dryRun bool
	asJSON bool

	unrecorded bool // not for the journal
	connects   bool // and cuts nothing: the plan does not depend on what is connected
	isNames    bool // written out one by one: nor does it depend on what ports there are

	server patchable // joined already; else the JACK server is joined
}

// patchable has ports that can be connected: a JACK server, or the kernel's
// MIDI sequencer.
type patchable interface {
	Snapshot() jackgraph.Graph
	DoAll(ctx context.Context, changes []jackgraph.Change) []error
	Final() bool // what DoAll says is so, and need not be read again
	Await(ctx context.Context, changes []jackgraph.Change) jackgraph.Graph
}

func (p *patching) flags(c *cobra.Command) {
	p.resultFlags(c)
	serverFlag(c)
}

// resultFlags are those of commands that print what became of each change.
func (p *patching) resultFlags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVarP(&p.dryRun, "dry-run", "n", false, "say what would be done and change nothing")
	f.BoolVar(&p.asJSON, "json", false, "print JSON: an array of from, to, result, error")
}

// waitFlag lets a command wait for ports.
func (p *patching) waitFlag(c *cobra.Command) {
	c.Flags().DurationVarP(&p.wait, "wait", "w", 0, "wait so long for what is missing to appear, as 5s")
}

// twoSides wants FROM and TO, or FROM alone where least is 1.
func twoSides(least int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 2 {
			return &failure{code: exitUsage, err: fmt.Errorf("%s takes FROM and TO, not %d names", c.Name(), len(args)),
				hint: "quote ranges and globs, or the shell expands them: 'system:capture_{1..8}'"}
		}
		return cobra.MinimumNArgs(least)(c, args)
	}
}

// plan is what shall be changed, and the rules that say nothing yet because
// their ports are absent.
type plan struct {
	changes []jackgraph.Change
	absent  []jackgraph.Absent
}

// planner turns the graph as it is into a plan.
type planner func(jackgraph.Graph) (plan, error)

// run plans on a snapshot, checks, applies, verifies and reports, all with one
// client.
func (p *patching) run(ctx context.Context, planned planner) error {
	server := p.server
	var before jackgraph.Graph
	var early *headStart
	if p.wait > 0 {
		watch, _, err := openWatch(ctx, nil)
		if err != nil {
			return err
		}
		defer watch.Close()
		until := time.Now().Add(p.wait)
		if before, err = p.await(ctx, watch, planned); errors.Is(err, context.Canceled) {
			return fmt.Errorf("%s: stopped", p.name)
		} else if err != nil {
			return err
		}
		server = patient{watch.Server, until}
	} else {
		if server == nil {
			joined, err := visitServer()
			if err != nil {
				return err
			}
			defer joined.Close()
			server = joined
			if p.connects && !p.dryRun && joined.Final() { // the server says what is connected already
				if p.isNames {
					early = begin(ctx, joined, planned)
				}
				before.Ports = joined.Ports()
			}
		}
		if before.Ports == nil {
			before = server.Snapshot()
		}
	}
	todo, errs, done, err := p.carryOut(ctx, server, before, planned, early)
	if err != nil {
		return p.planFailure(err)
	}
	if len(done) > 0 && !p.unrecorded {
		if err := remember(p.name, done); err != nil {
			fmt.Fprintf(p.err, "jackknife: not noted for patch undo: %s\n", err)
		}
	}
	if i := slices.IndexFunc(errs, broken); i >= 0 {
		if len(done) > 0 && !p.unrecorded {
			were := "done"
			if errors.Is(errs[i], jackgraph.ErrNoAnswer) {
				were = "done or under way"
			}
			fmt.Fprintf(p.err, "jackknife: %d of %d were %s before that; jackknife patch undo takes them back\n", len(done), len(errs), were)
		}
		if !lost(errs[i]) {
			return fmt.Errorf("%s: stopped", p.name)
		}
		return openFailure(fmt.Errorf("%s: %w", todo.changes[i], errs[i]))
	}
	return p.report(before, todo, errs)
}

// patient asks again, as long as there is time, for a connection that was refused:
// JACK2 shows ports before their client is active, and does not connect them.
type patient struct {
	*jackgraph.Server
	until time.Time
}

func (s patient) DoAll(ctx context.Context, changes []jackgraph.Change) []error {
	outcomes := s.Server.DoAll(ctx, changes)
	for i, c := range changes {
		for c.Action == jackgraph.Connect && refused(outcomes[i]) && !broken(outcomes[i]) && time.Now().Before(s.until) {
			select {
			case <-ctx.Done():
			case <-time.After(retryLater):
			}
			outcomes[i] = s.Server.DoAll(ctx, changes[i:i+1])[0]
		}
	}
	return outcomes
}

// headStart is changes that are under way while the graph is read.
type headStart struct {
	plan
	end func() []error
}

// begin begins what is planned for ports whose names are written out: the server
// knows by itself what they name.
func begin(ctx context.Context, server *jackgraph.Server, planned planner) *headStart {
	written, err := planned(jackgraph.Graph{})
	if err != nil || len(written.absent) > 0 || len(written.changes) == 0 {
		return nil
	}
	return &headStart{written, server.Begin(ctx, written.changes)}
}

// carryOut plans on a graph, checks, and applies what is not under way yet. It
// returns for each change what went wrong with it, and those that are in force.
func (p *patching) carryOut(ctx context.Context, server patchable, before jackgraph.Graph, planned planner, early *headStart) (todo plan, errs []error, done []jackgraph.Change, err error) {
	todo, err = planned(before)
	known := make(map[jackgraph.Change]error)
	if early != nil {
		outcomes := early.end()
		early.changes = before.Named(early.changes)
		if err != nil || slices.ContainsFunc(outcomes, broken) {
			return early.plan, outcomes, begun(early.changes, outcomes), nil
		}
		for i, c := range early.changes {
			if was, twice := known[c]; !refused(outcomes[i]) && (!twice || was != nil) {
				known[c] = outcomes[i]
			}
		}
	}
	if err != nil {
		return plan{}, nil, nil, err
	}
	errs = before.Check(todo.changes)
	if p.dryRun {
		return todo, errs, nil, nil
	}
	for i, change := range todo.changes {
		if _, ok := known[change]; ok {
			errs[i] = jackgraph.ErrAlready // not to be made once more
		}
	}
	done = apply(ctx, server, todo.changes, errs)
	for i, change := range todo.changes {
		if outcome, ok := known[change]; ok && outcome == nil {
			errs[i] = nil
			done = append(done, change)
		}
	}
	return todo, errs, done, nil
}

// broken reports whether an error ends the changes before their time: the server
// is lost, or Ctrl-C was pressed.
func broken(err error) bool { return lost(err) || errors.Is(err, context.Canceled) }

// lost reports whether an error says that the server has ended or hangs.
func lost(err error) bool {
	return errors.Is(err, jackgraph.ErrNoServer) || errors.Is(err, jackgraph.ErrNoAnswer)
}

// refused reports whether an error says more than that a change was made by others.
func refused(err error) bool { return err != nil && !errors.Is(err, jackgraph.ErrAlready) }

// await returns the graph once a plan lacks nothing in it, and ports have
// ceased to come; or as it is when the time is up.
func (p *patching) await(ctx context.Context, watch *jackgraph.Watch, planned planner) (jackgraph.Graph, error) {
	limited, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	for g := watch.Snapshot(); ; g = watch.Snapshot() {
		todo, err := planned(g)
		lacking := err != nil || len(todo.absent) > 0 || slices.ContainsFunc(g.Check(todo.changes), func(err error) bool { return errors.Is(err, jackgraph.ErrNoPort) })
		next := limited
		if !lacking {
			var stop context.CancelFunc
			next, stop = context.WithTimeout(limited, settle)
			defer stop()
		}
		_, err = watch.Next(next)
		switch {
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			return watch.Snapshot(), nil
		case err != nil:
			return g, openFailure(err)
		}
	}
}

// apply makes the changes whose error is nil and puts in its place what went
// wrong with them: by the server's answers where they are final and none is a
// refusal, else by reading the graph again. It returns those that it made and that
// are in force now; where they end before their time, those that the server had
// made or begun.
func apply(ctx context.Context, server patchable, changes []jackgraph.Change, errs []error) (done []jackgraph.Change) {
	var open []jackgraph.Change
	var index []int
	for i, change := range changes {
		if errs[i] == nil {
			open, index = append(open, change), append(index, i)
		}
	}
	if len(open) == 0 {
		return nil
	}
	outcomes := server.DoAll(ctx, open)
	for k, err := range outcomes {
		errs[index[k]] = err
	}
	if slices.ContainsFunc(outcomes, broken) || server.Final() && !slices.ContainsFunc(outcomes, refused) {
		return begun(open, outcomes)
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), verifyLimit)
	defer cancel()
	for k, err := range server.Await(limited, open).Check(open) {
		i := index[k]
		switch {
		case errors.Is(err, jackgraph.ErrAlready) && errors.Is(errs[i], jackgraph.ErrAlready):
		case errors.Is(err, jackgraph.ErrAlready):
			errs[i] = nil // in force, whoever did it
			done = append(done, open[k])
		case errs[i] != nil && !errors.Is(errs[i], jackgraph.ErrAlready):
		case err != nil:
			errs[i] = err // a port went meanwhile
		default:
			errs[i] = errors.New("the server took it, but it is not so")
		}
	}
	return done
}

// begun returns the changes that a server made. To those belongs the first that it
// did not answer: it may have made that, or make it when it wakes.
func begun(changes []jackgraph.Change, outcomes []error) (made []jackgraph.Change) {
	for i, err := range outcomes {
		switch {
		case err == nil:
			made = append(made, changes[i])
		case errors.Is(err, jackgraph.ErrNoAnswer):
			return append(made, changes[i])
		}
	}
	return made
}

// report prints a line for each change and returns the error that ends the
// command.
func (p *patching) report(before jackgraph.Graph, todo plan, errs []error) error {
	changes := todo.changes
	type result struct {
		From   string `json:"from"`
		To     string `json:"to"`
		Result string `json:"result"`
		Error  string `json:"error"`
	}
	results := []result{}
	var failed []error
	noPort, width := 0, wordWidth(changes)
	lines := bufio.NewWriter(p.out)
	for i, change := range changes {
		r := result{change.From, change.To, p.word(change.Action, errs[i]), ""}
		if err := errs[i]; err != nil && !errors.Is(err, jackgraph.ErrAlready) {
			r.Error = err.Error()
			failed = append(failed, fmt.Errorf("%s: %w", change, err))
			if errors.Is(err, jackgraph.ErrNoPort) {
				noPort++
			}
		} else if !p.asJSON {
			fmt.Fprintf(lines, "%-*s  %s\n", width, r.Result, change.Connection)
		}
		results = append(results, r)
	}
	if err := lines.Flush(); err != nil {
		return err
	}
	for _, a := range todo.absent {
		from, to := a.Rule.Sides()
		results = append(results, result{from, to, "absent", a.Err.Error()})
		failed = append(failed, fmt.Errorf("%s: %w", a.Rule.Where(), a.Err))
		noPort++
	}
	if p.asJSON {
		if err := writeJSON(p.out, results); err != nil {
			return err
		}
	}
	if len(results) == 0 {
		fmt.Fprintf(p.err, "jackknife: nothing to %s\n", p.name)
	}
	if len(failed) == 0 {
		return nil
	}
	f := &failure{code: exitPartly, err: failed[0]}
	if len(failed) == len(results) {
		f.code = exitFailed
		if noPort == len(failed) {
			f.code = exitNoMatch
		}
	}
	if noPort > len(todo.absent) {
		f.hint = missingHint(before, changes)
	}
	if len(failed) > 1 {
		for _, err := range failed {
			fmt.Fprintf(p.err, "jackknife: error: %s\n", err)
		}
		f.err = fmt.Errorf("%s: %d of %d did not apply", p.name, len(failed), len(results))
	}
	return f
}

// word names the outcome of a change.
func (p *patching) word(do jackgraph.Action, err error) string {
	connecting := do == jackgraph.Connect
	switch {
	case errors.Is(err, jackgraph.ErrAlready) && connecting:
		return "already connected"
	case errors.Is(err, jackgraph.ErrAlready):
		return "not connected"
	case err != nil:
		return "failed"
	case p.dryRun:
		return "would " + string(do)
	case connecting:
		return "connected"
	}
	return "disconnected"
}

// wordWidth is that of the longest word, so that ports stand below each other.
func wordWidth(changes []jackgraph.Change) int {
	if slices.ContainsFunc(changes, func(c jackgraph.Change) bool { return c.Action == jackgraph.Connect }) {
		return len("already connected")
	}
	return len("would disconnect")
}

// planFailure words why selectors could not be turned into connections.
func (p *patching) planFailure(err error) error {
	f := &failure{code: exitFailed, err: fmt.Errorf("%s: %w", p.name, err)}
	switch {
	case errors.Is(err, jackgraph.ErrNoMatch), errors.Is(err, jackgraph.ErrNoPort):
		f.code, f.hint = exitNoMatch, "jackknife ports lists the names"
	default:
		f.hint = "name as many ports on both sides, or one on one side; jackknife ports SELECTOR shows what it names"
	}
	return f
}

// missingHint helps with the first name in the changes that no port has.
func missingHint(g jackgraph.Graph, changes []jackgraph.Change) string {
	for _, c := range changes {
		for _, name := range []string{c.From, c.To} {
			if _, ok := g.Port(name); !ok {
				return nameHint(g, name)
			}
		}
	}
	return ""
}
