package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/ssoenv/ssoenv/cache"
	"github.com/ssoenv/ssoenv/cmd/internal/offline"
	"github.com/ssoenv/ssoenv/cmd/internal/shellenv"
	"github.com/ssoenv/ssoenv/cmd/internal/tty"
	"github.com/ssoenv/ssoenv/session"
	"github.com/ssoenv/ssoenv/session/profile"
	"github.com/ssoenv/ssoenv/session/store"
	"github.com/ssoenv/ssoenv/shellinit"
)

type useOptions struct {
	credentialOptions
	shell string
}

func useAction(p *program, c *cli.Context) error {
	name, err := oneProfile(c)
	if err != nil {
		return err
	}
	o, err := p.environmentOptionsOf(c, name)
	if err != nil {
		return err
	}
	return p.use(useOptions{o, c.String("shell")})
}

func (p *program) use(o useOptions) error {
	shell, err := p.outputShell(o.shell)
	if err != nil {
		return err
	}
	if tty.IsTerminal(p.stdout) {
		return notEvaluated(p.env, "use "+shellinit.Word(cmp.Or(o.profile, "PROFILE")))
	}
	if o.profile, err = p.profileToUse(o); err != nil {
		return err
	}
	if o.shell == "" && shell == shellinit.POSIX && !shellinit.IsPortable(o.profile) {
		return shownError{fmt.Errorf("the name %q needs quotes, which differ between shells", o.profile), statusUsage,
			[]string{"name the shell, as the function of ssoenv init does: --shell bash, zsh, fish or sh"}}
	}
	plan, err := p.credentials(o.credentialOptions)
	if p.mayChoose(o.credentialOptions, err) {
		var name string
		if name, err = p.pickOther(o, err); err == nil {
			o.profile = name
			plan, err = p.credentials(o.credentialOptions)
		}
	}
	if err != nil {
		return err
	}
	change, credentialsLost := plan.Switch().Apply(p.env)
	if err := shellenv.CheckSize(change); err != nil {
		return err
	}
	text, err := shell.Render(change)
	if err != nil && shell == shellinit.Cmd {
		return shownError{err, statusFailed, []string{"give a program the credentials with:  ssoenv exec " + shellinit.Word(o.profile) + " -- COMMAND"}}
	}
	if err != nil {
		return err
	}
	if err := p.print(text); err != nil {
		return err
	}
	p.sayLines(plan.StaticKeysWarning(p.state))
	p.sayLines(plan.Announcement(plan.client.Config, p.audience(credentialsLost)))
	if err := (offline.History{Dir: plan.client.Private}).Remember(plan.Profile.Name); err != nil {
		p.log("%v", err)
	}
	return nil
}

// profileToUse returns the profile that the argument of use names or, without one,
// that the user picks. In an empty home it is one that the user sets up now.
func (p *program) profileToUse(o useOptions) (string, error) {
	if o.profile != "" {
		return resolveArg(o.profile, p.state)
	}
	config, err := p.config()
	switch {
	case err != nil:
		return "", err
	case config.IsEmpty():
		_, name, err := p.setUp(false, "", o.login)
		return name, err
	case p.terminal.CanPrompt():
		return p.pickProfile()
	}
	return resolveArg("", p.state)
}

// pickOther returns the profile that the user picks instead of one that does not exist
// or, in an empty home, sets up.
func (p *program) pickOther(o useOptions, notFound error) (string, error) {
	if config, err := p.config(); err == nil && config.IsEmpty() {
		_, name, err := p.setUp(false, o.profile, o.login)
		return name, err
	}
	return p.pickSimilar(o.profile, notFound)
}

// mayChoose reports whether err is that there is no profile of the name, and the user
// can be shown a list instead: where a login may ask, too.
func (p *program) mayChoose(o credentialOptions, err error) bool {
	missing, ok := errors.AsType[*profile.NotFoundError](err)
	return ok && missing.Kind == "profile" && missing.Name == o.profile && missing.Unread == "" &&
		!o.noLogin && o.confirm != givenByFlag && p.terminal.HasUser()
}

// credentialOptions are the flags of every command that gets a profile's
// credentials.
type credentialOptions struct {
	profile string
	region  string // replaces the profile's; may be empty
	noLogin bool
	confirm confirmation
	login   loginFlags

	// forEnvironment is true if a shell or a program gets the credentials in its
	// environment. Then the ssoenv_export of the profile counts, and export, if not
	// empty, in place of it.
	forEnvironment bool
	export         string
}

func (p *program) credentialOptionsOf(c *cli.Context, name string) (credentialOptions, error) {
	region := c.String("region")
	if region == "" && c.IsSet("region") {
		return credentialOptions{}, usageError{"--region needs a region such as us-east-1"}
	}
	if err := checkRegionFlag("--region", region); err != nil {
		return credentialOptions{}, err
	}
	p.doubtRegion(region)
	o := credentialOptions{profile: name, region: region, noLogin: c.Bool("no-login"), login: loginFlagsOf(c)}
	if c.Bool("yes") {
		o.confirm = givenByFlag
	}
	return o, nil
}

// environmentOptionsOf is [program.credentialOptionsOf] for a command with the flag --export.
func (p *program) environmentOptionsOf(c *cli.Context, name string) (credentialOptions, error) {
	o, err := p.credentialOptionsOf(c, name)
	o.forEnvironment, o.export = true, c.String("export")
	if err == nil && o.export != "" && !profile.IsExport(o.export) {
		err = usageError{fmt.Sprintf("--export is %q, which is not keys or profile", o.export)}
	}
	return o, err
}

// exportsProfile reports whether the environment gets AWS_PROFILE instead of the
// credentials of the profile.
func (o credentialOptions) exportsProfile(prof profile.Profile) bool {
	return o.forEnvironment && cmp.Or(o.export, prof.Export) == profile.ExportProfile
}

// A switchPlan is an [offline.Plan] with the client that made it.
type switchPlan struct {
	client *session.Client
	offline.Plan
}

// credentials returns the credentials of the profile that o names: from the
// cache, or from AWS, with a login if one is needed and the user can be asked.
func (p *program) credentials(o credentialOptions) (switchPlan, error) {
	client, err := p.client()
	if err != nil {
		return switchPlan{}, err
	}
	prof, err := p.resolveProfile(client, o.profile)
	if err != nil {
		return switchPlan{}, err
	}
	return p.profileCredentials(client, prof, o)
}

// profileCredentials is [program.credentials] for a profile that has been read.
func (p *program) profileCredentials(client *session.Client, prof profile.Profile, o credentialOptions) (switchPlan, error) {
	p.profile = prof.Name
	if o.exportsProfile(prof) {
		if err := client.Config.CheckExport(prof); err != nil {
			return switchPlan{}, err
		}
	}
	unconfirmed := prof
	prof, err := p.confirm(client, unconfirmed, o.confirm)
	if err != nil {
		return switchPlan{}, err
	}
	client.STSRegion = cmp.Or(o.region, client.STSRegion)
	client.Network = prof.Network
	if o.exportsProfile(prof) {
		return p.profilePlan(client, prof, o)
	}
	if !o.noLogin && p.terminal.CanPrompt() {
		client.MFACode = mfaCode(p.terminal)
	}
	creds, fresh := client.FreshCredentials(unconfirmed) // stored for anyone
	if !fresh && prof.FromProcess() {
		creds, fresh = client.FreshCredentials(prof)
	}
	p.log("profile %q: account %s, role %s, fresh credentials cached: %v", prof.Name, prof.AccountID, prof.RoleName, fresh)
	if !fresh {
		p.warnOfConfig(client.Config)
		p.warnOfProfile(client.Config, prof.Name)
		ctx, stop := interruptible()
		defer stop()
		var err error
		if creds, err = p.fetchCredentials(ctx, client, prof, o); err != nil {
			return switchPlan{}, err
		}
	}
	return switchPlan{client, offline.Plan{Profile: prof, Credentials: creds, Region: cmp.Or(o.region, prof.Region)}}, nil
}

// fetchCredentials gets the credentials from AWS. If a login is needed and the
// user can be asked, that comes first, even if the cached credentials are still
// valid. Otherwise valid cached credentials are returned for as long as they
// last.
func (p *program) fetchCredentials(ctx context.Context, client *session.Client, prof profile.Profile, o credentialOptions) (creds store.Credentials, err error) {
	loginFailed, err := p.withLogin(ctx, client, prof.SSOSession, o.login, o.noLogin, func() error {
		creds, err = client.Renew(ctx, prof)
		return err
	})
	if err != nil && !loginFailed {
		creds, err = client.CachedAfter(ctx, prof, err)
	}
	return creds, explainDenied(ctx, client, err)
}

// defaultProfile returns the name, or the profile that a command without one is
// about: the shell's own, else the one that the AWS tools would use.
func defaultProfile(name string, env map[string]string) string {
	for _, name := range []string{name, env["SSOENV_PROFILE"], env["AWS_PROFILE"], env["AWS_DEFAULT_PROFILE"]} {
		if name != "" {
			return name
		}
	}
	return "default"
}

// requireProfile is [defaultProfile] for a command that cannot do without one. The
// profile "default", if the user has not named it, counts only if it has
// credentials.
func (p *program) requireProfile(config *profile.Config, name string) (string, error) {
	if name == "" && p.shellUsesNone() && !config.NamesCredentials("default") {
		return "", p.noProfile(config)
	}
	if name == "" {
		if err := p.checkProfile(config, defaultProfile("", p.env)); err != nil {
			return "", p.ofVariable(err)
		}
	}
	return defaultProfile(name, p.env), nil
}

// ofVariable says, of the error that there is no profile of the name, which variable of
// the environment names it. It returns other errors as they are.
func (p *program) ofVariable(err error) error {
	missing, ok := errors.AsType[*profile.NotFoundError](err)
	if !ok || missing.Kind != "profile" {
		return err
	}
	for _, variable := range []string{"SSOENV_PROFILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if value := p.env[variable]; value != "" {
			if value != missing.Name {
				return err
			}
			_, hints := p.remedies().remedy(nil, missing)
			unset := "unset " + variable
			if variable == "SSOENV_PROFILE" {
				unset = "ssoenv clear"
			}
			return shownError{&profile.ConfigError{Key: variable, Problem: fmt.Sprintf("%s is %q, which is no profile", variable, missing.Name)}, statusConfig,
				append(hints, "or go on without it: "+unset)}
		}
	}
	return err
}

// shellUsesNone reports whether this shell's environment names no profile.
func (p *program) shellUsesNone() bool {
	return p.env["SSOENV_PROFILE"] == "" && p.env["AWS_PROFILE"] == "" && p.env["AWS_DEFAULT_PROFILE"] == ""
}

// noProfile returns the error of a command that names no profile, in a shell without
// one.
func (p *program) noProfile(config *profile.Config) error {
	names := config.ProfileNames()
	if len(names) == 0 && len(config.SessionNames()) == 0 {
		return p.noProfiles(config)
	}
	hint := "name an sso-session: ssoenv " + p.command + " --sso-session NAME; or switch this shell: ssoenv use PROFILE"
	if command := offline.Find(offline.Commands(), p.command); command != nil && strings.Contains(command.Args, "PROFILE") {
		hint = "name one: ssoenv " + p.command + " PROFILE; ssoenv list shows them"
	}
	return shownError{usageError{"this shell uses no profile"}, statusConfig, []string{hint}}
}

// noProfiles returns the error of a command that needs a profile or a session, where
// nothing is configured yet.
func (p *program) noProfiles(config *profile.Config) error {
	hints := []string{"set one up with: ssoenv configure"}
	if problem := p.configFileProblem(); problem != "" {
		return shownError{&profile.ConfigError{Problem: problem}, statusConfig, []string{"correct or unset AWS_CONFIG_FILE, or create one with: ssoenv configure"}}
	}
	if p.homeIsMissing() {
		hints = append(hints, hintOfMissingHome(config.Path))
	}
	return shownError{&profile.ConfigError{Problem: config.Path + " has no profiles yet"}, statusConfig, hints}
}

// resolveArg returns the profile that a command's argument names: "-" is the
// shell's previous one.
func resolveArg(arg string, state shellenv.State) (string, error) {
	switch arg {
	case "":
		return "", shownError{usageError{"which profile?"}, statusUsage, []string{"ssoenv list shows them"}}
	case "-":
		if state.Previous == "" {
			return "", shownError{usageError{"no previous profile in this shell"}, statusUsage, []string{"ssoenv list shows the profiles"}}
		}
		return state.Previous, nil
	}
	return arg, nil
}

// warnOfConfig warns, once in a run, if other users can write the config or if
// the AWS CLI cannot read it. It reads all of the files, so a cached switch does
// without.
func (p *program) warnOfConfig(config *profile.Config) {
	if p.configWarned {
		return
	}
	p.configWarned = true
	for _, path := range []string{config.Path, config.CredentialsPath} {
		if err := cache.Suspect(path); err != nil {
			p.say("warning: %v: other users could redirect your login", err)
		}
	}
	for i, problem := range config.Problems() {
		if i == 3 {
			p.say("warning: there are more such lines; ssoenv doctor lists them")
			return
		}
		p.say("warning: %s", problem)
	}
}

// warnOfProfile warns if the AWS CLI refuses the profile. Like warnOfConfig, it is
// for a switch that is not cached.
func (p *program) warnOfProfile(config *profile.Config, name string) {
	for _, line := range config.ProfileProblems(name) {
		p.say("warning: %s", line)
	}
}

// checkProfile returns an error if there is no profile of that name, and it cannot be
// an account and a role either.
func (p *program) checkProfile(config *profile.Config, name string) error {
	_, err := config.Profile(name)
	if _, missing := errors.AsType[*profile.NotFoundError](err); !missing {
		return nil
	}
	if _, _, ok := accountAndRole(config, name, err); ok {
		return nil
	}
	return p.withSessionHint(config, name, err)
}

// resolveProfile reads the profile of that name. If there is none, the name may
// be ACCOUNT/ROLE with an account's name, whose id is looked up at AWS. That
// never leads to a login: the name is more likely mistyped. It is only said that
// there is no such profile if there is no such account either; an account that
// could not be looked up, or a name that several have, is an error of its own.
func (p *program) resolveProfile(client *session.Client, name string) (profile.Profile, error) {
	prof, err := client.Config.Profile(name)
	ref, sso, ok := accountAndRole(client.Config, name, err)
	if !ok {
		return prof, p.withSessionHint(client.Config, name, err)
	}
	ctx, stop := interruptible()
	defer stop()
	id, lookupErr := accountID(ctx, client, sso, ref.AccountID)
	if _, ok := errors.AsType[*store.LoginRequiredError](lookupErr); ok {
		_, hints := p.remedies().remedy(nil, err)
		return prof, shownError{err, statusConfig, append(hints, fmt.Sprintf("if %q is an account, log in first, so that its name is known: ssoenv login --sso-session %s", ref.AccountID, shellinit.Word(sso.Name)))}
	}
	if unknown, ok := errors.AsType[noAccountError](lookupErr); ok {
		p.log("%q is not an account either: %v", ref.AccountID, lookupErr)
		if near := unknown.near; near != nil {
			for i := range near {
				near[i] = (profile.RoleRef{Session: ref.Session, AccountID: near[i], RoleName: roleMeant(client, sso, near[i], ref.RoleName)}).String()
			}
			return prof, shownError{err, statusConfig, []string{didYouMean(near)}}
		}
		return prof, err
	}
	if _, ambiguous := errors.AsType[shownError](lookupErr); ambiguous {
		return prof, lookupErr
	}
	if lookupErr != nil {
		return prof, fmt.Errorf("the account %q could not be looked up: %w", ref.AccountID, lookupErr)
	}
	ref.AccountID = id
	return client.Config.Profile(ref.String())
}

// roleMeant returns the role of the account, an id or a name, that is probably meant by
// the typed one, as far as the roles are known without the network.
func roleMeant(client *session.Client, sso profile.SSOSession, account, typed string) string {
	inventory, _, _ := client.KnownInventory(sso)
	for _, known := range inventory {
		if known.ID != account && known.Name != account || slices.Contains(known.Roles, typed) {
			continue
		}
		if near := nearest(typed, known.Roles); near != nil {
			return near[0]
		}
	}
	return typed
}

// withSessionHint adds a hint to the error that there is no profile of that name,
// if the name could be an account and a role in one of several sessions.
func (p *program) withSessionHint(config *profile.Config, name string, err error) error {
	missing, isMissing := errors.AsType[*profile.NotFoundError](err)
	sessions := config.SessionNames()
	if _, role, ok := strings.Cut(name, "/"); !isMissing || missing.Kind != "profile" || !ok || role == "" || len(sessions) < 2 {
		return err
	}
	status, hints := p.remedies().remedy(nil, err)
	return shownError{err, status, append(hints, fmt.Sprintf("if that is ACCOUNT/ROLE, name its sso-session: %s", shellinit.Word(sessions[0]+":"+name)))}
}

// accountAndRole reads a name as ACCOUNT/ROLE with an account's name; err is the
// error of reading it as a profile. ok is false if the profile exists.
func accountAndRole(config *profile.Config, name string, err error) (ref profile.RoleRef, sso profile.SSOSession, ok bool) {
	missing, isMissing := errors.AsType[*profile.NotFoundError](err)
	if !isMissing || missing.Kind != "profile" {
		return ref, sso, false
	}
	return config.AccountAndRole(name)
}
