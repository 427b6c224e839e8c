//go:build linux

package keyring

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	oskeyring "github.com/zalando/go-keyring"

	"github.com/ssoenv/ssoenv/cmd/internal/keyringtest"
)

// newKeyring starts a keyring and returns it as this process uses it.
func newKeyring(t *testing.T) (Keyring, *keyringtest.SecretService) {
	t.Helper()
	s, err := keyringtest.Start("HOME="+t.TempDir(), "PATH="+os.Getenv("PATH"))
	t.Cleanup(s.End)
	must(t, err)
	// The library reads the environment, once in a process.
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", s.Bus)
	return Keyring{Bus: s.Bus}, s
}

// TestTexts writes, reads and deletes texts of all sizes, reads items of others
// and waits for a keyring that does not answer.
func TestTexts(t *testing.T) {
	k, s := newKeyring(t)
	want := func(name, text string) {
		t.Helper()
		got, found, err := k.Read(name)
		if err != nil || !found || got != text {
			t.Errorf("Read = %d bytes, %v, %v, want %d bytes", len(got), found, err, len(text))
		}
	}
	wantNone := func(name string) {
		t.Helper()
		if got, found, err := k.Read(name); err != nil || found {
			t.Errorf("Read = %q, %v, %v, want nothing", got, found, err)
		}
	}
	wantNone("a")
	must(t, k.Delete("a"))
	// Below one item's size, at it, above it, and back again.
	for _, size := range []int{0, 1, 5000, itemSize(), itemSize() + 1, 3*itemSize() + 7, 2 * itemSize(), 10} {
		text := strings.Repeat("x", size/2) + strings.Repeat("y", size-size/2)
		must(t, k.Write("a", text))
		must(t, k.Write("b \"é\\", text))
		want("a", text)
		want("b \"é\\", text)
	}
	must(t, k.Delete("a"))
	wantNone("a")
	want("b \"é\\", "xxxxxyyyyy")
	must(t, k.Delete("b \"é\\"))

	// No item is left, not even the further items of long texts.
	find := exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
		"org.freedesktop.Secret.Service.SearchItems", "dict:string:string:service,"+service)
	if out, err := find.CombinedOutput(); err != nil || strings.Contains(string(out), "collection") {
		t.Errorf("items left: %v: %s", err, out)
	}

	// Items that Write has not written are not found.
	for _, foreign := range []string{"", "secret", "ssoenv 1 x\n", "ssoenv 2 x 0\nsecret", "ssoenv 1 x y\nsecret", "ssoenv 1 gone 1\nhalf"} {
		must(t, oskeyring.Set(service, "c", foreign))
		wantNone("c")
	}
	must(t, k.Write("c", "mine"))
	want("c", "mine")

	// A keyring that does not answer makes each request fail after the timeout.
	must(t, s.Daemon.Signal(syscall.SIGSTOP))
	var all sync.WaitGroup
	for what, request := range map[string]func() error{
		"Read":   func() error { _, _, err := k.Read("c"); return err },
		"Write":  func() error { return k.Write("c", "late") },
		"Delete": func() error { return k.Delete("none") },
	} {
		all.Go(func() {
			if err := request(); err == nil || !strings.Contains(err.Error(), "no answer within 3s") {
				t.Errorf("%s: got error %v, want a timeout", what, err)
			}
		})
	}
	all.Wait()
	must(t, s.Daemon.Signal(syscall.SIGCONT))
}

// Without the address of a bus, the library would run the dbus-launch that PATH has
// first.
func TestNoBusIsLaunched(t *testing.T) {
	dir := t.TempDir()
	marker := filepath.Join(dir, "ran")
	must(t, os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte("#!/bin/sh\n>'"+marker+"'\n"), 0o700))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	buses := []string{"autolaunch:", "autolaunch:scope=x"}
	if _, err := os.Stat("/run/user/" + strconv.Itoa(os.Getuid())); err != nil {
		buses = append(buses, "") // otherwise the bus of this user is there
	}
	for _, bus := range buses {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus)
		if _, _, err := (Keyring{Bus: bus}).Read("a"); err == nil || !strings.Contains(err.Error(), "no D-Bus session bus found") {
			t.Errorf("Read with the bus %q: got error %v, want that there is no bus", bus, err)
		}
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("dbus-launch was run, want it not run")
	}
}

// A bus on another transport than a Unix socket of the user is not used: the token
// would go over a network, or to another user.
func TestOnlyLocalBuses(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	connected := make(chan struct{}, 1)
	go func() {
		if c, err := listener.Accept(); err == nil {
			_ = c.Close()
			connected <- struct{}{}
		}
	}()
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	foreign := filepath.Join(t.TempDir(), "bus")
	must(t, os.WriteFile(foreign, nil, 0o600))
	buses := []string{
		"tcp:host=127.0.0.1,port=" + port, "nonce-tcp:host=127.0.0.1,port=" + port, "unix:path=/nonexistent;tcp:host=127.0.0.1,port=" + port,
		"unixexec:path=/bin/true", "TCP:host=127.0.0.1,port=" + port,
	}
	if os.Getuid() == 0 {
		must(t, os.Chown(foreign, 65534, 65534))
		buses = append(buses, "unix:path="+foreign, "unix:guid=0,path="+foreign,
			"unix:path="+strings.ReplaceAll(foreign, "/", "%2f"))
	}
	for _, bus := range buses {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus)
		if err := (Keyring{Bus: bus}).Write("a", "b"); err == nil || !strings.Contains(err.Error(), "is not the address of a Unix socket of yours") {
			t.Errorf("Write with the bus %q: got error %v, want that it is not a Unix socket of the user", bus, err)
		}
	}
	select {
	case <-connected:
		t.Error("got a connection over TCP, want none")
	default:
	}
}

// A name in the abstract namespace belongs to the process that listens there.
// Another user's process is connected to and sent nothing.
func TestOnlyOwnSockets(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be two users")
	}
	dir, err := os.MkdirTemp("", "bus")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o777)) // the other user makes a socket there
	for name, test := range map[string]struct {
		address string // of net.Listen
		uid     int    // that listens
		bus     string
		want    bool
	}{
		"abstract, own":      {"@ssoenv-test-own", 0, "unix:abstract=ssoenv-test-own", true},
		"abstract, other":    {"@ssoenv-test-other", 65534, "unix:abstract=ssoenv-test-other,guid=0", false},
		"abstract, escaped":  {"@ssoenv-test-escaped", 65534, "unix:abstract=%73soenv-test-escaped", false},
		"abstract, free":     {"", 0, "unix:abstract=ssoenv-test-none", false},
		"second alternative": {"@ssoenv-test-second", 65534, "unix:path=/nonexistent;unix:abstract=ssoenv-test-second", false},
		"path, own":          {filepath.Join(dir, "own"), 0, "unix:path=" + filepath.Join(dir, "own"), true},
		"own file, other":    {filepath.Join(dir, "other"), 65534, "unix:path=" + filepath.Join(dir, "other"), false},
		"path and abstract":  {"@ssoenv-test-both", 0, "unix:path=/nonexistent,abstract=ssoenv-test-both", false},
		"neither":            {"", 0, "unix:guid=0", false},
		"to be listened at":  {"", 0, "unix:tmpdir=/tmp", false},
		"path, free":         {"", 0, "unix:path=/nonexistent", true},
	} {
		t.Run(name, func(t *testing.T) {
			received := make(chan string, 1)
			if test.address != "" {
				// The kernel notes the user of the thread that begins to listen.
				begun := make(chan error)
				go func() {
					runtime.LockOSThread() // and not unlocked: the thread ends with the goroutine
					if test.uid != 0 {
						if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(test.uid), uintptr(test.uid), uintptr(test.uid)); errno != 0 {
							begun <- errno
							return
						}
					}
					l, err := net.Listen("unix", test.address)
					begun <- err
					if err != nil {
						return
					}
					defer l.Close()
					c, err := l.Accept()
					if err != nil {
						return
					}
					sent, _ := io.ReadAll(c)
					received <- string(sent)
				}()
				must(t, <-begun)
				if filepath.IsAbs(test.address) {
					must(t, os.Chown(test.address, 0, 0))
				}
			}
			if got := isLocal(test.bus); got != test.want {
				t.Errorf("isLocal(%q): got %v, want %v", test.bus, got, test.want)
			}
			if test.address != "" && name != "path and abstract" {
				if sent := <-received; sent != "" {
					t.Errorf("sent %q, want nothing", sent)
				}
			}
		})
	}
}

// Read returns one of the texts of a concurrent writer, never parts of two.
func TestReadDuringWrite(t *testing.T) {
	k, _ := newKeyring(t)
	text := func(n int) string { return strings.Repeat(fmt.Sprintf("%06d", n), itemSize()/3) }
	must(t, k.Write("a", text(0)))
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := range 20 {
			if err := k.Write("a", text(n)); err != nil && !isSlow(err) {
				t.Error(err)
			}
		}
	})
	seen, slow := map[string]bool{}, false
	for range 40 {
		got, found, err := k.Read("a")
		if isSlow(err) {
			slow = true
			continue
		}
		if err != nil || !found || got != strings.Repeat(got[:6], itemSize()/3) {
			t.Errorf("Read = %d bytes, %v, %v, want one of the texts", len(got), found, err)
			break
		}
		seen[got[:6]] = true
	}
	writer.Wait()
	if len(seen) == 0 {
		t.Error("the service of the keyring answered none of 40 questions in time")
	} else if len(seen) < 2 && !slow {
		t.Errorf("Read returned %d different texts, want at least 2", len(seen))
	}
}

// isSlow reports whether the service of the keyring did not answer in time, as on a machine
// under load.
func isSlow(err error) bool { return err != nil && strings.Contains(err.Error(), "no answer within") }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
