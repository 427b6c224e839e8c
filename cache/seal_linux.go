package cache

import (
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// The key has the type "user" and is in the kernel's keyring of the user id
// (user-keyring(7)). Its permissions (keyctl_setperm(3)) let every process of the
// user find and read it, also one that does not possess the key because its
// session keyring has no link to the user keyring. They let no process write it:
// add_key(2) would replace the secret of a key that is in use.
//
// A key is valid once it has these permissions. Until then, another process that
// creates it at the same moment can still change it. After that, add_key fails
// with EACCES in the other process, which then reads the existing key.
const (
	keyType        = "user"
	keyView        = 0x01
	keyRead        = 0x02
	keySearch      = 0x08
	keySetAttr     = 0x20
	keyPermissions = (keyView|keyRead|keySearch|keySetAttr)<<24 | (keyView|keyRead|keySearch)<<16
)

func newSealer(name string) sealer {
	return keySealer{place: "kernel keyring", name: name, find: findKey, create: createKey}
}

// findKey returns the user's key of that name, or errNoKey if it does not exist or
// is not valid yet.
func findKey(name string) ([]byte, error) {
	id, err := unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, keyType, name, 0)
	if isMissing(err) {
		return nil, errNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	// The format is type;uid;gid;permissions;name.
	line, err := unix.KeyctlString(unix.KEYCTL_DESCRIBE, id)
	fields := strings.SplitN(line, ";", 5)
	if err != nil || len(fields) != 5 || fields[3] != fmt.Sprintf("%08x", keyPermissions) {
		return nil, errNoKey
	}
	return readKey(id)
}

// isMissing reports whether err says that a key does not exist, was revoked or has
// expired. EACCES is returned for a new key before its permissions are set.
func isMissing(err error) bool {
	return errors.Is(err, unix.ENOKEY) || errors.Is(err, unix.EKEYREVOKED) || errors.Is(err, unix.EKEYEXPIRED) || errors.Is(err, unix.EACCES)
}

// readKey returns the secret of the key id, or errNoKey.
func readKey(id int) ([]byte, error) {
	secret := make([]byte, keySize)
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, secret, 0)
	if isMissing(err) {
		return nil, errNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if n != keySize {
		return nil, fmt.Errorf("key has %d bytes, want %d", n, keySize)
	}
	return secret, nil
}

// createKey creates the user's key and returns it, or the one that another process
// created in the meantime.
func createKey(name string) ([]byte, error) {
	secret := make([]byte, keySize)
	_, _ = rand.Read(secret) // never fails
	// Only a process that possesses the new key may set its permissions. Linking
	// the user keyring to the thread's keyring gives the thread possession; not
	// every session keyring has a link to it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const user, thread = unix.KEY_SPEC_USER_KEYRING, unix.KEY_SPEC_THREAD_KEYRING
	if _, err := unix.KeyctlInt(unix.KEYCTL_LINK, user, thread, 0, 0); err == nil {
		defer func() { _, _ = unix.KeyctlInt(unix.KEYCTL_UNLINK, user, thread, 0, 0) }()
	}
	id, err := unix.AddKey(keyType, name, secret, user)
	if errors.Is(err, unix.EACCES) {
		return findKey(name)
	}
	if err != nil {
		return nil, fmt.Errorf("add_key: %w", err)
	}
	if err := unix.KeyctlSetperm(id, keyPermissions); err != nil {
		return nil, fmt.Errorf("setperm: %w", err)
	}
	return readKey(id)
}
