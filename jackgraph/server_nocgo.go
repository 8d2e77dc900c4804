//go:build !cgo

package jackgraph

import "context"

// Server is a client of a running JACK server: never here, in a binary that
// was built without libjack.
type Server struct{}

func Open(name string) (*Server, error)  { return nil, ErrNoLibrary }
func Visit(name string) (*Server, error) { return nil, ErrNoLibrary }

func Version() string { return "" }

func OnPipeWire() bool { return false }

func (s *Server) Close() error      { return ErrNoLibrary }
func (s *Server) Ports() []Port     { return nil }
func (s *Server) Snapshot() Graph   { return Graph{} }
func (s *Server) Do(c Change) error { return ErrNoLibrary }
func (s *Server) DoAll(ctx context.Context, changes []Change) []error {
	return make([]error, len(changes))
}
func (s *Server) Begin(ctx context.Context, changes []Change) (end func() []error) {
	return func() []error { return make([]error, len(changes)) }
}
func (s *Server) SetPretty(name, pretty string) error               { return ErrNoLibrary }
func (s *Server) SetProperty(name, key, value string) error         { return ErrNoLibrary }
func (s *Server) SetAlias(port, alias string) error                 { return ErrNoLibrary }
func (s *Server) Namings() []Naming                                 { return nil }
func (s *Server) Clients(ports []Port) []string                     { return nil }
func (s *Server) Ended() bool                                       { return true }
func (s *Server) Engine() Engine                                    { return Engine{} }
func (s *Server) SetBlock(frames int) error                         { return ErrNoLibrary }
func (s *Server) Final() bool                                       { return true }
func (s *Server) Await(ctx context.Context, changes []Change) Graph { return Graph{} }

// Watch is a client that hears what happens on its server: never here.
type Watch struct{ *Server }

func OpenWatch(name string) (*Watch, error)                { return nil, ErrNoLibrary }
func (w *Watch) Graph() Graph                              { return Graph{} }
func (w *Watch) Next(ctx context.Context) ([]Event, error) { return nil, ErrNoLibrary }

func (s *Server) Activate() error          { return ErrNoLibrary }
func (s *Server) Transport() Transport     { return Transport{} }
func (s *Server) Roll()                    {}
func (s *Server) Halt()                    {}
func (s *Server) Locate(frame int64) error { return ErrNoLibrary }
