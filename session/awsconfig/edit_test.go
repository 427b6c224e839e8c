package awsconfig_test

import (
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

// setIn sets one key.
func setIn(f *awsconfig.File, kind awsconfig.Kind, name, key, value string) error {
	return f.Apply(awsconfig.Change{Kind: kind, Name: name, Key: key, Value: value})
}

// set returns text with one key set. It fails the test on an error.
func set(t *testing.T, text string, kind awsconfig.Kind, name, key, value string) string {
	t.Helper()
	f := awsconfig.Parse([]byte(text))
	if err := setIn(f, kind, name, key, value); err != nil {
		t.Fatalf("set(%q, %q, %q, %q): %v", kind, name, key, value, err)
	}
	return string(f.Bytes())
}

func TestSetProfile(t *testing.T) {
	tests := []struct {
		name             string
		text             string
		profile          string
		key, value, want string
	}{
		// Replacing a value.
		{
			name: "one value and no other byte",
			text: "# mine\n\n[profile a]\n  region\t:  r1  \n  # c\n\n\n[profile b]\nregion=r1\n",
			key:  "region", value: "r2",
			want: "# mine\n\n[profile a]\n  region\t:  r2  \n  # c\n\n\n[profile b]\nregion=r1\n",
		},
		{
			name: "key in another case",
			text: "[profile a]\nRegion = r1\n",
			key:  "rEGION", value: "r2",
			want: "[profile a]\nRegion = r2\n",
		},
		{
			name: "inline comment goes with the value that it is a part of",
			text: "[profile a]\nregion = r1 # home\n",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r2\n",
		},
		{
			name: "further lines go, comments and blank lines among them stay",
			text: "[profile a]\nx = 1\n  2\n  # c\n\n  3\n\ny = 4\n",
			key:  "x", value: "5",
			want: "[profile a]\nx = 5\n  # c\n\n\ny = 4\n",
		},
		{
			name: "further lines go, and no newline comes to the end",
			text: "[profile a]\nx = 1\n  2",
			key:  "x", value: "5",
			want: "[profile a]\nx = 5",
		},
		{
			name: "further lines go, and \\r does not meet \\n",
			text: "[profile a]\rx = 1\r  2\n\ny = 4\n",
			key:  "x", value: "5",
			want: "[profile a]\rx = 5\n\ny = 4\n",
		},
		{
			name: "nested block goes",
			text: "[profile a]\ns3 =\n  x = 1\nregion = r1\n",
			key:  "s3", value: "",
			want: "[profile a]\ns3 =\nregion = r1\n",
		},
		{
			name: "empty value, with a style",
			text: "[profile a]\nregion =\n",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r2\n",
		},
		{
			name: "empty value, with another style",
			text: "[profile a]\nregion=\n",
			key:  "region", value: "r2",
			want: "[profile a]\nregion=r2\n",
		},
		{
			name: "empty new value",
			text: "[profile a]\nregion=r1\n",
			key:  "region", value: "",
			want: "[profile a]\nregion=\n",
		},
		{
			name: "the assignment that counts",
			text: "[profile a]\nregion = r1\nregion = r2\n[profile b]\n[profile a]\nregion = r3\nx = 1\n",
			key:  "region", value: "r4",
			want: "[profile a]\nregion = r1\nregion = r2\n[profile b]\n[profile a]\nregion = r4\nx = 1\n",
		},
		{
			name: "no newline at the end",
			text: "[profile a]\nregion = r1",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r2",
		},
		{
			name: "CRLF",
			text: "[profile a]\r\nregion = r1\r\nx = 1\r\n",
			key:  "region", value: "r2",
			want: "[profile a]\r\nregion = r2\r\nx = 1\r\n",
		},

		// A new key.
		{
			name: "under the last key, before what belongs to the next section",
			text: "[profile a]\n# c\nregion = r1\n\n# about b\n[profile b]\n",
			key:  "OUTPUT", value: "json",
			want: "[profile a]\n# c\nregion = r1\noutput = json\n\n# about b\n[profile b]\n",
		},
		{
			name: "under the last key's further lines",
			text: "[profile a]\ns3 =\n  region = r0\n\n  x = 1\n\n[profile b]\nregion = r1\n",
			key:  "region", value: "r2",
			want: "[profile a]\ns3 =\n  region = r0\n\n  x = 1\nregion = r2\n\n[profile b]\nregion = r1\n",
		},
		{
			name: "in a section without keys",
			text: "[profile a]\n\n[profile b]\n",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r2\n\n[profile b]\n",
		},
		{
			name: "indented as the section is",
			text: "  [profile a]\n    x = 1\n      2\n  [profile b]\n",
			key:  "region", value: "r2",
			want: "  [profile a]\n    x = 1\n      2\n    region = r2\n  [profile b]\n",
		},
		{
			name: "no less indented than the next header",
			text: "[profile a]\n  [profile b]\n",
			key:  "region", value: "r2",
			want: "[profile a]\n  region = r2\n  [profile b]\n",
		},
		{
			name: "not in DEFAULT",
			text: "[DEFAULT]\nregion = r0\n[profile a]\nx = 1\n",
			key:  "region", value: "r2",
			want: "[DEFAULT]\nregion = r0\n[profile a]\nx = 1\nregion = r2\n",
		},
		{
			name: "in the last of repeated sections",
			text: "[profile a]\nx = 1\n[profile b]\n[profile a]\n\n",
			key:  "region", value: "r2",
			want: "[profile a]\nx = 1\n[profile b]\n[profile a]\nregion = r2\n\n",
		},
		{
			name: "at the end, where the newline is missing",
			text: "[profile b]\r\n[profile a]\r\nx = 1",
			key:  "region", value: "r2",
			want: "[profile b]\r\n[profile a]\r\nx = 1\r\nregion = r2",
		},
		{
			name: "with the line end of the line above it",
			text: "[profile b]\n[profile a]\r\n[profile c]\n",
			key:  "region", value: "r2",
			want: "[profile b]\n[profile a]\r\nregion = r2\r\n[profile c]\n",
		},
		{
			name: "empty",
			text: "[profile a]\n",
			key:  "region", value: "",
			want: "[profile a]\nregion =\n",
		},

		// The section is found by the name that is read.
		{
			name: "two blanks",
			text: "[profile  a]\n",
			key:  "region", value: "r2",
			want: "[profile  a]\nregion = r2\n",
		},
		{
			name: "quotes",
			text: "[profile a]\nregion = r1\n[profile 'a'] # x\nregion = r1\n",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r1\n[profile 'a'] # x\nregion = r2\n",
		},
		{
			name:    "profile default",
			text:    "[profile default]\nregion = r1\n",
			profile: "default",
			key:     "region", value: "r2",
			want: "[profile default]\nregion = r2\n",
		},
		{
			name:    "a name that an edit would not write",
			text:    "[profile \"x y\"]\n",
			profile: "x y",
			key:     "region", value: "r2",
			want: "[profile \"x y\"]\nregion = r2\n",
		},
		{
			name: "not one that is no profile",
			text: "[ profile a]\nregion = r1\n",
			key:  "region", value: "r2",
			want: "[ profile a]\nregion = r1\n\n[profile a]\nregion = r2\n",
		},

		// A new section.
		{
			name: "in an empty file",
			key:  "region", value: "r2",
			want: "[profile a]\nregion = r2\n",
		},
		{
			name: "behind a byte order mark",
			text: "\uFEFF",
			key:  "region", value: "r2",
			want: "\uFEFF[profile a]\nregion = r2\n",
		},
		{
			name: "at the end, where the newline is missing",
			text: "[profile b]\r\nx = 1",
			key:  "region", value: "r2",
			want: "[profile b]\r\nx = 1\r\n\r\n[profile a]\r\nregion = r2\r\n",
		},
		{
			name: "behind a blank line",
			text: "[profile b]\n \t\n",
			key:  "region", value: "r2",
			want: "[profile b]\n \t\n[profile a]\nregion = r2\n",
		},
		{
			name: "behind a blank line without its end",
			text: "[profile b]\n ",
			key:  "region", value: "r2",
			want: "[profile b]\n \n\n[profile a]\nregion = r2\n",
		},
		{
			name: "with the line end of a file of one line",
			text: "# mine\r",
			key:  "region", value: "r2",
			want: "# mine\r\r[profile a]\rregion = r2\r",
		},
		{
			name:    "default",
			text:    "[profile b]\n",
			profile: "default",
			key:     "region", value: "r2",
			want: "[profile b]\n\n[default]\nregion = r2\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			profile := tt.profile
			if profile == "" {
				profile = "a"
			}
			if got := set(t, tt.text, awsconfig.Profile, profile, tt.key, tt.value); got != tt.want {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

func TestSetWritesHeaders(t *testing.T) {
	for _, tt := range []struct {
		kind awsconfig.Kind
		name string
		want string
	}{
		{awsconfig.Profile, "A-z.0_9@x%y/z", "[profile A-z.0_9@x%y/z]"},
		{awsconfig.SSOSession, "corp", "[sso-session corp]"},
		{awsconfig.SSOSession, "default", "[sso-session default]"},
		{awsconfig.Services, "local", "[services local]"},
		{awsconfig.Bare, "default", "[default]"},
		{awsconfig.Bare, "ci", "[ci]"},
	} {
		if got, want := set(t, "", tt.kind, tt.name, "x", "1"), tt.want+"\nx = 1\n"; got != want {
			t.Errorf("%q %q: got %q, want %q", tt.kind, tt.name, got, want)
		}
	}
}

func TestSetErrors(t *testing.T) {
	type edit struct {
		kind             awsconfig.Kind
		name, key, value string
	}
	edits := []edit{
		{"plugins", "a", "x", "1"},
		{awsconfig.Bare, "DEFAULT", "x", "1"},
	}
	for _, name := range []string{"", "x y", `"b"`, "it's", "b]", "b#c", "b;c", "[b", "b\n[profile c]", "é–", "\u200b", "a\ufe0f", "b:c", "b\x00"} {
		edits = append(edits, edit{awsconfig.Profile, name, "x", "1"}, edit{awsconfig.Bare, name, "x", "1"})
	}
	for _, key := range []string{"", "x y", "x=", "x:", "[x", "#x", "x\n", "é", " x"} {
		edits = append(edits, edit{awsconfig.Profile, "a", key, "1"}, edit{awsconfig.Profile, "new", key, "1"})
	}
	for _, value := range []string{"1\n2", "1\r2", "\x00", " 1", "1 ", "\t1", "1\u00a0", "\x1c1", "caf\xe9"} {
		edits = append(edits, edit{awsconfig.Profile, "a", "x", value}, edit{awsconfig.Profile, "new", "x", value})
	}
	const text = "[profile a]\nx = 0\n"
	for _, e := range edits {
		f := awsconfig.Parse([]byte(text))
		if err := setIn(f, e.kind, e.name, e.key, e.value); err == nil {
			t.Errorf("%q: got no error and the text %q", e, f.Bytes())
		} else if strings.ContainsAny(err.Error(), "\n\r\x00") {
			t.Errorf("%q: got error %q, want one line", e, err)
		}
		if got := string(f.Bytes()); got != text {
			t.Errorf("%q: got an error and the changed text %q", e, got)
		}
	}
}
