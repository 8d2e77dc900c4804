package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
	"jackknife/jackgraph"
)

func midiCommand(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "midi",
		Short: "MIDI ports of the kernel's sequencer: list, connect, save",
		Long: `Patch the MIDI devices and programs of ALSA's sequencer, those that aconnect
shows. (JACK's own MIDI ports are among those of jackknife ports.)

A port is named CLIENT:PORT, after the names of both, or by its numbers as aconnect
does, 20:0; selectors work as everywhere (see jackknife ports --help). Numbers
change when a device is plugged in again, names do not. Where several ports have
one name the second is called NAME #2, and so on. A port that is both an output
and an input is listed twice.

Exit 3 where the kernel has no sequencer.`,
		Example: `  jackknife midi ports -c
  jackknife midi connect nanoKONTROL2: Surge:
  jackknife midi save stage
  jackknife midi load stage`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error { return c.Help() },
	}
	c.AddCommand(
		midiConnectCommand(s),
		midiDisconnectCommand(s),
		midiLoadCommand(s),
		midiPortsCommand(s),
		midiSaveCommand(s),
	)
	return c
}

// sequencer is ALSA's sequencer with its ports by name.
type sequencer struct {
	*alsa.Sequencer
	ends map[jackgraph.End]alsa.SeqAddress
}

// openSequencer joins the sequencer, which its caller closes.
func openSequencer() (*sequencer, error) {
	seq, err := alsa.OpenSequencer("jackknife")
	switch {
	case errors.Is(err, alsa.ErrNoSequencer):
		return nil, &failure{code: exitNoServer, err: err, hint: "modprobe snd-seq, if the kernel has it"}
	case err != nil:
		return nil, cardFailure(err)
	}
	return &sequencer{Sequencer: seq}, nil
}

// onSequencer does work with the sequencer.
func onSequencer(do func(*sequencer) error) error {
	seq, err := openSequencer()
	if err != nil {
		return err
	}
	defer seq.Close()
	err = do(seq)
	var f *failure
	if errors.As(err, &f) {
		f.hint = strings.ReplaceAll(f.hint, "jackknife ports", "jackknife midi ports")
	}
	return err
}

// Snapshot reads the ports and connections. Names stay the same as long as the
// same devices are there; the numbers are aliases.
func (q *sequencer) Snapshot() jackgraph.Graph {
	ports := q.Ports()
	q.ends = make(map[jackgraph.End]alsa.SeqAddress)
	names := make(map[alsa.SeqAddress]string)
	taken := make(map[string]int)
	var g jackgraph.Graph
	for _, p := range ports {
		name := p.Client + ":" + p.Name
		if taken[name]++; taken[name] > 1 {
			name = fmt.Sprintf("%s #%d", name, taken[name])
		}
		names[p.Address] = name
		for _, dir := range []jackgraph.Direction{jackgraph.Output, jackgraph.Input} {
			if dir == jackgraph.Output && p.Out || dir == jackgraph.Input && p.In {
				port := jackgraph.Port{Name: name, Type: jackgraph.MIDI, Dir: dir, Physical: p.Physical, Aliases: []string{p.Address.String()}}
				g.Ports = append(g.Ports, port)
				q.ends[port.End()] = p.Address
			}
		}
	}
	for _, p := range ports {
		for _, to := range p.To {
			if name, known := names[to]; known {
				g.Connections = append(g.Connections, jackgraph.Connection{From: names[p.Address], To: name})
			}
		}
	}
	g.Sort()
	return g
}

// DoAll makes changes among the ports of the last snapshot.
func (q *sequencer) DoAll(ctx context.Context, changes []jackgraph.Change) []error {
	errs := make([]error, len(changes))
	for i, c := range changes {
		from, ok := q.ends[jackgraph.End{Name: c.From, Dir: jackgraph.Output}]
		to, too := q.ends[jackgraph.End{Name: c.To, Dir: jackgraph.Input}]
		switch {
		case ctx.Err() != nil:
			errs[i] = ctx.Err()
		case !ok || !too:
			errs[i] = jackgraph.ErrNoPort
		case c.Action == jackgraph.Disconnect:
			errs[i] = q.Disconnect(from, to)
		default:
			errs[i] = q.Connect(from, to)
		}
	}
	return errs
}

// Final reports that what the sequencer takes is in force.
func (q *sequencer) Final() bool { return true }

// Await returns a fresh graph.
func (q *sequencer) Await(context.Context, []jackgraph.Change) jackgraph.Graph { return q.Snapshot() }

// midiPatching carries out changes at the sequencer. Undo is not for them: the
// journal is a JACK server's.
func midiPatching(s *streams, name string) *patching {
	return &patching{streams: s, name: name, unrecorded: true}
}

func (p *patching) runMIDI(ctx context.Context, planned planner) error {
	return onSequencer(func(q *sequencer) error {
		p.server = q
		return p.run(ctx, planned)
	})
}

func midiConnectCommand(s *streams) *cobra.Command {
	p := midiPatching(s, "connect")
	var exclusive bool
	c := &cobra.Command{
		Use:   "connect FROM TO",
		Short: "Connect MIDI ports of the sequencer",
		Long:  `Connect ports of ALSA's sequencer, in pairs or groups, as jackknife connect does.`,
		Example: `  jackknife midi connect 'nanoKONTROL2:nanoKONTROL2 MIDI 1' 'Synth:Synth in'
  jackknife midi connect 20:0 128:0
  jackknife midi connect -x 'Keystation*' Surge:`,
		Args: twoSides(2),
		RunE: func(c *cobra.Command, args []string) error {
			sides, err := parseSelectors(args)
			if err != nil {
				return err
			}
			return p.runMIDI(c.Context(), connecting(sides, false, exclusive))
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			switch len(args) {
			case 0:
				return completeMIDI(toComplete, jackgraph.Output)
			case 1:
				return completeMIDI(toComplete, jackgraph.Input)
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVarP(&exclusive, "exclusive", "x", false, "cut all other connections of these ports")
	p.resultFlags(c)
	return c
}

func midiDisconnectCommand(s *streams) *cobra.Command {
	p := midiPatching(s, "disconnect")
	var all bool
	c := &cobra.Command{
		Use:   "disconnect FROM [TO] | --all",
		Short: "Disconnect MIDI ports of the sequencer",
		Long:  `Disconnect ports of ALSA's sequencer, as jackknife disconnect does.`,
		Example: `  jackknife midi disconnect 20:0 128:0
  jackknife midi disconnect nanoKONTROL2:
  jackknife midi disconnect --all`,
		Args: func(c *cobra.Command, args []string) error { return someOrAll(c, args, all) },
		RunE: func(c *cobra.Command, args []string) error {
			sides, err := parseSelectors(args)
			if err != nil {
				return err
			}
			return p.runMIDI(c.Context(), disconnecting(sides))
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeMIDI(toComplete, "")
		},
	}
	c.Flags().BoolVar(&all, "all", false, "cut every connection")
	p.resultFlags(c)
	return c
}

func midiPortsCommand(s *streams) *cobra.Command {
	var v portsView
	c := &cobra.Command{
		Use:     "ports [SELECTOR...]",
		Aliases: []string{"ls"},
		Short:   "List the MIDI ports of the sequencer",
		Long: `List the ports of ALSA's sequencer that can be connected. A port that is an output
and an input has two lines. -A shows the numbers that aconnect uses.

--json prints what jackknife ports --json does; the aliases are the numbers.

Exit 4 if a selector matches nothing.`,
		Example: `  jackknife midi ports -c
  jackknife midi ports -o -A --tree`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := v.check(); err != nil {
				return err
			}
			selectors, err := parseSelectors(args)
			if err != nil {
				return err
			}
			return onSequencer(func(q *sequencer) error { return v.list(s, q.Snapshot(), selectors) })
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completeMIDI(toComplete, "")
		},
	}
	f := c.Flags()
	f.BoolVarP(&v.inputs, "inputs", "i", false, "inputs only")
	f.BoolVarP(&v.outputs, "outputs", "o", false, "outputs only")
	f.BoolVarP(&v.connections, "connections", "c", false, "show what each port is connected to")
	f.BoolVarP(&v.aliases, "aliases", "A", false, "show the numbers of each port")
	f.BoolVarP(&v.tree, "tree", "t", false, "each client once, its ports below it")
	f.BoolVar(&v.names, "names", false, "print full names and nothing else")
	f.BoolVar(&v.json, "json", false, "print JSON")
	return c
}

// midiPatchFile returns the file that NAME|FILE|- stands for: those of the
// sequencer have a folder of their own.
func midiPatchFile(name string) (string, error) {
	file, err := patchFile(name)
	if err != nil || file == name || name == "-" {
		return name, err
	}
	return filepath.Join(filepath.Dir(file), "midi", filepath.Base(file)), nil
}

func midiSaveCommand(s *streams) *cobra.Command {
	var force, update, dryRun bool
	c := &cobra.Command{
		Use:   "save NAME|FILE|- [SELECTOR...]",
		Short: "Save the connections of the sequencer",
		Long: `Save the connections of ALSA's sequencer as a patch, a text like those of jackknife
patch: all of them, or those of the ports that selectors name. A NAME is kept in
jackknife/patches/midi in the user's configuration folder; what holds a / or ends
in .patch is a file; - is standard output.

--update brings a patch up to date that exists, and keeps what is absent now.`,
		Example: `  jackknife midi save stage
  jackknife midi save --update stage
  jackknife midi save - nanoKONTROL2:`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if force && update {
				return usagef("--force and --update exclude each other")
			}
			selectors, err := parseSelectors(args[1:])
			if err != nil {
				return err
			}
			file, err := midiPatchFile(args[0])
			if err != nil {
				return err
			}
			return onSequencer(func(q *sequencer) error {
				g := q.Snapshot()
				admit, err := around(g, selectors)
				if err != nil {
					return err
				}
				if file != args[0] && !dryRun {
					if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
						return err
					}
				}
				return savePatch(s, "midi load", file, g, admit, force, update, dryRun)
			})
		},
		ValidArgsFunction: completeMIDIPatches,
	}
	f := c.Flags()
	f.BoolVarP(&force, "force", "f", false, "replace the patch if it exists")
	f.BoolVarP(&update, "update", "u", false, "bring the patch up to date, keep what is absent")
	f.BoolVarP(&dryRun, "dry-run", "n", false, "print the text instead of saving it")
	return c
}

func midiLoadCommand(s *streams) *cobra.Command {
	p := midiPatching(s, "load")
	var exact bool
	c := &cobra.Command{
		Use:   "load NAME|FILE|-",
		Short: "Connect at the sequencer what a patch says",
		Long: `Connect at ALSA's sequencer what a patch says, as jackknife patch load does at the
JACK server. --exact cuts every connection that is not in it, or in its scope.`,
		Example: `  jackknife midi load stage
  jackknife midi load -n --exact stage`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name, err := midiPatchFile(args[0])
			if err != nil {
				return err
			}
			file, err := new(reading).read(s, name)
			if err != nil {
				return err
			}
			how := jackgraph.Additive
			if exact {
				how = jackgraph.Exact
			}
			return p.runMIDI(c.Context(), loading(file, how))
		},
		ValidArgsFunction: completeMIDIPatches,
	}
	c.Flags().BoolVar(&exact, "exact", false, "cut what is not in the patch")
	p.resultFlags(c)
	return c
}

// completeMIDI completes the names of ports of a direction; both where it is
// empty.
func completeMIDI(toComplete string, d jackgraph.Direction) ([]cobra.Completion, cobra.ShellCompDirective) {
	q, err := openSequencer()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer q.Close()
	all := portCompletions(q.Snapshot().Ports, toComplete, d)
	return slices.Compact(all), cobra.ShellCompDirectiveNoFileComp
}

func completeMIDIPatches(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	folder, err := patchFolder()
	if len(args) > 0 || err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	files, err := filepath.Glob(filepath.Join(folder, "midi", "*"+patchSuffix))
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), patchSuffix)
	}
	return files, cobra.ShellCompDirectiveDefault
}
