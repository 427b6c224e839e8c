package offline

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/adrg/xdg"

	"github.com/ssoenv/ssoenv/cache"
)

// Paths are the files and folders that ssoenv reads and writes.
type Paths struct {
	Home        string
	Config      string // the AWS config file
	Credentials string // the AWS credentials file
	Tokens      string // folder: the AWS CLI's sso/cache, shared with the SDKs
	CLICache    string // folder: the AWS CLI's cli/cache
	Private     string // folder: client registrations, inventory, locks, history
	CacheHome   string // folder: the user's, as XDG_CACHE_HOME names it

	variables map[string]string // of a file that is found through one: "$PWD in AWS_CONFIG_FILE"
}

// FindPaths finds them as the AWS CLI does: AWS_CONFIG_FILE and
// AWS_SHARED_CREDENTIALS_FILE may begin with ~ and contain $NAME. The home
// directory is HOME or, if that is not set, the one in the system's user record.
// Without either there is an error.
func FindPaths(env map[string]string) (Paths, error) {
	home, cacheHome := xdg.Home, xdg.CacheHome
	if runtime.GOOS != "windows" && env["HOME"] == "" {
		record, err := user.Current()
		if err != nil || record.HomeDir == "" {
			return Paths{}, errors.New("the home directory is unknown: HOME is not set")
		}
		home = record.HomeDir
		if !filepath.IsAbs(env["XDG_CACHE_HOME"]) {
			cacheHome = filepath.Join(home, ".cache")
		}
	}
	aws := filepath.Join(home, ".aws")
	variables := map[string]string{}
	return Paths{
		Home:        home,
		Config:      awsFile(env, home, "AWS_CONFIG_FILE", filepath.Join(aws, "config"), variables),
		Credentials: awsFile(env, home, "AWS_SHARED_CREDENTIALS_FILE", filepath.Join(aws, "credentials"), variables),
		variables:   variables,
		Tokens:      filepath.Join(aws, "sso", "cache"),
		CLICache:    filepath.Join(aws, "cli", "cache"),
		Private:     filepath.Join(cacheHome, "ssoenv"),
		CacheHome:   cacheHome,
	}, nil
}

// awsFile returns the path of a file. It adds to variables through which one but HOME
// the file is found.
func awsFile(env map[string]string, home, variable, standard string, variables map[string]string) string {
	path := env[variable]
	if path == "" {
		return standard
	}
	through := ""
	path = os.Expand(path, func(name string) string {
		if name != "HOME" {
			through = "$" + name + " in " + variable
		}
		if value, ok := env[name]; ok {
			return value
		}
		return "$" + name
	})
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		path = home + rest
	}
	if through != "" {
		variables[path] = through
	}
	return path
}

// CheckProgramFile returns an error that says why no program that the config file at
// path names may be started: others could write to the file (see
// [cache.CheckPrivatePath]), or it is found through a variable that another folder may
// change, as $PWD: the working directory may be a clone of anyone's.
func (p Paths) CheckProgramFile(path string) error {
	if through := p.variables[path]; through != "" {
		return fmt.Errorf("%q is found through %s", path, through)
	}
	return cache.CheckPrivatePath(path)
}

// Roles returns the folder of role credentials. It is in memory if the system
// gives the user a private runtime directory on a tmpfs, and its content then
// ends with the user's last session on this machine.
func (p Paths) Roles() (path string, inMemory bool) {
	if xdg.RuntimeDir != "" && cache.PrivateMemory(xdg.RuntimeDir) {
		return filepath.Join(xdg.RuntimeDir, "ssoenv"), true
	}
	return p.RolesOnDisk(), false
}

// Elsewhere returns the other folders in which ssoenv may have stored data of an SSO
// session when it ran with other XDG variables, or with none: as a service, from
// cron, in the terminal of a snap, in a flatpak. They need not exist.
func (p Paths) Elsewhere() []string {
	folders := append(p.usual(), filepath.Join(xdg.RuntimeDir, "ssoenv"), p.RolesOnDisk())
	used, _ := p.Roles()
	folders = slices.DeleteFunc(folders, func(dir string) bool { return dir == used || dir == p.Private || !filepath.IsAbs(dir) })
	slices.Sort(folders)
	return slices.Compact(folders)
}

// Unusual returns those of the folders in use that a run with other XDG variables
// would not find in Elsewhere, nor one with the HOME that the tokens are in: ~/.aws may
// be a link to that of another home.
func (p Paths) Unusual() []string {
	roles, _ := p.Roles()
	usual := p.usual()
	borrowed := p.borrowsTokens()
	return slices.DeleteFunc([]string{p.Private, roles}, func(dir string) bool {
		return slices.Contains(usual, dir) && !(borrowed && strings.HasPrefix(dir, p.Home+string(filepath.Separator)))
	})
}

// borrowsTokens reports whether links lead from Tokens to the folder of another home.
func (p Paths) borrowsTokens() bool {
	tokens, err := filepath.EvalSymlinks(p.Tokens)
	if err != nil { // it does not exist yet
		return false
	}
	home, err := filepath.EvalSymlinks(p.Home)
	return err == nil && tokens != filepath.Join(home, ".aws", "sso", "cache")
}

// DefaultCache returns the Private folder of a run without XDG_CACHE_HOME.
func (p Paths) DefaultCache() string { return filepath.Join(p.Home, ".cache", "ssoenv") }

// usual returns the folders of Elsewhere that no variable but HOME names.
func (p Paths) usual() []string {
	folders := []string{filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "ssoenv")}
	private := []string{p.DefaultCache()}
	for _, pattern := range []string{".var/app/*/cache/ssoenv", "snap/*/*/.cache/ssoenv"} {
		// A HOME with a bracket in its name is a pattern of its own, which finds
		// nothing.
		found, _ := filepath.Glob(filepath.Join(p.Home, filepath.FromSlash(pattern)))
		private = append(private, found...)
	}
	for _, dir := range private {
		folders = append(folders, dir, filepath.Join(dir, "roles"))
	}
	return folders
}

// RolesOnDisk returns the folder of role credentials that are not kept in memory.
func (p Paths) RolesOnDisk() string { return filepath.Join(p.Private, "roles") }

// OpenRoles opens the folder of role credentials. On a disk, they are sealed
// with a key that the kernel keeps, if it keeps keys.
func (p Paths) OpenRoles() (*cache.Dir, error) {
	path, inMemory := p.Roles()
	if inMemory {
		return cache.Open(path)
	}
	return OpenSealed(path)
}

// OpenSealed opens a cache whose values are sealed with ssoenv's key.
func OpenSealed(path string) (*cache.Dir, error) { return cache.OpenSealed(path, "ssoenv") }
