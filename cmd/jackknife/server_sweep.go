package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jackknife/jackgraph"
	"jackknife/jackgraph/jackd"
)

func serverSweepCommand(s *streams) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "sweep",
		Short: "Remove what killed servers have left",
		Long: `Remove what servers and programs that were killed have left in shared memory, and
what may keep others from starting:

- places in JACK2's table of servers, which has eight for the whole machine. A place
  is freed by a server of its name, which is started without a card and ended;
- the store of metadata, in which a killed program may have left a lock that every
  server and program waits for. It is removed when no program has it open.

server start does both where it must. What belongs to a server or program that
runs is not touched, nor what other users left.`,
		Example: `  jackknife server sweep
  jackknife server sweep -n`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, args []string) error {
			did, err := sweepLeft(c.Context(), jackd.Slots, dryRun)
			for _, line := range did {
				fmt.Fprintln(s.out, line)
			}
			if err == nil && len(did) == 0 {
				fmt.Fprintln(s.err, "jackknife: nothing to remove")
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "say what would be removed and remove nothing")
	return c
}

// sweepLeft removes a store that nobody uses and frees places of dead servers of
// this user until so many are free, and says a line for each.
func sweepLeft(ctx context.Context, free int, dryRun bool) (did []string, err error) {
	removed, freed := "removed", "freed"
	if dryRun {
		removed, freed = "would remove", "would free"
	}
	if store, ok := jackd.FindStore(); ok && len(store.Users) == 0 {
		if !dryRun {
			if err := store.Remove(); err != nil {
				return nil, err
			}
		}
		did = append(did, fmt.Sprintf("%s %s, which a server that was killed has left", removed, store.Folder))
	}
	slots, err := jackd.Taken()
	if err != nil {
		return did, err
	}
	var failed []error
	taken := len(slots)
	for _, slot := range slots {
		if jackd.Slots-taken >= free || !slot.Ours() || !slot.Dead() {
			continue
		}
		if !dryRun {
			if err := slot.Free(ctx); err != nil {
				failed = append(failed, err)
				continue
			}
		}
		taken--
		did = append(did, fmt.Sprintf("%s the place of server %s, which was killed", freed, slot.Server))
	}
	return did, errors.Join(failed...)
}

// makeRoom removes what keeps a server from starting. It says what it did, and
// what it could not do: the start may do all the same.
func makeRoom(ctx context.Context, s *streams) {
	did, err := sweepLeft(ctx, 1, false)
	for _, line := range did {
		fmt.Fprintf(s.err, "jackknife: %s\n", line)
	}
	if err != nil {
		fmt.Fprintf(s.err, "jackknife: %s\n", err)
	}
}

// hangHint says what to do about a server that does not answer.
func hangHint() string {
	store, ok := jackd.FindStore()
	if jackgraph.OnPipeWire() || !ok {
		return "it hangs: end it and start it again"
	}
	return "it hangs, or waits for a lock that a killed program has left: " + endUsers(store)
}

// endUsers says how to come by a new store.
func endUsers(store jackd.Store) string {
	if len(store.Users) == 0 {
		return "jackknife server start"
	}
	var pids, programs []string
	for _, pid := range store.Users {
		pids = append(pids, fmt.Sprint(pid))
		programs = append(programs, jackd.Program(pid))
	}
	slices.Sort(programs)
	return fmt.Sprintf("end what uses it (%s): kill -9 %s; then jackknife server start",
		strings.Join(slices.Compact(programs), ", "), strings.Join(pids, " "))
}

// fullHint says who has JACK2's places.
func fullHint() string {
	slots, _ := jackd.Taken()
	var names []string
	for _, slot := range slots {
		state := fmt.Sprintf("process %d", slot.PID)
		if slot.Dead() {
			state = "was killed"
		}
		if !slot.Ours() {
			state += fmt.Sprintf(", of user %d", slot.UID)
		}
		names = append(names, fmt.Sprintf("%s (%s)", slot.Server, state))
	}
	return fmt.Sprintf("JACK2 has places for %d servers on a machine: %s; jackknife server stop -s NAME ends one, and sweep by its user frees those of dead ones",
		jackd.Slots, strings.Join(names, ", "))
}

// examineLeft looks at what killed servers have left, and whether the server that
// runs answers.
func examineLeft() []symptom {
	const mend = "jackknife server sweep"
	var all []symptom
	if slots, err := jackd.Taken(); err == nil {
		dead := slices.DeleteFunc(slices.Clone(slots), func(slot jackd.Slot) bool { return !slot.Dead() })
		var names []string
		for _, slot := range dead {
			names = append(names, slot.Server)
		}
		text := fmt.Sprintf("%d of JACK's %d places are taken by servers that were killed (%s)", len(dead), jackd.Slots, strings.Join(names, ", "))
		switch {
		case len(dead) > 0 && len(slots) == jackd.Slots:
			all = append(all, amiss("places", mend, "%s, and none is free: no other server starts", text))
		case len(dead) > 0:
			all = append(all, noted("places", mend, "%s", text))
		}
	}
	store, ok := jackd.FindStore()
	stuck := store.Stuck()
	switch {
	case !ok:
	case len(store.Users) == 0:
		all = append(all, noted("metadata", mend, "a server that was killed has left %s: if there is a lock in it, every server and program hangs", store.Folder))
	case stuck != 0:
		all = append(all, amiss("metadata", fmt.Sprintf("kill -9 %s; %s", strings.Trim(fmt.Sprint(store.Users), "[]"), mend),
			"%s (%d) waits for a lock in %s that a killed program has left", jackd.Program(stuck), stuck, store.Folder))
	case jackd.Running(serverName()) != 0 && !jackgraph.OnPipeWire():
		server, err := visitServer()
		if err == nil {
			server.Close()
		} else if errors.Is(err, jackgraph.ErrNoAnswer) {
			all = append(all, amiss("metadata", fmt.Sprintf("kill -9 %s; %s", strings.Trim(fmt.Sprint(store.Users), "[]"), mend),
				"server %s does not answer: it hangs, or a killed program has left a lock in %s", serverName(), store.Folder))
		}
	}
	return all
}
