// Package keyring keeps texts in the operating system's keyring: the Secret
// Service on a D-Bus session bus, the Keychain of macOS, the Credential Manager
// of Windows.
//
// A text of any length is stored, in several items if it is larger than one item
// may be (itemSize). The item with the text's own name begins with a header line,
// followed by the first part of the text:
//
//	ssoenv 1 ID MORE
//
// MORE is the number of further items, named "NAME ID 1" to "NAME ID MORE". ID
// is random and new in each Write. The further items are written before the item
// that refers to them, and those of the previous text are deleted after it. So
// Read returns the previous text or the new one, never a mixture: if an item is
// missing, the text was replaced in the meantime, and Read starts again.
//
// The package reads no environment itself. The Secret Service's library finds
// the bus through DBUS_SESSION_BUS_ADDRESS of the process.
package keyring

import (
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	oskeyring "github.com/zalando/go-keyring"
)

// A Keyring gives access to the operating system's keyring. Nothing is sent to
// it before the first request.
type Keyring struct {
	// Bus is the address of the D-Bus session bus (DBUS_SESSION_BUS_ADDRESS).
	// It may be empty: then the bus is looked for in /run/user/UID. macOS and
	// Windows do not use it.
	Bus string
}

const (
	// service is the attribute that all items of ssoenv have in common.
	service = "ssoenv"

	// requestTimeout limits Read, Write and Delete. A locked keyring answers only
	// after the user has unlocked it, which could keep a shell waiting forever.
	requestTimeout = 3 * time.Second

	// readAttempts is how often Read starts again because an item is missing.
	readAttempts = 5

	// headerPrefix is how an item that Write has written begins.
	headerPrefix = "ssoenv 1"
)

// itemSize is the number of bytes of a text that one item holds at most. The
// Keychain and the Credential Manager accept less than an SSO token needs.
func itemSize() int {
	switch runtime.GOOS {
	case "darwin", "windows":
		return 2000
	}
	return 64 << 10
}

// A header is the first line of a text's first item.
type header struct {
	id   string // tells the items of one Write from those of another
	more int    // number of further items
}

func (h header) String() string {
	return fmt.Sprintf("%s %s %d\n", headerPrefix, h.id, h.more)
}

// itemName returns the name of further item n, counted from 1.
func (h header) itemName(name string, n int) string {
	return name + " " + h.id + " " + strconv.Itoa(n)
}

// parseItem splits a first item into its header and its part of the text. It
// returns false for an item that Write has not written.
func parseItem(item string) (h header, part string, ok bool) {
	line, part, ok := strings.Cut(item, "\n")
	words := strings.Fields(line)
	if !ok || len(words) != 4 || words[0]+" "+words[1] != headerPrefix {
		return header{}, "", false
	}
	more, err := strconv.Atoi(words[3])
	return header{id: words[2], more: more}, part, err == nil
}

// Read returns the text that was last written under the name. It returns false,
// without an error, if there is none or if it is not from Write.
func (k Keyring) Read(name string) (text string, found bool, err error) {
	whole, err := withTimeout(k, func() (whole *string, err error) {
		for range readAttempts {
			h, text, found, firstErr := readFirst(name)
			if firstErr != nil || !found {
				return nil, firstErr
			}
			err = nil
			for n := 1; n <= h.more && err == nil; n++ {
				var part string
				part, err = oskeyring.Get(service, h.itemName(name, n))
				text += part
			}
			if err == nil {
				return &text, nil
			}
			// Probably replaced meanwhile.
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

// readFirst reads the first item of a text. It returns false if there is no such
// item or if it is not from Write.
func readFirst(name string) (h header, part string, found bool, err error) {
	item, err := oskeyring.Get(service, name)
	if errors.Is(err, oskeyring.ErrNotFound) {
		return header{}, "", false, nil
	}
	if err != nil {
		return header{}, "", false, err
	}
	h, part, found = parseItem(item)
	return h, part, found, nil
}

// Write stores the text under the name and replaces what was there. After an
// error the previous text may still be there.
func (k Keyring) Write(name, text string) error {
	return k.do(func() error {
		old, _, _, err := readFirst(name)
		if err != nil {
			return err
		}
		size := itemSize()
		h := header{id: rand.Text()[:8], more: (len(text) - 1) / size}
		for n := 1; n <= h.more; n++ {
			if err := oskeyring.Set(service, h.itemName(name, n), text[n*size:min(len(text), (n+1)*size)]); err != nil {
				return err
			}
		}
		if err := oskeyring.Set(service, name, h.String()+text[:min(len(text), size)]); err != nil {
			return err
		}
		return deleteMore(old, name)
	})
}

// Delete deletes all items of the text. It is no error if there are none.
func (k Keyring) Delete(name string) error {
	return k.do(func() error {
		h, _, _, err := readFirst(name)
		if err != nil {
			return err
		}
		return errors.Join(deleteItem(name), deleteMore(h, name))
	})
}

// deleteMore deletes the further items of a text.
func deleteMore(h header, name string) error {
	for n := 1; n <= h.more; n++ {
		if err := deleteItem(h.itemName(name, n)); err != nil {
			return err
		}
	}
	return nil
}

// deleteItem deletes one item. It is no error if it does not exist.
func deleteItem(name string) error {
	if err := oskeyring.Delete(service, name); err != nil && !errors.Is(err, oskeyring.ErrNotFound) {
		return err
	}
	return nil
}

func (k Keyring) do(request func() error) error {
	_, err := withTimeout(k, func() (struct{}, error) { return struct{}{}, request() })
	return err
}

// withTimeout runs the request and returns its result, or an error after
// requestTimeout. The request cannot be cancelled: it goes on in the background
// and its result is dropped.
func withTimeout[T any](k Keyring, request func() (T, error)) (value T, err error) {
	if err := checkBus(k.Bus); err != nil {
		return value, err
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := request()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-time.After(requestTimeout):
		return value, fmt.Errorf("no answer within %v: it may have to be unlocked", requestTimeout)
	}
}
