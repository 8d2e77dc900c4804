//go:build cgo && !timed

package main

import (
	"time"

	"jackknife/rt"
)

func cycleTimes(*rt.Loop) []time.Duration { return nil }
