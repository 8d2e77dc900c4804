//go:build cgo

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/testdata/cards"
)

// TestCardScripts runs the scripts that need a sound card, on simulated ones.
func TestCardScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("some 200 program starts: too many for the race detector, whose targets are in package alsa")
	}
	lib, err := cards.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cardLibrary = lib
	runScripts(t, "testdata/card")
}

// TestGuide runs every command line of doc/delta1010lt.md, one after the other.
func TestGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("as many program starts as the scripts of cards: too many for the race detector")
	}
	text, err := os.ReadFile("../../doc/delta1010lt.md")
	if err != nil {
		t.Fatal(err)
	}
	const profiles = "[ Profile 1 ]\n< Card 0 >\n{ /Voice/ }\nstate.M1010LT {\n\tcontrol.1 { name 'DAC Volume' value 121 }\n}\n< /CARD 0 >\n"
	script := "cards delta1010lt\nenv HOME=$WORK XDG_CONFIG_HOME=$WORK/config XDG_RUNTIME_DIR=$WORK TERM=screen\n" +
		"exec tmux -S $WORK/tmux -f /dev/null new-session -d -x 80 -y 24 sh\n"
	lines := 0
	for line := range strings.Lines(string(text)) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
		if !ok {
			continue
		}
		lines++
		command = strings.ReplaceAll(command, "'", "''")
		switch {
		case strings.HasSuffix(command, "# until q"):
			script += "exec tmux -S $WORK/tmux send-keys '" + command + "' Enter\nscreen 'q:? quit'\nexec tmux -S $WORK/tmux send-keys q\n"
		case strings.HasSuffix(command, "# until Ctrl-C"):
			script += "! exec sh -c 'timeout -s INT 1 " + command + "'\n"
		default:
			script += "exec sh -c '" + command + "'\n"
		}
	}
	script += "exec tmux -S $WORK/tmux kill-server\n-- envy24control/profiles.conf --\n" + profiles
	if lines < 40 {
		t.Errorf("only %d lines", lines)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "guide.txtar"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	if cardLibrary, err = cards.Build(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	runScripts(t, dir)
}

var cardLibrary string

// scriptRacks holds the cards of each script by its folder.
var scriptRacks sync.Map

// cards [MODEL...] gives the script a machine with these sound cards.
var _ = addScriptCommand("cards", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: cards [MODEL...]")
	}
	dir := ts.MkAbs("cards")
	ts.Check(os.RemoveAll(dir))
	r, err := cards.Plug(cardLibrary, dir, args...)
	ts.Check(err)
	for _, v := range r.Env() {
		name, value, _ := strings.Cut(v, "=")
		ts.Setenv(name, value)
	}
	if old, ok := scriptRacks.Swap(dir, r); ok {
		old.(*cards.Rack).Close()
	}
})

// hand CARD set|sneak ELEMENT,INDEX VALUE... , hand CARD fail|ignore|unplug N,
// hand CARD run on|off, hand CARD lock|active|unreadable ELEMENT,INDEX: what the hardware,
// another program or a fault does to a card. sneak raises no event. hand CARD
// is ELEMENT,INDEX VALUE... and hand CARD writes N check what reached the card; hand CARD reads N waits for N reads.
var _ = addScriptCommand("hand", func(ts *testscript.TestScript, neg bool, args []string) {
	r, ok := scriptRacks.Load(ts.MkAbs("cards"))
	if neg || !ok || len(args) < 3 {
		ts.Fatalf("usage: hand CARD WHAT ... after cards")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	c := r.(*cards.Rack).Cards[n]
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		ts.Check(err)
		return n
	}
	name, at, _ := strings.Cut(args[2], ",")
	index := 0
	if at != "" {
		index = number(at)
	}
	var values []int64
	for _, a := range args[3:] {
		values = append(values, int64(number(a)))
	}
	switch args[1] {
	case "set":
		c.Set(name, index, values...)
	case "sneak":
		c.SetSilently(name, index, values...)
	case "is":
		if v := c.Values(name, index); !slices.Equal(v[:len(values)], values) {
			ts.Fatalf("%s is %v", args[2], v)
		}
	case "active":
		c.SetInactive(name, index, false)
	case "lock":
		c.Lock(name, index)
	case "unreadable":
		c.FailReads(name, index, syscall.EIO)
	case "fail":
		c.FailWrites(number(args[2]), syscall.EIO)
	case "ignore":
		c.IgnoreWrites(number(args[2]))
	case "unplug":
		c.Unplug(number(args[2]))
	case "run":
		c.Run(args[2] == "on")
	case "writes":
		if got := c.Writes(); got != number(args[2]) {
			ts.Fatalf("%d writes reached the card", got)
		}
	case "reads":
		for limit := time.Now().Add(10 * time.Second); c.Reads() < number(args[2]); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(limit) {
				ts.Fatalf("only %d reads reached the card", c.Reads())
			}
		}
	default:
		ts.Fatalf("hand: what is %s?", args[1])
	}
})

// screen REGEXP... waits until the terminal that the script started with
// tmux -S $WORK/tmux shows a line for each.
var _ = addScriptCommand("screen", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: screen REGEXP...")
	}
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		picture, err := exec.Command("tmux", "-S", ts.MkAbs("tmux"), "capture-pane", "-p").CombinedOutput()
		missing := slices.DeleteFunc(slices.Clone(args), func(a string) bool {
			return regexp.MustCompile("(?m)" + a).Match(picture)
		})
		if err == nil && len(missing) == 0 {
			return
		}
		if time.Now().After(limit) {
			ts.Fatalf("no %q on the screen: %v\n%s", missing, err, picture)
		}
	}
})

// awaits FILE TEXT waits until a file that a program in the background writes
// holds the text.
var _ = addScriptCommand("awaits", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaits FILE TEXT")
	}
	for limit := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Contains(string(b), args[1]) {
			return
		}
		if time.Now().After(limit) {
			ts.Fatalf("%s: no %q in\n%s", args[0], args[1], b)
		}
	}
})
