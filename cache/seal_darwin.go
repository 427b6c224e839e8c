package cache

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"

	"github.com/ssoenv/ssoenv/cache/keychain"
)

// The key is in shared memory, and in the login Keychain for the time after a restart.
func newSealer(name string) sealer {
	return newSharedSealer(newSharedKey(name), loginKeychain{name})
}

// loginKeychain is the key store for the key of a name.
type loginKeychain struct{ service string }

// item returns the item of the Keychain. Without the file of the Keychain, security would
// open a dialog that offers to create one.
func (l loginKeychain) item() (keychain.Item, error) {
	me, err := user.Current()
	if err != nil {
		return keychain.Item{}, err
	}
	path := filepath.Join(me.HomeDir, "Library", "Keychains", "login.keychain-db")
	if _, err := os.Stat(path); err != nil {
		return keychain.Item{}, fmt.Errorf("no login Keychain: %w", cause(err))
	}
	return keychain.Item{
		Program:  "/usr/bin/security",
		Keychain: path,
		Service:  l.service,
		Account:  "cache key",
		Label:    l.service + " (cache key)",
	}, nil
}

func (l loginKeychain) Read(ctx context.Context) (key []byte, found bool, err error) {
	item, err := l.item()
	if err != nil {
		return nil, false, err
	}
	return item.Read(ctx)
}

func (l loginKeychain) Add(ctx context.Context, key []byte) error {
	item, err := l.item()
	if err != nil {
		return err
	}
	return item.Add(ctx, key)
}
