//go:build cgo

package jackgraph

// #include <jack/jack.h>
import "C"

import "fmt"

// Engine reads how the server runs.
func (s *Server) Engine() Engine {
	return Engine{
		RateHz:   int(C.jack_get_sample_rate(s.handle)),
		Block:    int(C.jack_get_buffer_size(s.handle)),
		Load:     float64(C.jack_cpu_load(s.handle)),
		Realtime: C.jack_is_realtime(s.handle) != 0,
	}
}

// SetBlock changes the block size for all programs. Under PipeWire it would be
// for this client alone and as long as it lives: SetQuantum is for that.
func (s *Server) SetBlock(frames int) error {
	code, err := s.ask(func() int { return int(C.jack_set_buffer_size(s.handle, C.jack_nframes_t(frames))) })
	if err == nil && code != 0 {
		err = s.refused(code)
	}
	if err == nil && s.Engine().Block != frames {
		err = fmt.Errorf("the server took it, but the block has %d frames", s.Engine().Block)
	}
	if err != nil {
		return fmt.Errorf("block %d: %w", frames, err)
	}
	return nil
}
