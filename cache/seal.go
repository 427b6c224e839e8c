package cache

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"path/filepath"
)

// A Protection is how the files of a directory are protected against a reader of
// the disk or of a backup.
type Protection int

const (
	// Plain files are protected by their mode alone.
	Plain Protection = iota
	// Sealed files are encrypted with a key that only the running kernel has.
	Sealed
	// InMemory files are on a tmpfs.
	InMemory
)

func (p Protection) String() string {
	return [...]string{"plain", "sealed", "in memory"}[p]
}

// OpenSealed returns a directory as [Open] does, whose files are encrypted with
// AES-256-GCM. The key is in the kernel's keyring of the user under the given name
// and is never written to a disk. After a reboot, or for another user, the files
// cannot be decrypted, which is a miss. The first write creates the key.
//
// The encryption authenticates the file's cache key: a file that is renamed to
// another key's is a miss. Files of keys with an ending of their own ("k.expires")
// are not encrypted, since other programs read them. A file that is not encrypted
// but should be, as older versions wrote them, is a miss.
//
// If the kernel has no keyring for this process, files are not encrypted;
// [Dir.Protection] reports that.
func OpenSealed(path, name string) (*Dir, error) {
	d, err := open(path, false)
	if err == nil {
		d.keyName = name
	}
	return d, err
}

// Protection returns how files that are written now are protected. If a directory
// of [OpenSealed] is [Plain], the error says why. Protection may create the key,
// as the first write does.
func (d *Dir) Protection() (Protection, error) {
	if d.keyName != "" {
		if _, err := sealingKey(d.keyName); err != nil {
			return Plain, fmt.Errorf("kernel keyring: %w", err)
		}
		return Sealed, nil
	}
	if PrivateMemory(d.path) || PrivateMemory(filepath.Dir(d.path)) {
		return InMemory, nil
	}
	return Plain, nil
}

// sealedHeader is the beginning of a sealed file. It is not valid JSON. The random
// nonce and the ciphertext with its tag follow.
const sealedHeader = "ssoenv sealed 1\n"

// errNoKey is returned by findKey if the kernel supports keys but has none of this
// name.
var errNoKey = errors.New("no key yet")

// seals reports whether the file of key is encrypted.
func (d *Dir) seals(key string) bool {
	return d.keyName != "" && filepath.Ext(key) == ""
}

// seal returns data encrypted, or data itself if the kernel has no keyring for
// this process.
func (d *Dir) seal(key string, data []byte) []byte {
	secret, err := sealingKey(d.keyName)
	if err != nil {
		return data
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return data
	}
	return aead.Seal([]byte(sealedHeader), nil, data, []byte(key))
}

// unseal returns the plaintext of data. It returns nil if data was not sealed with
// the kernel's present key for this cache key.
func (d *Dir) unseal(key string, data []byte) []byte {
	secret, err := findKey(d.keyName)
	sealed, encrypted := bytes.CutPrefix(data, []byte(sealedHeader))
	if !encrypted {
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

// newAEAD returns AES-GCM with a random nonce for each text. A key may seal 2^32
// texts (NIST SP 800-38D, section 8.3), more than a machine writes between two
// reboots.
func newAEAD(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealingKey returns the key, and creates it if it does not exist.
func sealingKey(name string) ([]byte, error) {
	secret, err := findKey(name)
	if errors.Is(err, errNoKey) {
		return createKey(name)
	}
	return secret, err
}
