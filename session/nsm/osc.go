package nsm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// message is one message of Open Sound Control 1.0: an address and arguments
// that are string, int32, float32 or bool. Bundles are not used by NSM.
type message struct {
	address string
	args    []any
}

var errOSC = errors.New("not a message of OSC")

func (m message) encode() []byte {
	tags := []byte(",")
	var args []byte
	for _, a := range m.args {
		switch v := a.(type) {
		case string:
			tags, args = append(tags, 's'), append(args, oscString(v)...)
		case int32:
			tags, args = append(tags, 'i'), binary.BigEndian.AppendUint32(args, uint32(v))
		case float32:
			tags, args = append(tags, 'f'), binary.BigEndian.AppendUint32(args, math.Float32bits(v))
		case bool:
			tags = append(tags, map[bool]byte{true: 'T', false: 'F'}[v])
		default:
			panic(fmt.Sprintf("nsm: a %T in a message", a))
		}
	}
	return append(append(oscString(m.address), oscString(string(tags))...), args...)
}

// oscString ends in one to four zeros, to a multiple of four bytes.
func oscString(s string) []byte {
	return append([]byte(s), make([]byte, 4-len(s)%4)...)
}

func decode(p []byte) (message, error) {
	var m message
	text := func() (string, bool) {
		n := bytes.IndexByte(p, 0)
		if n < 0 || len(p) < n/4*4+4 {
			return "", false
		}
		s := string(p[:n])
		p = p[n/4*4+4:]
		return s, true
	}
	word := func() (uint32, bool) {
		if len(p) < 4 {
			return 0, false
		}
		v := binary.BigEndian.Uint32(p)
		p = p[4:]
		return v, true
	}
	var ok bool
	if m.address, ok = text(); !ok || m.address == "" || m.address[0] != '/' {
		return m, errOSC
	}
	if len(p) == 0 {
		return m, nil // old senders leave the tags out where there are no arguments
	}
	tags, ok := text()
	if !ok || tags == "" || tags[0] != ',' {
		return m, errOSC
	}
	for _, tag := range tags[1:] {
		var v uint32
		var s string
		ok = true
		switch tag {
		case 's':
			s, ok = text()
			m.args = append(m.args, s)
		case 'i':
			v, ok = word()
			m.args = append(m.args, int32(v))
		case 'f':
			v, ok = word()
			m.args = append(m.args, math.Float32frombits(v))
		case 'T', 'F':
			m.args = append(m.args, tag == 'T')
		default:
			ok = false
		}
		if !ok {
			return m, errOSC
		}
	}
	return m, nil
}

// text is an argument that is a string, "" where there is none.
func (m message) text(i int) string {
	if i < len(m.args) {
		s, _ := m.args[i].(string)
		return s
	}
	return ""
}
