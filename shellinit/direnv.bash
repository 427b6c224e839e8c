# shellcheck shell=bash
# shellcheck disable=SC2154 # "ssoenv init" assigns __ssoenv_exe above these lines.

# ssoenv in direnv: "use ssoenv PROFILE" in an .envrc.
#
# direnv loads this file from its lib folder before every .envrc. watch_file is
# direnv's.

# use_ssoenv switches the environment that direnv loads to the profile. It opens no
# browser and asks nothing. If there are no credentials, the program prints which
# command to run, and the folder's environment has neither credentials nor a profile
# until direnv restores them on leaving. It succeeds even then: after a failure
# direnv would not watch the files, and so not load again after the login.
use_ssoenv() {
	local code file files
	if code=$("$__ssoenv_exe" use --no-login --shell bash "$@"); then
		eval "$code"
		# The arguments may be "-", or an account's name and a role.
		set -- -- "${SSOENV_PROFILE-}"
	else
		code=$("$__ssoenv_exe" clear --shell bash 2>/dev/null) && eval "$code"
		unset -v AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE
	fi
	# Watch last: what the load itself has written is no change.
	files=$("$__ssoenv_exe" files "$@" 2>/dev/null) || files=
	while IFS= read -r file; do
		[[ -z $file ]] || watch_file "$file"
	done <<<"$files"
}
