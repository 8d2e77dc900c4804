// Package nsm speaks to a session manager of the New Session Manager's kind (NSM
// 1.1.2, "NSM Client Protocol"; Non Session Manager, RaySession): a program
// that it starts is told where to keep its part of a session, when to save it,
// and ends on SIGTERM.
package nsm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"
)

// Handler is the program's part.
type Handler interface {
	// Open brings the program into the state kept at a path, or begins a
	// new one there. It comes again when the session is switched. id is the
	// name that the program has among JACK's clients.
	Open(ctx context.Context, path, name, id string) error
	// Save keeps the state there.
	Save(ctx context.Context) error
}

// Client is the connection to a session manager. Run is called once; the other
// methods from any goroutine.
type Client struct {
	conn       *net.UDPConn
	name       string
	executable string
}

// URLVariable is where a session manager says how it is reached.
const URLVariable = "NSM_URL"

// Error codes of the protocol.
const (
	errGeneral  = -1
	apiMajor    = 1
	apiMinor    = 1
	answerAfter = 2 * time.Second // until the manager is asked again
)

// Dial reaches the manager of a URL such as osc.udp://host:11287/. name is what
// people see, executable the name that the program was started under.
func Dial(address, name, executable string) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "osc.udp" || u.Host == "" {
		return nil, fmt.Errorf("%s=%s: want osc.udp://HOST:PORT/", URLVariable, address)
	}
	to, err := net.ResolveUDPAddr("udp", u.Host)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", URLVariable, address, err)
	}
	// One socket for all: the manager knows its clients by their address.
	conn, err := net.DialUDP("udp", nil, to)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", URLVariable, address, err)
	}
	return &Client{conn, name, executable}, nil
}

func (c *Client) send(address string, args ...any) error {
	_, err := c.conn.Write(message{address, args}.encode())
	return err
}

// Dirty tells whether there is something to save.
func (c *Client) Dirty(dirty bool) error {
	if dirty {
		return c.send("/nsm/client/is_dirty")
	}
	return c.send("/nsm/client/is_clean")
}

// Progress tells how much of an Open or Save is done, from 0 to 1.
func (c *Client) Progress(part float32) error { return c.send("/nsm/client/progress", part) }

// Message shows the user a line; a higher priority (0 to 3) is more urgent.
func (c *Client) Message(priority int32, text string) error {
	return c.send("/nsm/client/message", priority, text)
}

// ErrRefused is the error where the manager does not want the program.
var ErrRefused = errors.New("the session manager refuses")

// Run announces the program and does what the manager says, until the context
// ends. A manager that does not answer is asked again and again: it may be late.
func (c *Client) Run(ctx context.Context, h Handler) error {
	defer c.conn.Close()
	stop := context.AfterFunc(ctx, func() { c.conn.SetReadDeadline(time.Now()) })
	defer stop()
	announced := false
	buf := make([]byte, 1<<16)
	for {
		if !announced {
			c.announce()
			c.conn.SetReadDeadline(time.Now().Add(answerAfter))
		} else {
			c.conn.SetReadDeadline(time.Time{})
		}
		if ctx.Err() != nil {
			return nil
		}
		n, err := c.conn.Read(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			if !announced { // nobody there yet: a timeout, or connection refused
				select {
				case <-time.After(answerAfter / 4):
				case <-ctx.Done():
				}
				continue
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				continue
			}
			// The manager has gone; one that comes back there is told anew.
			announced = false
			continue
		}
		m, err := decode(buf[:n])
		if err != nil {
			continue // not for us
		}
		switch m.address {
		case "/reply":
			if m.text(0) == "/nsm/server/announce" {
				announced = true
			}
		case "/error":
			if m.text(0) == "/nsm/server/announce" {
				return fmt.Errorf("%w: %s", ErrRefused, m.text(2))
			}
		case "/nsm/client/open":
			c.answer(m.address, h.Open(ctx, m.text(0), m.text(1), m.text(2)))
		case "/nsm/client/save":
			c.answer(m.address, h.Save(ctx))
		}
	}
}

func (c *Client) announce() {
	c.send("/nsm/server/announce", c.name, ":dirty:switch:progress:message:", c.executable, int32(apiMajor), int32(apiMinor), int32(os.Getpid()))
}

func (c *Client) answer(to string, err error) {
	if err != nil {
		c.send("/error", to, int32(errGeneral), err.Error())
		return
	}
	c.send("/reply", to, "OK")
}
