package offline

import "testing"

// What a glob matches. A slash is a character like any other.
func TestGlobs(t *testing.T) {
	for _, test := range []struct {
		glob, text string
		want       bool
	}{
		{"", "", true},
		{"", "team/prod", true},
		{"*", "", true},
		{"*", "team/prod", true},
		{"team*", "team/prod", true},
		{"Team*", "team/Prod", true},
		{"*prod", "Team/PROD", true},
		{"t*/*d", "team/a/prod", true},
		{"team?prod", "team/prod", true},
		{"team[/_]prod", "team/prod", true},
		{"team[^_]prod", "team/prod", true},
		{`team\/prod`, "team/prod", true},
		{`team\*`, "team*", true},
		{`team\*`, "team/prod", false},
		{"team", "team/prod", false},
		{"prod*", "team/prod", false},
		{"[a-c]*", "Beta", true},
		{"[A-C]*", "beta", true},
		{"[a-c]*", "delta", false},
		{"é*", "École", true},
		{"[!a-c]*", "delta", true},
		{"[!a-c]*", "Beta", false},
		{"[!/]*", "/prod", false},
		{`\[!]`, "[!]", true},
		{`\\[!a]`, `\b`, true},
	} {
		if err := CheckGlob(test.glob); err != nil {
			t.Errorf("%q: %v", test.glob, err)
		}
		if got := MatchesGlob(test.glob, test.text); got != test.want {
			t.Errorf("%q, %q: got %v, want %v", test.glob, test.text, got, test.want)
		}
	}
	for _, glob := range []string{"[", "a[", "[]", "[a-", `\`, "team/["} {
		if CheckGlob(glob) == nil {
			t.Errorf("%q is accepted", glob)
		}
	}
}
