package jackgraph

import (
	"strings"
	"testing"
)

// small is two clients and names that DOT and a terminal must survive.
func small() Graph {
	return Graph{
		Ports: []Port{
			{Name: "card:in 1", Dir: Output, Type: Audio},
			{Name: "card:in 2", Dir: Output, Type: Audio},
			{Name: "card:left out", Dir: Input, Type: Audio},
			{Name: `ü "<&>":|a|`, Dir: Input, Type: Audio},
			{Name: `ü "<&>":b`, Dir: Input, Type: Audio},
			{Name: `ü "<&>":out`, Dir: Output, Type: Audio},
		},
		Connections: []Connection{
			{"card:in 1", `ü "<&>":b`}, {"card:in 2", `ü "<&>":|a|`}, {"card:in 2", `ü "<&>":b`},
			{`ü "<&>":out`, "card:left out"}, {"card:in 1", "gone:x"},
		},
	}
}

func TestDraw(t *testing.T) {
	for _, c := range []struct {
		graph Graph
		want  string
	}{
		{Graph{}, ""},
		{Graph{Ports: small().Ports[:1]}, `
┌ card ─┐
│  in 1 ├
└───────┘
`},
		{small(), `
   ┌ card ─┐
   │  in 1 ├─────┐ ┌ card ────┐
   │       │ ┌───┼─┤ left out │
   │  in 2 ├─┼─┐ │ └──────────┘
   └───────┘ │ │ │
             │ │ │ ┌ ü "<&>" ─┐
┌ ü "<&>" ─┐ │ ├─┼─┤ |a|      │
│      out ├─┘ │ │ │          │
└──────────┘   └─┴─┤ b        │
                   └──────────┘
`},
	} {
		var b strings.Builder
		if err := c.graph.Draw(&b); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != strings.TrimPrefix(c.want, "\n") {
			t.Errorf("drawn\n%s", got)
		}
	}
}

func TestDOT(t *testing.T) {
	var b strings.Builder
	if err := small().WriteDOT(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<td port="p3">|a|</td><td port="p5">out</td>`, `<b>ü &#34;&lt;&amp;&gt;&#34;</b>`, "\tc0:p1:e -> c1:p4:w\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, &b)
		}
	}
	if n := strings.Count(b.String(), "->"); n != 4 {
		t.Errorf("%d connections, want 4", n)
	}
}

func TestByOrder(t *testing.T) {
	port := func(name, order string) Port { return Port{Name: name, Metadata: map[string]string{OrderKey: order}} }
	sorted := []Port{port("a:x", "2"), port("a:b", "10"), port("a:c", "10"), port("a:a", "none"), {Name: "a:p2"}, {Name: "a:p10"}, port("b:a", "1")}
	for i := range sorted {
		for j := range sorted {
			if got := ByOrder(sorted[i], sorted[j]); got != compareInts(i, j) {
				t.Errorf("ByOrder(%s, %s) = %d", sorted[i].Name, sorted[j].Name, got)
			}
		}
	}
}
