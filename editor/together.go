package editor

// Together is where all tracks of one performance pause, given the pauses of
// each: what remains of a pause of one once the phrases of the others are taken
// out. It has no Tone: every track has its own.
func Together(tracks ...[]Pause) []Pause {
	if len(tracks) == 0 {
		return nil
	}
	both := tracks[0]
	for _, other := range tracks[1:] {
		both = together(both, other)
	}
	return both
}

func together(a, b []Pause) (both []Pause) {
	for len(a) > 0 && len(b) > 0 {
		p, q := a[0], b[0]
		if p.Heard.End <= q.Heard.End {
			a = a[1:]
		} else {
			b = b[1:]
		}
		span, heard := overlapOf(p.Span, q.Span), overlapOf(p.Heard, q.Heard)
		if span.Len() <= 0 {
			continue // the pads meet: speech is everywhere
		}
		// The louder of both says where it is quiet.
		at := p.At
		if q.LevelDB > p.LevelDB {
			at = q.At
		}
		if at < span.Start || at > span.End {
			at = (span.Start + span.End) / 2
		}
		both = append(both, Pause{Span: span, Heard: heard, At: at, LevelDB: max(p.LevelDB, q.LevelDB)})
	}
	return both
}

func overlapOf(a, b Span) Span { return Span{max(a.Start, b.Start), min(a.End, b.End)} }
