package editor

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Rule says how long a pause is to be, and which pauses it speaks of. The
// length of a pause is its length as heard, from phrase to phrase (Pause.Heard):
// x1.5 makes the silence that a listener hears one and a half times as long,
// although only the frames between the protective pads are ever touched.
//
//	x1.5          one and a half times as long
//	+2s  -300ms   longer, shorter by so much
//	+50%phrase    longer by half of the phrase before
//	=3s           exactly so long
//	min=4s max=1s at least, at most so long
//	head=0.5s     the pause before the first phrase; no other rule touches it
//	tail=2s       the pause after the last phrase; no other rule touches it
//	±8%           up to 8 % longer or shorter, by chance (also jitter=8%)
//	total=20:00   scaled, all by one factor, so that the output is exactly so long
//
// total= comes after all other rules, wherever it stands; of several the last
// one counts. Pauses that may not change are not scaled: those shorter than the
// minimum, head and tail, those for which its conditions do not hold.
//
// Conditions stand before a colon, separated by blanks; all of them must hold.
// They look at the pause as it was recorded, whatever rules came before:
//
//	1s..3s: =2s            pauses of at least 1 s and less than 3 s; either end may be left out
//	#3: +1s   #10..: x2    the third pause; all from the tenth on (first to last, both included)
//	every 4: =6s           the 4th, 8th, 12th ...
//	after 10:00: x1.2      pauses that begin there or later; before 10:00 likewise
//	phrase 3s..: +1s       pauses after a phrase of at least 3 s
//	after "breathe in": =6s   pauses after a phrase in which these words are said;
//	                          before "breathe in" likewise
type Rule struct {
	Conditions []Condition
	Verb       Verb
	Factor     Decimal  // Scale; Phrase, Jitter: 0.5 is 50 %
	Length     Duration // all the others
}

// Verb is what a rule does to the length of a pause.
type Verb uint8

const (
	Scale Verb = iota
	Longer
	Shorter
	Phrase
	Exactly
	Least
	Most
	Head
	Tail
	Jitter
	Total
)

var verbWords = [...]string{Scale: "x", Longer: "+", Shorter: "-", Phrase: "+", Exactly: "=", Least: "min=", Most: "max=",
	Head: "head=", Tail: "tail=", Jitter: "±", Total: "total="}

// Condition is one of the conditions of a rule.
type Condition struct {
	Kind        ConditionKind
	From, To    Duration // Lasting, PhraseLasting: [From, To); After: From; Before: To
	First, Last int64    // Numbered: both included; Every: First
	Open        bool     // Lasting, PhraseLasting, Numbered: no upper end
	Words       string   // AfterWords, BeforeWords
}

// ConditionKind is what a condition looks at.
type ConditionKind uint8

const (
	Lasting ConditionKind = iota
	Numbered
	Every
	After
	Before
	PhraseLasting
	AfterWords
	BeforeWords
)

// NeedText reports whether the rules ask for words, which only Planner.Text
// can tell.
func NeedText(rules []Rule) bool {
	return slices.ContainsFunc(rules, func(r Rule) bool {
		return slices.ContainsFunc(r.Conditions, func(c Condition) bool { return c.Kind == AfterWords || c.Kind == BeforeWords })
	})
}

// ParseRules reads rules separated by semicolons.
func ParseRules(text string) ([]Rule, error) {
	var rules []Rule
	s := scanner{text: text}
	for {
		r, err := s.rule()
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
		s.space()
		if !s.skip(";") {
			return rules, s.end()
		}
	}
}

// ParseRulesFile reads a file of rules: one or, with semicolons, several on a
// line. A # that no digit follows begins a comment. File is its name, for the
// error messages: they begin with file:line:column.
func ParseRulesFile(file string, text []byte) ([]Rule, error) {
	var rules []Rule
	lineNo := 0
	for line := range strings.Lines(string(text)) {
		lineNo++
		s := scanner{text: strings.TrimRight(line, " \t\r\n")}
		for !s.blank() {
			r, err := s.rule()
			if err == nil {
				rules = append(rules, r)
				if !s.blank() && !s.skip(";") {
					err = s.end()
				}
			}
			var syntax *SyntaxError
			if errors.As(err, &syntax) {
				return nil, &LineError{file, lineNo, syntax.Column, syntax.Msg}
			}
		}
	}
	if len(rules) == 0 {
		return nil, &LineError{file, max(1, lineNo), 1, "no rule in the file"}
	}
	return rules, nil
}

// blank skips blanks and reports whether nothing but a comment follows.
func (s *scanner) blank() bool {
	s.space()
	t := s.rest()
	return t == "" || t[0] == '#' && (len(t) == 1 || t[1] < '0' || t[1] > '9')
}

// FormatRules is the text that ParseRules reads.
func FormatRules(rules []Rule) string {
	texts := make([]string, len(rules))
	for i, r := range rules {
		texts[i] = r.String()
	}
	return strings.Join(texts, "; ")
}

func (r Rule) String() string {
	var b strings.Builder
	for i, c := range r.Conditions {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(c.String())
	}
	if len(r.Conditions) > 0 {
		b.WriteString(": ")
	}
	b.WriteString(verbWords[r.Verb])
	switch r.Verb {
	case Scale:
		b.WriteString(r.Factor.String())
	case Phrase:
		b.WriteString((r.Factor * 100).String() + "%phrase")
	case Jitter:
		b.WriteString((r.Factor * 100).String() + "%")
	default:
		b.WriteString(r.Length.String())
	}
	return b.String()
}

func (c Condition) String() string {
	switch c.Kind {
	case Numbered:
		switch {
		case c.Open:
			return fmt.Sprintf("#%d..", c.First)
		case c.First == c.Last:
			return fmt.Sprintf("#%d", c.First)
		}
		return fmt.Sprintf("#%d..%d", c.First, c.Last)
	case Every:
		return fmt.Sprintf("every %d", c.First)
	case After:
		return "after " + c.From.String()
	case Before:
		return "before " + c.To.String()
	case AfterWords:
		return "after " + strconv.Quote(c.Words)
	case BeforeWords:
		return "before " + strconv.Quote(c.Words)
	case PhraseLasting:
		return "phrase " + c.lasting()
	}
	return c.lasting()
}

// lasting is the range of lengths.
func (c Condition) lasting() string {
	if c.Open {
		return c.From.String() + ".."
	}
	if c.From == (Duration{}) {
		return ".." + c.To.String()
	}
	return c.From.String() + ".." + c.To.String()
}

func (s *scanner) rule() (Rule, error) {
	var r Rule
	s.space()
	for !s.verbAhead() {
		c, err := s.condition()
		if err != nil {
			return r, err
		}
		r.Conditions = append(r.Conditions, c)
		blank := s.space()
		if s.skip(":") {
			s.space()
			break
		}
		if !blank || s.verbAhead() {
			return r, s.errorf("want a colon after the condition, as in 1s..3s: =2s")
		}
	}
	return r, s.verb(&r)
}

// verbAhead reports whether a verb stands here. Without any condition before
// it, whatever is neither verb nor condition is taken for a verb, so that the
// message names the verbs.
func (s *scanner) verbAhead() bool {
	t := s.rest()
	if t == "" {
		return true
	}
	switch c := t[0]; {
	case c >= '0' && c <= '9', c == '#':
		return false
	case strings.HasPrefix(t, ".."), strings.HasPrefix(t, "every"), strings.HasPrefix(t, "after"), strings.HasPrefix(t, "before"), strings.HasPrefix(t, "phrase"):
		return false
	}
	return true
}

func (s *scanner) condition() (Condition, error) {
	var c Condition
	var err error
	word := func(w string) bool {
		if !s.skip(w) {
			return false
		}
		s.space()
		return true
	}
	switch {
	case s.skip("#"):
		c.Kind = Numbered
		at := s.pos
		if c.First, err = s.digits(maxFrames); err != nil {
			return c, err
		}
		if c.First == 0 {
			return c, &SyntaxError{at + 1, "pauses are counted from 1"}
		}
		c.Last = c.First
		if s.skip("..") {
			at = s.pos
			if s.pos == len(s.text) || s.text[s.pos] < '0' || s.text[s.pos] > '9' {
				c.Open, c.Last = true, 0
			} else if c.Last, err = s.digits(maxFrames); err == nil && c.Last < c.First {
				err = &SyntaxError{at + 1, "the range runs backwards"}
			}
		}
		return c, err
	case word("every"):
		c.Kind = Every
		at := s.pos
		c.First, err = s.digits(maxFrames)
		if err == nil && c.First == 0 {
			err = &SyntaxError{at + 1, "every 0 names no pause"}
		}
		return c, err
	case word("after"):
		if strings.HasPrefix(s.rest(), `"`) {
			c.Kind = AfterWords
			c.Words, err = s.quoted()
			return c, err
		}
		c.Kind = After
		c.From, err = s.duration()
		return c, err
	case word("before"):
		if strings.HasPrefix(s.rest(), `"`) {
			c.Kind = BeforeWords
			c.Words, err = s.quoted()
			return c, err
		}
		c.Kind = Before
		c.To, err = s.duration()
		return c, err
	case word("phrase"):
		c.Kind = PhraseLasting
	}
	if !s.skip("..") {
		if c.From, err = s.duration(); err != nil {
			return c, err
		}
		if !s.skip("..") {
			return c, s.errorf("want .. after %v, as in 1s..3s: =2s", c.From)
		}
		if s.pos == len(s.text) || s.text[s.pos] < '0' || s.text[s.pos] > '9' {
			c.Open = true
			return c, nil
		}
	}
	at := s.pos
	c.To, err = s.duration()
	if err == nil && c.To == (Duration{}) {
		err = &SyntaxError{at + 1, "nothing is shorter than 0s"}
	}
	if err == nil && c.From.Frames == 0 && c.To.Frames == 0 && c.To.Seconds < c.From.Seconds { // of frames only the rate would tell
		err = &SyntaxError{at + 1, "the range runs backwards"}
	}
	return c, err
}

// quoted reads words in double quotes, with the escapes of Go.
func (s *scanner) quoted() (string, error) {
	q, err := strconv.QuotedPrefix(s.rest())
	if err != nil {
		return "", s.errorf("want words in double quotes")
	}
	text, err := strconv.Unquote(q)
	if err != nil || words(text) == "" {
		return "", s.errorf("no word in the quotes")
	}
	s.pos += len(q)
	return text, nil
}

func (s *scanner) verb(r *Rule) error {
	var err error
	switch {
	case s.skip("x"):
		r.Verb = Scale
		r.Factor, err = s.decimal(maxFactor)
		return err
	case s.skip("min="):
		r.Verb = Least
	case s.skip("max="):
		r.Verb = Most
	case s.skip("head="):
		r.Verb = Head
	case s.skip("tail="):
		r.Verb = Tail
	case s.skip("="):
		r.Verb = Exactly
	case s.skip("-"):
		r.Verb = Shorter
	case s.skip("total="):
		r.Verb = Total
	case s.skip("±"), s.skip("jitter="):
		r.Verb = Jitter
		at := s.pos
		percent, err := s.decimal(100 * one)
		switch {
		case err != nil:
			return err
		case !s.skip("%"):
			return s.errorf("want %%, as in ±8%%")
		case percent%100 != 0:
			return &SyntaxError{at + 1, "more than seven decimals"}
		}
		r.Factor = percent / 100
		return nil
	case s.skip("+"):
		at := s.pos
		if percent, err := s.decimal(maxFactor); err == nil && s.skip("%") {
			if !s.skip("phrase") {
				return s.errorf("want phrase after %%, as in +50%%phrase")
			}
			if percent%100 != 0 {
				return &SyntaxError{at + 1, "more than seven decimals"}
			}
			r.Verb, r.Factor = Phrase, percent/100
			return nil
		}
		s.pos = at
		r.Verb = Longer
	default:
		return s.errorf("want x1.5, +2s, -300ms, =3s, min=4s, max=1s, +50%%phrase, ±8%%, head=0.5s, tail=2s or total=20:00")
	}
	if (r.Verb == Head || r.Verb == Tail) && len(r.Conditions) > 0 {
		return s.errorf("head= and tail= take no conditions")
	}
	r.Length, err = s.duration()
	return err
}

// heard is what the rules know of one pause.
type heard struct {
	number int64 // from 1; head and tail are not counted
	start  int64 // frame of the take
	length int64 // frames, from phrase to phrase
	phrase int64 // frames of the phrase before

	before, after string  // the words of the phrases on either side
	chance        Decimal // from -1 to 1, one for each pause
}

func (c Condition) holds(h heard, rateHz int) bool {
	switch c.Kind {
	case Numbered:
		return h.number >= c.First && (c.Open || h.number <= c.Last)
	case Every:
		return h.number%c.First == 0
	case After:
		return h.start >= c.From.At(rateHz)
	case Before:
		return h.start < c.To.At(rateHz)
	case AfterWords:
		return says(h.before, c.Words)
	case BeforeWords:
		return says(h.after, c.Words)
	case PhraseLasting:
		return c.spans(h.phrase, rateHz)
	}
	return c.spans(h.length, rateHz)
}

// spans reports whether a length is within the range of the condition.
func (c Condition) spans(length int64, rateHz int) bool {
	return length >= c.From.At(rateHz) && (c.Open || length < c.To.At(rateHz))
}

func (r Rule) holds(h heard, rateHz int) bool {
	for _, c := range r.Conditions {
		if !c.holds(h, rateHz) {
			return false
		}
	}
	return true
}

// apply is the length that r gives to a pause that is to be now frames long.
func (r Rule) apply(now int64, h heard, rateHz int) int64 {
	if !r.holds(h, rateHz) {
		return now
	}
	length := r.Length.At(rateHz)
	switch r.Verb {
	case Scale:
		return r.Factor.of(now)
	case Longer:
		return now + length
	case Shorter:
		return max(0, now-length)
	case Phrase:
		return now + r.Factor.of(h.phrase)
	case Exactly:
		return length
	case Least:
		return max(now, length)
	case Most:
		return min(now, length)
	case Jitter:
		if h.chance < 0 {
			return now - r.Factor.of((-h.chance).of(now))
		}
		return now + r.Factor.of(h.chance.of(now))
	}
	return now
}
