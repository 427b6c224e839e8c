package browser

import (
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// The owner of a connection is found for IPv4 sockets and for IPv6 sockets that use
// IPv4.
func TestSocketOwner(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	c, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if uid, ok := socketOwner(c.LocalAddr().String(), c.RemoteAddr().String()); !ok || uid != os.Getuid() {
		t.Errorf("socketOwner of the connection = %d, %v, want %d", uid, ok, os.Getuid())
	}
	if uid, ok := socketOwner("127.0.0.1:1", "127.0.0.1:2"); ok {
		t.Errorf("socketOwner of no connection = %d, want none", uid)
	}

	// An IPv6 socket connected to an IPv4 address.
	mapped, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(mapped) }()
	to := syscall.SockaddrInet6{Port: listener.Addr().(*net.TCPAddr).Port, Addr: [16]byte{10: 0xff, 0xff, 127, 0, 0, 1}}
	if err := syscall.Connect(mapped, &to); err != nil {
		t.Fatal(err)
	}
	// The first connection is before it in the queue.
	for range 2 {
		accepted, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = accepted.Close() }()
		if uid, ok := socketOwner(accepted.RemoteAddr().String(), accepted.LocalAddr().String()); !ok || uid != os.Getuid() {
			t.Errorf("socketOwner of %v = %d, %v, want %d", accepted.RemoteAddr(), uid, ok, os.Getuid())
		}
	}
}

// Another user who has read the browser's arguments, and is faster, gets nothing
// and does not use the address up.
func TestRedirectRefusesOtherUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be two users")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("install curl")
	}
	as := func(uid uint32, address string) string {
		c := exec.CommandContext(t.Context(), "curl", "--silent", "--noproxy", "*", "--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}", address)
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		c.Env = []string{"PATH=" + os.Getenv("PATH")}
		out, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("curl: %v: %s", err, out)
		}
		return string(out)
	}
	address, fetched := serveOnce(t, t.Context())
	if got := as(65534, address); got != "403 " {
		t.Errorf("another user got %q, want 403", got)
	}
	if got := as(0, address); got != "303 https://target.example/?secret" {
		t.Errorf("the user got %q, want a redirect", got)
	}
	<-fetched
}
