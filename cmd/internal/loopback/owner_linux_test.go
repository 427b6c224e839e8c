package loopback

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The owner of a connection is found for IPv4 sockets and for IPv6 sockets that use
// IPv4. A socket whose process has sent the end of the connection is not established,
// and one that no process has is neither.
func TestFindSocket(t *testing.T) {
	listener, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if !listener.KnowsOwners() {
		t.Fatal("the kernel does not describe sockets")
	}
	port := listener.Addr().(*net.TCPAddr).Port
	mapped := syscall.SockaddrInet6{Port: port, Addr: [16]byte{10: 0xff, 0xff, 127, 0, 0, 1}}
	for name, test := range map[string]struct {
		family int
		to     syscall.Sockaddr
		then   func(client int) error
		want   Owner
	}{
		"IPv4":      {syscall.AF_INET, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}, nil, User},
		"IPv6":      {syscall.AF_INET6, &mapped, nil, User},
		"half open": {syscall.AF_INET, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}, func(c int) error { return syscall.Shutdown(c, syscall.SHUT_WR) }, Other},
		"closed":    {syscall.AF_INET6, &mapped, syscall.Close, Other},
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
			if got := listener.Owner(accepted); got != test.want {
				info, err := findSocket(accepted.RemoteAddr(), accepted.LocalAddr())
				t.Errorf("got %v of %+v (%v), want %v", got, info, err, test.want)
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
