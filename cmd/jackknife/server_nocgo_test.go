//go:build !cgo

package main

import (
	"bytes"
	"strings"
	"testing"
)

// An edit-only binary says what it lacks and how to get it.
func TestPatchingWithoutLibrary(t *testing.T) {
	for _, args := range [][]string{{"ports"}, {"connect", "a:b", "c:d"}, {"disconnect", "a:"}, {"watch"}, {"patch", "save", "-"}, {"transport", "status"}} {
		var out, errw bytes.Buffer
		code := run(t.Context(), args, strings.NewReader(""), &out, &errw)
		said := errw.String()
		if code != exitNoServer || out.Len() > 0 || !strings.Contains(said, "built without libjack") || !strings.Contains(said, "hint: install") {
			t.Errorf("%v: exit code %d, %s%s", args, code, out.String(), said)
		}
	}
}
