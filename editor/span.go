// Package editor finds the pauses of a spoken take, plans edits that touch
// only pauses and mistakes, and renders them so that every kept frame is
// copied byte for byte.
package editor

// Span is the half-open range of frames [Start, End).
type Span struct{ Start, End int64 }

// Len is the number of frames in s.
func (s Span) Len() int64 { return s.End - s.Start }

// Pause is the quiet between two phrases, or before the first and after the
// last one. Its Span is what may be edited: the pads that protect the speech
// on either side are already outside it.
type Pause struct {
	Span
	// Heard is the pause as a listener hears it, from the end of one phrase to
	// the beginning of the next: Span and its pads. Pause rules speak of it.
	Heard Span
	// At is the middle of the quietest 10 ms inside Span: where a splice is
	// heard least.
	At int64
	// LevelDB is the mean level of the pause in dBFS.
	LevelDB float64
	// Tone holds the stretches of clean room tone inside Span, in order:
	// no breath, click or reverberation tail.
	Tone []Span
}
