package store

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session/profile"
)

// A token file is read as far as possible. What is written is JSON with the same
// values, unknown fields included.
func FuzzTokenFile(f *testing.F) {
	for _, text := range []string{
		"{}", "null", `[]`, `{"accessToken": 7}`, `{"accessToken": "a", "accessToken": "b"}`, "\ufeff{}",
		`{"startUrl": "https://my.awsapps.com/start", "region": "us-east-1", "accessToken": "a", "expiresAt": "2030-01-02T03:04:05Z", "clientId": "c", "clientSecret": "s", "registrationExpiresAt": "2030-01-02T03:04:05Z", "refreshToken": "r"}`,
		`{"expiresAt": "2020-06-17T10:02:08UTC"}`, `{"expiresAt": "292277026596-12-04T15:30:08Z"}`, `{"expiresAt": "2030-01-02T03:04:05.123456789+14:00"}`,
		`{"x": {"y": [1, null]}, "a": "é", "": 0, "startUrl": null}`, `{"a\u0000\"\\": 1e400}`, `{"\ud800": "\ud800"}`, `{"ACCESSTOKEN": "x"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var file TokenFile
		err := json.Unmarshal(data, &file)
		var fields map[string]json.RawMessage
		if wanted := json.Unmarshal(data, &fields); (err == nil) != (wanted == nil) {
			t.Fatalf("%s: got the error %v, want %v", data, err, wanted)
		}
		if err != nil {
			return
		}
		for field, got := range map[string]string{
			"accessToken": file.Access.Reveal(), "refreshToken": file.Refresh.Reveal(), "clientId": file.ClientID,
			"clientSecret": file.ClientSecret.Reveal(), "startUrl": file.StartURL, "region": file.Region,
		} {
			var want string
			if json.Unmarshal(fields[field], &want) != nil {
				want = ""
			}
			if delete(fields, field); got != want {
				t.Errorf("%s: %s is %q, want %q", data, field, got, want)
			}
		}
		for field, got := range map[string]time.Time{"expiresAt": file.Expires, "registrationExpiresAt": file.RegistrationExpires} {
			var want string
			_ = json.Unmarshal(fields[field], &want)
			if delete(fields, field); !got.Equal(parseTime(want)) {
				t.Errorf("%s: %s is %v, want %q", data, field, got, want)
			}
		}
		if !maps.EqualFunc(file.others, fields, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			t.Errorf("%s: the unknown fields are %q, want %q", data, file.others, fields)
		}
		text := file.bytes()
		var again TokenFile
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if !bytes.Equal(again.bytes(), text) {
			t.Errorf("%s, then %s", text, again.bytes())
		}
		if !again.Expires.Equal(file.Expires.Truncate(time.Second)) && file.Expires.Year() < 10_000 && file.Expires.Year() >= 0 {
			t.Errorf("expires %v, then %v", file.Expires, again.Expires)
		}
		if utf8.Valid(data) && (again.Access != file.Access || again.Refresh != file.Refresh || again.ClientSecret != file.ClientSecret) {
			t.Errorf("%q became %s", data, text)
		}
		if len(again.others) != len(file.others) && utf8.Valid(data) {
			t.Errorf("%d unknown fields became %d", len(file.others), len(again.others))
		}
	})
}

// Credentials from any entry of the role cache can be exported and have not
// expired.
func FuzzRoleFile(f *testing.F) {
	for _, text := range []string{
		"{}", "null", `{"format":1,"access_key_id":"ASIAABCDEFGHIJKLMNOP","secret_key":"s","session_token":"t","expires":"2100-01-02T03:04:05Z","renew_at":4102500000,"obtained":"2030-01-02T03:04:05Z"}`,
		`{"format":1,"access_key_id":"ASIAABCDEFGHIJKLMNOP","secret_key":"s\n","session_token":"t","expires":"2100-01-02T03:04:05Z"}`,
		`{"format":1,"access_key_id":"$(touch x)","secret_key":"s","session_token":"t","expires":"9999-12-31T23:59:59Z"}`, `{"expires":"0000-01-01T00:00:00Z"}`, `{"obtained":"9999-01-01T00:00:00Z"}`,
	} {
		f.Add([]byte(text))
	}
	s := storeIn(f)
	p := profile.Profile{Name: "dev", AccountID: "111111111111", RoleName: "Developer", SSOSession: profile.SSOSession{Name: "corp", StartURL: "https://my.awsapps.com/start", Region: "us-east-1"}}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		if err := s.Roles.Write(roleKey(p), data, time.Time{}); err != nil {
			t.Fatal(err)
		}
		creds, valid := s.CachedCredentials(p)
		_, fresh := s.FreshCredentials(p)
		if fresh && !valid {
			t.Error("fresh, but not valid")
		}
		if creds.RenewAt.After(creds.Expires) {
			t.Errorf("renewed at %v, after %v", creds.RenewAt, creds.Expires)
		}
		if valid && (!profile.IsAccessKeyID(creds.AccessKeyID) || !profile.IsSecretText(creds.SecretKey.Reveal()) || !profile.IsSecretText(creds.SessionToken.Reveal()) || !creds.Expires.After(s.Now())) {
			t.Errorf("used: %q", data)
		}
	})
}

// An inventory that is damaged, or that two processes have written at once, is read
// as far as possible, and can be stored again.
func FuzzInventory(f *testing.F) {
	head := `{"format":1,"token_fingerprint":"s","begun":"2030-01-01T00:00:00Z","interrupted":true,"listed":true,"saved":"2030-01-01T00:00:00Z","parts":2}`
	f.Add([]byte(head), []byte(`{"format":1,"begun":"2030-01-01T00:00:00Z","roles":["A","B"],"accounts":[{"id":"111111111111","name":"x","known":true,"listed":true,"roles":[0,1]}]}`))
	f.Add([]byte(head), []byte(`{"format":1,"roles":["A"],"accounts":[{"id":"111111111111","known":true,"roles":[-1,1,9223372036854775807]},{"id":"111111111111"}]}`))
	f.Add([]byte(`{"format":1,"parts":-1}`), []byte(`null`))
	f.Add([]byte(`{"format":1,"parts":1000000000}`), []byte(`{"format":1,"accounts":null}`))
	f.Add([]byte("null"), []byte("[]"))
	s := storeIn(f)
	sso := profile.SSOSession{Name: "corp", StartURL: "https://my.awsapps.com/start", Region: "us-east-1"}
	f.Fuzz(func(t *testing.T, head, part []byte) {
		if len(head)+len(part) > 1<<19 {
			return
		}
		for key, data := range map[string][]byte{inventoryKey(sso): head, partKey(sso, 0): part, partKey(sso, 1): part} {
			if err := s.Private.Write(key, data, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		before, _, ok := s.KnownInventory(sso)
		for _, account := range before {
			if !profile.IsAccountID(account.ID) {
				t.Errorf("account %q", account.ID)
			}
		}
		v, found := s.ReadInventory(sso)
		if ok && !found {
			t.Error("known, but not found")
		}
		if !found {
			return
		}
		s.SaveInventory(sso, v)
		after, _, _ := s.KnownInventory(sso)
		same := func(a, b AccountRoles) bool { return a.Account == b.Account && slices.Equal(a.Roles, b.Roles) }
		if utf8.Valid(part) && !slices.EqualFunc(before, after, same) {
			t.Errorf("%v became %v", before, after)
		}
	})
}

// storeIn returns a store with empty caches.
func storeIn(f testing.TB) *Store {
	f.Helper()
	dir := f.TempDir()
	open := func(name string) *cache.Dir {
		d, err := cache.Open(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		return d
	}
	return &Store{Roles: open("roles"), Private: open("private"), Now: time.Now}
}

// A time that was written to a token file is read as the same time.
func FuzzTokenTime(f *testing.F) {
	for _, text := range []string{"2030-01-02T03:04:05Z", "2020-06-17T10:02:08UTC", "2030-01-02T03:04:05.123456789+14:00", "x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if at := parseTime(text); !at.IsZero() && at.Year() < 10_000 && !parseTime(formatTime(at)).Equal(at.Truncate(time.Second)) {
			t.Errorf("time %q: got %v", text, at)
		}
	})
}

// Every profile of a config has a valid cache key.
func FuzzRoleKey(f *testing.F) {
	f.Add([]byte("[profile a]\nrole_arn=arn:aws:iam::123456789012:role/R\nsource_profile=b\n[profile b]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=x\n"), "a")
	f.Add([]byte("[sso-session s]\nsso_start_url=https://x.awsapps.com/start\nsso_region=us-east-1\n"), "123456789012/R")
	path := filepath.Join(f.TempDir(), "config")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := profile.ReadConfig(path, path+".none")
		if err != nil {
			return
		}
		for _, name := range append(config.ProfileNames(), name) {
			p, err := config.Profile(name)
			if err == nil && !strings.HasPrefix(roleKey(p), originPrefix(p)) {
				t.Errorf("profile %q: got the key %q", name, roleKey(p))
			}
		}
	})
}
