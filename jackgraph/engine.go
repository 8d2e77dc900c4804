package jackgraph

// Engine is how a server runs.
type Engine struct {
	RateHz   int
	Block    int     // frames
	Load     float64 // percent of the time of a block that all programs together take
	Realtime bool    // the audio threads run before all others
}
