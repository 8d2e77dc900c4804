package jackgraph

import (
	"reflect"
	"strings"
	"testing"
)

func TestNamings(t *testing.T) {
	text := `system: = "Delta 1010LT"
system:capture_1 = "Vocal \"mic\" = \"1\""
system:capture_1 also "mic:left"
desk = "x": (a) = "y"
desk also "x":b also "c:d"
"#odd:x " = "ü"
"\"quoted\":x" = "x"
`
	want := []Naming{
		{"system:", "Delta 1010LT", nil},
		{"system:capture_1", `Vocal "mic" = "1"`, []string{"mic:left"}},
		{`desk = "x": (a)`, "y", nil},
		{`desk also "x":b`, "", []string{"c:d"}},
		{"#odd:x ", "ü", nil},
		{`"quoted":x`, "x", nil},
	}
	got, err := ParseNamings(strings.NewReader("# mine\n\n"+text), "f")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if back := FormatNamings(got); back != text {
		t.Errorf("%s", back)
	}
	for text, message := range map[string]string{
		`system:x`:                              `f:1: system:x: want CLIENT:PORT = "NAME"`,
		`system = "x"`:                          `f:1: system = "x": want CLIENT:PORT = "NAME"`,
		`a:x = ""`:                              `f:1: a:x = "": want CLIENT:PORT = "NAME"`,
		`a:x = "y`:                              `f:1: a:x = "y: want CLIENT:PORT = "NAME"`,
		"a:x = \"y\"\na:x = \"z\"":              `f:2: a:x has a name already: "y"`,
		`a: also "b:c"`:                         `f:1: a: is a client, which has no aliases`,
		strings.Repeat("a:x also \"b:c\"\n", 3): `f:3: a:x has two aliases already, and no more can be`,
	} {
		if _, err := ParseNamings(strings.NewReader(text), "f"); err == nil || err.Error() != message {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseNamings(f *testing.F) {
	f.Add("system:capture_1 = \"Vocal mic\"\nsystem:capture_1 also \"a:b\"\n# x\n\"a:b \" = \"c\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ParseNamings(strings.NewReader(text), "f")
		if err != nil {
			return
		}
		again, err := ParseNamings(strings.NewReader(FormatNamings(all)), "f")
		if err != nil || !reflect.DeepEqual(all, again) {
			t.Errorf("%q became %q, %v", all, again, err)
		}
	})
}
