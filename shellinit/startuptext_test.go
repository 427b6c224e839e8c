package shellinit

import (
	"fmt"
	"strings"
	"testing"
)

// A line is recognised with any quotes and any path. One that
// does more than the start-up line is not alone.
func TestFindStartup(t *testing.T) {
	for _, c := range []struct {
		shell Shell
		line  string
		want  string // prompt, alone
	}{
		{Bash, `eval "$(ssoenv init bash)"`, "false true"},
		{Bash, `eval "$(ssoenv init bash --prompt)" # ssoenv`, "true true"},
		{Bash, "eval \"`ssoenv init --prompt bash`\"", "true true"},
		{Bash, `source <('/opt/my tools/bin/ssoenv' init 'bash')`, "false false"},
		{Bash, `source <(/opt/bin/ssoenv init "bash")`, "false true"},
		{Bash, `eval "$(command ssoenv --debug init bash)"`, "false true"},
		{Bash, `  eval "$(ssoenv init bash)"`, "false false"},
		{Bash, `command -v ssoenv >/dev/null && eval "$(ssoenv init bash)"`, "false false"},
		{Bash, `eval "$(ssoenv init bash)"; ssoenv use dev`, "false false"},
		{Bash, `# eval "$(ssoenv init bash)"`, ""},
		{Bash, `  # eval "$(ssoenv init bash)"`, ""},
		{Bash, `echo hi # eval "$(ssoenv init bash)"`, ""},
		{Bash, `eval "$(ssoenv init zsh)"`, ""},
		{Bash, `eval "$(ssoenv init direnv)"`, ""},
		{Bash, `eval "$(ssoenv completion bash)"`, ""},
		{Bash, `eval "$(my-ssoenv init bash)"`, ""},
		{Bash, `ssoenv init`, ""},
		{Bash, `echo "hint: ssoenv init bash --install"`, ""},
		{Bash, `echo 'eval "$(ssoenv init bash)"' >>notes`, ""},
		{Bash, `alias si='ssoenv init bash'`, ""},
		{Bash, `alias si='eval "$(ssoenv init bash)"'`, ""},
		{Bash, `eval "$(ssoenv init bash --install)"`, ""},
		{Bash, `ssoenv init bash`, ""},
		{Zsh, `_evalcache ssoenv init zsh`, "false false"},
		{Fish, `ssoenv init fish`, ""},
		{Zsh, `eval "$(${HOME}/go/bin/ssoenv init zsh)"`, "false false"},
		{Fish, `ssoenv init fish --prompt | source`, "true true"},
		{Fish, `type -q ssoenv; and ssoenv init fish | source`, "false false"},
		{PowerShell, `& "C:\Program Files\ssoenv\ssoenv.exe" init pwsh | Out-String | Invoke-Expression`, "false false"},
		{PowerShell, `C:\bin\ssoenv.exe init powershell | Out-String | Invoke-Expression`, "false true"},
		{POSIX, `eval "$(ssoenv init dash)"`, "false true"},
	} {
		got := ""
		for _, e := range c.shell.FindStartup("first\n" + c.line + "\r\n") {
			got = fmt.Sprint(e.Prompt, e.Alone)
			if e.Number != 2 || e.Line != c.line {
				t.Errorf("%s: got line %d %q", c.line, e.Number, e.Line)
			}
		}
		if got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.shell, c.line, got, c.want)
		}
	}
}

// The line of every shell is found and can be removed with any path, and the
// text is then what it was, byte for byte.
func TestStartupTextRoundTrip(t *testing.T) {
	for _, name := range Names() {
		shell, _ := Named(name)
		for _, before := range []string{"", "a\n", "a", "a\n\n", "a\r\nb\r\n", "a\r\nb", "\n", " "} {
			for _, line := range []string{shell.StartupLine(false), shell.StartupLine(true), shell.StartupLineFor("/opt/a-b/ssoenv", true)} {
				after := AddStartup(before, line)
				entries := shell.FindStartup(after)
				if len(entries) != 1 || !entries[0].Alone || entries[0].Line != line {
					t.Errorf("%s: in %q found %+v", name, after, entries)
					continue
				}
				if !strings.HasPrefix(after, before) || strings.Contains(before, "\r\n") && strings.Contains(strings.ReplaceAll(after, "\r\n", ""), "\n") {
					t.Errorf("%s: %q became %q", name, before, after)
				}
				if got := RemoveStartup(after, entries); got != before {
					t.Errorf("%s: %q became %q, want %q", name, after, got, before)
				}
			}
		}
	}
}

// --prompt is added within the quotes that the line has, and nothing else changes.
func TestAddPrompt(t *testing.T) {
	for line, want := range map[string]string{
		`eval "$(ssoenv init bash)"`:               `eval "$(ssoenv init bash --prompt)"`,
		`x && eval "$(/o/ssoenv init 'bash')" #`:   `x && eval "$(/o/ssoenv init 'bash' --prompt)" #`,
		`source <(ssoenv --debug init "bash" -x) `: `source <(ssoenv --debug init "bash" --prompt -x) `,
	} {
		text := "a\r\n" + line + "\r\nb"
		if got := AddPrompt(text, Bash.FindStartup(text)[0]); got != "a\r\n"+want+"\r\nb" {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Each shell's file, by system and environment.
func TestStartupPath(t *testing.T) {
	for _, c := range []struct {
		name, os string
		env      map[string]string
		files    map[string]string
		answer   string
		want     string
	}{
		{name: "bash", os: "linux", want: "/h/.bashrc"},
		{name: "bash", os: "darwin", want: "/h/.bash_profile"},
		{name: "bash", os: "darwin", files: map[string]string{"/h/.profile": "x"}, want: "/h/.profile"},
		{name: "bash", os: "darwin", files: map[string]string{"/h/.bash_profile": ". ~/.bashrc"}, want: "/h/.bashrc"},
		{name: "zsh", want: "/h/.zshrc"},
		{name: "zsh", env: map[string]string{"ZDOTDIR": "/z"}, want: "/z/.zshrc"},
		{name: "zsh", answer: "/asked", want: "/asked/.zshrc"},
		{name: "fish", os: "darwin", want: "/h/.config/fish/config.fish"},
		{name: "fish", env: map[string]string{"XDG_CONFIG_HOME": "/c"}, want: "/c/fish/config.fish"},
		{name: "fish", env: map[string]string{"XDG_CONFIG_HOME": "c"}, want: "/h/.config/fish/config.fish"},
		{name: "elvish", want: "/h/.config/elvish/rc.elv"},
		{name: "nu", answer: "/Library/nushell/config.nu", want: "/Library/nushell/config.nu"},
		{name: "nu", want: "/h/.config/nushell/config.nu"},
		{name: "xonsh", want: "/h/.xonshrc"},
		{name: "xonsh", files: map[string]string{"/h/.config/xonsh/rc.xsh": ""}, want: "/h/.config/xonsh/rc.xsh"},
		{name: "powershell", answer: "/docs/profile.ps1", want: "/docs/profile.ps1"},
		{name: "powershell", want: "/h/.config/powershell/Microsoft.PowerShell_profile.ps1"},
		{name: "powershell", os: "windows", want: "PowerShell does not say where its profile is"},
		{name: "sh", want: "this shell reads no start-up file, because ENV is not set"},
		{name: "dash", env: map[string]string{"ENV": "$HOME/.shrc", "HOME": "/h"}, want: "/h/.shrc"},
		{name: "dash", env: map[string]string{"ENV": "shrc"}, want: `ENV is "shrc", which is no absolute path`},
		{name: "mksh", want: "/h/.mkshrc"},
		{name: "ksh", want: "/h/.kshrc"},
	} {
		shell, _ := Named(c.name)
		got, err := shell.StartupPath(c.name, Places{
			OS: c.os, Home: "/h", Env: c.env,
			Read: func(path string) (string, bool) { text, ok := c.files[path]; return text, ok },
			Ask:  func(Shell, string) (string, bool) { return c.answer, c.answer != "" },
		})
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s on %s with %v: got %q, want %q", c.name, c.os, c.env, got, c.want)
		}
	}
}

// The line is where the shell reaches it, and not a part of the line above.
func TestAddStartupWhereItTakesEffect(t *testing.T) {
	for before, want := range map[string]string{
		"export A=1 \\\n":          "export A=1 \\\n\nLINE\n",
		"export A=1 \\\r\n":        "export A=1 \\\r\n\r\nLINE\r\n",
		"export A=1 \\":            "export A=1 \\\n\nLINE",
		"export A=1 \\\n\n":        "export A=1 \\\n\nLINE\n",
		"echo \\\\\n":              "echo \\\\\nLINE\n",
		"a\nexec zsh\n":            "a\nLINE\nexec zsh\n",
		"a\nexec zsh":              "a\nLINE\nexec zsh",
		"return # done\n\n# end\n": "LINE\nreturn # done\n\n# end\n",
		"a\nexit\n":                "a\nLINE\nexit\n",
		"exec 2>log\n":             "exec 2>log\nLINE\n",
		"exec >log\n":              "exec >log\nLINE\n",
		"exec zsh\na\n":            "exec zsh\na\nLINE\n",
		"if x; then\n  return\nfi": "if x; then\n  return\nfi\nLINE",
		"a \\\nexec x\n":           "a \\\nexec x\nLINE\n",
	} {
		if got := AddStartup(before, "LINE"); got != want {
			t.Errorf("%q became %q, want %q", before, got, want)
		}
	}
}
