package alsa

import "errors"

// Card is what a sound card says of itself.
type Card struct {
	Number   int    // as the kernel counts them, -1 for a control device that is no card
	ID       string // short and unique: "M1010LT"
	Driver   string // "ICE1712"
	Name     string
	LongName string
	Mixer    string
}

// Errors by which callers tell what to do.
var (
	ErrNoCard  = errors.New("no such card")
	ErrGone    = errors.New("the card is gone")
	ErrIgnored = errors.New("the driver ignored it")

	ErrNoLibrary = errors.New("this binary was built without libasound")
)

// Applied is what became of a list of changes.
type Applied struct {
	Done   []Change // took effect
	Failed []error  // did not
	Along  []Change // what the driver changed besides
}
