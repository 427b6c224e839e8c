package ssotest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/ssoenv/ssoenv/session/ssotest"
)

func TestGetCallerIdentity(t *testing.T) {
	for name, c := range map[string]*clients{"loopback": overLoopback(t, ssotest.New()), "in process": inProcess(ssotest.New())} {
		for range 4 { // every second session token is hostile
			out, err := c.sts(c.role(t)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			const prefix, suffix = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Developer_", "/alice@example.com"
			if !strings.HasPrefix(*out.Arn, prefix) || !strings.HasSuffix(*out.Arn, suffix) || *out.Account != "111111111111" || !strings.HasSuffix(*out.UserId, ":alice@example.com") {
				t.Errorf("%s: got identity %q %q %q", name, *out.Arn, *out.Account, *out.UserId)
			}
		}
	}
}

func TestChangedCredentialsAreRejected(t *testing.T) {
	s := ssotest.New()
	c := inProcess(s)
	good, other := c.role(t), c.role(t)
	for what, test := range map[string]struct {
		change func(*aws.Credentials)
		code   string
	}{
		"a secret that a shell expanded": {func(k *aws.Credentials) {
			k.SecretAccessKey = strings.ReplaceAll(k.SecretAccessKey, "$(touch pwned)", "")
		}, "SignatureDoesNotMatch"},
		"a secret that lost a backslash":    {func(k *aws.Credentials) { k.SecretAccessKey = strings.ReplaceAll(k.SecretAccessKey, `\`, "") }, "SignatureDoesNotMatch"},
		"a secret that lost a quote":        {func(k *aws.Credentials) { k.SecretAccessKey = strings.Replace(k.SecretAccessKey, "'", "", 1) }, "SignatureDoesNotMatch"},
		"a secret that gained a newline":    {func(k *aws.Credentials) { k.SecretAccessKey += "\n" }, "SignatureDoesNotMatch"},
		"another secret":                    {func(k *aws.Credentials) { k.SecretAccessKey = other.SecretAccessKey }, "SignatureDoesNotMatch"},
		"another session token":             {func(k *aws.Credentials) { k.SessionToken = other.SessionToken }, "InvalidClientTokenId"},
		"no session token":                  {func(k *aws.Credentials) { k.SessionToken = "" }, "InvalidClientTokenId"},
		"an access key that was not issued": {func(k *aws.Credentials) { k.AccessKeyID = "ASIAAAAAAAAAAAAAAAAA" }, "InvalidClientTokenId"},
	} {
		bad := good
		test.change(&bad)
		_, err := c.sts(bad).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		t.Log(what)
		mustHaveCode(t, err, test.code)
	}
	s.Change(func(settings *ssotest.Settings) { settings.RoleLifetime = 0 })
	_, err := c.sts(c.role(t)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	mustHaveCode(t, err, "ExpiredToken")
}

func TestSTSErrorsOnTheWire(t *testing.T) {
	c := overLoopback(t, ssotest.New())
	for _, test := range []struct {
		authorization, body string
		status              int
		code                string
	}{
		{"", "Action=GetCallerIdentity&Version=2011-06-15", 403, "MissingAuthenticationToken"},
		{"Bearer x", "Action=GetCallerIdentity&Version=2011-06-15", 400, "IncompleteSignature"},
		{"AWS4-HMAC-SHA256 Credential=A/20261123/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "Action=AssumeRole&Version=2011-06-15", 400, "IncompleteSignature"},
		{"", "Action=GetFederationToken&Version=2011-06-15", 400, "InvalidAction"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", c.base, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if test.authorization != "" {
			req.Header.Set("Authorization", test.authorization)
		}
		resp, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
			Code      string   `xml:"Error>Code"`
			Message   string   `xml:"Error>Message"`
			RequestID string   `xml:"RequestId"`
		}
		err = xml.NewDecoder(resp.Body).Decode(&body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != test.status || body.Code != test.code || body.Message == "" || body.RequestID == "" {
			t.Errorf("%q: status %d, %+v; want %d, %s", test.authorization, resp.StatusCode, body, test.status, test.code)
		}
	}
}

func TestAssumeRole(t *testing.T) {
	s := ssotest.New()
	clock := newClock(s)
	clock.now = time.Now().Truncate(time.Second) // the SDK signs with the clock of this machine
	c := inProcess(s)
	source := c.role(t)
	assume := func(change func(*sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
		in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::222222222222:role/team/Deploy"), RoleSessionName: aws.String("ssoenv")}
		change(in)
		return c.sts(source).AssumeRole(t.Context(), in)
	}
	out, err := assume(func(*sts.AssumeRoleInput) {})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out.Credentials.Expiration.Sub(clock.now), time.Hour; got != want {
		t.Errorf("credentials expire in %v, want %v", got, want)
	}
	const arn = "arn:aws:sts::222222222222:assumed-role/Deploy/ssoenv"
	if *out.AssumedRoleUser.Arn != arn {
		t.Errorf("assumed %q, want %q", *out.AssumedRoleUser.Arn, arn)
	}
	chained := c.sts(aws.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken})
	who, err := chained.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != arn || *who.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Errorf("got identity %q %q, want %q %q", *who.Arn, *who.UserId, arn, *out.AssumedRoleUser.AssumedRoleId)
	}

	for _, test := range []struct {
		code   string
		change func(*sts.AssumeRoleInput)
	}{
		{"ValidationError", func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("Deploy") }},
		{"ValidationError", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a b") }},
		{"ValidationError", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(899) }},
		{"ValidationError", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }},
		{"AccessDenied", func(in *sts.AssumeRoleInput) { in.SerialNumber, in.TokenCode = aws.String("x"), aws.String("000000") }},
	} {
		_, err := assume(test.change)
		mustHaveCode(t, err, test.code)
	}

	const serial = "arn:aws:iam::111111111111:mfa/alice"
	s.Change(func(settings *ssotest.Settings) {
		settings.Targets = []ssotest.Target{{ARN: "arn:aws:iam::222222222222:role/team/Deploy", ExternalID: "it's", MFASerial: serial}}
	})
	whole := func(in *sts.AssumeRoleInput) {
		in.ExternalId, in.SerialNumber, in.TokenCode, in.DurationSeconds = aws.String("it's"), aws.String(serial), aws.String("123456"), aws.Int32(900)
	}
	if out, err = assume(whole); err != nil {
		t.Fatal(err)
	}
	if got, want := out.Credentials.Expiration.Sub(clock.now), 15*time.Minute; got != want {
		t.Errorf("credentials expire in %v, want %v", got, want)
	}
	for _, change := range []func(*sts.AssumeRoleInput){
		func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("arn:aws:iam::222222222222:role/Other") },
		func(in *sts.AssumeRoleInput) { in.ExternalId = nil },
		func(in *sts.AssumeRoleInput) { in.SerialNumber, in.TokenCode = nil, nil },
	} {
		_, err := assume(func(in *sts.AssumeRoleInput) { whole(in); change(in) })
		mustHaveCode(t, err, "AccessDenied")
	}
}

// TestClockSkew uses a server whose clock is half an hour ahead. It rejects a client
// that signs with its own clock, and accepts one that corrects its clock by the Date
// header.
func TestClockSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ssotest.New()
		c := inProcess(s)
		k := c.role(t)
		s.Change(func(settings *ssotest.Settings) { settings.Skew = 30 * time.Minute })
		_, err := c.sts(k).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		mustHaveCode(t, err, "SignatureDoesNotMatch")
		correcting := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &c.base, HTTPClient: c.http, Credentials: aws.CredentialsProviderFunc(
			func(context.Context) (aws.Credentials, error) { return k, nil })})
		if _, err := correcting.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
			t.Errorf("the SDK with a corrected clock: %v, want success", err)
		}
		if n := s.Calls(ssotest.GetCallerIdentity); n != 3 {
			t.Errorf("got %d calls, want 3: one that fails, one that learns the time, one that succeeds", n)
		}
	})
}

// FuzzSignature compares the verification with the SDK's signer: requests that the SDK
// signed are accepted, for all parameters and headers, and the same requests with a
// changed body or header are not.
func FuzzSignature(f *testing.F) {
	s := ssotest.New()
	s.AutoApprove = true
	base := "http://127.0.0.1:1"
	f.Add("x=1", "a b", byte(0))
	f.Add("", "", byte(7))
	f.Add("q&&q0&q-=1", "0", byte(1)) // q comes before q-, but q= after q-=
	f.Add("q=%20+%7E&q=&b=2;c", "  spaces   within  ", byte(40))
	var key aws.Credentials
	f.Fuzz(func(t *testing.T, rawQuery, header string, flip byte) {
		if key.AccessKeyID == "" {
			key = inProcess(s).role(t)
		}
		const body = "Action=GetCallerIdentity&Version=2011-06-15"
		req, err := http.NewRequest("POST", base+"/?"+rawQuery, strings.NewReader(body))
		if err != nil || strings.Contains(rawQuery, "Action") {
			return // not a valid GetCallerIdentity request
		}
		if strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) {
			return
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Extra", header)
		sum := sha256.Sum256([]byte(body))
		if err := v4.NewSigner().SignHTTP(context.Background(), key, req, hex.EncodeToString(sum[:]), "sts", "us-east-1", time.Now()); err != nil {
			return
		}
		send := func(body string) string {
			copied := req.Clone(context.Background())
			copied.Body = io.NopCloser(strings.NewReader(body))
			resp, err := s.Transport().RoundTrip(copied)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		if got := send(body); !strings.Contains(got, "<Arn>") {
			t.Fatalf("query %q, header %q: got %s, want an identity", rawQuery, header, got)
		}
		if got := send(body + "&X=" + string('A'+flip%26)); !strings.Contains(got, "SignatureDoesNotMatch") {
			t.Fatalf("a changed body: got %s, want SignatureDoesNotMatch", got)
		}
		req.Header.Set("X-Extra", header+".")
		if got := send(body); !strings.Contains(got, "SignatureDoesNotMatch") {
			t.Fatalf("a changed header: got %s, want SignatureDoesNotMatch", got)
		}
	})
}
