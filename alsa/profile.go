package alsa

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Profile is a state in a file of envy24control or mudita24.
type Profile struct {
	Number int
	Name   string // empty when it was given none
	State  State
}

// The lines between which envy24control keeps what alsactl wrote: blanks and
// capitals do not matter. A profile has a part for each card, by its number.
var (
	profileLine = regexp.MustCompile(`(?i)^\s*\[\s*profile\s*(\d+)\s*\]\s*$`)
	cardLine    = regexp.MustCompile(`(?i)^\s*<\s*card\s*(\d+)\s*>\s*$`)
	nameLine    = regexp.MustCompile(`^\s*\{\s*/(.*)/\s*\}\s*$`)
	endLine     = regexp.MustCompile(`(?i)^\s*<\s*/\s*card\s*(\d+)\s*>\s*$`)
)

// ParseProfiles reads a profiles.conf of envy24control or mudita24. Errors name
// the line.
func ParseProfiles(r io.Reader) ([]Profile, error) {
	var profiles []Profile
	var body strings.Builder
	number, line, name, inCard := 0, 0, "", false
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line++
		text := s.Text()
		switch m := profileLine.FindStringSubmatch(text); {
		case m != nil && inCard:
			return nil, fmt.Errorf("line %d: the profile before has no end", line)
		case m != nil:
			number, _ = strconv.Atoi(m[1])
		case cardLine.MatchString(text):
			if number == 0 || inCard {
				return nil, fmt.Errorf("line %d: a card outside of a profile", line)
			}
			inCard, name = true, ""
			body.Reset()
			body.WriteString(strings.Repeat("\n", line)) // for the lines in errors
		case endLine.MatchString(text):
			if !inCard {
				return nil, fmt.Errorf("line %d: the end of a card that did not begin", line)
			}
			inCard = false
			states, err := ParseStates(strings.NewReader(body.String()))
			if err != nil {
				return nil, fmt.Errorf("profile %d: %w", number, err)
			}
			for _, state := range states {
				profiles = append(profiles, Profile{number, name, state})
			}
		case inCard && nameLine.MatchString(text):
			name = strings.TrimSpace(nameLine.FindStringSubmatch(text)[1])
			body.WriteByte('\n')
		case inCard:
			body.WriteString(text)
			body.WriteByte('\n')
		case strings.TrimSpace(text) != "" && !strings.HasPrefix(strings.TrimSpace(text), "#"):
			return nil, fmt.Errorf("line %d: %q: want [ Profile 1 ] and < Card 0 >", line, text)
		}
	}
	switch {
	case s.Err() != nil:
		return nil, fmt.Errorf("line %d: %w", line+1, s.Err())
	case inCard:
		return nil, fmt.Errorf("line %d: profile %d has no end", line, number)
	case len(profiles) == 0:
		return nil, errors.New("no profile in it")
	}
	return profiles, nil
}
