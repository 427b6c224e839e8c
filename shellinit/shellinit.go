package shellinit

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

var (
	//go:embed hook.common.bash
	hookCommon string
	//go:embed visible.txt
	visible string
	//go:embed hook.bash
	hookBash string
	//go:embed hook.zsh
	hookZsh string
	//go:embed hook.fish
	hookFish string
	//go:embed hook.sh
	hookPOSIX string
)

// A Shell is a dialect: how one family of shells writes a word, a variable and a
// function. Shells can be compared with ==. The zero Shell is not a shell.
type Shell struct {
	name string
	data dataShell // not code: the shell reads data
	odd  oddBytes

	// Statements, for fmt: the name, then the quoted value if there is one. assign
	// sets a variable without exporting it.
	export, unset, assign string

	common, hook string // the second follows the first, which bash and zsh share

	// prompt is the code that adds the segment to the prompt. For shells without
	// it, place is what the user puts where.
	prompt, place string

	// Where the start-up line belongs, and the line, for fmt with the shell's name.
	file, startup string

	// emulated: "emulate zsh -c" evaluates the hook, so that no alias or option
	// affects how it is parsed and how its functions run.
	emulated bool
}

// The dialects of the shells that evaluate code. POSIX is for dash, ksh93, mksh and
// busybox, and the default if the shell is unknown: bash and zsh read all of it,
// fish reads its assignments.
//
// "unset -v" never removes a function, and in all of these shells succeeds if the
// variable is not set. The options of fish are long because zsh has its own -gx and
// -e: it would start a trace and exit at the next error.
var (
	Bash = Shell{
		name: "bash", odd: octal,
		export: "export %s=%s;\n", unset: "unset -v %s;\n", assign: "%s=%s;\n",
		file: "~/.bashrc", startup: `eval "$(ssoenv init %s)"`,
		common: hookCommon, hook: hookBash, prompt: "__ssoenv_segment='${SSOENV_PROMPT:+$SSOENV_PROMPT }'\n",
	}
	Zsh = Shell{
		name: "zsh", odd: octal,
		export: "export %s=%s;\n", unset: "unset -v %s;\n", assign: "typeset -g %s=%s;\n",
		file: "~/.zshrc", startup: `eval "$(ssoenv init %s)"`,
		common: hookCommon, hook: hookZsh, emulated: true, prompt: "\\builtin typeset -g __ssoenv_segment=left\n",
	}
	Fish = Shell{
		name: "fish", odd: hex,
		export: "set --global --export %s %s;\n", unset: "set --erase --global %s;\n", assign: "set --global %s %s;\n",
		file: "~/.config/fish/config.fish", startup: "ssoenv init %s | source",
		hook: hookFish, prompt: "set --global __ssoenv_segment right\n",
	}
	POSIX = Shell{
		name: "sh", odd: literal,
		export: "export %s=%s;\n", unset: "unset -v %s;\n", assign: "%s=%s;\n",
		file: "the file that ENV names", startup: `eval "$(ssoenv init %s)"`,
		hook: hookPOSIX,
	}
)

// Names returns the names of the shells, in the order in which help lists them.
func Names() []string {
	return []string{Bash.name, Zsh.name, Fish.name, POSIX.name, PowerShell.name, Nu.name, Elvish.name, Xonsh.name}
}

// Named returns the shell of a name in [Names]. It also knows pwsh and nushell, and
// as POSIX ash, busybox, dash, ksh and mksh. It returns false for other names.
func Named(name string) (Shell, bool) {
	switch name {
	case "bash":
		return Bash, true
	case "zsh":
		return Zsh, true
	case "fish":
		return Fish, true
	case "sh", "ash", "busybox", "dash", "ksh", "mksh":
		return POSIX, true
	case "powershell", "pwsh":
		return PowerShell, true
	case "nu", "nushell":
		return Nu, true
	case "elvish":
		return Elvish, true
	case "xonsh":
		return Xonsh, true
	}
	return Shell{}, false
}

// String returns the shell's name, as in [Names].
func (s Shell) String() string { return s.name }

// Env is a list of changes of environment variables, in the order in which the shell
// makes them. Some shells stop at a readonly variable, so the variable that marks
// the change as complete is the last.
type Env []Var

// Var is one variable: exported with a value, or, if Unset, removed.
type Var struct {
	Name, Value string
	Unset       bool
}

// Render returns env as statements, or as data for the shells that read data. A
// statement ends with ";" and a newline, so that even an eval of the unquoted text
// separates them. For an empty env the text is empty.
//
// A name must consist of ASCII letters, digits and underscores and not begin with a
// digit, and a value must not contain a NUL byte: shells cannot store others.
// Values for PowerShell, Nu and Elvish must be UTF-8, and [Cmd] has rules of its own.
// Otherwise Render returns no text and an error that has the variable's name, never its value.
func (s Shell) Render(env Env) (string, error) {
	switch {
	case s.data != code:
		return s.renderData(env)
	case s == Cmd:
		return renderCmd(env)
	}
	var b strings.Builder
	for _, v := range env {
		if err := v.check(); err != nil {
			return "", err
		}
		if v.Unset {
			fmt.Fprintf(&b, s.unset, v.Name)
		} else {
			fmt.Fprintf(&b, s.export, v.Name, s.Quote(v.Value))
		}
	}
	return b.String(), nil
}

// check returns an error if no shell can store v.
func (v Var) check() error {
	switch {
	case !isName(v.Name):
		return fmt.Errorf("%q is not a name for a shell variable", v.Name)
	case !v.Unset && strings.ContainsRune(v.Value, 0):
		return fmt.Errorf("the value of %q contains a NUL byte", v.Name)
	}
	return nil
}

// isName reports whether name is a variable's name in every shell.
func isName(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		digit := '0' <= c && c <= '9'
		if !letter && (!digit || i == 0) {
			return false
		}
	}
	return name != ""
}

// Hook returns the code for a shell's start-up file: the function "ssoenv", which
// calls the program at exe, an absolute path, and, in every interactive shell but
// POSIX, the hook, which sets SSOENV_PROMPT before each prompt and has the program
// renew the credentials in time. directories are clean, absolute paths; the hook
// reads expiry and failure files only directly in these (see the package comment).
// Evaluating the code twice has the same effect as once. It prints nothing and
// starts no process.
func (s Shell) Hook(exe string, directories ...string) string {
	var b strings.Builder
	for _, v := range []Var{
		{Name: "__ssoenv_exe", Value: exe},
		{Name: "__ssoenv_mark", Value: s.Mark()},
		{Name: "__ssoenv_dirs", Value: strings.Join(directories, "\n")},
	} {
		fmt.Fprintf(&b, s.assign, v.Name, s.Quote(v.Value))
	}
	table := ""
	switch s {
	case Bash:
		table = fmt.Sprintf(s.assign, "__ssoenv_visible", s.Quote(differences(visible)))
	case Zsh:
		// Not within "emulate -c", where it would cost more than the start of zsh.
		// No option changes how these digits are read.
		table = `\builtin ` + fmt.Sprintf(s.assign, "__ssoenv_visible", s.Quote(differences(visible)))
	}
	return table + s.protect(b.String()+s.hookCode())
}

// hookCode returns the hook as the shell reads it; see compact. In zsh it has the clock
// instead of calls of it: there a call is the most expensive part of what runs at a prompt.
func (s Shell) hookCode() string {
	common := s.common
	if s.name == Zsh.name {
		common = strings.ReplaceAll(common, "\t__ssoenv_clock\n", "\t__ssoenv_now=${(%)__ssoenv_seconds}\n")
	}
	return s.compact(common + s.hook)
}

// compact returns code without its comments, its indentation and its empty lines: how long
// a shell takes to read its start-up code depends on the number of characters. No
// string in the code goes over several lines. Code of shells that read data, in some of
// which indentation has a meaning, is returned as it is.
func (s Shell) compact(text string) string {
	if s.data != code {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for line := range strings.Lines(text) {
		if line = strings.TrimLeft(line, "\t "); line != "\n" && !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// differences returns the first of the ascending numbers, and what each of the others
// exceeds the one before it by: less than half as many digits.
func differences(numbers string) string {
	var b strings.Builder
	last := 0
	for word := range strings.FieldsSeq(numbers) {
		n, _ := strconv.Atoi(word) // a test reads the file
		if last != 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(n - last))
		last = n
	}
	return b.String()
}

// Mark identifies the version of a shell's hook: the shell's name, a colon and 12
// hexadecimal digits of the SHA-256 of what the shell reads. The function passes the
// mark of the hook that the shell has read to "ssoenv doctor", as --hook.
func (s Shell) Mark() string {
	sum := sha256.Sum256([]byte(s.hookCode()))
	return fmt.Sprintf("%s:%x", s.name, sum[:6])
}

// Prompt returns the code that, after [Shell.Hook], adds the hook's segment to the
// shell's prompt: at the beginning of PS1 or PROMPT, at the end of fish's right
// prompt. The hook adds it again if the user sets PS1 or PROMPT later. It is empty
// for all other shells.
func (s Shell) Prompt() string { return s.prompt }

// Place returns how the user adds the segment to the prompt of a shell without
// [Shell.Prompt], as "WHAT into WHERE". It is empty for a shell without a hook.
func (s Shell) Place() string { return s.place }

// Wrap returns code for a shell's start-up file without its comments, and for zsh
// protected from the shell's aliases and options; in other shells the code does that
// itself. No string in the code may go over several lines.
func (s Shell) Wrap(code string) string { return s.protect(s.compact(code)) }

func (s Shell) protect(code string) string {
	if s.emulated {
		return s.emulate(code)
	}
	return code
}

// emulate returns code as the argument of "emulate -c": zsh parses the whole text
// before it runs any of it, so a line cannot protect the next ones. It is one
// $'…' string: zsh takes ten times as long to read one of hundreds of parts.
// Quotes, backslashes and newlines are octal numbers, as no option of zsh changes
// those, and so that other shells too read it as one word. no_bg_nice keeps the
// priority of what the hook starts in the background, and no_force_float the integers
// integers: "emulate zsh" leaves both as they are.
func (s Shell) emulate(code string) string {
	var b strings.Builder
	b.Grow(len(code) * 5 / 4)
	b.WriteString(`\builtin emulate zsh -o no_aliases -o no_bg_nice -o no_force_float -c $'`)
	for _, c := range []byte(code) {
		if s.kind(c) == text {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'\\', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
		}
	}
	b.WriteString("'\n")
	return b.String()
}
