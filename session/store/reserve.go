package store

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A StorageError reports that a new token of the SSO session cannot be stored on
// this machine. Nothing was exchanged for it yet.
type StorageError struct {
	SSOSession profile.SSOSession
	Err        error
	Ended      bool // the stored token has expired or was rejected
}

func (e *StorageError) Error() string {
	if e.Ended {
		return fmt.Sprintf("the session with %q has expired and cannot be renewed here: %v", e.SSOSession.Title(), e.Err)
	}
	return fmt.Sprintf("a new token for %q cannot be stored: %v", e.SSOSession.Title(), e.Err)
}

func (e *StorageError) Unwrap() error { return e.Err }

// A TokenReservation is the secured place for the next token of an SSO session. It
// ends with [Store.WriteReservedToken] or Release.
type TokenReservation struct {
	file *cache.Reservation
	undo func()
}

// Release ends the reservation.
func (r TokenReservation) Release() {
	if r.file != nil {
		r.file.Release()
	}
	if r.undo != nil {
		r.undo()
	}
}

// reservedBytes is the space for a token at least. The tokens of IAM Identity
// Center and the client's secret have some 4 KiB together.
const reservedBytes = 16 << 10

// ReserveToken secures the place for the next token of the SSO session, which is
// lost if it cannot be stored: the service accepts the code of a login, and maybe
// a refresh token, only once. The caller holds the token lock, or is a login. The
// error is a *[StorageError].
func (s *Store) ReserveToken(sso profile.SSOSession) (TokenReservation, error) {
	var r TokenReservation
	var err error
	switch {
	case sso.Isolated:
		r.undo, err = s.reserveKeyringToken(sso)
	case s.Tokens == nil:
		err = cmp.Or(s.TokensError, errNoTokenFolder)
	default:
		key, size := tokenKey(sso), reservedBytes
		if info, statErr := os.Stat(s.Tokens.Path(key)); statErr == nil {
			size += 2 * int(min(info.Size(), 1<<20))
		}
		r.file, err = s.Tokens.Reserve(key, size)
	}
	if err != nil {
		return TokenReservation{}, &StorageError{SSOSession: sso, Err: err}
	}
	return r, nil
}

var errNoTokenFolder = errors.New("there is no folder for it")

// reserveKeyringToken shows that the keyring stores a token now: it writes the
// present one once more, or an empty one, which undo deletes. Only ssoenv writes
// there.
func (s *Store) reserveKeyringToken(sso profile.SSOSession) (undo func(), err error) {
	file, found, err := s.readKeyringToken(sso)
	if err != nil {
		return nil, err
	}
	if found && file.Access != "" {
		return nil, s.writeKeyringToken(sso, string(file.bytes()))
	}
	if err := s.writeKeyringToken(sso, "{}"); err != nil {
		return nil, err
	}
	return func() {
		if file, found, err := s.readKeyringToken(sso); err == nil && found && file.Access == "" {
			_ = s.deleteKeyringToken(sso) // an empty one does no harm
		}
	}, nil
}

// WriteReservedToken stores the token in its reserved place. If that fails after
// all, it returns the error, and this process still uses the token.
func (s *Store) WriteReservedToken(sso profile.SSOSession, r TokenReservation, file TokenFile) error {
	var err error
	if r.file != nil {
		err = r.file.Write(file.bytes())
	} else {
		err = s.writeKeyringToken(sso, string(file.bytes()))
	}
	s.rememberUnstored(sso, file, err)
	return err
}
