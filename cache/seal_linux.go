package cache

import (
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// The key is one of the type "user" in the keyring that the kernel keeps for
// each user id (user-keyring(7)). Its permissions (keyctl_setperm(3)) let every
// process of the user find and read it, also one whose session keyring does not
// lead there and which therefore does not possess the key. Nobody may write it:
// add_key(2) would replace the secret of a key that is in use.
//
// A key counts only once it has these permissions. Until then another process
// that makes it at the same moment may still change it; whoever is too late is
// refused, and takes what there is.
const (
	keyType        = "user"
	keyView        = 0x01
	keyRead        = 0x02
	keySearch      = 0x08
	keySetAttr     = 0x20
	keyPermissions = (keyView|keyRead|keySearch|keySetAttr)<<24 | (keyView|keyRead|keySearch)<<16
)

// findKey returns the user's key of that name, or errNoKey.
func findKey(name string) ([]byte, error) {
	id, err := unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, keyType, name, 0)
	if isGone(err) {
		return nil, errNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	// type;uid;gid;permissions;name
	line, err := unix.KeyctlString(unix.KEYCTL_DESCRIBE, id)
	fields := strings.SplitN(line, ";", 5)
	if err != nil || len(fields) != 5 || fields[3] != fmt.Sprintf("%08x", keyPermissions) {
		return nil, errNoKey
	}
	return readKey(id)
}

// isGone holds for a key that is no longer, or has never been. EACCES is what
// there is between the making of a key and its permissions.
func isGone(err error) bool {
	return errors.Is(err, unix.ENOKEY) || errors.Is(err, unix.EKEYREVOKED) || errors.Is(err, unix.EKEYEXPIRED) || errors.Is(err, unix.EACCES)
}

// keySize makes it AES-256.
const keySize = 32

func readKey(id int) ([]byte, error) {
	secret := make([]byte, keySize)
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, secret, 0)
	if isGone(err) {
		return nil, errNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if n != keySize {
		return nil, fmt.Errorf("the key has %d bytes, not %d", n, keySize)
	}
	return secret, nil
}

// makeKey makes the user's key, or finds the one that another process has made
// meanwhile.
func makeKey(name string) ([]byte, error) {
	secret := make([]byte, keySize)
	_, _ = rand.Read(secret) // never fails
	// Through the thread's keyring, the thread possesses what is in the user's.
	// The kernel does not lead from every session's to it, and only who
	// possesses a new key may set its permissions.
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
