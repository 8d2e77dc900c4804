package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
)

// serverFlag gives a command the flag that chooses a JACK server by name, in
// the way libjack itself is told.
func serverFlag(c *cobra.Command) {
	c.Flags().FuncP("server", "s", "`name` of the JACK server (default: JACK_DEFAULT_SERVER, or default)", func(name string) error {
		if jackgraph.OnPipeWire() {
			return errors.New("PipeWire's JACK has no named servers; PIPEWIRE_REMOTE chooses a daemon")
		}
		return os.Setenv("JACK_DEFAULT_SERVER", name)
	})
}

// openServer joins the running server, which its caller closes.
func openServer() (*jackgraph.Server, error) {
	server, err := jackgraph.Open(fmt.Sprint("jackknife-", os.Getpid()))
	return server, openFailure(err)
}

// visitServer is openServer for commands that have no audio thread.
func visitServer() (*jackgraph.Server, error) {
	server, err := jackgraph.Visit(fmt.Sprint("jackknife-", os.Getpid()))
	return server, openFailure(err)
}

// openFailure says what to do where a server cannot be joined, or is gone.
func openFailure(err error) error {
	switch {
	case errors.Is(err, jackgraph.ErrNoServer):
		return &failure{code: exitNoServer, err: err, hint: startHint()}
	case errors.Is(err, jackgraph.ErrNoAnswer):
		return &failure{code: exitNoServer, err: err, hint: hangHint()}
	case errors.Is(err, jackgraph.ErrNoLibrary):
		return &failure{code: exitNoServer, err: err, hint: "install libjack-jackd2-dev (or your distribution's JACK development package) and a C compiler, then build it with make build"}
	}
	return err
}

// stoppedFailure is that the server ended while a command watched it.
func stoppedFailure() error {
	return &failure{code: exitNoServer, err: errors.New("the server has stopped"), hint: startHint()}
}

// startHint says how to come by a server.
func startHint() string {
	if jackgraph.OnPipeWire() {
		return "start PipeWire: systemctl --user start pipewire"
	}
	socket := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "pipewire-0")
	if _, err := os.Stat(socket); err == nil {
		return "PipeWire is running: put pw-jack before the command; or start JACK: jackknife server start"
	}
	return "start one: jackknife server start; -s NAME finds a server with a name"
}

// parseSelectors parses selectors from the command line.
func parseSelectors(texts []string) ([]jackgraph.Selector, error) {
	var selectors []jackgraph.Selector
	for _, text := range texts {
		s, err := jackgraph.Parse(text)
		if err != nil {
			return nil, &failure{code: exitUsage, err: err, hint: "see jackknife ports --help for selectors"}
		}
		selectors = append(selectors, s)
	}
	return selectors, nil
}

// nameHint helps with a name that no port has.
func nameHint(g jackgraph.Graph, name string) string {
	if slices.ContainsFunc(g.Ports, func(p jackgraph.Port) bool { return p.Client() == name }) {
		return name + ": names all ports of the client " + name
	}
	if near := g.Near(name, 3); len(near) > 0 {
		return "did you mean " + strings.Join(near, ", ") + "?"
	}
	return "jackknife ports lists the names"
}

// completePorts completes the live names of ports of a direction; both where
// it is empty.
func completePorts(toComplete string, d jackgraph.Direction) ([]cobra.Completion, cobra.ShellCompDirective) {
	server, err := visitServer()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer server.Close()
	return portCompletions(server.Ports(), toComplete, d), cobra.ShellCompDirectiveNoFileComp
}

// completeClients completes the live names of clients that have ports.
func completeClients(c *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	server, err := visitServer()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer server.Close()
	return server.Clients(server.Ports()), cobra.ShellCompDirectiveNoFileComp
}

func portCompletions(ports []jackgraph.Port, toComplete string, d jackgraph.Direction) []cobra.Completion {
	var all []cobra.Completion
	for _, p := range ports {
		if strings.HasPrefix(p.Name, toComplete) && (d == "" || d == p.Dir) {
			about := string(p.Type) + " " + string(p.Dir)
			if p.Pretty != "" {
				about = p.Pretty + ", " + about
			}
			all = append(all, cobra.CompletionWithDesc(p.Name, about))
		}
	}
	return all
}
