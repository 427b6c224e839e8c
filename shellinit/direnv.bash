# shellcheck shell=bash
# shellcheck disable=SC2154 # "ssoenv init" assigns __ssoenv_exe above these lines.

# ssoenv in direnv: lets an .envrc say "use ssoenv PROFILE".
#
# direnv loads this file from its lib folder before every .envrc, and offers
# watch_file to it.

# use_ssoenv switches what direnv is loading to the profile. It opens no browser
# and asks nothing. Without credentials it says which command to run, takes out
# all others and what names a profile, which the folder did not ask for, until
# direnv brings them back on leaving; and succeeds all the same: direnv would
# forget what to watch after a failure, and not load again when the login is done.
use_ssoenv() {
	local code file files
	if code=$("$__ssoenv_exe" use --no-login --shell bash "$@"); then
		eval "$code"
		# The name that an account's name and a role, or "-", stood for.
		set -- -- "${SSOENV_PROFILE-}"
	else
		code=$("$__ssoenv_exe" clear --shell bash 2>/dev/null) && eval "$code"
		unset -v AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE
	fi
	# Only now: what the load itself has written is not to be news.
	files=$("$__ssoenv_exe" files "$@" 2>/dev/null) || files=
	while IFS= read -r file; do
		[[ -z $file ]] || watch_file "$file"
	done <<<"$files"
}
