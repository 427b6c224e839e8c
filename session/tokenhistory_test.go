package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ssoenv/ssoenv/session/internal/awsapi"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/ssotest"
	"github.com/ssoenv/ssoenv/session/store"
)

// process returns the client of another process on the same machine as c.
func process(c *Client) *Client {
	return &Client{
		Store:  &store.Store{Tokens: c.Tokens, Roles: c.Roles, Private: c.Private, CLIRoles: c.CLIRoles, Now: c.Now, Warn: c.Warn},
		Config: c.Config, Transport: c.Transport, MFACode: c.MFACode, Host: c.Host,
	}
}

func logIn(t *testing.T, c *Client, sso profile.SSOSession) store.Token {
	t.Helper()
	options := deviceOptions(new(LoginPrompt))
	options.Force = true
	token, _, err := c.Login(t.Context(), sso, options)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// identity returns the user whose credentials a new process gets for the profile.
func identity(t *testing.T, c *Client, p profile.Profile) string {
	t.Helper()
	creds, err := process(c).Credentials(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	who, err := c.Whoami(t.Context(), "eu-central-1", creds)
	if err != nil {
		t.Fatal(err)
	}
	return who.ARN[strings.LastIndexByte(who.ARN, '/')+1:]
}

const bob = "bob@example.com"

// Role credentials are valid only while the token that they were fetched with is in
// its file. If the token could not be stored although its place was secured, they
// stay valid without a file.
func TestCredentialsGoWithTheirToken(t *testing.T) {
	for _, kept := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := newClient(t)
			p := profileNamed(t, c, "dev")
			token := tokenPath(c, p.SSOSession)
			options := deviceOptions(new(LoginPrompt))
			if !kept {
				options.Show = func(LoginPrompt) error {
					return errors.Join(os.RemoveAll(filepath.Dir(token)), os.WriteFile(filepath.Dir(token), nil, 0o600))
				}
			}
			if _, _, err := c.Login(t.Context(), p.SSOSession, options); err != nil || c.Persisted(p.SSOSession) != kept {
				t.Fatalf("kept %v, %v", c.Persisted(p.SSOSession), err)
			}
			if _, err := c.Credentials(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			check := func(when string, want bool) {
				t.Helper()
				next := process(c)
				_, valid := next.CachedCredentials(p)
				_, err := next.Credentials(t.Context(), p)
				if _, listed := next.CachedExpirations([]profile.Profile{p})[p.Name]; valid != want || listed != want || (err == nil) != want {
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

// Credentials stay valid after a refresh. A refresh by another tool is not recorded,
// and the credentials are fetched once more.
func TestCredentialsOutlastARefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		server.Change(func(s *ssotest.Settings) { s.RoleLifetime = 12 * time.Hour })
		p := profileNamed(t, c, "dev")
		logIn(t, c, p.SSOSession)
		for range 5 {
			if _, err := process(c).Credentials(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Minute)
			if _, err := process(c).Token(t.Context(), p.SSOSession); err != nil {
				t.Fatal(err)
			}
		}
		if refreshes, exchanges := server.Calls(ssotest.RefreshToken), server.Calls(ssotest.GetRoleCredentials); refreshes != 5 || exchanges != 1 {
			t.Errorf("%d refreshes and %d exchanges, want 5 and 1", refreshes, exchanges)
		}
		other := process(c)
		other.Roles = nil
		time.Sleep(50 * time.Minute)
		if _, err := other.Token(t.Context(), p.SSOSession); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := process(c).Credentials(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		if exchanges := server.Calls(ssotest.GetRoleCredentials); exchanges != 2 {
			t.Errorf("%d exchanges after another tool's refresh, want 2", exchanges)
		}
	})
}

// A user logs out and another one logs in, with a tool that does not use the cache
// of ssoenv: the second user gets nothing that the first one cached.
func TestAnotherUserByAnotherTool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		p := profileNamed(t, c, "dev")
		logIn(t, c, p.SSOSession)
		if who := identity(t, c, p); who == bob {
			t.Fatal("it is bob already")
		}
		if err := os.Remove(tokenPath(c, p.SSOSession)); err != nil {
			t.Fatal(err)
		}
		server.Change(func(s *ssotest.Settings) { s.User = bob })
		other := process(c)
		other.Roles, other.Private = nil, nil
		logIn(t, other, p.SSOSession)
		if who := identity(t, c, p); who != bob {
			t.Errorf("bob gets what %s had", who)
		}
	})
}

// If a user logs in while another process refreshes the session or fetches
// credentials, the result of the login is stored last.
func TestLoginWhileAnotherIsAtIt(t *testing.T) {
	for op, begin := range map[ssotest.Op]func(context.Context, *Client, profile.Profile) error{
		ssotest.RefreshToken: func(ctx context.Context, c *Client, p profile.Profile) error {
			_, err := c.Token(ctx, p.SSOSession)
			return err
		},
		ssotest.GetRoleCredentials: func(ctx context.Context, c *Client, p profile.Profile) error {
			_, err := c.Credentials(ctx, p)
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, server := newClient(t)
			p := profileNamed(t, c, "dev")
			logIn(t, c, p.SSOSession)
			if op == ssotest.RefreshToken {
				time.Sleep(50 * time.Minute)
			}
			server.Change(func(s *ssotest.Settings) { s.User = bob })
			server.Fault(ssotest.Fault{Op: op, Kind: ssotest.Pass, Delay: 15 * time.Second})
			ended := make(chan error)
			go func() { ended <- begin(t.Context(), process(c), p) }()
			time.Sleep(time.Second)
			token := logIn(t, c, p.SSOSession)
			if err := <-ended; err != nil {
				t.Errorf("%s: %v", op, err)
			}
			if kept, _ := process(c).CachedToken(p.SSOSession); kept.Access != token.Access {
				t.Errorf("%s: the token in the cache is not the login's", op)
			}
			if who := identity(t, c, p); who != bob {
				t.Errorf("%s: bob gets what %s had", op, who)
			}
		})
	}
}

// A refresh that waited for a logout does not store a token.
func TestRefreshBehindALogout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		p := profileNamed(t, c, "dev")
		logIn(t, c, p.SSOSession)
		time.Sleep(50 * time.Minute)
		server.Fault(ssotest.Fault{Op: ssotest.Logout, Kind: ssotest.ResetBefore, Times: ssotest.Forever})
		ended := make(chan error)
		go func() {
			time.Sleep(100 * time.Millisecond) // while the logout tries again
			_, err := process(c).Token(t.Context(), p.SSOSession)
			ended <- err
		}()
		if _, err := c.Logout(t.Context(), p.SSOSession); err == nil {
			t.Error("the logout has reached the service")
		}
		if err := <-ended; !is[*store.LoginRequiredError](err) {
			t.Errorf("the refresh behind it: %v", err)
		}
		if _, ok := process(c).CachedToken(p.SSOSession); ok {
			t.Error("there is a token again")
		}
	})
}

// A session name whose start URL was changed needs a new login. Case, a fragment
// and slashes at the end of the start URL do not matter.
func TestSessionOfAnotherStartURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newClient(t)
		sso := profileNamed(t, c, "dev").SSOSession
		logIn(t, c, sso)
		start := sso.StartURL
		for url, same := range map[string]bool{
			start + "/": true, start + "/#/": true, start + "#": true, strings.Replace(start, "https", "HTTPS", 1): true,
			"https://d-9999999999.awsapps.com/start": false, start + "2": false,
		} {
			sso.StartURL = url
			_, err := process(c).Token(t.Context(), sso)
			if (err == nil) != same {
				t.Errorf("%s: %v", url, err)
			}
		}
		if had, err := c.Logout(t.Context(), sso); !had || err != nil {
			t.Errorf("a logout finds %v, %v", had, err)
		}
	})
}

var chainConfig = testConfig + `
[profile middle]
role_arn = arn:aws:iam::222222222222:role/Middle
source_profile = dev
mfa_serial = arn:aws:iam::222222222222:mfa/alice
region = eu-central-1

[profile end]
role_arn = arn:aws:iam::333333333333:role/End
source_profile = middle
region = eu-central-1
`

// The user may be slow with an MFA code for any role of a chain, and is asked again
// if the credentials that it was for are revoked.
func TestCodesInTheMiddleOfAChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, server := newClient(t)
		c.Config = configOf(t, c, chainConfig)
		p := profileNamed(t, c, "end")
		logIn(t, c, p.SSOSession)
		asked := 0
		c.MFACode = func(ctx context.Context, _ profile.Profile) (string, error) {
			asked++
			if !awsapi.Sleep(ctx, 5*time.Minute) {
				return "", ctx.Err()
			}
			return "123456", nil
		}
		if _, err := process(c).Credentials(t.Context(), p); err != nil || asked != 1 {
			t.Errorf("asked %d times, %v", asked, err)
		}
		if err := deleteRole(c, p); err != nil {
			t.Fatal(err)
		}
		server.Fault(ssotest.Fault{Op: ssotest.AssumeRole, Type: "ExpiredToken"})
		if _, err := process(c).Credentials(t.Context(), p); err != nil || asked != 2 {
			t.Errorf("after they were revoked, asked %d times, %v", asked, err)
		}
	})
}

// A logout also deletes what the AWS CLI has cached for the session, even for a
// profile with other mistakes, the record of a failed renewal, the client
// registrations and the inventory. Those of another session stay.
func TestLogoutForgetsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newClient(t)
		c.Config = configOf(t, c, testConfig+`
[profile odd]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Odd
region = us-east-1 # home
ssoenv_color = no such colour

[profile other]
sso_start_url = https://d-9999999999.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111111111111
sso_role_name = Other
`)
		p := profileNamed(t, c, "dev")
		logIn(t, c, p.SSOSession)
		kept := map[string]bool{}
		for role, sso := range map[string]profile.SSOSession{
			"Developer": p.SSOSession, "Odd": p.SSOSession, "Other": {StartURL: "https://d-9999999999.awsapps.com/start"},
		} {
			key := cliRoleKey(sso, role)
			kept[key] = role == "Other"
			if err := c.CLIRoles.Put(key, map[string]string{"ProviderType": "sso"}); err != nil {
				t.Fatal(err)
			}
		}
		c.RecordFailure(p, errors.New("no network"))
		other := profileNamed(t, c, "other").SSOSession
		grants := []string{store.GrantAuthorizationCode, store.GrantDeviceCode}
		stored := func(sso profile.SSOSession) (what []string) {
			for _, grant := range grants {
				if _, ok := c.CachedRegistration(sso, grant); ok {
					what = append(what, "a registration for "+grant)
				}
			}
			if _, ok := c.ReadInventory(sso); ok {
				what = append(what, "the inventory")
			}
			return what
		}
		for _, sso := range []profile.SSOSession{p.SSOSession, other} {
			for _, grant := range grants {
				c.StoreRegistration(sso, grant, store.Registration{ClientID: "id", ClientSecret: "secret", Expires: time.Now().Add(time.Hour)})
			}
			inventory := store.NewInventory()
			inventory.Accounts["111111111111"] = &store.AccountState{Account: store.Account{ID: "111111111111"}}
			c.SaveInventory(sso, inventory)
			if got := stored(sso); len(got) != 3 {
				t.Errorf("%s before the logout: got %q, want 3 entries", sso.Title(), got)
			}
		}
		if _, err := c.Logout(t.Context(), p.SSOSession); err != nil {
			t.Error(err)
		}
		if got := stored(p.SSOSession); len(got) > 0 {
			t.Errorf("got %q, want nothing of the session", got)
		}
		if got := stored(other); len(got) != 3 {
			t.Errorf("got %q, want all of the other session", got)
		}
		keys, err := c.Private.Keys()
		if want := 4; err != nil || len(keys) != want { // of the other session: two registrations, and the inventory in two files
			t.Errorf("got private entries %q, %v, want %d", keys, err, want)
		}
		for key, want := range kept {
			if c.CLIRoles.Has(key) != want {
				t.Errorf("%s: got present %v, want %v", key, !want, want)
			}
		}
		if keys, err := c.Roles.Keys(); err != nil || len(keys) > 0 {
			t.Errorf("got entries %q, %v, want none", keys, err)
		}
	})
}
