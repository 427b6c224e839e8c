package awsconfig

import (
	"slices"
	"testing"
)

// The operators of a shell end the name of a profile, with blanks or without.
func TestProcessProfilesBetweenOperators(t *testing.T) {
	for _, command := range []string{
		`ssoenv credential-process gi`, `sh -c "ssoenv credential-process gi;"`, `sh -c 'ssoenv credential-process gi|cat'`,
		`sh -c 'ssoenv credential-process gi>/dev/stdout'`, `sh -c '(ssoenv credential-process gi)'`, `sh -c 'true;ssoenv credential-process gi&'`,
		`sh -c "true&&/usr/bin/ssoenv credential-process gi"`,
	} {
		if got := ProcessProfiles(command); !slices.Contains(got, "gi") {
			t.Errorf("%s: got %q", command, got)
		}
	}
	for _, command := range []string{"other credential-process gi", "ssoenv", `sh -c 'echo;gi'`} {
		if got := ProcessProfiles(command); got != nil {
			t.Errorf("%s: got %q", command, got)
		}
	}
}
