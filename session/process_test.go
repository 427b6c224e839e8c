package session

import (
	"strings"
	"testing"
	"time"
)

// The output of a credential_process is read as the AWS CLI reads it, and an error
// quotes nothing of it.
func TestProcessOutput(t *testing.T) {
	const keys = `"AccessKeyId": "ASIASECRETSECRET", "SecretAccessKey": "SECRET"`
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for expiration, want := range map[string]time.Time{
		"2030-01-02T03:04:05Z": at, "2030-01-02T04:04:05+01:00": at, "2030-01-02 03:04:05+00:00": at, "2030-01-02T03:04:05.5Z": at.Add(time.Second / 2),
		"2030-01-02T03:04:05+0000": at, "20300102T030405Z": at, "2030-01-02T03:04Z": at.Truncate(time.Minute), "": {},
	} {
		creds, err := parseProcessOutput([]byte(`{"Version": 1, ` + keys + `, "Expiration": "` + expiration + `", "More": [1]}`))
		if err != nil || !creds.Expires.Equal(want) || creds.AccessKeyID != "ASIASECRETSECRET" || creds.SecretKey.Reveal() != "SECRET" || creds.SessionToken != "" {
			t.Errorf("Expiration %q: got %v, %v, want %v", expiration, creds.Expires, err, want)
		}
	}
	for _, text := range []string{
		"", "null", "[]", `"SECRET"`, "SECRET", "{" + keys + "}", `{"Version": 2, ` + keys + "}", `{"Version": "1", ` + keys + "}", `{"Version": null, ` + keys + "}",
		`{"Version": 1}`, `{"Version": 1, "AccessKeyId": "SECRET"}`, `{"Version": 1, "SecretAccessKey": "SECRET"}`, `{"Version": 1, "AccessKeyId": "SECRET", "SecretAccessKey": ""}`,
		`{"Version": 1, ` + keys + `, "Expiration": "SECRET"}`, `{"Version": 1, ` + keys + `, "Expiration": 1893553445}`, `{"Version": 1, ` + keys + `, "Expiration": "2030-01-02T03:04:05"}`,
		`{"Version": 1, ` + keys + `, "AccountId": "SECRET"}`, `{"Version": 1, "AccessKeyId": "SEC RET\n", "SecretAccessKey": "SECRET"}`,
		`{"Version": 1, "AccessKeyId": "SECRET", "SecretAccessKey": "SECRET\u001b[31m"}`, `{"Version": 1, ` + keys + `} SECRET`,
	} {
		if creds, err := parseProcessOutput([]byte(text)); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v, %v, want an error without the text", text, creds.Expires, err)
		}
	}
}
