package session

import (
	"fmt"
	"strings"
)

// mistakes are what the schema cannot see: parts that do not go together, and
// texts that mean nothing to the command they are for. Of a file of which some is
// left out, only what each part is by itself can be judged.
func (f *File) mistakes(c Check, partial bool) Errors {
	var errs Errors
	wrong := func(n *node, format string, args ...any) {
		errs = append(errs, &Error{n.at, fmt.Sprintf(format, args...)})
	}
	clash := wrong
	if partial {
		clash = func(*node, string, ...any) {}
	}
	means := func(n *node, check func(string) error) {
		if n == nil || check == nil {
			return
		}
		if n.kind == list {
			for _, item := range n.items {
				if err := check(item.text); err != nil {
					wrong(item, "%s", err)
				}
			}
		} else if err := check(n.text); err != nil {
			wrong(n, "%s", err)
		}
	}
	if s := f.Server; s != nil {
		n := f.tree.key("server")
		if s.Driver == "dummy" && s.Device != "" {
			clash(n.key("device"), "device: the dummy driver has none")
		}
		if s.Block&(s.Block-1) != 0 {
			wrong(n.key("block"), "block: %d is not a power of two", s.Block)
		}
	}
	if card := f.Card; card != nil && card.Input != "" && card.Scene == "" {
		clash(f.tree.key("card").key("input"), "input: belongs to a scene")
	}
	if p := f.Patch; p != nil {
		n := f.tree.key("patch")
		if p.File == "" && len(p.Lines) == 0 {
			clash(n, "patch: neither lines nor a file")
		}
		if p.File != "" && len(p.Lines) > 0 {
			clash(n.key("file"), "patch: lines or a file, not both (a patch file can include others)")
		}
		if p.Scope != "" && !p.Exact {
			clash(n.key("scope"), "scope: says what exact is about, and exact is not set")
		}
		lines := n
		if n.kind == mapping {
			means(n.key("scope"), c.Selector)
			lines = n.key("lines")
		}
		if c.Patch != nil && lines != nil {
			var good []string
			for i, line := range p.Lines {
				err := c.Patch(append(good, line))
				if err == nil {
					good = append(good, line)
					continue
				}
				at := lines
				if lines.kind == list {
					at = lines.items[i]
				}
				wrong(at, "%s", err)
			}
		}
	}
	seen := map[string]bool{}
	for i, t := range f.Tracks {
		if seen[t.Name] {
			clash(f.tree.key("tracks").items[i].key("name"), "track %s: there is one of that name above", t.Name)
		}
		seen[t.Name] = true
		if t.Format != "" && !f.Record.Split {
			clash(f.tree.key("tracks").items[i].key("format"), "format: of one track; record wants split: true for that")
		}
		if t.Heed && f.Record.OnSignal == "" {
			clash(f.tree.key("tracks").items[i].key("heed"), "heed: record has no on-signal that could listen to it")
		}
		means(f.tree.key("tracks").items[i].key("from"), c.Selector)
	}
	if m := f.Monitor; m != nil {
		n := f.tree.key("monitor")
		switch {
		case m.Through == "jack" && m.To == "":
			clash(n, "monitor: through jack wants to: the inputs that one hears")
		case m.Through == "jack" && len(f.Tracks) == 0:
			clash(n, "monitor: there are no tracks to hear")
		case m.Through == "card" && m.To != "":
			clash(n.key("to"), "to: belongs to monitoring through jack")
		}
		means(n.key("to"), c.Selector)
	}
	record := f.tree.key("record")
	if b := f.Record.Bits; b != 0 && b != 16 && b != 24 && b != 32 {
		wrong(record.key("bits"), "bits: %d: want 16, 24 or 32", b)
	}
	if f.Record.Format == "flac" && f.Record.Bits == 32 {
		clash(record.key("bits"), "bits: FLAC holds no float; 16 or 24")
	}
	means(record.key("on-signal"), c.Level)
	if f.Record.PreRoll != "" && f.Record.OnSignal == "" && !f.Record.Wait {
		clash(record.key("pre-roll"), "pre-roll: a take that begins at once has nothing before it; on-signal or wait goes with it")
	}
	if f.Record.UntilSilence != "" && f.Record.OnSignal == "" {
		clash(record.key("until-silence"), "until-silence: on-signal says what silence is")
	}
	if len(f.Tracks) == 0 && record != nil {
		clash(record, "record: there are no tracks")
	}
	if strings.ContainsAny(f.Takes.Name, "/\x00") {
		wrong(f.tree.key("takes").key("name"), "name: a file name, not a path (folder is for that)")
	} else if !strings.Contains(f.Takes.Name, "{number}") && !strings.Contains(f.Takes.Name, "{time}") {
		wrong(f.tree.key("takes").key("name"), "name: without {number} or {time} every take would have the same")
	}
	means(f.tree.key("edit").key("pauses"), c.PauseRule)
	if e := f.Edit; e != nil && e.Sync && !f.Record.Split {
		clash(f.tree.key("edit").key("sync"), "sync: the tracks of a take are cut alike unless record has split: true")
	}
	if len(f.Deliver) > 0 && f.Edit == nil {
		clash(f.tree.key("deliver"), "deliver: wants edit (with pauses: [x1] takes stay as they are)")
	}
	for i, copy := range f.Deliver {
		for _, other := range f.Deliver[:i] {
			if other.Folder == copy.Folder && f.tail(other) == f.tail(copy) {
				clash(f.tree.key("deliver").items[i], "deliver: there is one above that goes to the same file; another folder tells them apart")
				break
			}
		}
		if b := copy.Bits; b != 0 && b != 16 && b != 24 && b != 32 {
			wrong(f.tree.key("deliver").items[i].key("bits"), "bits: %d: want 16, 24 or 32", b)
		}
	}
	return errs
}
