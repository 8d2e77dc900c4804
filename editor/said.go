package editor

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

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

// FindSaid finds where words are said: one after the other, capitals and
// punctuation apart, or, between slashes, what a regular expression finds in
// them. Only whole entries of the transcript are found, as nothing is known of
// where the words within one are; partial is how often that was in the way.
func FindSaid(said []Said, what string) (found []Span, partial int, err error) {
	pattern := ""
	if len(what) > 2 && what[0] == '/' && what[len(what)-1] == '/' {
		pattern = what[1 : len(what)-1]
		if _, err := regexp.Compile(pattern); err != nil {
			return nil, 0, err // in the user's words
		}
		pattern = `(?i)` + pattern
	} else if pattern = words(what); pattern == "" {
		return nil, 0, fmt.Errorf("no words in %q", what)
	} else {
		pattern = regexp.QuoteMeta(pattern)
	}
	re, err := regexp.Compile(`(?:^| )(?:` + pattern + `)(?: |$)`)
	if err != nil {
		return nil, 0, err
	}
	var text strings.Builder
	var starts, ends []int // of the entries in the text
	for _, s := range said {
		w := words(s.Words)
		if w != "" && text.Len() > 0 {
			text.WriteByte(' ')
		}
		starts = append(starts, text.Len())
		text.WriteString(w)
		ends = append(ends, text.Len())
	}
	all := text.String()
	for at := 0; at < len(all); {
		m := re.FindStringIndex(all[at:])
		if m == nil || m[1] == m[0] {
			break
		}
		from, to := at+m[0], at+m[1]
		if all[from] == ' ' {
			from++
		}
		if all[to-1] == ' ' {
			to--
		}
		at = max(to, at+1)
		first, last := slices.Index(starts, from), -1
		for i, e := range ends {
			if e == to && starts[i] < e {
				last = i
			}
		}
		for first >= 0 && first < len(starts)-1 && starts[first+1] == from {
			first++ // an entry without words
		}
		if first < 0 || last < first {
			partial++
			continue
		}
		found = append(found, Span{said[first].Start, said[last].End})
	}
	return found, partial, nil
}

// ParseOrder reads the numbers of lines in an order, as in 5,1-3 or 4-,1-3; they run
// from 1 to n, and none comes twice.
func ParseOrder(text string, n int) ([]int, error) {
	var order []int
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from, err := strconv.Atoi(first)
		to := from
		if isRange {
			if to = n; last != "" && err == nil {
				to, err = strconv.Atoi(last)
			}
		}
		if err != nil || from < 1 || to < from && from <= n {
			return nil, fmt.Errorf("%q: want lines, as in 3-9,12", part)
		}
		if max(from, to) > n {
			return nil, fmt.Errorf("%q: there are %d lines", part, n)
		}
		for i := from; i <= to; i++ {
			if slices.Contains(order, i) {
				return nil, fmt.Errorf("%q: line %d comes twice", part, i)
			}
			order = append(order, i)
		}
	}
	return order, nil
}
