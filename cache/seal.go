package cache

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"path/filepath"
)

// A Protection is what keeps the values of a directory from whoever gets hold
// of the disk or of a backup of it.
type Protection int

const (
	// Plain is their mode alone.
	Plain Protection = iota
	// Sealed is a key that only the running kernel has.
	Sealed
	// InMemory is that they are on no disk.
	InMemory
)

func (p Protection) String() string {
	return [...]string{"plain", "sealed", "in memory"}[p]
}

// OpenSealed names a directory as [Open] does, whose values are encrypted with
// a key that the kernel keeps for this user under the given name, and that no
// disk ever sees: after a reboot, or in somebody else's hands, the files are
// noise, which is a miss. The first value that is written makes the key.
//
// A value is bound to its key in the cache, so that no file can be put in
// another's place. Files that bring their own ending stay as they are: they are
// for other programs to read. A plain file, as an older version left it, is a
// miss.
//
// Where the kernel keeps no keys, or none for this process, values are plain,
// and [Dir.Protection] says so.
func OpenSealed(path, name string) (*Dir, error) {
	d, err := open(path, false)
	if err == nil {
		d.keyName = name
	}
	return d, err
}

// Protection tells how values that are written now are protected. For a
// directory that was to be sealed and is [Plain], the error says why. It may
// make the key that the first value would.
func (d *Dir) Protection() (Protection, error) {
	if d.keyName != "" {
		if _, err := keyToSeal(d.keyName); err != nil {
			return Plain, fmt.Errorf("the kernel's keyring: %w", err)
		}
		return Sealed, nil
	}
	if PrivateMemory(d.path) || PrivateMemory(filepath.Dir(d.path)) {
		return InMemory, nil
	}
	return Plain, nil
}

// sealedMark begins a sealed file, and no JSON. What follows it is a nonce and
// the ciphertext with its tag.
const sealedMark = "ssoenv sealed 1\n"

// errNoKey says that the kernel would keep a key, and has none.
var errNoKey = errors.New("there is no key yet")

// seals tells whether the file of key is one to be sealed.
func (d *Dir) seals(key string) bool {
	return d.keyName != "" && filepath.Ext(key) == ""
}

// seal encrypts data, or returns it as it is where the kernel keeps no keys.
func (d *Dir) seal(key string, data []byte) []byte {
	secret, err := keyToSeal(d.keyName)
	if err != nil {
		return data
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return data
	}
	return aead.Seal([]byte(sealedMark), nil, data, []byte(key))
}

// unseal is the reverse of seal. It returns nil for what was not sealed as
// key's file with the key that the kernel has now.
func (d *Dir) unseal(key string, data []byte) []byte {
	secret, err := findKey(d.keyName)
	sealed, marked := bytes.CutPrefix(data, []byte(sealedMark))
	if !marked {
		if err == nil || errors.Is(err, errNoKey) {
			return nil
		}
		return data
	}
	if err != nil {
		return nil
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return nil
	}
	plain, err := aead.Open(nil, nil, sealed, []byte(key))
	if err != nil {
		return nil
	}
	return plain
}

// newAEAD chooses a nonce for each text at random, which is sound for more
// texts than a machine writes between two reboots.
func newAEAD(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// keyToSeal returns the key, and makes it if there is none.
func keyToSeal(name string) ([]byte, error) {
	secret, err := findKey(name)
	if errors.Is(err, errNoKey) {
		return makeKey(name)
	}
	return secret, err
}
