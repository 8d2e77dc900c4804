package editor

import "strings"

// WordsIn is what is said in a span, as the transcript writes it: all that has
// its middle there. Said is in the order of the middles.
func WordsIn(said []Said, s Span) string {
	var all []string
	for _, x := range said {
		if m := x.middle(); m >= s.Start && m < s.End && x.Words != "" {
			all = append(all, x.Words)
		}
	}
	return strings.Join(all, " ")
}
