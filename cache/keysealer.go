//go:build darwin || linux

package cache

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// A keySealer seals with AES-256-GCM. The system keeps the key, of keySize bytes,
// under a name.
type keySealer struct {
	place string // where the key is, for errors
	name  string

	// find returns the key of that name, or errNoKey if the system can keep keys but has
	// none of this name.
	find func(name string) ([]byte, error)
	// create creates the key and returns it, or the one that another process created in
	// the meantime.
	create func(name string) ([]byte, error)
}

// keySize is the length in bytes of a key of AES-256.
const keySize = 32

// errNoKey is returned by find for a key that does not exist.
var errNoKey = errors.New("no key yet")

func (k keySealer) check() error {
	_, err := k.find(k.name)
	return k.wrap(err)
}

func (k keySealer) seal(text []byte, fileKey string) ([]byte, error) {
	key, err := k.find(k.name)
	if errors.Is(err, errNoKey) {
		key, err = k.create(k.name)
	}
	if err != nil {
		return nil, k.wrap(err)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, k.wrap(err)
	}
	return aead.Seal(nil, nil, text, []byte(fileKey)), nil //nolint:gosec // the AEAD makes the nonce
}

func (k keySealer) unseal(sealed []byte, fileKey string) ([]byte, error) {
	key, err := k.find(k.name)
	if err != nil {
		return nil, k.wrap(err)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, k.wrap(err)
	}
	return aead.Open(nil, nil, sealed, []byte(fileKey))
}

func (k keySealer) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", k.place, err)
}

// newAEAD returns AES-GCM with a random nonce for each text, in front of the
// ciphertext. A key may seal 2^32 texts (NIST SP 800-38D, section 8.3), more than a
// machine writes in its life.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
