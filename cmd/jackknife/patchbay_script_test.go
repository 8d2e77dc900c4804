//go:build cgo

package main

import (
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// pane FILE waits until the terminal that the script started with
// tmux -S $WORK/tmux shows the text of a file, blanks at the ends of lines
// aside. A private server's name reads jkservername.
var _ = addScriptCommand("pane", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pane FILE")
	}
	private := regexp.MustCompile(`jk[a-z2-7]{10}\b`)
	tidy := func(text string) string {
		lines := strings.Split(private.ReplaceAllString(text, "jkservername"), "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		return strings.TrimRight(strings.Join(lines, "\n"), "\n")
	}
	want := tidy(ts.ReadFile(args[0]))
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		picture, err := exec.Command("tmux", "-S", ts.MkAbs("tmux"), "capture-pane", "-p").CombinedOutput()
		got := tidy(string(picture))
		if err == nil && got == want {
			return
		}
		if time.Now().After(limit) {
			ts.Fatalf("the screen is not as in %s: %v\n%s", args[0], err, got)
		}
	}
})

// mouse BUTTON COLUMN LINE M|m sends what a terminal sends for a mouse: the
// buttons are 0 left, 2 right, 64 and 65 the wheel, 32 more while it moves; M
// presses and m releases.
var _ = addScriptCommand("mouse", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: mouse BUTTON COLUMN LINE M|m")
	}
	ts.Check(ts.Exec("tmux", "-S", ts.MkAbs("tmux"), "send-keys", "-l", "\x1b[<"+strings.Join(args[:3], ";")+args[3]))
})

// terminal COMMAND runs a shell command in a terminal of 80 by 24, for tmux
// -S $WORK/tmux; the script's end ends it, however it ends.
var _ = addScriptCommand("terminal", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: terminal COMMAND")
	}
	tmux := ts.MkAbs("tmux")
	ts.Defer(func() { exec.Command("tmux", "-S", tmux, "kill-server").Run() })
	ts.Check(ts.Exec("tmux", "-S", tmux, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", args[0]))
})
