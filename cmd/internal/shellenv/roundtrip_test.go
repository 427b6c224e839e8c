package shellenv

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ssoenv/ssoenv/session/safetext"
	"github.com/ssoenv/ssoenv/shellinit"
)

// apply returns env after the change, as a shell would have it.
func apply(env map[string]string, change shellinit.Env) map[string]string {
	after := maps.Clone(env)
	for _, v := range change {
		if v.Unset {
			delete(after, v.Name)
		} else {
			after[v.Name] = v.Value
		}
	}
	return after
}

// A history is a shell's life in two environments: env is the real one, and
// plain the one that it would have without ssoenv.
type history struct {
	env, plain map[string]string

	// hidden are the values of plain that the last switch unset in env.
	hidden   map[string]string
	switched bool
	hadOwn   bool // credentials of the shell's own have been replaced by a switch
	renewals int
}

// profiles are those that a history switches between. They differ in what they
// set: one has no region, one no colour, one static keys, and two have endpoints. One
// names variables that no profile may set.
func (h *history) profile(n byte) Switch {
	h.renewals++
	name := fmt.Sprintf("profile-%d", n%4)
	s := Switch{
		Profile: name, AccountID: fmt.Sprintf("%012d", n%4), ExpiryFile: "/run/" + name,
		AccessKeyID:     fmt.Sprintf("ASIA%s%d", name, h.renewals),
		SecretAccessKey: safetext.Secret(fmt.Sprintf("secret %s %d", name, h.renewals)),
		SessionToken:    safetext.Secret(fmt.Sprintf("token %s %d", name, h.renewals)),
		Expires:         time.Unix(1_800_000_000+int64(h.renewals), 0),
	}
	if n%4 != 0 {
		s.Region = "eu-west-" + name[len(name)-1:]
	}
	if n%4 != 1 {
		s.Color, s.RenewAt, s.AccountName = "red", s.Expires.Add(-15*time.Minute), "account of "+name
	}
	if n%4 == 3 { // static keys
		s.SessionToken, s.AccountID, s.Expires, s.RenewAt = "", "", time.Time{}, time.Time{}
	}
	if n/4%2 == 1 {
		s.AsProfile, s.AccessKeyID, s.SecretAccessKey, s.SessionToken, s.ExpiryFile = true, "", "", "", ""
	}
	switch n % 4 {
	case 1:
		s.Settings = shellinit.Env{
			{Name: "AWS_USE_FIPS_ENDPOINT", Value: "true"}, {Name: "AWS_CA_BUNDLE", Value: "/etc/ca"}, {Name: "AWS_RETRY_MODE", Value: "standard"},
			{Name: "AWS_ENDPOINT_URL", Value: "https://all.example"}, {Name: "AWS_ENDPOINT_URL_S3", Value: "https://s3.example"},
		}
	case 2:
		s.Settings = shellinit.Env{
			{Name: "AWS_USE_FIPS_ENDPOINT", Value: "false"}, {Name: "AWS_DEFAULT_OUTPUT", Value: "json"},
			{Name: "AWS_ENDPOINT_URL_S3", Value: "https://other.example"}, {Name: "AWS_ENDPOINT_URL_DYNAMODB", Value: "https://db.example"},
			{Name: "PATH", Value: "/evil"}, {Name: "AWS_ENDPOINT_URL_", Value: "x"}, {Name: "AWS_ENDPOINT_URL_A;PATH", Value: "x"}, {Name: "AWS_PROFILE", Value: "x"},
		}
	}
	return s
}

// step does one thing to the shell. Its bytes are arbitrary.
func (h *history) step(op, arg byte) {
	switch op % 8 {
	case 0, 1:
		for _, name := range credentialVars {
			if _, ok := h.plain[name]; ok {
				// The switch replaces credentials of the shell's own.
				h.hadOwn = true
				delete(h.plain, name)
			}
		}
		change, _ := h.profile(arg).Apply(h.env)
		h.env, h.switched = apply(h.env, change), true
		h.hidden = maps.Clone(h.plain)
		maps.DeleteFunc(h.hidden, func(name, _ string) bool { _, ok := h.env[name]; return ok })
	case 2:
		if h.switched {
			state := Read(h.env)
			current := state.Profile[len("profile-")] - '0'
			if state.AsProfile {
				current += 4
			}
			h.env = apply(h.env, h.profile(current).Renew(h.env))
		}
	default:
		names := slices.Concat(credentialVars, restorableVars, settingVars, roleVars, []string{"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB", "UNRELATED", "PATH"})
		name := names[int(arg)%len(names)]
		value, isSet := fmt.Sprintf("by hand %d", op%4), op%3 != 0
		if now, ok := h.env[name]; ok == isSet && (!ok || now == value) {
			return // no change
		}
		if isSet {
			h.env[name], h.plain[name] = value, value
		} else {
			delete(h.env, name)
			delete(h.plain, name)
			if before, ok := h.hidden[name]; ok {
				// Set and unset again: as the switch left it.
				h.plain[name] = before
			}
		}
	}
}

// check clears the shell and compares it with the one without ssoenv.
func (h *history) check(t *testing.T) {
	t.Helper()
	cleared := Clear(h.env)
	got := apply(h.env, cleared.Change)
	want := maps.Clone(h.plain)
	if h.switched {
		if got["SSOENV_PREVIOUS"] == "" {
			t.Error("clear: SSOENV_PREVIOUS is not set, want the profile that was in use")
		}
		delete(got, "SSOENV_PREVIOUS")
	}
	if cleared.CredentialsLost != h.hadOwn {
		t.Errorf("clear: CredentialsLost is %v, want %v", cleared.CredentialsLost, h.hadOwn)
	}
	for _, name := range credentialVars {
		if _, ok := want[name]; ok && h.switched && !slices.Contains(cleared.Changed, name) {
			t.Errorf("clear: Changed is %v, want %s in it: it was set by hand", cleared.Changed, name)
		}
	}
	if h.hadOwn {
		for _, name := range slices.Concat(slices.Collect(maps.Keys(expirationVars)), slices.Collect(maps.Keys(companionVars))) {
			// They belonged to credentials that are not restored, or the user
			// has set them since: both are right.
			delete(got, name)
			delete(want, name)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("clear:\ngot  %q\nwant %q", got, want)
	}
	again := apply(got, Clear(got).Change)
	if !maps.Equal(again, got) {
		t.Errorf("a second clear changes the shell:\ngot  %q\nwant %q", again, got)
	}
}

// FuzzRoundTrip checks the law of this package: clear returns the environment
// that the shell would have without ssoenv, after any history of switches,
// renewals and changes by hand.
func FuzzRoundTrip(f *testing.F) {
	for _, steps := range []string{
		"\x00\x01", "\x00\x01\x00\x02\x02\x00", "\x04\x0b\x00\x01", "\x00\x01\x04\x0b\x00\x02", "\x05\x00\x00\x01", "\x05\x00\x05\x02\x00\x01\x00\x02",
		"\x00\x01\x07\x00\x02\x00", "\x00\x01\x05\x01\x02\x00\x00\x00", "\x05\x0e\x05\x00\x00\x01\x05\x0e", "\x03\x04\x00\x00\x03\x04", "\x00\x02\x04\x0c\x00\x00\x04\x0d",
		"\x07\x04\x00\x00\x07\x04\x03\x04", "\x00\x04\x02\x00", "\x04\x04\x00\x05\x00\x01\x00\x06", "\x00\x01\x00\x05\x04\x04\x02\x00\x00\x02",
		"\x04\x00\x00\x05\x00\x01", "\x04\x1b\x04\x1a\x00\x05\x00\x01\x00\x05", "\x00\x04\x04\x1a\x00\x05",
	} {
		f.Add([]byte(steps))
	}
	f.Fuzz(func(t *testing.T, steps []byte) {
		h := &history{env: map[string]string{"PATH": "/bin"}, plain: map[string]string{"PATH": "/bin"}}
		for i := 0; i+1 < len(steps) && i < 200; i += 2 {
			h.step(steps[i], steps[i+1])
		}
		h.check(t)
	})
}

// A shell that was switched by the first version has a snapshot in its shape.
func TestClearReadsTheFirstVersionsSnapshot(t *testing.T) {
	const saved = "eyJ2Ijp7IkFXU19BQ0NFU1NfS0VZX0lEIjp7InMiOiI5YjBjZGIxMjc1OTY0ODBlIn0sIkFXU19SRUdJT04iOnsicyI6Ijk4ZmJmODUzODkwY2NiZmQiLCJiIjoiZXUtd2VzdC0xIn0sIkFXU19TU09fUFJPRklMRSI6eyJzIjoiOWRiZDYzNTE5Njg5YmI2OCJ9fX0"
	env := map[string]string{
		"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_REGION": "us-east-1", "AWS_SSO_PROFILE": "changed by hand",
		"SSOENV_SAVED": saved, "SSOENV_PROFILE": "dev", "SSOENV_EXPIRES": "1800000000",
	}
	got := apply(env, Clear(env).Change)
	want := map[string]string{"AWS_REGION": "eu-west-1", "AWS_SSO_PROFILE": "changed by hand", "SSOENV_PREVIOUS": "dev"}
	if !maps.Equal(got, want) {
		t.Errorf("clear:\ngot  %q\nwant %q", got, want)
	}
}

// Without a snapshot, the marker says whose the credentials are.
func TestClearWithoutSnapshot(t *testing.T) {
	s := Switch{Profile: "dev", AccountID: "111111111111", Region: "us-east-1", AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "s", SessionToken: "t", Expires: time.Unix(1_800_000_000, 0)}
	change, _ := s.Apply(map[string]string{"PATH": "/bin"})
	for _, text := range []string{"", "not a snapshot", "e30"} {
		env := apply(map[string]string{"PATH": "/bin"}, change)
		env["SSOENV_SAVED"] = text
		if !Read(env).SnapshotLost() {
			t.Errorf("SSOENV_SAVED=%q: the snapshot is not reported as lost", text)
		}
		got := apply(env, Clear(env).Change)
		want := map[string]string{"PATH": "/bin", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "SSOENV_PREVIOUS": "dev"}
		if !maps.Equal(got, want) {
			t.Errorf("SSOENV_SAVED=%q: got %q, want %q", text, got, want)
		}
	}
}

// Credentials that the user has replaced by hand, even one of the three, are
// not mixed with newer ones.
func TestRenewLeavesCredentialsSetByHand(t *testing.T) {
	s := Switch{Profile: "dev", AccessKeyID: "ASIAONE", SecretAccessKey: "one", SessionToken: "one", Expires: time.Unix(1_800_000_000, 0)}
	newer := Switch{Profile: "dev", AccessKeyID: "ASIATWO", SecretAccessKey: "two", SessionToken: "two", Expires: time.Unix(1_800_003_600, 0)}
	change, _ := s.Apply(nil)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		env := apply(map[string]string{}, change)
		env[name] = "by hand"
		if got := newer.Renew(env); got != nil {
			t.Errorf("%s set by hand: got a change of %d variables, want none", name, len(got))
		}
	}
	env := apply(map[string]string{}, change)
	env["AWS_REGION"] = "chosen by hand"
	env = apply(env, newer.Renew(env))
	for name, want := range map[string]string{
		"AWS_ACCESS_KEY_ID": "ASIATWO", "AWS_SECRET_ACCESS_KEY": "two", "AWS_SESSION_TOKEN": "two",
		"AWS_REGION": "chosen by hand", "SSOENV_EXPIRES": "1800003600", "AWS_CREDENTIAL_EXPIRATION": "2027-01-15T09:00:00Z",
	} {
		if env[name] != want {
			t.Errorf("%s after a renewal: got %q, want %q", name, env[name], want)
		}
	}
}

func TestCheckSize(t *testing.T) {
	for n, want := range map[int]bool{1: true, maxValue: true, maxValue + 1: false} {
		change := shellinit.Env{{Name: "AWS_SESSION_TOKEN", Value: string(make([]byte, n))}}
		if err := CheckSize(change); (err == nil) != want {
			t.Errorf("a value of %d bytes: got %v, want accepted: %v", n, err, want)
		}
	}
	var change shellinit.Env
	for i := range 5 {
		change = append(change, shellinit.Var{Name: fmt.Sprint("V", i), Value: string(make([]byte, 15<<10))})
	}
	if CheckSize(change[:4]) != nil || CheckSize(change) == nil {
		t.Error("four values of 15 KiB must be accepted, and five refused")
	}
}

func TestEnviron(t *testing.T) {
	given := []string{"=C:=odd", "A=1", "B=2", "no-equals-sign", "C=3", "A=again"}
	change := shellinit.Env{{Name: "A", Value: "new"}, {Name: "C", Unset: true}, {Name: "D", Value: "4"}}
	want := []string{"=C:=odd", "B=2", "no-equals-sign", "A=new", "D=4"}
	if got := Environ(change, given); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A snapshot says what a variable was, but not which variables are ssoenv's.
func TestForgedSnapshotChangesNoOtherVariable(t *testing.T) {
	env := map[string]string{"PATH": "/bin", "HOME": "/home", "AWS_ENDPOINT_URL_s3": "x", "SSOENV_PROFILE": "dev"}
	evil := "/evil"
	forged := snapshot{Vars: map[string]savedVar{}}
	for _, name := range []string{"PATH", "HOME", "LD_PRELOAD", "AWS_ENDPOINT_URL_", "AWS_ENDPOINT_URL_s3", "AWS_ENDPOINT_URL_S3 PATH", "AWS_CONFIG_FILE", "AWS_ENDPOINT_URL_" + strings.Repeat("A", 65)} {
		forged.Vars[name] = savedVar{Set: fingerprint(env, name), Before: &evil}
	}
	env["SSOENV_SAVED"] = forged.String()
	s := Switch{Profile: "dev", AccessKeyID: "ASIAONE", SecretAccessKey: "one", SessionToken: "one", Expires: time.Unix(1_800_000_000, 0)}
	used, _ := s.Apply(env)
	for _, change := range []shellinit.Env{Clear(env).Change, used} {
		for _, v := range change {
			if v.Value == evil || !v.Unset && strings.HasPrefix(v.Name, "AWS_ENDPOINT_URL") {
				t.Errorf("%s is set to %q", v.Name, v.Value)
			}
			if _, ours := forged.Vars[v.Name]; ours {
				t.Errorf("%s is changed", v.Name)
			}
		}
	}
}

// What one profile sets does not stay when the shell is given another one.
func TestSettingsDoNotLeak(t *testing.T) {
	before := map[string]string{"AWS_USE_FIPS_ENDPOINT": "false", "AWS_ENDPOINT_URL_S3": "https://mine.example", "AWS_VAULT": "outer"}
	h := history{}
	one, _ := h.profile(1).Apply(before)
	env := apply(before, one)
	if env["AWS_USE_FIPS_ENDPOINT"] != "true" || env["AWS_ENDPOINT_URL"] != "https://all.example" || env["AWS_ENDPOINT_URL_S3"] != "https://s3.example" {
		t.Errorf("the settings are not set: %q", env)
	}
	two, _ := h.profile(0).Apply(env)
	env = apply(env, two)
	for name, want := range map[string]string{"AWS_USE_FIPS_ENDPOINT": "false", "AWS_ENDPOINT_URL_S3": "https://mine.example", "AWS_ENDPOINT_URL": "", "AWS_CA_BUNDLE": "", "AWS_RETRY_MODE": ""} {
		if got := env[name]; got != want {
			t.Errorf("%s with the second profile: got %q, want %q", name, got, want)
		}
	}
	env = apply(env, Clear(env).Change)
	delete(env, "SSOENV_PREVIOUS")
	if !maps.Equal(env, before) {
		t.Errorf("after clear: got %q, want %q", env, before)
	}
}

// A switch by AWS_PROFILE unsets what the AWS tools prefer to it: another profile, keys
// and a web identity. With the next switch by credentials, the web identity is back.
func TestSwitchByProfile(t *testing.T) {
	before := map[string]string{"AWS_PROFILE": "mine", "AWS_DEFAULT_PROFILE": "mine", "AWS_ROLE_ARN": "arn", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"}
	byProfile := Switch{Profile: "dev", Region: "eu-west-1", AsProfile: true, Expires: time.Unix(1_800_000_000, 0), Settings: shellinit.Env{{Name: "AWS_RETRY_MODE", Value: "standard"}}}
	change, lost := byProfile.Apply(before)
	env := apply(before, change)
	delete(env, "SSOENV_SAVED")
	want := map[string]string{"AWS_PROFILE": "dev", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_SSO_PROFILE": "dev",
		"SSOENV_PROFILE": "dev", "SSOENV_EXPORT": "profile", "SSOENV_EXPIRES": "1800000000"}
	if !maps.Equal(env, want) || !lost {
		t.Errorf("got %q, lost %v; want %q", env, lost, want)
	}
	env = apply(before, change)
	if !Read(env).AsProfile || !Read(env).CredentialsUnchanged() {
		t.Error("the state does not say that AWS_PROFILE is exported, and unchanged")
	}

	// A renewal changes the times alone, and nothing if the user has chosen another one.
	byProfile.Expires = byProfile.Expires.Add(time.Hour)
	if got := byProfile.Renew(env); len(got) != 1 || got[0] != (shellinit.Var{Name: "SSOENV_EXPIRES", Value: "1800003600"}) {
		t.Errorf("a renewal: got %v", got)
	}
	byHand := maps.Clone(env)
	byHand["AWS_PROFILE"] = "prod"
	if got := byProfile.Renew(byHand); got != nil {
		t.Errorf("a renewal after AWS_PROFILE was set by hand: got %v", got)
	}

	change, _ = (&history{}).profile(0).Apply(env)
	env = apply(env, change)
	if env["AWS_ROLE_ARN"] != "arn" || env["AWS_WEB_IDENTITY_TOKEN_FILE"] != "/token" || env["AWS_PROFILE"] != "" || Read(env).AsProfile {
		t.Errorf("after a switch by credentials: %q", env)
	}
}

// What aws-vault, awsume and awsu say of their credentials goes with those.
func TestClearDropsTheNameOfLostCredentials(t *testing.T) {
	for _, name := range []string{"AWS_VAULT", "AWSUME_PROFILE", "AWSU_PROFILE"} {
		for own, want := range map[string]string{"AKIAOWN": "", "": "outer"} {
			env := map[string]string{name: "outer"}
			if own != "" {
				env["AWS_ACCESS_KEY_ID"] = own
			}
			change, _ := (&history{}).profile(0).Apply(env)
			env = apply(env, change)
			env = apply(env, Clear(env).Change)
			if got := env[name]; got != want {
				t.Errorf("%s with credentials %q: got %q, want %q", name, own, got, want)
			}
		}
	}
}

// The name of an account is text from a service. The shell gets visible characters, and
// no name of the profile before.
func TestAccountName(t *testing.T) {
	env := map[string]string{}
	for _, c := range []struct{ name, want string }{
		{"Production", "Production"},
		{"データ湖 & co", "データ湖 & co"},
		{"a\x1b[31m\n\u202eb", `a\u001b[31m\u000a\u202eb`},
		{"", ""},
	} {
		change, _ := Switch{Profile: "p", AccountName: c.name}.Apply(env)
		env = apply(env, change)
		got, set := env["SSOENV_ACCOUNT_NAME"]
		if got != c.want || set != (c.want != "") || Read(env).AccountName != c.want {
			t.Errorf("%q: SSOENV_ACCOUNT_NAME is %q (set: %v), want %q", c.name, got, set, c.want)
		}
	}
}
