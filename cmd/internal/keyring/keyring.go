// Package keyring keeps texts in the operating system's keyring.
package keyring

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	oskeyring "github.com/zalando/go-keyring"
)

// A Keyring is the operating system's: the Secret Service on a D-Bus session
// bus, the Keychain of macOS, the Credential Manager of Windows. Nothing speaks
// to it before it is asked for something.
type Keyring struct {
	Bus string // DBUS_SESSION_BUS_ADDRESS
}

const (
	keyringService = "ssoenv"

	// keyringPatience bounds each request. A keyring that waits for somebody
	// to unlock it would keep a shell waiting as long.
	keyringPatience = 3 * time.Second

	// keyringLooks is how often a text is looked for that is being replaced.
	keyringLooks = 5
)

// pieceSize is what one item of the keyring holds at most, in bytes. The
// Keychain and the Credential Manager take less than a session needs.
func pieceSize() int {
	switch runtime.GOOS {
	case "darwin", "windows":
		return 2000
	}
	return 64 << 10
}

// A text is an item of its name: a head line, and the first piece. What does
// not fit is in further items, whose names the head gives. They are there
// before the head that names them is, so that a reader finds the old text or
// the new one.
type keyringHead struct {
	writing string // of further items, to tell them from those of another writing
	more    int    // further items
}

const keyringMark = "ssoenv 1"

func (h keyringHead) String() string {
	return fmt.Sprintf("%s %s %d\n", keyringMark, h.writing, h.more)
}

func (h keyringHead) item(name string, n int) string {
	return name + " " + h.writing + " " + strconv.Itoa(n)
}

// splitHead reads an item, and refuses one that is not of ssoenv's writing.
func splitHead(item string) (head keyringHead, piece string, ok bool) {
	line, piece, ok := strings.Cut(item, "\n")
	words := strings.Fields(line)
	if !ok || len(words) != 4 || words[0]+" "+words[1] != keyringMark {
		return keyringHead{}, "", false
	}
	head.writing = words[2]
	more, err := strconv.Atoi(words[3])
	head.more = more
	return head, piece, err == nil
}

func (k Keyring) Read(name string) (text string, found bool, err error) {
	whole, err := bounded(k, func() (whole *string, err error) {
		for range keyringLooks {
			head, text, found, headErr := readHead(name)
			if headErr != nil || !found {
				return nil, headErr
			}
			err = nil
			for n := 1; n <= head.more && err == nil; n++ {
				var piece string
				piece, err = oskeyring.Get(keyringService, head.item(name, n))
				text += piece
			}
			if err == nil {
				return &text, nil
			}
			// Most likely replaced meanwhile.
		}
		if errors.Is(err, oskeyring.ErrNotFound) {
			return nil, nil
		}
		return nil, err
	})
	if err != nil || whole == nil {
		return "", false, err
	}
	return *whole, true, nil
}

func readHead(name string) (head keyringHead, piece string, found bool, err error) {
	item, err := oskeyring.Get(keyringService, name)
	if errors.Is(err, oskeyring.ErrNotFound) {
		return keyringHead{}, "", false, nil
	}
	if err != nil {
		return keyringHead{}, "", false, err
	}
	head, piece, found = splitHead(item)
	return head, piece, found, nil
}

func (k Keyring) Write(name, text string) error {
	return k.do(func() error {
		old, _, _, err := readHead(name)
		if err != nil {
			return err
		}
		size := pieceSize()
		head := keyringHead{writing: rand.Text()[:8], more: (len(text) - 1) / size}
		for n := 1; n <= head.more; n++ {
			if err := oskeyring.Set(keyringService, head.item(name, n), text[n*size:min(len(text), (n+1)*size)]); err != nil {
				return err
			}
		}
		if err := oskeyring.Set(keyringService, name, head.String()+text[:min(len(text), size)]); err != nil {
			return err
		}
		return deletePieces(old, name)
	})
}

func (k Keyring) Delete(name string) error {
	return k.do(func() error {
		head, _, _, err := readHead(name)
		if err != nil {
			return err
		}
		return errors.Join(deleteItem(name), deletePieces(head, name))
	})
}

func deletePieces(head keyringHead, name string) error {
	for n := 1; n <= head.more; n++ {
		if err := deleteItem(head.item(name, n)); err != nil {
			return err
		}
	}
	return nil
}

func deleteItem(name string) error {
	if err := oskeyring.Delete(keyringService, name); err != nil && !errors.Is(err, oskeyring.ErrNotFound) {
		return err
	}
	return nil
}

func (k Keyring) do(ask func() error) error {
	_, err := bounded(k, func() (struct{}, error) { return struct{}{}, ask() })
	return err
}

// bounded does not wait longer for the keyring than a person would. What comes
// too late is nobody's.
func bounded[T any](k Keyring, ask func() (T, error)) (value T, err error) {
	if !k.hasBus() {
		return value, errors.New("there is no D-Bus session bus to reach it by (DBUS_SESSION_BUS_ADDRESS is not set)")
	}
	type answer struct {
		value T
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		value, err := ask()
		answered <- answer{value, err}
	}()
	select {
	case a := <-answered:
		return a.value, a.err
	case <-time.After(keyringPatience):
		return value, fmt.Errorf("no answer within %v: it may be waiting for somebody to unlock it", keyringPatience)
	}
}

// hasBus looks for the bus in the places where the library does. Where there
// is none, the library would run whatever PATH has as dbus-launch.
func (k Keyring) hasBus() bool {
	switch runtime.GOOS {
	case "darwin", "windows":
		return true
	}
	if k.Bus != "" {
		return !strings.HasPrefix(k.Bus, "autolaunch:")
	}
	runtimeDir := "/run/user/" + strconv.Itoa(os.Getuid())
	for _, name := range []string{"/bus", "/dbus-session"} {
		if _, err := os.Stat(runtimeDir + name); err == nil {
			return true
		}
	}
	return false
}
