package awsconfig_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/ssoenv/ssoenv/session/awsconfig"
)

func TestRenameInBlock(t *testing.T) {
	for _, tt := range []struct {
		name       string
		text, want string
		renames    []awsconfig.Rename
	}{
		{"a header in quotes, and what is behind it", begin + "[profile  'a'] # x\nx = 1\n" + end, begin + "[profile b] # x\nx = 1\n" + end, []awsconfig.Rename{{From: "a", To: "b"}}},
		{"an indented header", begin + "  [profile a]\n  x = 1\n" + end, begin + "  [profile b]\n  x = 1\n" + end, []awsconfig.Rename{{From: "a", To: "b"}}},
		{"an exchange", begin + "[profile a]\nsource_profile=b\n[profile b]\nsource_profile : a\n" + end, begin + "[profile b]\nsource_profile=a\n[profile a]\nsource_profile : b\n" + end,
			[]awsconfig.Rename{{From: "a", To: "b"}, {From: "b", To: "a"}}},
		{"CRLF, and a reference above the block", crlf("[profile z]\nSource_Profile = a\n" + begin + "[profile a]\n" + end), crlf("[profile z]\nSource_Profile = b\n" + begin + "[profile b]\n" + end),
			[]awsconfig.Rename{{From: "a", To: "b"}}},
		{"without a newline at the end", begin + "[profile a]\n" + end + "[profile z]\nsource_profile = a", begin + "[profile b]\n" + end + "[profile z]\nsource_profile = b", []awsconfig.Rename{{From: "a", To: "b"}}},
		{"not outside of the block", "[profile a]\nx = a\n" + begin + "[profile a]\n" + end + "[sso-session a]\n[a]\n", "[profile a]\nx = a\n" + begin + "[profile b]\n" + end + "[sso-session a]\n[a]\n",
			[]awsconfig.Rename{{From: "a", To: "b"}}},
		{"with references that stay", "[profile z]\nsource_profile = a\n" + begin + "[profile a]\n" + end, "[profile z]\nsource_profile = a\n" + begin + "[profile b]\n" + end,
			[]awsconfig.Rename{{From: "a", To: "b", KeepReferences: true}}},
		{"a reference in [DEFAULT]", "[DEFAULT]\nsource_profile = a\n" + begin + "[profile a]\n" + end, "[DEFAULT]\nsource_profile = b\n" + begin + "[profile b]\n" + end, []awsconfig.Rename{{From: "a", To: "b"}}},
		{"in a nested value", "[profile z]\ns3 =\n  source_profile = a\n" + begin + "[profile a]\n" + end, "[profile z]\ns3 =\n  source_profile = a\n" + begin + "[profile b]\n" + end, []awsconfig.Rename{{From: "a", To: "b"}}},
	} {
		f := awsconfig.Parse([]byte(tt.text))
		if err := f.RenameInBlock("corp", tt.renames); err != nil || string(f.Bytes()) != tt.want {
			t.Errorf("%s: %v\ngot\n%q, want\n%q", tt.name, err, f.Bytes(), tt.want)
		}
	}
	for command, want := range map[string]string{
		"ssoenv credential-process a":                                "ssoenv credential-process b",
		"/opt/ssoenv-1.0 --debug credential-process --no-login a":    "/opt/ssoenv-1.0 --debug credential-process --no-login b",
		`"C:/Program Files/ssoenv.exe"  credential-process  "a" # a`: `"C:/Program Files/ssoenv.exe"  credential-process  b # b`,
		`env A=a ssoenv credential-process -- 'a'`:                   `env A=a ssoenv credential-process -- b`,
		`sh -c "exec ssoenv credential-process 'a' | tee a"`:         `sh -c "exec ssoenv credential-process b | tee b"`,
		`sh -c "exec ssoenv credential-process \\"a\\""`:             `sh -c "exec ssoenv credential-process \\"a\\""`,
		`ssoenv credential-process a "a  a" a`:                       `ssoenv credential-process b "a  a" b`,
		"ssoenv\n  credential-process\n  a":                          "ssoenv credential-process b",
		"ssoenv credential-process aa":                               "ssoenv credential-process aa",
		"ssoenv whoami a":                                            "ssoenv whoami a",
		"aws-vault credential-process a":                             "aws-vault credential-process a",
		"ssoenv credential-process 'a":                               "ssoenv credential-process 'a",
		"a credential-process a":                                     "a credential-process a",
		"tool --name a":                                              "tool --name a",
	} {
		f := awsconfig.Parse([]byte("[profile z]\ncredential_process = " + command + "\n" + begin + "[profile a]\n" + end))
		if err := f.RenameInBlock("corp", []awsconfig.Rename{{From: "a", To: "b"}}); err != nil {
			t.Fatal(err)
		}
		if want = "[profile z]\ncredential_process = " + want + "\n" + begin + "[profile b]\n" + end; string(f.Bytes()) != want {
			t.Errorf("got\n%s, want\n%s", f.Bytes(), want)
		}
	}
	for _, to := range []string{"", "x y", "a]", "é\u200b", "b\n"} {
		f := awsconfig.Parse([]byte(begin + "[profile a]\n" + end))
		if err := f.RenameInBlock("corp", []awsconfig.Rename{{From: "a", To: to}}); err == nil || !strings.HasPrefix(string(f.Bytes()), begin+"[profile a]") {
			t.Errorf("%q: %v, %q", to, err, f.Bytes())
		}
	}
}

func TestBlockOptions(t *testing.T) {
	options := begin + "# Written by ssoenv sync --name \"x\" # It changes only the lines between these two markers. Put your own profiles outside of them.\n"
	for text, want := range map[string]string{
		begin + note + "[profile a]\n" + end:              options + "[profile a]\n" + end,
		begin + "[profile a]\n" + end:                     options + "[profile a]\n" + end,
		begin + "\t# Written by ssoenv sync\r\n" + end:    begin + "\t" + strings.TrimSuffix(strings.TrimPrefix(options, begin), "\n") + "\r\n" + end,
		"[profile a]\n":                                   "[profile a]\n",
		strings.ReplaceAll(begin+note+end, "corp", "b"):   strings.ReplaceAll(begin+note+end, "corp", "b"),
		crlf(begin + note + "[profile a]\nx = 1\n" + end): crlf(options + "[profile a]\nx = 1\n" + end),
	} {
		f := awsconfig.Parse([]byte(text))
		if err := f.SetBlockOptions("corp", `--name "x"`); err != nil || string(f.Bytes()) != want {
			t.Errorf("%v, got\n%q, want\n%q", err, f.Bytes(), want)
		}
		if got, err := f.BlockOptions("corp"); err != nil || strings.HasPrefix(got, `--name "x"`) != strings.Contains(want, "--name") {
			t.Errorf("%v, got %q of %q", err, got, f.Bytes())
		}
	}
}

func TestTakeInKeys(t *testing.T) {
	for text, want := range map[string]string{
		begin + "[profile a]\nx = 1\n" + end + "y = 2\n\n[profile z]\n":                               begin + "[profile a]\nx = 1\ny = 2\n" + end + "\n[profile z]\n",
		begin + "[profile a]\nx = 1\n" + end + "  2\n# c\ny = 2\n# d":                                 begin + "[profile a]\nx = 1\n  2\n# c\ny = 2\n" + end + "# d",
		crlf(begin+"[profile a]\n"+end) + "y = 2":                                                     strings.TrimSuffix(crlf(begin+"[profile a]\ny = 2\n"+end), "\r\n"),
		begin + "[profile a]\n" + end + "# c\n\n[profile z]\ny = 2\n":                                 begin + "[profile a]\n" + end + "# c\n\n[profile z]\ny = 2\n",
		"[profile y]\n" + begin + end + "y = 2\n":                                                     "[profile y]\n" + begin + end + "y = 2\n",
		begin + "[profile a]\n" + end + "y = 2\n[z\nx = 1\n":                                          begin + "[profile a]\ny = 2\n" + end + "[z\nx = 1\n",
		begin + "[profile a]\n" + end + "y = 2\n" + strings.ReplaceAll(begin+end, "corp", "b") + "z=": begin + "[profile a]\ny = 2\n" + end + strings.ReplaceAll(begin+end, "corp", "b") + "z=",
	} {
		f := awsconfig.Parse([]byte(text))
		before := says(f)
		if err := f.TakeInKeys("corp"); err != nil || string(f.Bytes()) != want {
			t.Errorf("%v, got\n%q, want\n%q", err, f.Bytes(), want)
		}
		if !maps.EqualFunc(says(f), before, maps.Equal) {
			t.Errorf("%q reads otherwise", text)
		}
	}
}

// FuzzRename checks that a renaming and a comment change no value of any section but
// the references, and that the comment can be read back.
func FuzzRename(f *testing.F) {
	for _, r := range readings {
		f.Add([]byte(r.text))
		f.Add([]byte("[profile y]\nsource_profile = a\n" + begin + r.text + end))
		f.Add([]byte(begin + "[profile a]\n" + r.text + "\n" + end))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file := awsconfig.Parse(src)
		before := says(file)
		if taken := awsconfig.Parse(src); taken.TakeInKeys("corp") == nil && !maps.EqualFunc(says(taken), before, maps.Equal) {
			t.Errorf("%q reads otherwise than %q", taken.Bytes(), src)
		}
		if _, ok := file.Section(awsconfig.Profile, "new"); ok || bytes.Contains(src, []byte("new")) {
			return
		}
		if file.RenameInBlock("corp", []awsconfig.Rename{{From: "a", To: "new", KeepReferences: true}}) != nil {
			return
		}
		text := file.Bytes()
		if len(splitLines(text)) != len(splitLines(src)) {
			t.Errorf("%q has other lines than %q", text, src)
		}
		file.SetComments("# p: ", map[string]string{"new": "one", "a": "one"})
		file.SetComments("# p: ", map[string]string{"new": "two", "a": "two"})
		for _, name := range []string{"a", "new"} {
			if section, ok := file.Section(awsconfig.Profile, name); ok {
				if got, ok := section.Comment("# p: "); !ok || got != "two" {
					t.Errorf("%q: the comment is %q in %q", src, got, file.Bytes())
				}
			}
		}
		if bytes.Equal(text, src) && !maps.EqualFunc(says(file), before, maps.Equal) {
			t.Errorf("%q reads otherwise than %q", file.Bytes(), src)
		}
		if again := says(awsconfig.Parse(text)); !maps.EqualFunc(says(file), again, maps.Equal) {
			t.Errorf("%q reads otherwise than %q", file.Bytes(), text)
		}
	})
}
