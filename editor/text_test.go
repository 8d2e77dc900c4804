package editor

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParseText(t *testing.T) {
	want := []Said{{Span{1500, 3000}, "Breathe in & hold."}, {Span{64000, 66250}, "And out."}}
	single := []Said{{Span{1500, 2000}, "Breathe"}, {Span{2000, 3000}, "in & hold."}, {Span{64000, 65000}, "And"}, {Span{65000, 66250}, "out."}}
	for name, c := range map[string]struct {
		text string
		want []Said
	}{
		"SRT":         {"\ufeff1\r\n00:00:01,500 --> 00:00:03,000\r\n<i>Breathe in</i>\r\n& hold.\r\n\r\n2\r\n00:01:04,000 --> 00:01:06,250\r\nAnd out.\r\n", want},
		"VTT":         {"WEBVTT - a take\n\nNOTE\nnot said\n\nSTYLE\n::cue {}\n\nfirst\n00:01.500 --> 00:03.000 align:start\n<v Ann>Breathe in &amp; hold.\n\n01:04.000 --> 1:06.250\nAnd out.", want},
		"empty VTT":   {"WEBVTT\n", nil},
		"labels":      {"1.500000\t3.000000\tBreathe in & hold.\n\\\t100.0\t200.0\n64,0\t66.25\tAnd out.\n", want},
		"bare labels": {"1.5\t1.5\n", []Said{{Span{1500, 1500}, ""}}},
		"whisper":     {`{"text":"x","segments":[{"id":0,"start":1.5,"end":3.0,"text":" Breathe in & hold."},{"start":64,"end":66.25,"text":" And out."}],"language":"en"}`, want},
		"segments":    {"[\n{\"start\":1.5,\"end\":3.0,\"text\":\" Breathe in & hold.\"},{\"start\":64,\"end\":66.25,\"text\":\"And out.\"}]", want},
		"words":       {`{"segments":[{"start":0,"end":9,"text":"Breathe in & hold.","words":[{"word":" Breathe","start":1.5,"end":2.0,"probability":0.9},{"word":" in & hold.","start":2.0,"end":3.0}]},{"start":64,"end":66.25,"text":" And out.","words":[{"word":"And","start":64,"end":65},{"word":"out."}]}]}`, single},
		"WhisperX":    {`{"segments":[{"start":1.5,"end":3,"text":"Breathe 4 times","words":[{"word":"Breathe","start":1.5,"end":2.0},{"word":"4"},{"word":"times","start":2.5,"end":3}]}],"word_segments":[]}`, []Said{{Span{1500, 2000}, "Breathe"}, {Span{2000, 2500}, "4"}, {Span{2500, 3000}, "times"}}},
		"CTM":         {";; by hand\ntake 1 1.5 0.5 Breathe 0.98\n\ntake 1 2.00 1 in\n", []Said{{Span{1500, 2000}, "Breathe"}, {Span{2000, 3000}, "in"}}},
		"no CTM":      {"1.5\t2\t3 4 words\n", []Said{{Span{1500, 2000}, "3 4 words"}}},
		"whisper.cpp": {`{"systeminfo":"","transcription":[{"timestamps":{"from":"00:00:01,500","to":"00:00:03,000"},"offsets":{"from":1500,"to":3000},"text":" Breathe in & hold."},{"offsets":{"from":64000,"to":66250},"text":" And out."}]}`, want},
	} {
		got, err := ParseText("t", []byte(c.text), 1000)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
	for text, want := range map[string]string{
		" \n":                                "t:1:1: nothing",
		"hello\nworld\n":                     "t:1:1: want start, end and label",
		"1.0\tx\tlabel\n":                    `t:1:5: "x": want a time in seconds`,
		"1.0\t2.0\ta\n3.0\t2.0\tb\n":         "t:2:1: a label from 3.0 to 2.0",
		"-1\t2.0\ta\n":                       "t:1:1: a label from -1",
		"NaN\t2.0\ta\n":                      "t:1:1: a label from NaN",
		"1\n00:00:01 --> 00:00:02\nx\n":      "t:2:1: want two times",
		"1\n00:00:03,0 --> 00:00:02,0\nx\n":  "t:2:1: the second time",
		"{\n  \"segments\": [1,\n}\n":        "t:3:1: not whisper's JSON: invalid character '}'",
		"{\"segments\": 3}":                  "t:1:14: not whisper's JSON",
		"[\n1]":                              "t:2:1: not whisper's JSON",
		strings.Repeat("x", 99) + "\t":       `t:1:1: "` + strings.Repeat("x", 40) + `": want a time`,
		"{}":                                 "t:1:1: JSON with neither",
		"take 1 1.5 0.5 a\ntake 1 x 0.5 b\n": "t:2:1: want recording, channel",
		`{"segments":[{"text":"a"}]}`:        "t:1:1: segment 1 is nowhere",
		`{"transcription":[{"text":"a","offsets":{"from":5}}]}`: "t:1:1: segment 1 of the transcription",
	} {
		if _, err := ParseText("t", []byte(text), 1000); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzText: no panic, every place is one of a take, every error says where.
func FuzzText(f *testing.F) {
	for _, s := range []string{"1\n00:00:01,5 --> 00:00:03,000\n<i>a</i>\n\n", "WEBVTT\n\n00:01.5 --> 00:03.0\na", "1.5\t3\ta\n\\\t1\t2\n", "a 1 1.5 2 b\n", `{"segments":[{"start":1,"end":2,"text":"a","words":[{"word":"a","start":1,"end":2}]}]}`, `{"transcription":[{"offsets":{"from":1,"to":2}}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		said, err := ParseText("t", text, 384000)
		var at *LineError
		if err != nil && (!errors.As(err, &at) || at.Line < 1 || at.Column < 1) {
			t.Fatal(err)
		}
		last := int64(0)
		for _, s := range said {
			if s.Start < 0 || s.Len() < 0 || s.middle() < last {
				t.Fatalf("%q: %v", text, said)
			}
			last = s.middle()
		}
	})
}
