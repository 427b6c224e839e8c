package browser

import (
	"errors"
	"net"
	"net/url"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The owner of a connection is found for IPv4 sockets and for IPv6 sockets that use
// IPv4. A socket whose process has sent the end of the connection is not established,
// and one that no process has is neither.
func TestFindSocket(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	check := ownerCheck(listener)
	if check == nil {
		t.Fatal("the kernel does not describe sockets")
	}
	port := listener.Addr().(*net.TCPAddr).Port
	mapped := syscall.SockaddrInet6{Port: port, Addr: [16]byte{10: 0xff, 0xff, 127, 0, 0, 1}}
	for name, test := range map[string]struct {
		family int
		to     syscall.Sockaddr
		then   func(client int) error
		own    bool
	}{
		"IPv4":      {syscall.AF_INET, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}, nil, true},
		"IPv6":      {syscall.AF_INET6, &mapped, nil, true},
		"half open": {syscall.AF_INET, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}, func(c int) error { return syscall.Shutdown(c, syscall.SHUT_WR) }, false},
		"closed":    {syscall.AF_INET6, &mapped, syscall.Close, false},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := syscall.Socket(test.family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = syscall.Close(client) }()
			if err := syscall.Connect(client, test.to); err != nil {
				t.Fatal(err)
			}
			if test.then != nil {
				if err := test.then(client); err != nil {
					t.Fatal(err)
				}
			}
			accepted, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = accepted.Close() }()
			if got := check(accepted); got != test.own {
				info, err := findSocket(accepted.RemoteAddr(), accepted.LocalAddr())
				t.Errorf("got %v of %+v (%v), want %v", got, info, err, test.own)
			}
		})
	}
	if info, err := findSocket(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2}); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no connection: got %+v, %v, want ENOENT", info, err)
	}
	if _, err := findSocket(&net.TCPAddr{IP: net.IPv6loopback, Port: 1}, listener.Addr()); err == nil {
		t.Error("an IPv6 address: got no error")
	}
}

// asAnotherUser runs f on a thread of another user (65534), to whom the sockets belong
// that f makes, in the background.
func asAnotherUser(t *testing.T, f func()) (done <-chan struct{}) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // and not unlocked: the thread ends with the goroutine
		const other = 65534
		if _, _, err := syscall.RawSyscall(syscall.SYS_SETRESUID, other, other, other); err != 0 {
			t.Error(err)
			return
		}
		f()
	}()
	return ended
}

// Another user who has read the browser's arguments, and is faster, gets nothing,
// does not use the address up, and does not keep the user's browser from it.
func TestRedirectRefusesOtherUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be two users")
	}
	for name, attack := range map[string]func(t *testing.T, host, request string, end <-chan struct{}){
		"request": func(t *testing.T, host, request string, _ <-chan struct{}) {
			wantNothing(t, dial(host, request))
		},
		// The kernel says of such a socket, once it is closed, that it is root's.
		"request with the end": func(t *testing.T, host, request string, _ <-chan struct{}) {
			c := dial(host, request)
			_ = c.CloseWrite()
			wantNothing(t, c)
		},
		"request and close": func(_ *testing.T, host, request string, _ <-chan struct{}) {
			for range 200 {
				_ = dial(host, request).Close()
			}
		},
		"connections held": func(t *testing.T, host, request string, _ <-chan struct{}) {
			for range 300 {
				c := dial(host, request[:5])
				t.Cleanup(func() { _ = c.Close() })
			}
		},
		"flood": func(_ *testing.T, host, request string, end <-chan struct{}) {
			for {
				select {
				case <-end:
					return
				default:
					_ = dial(host, request).Close()
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			address, r := serveOnce(t, t.Context())
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			end := make(chan struct{})
			attacked := asAnotherUser(t, func() {
				attack(t, u.Host, "GET "+u.Path+" HTTP/1.1\r\nHost: "+u.Host+"\r\n\r\n", end)
			})
			if name == "flood" {
				time.Sleep(200 * time.Millisecond)
			} else {
				<-attacked
			}
			select {
			case <-r.Fetched():
				t.Error("Fetched is closed after requests of another user only")
			default:
			}
			if res := request(t, "GET", address, ""); res.StatusCode != 303 || res.Header.Get("Location") != "https://target.example/?secret" {
				t.Errorf("the user got %s, want a redirect", res.Status)
			}
			if !r.RefusedOthers() {
				t.Error("RefusedOthers is false, want true")
			}
			<-r.Fetched()
			close(end)
			<-attacked
		})
	}
}

// dial connects and sends the text. If the other side has ended the connection
// already, it returns one whose methods return errors.
func dial(host, text string) *net.TCPConn {
	c, err := net.Dial("tcp4", host)
	if err != nil {
		return &net.TCPConn{}
	}
	_, _ = c.Write([]byte(text))
	return c.(*net.TCPConn)
}

// wantNothing reads until the connection ends.
func wantNothing(t *testing.T, c *net.TCPConn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	got := make([]byte, 1000)
	if n, _ := c.Read(got); n > 0 {
		t.Errorf("another user got %q, want nothing", got[:n])
	}
}
