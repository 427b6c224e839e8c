package shellinit

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// StartupFile returns where the shell's start-up line belongs: a path below ~, a
// variable that holds a path, or a few words. It is empty for the zero Shell.
func (s Shell) StartupFile() string { return s.file }

// StartupLine returns the line for the start-up file, which evaluates what
// "ssoenv init" prints. With prompt, and if there is a [Shell.Prompt], it has
// --prompt.
func (s Shell) StartupLine(prompt bool) string {
	name := s.name
	if prompt && s.prompt != "" {
		name += " --prompt"
	}
	return fmt.Sprintf(s.startup, name)
}

// StartupLineFor is [Shell.StartupLine] with the path exe instead of the name ssoenv,
// for a program that is not in PATH. [IsPlain] must hold for exe.
func (s Shell) StartupLineFor(exe string, prompt bool) string {
	return strings.Replace(s.StartupLine(prompt), "ssoenv", exe, 1)
}

// Places are what decides where a user's start-up files are.
type Places struct {
	OS   string // as in GOOS
	Home string // an absolute path
	Env  map[string]string
	Read func(path string) (text string, exists bool)

	// Ask evaluates an expression in the shell of that name, if it can be started,
	// and returns the last line that it prints.
	Ask func(shell Shell, expression string) (answer string, ok bool)
}

// StartupPath returns the path of the file that the shell reads when it starts and a
// user works in it. name is as in [Named]: the shells of POSIX have files of their
// own. The file need not exist. The error says what the user has to set first.
func (s Shell) StartupPath(name string, at Places) (string, error) {
	config := at.Env["XDG_CONFIG_HOME"]
	if !filepath.IsAbs(config) {
		config = filepath.Join(at.Home, ".config")
	}
	switch s {
	case Bash:
		return at.bashFile(), nil
	case Zsh:
		if folder, ok := at.Ask(s, `print -r -- "${ZDOTDIR:-$HOME}"`); ok && filepath.IsAbs(folder) {
			return filepath.Join(folder, ".zshrc"), nil
		}
		return filepath.Join(cmp.Or(at.Env["ZDOTDIR"], at.Home), ".zshrc"), nil
	case Fish:
		return filepath.Join(config, "fish", "config.fish"), nil
	case Elvish:
		if at.OS == "windows" {
			config = at.Env["APPDATA"]
		}
		return filepath.Join(config, "elvish", "rc.elv"), nil
	case Xonsh:
		file, other := filepath.Join(at.Home, ".xonshrc"), filepath.Join(config, "xonsh", "rc.xsh")
		if _, exists := at.Read(file); !exists {
			if _, exists := at.Read(other); exists {
				return other, nil
			}
		}
		return file, nil
	case Nu:
		if file, ok := at.Ask(s, "$nu.config-path"); ok && filepath.IsAbs(file) {
			return file, nil
		}
		return filepath.Join(config, "nushell", "config.nu"), nil
	case PowerShell:
		if file, ok := at.Ask(s, "$PROFILE"); ok && filepath.IsAbs(file) {
			return file, nil
		}
		if at.OS == "windows" {
			return "", errors.New("PowerShell does not say where its profile is")
		}
		return filepath.Join(config, "powershell", "Microsoft.PowerShell_profile.ps1"), nil
	}
	return at.posixFile(name)
}

// WrittenAtStartup returns the path of the file that the start-up line writes, and
// that the shell reads without the line, too. ok is false for a shell whose line
// writes none, and if the shell does not say where the file is.
func (s Shell) WrittenAtStartup(at Places) (path string, ok bool) {
	if s != Nu {
		return "", false
	}
	folder, ok := at.Ask(s, "$nu.data-dir")
	return filepath.Join(folder, "vendor", "autoload", "ssoenv.nu"), ok && filepath.IsAbs(folder)
}

// IsHook reports whether text is what "ssoenv init" prints for the shell, by this or
// another version.
func (s Shell) IsHook(text string) bool {
	start, _, _ := strings.Cut(s.assign, "%s")
	return strings.HasPrefix(text, start+"__ssoenv_exe")
}

// bashFile returns ~/.bashrc. On macOS, terminals start login shells, which read the
// first of three other files instead, unless that one reads ~/.bashrc.
func (at Places) bashFile() string {
	file := filepath.Join(at.Home, ".bashrc")
	if at.OS != "darwin" {
		return file
	}
	for _, name := range []string{".bash_profile", ".bash_login", ".profile"} {
		login := filepath.Join(at.Home, name)
		if text, exists := at.Read(login); exists {
			if strings.Contains(text, "bashrc") {
				return file
			}
			return login
		}
	}
	return filepath.Join(at.Home, ".bash_profile")
}

// posixFile returns the file that ENV names, else the one that mksh and ksh93 read
// without it.
func (at Places) posixFile(name string) (string, error) {
	if file := at.Env["ENV"]; file != "" {
		file = os.Expand(file, func(name string) string { return at.Env[name] })
		if rest, ok := strings.CutPrefix(file, "~/"); ok {
			file = filepath.Join(at.Home, rest)
		}
		if filepath.IsAbs(file) {
			return file, nil
		}
		return "", fmt.Errorf("ENV is %q, which is no absolute path", at.Env["ENV"])
	}
	switch name {
	case "mksh":
		return filepath.Join(at.Home, ".mkshrc"), nil
	case "ksh":
		return filepath.Join(at.Home, ".kshrc"), nil
	}
	return "", errors.New("this shell reads no start-up file, because ENV is not set")
}

// EvalLine returns what the user types to evaluate the output of an ssoenv command
// in a shell without the function. The command is without "ssoenv" and quoted, for
// example "use dev". The shells that read data get the function first, some of
// them in lines of their own.
func (s Shell) EvalLine(command string) string {
	const newLine = "  and, on a new line,  "
	call := "ssoenv " + command
	switch s {
	case Fish:
		return call + " --shell fish | source"
	case PowerShell:
		return s.StartupLine(false) + "; " + call
	case Nu:
		return "ssoenv init nu | save --force ~/.ssoenv.nu" + newLine + "source ~/.ssoenv.nu" + newLine + call
	case Elvish, Xonsh:
		return s.StartupLine(false) + newLine + call
	case Cmd:
		return `for /f "delims=" %i in ('` + call + `') do @set "%i"`
	}
	return `eval "$(` + call + `)"`
}

// IsPlain reports whether word means itself in every shell without quotes: it has
// only ASCII letters, digits and _.@%/+=:,-, is not empty and does not begin with "-"
// or "=", which zsh expands.
func IsPlain(word string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@%/+=:,-"
	return word != "" && word[0] != '-' && word[0] != '=' && strings.Trim(word, plain) == ""
}

// Word returns word as a user would type it in a POSIX shell and most others: as it
// is if [IsPlain] holds, otherwise in single quotes.
func Word(word string) string {
	if IsPlain(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// IsPortable reports whether every shell reads word alike once it is quoted for
// any of them: it has only letters and digits of any script, blanks and
// _.:/@+=,-.
func IsPortable(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" _.:/@+=,-", r)
	})
}
