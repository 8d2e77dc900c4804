//go:build cgo

package jackgraph

/*
#include <stdlib.h>
#include <jack/jack.h>
#include <jack/metadata.h>
#include <jack/session.h>
#include <jack/uuid.h>

// subject_of finds the uuid of a port, or of a client by its name.
static int subject_of(jack_client_t *client, const char *port, const char *name, jack_uuid_t *uuid) {
	if (port) {
		jack_port_t *p = jack_port_by_name(client, port);
		if (!p)
			return -1;
		*uuid = jack_port_uuid(p);
		return 0;
	}
	char *text = jack_get_uuid_for_client_name(client, name);
	if (!text)
		return -1;
	int failed = jack_uuid_parse(text, uuid);
	jack_free(text);
	return failed;
}
*/
import "C"

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unsafe"
)

// SetPretty gives a port, or a client with a colon at the end of its name, the
// name that the user likes; an empty one takes it away. Every program sees it.
func (s *Server) SetPretty(name, pretty string) error {
	return s.SetProperty(name, PrettyNameKey, pretty)
}

// SetProperty sets a property of a port, or of a client with a colon at the end
// of its name; an empty value removes it. ErrNoPort, ErrNoClient: there is none.
// PipeWire keeps the empty value: its jack_remove_property takes the serial number
// in the uuid for an id (0.3.65), and removes what another port has.
func (s *Server) SetProperty(name, key, value string) error {
	uuid, err := s.subject(name)
	if err != nil {
		return err
	}
	ckey, cvalue, ctype := C.CString(key), C.CString(value), C.CString("text/plain")
	// They stay with a call that hangs.
	code, err := s.ask(func() int {
		defer C.free(unsafe.Pointer(ckey))
		defer C.free(unsafe.Pointer(cvalue))
		defer C.free(unsafe.Pointer(ctype))
		if value == "" && !OnPipeWire() {
			return int(C.jack_remove_property(s.handle, uuid, ckey))
		}
		return int(C.jack_set_property(s.handle, uuid, ckey, cvalue, ctype))
	})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case s.Ended():
		return fmt.Errorf("%s: %w", name, s.refused(0))
	case code != 0 && value != "":
		return fmt.Errorf("%s: %w", name, ErrNoMetadata)
	}
	if OnPipeWire() {
		return s.awaitProperty(name, uuid, key, value)
	}
	return nil // to remove what is not there is done
}

// awaitProperty returns when a property has come back from PipeWire, which has
// it from then on: what a client sets and does not wait for may be lost when it
// closes.
func (s *Server) awaitProperty(name string, uuid C.jack_uuid_t, key, value string) error {
	for limit := time.Now().Add(time.Second); allProperties()[uuid][key] != value; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(limit) {
			return fmt.Errorf("%s: the server took %q, but it is not so", name, value)
		}
	}
	return nil
}

// subject returns the uuid of a port or client.
func (s *Server) subject(name string) (C.jack_uuid_t, error) {
	var uuid C.jack_uuid_t
	client, isClient := strings.CutSuffix(name, ":")
	cname, cclient := C.CString(name), C.CString(client)
	code, err := s.ask(func() int {
		defer C.free(unsafe.Pointer(cname))
		defer C.free(unsafe.Pointer(cclient))
		code := C.subject_of(s.handle, cname, nil, &uuid)
		if code != 0 && isClient {
			code = C.subject_of(s.handle, nil, cclient, &uuid)
		}
		return int(code)
	})
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %w", name, err)
	case code != 0 && isClient:
		return 0, fmt.Errorf("%s: %w", client, ErrNoClient)
	case code != 0:
		return 0, fmt.Errorf("%s: %w", name, ErrNoPort)
	}
	return uuid, nil
}

// SetAlias gives a port another full name, one of two that it can have.
// PipeWire allows that only to the port's own client.
func (s *Server) SetAlias(port, alias string) error {
	cport, calias := C.CString(port), C.CString(alias)
	missing := false
	code, err := s.ask(func() int {
		defer C.free(unsafe.Pointer(cport))
		defer C.free(unsafe.Pointer(calias))
		p := C.jack_port_by_name(s.handle, cport)
		if missing = p == nil; missing {
			return 0
		}
		return int(C.jack_port_set_alias(p, calias))
	})
	switch {
	case err == nil && missing:
		err = ErrNoPort
	case err == nil && code != 0 && OnPipeWire():
		err = fmt.Errorf("alias %s: PipeWire leaves aliases to the port's own client", alias)
	case err == nil && code != 0:
		err = fmt.Errorf("alias %s: refused, a port has two at most", alias)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", port, err)
	}
	return nil
}

// Clients returns the names of the clients whose ports these are, in their order.
// The server is asked which of its colons a name ends at.
func (s *Server) Clients(ports []Port) []string {
	var names []string
	asked := make(map[string]bool)
	for _, p := range ports {
		for end, r := range p.Name {
			name := p.Name[:end]
			if r != ':' || end == len(p.Name)-1 || asked[name] {
				continue
			}
			asked[name] = true
			if _, err := s.subject(name + ":"); err == nil {
				names = append(names, name)
			}
		}
	}
	return names
}

// Namings reads the names that ports and clients have beside their own, in
// natural order.
func (s *Server) Namings() []Naming {
	var all []Naming
	properties := allProperties()
	g := Graph{Ports: s.Ports()}
	for _, client := range s.Clients(g.Ports) {
		uuid, err := s.subject(client + ":")
		if pretty := properties[uuid][PrettyNameKey]; err == nil && pretty != "" {
			all = append(all, Naming{Name: client + ":", Pretty: pretty})
		}
	}
	for _, p := range g.Ports {
		if p.Pretty != "" || len(p.Aliases) > 0 {
			all = append(all, Naming{p.Name, p.Pretty, p.Aliases})
		}
	}
	slices.SortStableFunc(all, func(a, b Naming) int { return Natural(a.Name, b.Name) })
	return all
}
