package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/adrg/xdg"
	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/shellinit"
)

type doctorOptions struct {
	json    bool
	offline bool
	hook    string
}

func (p *program) doctorCommand() *cli.Command {
	var o doctorOptions
	return &cli.Command{
		Name:  "doctor",
		Usage: "find what is wrong with this machine's set-up, and say the mend",
		Description: "Exits with 0 when nothing is wrong, warnings or not, and with 1 when something is.\n" +
			"It changes nothing, and shows no secret.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print one JSON document", Destination: &o.json},
			&cli.BoolFlag{Name: "offline", Usage: "leave the network and the clock out", Destination: &o.offline},
			&cli.StringFlag{Name: "hook", Usage: "what the shell's function says of itself", Destination: &o.hook, Hidden: true},
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return p.doctor(o)
		},
	}
}

// A finding is what one look has found.
type finding struct {
	Check  string `json:"check"`
	Status string `json:"status"` // ok, warning or problem
	Text   string `json:"text"`
	Mend   string `json:"mend,omitempty"`
}

// An examination is one run of the doctor. A check leaves findings behind; what
// cannot be known leaves none.
type examination struct {
	*program
	client   *session.Client  // nil where the configuration cannot be read at all
	portals  []session.Portal // those that can be read
	check    string           // the one that is going on
	findings []finding
	stopped  error // somebody would not wait
}

func (p *program) doctor(o doctorOptions) error {
	x := &examination{program: p}
	for _, check := range []struct {
		name string
		look func()
	}{
		{"shell", func() { x.shell(o.hook) }},
		{"program", x.programs},
		{"config", x.configFiles},
		{"session", x.sessions},
		{"cache", x.caches},
		{"network", func() { x.network(o.offline) }},
		{"environment", x.environment},
		{"direnv", x.direnv},
		{"browser", x.browsers},
	} {
		x.check = check.name
		if check.look(); x.stopped != nil {
			return x.stopped
		}
	}
	return x.report(o.json)
}

func (x *examination) ok(format string, args ...any) { x.note("ok", "", format, args) }

func (x *examination) warning(mend, format string, args ...any) {
	x.note("warning", mend, format, args)
}

func (x *examination) problem(mend, format string, args ...any) {
	x.note("problem", mend, format, args)
}

func (x *examination) note(status, mend, format string, args []any) {
	x.findings = append(x.findings, finding{
		Check:  x.check,
		Status: status,
		Text:   session.Printable(fmt.Sprintf(format, args...)),
		Mend:   session.Printable(strings.TrimPrefix(mend, "mend ")),
	})
}

// wrong is for an error, with the advice that every command has for it.
func (x *examination) wrong(err error) {
	for _, err := range parts(err) {
		_, hints := x.remedy("doctor", err)
		x.problem(strings.Join(hints, "; "), "%v", err)
	}
}

// marks stand in front of a finding's text, and are as wide as what stands in
// front of its mend.
var marks = map[string]string{"ok": "ok    ", "warning": "warn  ", "problem": "wrong "}

func (x *examination) report(asJSON bool) error {
	var b strings.Builder
	var ill error
	for _, f := range x.findings {
		if f.Status == "problem" {
			ill = statusError(statusFailed)
		}
		b.WriteString(marks[f.Status] + x.short(f.Text) + "\n")
		if f.Mend != "" {
			b.WriteString("      mend: " + x.short(f.Mend) + "\n")
		}
	}
	if asJSON {
		return cmp.Or(x.printJSON(x.findings), ill)
	}
	return cmp.Or(x.print(b.String()), ill)
}

// short spells the home directory as people do, where a shell would know it.
func (x *examination) short(text string) string {
	return strings.ReplaceAll(" "+text, " "+x.home()+"/", " ~/")[1:]
}

// shell looks whether the function is loaded in the shell that has started
// ssoenv, which is proven by what only the function knows.
func (x *examination) shell(mark string) {
	name := x.callingShell()
	shell, known := shellinit.Named(name)
	if claimed, _, ok := strings.Cut(mark, ":"); ok {
		name = claimed
		shell, known = shellinit.Named(claimed)
	}
	_, file, line := setUp(name, "use")
	switch {
	case !known:
		// Some other program has started it, or a shell for which there is none.
	case mark == shell.Mark():
		x.ok("the function of this version is loaded in this %s", name)
	case mark != "":
		x.problem("open a new shell", "the function in this %s is of another version of ssoenv", name)
	case x.attended():
		x.problem(fmt.Sprintf("add to %s:  %s  and open a new shell", file, line), "the function is not loaded in this %s: ssoenv use has nothing to switch", name)
	default:
		x.warning(fmt.Sprintf("for a shell of a person's, add to %s:  %s", file, line), "the function is not loaded in this %s", name)
	}
}

// programs looks which ssoenv the PATH leads to.
func (x *examination) programs() {
	self, err := os.Executable()
	if err != nil {
		x.wrong(fmt.Errorf("ssoenv's own path: %w", err))
		return
	}
	ours, err := os.Stat(self)
	if err != nil {
		x.problem("open a new shell", "%s, which runs here, is gone: it has been replaced", self)
		return
	}
	var found []string
	first := false // is this one
	for _, folder := range filepath.SplitList(x.env["PATH"]) {
		if !filepath.IsAbs(folder) {
			x.warning("take it out of PATH, or spell it out", "PATH has the entry %q, which is another folder wherever you go", folder)
			continue
		}
		path := filepath.Join(folder, "ssoenv"+executableSuffix())
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode().Perm()&0o111 == 0 {
			continue
		}
		same := os.SameFile(ours, info)
		if len(found) == 0 {
			first = same
		}
		if !same || len(found) == 0 {
			found = append(found, path)
		}
	}
	switch {
	case len(found) == 0:
		x.warning("put its folder into PATH", "no ssoenv is in PATH: this one is %s", self)
	case !first:
		x.problem("remove one of them, and open a new shell", "PATH leads to %s, but this ssoenv is %s", found[0], self)
	case len(found) > 1:
		x.warning("remove all but one of them", "there is more than one ssoenv in PATH: %s", strings.Join(found, ", "))
	default:
		x.ok("%s is the only ssoenv in PATH", found[0])
	}
}

func executableSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// configFiles looks at the AWS CLI's two files, as ssoenv and as others read
// them.
func (x *examination) configFiles() {
	client, err := x.quietClient()
	if err != nil {
		x.wrong(err)
		return
	}
	x.client = client
	config := client.Config
	x.portals, _ = config.Portals() // what is wrong with the others is among the failures
	before := len(x.findings)

	if _, err := os.Stat(config.Path); errors.Is(err, fs.ErrNotExist) {
		x.problem("ssoenv configure makes one", "there is no %s", config.Path)
		return
	}
	inConfig, inCredentials := config.StaticKeys()
	x.mode(config.Path, inConfig)
	x.mode(config.CredentialsPath, inCredentials)

	const most = 10 // that anybody reads
	lines := config.OddLines()
	for _, line := range lines[:min(len(lines), most)] {
		mend := fmt.Sprintf("mend line %d of %s", line.Number, line.File)
		if line.Fatal {
			x.problem(mend, "the AWS CLI will not read %s: %s", line.File, line.Text)
		} else {
			x.warning(mend, "%s: %s", line.File, line.Text)
		}
	}
	if more := len(lines) - most; more > 0 {
		x.warning("mend the lines above first", "there are %d more such lines", more)
	}
	failures := config.Failures()
	for _, err := range failures[:min(len(failures), most)] {
		x.wrong(err)
	}
	if more := len(failures) - most; more > 0 {
		x.problem("mend those above first", "there are %d more such profiles", more)
	}
	if len(x.findings) == before {
		x.ok("%s: %s, which all AWS tools read alike", config.Path, count(len(config.ProfileNames()), "profile"))
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// quietClient leaves it to the checks to say what is wrong with the caches, and
// makes findings of its warnings.
func (x *examination) quietClient() (*session.Client, error) {
	quiet := x.quiet
	x.quiet = true
	client, err := x.program.client()
	x.quiet = quiet
	if err == nil {
		client.Warn = func(line string) { x.warning("", "%s", line) }
	}
	return client, err
}

// mode looks who may read and write one of the files.
func (x *examination) mode(path string, secret bool) {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" {
		return
	}
	switch mode := info.Mode().Perm(); {
	case secret && mode&0o077 != 0:
		x.problem("chmod 600 "+typed(path), "%s holds secret keys, and others may read it (mode %04o)", path, mode)
	case mode&0o002 != 0:
		x.problem("chmod go-w "+typed(path), "%s can be written by anybody, who could send your login elsewhere (mode %04o)", path, mode)
	case mode&0o020 != 0:
		x.warning("chmod g-w "+typed(path), "%s can be written by its group, if that has others in it (mode %04o)", path, mode)
	}
}

// sessions looks at what is kept of each login.
func (x *examination) sessions() {
	for _, portal := range x.portals {
		title := fmt.Sprintf("session %q", portal.Title())
		token, ok := x.client.CachedToken(portal)
		left := token.Expires.Sub(x.now())
		switch {
		case !ok:
			x.warning(x.loginCommandFor(portal), "%s: not logged in", title)
		case token.Refreshable(x.now()) && token.RegistrationExpires.IsZero():
			x.ok("%s: logged in, renewed by itself", title)
		case token.Refreshable(x.now()):
			x.ok("%s: logged in, renewed by itself; the client registration lasts until %s", title, x.until(token.RegistrationExpires))
		case left > 0:
			x.warning("log in again then: "+x.loginCommandFor(portal), "%s: logged in until %s, and then not renewed: %s", title, x.until(token.Expires), whyNotRenewed(token))
		default:
			x.warning(x.loginCommandFor(portal), "%s: the login has ended, and is not renewed: %s", title, whyNotRenewed(token))
		}
	}
}

func whyNotRenewed(token session.Token) string {
	if token.Refresh == "" {
		return "the portal gave no refresh token"
	}
	return "the client registration has ended"
}

// caches looks whether what is to be kept can be kept, and from whom.
func (x *examination) caches() {
	roles, inMemory := x.roleDirectory()
	for _, c := range []struct {
		what, path string
		open       func(string) (*cache.Dir, error)
	}{
		{"logins", x.tokenDirectory(), cache.OpenShared},
		{"role credentials", roles, openSealed},
		{"registrations and locks", x.privateDirectory(), cache.Open},
	} {
		dir, err := c.open(c.path)
		if err == nil {
			err = dir.Check()
		}
		switch {
		case errors.Is(err, cache.ErrNoLocks):
			x.warning("keep it on a disk of this machine", "%v: two shells may renew at the same time", err)
		case err != nil:
			x.problem(fmt.Sprintf("make %s a directory of your own, with mode 0700", c.path), "%s are not kept: %v", c.what, err)
		case c.path == roles && inMemory:
			x.ok("%s are kept in memory: %s", c.what, c.path)
		case c.path == roles:
			x.ok("%s are kept on disk, %s: %s", c.what, protection(dir), c.path)
		default:
			x.ok("%s are kept in %s", c.what, c.path)
		}
	}
	if folder := x.env["XDG_RUNTIME_DIR"]; folder != "" && !inMemory {
		x.warning("make it a directory of yours alone (mode 0700) on a tmpfs, or unset XDG_RUNTIME_DIR",
			"XDG_RUNTIME_DIR is %q, which is not in memory, or not yours alone: role credentials are not kept there", folder)
	}
	if folder := x.env["XDG_CACHE_HOME"]; folder != "" && !filepath.IsAbs(folder) {
		x.warning("spell it out from the root", "XDG_CACHE_HOME is %q, which depends on the folder, and is ignored: %s is used", folder, xdg.CacheHome)
	}
}

// network looks whether the services can be reached, and by whose certificates,
// and compares the clocks. All are asked at once.
func (x *examination) network(offline bool) {
	if offline || x.client == nil {
		return
	}
	ctx, stop := x.interruptible()
	defer stop()
	var urls []string
	for _, portal := range x.portals {
		more, err := x.client.ServiceURLs(ctx, portal.Region)
		if err != nil {
			x.wrong(err)
		}
		for _, each := range more {
			if !slices.Contains(urls, each) {
				urls = append(urls, each)
			}
		}
	}
	reaches := x.probeAll(ctx, urls)
	if x.stopped = ctx.Err(); x.stopped != nil {
		return
	}
	var worst session.ClockDrift
	answered := false
	for i, r := range reaches {
		host, way := hostIn(urls[i]), x.way(urls[i])
		switch {
		case r.Err != nil && r.Issuer != "":
			x.problem("if your company inspects traffic, give AWS_CA_BUNDLE the file of its certificates; otherwise somebody else is answering",
				"%v; the certificate is by %s%s", r.Err, r.Issuer, way)
		case r.Err != nil:
			_, hints := x.remedy("doctor", r.Err)
			x.problem(strings.Join(hints, "; "), "%v%s", r.Err, way)
		case r.Issuer != "":
			x.ok("%s answers, with a certificate by %s%s", host, r.Issuer, way)
		default:
			x.ok("%s answers%s", host, way)
		}
		answered = answered || r.Err == nil
		if time.Duration(r.Drift).Abs() > time.Duration(worst).Abs() {
			worst = r.Drift
		}
	}
	switch {
	case worst.Notable():
		x.problem("set this machine's clock right; in WSL after a sleep: sudo hwclock --hctosys", "%v: what AWS gives seems to last longer or shorter than it does", worst)
	case answered:
		x.ok("this machine's clock agrees with AWS's")
	}
}

func (x *examination) probeAll(ctx context.Context, urls []string) []session.Probe {
	reaches := make([]session.Probe, len(urls))
	var all sync.WaitGroup
	for i, each := range urls {
		all.Go(func() { reaches[i] = x.client.Probe(ctx, each) })
	}
	all.Wait()
	return reaches
}

// way says what stands between here and there: a proxy, and other certificates
// than the system's.
func (x *examination) way(address string) string {
	text := ""
	if req, err := http.NewRequestWithContext(context.Background(), http.MethodHead, address, nil); err == nil {
		if proxy, err := http.ProxyFromEnvironment(req); err == nil && proxy != nil {
			text += ", through the proxy " + proxy.Host
		}
	}
	for _, name := range []string{"AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if x.env[name] != "" && strings.HasPrefix(address, "https:") {
			return text + fmt.Sprintf(", going by the certificates of %s (%s)", name, x.env[name])
		}
	}
	return text
}

func hostIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// environment looks at this shell's variables: whether the keys are those of
// the profile that it seems to use, and what would outvote them.
func (x *examination) environment() {
	before := len(x.findings)
	x.profileInUse()
	x.keyPairs()
	x.rivals()
	x.files()
	x.endpoints()
	if ill := slices.ContainsFunc(x.findings[before:], func(f finding) bool { return f.Status != "ok" }); !ill {
		x.ok("no variable of this shell outvotes another")
	}
}

// again is what puts the variables of a profile in use right.
func (x *examination) again() string { return "ssoenv use " + typed(x.env["SSOENV_PROFILE"]) }

// profileInUse compares what the shell says of itself with what it has.
func (x *examination) profileInUse() {
	profile := x.env["SSOENV_PROFILE"]
	if profile == "" {
		return
	}
	memory := recall(x.env["SSOENV_SAVED"])
	seconds, err := strconv.ParseInt(x.env["SSOENV_EXPIRES"], 10, 64)
	left := time.Unix(seconds, 0).Sub(x.now())
	switch {
	case x.env["AWS_ACCESS_KEY_ID"] == "":
		x.problem(x.again()+", or ssoenv clear", "SSOENV_PROFILE is %q, but there are no keys in this shell", profile)
	case forgotten(x.env, memory):
		x.warning(x.again(), "SSOENV_SAVED has been changed: clear cannot give back what this shell had before %q", profile)
	case !memory.ours(x.env, "AWS_ACCESS_KEY_ID") || !memory.ours(x.env, "AWS_SECRET_ACCESS_KEY") || !memory.ours(x.env, "AWS_SESSION_TOKEN"):
		x.problem(x.again(), "SSOENV_PROFILE is %q, but the keys in this shell have been changed since", profile)
	case !memory.ours(x.env, "AWS_ACCOUNT_ID"):
		x.problem(x.again(), "AWS_ACCOUNT_ID has been changed since %q was chosen: some tools believe it", profile)
	case err != nil:
		x.problem(x.again(), "SSOENV_EXPIRES is %q, which is no time: nothing is renewed", x.env["SSOENV_EXPIRES"])
	case left <= 0:
		x.problem(x.again(), "the credentials of %q have expired", profile)
	default:
		x.ok("this shell uses %q for another %s", profile, span(left))
	}
}

// keyPairs looks whether the keys go together, whoever has put them there.
func (x *examination) keyPairs() {
	id, secret, token := x.env["AWS_ACCESS_KEY_ID"], x.env["AWS_SECRET_ACCESS_KEY"], x.env["AWS_SESSION_TOKEN"]
	switch {
	case (id == "") != (secret == ""):
		x.problem("set or unset both", "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set: the AWS CLI refuses every command")
	case strings.HasPrefix(id, "AKIA") && token != "":
		x.problem("unset AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN is of other keys: those in this shell are a user's own, which have none")
	case strings.HasPrefix(id, "ASIA") && token == "":
		x.problem("unset the keys, or set AWS_SESSION_TOKEN too", "the keys in this shell are temporary, and AWS_SESSION_TOKEN is missing")
	}
	if id == "" {
		return
	}
	if old := x.env["AWS_SECURITY_TOKEN"]; old != "" && old != token {
		x.problem("unset AWS_SECURITY_TOKEN", "AWS_SECURITY_TOKEN is not AWS_SESSION_TOKEN, and the AWS CLI prefers it")
	}
	text, ok := x.env["AWS_CREDENTIAL_EXPIRATION"]
	if !ok {
		return
	}
	expires, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		x.problem("unset AWS_CREDENTIAL_EXPIRATION", "AWS_CREDENTIAL_EXPIRATION is %q, which is no time: the AWS CLI refuses every command", text)
	case !expires.After(x.now()) && x.env["SSOENV_PROFILE"] == "":
		x.problem("unset AWS_CREDENTIAL_EXPIRATION, and the keys if they are as old", "AWS_CREDENTIAL_EXPIRATION is past: the AWS CLI refuses every command")
	}
}

// rivals are the variables that name other credentials.
func (x *examination) rivals() {
	keys := x.env["AWS_ACCESS_KEY_ID"] != ""
	for _, name := range restorable {
		value, ok := x.env[name]
		if !ok || setByUse[name] || expiring[name] {
			continue
		}
		isProfile := name == "AWS_PROFILE" || name == "AWS_DEFAULT_PROFILE"
		switch {
		case value == "" && (isProfile || name == "AWS_REGION"):
			x.problem("unset "+name, "%s is set, and empty, which the AWS CLI takes for a name", name)
		case name == "AWS_REGION" || name == "AWS_DEFAULT_REGION":
		case isProfile && keys:
			x.problem("unset "+name, "%s is %q beside the keys: some tools take the one, some the other", name, value)
		case isProfile && x.client != nil && !x.client.Config.HasProfile(value) && value != "default":
			x.problem("unset "+name+", or give it a name that ssoenv list shows", "%s is %q, and there is no such profile: the AWS CLI refuses every command", name, value)
		case !isProfile && x.env["SSOENV_PROFILE"] != "":
			x.warning("unset "+name, "%s is %q: a prompt may show it instead of the profile in use", name, value)
		}
	}
	one, other := x.env["AWS_PROFILE"], x.env["AWS_DEFAULT_PROFILE"]
	if one != "" && other != "" && one != other {
		x.warning("unset AWS_DEFAULT_PROFILE", "AWS_PROFILE is %q and AWS_DEFAULT_PROFILE %q: Python's boto3 takes the second, most others the first", one, other)
	}
	if one, other = x.env["AWS_REGION"], x.env["AWS_DEFAULT_REGION"]; one != "" && other != "" && one != other {
		x.warning("set both, or one", "AWS_REGION is %q and AWS_DEFAULT_REGION %q: Python's boto3 takes the second, most others the first", one, other)
	}
	for _, name := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"} {
		if x.env[name] != "" && !keys {
			x.warning("unset "+name+" where it is not meant", "%s is set: without keys in the shell, AWS tools take the credentials that it leads to", name)
		}
	}
}

// files looks at the variables that name the AWS CLI's files.
func (x *examination) files() {
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		switch value, ok := x.env[name]; {
		case ok && value == "":
			x.warning("unset "+name, "%s is set, and empty: the AWS CLI reads no file then, and others the usual one", name)
		case strings.HasPrefix(value, "~") || strings.Contains(value, "$"):
			x.warning("spell the path out", "%s is %q: the AWS CLI knows what ~ and $ stand for, other tools do not", name, value)
		}
	}
}

// endpoints looks at the variables that send calls elsewhere.
func (x *examination) endpoints() {
	names := map[string][]string{} // by host
	for name, value := range x.env {
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") && value != "" {
			names[hostIn(value)] = append(names[hostIn(value)], name)
		}
	}
	for _, host := range slices.Sorted(maps.Keys(names)) {
		slices.Sort(names[host])
		list := strings.Join(names[host], ", ")
		bare, _, err := net.SplitHostPort(host)
		if err != nil {
			bare = host
		}
		addr, _ := netip.ParseAddr(bare)
		switch {
		case strings.HasSuffix(bare, ".amazonaws.com") || strings.HasSuffix(bare, ".amazonaws.com.cn") || strings.HasSuffix(bare, ".api.aws"):
		case bare == "localhost" || addr.IsLoopback():
			x.ok("calls go to %s, on this machine: %s", host, list)
		default:
			x.warning("unset what is not meant", "calls go to %s, which is not of AWS: %s", host, list)
		}
	}
}

// direnv looks at what ssoenv has installed for it.
func (x *examination) direnv() {
	if _, err := exec.LookPath("direnv"); err != nil {
		return
	}
	exe, err := x.executable()
	if err != nil {
		x.wrong(err)
		return
	}
	self, err := os.Executable()
	if err != nil {
		x.wrong(fmt.Errorf("ssoenv's own path: %w", err))
		return
	}
	const install = "ssoenv init direnv --install"
	path := x.direnvFile()
	switch text, err := os.ReadFile(path); {
	case errors.Is(err, fs.ErrNotExist):
		x.ok("direnv is here; %q in an .envrc would take: %s", "use ssoenv PROFILE", install)
	case err != nil:
		x.problem(install, "direnv's %s cannot be read", path)
	case string(text) != shellinit.Direnv(exe) && string(text) != shellinit.Direnv(self):
		x.problem(install, "direnv's %s is of another version of ssoenv", path)
	default:
		x.ok("direnv knows \"use ssoenv PROFILE\": %s", path)
	}
}

// browsers looks what a login would open.
func (x *examination) browsers() {
	settings := []string{}
	for _, portal := range x.portals {
		if !slices.Contains(settings, portal.Browser) {
			settings = append(settings, portal.Browser)
		}
	}
	for _, setting := range settings {
		line, err := x.findBrowser(setting)
		switch {
		case errors.Is(err, errNoBrowser):
			x.ok("%v: a login shows its address, to be opened elsewhere", err)
		case err != nil && setting != "":
			x.problem("mend ssoenv_browser in "+x.configPath(), "%v", err)
		case err != nil:
			x.warning("install one, or name another in BROWSER", "%v", err)
		case setting == "" && x.env["BROWSER"] != "" && !strings.Contains(x.env["BROWSER"], filepath.Base(line[0])):
			x.warning("name a program in BROWSER, or unset it", "BROWSER is %q, which cannot be run: a login opens %s", x.env["BROWSER"], line[0])
		default:
			x.ok("a login opens %s", strings.Join(line, " "))
		}
	}
}
