package doctor

import (
	"errors"
	"strings"
	"testing"
)

func TestBuilds(t *testing.T) {
	for _, test := range []struct {
		front, full string
		err         error
		status      string
		text        string
	}{
		{"ssoenv 1.0.0, commit a\n", "ssoenv 1.0.0, commit a\n", nil, OK, "one build"},
		{"ssoenv 1.0.0, commit a\n", "ssoenv 1.0.0, commit b\n", nil, Problem, "another build (ssoenv 1.0.0, commit a) than"},
		{"", "ssoenv 1.0.0, commit b\n", errors.New("permission denied"), Problem, "permission denied"},
	} {
		got := Builds("/usr/bin/ssoenv", test.front, test.full, test.err)
		if len(got) != 1 || got[0].Status != test.status || !strings.Contains(got[0].Text, test.text) {
			t.Errorf("%q and %q: got %v, want a %s with %q", test.front, test.full, got, test.status, test.text)
		}
	}
}
