//go:build darwin || linux

package cache

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// A keyVault stores a key for longer than the system runs: the Keychain of macOS. It may be
// slow, or locked.
type keyVault interface {
	Read(context.Context) (key []byte, found bool, err error)
	// Add stores a key, unless there is one.
	Add(context.Context, []byte) error
}

// vaultTimeout limits the wait for a vault that asks the user, or hangs.
const vaultTimeout = 5 * time.Second

// A sharedSealer seals with a key that is in shared memory, and in a vault for the time
// after a restart.
type sharedSealer struct {
	keySealer
	key sharedKey
}

func newSharedSealer(key sharedKey, vault keyVault) sharedSealer {
	find := func(string) ([]byte, error) { found, _, err := key.find(); return found, err }
	create := func(string) ([]byte, error) { return createShared(key, vault) }
	return sharedSealer{keySealer{place: "shared memory", find: find, create: create}, key}
}

func (s sharedSealer) keyPlace() string {
	_, note, err := s.key.find()
	if err != nil {
		return ""
	}
	return note
}

// createShared puts the key into shared memory, where every process finds it until the
// system restarts, and returns it. It is the key of the vault, or a new one that the vault
// stores. If the vault cannot be used, it is a new one that is in the memory alone. A note
// beside it says where the key is, and why.
//
// So the vault is asked once after a restart, and never by a process that only reads.
func createShared(s sharedKey, vault keyVault) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), vaultTimeout)
	defer cancel()
	key, err := vaultKey(ctx, vault)
	if err != nil {
		return s.put(newKey(), fmt.Sprintf("in memory until a restart; Keychain: %v", err))
	}
	return s.put(key, "in memory and in the Keychain")
}

// vaultKey returns the key of the vault, and creates it if it does not exist.
func vaultKey(ctx context.Context, vault keyVault) ([]byte, error) {
	key, found, err := vault.Read(ctx)
	if err == nil && !found {
		// Another process may add one at this moment: what counts is what is there after.
		problem := vault.Add(ctx, newKey())
		key, found, err = vault.Read(ctx)
		if err == nil && !found {
			err = cmp.Or(problem, errNoKey)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("key has %d bytes, want %d", len(key), keySize)
	}
	return key, nil
}

func newKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	return key
}
