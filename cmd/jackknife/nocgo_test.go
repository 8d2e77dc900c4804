//go:build !cgo

package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestEditOnly: a binary without audio libraries says so, and how to get them.
func TestEditOnly(t *testing.T) {
	for _, command := range [][]string{{"record", "take.wav"}, {"play", "take.wav"}, {"devices"}, {"latency"}} {
		var out, errs bytes.Buffer
		code := run(t.Context(), command, nil, &out, &errs)
		if code != exitFailed || out.Len() > 0 || !strings.Contains(errs.String(), "built without audio libraries") || !strings.Contains(errs.String(), "hint: install") {
			t.Errorf("%s: exit code %d, %q", command, code, errs.String())
		}
	}
}
