package shellinit

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	//go:embed hook.ps1
	hookPowerShell string
	//go:embed hook.nu
	hookNu string
	//go:embed hook.elv
	hookElvish string
	//go:embed hook.xsh
	hookXonsh string
)

// The dialects of the shells that read data. Their eval is not safe for values, or
// there is none, or they log what they evaluate, as PowerShell does; but they read
// JSON. [Shell.Render] writes one line for them, a JSON array of strings, which are
// changes in this order:
//
//	["AWS_PROFILE","AWS_REGION=eu-central-1"]
//
// NAME=value sets a variable and NAME alone unsets it. Only characters without a
// meaning in any shell are written as they are, all others as \u escapes, so that
// the text is ASCII and remains data even if a shell evaluates it.
var (
	PowerShell = Shell{
		name: "powershell", data: powershell, assign: "$global:%s = %s\n",
		file: "$PROFILE", startup: "ssoenv init %s | Out-String | Invoke-Expression",
		hook: hookPowerShell, place: "$SSOENV_PROMPT into the function prompt",
	}
	Nu = Shell{
		name: "nu", data: nu, assign: "const %s = %s\n",
		// Nushell parses a file before it runs any of it, so config.nu cannot source
		// what it has just written. It looks into autoload after config.nu.
		file: "$nu.config-path", startup: "mkdir ($nu.data-dir | path join vendor/autoload); ssoenv init %s | save --force ($nu.data-dir | path join vendor/autoload/ssoenv.nu)",
		hook: hookNu, place: "$env.SSOENV_PROMPT into $env.PROMPT_COMMAND",
	}
	Elvish = Shell{
		name: "elvish", data: elvish, assign: "var %s = %s\n",
		file: "~/.config/elvish/rc.elv", startup: "eval (ssoenv init %s | slurp)",
		hook: hookElvish, place: "$E:SSOENV_PROMPT into $edit:prompt",
	}
	Xonsh = Shell{
		name: "xonsh", data: xonsh, assign: "%s = %s\n",
		// Not xonsh's own $(), which can lose the end of the output when the machine is
		// busy.
		file: "~/.xonshrc", startup: `execx(__import__("subprocess").check_output(["ssoenv", "init", "%s"], env=${...}.detype(), text=True))`,
		hook: hookXonsh, place: "{ssoenv} into $PROMPT",
	}
)

// dataShell is which of the shells that read data a shell is; code is for the others.
type dataShell int

const (
	code dataShell = iota
	powershell
	nu
	elvish
	xonsh
)

// renderData is Render for the shells that read data.
func (s Shell) renderData(env Env) (string, error) {
	if len(env) == 0 {
		return "", nil
	}
	var b strings.Builder
	separator := "["
	for _, v := range env {
		if err := v.check(); err != nil {
			return "", err
		}
		b.WriteString(separator + `"` + v.Name)
		if !v.Unset {
			// JSON has characters, not bytes. Only xonsh has characters for bytes
			// that are not UTF-8.
			if s.data != xonsh && !utf8.ValidString(v.Value) {
				return "", fmt.Errorf("the value of %q is not UTF-8, which %s requires", v.Name, s)
			}
			b.WriteString("=")
			for _, unit := range units(v.Value) {
				writeUnit(&b, unit)
			}
		}
		b.WriteString(`"`)
		separator = ","
	}
	b.WriteString("]\n")
	return b.String(), nil
}

func writeUnit(b *strings.Builder, unit uint16) {
	if unit < utf8.RuneSelf && (isAlphanumeric(byte(unit)) || strings.IndexByte(" _-./:=+,@", byte(unit)) >= 0) {
		b.WriteByte(byte(unit))
		return
	}
	fmt.Fprintf(b, `\u%04x`, unit)
}

func isAlphanumeric(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
}

// units returns text in UTF-16, with escapedByte for bytes that are not UTF-8.
func units(text string) []uint16 {
	var all []uint16
	for text != "" {
		r, n := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && n == 1 {
			all = append(all, escapedByte(text[0]))
		} else {
			all = utf16.AppendRune(all, r)
		}
		text = text[n:]
	}
	return all
}

// escapedByte returns the lone surrogate by which Python's "surrogateescape" (PEP 383)
// represents a byte that is not UTF-8.
func escapedByte(c byte) uint16 { return 0xdc00 | uint16(c) }

// quoteData is Quote for the shells that read data. The result is ASCII. Bytes that
// are not UTF-8 are preserved in Elvish and xonsh and become U+FFFD in PowerShell and
// Nushell, whose strings cannot contain them.
func (s Shell) quoteData(word string) string {
	var b strings.Builder
	switch s.data {
	case powershell:
		return quotePowerShell(word)
	case elvish:
		for _, c := range []byte(word) {
			writeEscaped(&b, rune(c), `\x%02x`)
		}
	case nu:
		for _, r := range word {
			writeEscaped(&b, r, `\u{%x}`)
		}
	case xonsh:
		for word != "" {
			r, n := utf8.DecodeRuneInString(word)
			if r == utf8.RuneError && n == 1 {
				r = rune(escapedByte(word[0]))
			}
			writeEscaped(&b, r, `\U%08x`)
			word = word[n:]
		}
	}
	return `"` + b.String() + `"`
}

// writeEscaped writes a character for double quotes: with a backslash if it has a
// meaning there, by number (a format for fmt) if it is not printable ASCII.
func writeEscaped(b *strings.Builder, r rune, number string) {
	switch {
	case r == '"' || r == '\\':
		b.WriteString(`\` + string(r))
	case ' ' <= r && r <= '~':
		b.WriteRune(r)
	default:
		fmt.Fprintf(b, number, r)
	}
}

// quotePowerShell writes characters that are not printable ASCII by number, so that
// no code page changes them, and so that the text has no typographic quotes, which
// PowerShell treats as quotes.
func quotePowerShell(word string) string {
	var b strings.Builder
	open, bare := false, true
	for _, unit := range units(strings.ToValidUTF8(word, "\ufffd")) {
		ascii := ' ' <= unit && unit <= '~'
		switch {
		case ascii && !open:
			if b.Len() > 0 {
				b.WriteString("+")
			}
			b.WriteString("'")
		case !ascii && open:
			b.WriteString("'")
		case !ascii && b.Len() == 0:
			b.WriteString("''") // otherwise + would add numbers
		}
		open = ascii
		switch {
		case unit == '\'':
			b.WriteString("''")
		case ascii:
			b.WriteByte(byte(unit))
		default:
			fmt.Fprintf(&b, "+[char]0x%04x", unit)
			bare = false
		}
	}
	if open {
		b.WriteString("'")
	}
	switch {
	case word == "":
		return "''"
	case bare:
		return b.String()
	}
	return "(" + b.String() + ")"
}
