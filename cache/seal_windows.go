package cache

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

// dpapi seals with Windows' Data Protection API, under a key that Windows derives from
// the user's logon. Nothing but that user's processes on this machine can decrypt the
// files (with a roaming profile, on the machines to which it roams). After an
// administrator has reset the user's password they are lost, which is a miss.
type dpapi struct{ name string }

func newSealer(name string) sealer { return dpapi{name} }

// sealedVersion is the first byte of what is encrypted, which therefore is never empty.
const sealedVersion = 1

func (d dpapi) check() error {
	_, err := d.seal(nil, "")
	return err
}

func (d dpapi) seal(text []byte, fileKey string) ([]byte, error) {
	description, err := windows.UTF16PtrFromString(d.name)
	if err != nil {
		return nil, err
	}
	in, entropy := append([]byte{sealedVersion}, text...), d.entropy(fileKey)
	var out windows.DataBlob
	err = windows.CryptProtectData(blob(in), description, blob(entropy), 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, &out)
	runtime.KeepAlive(in)
	runtime.KeepAlive(entropy)
	if err != nil {
		return nil, fmt.Errorf("data protection (DPAPI): %w", err)
	}
	return copyAndFree(out), nil
}

func (d dpapi) unseal(sealed []byte, fileKey string) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, errNotSealed
	}
	entropy := d.entropy(fileKey)
	var out windows.DataBlob
	err := windows.CryptUnprotectData(blob(sealed), nil, blob(entropy), 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, &out)
	runtime.KeepAlive(sealed)
	runtime.KeepAlive(entropy)
	if err != nil {
		return nil, fmt.Errorf("data protection (DPAPI): %w", err)
	}
	text := copyAndFree(out)
	if len(text) == 0 || text[0] != sealedVersion {
		return nil, errNotSealed
	}
	return text[1:], nil
}

var errNotSealed = errors.New("data protection (DPAPI): not sealed by ssoenv")

// entropy is what CryptUnprotectData needs besides the user's key. It is no secret: it
// binds a text to its file.
func (d dpapi) entropy(fileKey string) []byte { return []byte(d.name + "\x00" + fileKey) }

// blob describes bytes, of which there is at least one, to the API.
func blob(data []byte) *windows.DataBlob {
	return &windows.DataBlob{Size: uint32(len(data)), Data: &data[0]} //nolint:gosec // at most sizeLimit
}

// copyAndFree copies what the API returned, and frees it.
func copyAndFree(out windows.DataBlob) []byte {
	data := unsafe.Slice(out.Data, out.Size) //nolint:gosec // the API returns a pointer and a size
	text := append([]byte(nil), data...)
	clear(data)
	_, _ = windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data))) //nolint:gosec // as its documentation says
	return text
}
