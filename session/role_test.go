package session

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// Role credentials go with the token that they were got with: where its file is
// gone, they are not handed out. Where the token could not be written down, the
// next process misses no file, and they stay.
func TestCredentialsGoWithTheirToken(t *testing.T) {
	for _, kept := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := newClient(t)
			p := profileNamed(t, c, "dev")
			token := c.Tokens.Path(tokenKey(p.Portal))
			if !kept {
				if err := os.WriteFile(filepath.Dir(token), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var shown Challenge
			if _, _, err := c.Login(t.Context(), p.Portal, deviceCeremony(&shown)); err != nil || c.Kept(p.Portal) != kept {
				t.Fatalf("Login: %v, kept %v", err, c.Kept(p.Portal))
			}
			if _, err := c.Credentials(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			c.unkept = nil // as it is in the next process
			check := func(when string, want bool) {
				t.Helper()
				_, valid := c.CachedCredentials(p)
				_, err := c.Credentials(t.Context(), p)
				if _, listed := c.CachedUntil([]Profile{p})[p.Name]; valid != want || listed != want || (err == nil) != want {
					t.Errorf("token kept %v, %s: valid %v, listed %v, %v", kept, when, valid, listed, err)
				}
			}
			check("at once", true)
			time.Sleep(50 * time.Minute)
			check("late", true)
			if err := os.RemoveAll(token); kept && err != nil {
				t.Fatal(err)
			}
			check("after the token", !kept)
		})
	}
}
