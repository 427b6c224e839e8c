package main

import (
	"slices"
	"testing"

	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
)

// The profile that the user is likely to switch to is the first in the list.
func TestLikelyFirst(t *testing.T) {
	for _, test := range []struct {
		name              string
		profile, previous string
		used, want        []string
	}{
		{"a new shell", "", "", nil, []string{"a", "b", "c", "d"}},
		{"used elsewhere", "", "", []string{"c", "b"}, []string{"c", "b", "a", "d"}},
		{"back and forth", "d", "b", []string{"d", "b"}, []string{"b", "d", "a", "c"}},
		{"the first switch", "d", "", []string{"d", "c", "b"}, []string{"c", "d", "b", "a"}},
		{"the only one used", "d", "", []string{"d"}, []string{"d", "a", "b", "c"}},
		{"cleared", "", "b", []string{"d", "b"}, []string{"b", "d", "a", "c"}},
		{"no longer there", "d", "gone", []string{"gone", "c"}, []string{"c", "d", "a", "b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			names := []string{"a", "b", "c", "d"}
			likelyFirst(names, shellenv.State{Profile: test.profile, Previous: test.previous}, test.used)
			if !slices.Equal(names, test.want) {
				t.Errorf("got %q, want %q", names, test.want)
			}
		})
	}
}
