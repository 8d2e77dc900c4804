package nsm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"testing"
	"time"
)

func TestMessages(t *testing.T) {
	for _, m := range []message{
		{"/a", nil},
		{"/nsm/server/announce", []any{"jackknife", ":dirty:", "jackknife-nsm", int32(1), int32(1), int32(4711)}},
		{"/nsm/client/progress", []any{float32(0.5)}},
		{"/abc", []any{"", "abc", "abcd", true, false, "zwölf"}},
	} {
		p := m.encode()
		if len(p)%4 != 0 {
			t.Errorf("%v: %d bytes", m, len(p))
		}
		got, err := decode(p)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%v became %v, %v", m, got, err)
		}
	}
	// As liblo's oscsend writes it.
	got, err := decode([]byte("/foo\x00\x00\x00\x00,si\x00bar\x00\x00\x00\x00\x07"))
	if err != nil || !reflect.DeepEqual(got, message{"/foo", []any{"bar", int32(7)}}) {
		t.Errorf("%v, %v", got, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("/foo\x00\x00\x00\x00,si\x00bar\x00\x00\x00\x00\x07"))
	f.Add([]byte("/a\x00\x00,TF\x00"))
	f.Fuzz(func(t *testing.T, p []byte) {
		m, err := decode(p)
		if err != nil {
			return
		}
		again, err := decode(m.encode())
		if err != nil || fmt.Sprint(again) != fmt.Sprint(m) { // Sprint: a NaN equals itself
			t.Errorf("%v became %v, %v", m, again, err)
		}
	})
}

// program is a Handler that writes down what it was told.
type program struct{ told chan string }

func (p program) Open(_ context.Context, path, name, id string) error {
	p.told <- fmt.Sprintf("open %s %s %s", path, name, id)
	return nil
}

func (p program) Save(context.Context) error {
	p.told <- "save"
	return errors.New("disk full")
}

// manager is the other side, as nsmd 1.6.1 speaks.
type manager struct {
	t    *testing.T
	conn *net.UDPConn
	from *net.UDPAddr
}

func listen(t *testing.T, at string) *manager {
	t.Helper()
	a, err := net.ResolveUDPAddr("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &manager{t: t, conn: conn}
}

func (m *manager) expect(address string) message {
	m.t.Helper()
	buf := make([]byte, 4096)
	m.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		n, from, err := m.conn.ReadFromUDP(buf)
		if err != nil {
			m.t.Fatalf("no %s: %v", address, err)
		}
		got, err := decode(buf[:n])
		if err != nil {
			m.t.Fatal(err)
		}
		if m.from = from; got.address == address {
			return got
		}
	}
}

func (m *manager) say(address string, args ...any) {
	m.t.Helper()
	if _, err := m.conn.WriteToUDP(message{address, args}.encode(), m.from); err != nil {
		m.t.Fatal(err)
	}
}

func TestClient(t *testing.T) {
	// The manager is late: the client is there first.
	place := listen(t, "127.0.0.1:0")
	at := place.conn.LocalAddr().String()
	place.conn.Close()
	c, err := Dial("osc.udp://"+at+"/", "jackknife", "jackknife-nsm")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := program{make(chan string, 10)}
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, p) }()

	m := listen(t, at)
	hello := m.expect("/nsm/server/announce")
	if hello.text(0) != "jackknife" || hello.text(2) != "jackknife-nsm" || len(hello.args) != 6 {
		t.Errorf("announced as %v", hello)
	}
	m.say("/reply", "/nsm/server/announce", "Hello!", "nsmd", ":server-control:")
	m.say("/nsm/client/nonsense", int32(3))
	m.conn.WriteToUDP([]byte("garbage"), m.from)
	m.say("/nsm/client/open", "/tmp/s/jackknife.nABCD", "evening", "jackknife.nABCD")
	if got := m.expect("/reply"); got.text(0) != "/nsm/client/open" {
		t.Errorf("answered %v", got)
	}
	m.say("/nsm/client/session_is_loaded")
	m.say("/nsm/client/save")
	if got := m.expect("/error"); got.text(0) != "/nsm/client/save" || got.text(2) != "disk full" {
		t.Errorf("answered %v", got)
	}
	if err := errors.Join(c.Dirty(true), c.Progress(0.5), c.Message(1, "hello"), c.Dirty(false)); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"is_dirty", "progress", "message", "is_clean"} {
		m.expect("/nsm/client/" + address)
	}
	m.say("/nsm/client/open", "/tmp/s2/jackknife.nABCD", "morning", "jackknife.nABCD")
	m.expect("/reply")
	for _, want := range []string{"open /tmp/s/jackknife.nABCD evening jackknife.nABCD", "save", "open /tmp/s2/jackknife.nABCD morning jackknife.nABCD"} {
		if got := <-p.told; got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestClientRefused(t *testing.T) {
	m := listen(t, "127.0.0.1:0")
	c, err := Dial("osc.udp://"+m.conn.LocalAddr().String()+"/", "jackknife", "jackknife-nsm")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Run(context.Background(), program{}) }()
	m.expect("/nsm/server/announce")
	m.say("/error", "/nsm/server/announce", int32(-2), "Incompatible API version")
	if err := <-ended; !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

func TestDialWrong(t *testing.T) {
	for _, at := range []string{"", "http://localhost:1/", "osc.udp://", "osc.udp://nowhere.invalid:99/"} {
		if _, err := Dial(at, "a", "b"); err == nil {
			t.Errorf("%q was taken", at)
		}
	}
}
