package shellinit

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"strings"
)

var (
	//go:embed hook.common.bash
	hookCommon string
	//go:embed hook.bash
	hookBash string
	//go:embed hook.zsh
	hookZsh string
	//go:embed hook.fish
	hookFish string
	//go:embed hook.sh
	hookPOSIX string
)

// A Shell is a dialect: the way one family of shells writes a word, a variable
// and a function. Shells can be compared with ==. The zero Shell is none.
type Shell struct {
	name string
	data dataShell // it takes data, not statements
	odd  oddBytes

	// Statements, for fmt: the name, then the quoted value if there is one.
	// assign is export without the export.
	export, unset, assign string

	hook string

	// prompt follows the hook for those who want its segment in their prompt.
	// Where the prompt is its person's alone, place says what to put where.
	prompt, place string

	// Where the start-up line belongs, and the line, for fmt with the shell's name.
	file, startup string

	// emulated: the hook is evaluated by "emulate zsh -c", which shields it
	// from aliases and options while it is parsed and whenever it runs.
	emulated bool
}

// The dialects. POSIX is for dash, ksh93, mksh and busybox, and the one to
// write when no shell is named: bash and zsh read all of it, and fish its
// assignments.
//
// "unset -v" never removes a function, and in none of these shells minds a
// variable that is not set. fish's options are spelt out because zsh would
// take -gx and -e for its own, start to trace, and end at the next error.
var (
	Bash = Shell{
		name: "bash", odd: octal,
		export: "export %s=%s;\n", unset: "unset -v %s;\n", assign: "%s=%s;\n",
		file: "~/.bashrc", startup: `eval "$(ssoenv init %s)"`,
		hook: hookCommon + hookBash, prompt: "__ssoenv_segment='${SSOENV_PROMPT:+$SSOENV_PROMPT }'\n",
	}
	Zsh = Shell{
		name: "zsh", odd: octal,
		export: "export %s=%s;\n", unset: "unset -v %s;\n", assign: "typeset -g %s=%s;\n",
		file: "~/.zshrc", startup: `eval "$(ssoenv init %s)"`,
		hook: hookCommon + hookZsh, emulated: true,
		// An option is set here, and not by the hook, where it would be the
		// emulation's.
		prompt: "\\builtin setopt prompt_subst\n__ssoenv_segment='${SSOENV_PROMPT:+$SSOENV_PROMPT }'\n",
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

// Names lists the shells in the order of the manual, by the names that
// [Named] knows them by.
func Names() []string {
	return []string{Bash.name, Zsh.name, Fish.name, POSIX.name, PowerShell.name, Nu.name, Elvish.name, Xonsh.name}
}

// Named finds a shell by name. Besides those in [Names] it knows the shells
// that speak POSIX's dialect and no other, ash, busybox, dash, ksh and mksh,
// and pwsh and nushell.
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

// Env is a change of environment, in the order in which it takes place. The
// order matters where a shell stops half-way, at a readonly variable: what
// claims that the change is complete belongs last.
type Env []Var

// Var is one variable: exported with a value, or, if Unset, removed.
type Var struct {
	Name, Value string
	Unset       bool
}

// Render writes env as statements, each ended by ";" and a newline, so that
// even an eval of the unquoted text sees where they end; or, for the shells that
// take data, as data. It writes nothing where there is nothing to change.
//
// A name must be letters, digits and underscores, not begin with a digit, and
// a value must hold no NUL byte: no shell can hold others. The values for
// PowerShell, Nu and Elvish must be UTF-8. Otherwise the error names the
// variable, never the value, and there is no text at all.
func (s Shell) Render(env Env) (string, error) {
	if s.data != code {
		return s.renderData(env)
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

// check holds what no shell can hold against v.
func (v Var) check() error {
	switch {
	case !isName(v.Name):
		return fmt.Errorf("%q is no name for a shell variable", v.Name)
	case !v.Unset && strings.ContainsRune(v.Value, 0):
		return fmt.Errorf("the value of %q holds a NUL byte", v.Name)
	}
	return nil
}

// isName reports whether every shell takes name for a variable's.
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

// Hook writes the code for a shell's start-up file: the function "ssoenv" in
// front of the program at exe, an absolute path, and, in every interactive shell
// but POSIX ones, the hook that fills SSOENV_PROMPT before each prompt and has the
// program renew the credentials in time. Evaluating it twice is the same as
// once. The code prints nothing and starts nothing.
func (s Shell) Hook(exe string, directories ...string) string {
	var b strings.Builder
	for _, v := range []Var{
		{Name: "__ssoenv_exe", Value: exe},
		{Name: "__ssoenv_mark", Value: s.Mark()},
		{Name: "__ssoenv_dirs", Value: strings.Join(directories, "\n")},
	} {
		fmt.Fprintf(&b, s.assign, v.Name, s.Quote(v.Value))
	}
	return s.Wrap(b.String() + s.hook)
}

// Mark tells one version of a shell's hook from another: the shell's name, a
// colon and a digest of the hook's text. A shell's function passes the mark of
// the hook that the shell has read to "ssoenv doctor", as --hook.
func (s Shell) Mark() string {
	sum := sha256.Sum256([]byte(s.hook))
	return fmt.Sprintf("%s:%x", s.name, sum[:6])
}

// Prompt writes what goes behind [Shell.Hook] to have the hook's segment in the
// shell's own prompt: at the beginning of PS1 or PROMPT, at the end of fish's
// right prompt. Whoever sets PS1 or PROMPT anew gets it again. It is empty for all
// other shells.
func (s Shell) Prompt() string { return s.prompt }

// Place says how a person has the segment in the prompt of a shell that has no
// [Shell.Prompt], as "WHAT into WHERE". It is empty for a shell without a hook,
// which has no segment either.
func (s Shell) Place() string { return s.place }

// Wrap makes code for a shell's start-up file proof against what the shell's
// aliases and options would make of it, where the code cannot see to that by
// itself: in zsh.
func (s Shell) Wrap(code string) string {
	if s.emulated {
		return s.emulate(code)
	}
	return code
}

// emulate hands code to zsh as the argument of "emulate -c", a quoted word for
// each line: zsh parses what it evals as a whole, so no line of code could
// protect the lines after it, and some options let no quotes span lines.
func (s Shell) emulate(code string) string {
	var b strings.Builder
	b.WriteString(`\builtin emulate zsh -o no_aliases -o no_bg_nice -c `)
	for line := range strings.Lines(code) {
		b.WriteString("\\\n" + s.Quote(line))
	}
	b.WriteString("\n")
	return b.String()
}
