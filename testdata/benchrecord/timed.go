//go:build cgo && timed

package main

import (
	"time"

	"jackknife/rt"
)

func cycleTimes(l *rt.Loop) []time.Duration { return l.CycleTimes() }
