package alsa

// ICE1712 is the driver of the Envy24 family: Delta 1010LT and its relatives.
const ICE1712 = "ICE1712"

// peakName is the element with the 22 peak meters.
const peakName = "Multi Track Peak"

// ClearsOnRead reports whether reading the element changes it: the peak meters
// start anew, so that two readers take peaks from each other.
func ClearsOnRead(id ID) bool { return id.Name == peakName }

// echoes reports whether the element reads as another: the status of the
// S/PDIF stream always reads as the default status.
func echoes(id ID) bool { return id.Name == "IEC958 Playback PCM Stream" }

// silent reports whether the driver changes the element without an event.
func silent(id ID) bool {
	switch id.Name {
	case "Multi Track Internal Clock", "Multi Track Internal Clock Default", "Multi Track Rate Locking",
		"Multi Track Rate Reset", "Word Clock Status":
		return true
	}
	return false
}

// Refine adds to all elements of a card what the driver does not say of each:
// which have siblings, and what the hardware documents. The S/PDIF strips of an ICE1712's monitor mixer have the scale of the others,
// and the analog gain of its AK4524 converters ends at +18 dB, value 163,
// where the driver offers 164.
func Refine(driver string, elements []*Element) {
	siblings := make(map[ID]int)
	family := func(e *Element) ID {
		id := e.ID
		id.Index = 0
		return id
	}
	for _, e := range elements {
		siblings[family(e)]++
	}
	for _, e := range elements {
		e.Several = siblings[family(e)] > 1
	}
	if driver != ICE1712 {
		return
	}
	for _, e := range elements {
		switch {
		case e.Name == "IEC958 Multi Capture Volume" && e.Scale.None():
			e.Scale = Steps(e.Min, e.Max, -144, 1.5, false)
		case e.Name == "ADC Volume" && e.Max == 164:
			e.Limit = 163
		}
	}
}
