package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/session/store"
)

// A ProcessError reports that the credential_process of a profile gave no
// credentials. It never quotes what the program printed.
type ProcessError struct {
	Profile string
	File    string // the config file that names the program
	Problem string // completes "the credential_process of profile NAME"
}

func (e *ProcessError) Error() string {
	return fmt.Sprintf("the credential_process of profile %q %s", e.Profile, e.Problem)
}

// fetchFromProcess runs the profile's credential_process and stores what it
// prints, unless that does not expire or the program is ssoenv. The program may ask
// the user, so it has all the time it needs. Other processes wait for it no longer
// than for any other fetch, and then return a *[store.BusyError].
func (c *Client) fetchFromProcess(ctx context.Context, p profile.Profile, old store.Credentials, valid bool) (store.Credentials, error) {
	if c.RunProcess == nil {
		return store.Credentials{}, &ProcessError{p.Name, p.Process.File, "cannot be run here"}
	}
	if slices.Contains(c.ProcessChain, p.Name) {
		return store.Credentials{}, &profile.ConfigError{Section: profile.ProfileSection(p.Name), Key: "credential_process",
			Problem: fmt.Sprintf("profile %q refers to itself: its credential_process asks ssoenv for the credentials of %q", p.Name, p.Name)}
	}
	return c.withRoleLock(ctx, p, old, valid, func() (store.Credentials, error) {
		printed, err := c.RunProcess(ctx, p)
		if err != nil {
			return store.Credentials{}, err
		}
		creds, err := parseProcessOutput(printed)
		if err == nil && !creds.Expires.IsZero() && !creds.Expires.After(c.Now()) {
			err = fmt.Errorf("printed credentials that expired at %s", creds.Expires.Format(time.RFC3339))
		}
		if err != nil {
			return store.Credentials{}, &ProcessError{p.Name, p.Process.File, err.Error()}
		}
		if creds.Expires.IsZero() {
			return creds, nil
		}
		creds.RenewAt = store.RenewAt(c.Now(), creds.Expires)
		return c.StoreRole(p, creds), nil
	})
}

// parseProcessOutput parses the document of a credential_process, version 1. Its
// errors complete "the program", and quote nothing of the text.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
func parseProcessOutput(text []byte) (store.Credentials, error) {
	var document struct {
		Version         *int
		AccessKeyId     string //nolint:revive // the name in the protocol
		SecretAccessKey string
		SessionToken    string
		Expiration      string
		AccountId       string //nolint:revive // the name in the protocol
	}
	switch err := json.Unmarshal(text, &document); {
	case err != nil:
		return store.Credentials{}, errors.New("did not print the JSON document that AWS tools expect")
	case document.Version == nil:
		return store.Credentials{}, errors.New("printed a document without a Version")
	case *document.Version != 1:
		return store.Credentials{}, fmt.Errorf("printed a document of Version %d, not 1", *document.Version)
	case document.AccessKeyId == "" || document.SecretAccessKey == "":
		return store.Credentials{}, errors.New("printed a document without AccessKeyId or SecretAccessKey")
	case !profile.AreKeys(document.AccessKeyId, document.SecretAccessKey, document.SessionToken):
		return store.Credentials{}, errors.New("printed credentials that do not have the form of AWS credentials")
	case document.AccountId != "" && !profile.IsAccountID(document.AccountId):
		return store.Credentials{}, errors.New("printed an AccountId that is not 12 digits")
	}
	creds := store.Credentials{
		AccessKeyID:  document.AccessKeyId,
		SecretKey:    safetext.Secret(document.SecretAccessKey),
		SessionToken: safetext.Secret(document.SessionToken),
		AccountID:    document.AccountId,
	}
	if document.Expiration == "" {
		return creds, nil
	}
	for _, layout := range expirationLayouts {
		if at, err := time.Parse(layout, document.Expiration); err == nil {
			creds.Expires = at.UTC()
			return creds, nil
		}
	}
	return store.Credentials{}, errors.New("printed an Expiration that is not a time in RFC 3339")
}

// expirationLayouts are the forms of ISO 8601 that are accepted. The AWS CLI reads
// more than RFC 3339, and programs in use print these.
var expirationLayouts = []string{
	time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700", "2006-01-02T15:04Z07:00", "20060102T150405Z0700",
}
