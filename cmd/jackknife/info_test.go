package main

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"jackknife/testdata/wavs"
)

// wavs writes the corpus of odd and malformed files into a new folder: wavs DIR
var _ = addScriptCommand("wavs", func(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: wavs DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.Mkdir(dir, 0777))
	_, err := wavs.All(dir)
	ts.Check(err)
})
