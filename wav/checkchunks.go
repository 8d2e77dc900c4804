package wav

// checkChunks looks into the chunks that are not audio, and notes what is
// wrong with them: they are carried through as they are.
func (w *walker) checkChunks() {}
