package offline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ssoenv/ssoenv/cmd/internal/layout"
	"github.com/ssoenv/ssoenv/session/safetext"
)

// A Group is a heading of the help and the commands under it.
type Group struct {
	Title    string
	Commands []string
}

// Groups returns the groups of the help. Each command that is not hidden is in
// exactly one.
func Groups() []Group {
	return []Group{
		{"Switch a shell", []string{"use", "clear", "status", "list", "whoami"}},
		{"Log in", []string{"login", "logout", "accounts", "roles"}},
		{"Set up", []string{"configure", "sync", "init", "completion", "doctor", "version"}},
		{"Give credentials to programs", []string{"exec", "credential-process", "console", "prompt"}},
	}
}

// examples returns the command lines that the help of a command shows, two or more.
func examples(command string) []string {
	return map[string][]string{
		"use":                {"ssoenv use dev", "ssoenv use 111111111111/ReadOnly --region eu-west-1", "ssoenv use -"},
		"clear":              {"ssoenv clear", `eval "$(command ssoenv clear)"   # without the function of ssoenv init`},
		"login":              {"ssoenv login dev", "ssoenv login --all --device-code"},
		"logout":             {"ssoenv logout corp", "ssoenv logout --all"},
		"status":             {"ssoenv status", "ssoenv status --check --min 15m || ssoenv use dev"},
		"list":               {"ssoenv list", "ssoenv list --json | jq -r '.[].profile'"},
		"whoami":             {"ssoenv whoami", "ssoenv whoami prod --json"},
		"accounts":           {"ssoenv accounts", "ssoenv accounts --sso-session corp --json"},
		"roles":              {"ssoenv roles 111111111111", "ssoenv roles --all --sso-session corp"},
		"configure":          {"ssoenv configure", "ssoenv configure --sso-session corp --account Production --role ReadOnly"},
		"sync":               {"ssoenv sync --dry-run", "ssoenv sync --sso-session corp --role 'Read*' --name '{account}'"},
		"init":               {`eval "$(ssoenv init bash)"`, "ssoenv init direnv --install"},
		"completion":         {"ssoenv completion fish > ~/.config/fish/completions/ssoenv.fish", "ssoenv completion zsh > ~/.zfunc/_ssoenv"},
		"doctor":             {"ssoenv doctor", "ssoenv doctor --offline --json"},
		"version":            {"ssoenv version", "ssoenv --version"},
		"exec":               {"ssoenv exec dev -- terraform plan", "ssoenv exec prod --region eu-west-1 -- aws s3 ls", "ssoenv exec --each '*-readonly' -- aws s3 ls"},
		"credential-process": {"ssoenv credential-process dev", "aws s3 ls --profile tools   # whose credential_process is that line"},
		"console":            {"ssoenv console prod", "ssoenv console dev --service ec2 --print"},
		"prompt":             {"ssoenv prompt --format '%p %t'", "ssoenv prompt dev"},
	}[command]
}

// HelpFlag is the flag that every command has, and that is in no table.
func HelpFlag() Flag { return Flag{Name: "help", Usage: "show help"} }

// helpWidth is the number of cells that a line of help takes at most.
const helpWidth = 80

// A HeadingStyle marks the headings of the help, such as by bold type.
type HeadingStyle func(heading string) string

// Help returns the help of ssoenv, with the commands in their groups.
func Help(commands []Command, style HeadingStyle) string {
	var b strings.Builder
	b.WriteString("AWS credentials for this shell, through IAM Identity Center.\n")
	heading(&b, style, "Usage")
	b.WriteString("  ssoenv COMMAND [ARGUMENT] [FLAGS]\n")
	for _, group := range Groups() {
		heading(&b, style, group.Title)
		var rows [][2]string
		for _, name := range group.Commands {
			if command := Find(commands, name); command != nil {
				rows = append(rows, [2]string{name, command.Usage})
			}
		}
		writeRows(&b, rows, len("credential-process"))
	}
	heading(&b, style, "Flags")
	writeRows(&b, flagRows(append(GlobalFlags(), HelpFlag())), 0)
	heading(&b, style, "Examples")
	b.WriteString("  $ ssoenv configure          # once: session, login, account, role\n" +
		"  $ ssoenv use dev            # this shell has the credentials of dev\n" +
		"  $ ssoenv exec dev -- make   # only make has them\n")
	heading(&b, style, "More")
	b.WriteString("  ssoenv help COMMAND shows a command's flags and examples.\n" +
		"  use and clear change the shell through a function, which one line in the\n" +
		"  shell's start-up file loads: ssoenv help init shows it.\n")
	return b.String()
}

// CommandHelp returns the help of one command.
func CommandHelp(command *Command, style HeadingStyle) string {
	var b strings.Builder
	b.WriteString(layout.Wrap(capitalized(command.Usage)+".", "", helpWidth) + "\n")
	if command.Description != "" {
		b.WriteString("\n" + reflow(strings.Replace(command.Description, startupLines, startupTable(), 1)))
	}
	heading(&b, style, "Usage")
	usage := "ssoenv " + command.Name
	if command.Args != "" {
		usage += " " + command.Args
	}
	if at := strings.Index(usage, " -- "); at >= 0 {
		usage = usage[:at] + " [FLAGS]" + usage[at:]
	} else {
		usage += " [FLAGS]"
	}
	b.WriteString("  " + usage + "\n")
	heading(&b, style, "Flags")
	writeRows(&b, flagRows(append(slices.Clone(command.Flags), HelpFlag())), 0)
	if lines := examples(command.Name); lines != nil {
		heading(&b, style, "Examples")
		for _, line := range lines {
			b.WriteString("  $ " + line + "\n")
		}
	}
	return b.String()
}

func heading(b *strings.Builder, style HeadingStyle, title string) {
	b.WriteString("\n" + style(strings.ToUpper(title)) + "\n")
}

func flagRows(flags []Flag) [][2]string {
	var rows [][2]string
	for _, flag := range flags {
		if flag.Hidden {
			continue
		}
		name, usage := "--"+flag.Name, flag.Usage
		if flag.TakesValue() {
			value := "VALUE"
			if _, rest, ok := strings.Cut(usage, "`"); ok {
				value, _, _ = strings.Cut(rest, "`")
			}
			name += " " + value
		}
		if flag.Default != "" {
			usage += fmt.Sprintf(" (default %s)", flag.Default)
		}
		rows = append(rows, [2]string{name, strings.ReplaceAll(usage, "`", "")})
	}
	return rows
}

// writeRows writes rows of a name and a text, the texts wrapped in a column. The
// first column has the width of the widest name, or least if that is more.
func writeRows(b *strings.Builder, rows [][2]string, least int) {
	for _, row := range rows {
		least = max(least, safetext.Width(row[0]))
	}
	indent := strings.Repeat(" ", least+4)
	for _, row := range rows {
		name := "  " + row[0] + strings.Repeat(" ", least-safetext.Width(row[0])) + "  "
		b.WriteString(name + layout.Wrap(row[1], indent, helpWidth) + "\n")
	}
}

// reflow wraps the paragraphs of a text. A line that begins with a blank stays as it
// is: it may be one to copy.
func reflow(text string) string {
	var b strings.Builder
	var paragraph []string
	flush := func() {
		if paragraph != nil {
			b.WriteString(layout.Wrap(strings.Join(paragraph, " "), "", helpWidth) + "\n")
		}
		paragraph = nil
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case line == "" || line[0] == ' ':
			flush()
			b.WriteString(line + "\n")
		default:
			paragraph = append(paragraph, line)
		}
	}
	flush()
	return b.String()
}

func capitalized(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
