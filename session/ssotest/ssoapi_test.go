package ssotest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sso/types"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

// decode decodes the JSON body of a response into v.
func decode(t *testing.T, resp *http.Response, v any) {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%v in %q", err, b)
	}
}

func TestRoleCredentials(t *testing.T) {
	s := ssotest.New()
	s.RoleLifetime = 90 * time.Second
	clock := newClock(s)
	c := inProcess(s)
	_, token := c.login(t)
	get := func(token, account, role string) (*types.RoleCredentials, error) {
		out, err := c.sso.GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{AccessToken: &token, AccountId: &account, RoleName: &role})
		if err != nil {
			return nil, err
		}
		return out.RoleCredentials, nil
	}
	k, err := get(*token.AccessToken, "012345678901", "Auditor")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := k.Expiration, clock.now.Add(90*time.Second).UnixMilli(); got != want {
		t.Errorf("expiration = %d, want %d milliseconds since 1970", got, want)
	}
	_, err = get(*token.AccessToken, "012345678901", "Administrator")
	mustHaveCode(t, err, "ForbiddenException")
	_, err = get(*token.AccessToken, "999999999999", "Auditor")
	mustHaveCode(t, err, "ForbiddenException")
	_, err = get("nonsense", "012345678901", "Auditor")
	mustBe[*types.UnauthorizedException](t, err)
	_, err = get(*token.AccessToken, "", "")
	mustBe[*types.InvalidRequestException](t, err)
	clock.pass(time.Hour)
	_, err = get(*token.AccessToken, "012345678901", "Auditor")
	mustBe[*types.UnauthorizedException](t, err)
}

func TestSecretsAreUniqueAndHostile(t *testing.T) {
	s := ssotest.New()
	c := inProcess(s)
	_, token := c.login(t)
	var (
		keyID     = regexp.MustCompile(`^ASIA[A-Z2-7]{16}$`)
		printable = regexp.MustCompile(`^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$`)
		simple    = regexp.MustCompile(`^[A-Za-z0-9+/]+$`)
		seen      = map[string]bool{}
		hostile   int
	)
	issue := func() *types.RoleCredentials {
		out, err := c.sso.GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{
			AccessToken: token.AccessToken, AccountId: aws.String("444444444444"), RoleName: aws.String("Administrator"),
		})
		if err != nil {
			t.Fatal(err)
		}
		k := out.RoleCredentials
		for _, value := range []string{*k.AccessKeyId, *k.SecretAccessKey, *k.SessionToken} {
			if seen[value] {
				t.Errorf("%q was issued twice", value)
			}
			seen[value] = true
			if !printable.MatchString(value) {
				t.Errorf("%q is not printable ASCII without spaces at its ends", value)
			}
		}
		if !keyID.MatchString(*k.AccessKeyId) {
			t.Errorf("got access key id %q, want %v", *k.AccessKeyId, keyID)
		}
		return k
	}
	for range 20 {
		k := issue()
		for _, syntax := range []string{"'", `"`, "`", `\`, "$(", "${", "%", "!", " ", ";", "#"} {
			if !strings.Contains(*k.SecretAccessKey, syntax) {
				t.Errorf("secret %q lacks %s", *k.SecretAccessKey, syntax)
			}
		}
		if strings.Contains(*k.SessionToken, "$(") {
			hostile++
		}
		if strings.Contains(*k.SessionToken, " ") {
			t.Error("a session token contains a space, which Signature Version 4 may merge with others")
		}
	}
	if hostile == 0 || hostile == 20 {
		t.Errorf("%d of 20 session tokens are hostile, want some", hostile)
	}
	s.Change(func(settings *ssotest.Settings) { settings.PlainSecrets = true })
	if k := issue(); !simple.MatchString(*k.SecretAccessKey) || len(*k.SecretAccessKey) != 40 || !simple.MatchString(*k.SessionToken) {
		t.Errorf("plain secrets: %q, %q", *k.SecretAccessKey, *k.SessionToken)
	}
}

func TestPages(t *testing.T) {
	s := ssotest.New()
	s.AddAccounts(ssotest.ManyAccounts(1000, "ReadOnly")...)
	c := inProcess(s)
	_, token := c.login(t)
	for _, test := range []struct {
		limit int
		ask   *int32
		calls int
	}{
		{100, nil, 51},
		{100, aws.Int32(100), 11},
		{7, aws.Int32(100), 144},
		{100, aws.Int32(6), 168},
	} {
		s.Change(func(settings *ssotest.Settings) { settings.PageLimit = test.limit })
		s.ForgetCalls()
		seen := map[string]bool{}
		pages := sso.NewListAccountsPaginator(c.sso, &sso.ListAccountsInput{AccessToken: token.AccessToken, MaxResults: test.ask})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page.AccountList {
				if seen[*a.AccountId] {
					t.Errorf("account %s is listed twice", *a.AccountId)
				}
				seen[*a.AccountId] = true
			}
		}
		if len(seen) != 1006 || s.Calls(ssotest.ListAccounts) != test.calls {
			t.Errorf("limit %d: %d accounts in %d calls, want 1006 in %d", test.limit, len(seen), s.Calls(ssotest.ListAccounts), test.calls)
		}
	}

	s.Change(func(settings *ssotest.Settings) { settings.PageLimit = 2 })
	var roles []string
	pages := sso.NewListAccountRolesPaginator(c.sso, &sso.ListAccountRolesInput{AccessToken: token.AccessToken, AccountId: aws.String("111111111111")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.RoleList {
			roles = append(roles, *r.AccountId+"/"+*r.RoleName)
		}
	}
	if got, want := fmt.Sprint(roles), "[111111111111/Developer 111111111111/Administrator 111111111111/ReadOnly]"; got != want {
		t.Errorf("roles %s, want %s", got, want)
	}

	_, err := c.sso.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: token.AccessToken, NextToken: aws.String("made up")})
	mustBe[*types.InvalidRequestException](t, err)
	_, err = c.sso.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: token.AccessToken, MaxResults: aws.Int32(101)})
	mustBe[*types.InvalidRequestException](t, err)
	_, err = c.sso.ListAccountRoles(t.Context(), &sso.ListAccountRolesInput{AccessToken: token.AccessToken, AccountId: aws.String("999999999999")})
	mustHaveCode(t, err, "ForbiddenException")
}

func TestHostileNamesArriveWhole(t *testing.T) {
	s := ssotest.New()
	want := ssotest.HostileAccounts()
	s.SetAccounts(want)
	c := inProcess(s)
	_, token := c.login(t)
	out, err := c.sso.ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: token.AccessToken})
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range out.AccountList {
		if aws.ToString(a.AccountName) != want[i].Name || aws.ToString(a.EmailAddress) != want[i].Email {
			t.Errorf("account %d is %q %q, want %q %q", i, aws.ToString(a.AccountName), aws.ToString(a.EmailAddress), want[i].Name, want[i].Email)
		}
		for _, role := range want[i].Roles {
			k, err := c.sso.GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{AccessToken: token.AccessToken, AccountId: a.AccountId, RoleName: &role})
			if err != nil {
				t.Errorf("role %q: %v", role, err)
				continue
			}
			if _, err := c.sts(credentials(k.RoleCredentials)).GetCallerIdentity(t.Context(), nil); err != nil {
				t.Errorf("role %q: %v", role, err)
			}
		}
	}
}

func credentials(k *types.RoleCredentials) aws.Credentials {
	return aws.Credentials{AccessKeyID: *k.AccessKeyId, SecretAccessKey: *k.SecretAccessKey, SessionToken: *k.SessionToken}
}

func TestLogout(t *testing.T) {
	c := inProcess(ssotest.New())
	r, token := c.login(t)
	_, other := c.login(t)
	if _, err := c.sso.Logout(t.Context(), &sso.LogoutInput{AccessToken: token.AccessToken}); err != nil {
		t.Fatal(err)
	}
	mustBe[*types.UnauthorizedException](t, c.tryToken(t, token.AccessToken))
	_, err := c.refresh(t, r, token.RefreshToken)
	mustHaveCode(t, err, "InvalidGrantException")
	if err := c.tryToken(t, other.AccessToken); err != nil {
		t.Errorf("another session after the logout: %v, want success", err)
	}
	_, err = c.sso.Logout(t.Context(), &sso.LogoutInput{AccessToken: token.AccessToken})
	mustBe[*types.UnauthorizedException](t, err)
}

func TestSSOAPIErrorsOnTheWire(t *testing.T) {
	c := overLoopback(t, ssotest.New())
	resp, err := c.http.Get(c.base + "/federation/credentials?account_id=1&role_name=x")
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]string
	decode(t, resp, &body)
	if resp.StatusCode != 401 || body["message"] != "Session token not found or invalid" || !strings.HasSuffix(body["__type"], "#UnauthorizedException") {
		t.Errorf("got status %d, body %v; want 401, UnauthorizedException", resp.StatusCode, body)
	}
}

func TestListRate(t *testing.T) {
	s := ssotest.New()
	s.ListRate = 5
	clock := newClock(s)
	c := inProcess(s)
	_, token := c.login(t)
	answered := func(calls int) (n int) {
		for range calls {
			err := c.tryToken(t, token.AccessToken)
			if err == nil {
				n++
			} else {
				mustBe[*types.TooManyRequestsException](t, err)
			}
		}
		return n
	}
	if n := answered(8); n != 5 {
		t.Errorf("%d of 8 calls at once were answered, want 5", n)
	}
	clock.pass(400 * time.Millisecond)
	if n := answered(8); n != 2 {
		t.Errorf("%d calls were answered after 0.4 s, want 2", n)
	}
}
