package browser

import (
	"net"
	"net/url"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

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
