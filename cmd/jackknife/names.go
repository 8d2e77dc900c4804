package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/alsa"
	"jackknife/jackgraph"
)

func namesCommand(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "names",
		Short: "Names of your own for ports and clients",
		Long: `Give ports and clients names of your own (pretty names, JACK's metadata), which
every program can show: "Vocal mic" for system:capture_1. ~Vocal mic names the port
then wherever ports are named. Servers forget them when they end: save them once,
and load them after a start.

The text of saved names has a name a line, what is in quotes as in JSON:

  # a comment
  system:capture_1 = "Vocal mic"
  system: = "Delta 1010LT"             a client has a colon at its end
  system:capture_1 also "mic:left"     an alias: another full name`,
		Example: `  jackknife names load delta1010lt
  jackknife names set system:capture_1 'Vocal mic'
  jackknife names save studio
  jackknife connect '~Vocal mic' ardour:in_1`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usagef("unknown command %q for names; see jackknife names --help", args[0])
		},
		RunE: func(c *cobra.Command, args []string) error { return c.Help() },
	}
	c.AddCommand(namesClearCommand(s), namesLoadCommand(s), namesSaveCommand(s), namesSetCommand(s), namesShowCommand(s))
	return c
}

const namesSuffix = ".names"

// namesFile returns the file that NAME|FILE stands for.
func namesFile(name string) (string, error) {
	if name == "" {
		return "", usagef("the name of the saved names is empty")
	}
	if strings.Contains(name, "/") || strings.HasSuffix(name, namesSuffix) {
		return name, nil
	}
	config, err := os.UserConfigDir()
	return filepath.Join(config, "jackknife", "names", name+namesSuffix), err
}

func completeNames(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []cobra.Completion
	if file, err := namesFile("x"); err == nil {
		files, _ := os.ReadDir(filepath.Dir(file))
		for _, f := range files {
			if name, ok := strings.CutSuffix(f.Name(), namesSuffix); ok {
				words = append(words, name)
			}
		}
	}
	for _, model := range alsa.Models() {
		words = append(words, cobra.CompletionWithDesc(model, "the sockets of the card"))
	}
	return words, cobra.ShellCompDirectiveDefault
}

func namesShowCommand(s *streams) *cobra.Command {
	var asJSON, aliases bool
	c := &cobra.Command{
		Use:   "show [SELECTOR...]",
		Short: "Show the names of ports and clients",
		Long: `Show the names that ports and clients have beside their own: all, or those of the
ports that selectors name.

--json prints an array of objects with name, pretty and aliases.`,
		Example: `  jackknife names show
  jackknife names show 'system:capture_*'`,
		RunE: func(c *cobra.Command, args []string) error {
			namings, err := namingsOf(args, aliases || asJSON)
			if err != nil {
				return err
			}
			if asJSON {
				return writeNamings(s.out, namings)
			}
			fmt.Fprint(s.out, jackgraph.FormatNamings(namings))
			return nil
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completePorts(toComplete, "")
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVarP(&aliases, "aliases", "A", false, "show aliases as well")
	serverFlag(c)
	return c
}

func writeNamings(w io.Writer, namings []jackgraph.Naming) error {
	type naming struct {
		Name    string   `json:"name"`
		Pretty  string   `json:"pretty"`
		Aliases []string `json:"aliases"`
	}
	all := []naming{}
	for _, n := range namings {
		all = append(all, naming{n.Name, n.Pretty, append([]string{}, n.Aliases...)})
	}
	return writeJSON(w, all)
}

// namingsOf reads the names of the ports of selectors from the server; without
// selectors all, and those of clients.
func namingsOf(args []string, aliases bool) ([]jackgraph.Naming, error) {
	selectors, err := parseSelectors(args)
	if err != nil {
		return nil, err
	}
	server, err := visitServer()
	if err != nil {
		return nil, err
	}
	defer server.Close()
	g := jackgraph.Graph{Ports: server.Ports()}
	listed, missing := selectPorts(g, selectors, func(jackgraph.Port) bool { return true })
	if missing != "" {
		return nil, &failure{code: exitNoMatch, err: fmt.Errorf("%s: %w", missing, jackgraph.ErrNoMatch), hint: nameHint(g, missing)}
	}
	var namings []jackgraph.Naming
	for _, n := range server.Namings() {
		if !aliases {
			n.Aliases = nil
		}
		inside := len(selectors) == 0 || slices.ContainsFunc(listed, func(p jackgraph.Port) bool { return p.Name == n.Name })
		if inside && (n.Pretty != "" || len(n.Aliases) > 0) {
			namings = append(namings, n)
		}
	}
	return namings, nil
}

func namesSaveCommand(s *streams) *cobra.Command {
	var force, aliases, dryRun bool
	c := &cobra.Command{
		Use:   "save NAME|FILE|- [SELECTOR...]",
		Short: "Save the names of ports and clients",
		Long: `Save the names that ports and clients have: all, or those of the ports that
selectors name. A NAME is kept in jackknife/names in the user's configuration folder;
what holds a / or ends in .names is a file; - is standard output.`,
		Example: `  jackknife names save studio
  jackknife names save ./mics.names 'system:capture_*'`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			namings, err := namingsOf(args[1:], aliases)
			if err != nil {
				return err
			}
			if len(namings) == 0 {
				return &failure{code: exitNoMatch, err: errors.New("no port or client has a name beside its own"), hint: "jackknife names set PORT NAME gives one"}
			}
			text := "# names of ports: PORT = \"NAME\" (jackknife names load)\n" + jackgraph.FormatNamings(namings)
			if args[0] == "-" || dryRun {
				_, err := io.WriteString(s.out, text)
				return err
			}
			file, err := namesFile(args[0])
			if err != nil {
				return err
			}
			if file != args[0] {
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					return err
				}
			}
			err = writeFile(file, []byte(text), force)
			if errors.Is(err, os.ErrExist) {
				return &failure{code: exitFailed, err: err, hint: "-f replaces it"}
			}
			return err
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return completePorts(toComplete, "")
			}
			return completeNames(c, args, toComplete)
		},
	}
	f := c.Flags()
	f.BoolVarP(&force, "force", "f", false, "replace the file if it exists")
	f.BoolVarP(&aliases, "aliases", "A", false, "save aliases as well")
	f.BoolVarP(&dryRun, "dry-run", "n", false, "print the text instead of saving it")
	serverFlag(c)
	return c
}

func namesSetCommand(s *streams) *cobra.Command {
	n := &naming{streams: s}
	c := &cobra.Command{
		Use:   "set PORT|CLIENT: NAME",
		Short: "Give a port or client a name",
		Long: `Give a port a name of your own, or a client, which has a colon at its end. PORT is a
selector that names one port. An empty name takes it away.`,
		Example: `  jackknife names set system:capture_1 'Vocal mic'
  jackknife names set system: 'Delta 1010LT'`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return n.run(c.Context(), func(g jackgraph.Graph) ([]jackgraph.Naming, error) {
				name, err := namedOne(g, args[0])
				return []jackgraph.Naming{{Name: name, Pretty: args[1]}}, err
			})
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completePorts(toComplete, "")
		},
	}
	n.flags(c)
	return c
}

// namedOne is the port or client that a word names.
func namedOne(g jackgraph.Graph, word string) (string, error) {
	if strings.HasSuffix(word, ":") {
		return word, nil
	}
	selectors, err := parseSelectors([]string{word})
	if err != nil {
		return "", err
	}
	switch ports := g.Select(selectors[0]); len(ports) {
	case 1:
		return ports[0].Name, nil
	case 0:
		return "", &failure{code: exitNoMatch, err: fmt.Errorf("%s: %w", word, jackgraph.ErrNoPort), hint: nameHint(g, word)}
	default:
		return "", usagef("%s: names %d ports; a name is for one", word, len(ports))
	}
}

func namesClearCommand(s *streams) *cobra.Command {
	n := &naming{streams: s}
	var all bool
	c := &cobra.Command{
		Use:   "clear SELECTOR... | --all",
		Short: "Take the names of ports away",
		Long:  `Take the names of your own away from the ports that selectors name, or with --all from all ports and clients.`,
		Example: `  jackknife names clear system:capture_1
  jackknife names clear --all`,
		Args: func(c *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usagef("names clear takes selectors, or --all")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			had, err := namingsOf(args, false)
			if err != nil {
				return err
			}
			return n.run(c.Context(), func(g jackgraph.Graph) ([]jackgraph.Naming, error) {
				for i := range had {
					had[i].Pretty = ""
				}
				return had, nil
			})
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return completePorts(toComplete, "")
		},
	}
	c.Flags().BoolVar(&all, "all", false, "of all ports and clients")
	n.flags(c)
	return c
}

func namesLoadCommand(s *streams) *cobra.Command {
	n := &naming{streams: s}
	var client string
	c := &cobra.Command{
		Use:   "load NAME|FILE|-|MODEL",
		Short: "Give ports and clients the names that were saved",
		Long: `Give ports and clients the names of a saved text (see jackknife names --help). Names
of ports that are not there are reported and the rest is done: exit 5.

A MODEL names the sockets of a card as they are written on it: XLR 1, S/PDIF L,
monitor mix L. There are
  ` + strings.Join(alsa.Models(), ", ") + `.
They go to the physical audio ports of a client in their order; --client says
which client where there are several, and gives them to all of its audio ports.

--forever holds the names: it gives them to ports that appear, and again when the
server comes back, until Ctrl-C.`,
		Example: `  jackknife names load delta1010lt
  jackknife names load studio --forever
  jackknife names load delta1010lt --client 'Delta 1010LT Pro' -n`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			wanted, err := n.read(args[0], client)
			if err != nil {
				return err
			}
			if n.forever {
				return ended(n.hold(c.Context(), wanted))
			}
			return n.run(c.Context(), wanted)
		},
		ValidArgsFunction: completeNames,
	}
	c.Flags().StringVar(&client, "client", "", "the `client` whose ports are the sockets of a MODEL")
	c.RegisterFlagCompletionFunc("client", completeClients)
	c.Flags().BoolVar(&n.forever, "forever", false, "hold the names until Ctrl-C")
	n.flags(c)
	return c
}

// naming gives names to ports and clients.
type naming struct {
	*streams
	dryRun, asJSON, forever bool
}

func (n *naming) flags(c *cobra.Command) {
	c.Flags().BoolVarP(&n.dryRun, "dry-run", "n", false, "say what would be done and change nothing")
	c.Flags().BoolVar(&n.asJSON, "json", false, "print JSON: an array of name, pretty, result, error")
	serverFlag(c)
}

// wantedNames are those that the ports of a graph shall have.
type wantedNames func(jackgraph.Graph) ([]jackgraph.Naming, error)

// read reads the names that NAME|FILE|-|MODEL stands for.
func (n *naming) read(name, client string) (wantedNames, error) {
	var text []byte
	file, err := namesFile(name)
	if err != nil {
		return nil, err
	}
	if name == "-" {
		file = "standard input"
		text, err = io.ReadAll(n.in)
	} else {
		text, err = os.ReadFile(file)
	}
	switch {
	case errors.Is(err, os.ErrNotExist) && slices.Contains(alsa.Models(), strings.ToLower(name)):
		return func(g jackgraph.Graph) ([]jackgraph.Naming, error) { return socketNames(g, name, client) }, nil
	case errors.Is(err, os.ErrNotExist):
		return nil, &failure{code: exitFailed, err: err, hint: "a file has a / or ends in .names; models are " + strings.Join(alsa.Models(), ", ")}
	case err != nil:
		return nil, err
	case client != "":
		return nil, usagef("--client is for a model")
	}
	all, err := jackgraph.ParseNamings(strings.NewReader(string(text)), file)
	return func(jackgraph.Graph) ([]jackgraph.Naming, error) { return all, nil }, err
}

// socketNames gives the sockets of a card to the audio ports of a client, or to
// the physical ones of the only client that has such.
func socketNames(g jackgraph.Graph, model, client string) ([]jackgraph.Naming, error) {
	captures, playbacks, err := alsa.Sockets(model)
	if err != nil {
		return nil, err
	}
	var clients []string
	var all []jackgraph.Naming
	next := map[jackgraph.Direction][]string{jackgraph.Output: captures, jackgraph.Input: playbacks}
	for _, p := range g.Ports {
		if p.Type != jackgraph.Audio || client == "" && !p.Physical || client != "" && !strings.HasPrefix(p.Name, client+":") {
			continue
		}
		if !slices.Contains(clients, p.Client()) {
			clients = append(clients, p.Client())
		}
		if left := next[p.Dir]; len(left) > 0 {
			if left[0] != "" {
				all = append(all, jackgraph.Naming{Name: p.Name, Pretty: left[0]})
			}
			next[p.Dir] = left[1:]
		}
	}
	switch {
	case len(clients) > 1:
		return nil, usagef("which card? --client %s", strings.Join(clients, ", or "))
	case len(all) == 0 && client != "":
		return nil, &failure{code: exitNoMatch, err: fmt.Errorf("%s: has no audio ports", client), hint: "jackknife ports type=audio lists them"}
	case len(all) == 0:
		return nil, &failure{code: exitNoMatch, err: errors.New("the server has no physical audio ports"), hint: "--client says whose ports are the card's"}
	}
	return all, nil
}

// run gives the names and reports on each.
func (n *naming) run(ctx context.Context, wanted wantedNames) error {
	server, err := visitServer()
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.Activate(); err != nil { // PipeWire tells metadata to active clients alone
		return err
	}
	g := jackgraph.Graph{Ports: server.Ports()}
	names, err := wanted(g)
	if err != nil {
		return err
	}
	type result struct {
		Name   string `json:"name"`
		Pretty string `json:"pretty"`
		Result string `json:"result"`
		Error  string `json:"error"`
	}
	results := []result{}
	var failed []error
	absent := 0
	had := make(map[string]jackgraph.Naming)
	for _, h := range server.Namings() {
		had[h.Name] = h
	}
	for _, name := range names {
		word, err := n.give(ctx, server, had[name.Name], name)
		r := result{name.Name, name.Pretty, word, ""}
		if lost(err) {
			return err
		}
		if errors.Is(err, jackgraph.ErrNoMetadata) { // nor any other
			return &failure{code: exitFailed, err: err, hint: "under PipeWire a session manager (WirePlumber) keeps them"}
		}
		if err != nil {
			r.Error = err.Error()
			failed = append(failed, err)
			if errors.Is(err, jackgraph.ErrNoPort) || errors.Is(err, jackgraph.ErrNoClient) {
				absent++
			}
		} else if !n.asJSON {
			fmt.Fprintf(n.out, "%-11s  %s\n", word, namingLine(name))
		}
		results = append(results, r)
	}
	if n.asJSON {
		if err := writeJSON(n.out, results); err != nil {
			return err
		}
	}
	if len(results) == 0 {
		fmt.Fprintln(n.err, "jackknife: nothing to name")
	}
	if len(failed) == 0 {
		return nil
	}
	f := &failure{code: exitPartly, err: failed[0]}
	switch {
	case absent == len(results):
		f.code = exitNoMatch
	case len(failed) == len(results):
		f.code = exitFailed
	}
	if len(failed) > 1 {
		for _, err := range failed {
			fmt.Fprintf(n.err, "jackknife: error: %s\n", err)
		}
		f.err = fmt.Errorf("%d of %d names were not given", len(failed), len(results))
	}
	return f
}

// namingLine is a naming on one line.
func namingLine(n jackgraph.Naming) string {
	if n.Pretty == "" && len(n.Aliases) == 0 {
		return n.Name
	}
	return strings.ReplaceAll(strings.TrimSpace(jackgraph.FormatNamings([]jackgraph.Naming{n})), "\n", ", ")
}

// give gives a port or client its names, and says in a word what it did.
func (n *naming) give(ctx context.Context, server *jackgraph.Server, had, want jackgraph.Naming) (string, error) {
	aliases := slices.DeleteFunc(slices.Clone(want.Aliases), func(a string) bool { return slices.Contains(had.Aliases, a) })
	// A line with an alias alone says nothing of a name.
	pretty := had.Pretty != want.Pretty && (want.Pretty != "" || len(want.Aliases) == 0)
	word := "named"
	switch {
	case ctx.Err() != nil:
		return "failed", ctx.Err()
	case !pretty && len(aliases) == 0:
		return "already", nil
	case want.Pretty == "" && len(want.Aliases) == 0:
		word = "unnamed"
	}
	if n.dryRun {
		return map[string]string{"named": "would name", "unnamed": "would clear"}[word], nil
	}
	if pretty {
		if err := server.SetPretty(want.Name, want.Pretty); err != nil {
			return "failed", err
		}
	}
	for _, alias := range aliases {
		if err := server.SetAlias(want.Name, alias); err != nil {
			return "failed", err
		}
	}
	return word, nil
}

// hold gives the names to all ports that are there and to those that appear. It
// does not look at the names they have: PipeWire's library keeps those that a
// server before it had.
func (n *naming) hold(ctx context.Context, wanted wantedNames) error {
	for started := false; ; started = true {
		watch, waited, err := openWatch(ctx, n.err)
		if err != nil {
			return err
		}
		if waited || started {
			fmt.Fprintln(n.err, "jackknife: the server has started")
		}
		fresh := func(string) bool { return true }
		for err == nil {
			n.name(ctx, watch, wanted, fresh)
			var events []jackgraph.Event
			events, err = watch.Next(ctx)
			added := make(map[string]bool)
			for _, e := range events {
				switch e.Kind {
				case jackgraph.PortAdded:
					added[e.Name] = true
				case jackgraph.PortRenamed:
					added[e.To] = true
				case jackgraph.ClientAdded:
					added[e.Name+":"] = true
				}
			}
			fresh = func(name string) bool { return added[name] }
		}
		watch.Close()
		if !errors.Is(err, jackgraph.ErrNoServer) {
			return err
		}
		fmt.Fprintln(n.err, "jackknife: the server has stopped")
	}
}

// name gives the fresh ones of the ports and clients their names. What goes wrong
// is said, and no reason to end.
func (n *naming) name(ctx context.Context, watch *jackgraph.Watch, wanted wantedNames, fresh func(name string) bool) {
	names, err := wanted(jackgraph.Graph{Ports: watch.Ports()})
	if err != nil {
		fmt.Fprintf(n.err, "jackknife: %s\n", err)
	}
	for _, name := range names {
		if !fresh(name.Name) {
			continue
		}
		word, err := n.give(ctx, watch.Server, jackgraph.Naming{}, name)
		switch {
		case errors.Is(err, jackgraph.ErrNoPort), errors.Is(err, jackgraph.ErrNoClient):
		case err != nil:
			fmt.Fprintf(n.err, "jackknife: %s\n", err)
		default:
			fmt.Fprintf(n.out, "%s %s\n", word, namingLine(name))
		}
	}
}
