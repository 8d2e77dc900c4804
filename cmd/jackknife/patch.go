package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

func patchCommand(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "patch",
		Short: "Whole patches: save, compare, load, take back",
		Long: `Save what is plugged into what as a text, compare the server with it, and plug
it together again. A NAME is kept in jackknife/patches in the user's configuration
folder (~/.config, or XDG_CONFIG_HOME); what holds a / or ends in .patch is a
file.

The text has a rule a line:

  # a comment
  FROM -> TO         connected; selectors (see jackknife ports --help), in pairs
  FROM -*> TO        connected, each of FROM with each of TO
  FROM => TO         connected, and to nothing else; =*> likewise each with each
  FROM -/> TO        not connected
  let NAME = TEXT    ${NAME} stands for TEXT from here on
  include FILE       the rules of another file, beside this one
  scope SELECTOR     --exact cuts only connections of these ports

Where FROM is a regular expression, $1 or ${name} in TO is what its group
matched: re:Firefox.*:(.*_F[LR]) -> recorder:$1. A comment may follow a rule, too.
An arrow, $, # after a space, or leading or trailing space that belongs to a name
has a backslash before it. Of rules that contradict each other the later one counts.`,
		Example: `  jackknife patch save studio
  jackknife patch diff studio
  jackknife patch load studio --exact
  jackknife patch undo`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			f := &failure{code: exitUsage, err: fmt.Errorf("unknown command %q for patch", args[0]), hint: "see jackknife patch --help"}
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				f.hint = "did you mean patch " + strings.Join(near, ", ") + "?"
			}
			return f
		},
		RunE: func(c *cobra.Command, args []string) error { return c.Help() },
	}
	c.SuggestionsMinimumDistance = 2
	c.AddCommand(
		patchDiffCommand(s),
		patchExportCommand(s),
		patchImportCommand(s),
		patchListCommand(s),
		patchLoadCommand(s),
		patchRedoCommand(s),
		patchSaveCommand(s),
		patchUndoCommand(s),
	)
	return c
}

// patchFolder is where patches with a name are.
func patchFolder() (string, error) {
	config, err := os.UserConfigDir()
	return filepath.Join(config, "jackknife", "patches"), err
}

const patchSuffix = ".patch"

// patchFile returns the file that NAME|FILE stands for.
func patchFile(name string) (string, error) {
	if name == "" {
		return "", usagef("the name of a patch is empty")
	}
	if strings.Contains(name, "/") || strings.HasSuffix(name, patchSuffix) {
		return name, nil
	}
	folder, err := patchFolder()
	return filepath.Join(folder, name+patchSuffix), err
}

// patchNames returns the names of the patches that were saved under one.
func patchNames() ([]string, error) {
	folder, err := patchFolder()
	if err != nil {
		return nil, err
	}
	files, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), patchSuffix); ok {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, jackgraph.Natural)
	return names, nil
}

func completePatches(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, err := patchNames()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return names, cobra.ShellCompDirectiveDefault
}

// reading is a patch file to be read.
type reading struct {
	vars   []string // NAME=TEXT
	scopes []string
}

func (r *reading) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVarP(&r.vars, "define", "D", nil, "`NAME=TEXT`: a variable, whatever the file says")
	f.StringArrayVar(&r.scopes, "scope", nil, "`SELECTOR`: the ports that --exact is about, instead of the file's")
}

// read reads the patch that NAME|FILE stands for, - standard input.
func (r *reading) read(s *streams, name string) (jackgraph.Patch, error) {
	vars := make(map[string]string)
	for _, v := range r.vars {
		key, value, ok := strings.Cut(v, "=")
		if !ok {
			return jackgraph.Patch{}, usagef("-D %s: want NAME=TEXT", v)
		}
		vars[key] = value
	}
	scopes, err := parseSelectors(r.scopes)
	if err != nil {
		return jackgraph.Patch{}, err
	}
	var p jackgraph.Patch
	if name == "-" {
		p, err = jackgraph.ParsePatch(s.in, "standard input", vars)
	} else {
		var file string
		if file, err = patchFile(name); err == nil {
			p, err = jackgraph.ReadPatch(file, vars)
		}
	}
	if missing, ok := err.(*os.PathError); ok && errors.Is(missing, os.ErrNotExist) { // not one that it includes
		return p, &failure{code: exitFailed, err: err, hint: "jackknife patch list shows the names; a file has a / or ends in .patch"}
	}
	if len(scopes) > 0 {
		p.Scope = scopes
	}
	return p, err
}

func patchListCommand(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the patches saved under a name",
		Long:    "List the patches saved under a name, one a line.",
		Example: `  jackknife patch list`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			names, err := patchNames()
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(s.out, append([]string{}, names...))
			}
			for _, name := range names {
				fmt.Fprintln(s.out, name)
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: an array of names")
	return c
}

func patchSaveCommand(s *streams) *cobra.Command {
	var force, update, dryRun bool
	c := &cobra.Command{
		Use:   "save NAME|FILE|- [SELECTOR...]",
		Short: "Save what is plugged into what",
		Long: `Save the connections as a patch: all, or those of the ports that selectors name.
- is standard output.

--update brings a patch up to date that exists: connections that were cut go,
new ones come in at the end, and those of clients that are absent now stay, as do
comments, patterns and all other lines. --force replaces it.`,
		Example: `  jackknife patch save studio
  jackknife patch save --update studio
  jackknife patch save ./vocals.patch ardour:
  jackknife patch save - | less`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if force && update {
				return usagef("--force and --update exclude each other")
			}
			selectors, err := parseSelectors(args[1:])
			if err != nil {
				return err
			}
			server, err := visitServer()
			if err != nil {
				return err
			}
			g := server.Snapshot()
			server.Close()
			admit, err := around(g, selectors)
			if err != nil {
				return err
			}
			return savePatch(s, "patch load", args[0], g, admit, force, update, dryRun)
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return completePorts(toComplete, "")
			}
			return completePatches(c, args, toComplete)
		},
	}
	f := c.Flags()
	f.BoolVarP(&force, "force", "f", false, "replace the patch if it exists")
	f.BoolVarP(&update, "update", "u", false, "bring the patch up to date, keep what is absent")
	f.BoolVarP(&dryRun, "dry-run", "n", false, "print the text instead of saving it")
	serverFlag(c)
	return c
}

// around admits the connections of the ports that selectors name, all where
// there are none.
func around(g jackgraph.Graph, selectors []jackgraph.Selector) (admit func(jackgraph.Connection) bool, err error) {
	listed, missing := selectPorts(g, selectors, func(jackgraph.Port) bool { return true })
	if missing != "" {
		return nil, &failure{code: exitNoMatch, err: fmt.Errorf("%s: %w", missing, jackgraph.ErrNoMatch), hint: nameHint(g, missing)}
	}
	inside := make(map[string]bool)
	for _, p := range listed {
		inside[p.Name] = true
	}
	return func(c jackgraph.Connection) bool { return inside[c.From] || inside[c.To] }, nil
}

// savePatch writes a patch that the command loader can load.
func savePatch(s *streams, loader, name string, g jackgraph.Graph, admit func(jackgraph.Connection) bool, force, update, dryRun bool) error {
	file, old := name, "# what is plugged into what: FROM -> TO (jackknife "+loader+")\n"
	if name != "-" {
		var err error
		if file, err = patchFile(name); err != nil {
			return err
		}
		if update {
			text, err := readAll(s, file)
			if err == nil {
				old = string(text)
			} else if !errors.Is(err, os.ErrNotExist) {
				return err
			}
		} else if _, err := os.Lstat(file); err == nil && !force && !dryRun {
			return &failure{code: exitFailed, err: fmt.Errorf("%s: exists already", file), hint: "-u brings it up to date, -f replaces it"}
		}
	}
	text, err := jackgraph.Update(old, file, g, admit)
	if err != nil {
		return err
	}
	if name == "-" || dryRun {
		_, err := io.Copy(s.out, bytes.NewReader([]byte(text)))
		return err
	}
	if file != name {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
	}
	return writeFile(file, []byte(text), force || update)
}

func patchLoadCommand(s *streams) *cobra.Command {
	p := &patching{streams: s, name: "patch load"}
	var r reading
	var exact, exclusive bool
	c := &cobra.Command{
		Use:   "load NAME|FILE|-",
		Short: "Connect what a patch says",
		Long: `Connect what a patch says, and cut what it says shall not be. Nothing else is
touched, unless:

--exclusive   cuts the other connections of the ports that the patch connects
--exact       cuts every connection that is not in the patch; in its scope, where
              the patch or --scope has one: connections with a port of it

Only what differs is changed, and nothing is cut that is wanted. Rules about ports
that are not there are reported, and the rest is done: exit 5. --wait gives the
ports time to come.`,
		Example: `  jackknife patch load studio
  jackknife patch load -n studio --exact
  jackknife patch load vocals.patch --exact --scope ardour: --wait 10s
  jackknife patch load studio -D daw=reaper`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if exact && exclusive {
				return usagef("--exact and --exclusive exclude each other")
			}
			if len(r.scopes) > 0 && !exact {
				return usagef("--scope is for --exact")
			}
			file, err := r.read(s, args[0])
			if err != nil {
				return err
			}
			how := jackgraph.Additive
			switch {
			case exact:
				how = jackgraph.Exact
			case exclusive:
				how = jackgraph.Exclusive
			}
			p.connects = how == jackgraph.Additive && file.Makes()
			p.isNames = file.IsNames()
			return p.run(c.Context(), loading(file, how))
		},
		ValidArgsFunction: completePatches,
	}
	f := c.Flags()
	f.BoolVar(&exact, "exact", false, "cut what is not in the patch")
	f.BoolVarP(&exclusive, "exclusive", "x", false, "cut other connections of the patch's ports")
	r.flags(c)
	p.waitFlag(c)
	p.flags(c)
	return c
}

// loading makes what a patch says.
func loading(p jackgraph.Patch, how jackgraph.Exactness) planner {
	return func(g jackgraph.Graph) (plan, error) {
		changes, absent := p.Changes(g, how)
		return plan{changes, absent}, nil
	}
}

func patchDiffCommand(s *streams) *cobra.Command {
	var r reading
	var asJSON bool
	c := &cobra.Command{
		Use:   "diff NAME|FILE|-",
		Short: "Compare what is plugged into what with a patch",
		Long: `Print how the server differs from a patch:

  + FROM -> TO    in the patch, not connected
  - FROM -> TO    connected, not in the patch (within its scope, if it has one)
  ? FROM -> TO    in the patch, but a port is absent

--json prints an array of objects with from, to, and state: "missing", "extra" or
"absent". Exit 0 if nothing differs, 1 if something does.`,
		Example: `  jackknife patch diff studio
  jackknife patch diff studio --scope ardour:`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := r.read(s, args[0])
			if err != nil {
				return err
			}
			server, err := visitServer()
			if err != nil {
				return err
			}
			g := server.Snapshot()
			server.Close()
			lines := comparePatch(file, g)
			if asJSON {
				err = writeJSON(s.out, lines)
			}
			for _, l := range lines {
				if !asJSON {
					mark := map[string]string{"missing": "+", "extra": "-", "absent": "?"}[l.State]
					fmt.Fprintf(s.out, "%s %s -> %s\n", mark, l.From, l.To)
				}
			}
			if err == nil && len(lines) > 0 {
				err = fmt.Errorf("the server differs from %s in %d connections", args[0], len(lines))
			}
			return err
		},
		ValidArgsFunction: completePatches,
	}
	r.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	serverFlag(c)
	return c
}

// difference is one way in which a server differs from a patch.
type difference struct {
	From  string `json:"from"`
	To    string `json:"to"`
	State string `json:"state"`
}

func comparePatch(p jackgraph.Patch, g jackgraph.Graph) []difference {
	lines := []difference{}
	changes, absent := p.Changes(g, jackgraph.Exact)
	for i, err := range g.Check(changes) {
		d := difference{changes[i].From, changes[i].To, "missing"}
		switch {
		case errors.Is(err, jackgraph.ErrAlready):
			continue
		case changes[i].Action == jackgraph.Disconnect:
			d.State = "extra"
		case errors.Is(err, jackgraph.ErrNoPort):
			d.State = "absent"
		}
		lines = append(lines, d)
	}
	for _, a := range absent {
		from, to := a.Rule.Sides()
		lines = append(lines, difference{from, to, "absent"})
	}
	return lines
}

func patchUndoCommand(s *streams) *cobra.Command {
	p := &patching{streams: s, name: "patch undo", unrecorded: true}
	c := &cobra.Command{
		Use:   "undo",
		Short: "Take back the last change of connections",
		Long: `Take back what the last connect, disconnect, patch load or redo changed on this
server, as far as it is still there. The last 100 are kept. --list shows them, the
last one first.`,
		Example: `  jackknife patch undo
  jackknife patch undo -n
  jackknife patch undo --list`,
		Args: cobra.NoArgs,
	}
	var list bool
	c.Flags().BoolVar(&list, "list", false, "show what can be taken back")
	c.RunE = func(c *cobra.Command, args []string) error {
		if list {
			return withJournal(func(j *journal) (bool, error) { return false, j.list(s.out, p.asJSON) })
		}
		return withJournal(func(j *journal) (bool, error) { return p.goBack(c.Context(), &j.Done, &j.Undone, true) })
	}
	p.flags(c)
	return c
}

func patchRedoCommand(s *streams) *cobra.Command {
	p := &patching{streams: s, name: "patch redo", unrecorded: true}
	c := &cobra.Command{
		Use:     "redo",
		Short:   "Make a change again that undo took back",
		Long:    `Make the change again that the last patch undo took back, until something else is changed.`,
		Example: `  jackknife patch redo`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			return withJournal(func(j *journal) (bool, error) { return p.goBack(c.Context(), &j.Undone, &j.Done, false) })
		},
	}
	p.flags(c)
	return c
}

// goBack makes the changes of the last entry, or their opposites, and moves it
// to the other list. It reports whether the journal has changed.
func (p *patching) goBack(ctx context.Context, from, to *[]entry, opposite bool) (bool, error) {
	if len(*from) == 0 {
		fmt.Fprintf(p.err, "jackknife: nothing to %s\n", strings.TrimPrefix(p.name, "patch "))
		return false, nil
	}
	last := (*from)[len(*from)-1]
	changes := last.changes()
	if opposite {
		slices.Reverse(changes)
		for i := range changes {
			changes[i].Action = map[jackgraph.Action]jackgraph.Action{
				jackgraph.Connect: jackgraph.Disconnect, jackgraph.Disconnect: jackgraph.Connect,
			}[changes[i].Action]
		}
	}
	err := p.run(ctx, func(jackgraph.Graph) (plan, error) { return plan{changes: changes}, nil })
	var f *failure
	if p.dryRun || err != nil && ctx.Err() != nil || errors.As(err, &f) && f.code == exitNoServer {
		return false, err
	}
	*from = (*from)[:len(*from)-1]
	*to = append(*to, last)
	return true, err
}
