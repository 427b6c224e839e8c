package profile

import (
	"testing"
	"time"
)

// The guard of profiles whose credential_process leads to each other, several times
// each, is found at once.
func TestGuardOfProcessesInACircle(t *testing.T) {
	c := configOf(t, `[profile a]
credential_process = ssoenv credential-process b b
[profile b]
credential_process = ssoenv credential-process a a c
[profile c]
credential_process = ssoenv credential-process a b c-source
[profile c-source]
aws_access_key_id = AKIAABCDEFGHIJKLMNOP
aws_secret_access_key = secret
ssoenv_confirm = interactive
`)
	for _, name := range []string{"a", "b", "c"} {
		p, err := c.Profile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := make(chan Guard, 1)
		go func() { found <- c.Guard(p) }()
		select {
		case got := <-found:
			if want := (Guard{GuardInteractive, "c-source"}); got != want {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: got no guard within 10 s", name)
		}
	}
}
