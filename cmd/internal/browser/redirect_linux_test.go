package browser

import (
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// The owner of a connection is found whichever way the other side speaks.
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
		t.Errorf("%d, %v", uid, ok)
	}
	if uid, ok := socketOwner("127.0.0.1:1", "127.0.0.1:2"); ok {
		t.Errorf("nobody's connection is %d's", uid)
	}

	// A socket of IPv6 that has an IPv4 address at its other end.
	mapped, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(mapped) }()
	to := syscall.SockaddrInet6{Port: listener.Addr().(*net.TCPAddr).Port, Addr: [16]byte{10: 0xff, 0xff, 127, 0, 0, 1}}
	if err := syscall.Connect(mapped, &to); err != nil {
		t.Fatal(err)
	}
	// The first connection stands before it in the queue.
	for range 2 {
		accepted, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = accepted.Close() }()
		if uid, ok := socketOwner(accepted.RemoteAddr().String(), accepted.LocalAddr().String()); !ok || uid != os.Getuid() {
			t.Errorf("%v: %d, %v", accepted.RemoteAddr(), uid, ok)
		}
	}
}

// Another user who has read the browser's arguments, and is faster, gets
// nothing, and spoils nothing.
func TestHandoffToAnotherUser(t *testing.T) {
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
	address, fetched := handedOff(t, t.Context())
	if got := as(65534, address); got != "403 " {
		t.Errorf("nobody got %q", got)
	}
	if got := as(0, address); got != "303 https://target.example/?secret" {
		t.Errorf("the user got %q", got)
	}
	<-fetched
}
