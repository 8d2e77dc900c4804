//go:build !cgo

package rt

func interleaveSamples(to, planar []uint32, channels, frames, at, n int) {
	for c := range channels {
		for i, v := range planar[c*frames+at:][:n] {
			to[i*channels+c] = v
		}
	}
}
