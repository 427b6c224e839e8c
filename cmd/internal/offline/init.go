package offline

import (
	"path/filepath"
	"strings"

	"github.com/ssoenv/ssoenv/completions"
	"github.com/ssoenv/ssoenv/shellinit"
)

// ShellArgument returns the name of the shell that an argument names, which may be the
// path of its program, as in $SHELL.
func ShellArgument(arg string) string {
	if base := strings.TrimSuffix(filepath.Base(arg), ".exe"); base != arg {
		if _, ok := shellinit.Named(base); ok {
			return base
		}
	}
	return arg
}

// InitCode returns what a shell's start-up file evaluates: the function, the hook, with
// prompt the prompt's segment, if the shell has one, and the completions. exe is the path
// by which they find ssoenv.
func InitCode(shell shellinit.Shell, exe string, paths Paths, prompt bool) string {
	code := shell.Hook(exe, hookDirectories(paths)...)
	if prompt {
		code += shell.Prompt()
	}
	completion, _ := completionCode(shell)
	return code + completion
}

// CompletionFile returns the completions for a file that the shell reads. ok is false for
// a shell that ssoenv has no completions for.
func CompletionFile(shell shellinit.Shell) (code string, ok bool) {
	code, ok = completionCode(shell)
	if shell == shellinit.Zsh {
		code = "#compdef ssoenv\n" + code // compinit finds the file in fpath by this line
	}
	return code, ok
}

// hookDirectories returns the folders in which the expiry file of a switch can be.
func hookDirectories(paths Paths) []string {
	folders := []string{paths.RolesOnDisk()}
	if path, inMemory := paths.Roles(); inMemory {
		folders = append(folders, path)
	}
	return folders
}

// completionCode returns what a shell evaluates to complete ssoenv. ok is false
// for a shell that ssoenv has no completions for.
func completionCode(shell shellinit.Shell) (code string, ok bool) {
	code, ok = completions.For(shell.String())
	return shell.Wrap(code), ok
}
