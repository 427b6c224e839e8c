package cache

import (
	"bytes"
	"path/filepath"
)

// A Protection is how the files of a directory are protected against a reader of
// the disk or of a backup.
type Protection int

const (
	// Plain files are protected by their mode alone.
	Plain Protection = iota
	// Sealed files are encrypted, and only the user can decrypt them on this machine.
	Sealed
	// InMemory files are on a tmpfs.
	InMemory
)

func (p Protection) String() string {
	return [...]string{"plain", "sealed", "in memory"}[p]
}

// A sealer encrypts texts so that only processes of the same user can decrypt them, on the
// same machine. Each operating system has one, newSealer, with a secret that is not
// beside the files.
//
// A text is sealed for the key of its file, without which it cannot be unsealed. An error says
// which part of the system failed: "kernel keyring: search: operation not permitted".
// Several goroutines and processes may call the methods at the same time.
type sealer interface {
	// check returns an error if the system cannot encrypt or if there is no secret yet, and
	// nil otherwise. It creates nothing.
	check() error
	// seal encrypts text. It creates the secret if it does not exist.
	seal(text []byte, fileKey string) ([]byte, error)
	// unseal decrypts what seal returned. It returns an error for a text that was changed
	// or sealed for another file, by another user or with a secret that is lost.
	unseal(sealed []byte, fileKey string) ([]byte, error)
}

// OpenSealed returns a directory as [Open] does, whose files are encrypted by the
// operating system or with a secret that it keeps for the user under the given name:
//
//   - Linux: AES-256-GCM. The key is in the kernel's keyring of the user and never
//     written to a disk. It does not outlive a reboot.
//   - macOS: AES-256-GCM. The key is in shared memory of the user until a reboot, and the
//     first process that stores something after that takes it from the login Keychain. If
//     that is locked, the key is a new one.
//   - Windows: the Data Protection API, with a key that belongs to the user's logon.
//   - other systems: none, files are not encrypted.
//
// A file that cannot be decrypted is a miss.
//
// The encryption authenticates the file's cache key: a file that is renamed to
// another key's is a miss. Files of keys with an ending of their own ("k.expires")
// are not encrypted, since other programs read them.
//
// If the system cannot encrypt for this process, files are not encrypted;
// [Dir.Protection] reports that. Where it can, and there is a key, such a file is a miss.
func OpenSealed(path, name string) (*Dir, error) {
	d, err := open(path, false)
	if err == nil {
		d.sealer = newSealer(name)
	}
	return d, err
}

// Protection returns how files that are written now are protected. If a directory
// of [OpenSealed] is [Plain], the error says why. Protection may create the secret,
// as the first write does.
func (d *Dir) Protection() (Protection, error) {
	if d.sealer != nil {
		if _, err := d.sealer.seal(nil, ""); err != nil {
			return Plain, err
		}
		return Sealed, nil
	}
	if PrivateMemory(d.path) || PrivateMemory(filepath.Dir(d.path)) {
		return InMemory, nil
	}
	return Plain, nil
}

// KeyPlace says where the key of a sealed directory is, on a system where that depends on
// the session of the user. Elsewhere it is empty, and so it is before there is a key.
func (d *Dir) KeyPlace() string {
	if placed, ok := d.sealer.(interface{ keyPlace() string }); ok {
		return placed.keyPlace()
	}
	return ""
}

// sealedHeader is the beginning of a sealed file. It is not valid JSON. What the
// sealer returned follows.
const sealedHeader = "ssoenv sealed 1\n"

// seals reports whether the file of key is encrypted.
func (d *Dir) seals(key string) bool {
	return d.sealer != nil && filepath.Ext(key) == ""
}

// seal returns data encrypted, or data itself if the system cannot encrypt for this
// process.
func (d *Dir) seal(key string, data []byte) []byte {
	sealed, err := d.sealer.seal(data, key)
	if err != nil {
		return data
	}
	return append([]byte(sealedHeader), sealed...)
}

// unseal returns the plaintext of data, or nil if data is not what a process of the
// user sealed for this cache key.
func (d *Dir) unseal(key string, data []byte) []byte {
	sealed, encrypted := bytes.CutPrefix(data, []byte(sealedHeader))
	if !encrypted {
		if d.sealer.check() == nil {
			return nil
		}
		return data
	}
	plain, err := d.sealer.unseal(sealed, key)
	if err != nil {
		return nil
	}
	return plain
}
