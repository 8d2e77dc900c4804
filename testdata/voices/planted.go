package voices

import "math/rand/v2"

// Sound is a sound of one of the Confusers, as loud as it may be beside a voice.
func Sound(kind string, rateHz int, rng *rand.Rand) []float64 { return confuse(kind, rateHz, rng) }
