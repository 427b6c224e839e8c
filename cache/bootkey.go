//go:build darwin || linux

package cache

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// A keyStore stores a key for longer than the system runs: the Keychain of macOS. It may be
// slow, or locked.
type keyStore interface {
	Read(context.Context) (key []byte, found bool, err error)
	// Add stores a key, unless there is one.
	Add(context.Context, []byte) error
}

// keyStoreTimeout limits the wait for a key store that asks the user, or hangs.
const keyStoreTimeout = 5 * time.Second

// A sharedSealer seals with a key that is in shared memory, and in a key store for the time
// after a restart.
type sharedSealer struct {
	keySealer
	key sharedKey
}

func newSharedSealer(key sharedKey, store keyStore) sharedSealer {
	find := func(string) ([]byte, error) { found, _, err := key.find(); return found, err }
	create := func(string) ([]byte, error) { return createShared(key, store) }
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
// system restarts, and returns it. It is the key of the key store, or a new one that it
// stores. If the key store cannot be used, it is a new one that is in the memory alone. A
// note beside it says where the key is, and why.
//
// So the key store is asked once after a restart, and never by a process that only reads.
func createShared(s sharedKey, store keyStore) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), keyStoreTimeout)
	defer cancel()
	key, err := storedKey(ctx, store)
	if err != nil {
		return s.put(newKey(), fmt.Sprintf("in memory until a restart; Keychain: %v", err))
	}
	return s.put(key, "in memory and in the Keychain")
}

// storedKey returns the key of the key store, and creates it if it does not exist.
func storedKey(ctx context.Context, store keyStore) ([]byte, error) {
	key, found, err := store.Read(ctx)
	if err == nil && !found {
		// Another process may add one at this moment: what counts is what is there after.
		problem := store.Add(ctx, newKey())
		key, found, err = store.Read(ctx)
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
