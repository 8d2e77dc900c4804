package main

import (
	"image/png"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// png checks that a file is a picture of the given width: png FILE WIDTH
var _ = addScriptCommand("png", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: png FILE WIDTH")
	}
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	c, err := png.DecodeConfig(f)
	ts.Check(err)
	if strconv.Itoa(c.Width) != args[1] {
		ts.Fatalf("%s: %d pixels wide, want %s", args[0], c.Width, args[1])
	}
})
