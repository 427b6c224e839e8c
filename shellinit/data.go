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

// The dialects that take data. These shells have no eval that a value could be
// trusted to, or write down what they evaluate, as PowerShell does in its logs;
// but they read JSON. What [Shell.Render] writes for them is one JSON array on
// a line, of strings that are to be carried out in order:
//
//	["AWS_PROFILE","AWS_REGION=eu-central-1"]
//
// NAME=value sets a variable and NAME alone unsets it. All but a few characters
// that mean nothing to any shell are written as \u escapes, so that the text is
// ASCII and stays data even in a shell that would evaluate it.
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

// dataShell tells apart the shells that take data; code stands for the others.
type dataShell int

const (
	code dataShell = iota
	powershell
	nu
	elvish
	xonsh
)

// renderData is Render for these shells.
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
			// JSON has characters and no bytes. Only xonsh has characters for
			// bytes that are none.
			if s.data != xonsh && !utf8.ValidString(v.Value) {
				return "", fmt.Errorf("the value of %q is not UTF-8, and %s takes no other", v.Name, s)
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

// units is text in UTF-16, with bytes that are no character's as escapedByte.
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

// escapedByte is the lone surrogate that Python's "surrogateescape" has for a
// byte that is no character's.
func escapedByte(c byte) uint16 { return 0xdc00 | uint16(c) }

// quoteData is Quote for these shells: ASCII, whatever the word holds. Bytes
// that are no UTF-8 get through to Elvish and xonsh, and become U+FFFD in the
// other two, whose strings cannot hold them.
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

// writeEscaped writes a character as it stands between double quotes: with a
// backslash where it means something there, or by its number.
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

// quotePowerShell writes characters that are not printable ASCII by number: no
// code page can change them, and the typographic quotes, which PowerShell takes
// for its own, are never among the text.
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
			b.WriteString("''") // a sum of characters alone would be one of numbers
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
