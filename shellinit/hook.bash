# shellcheck shell=bash
# shellcheck disable=SC2154 # "ssoenv init" assigns __ssoenv_exe above these lines.

# ssoenv in bash, 3.2 or later.
#
# A leading backslash keeps the user's aliases off a word, "builtin" keeps
# functions off it. No name is left behind but ssoenv and __ssoenv_*.

\builtin unalias ssoenv 2>/dev/null || \builtin true

# ssoenv runs the program. The commands that change a shell are captured and
# evaluated here; all others have the terminal to themselves.
function ssoenv {
	case ${1-}/${2-} in
	use/* | clear/* | logout/* | --debug/use | --debug/clear | --debug/logout) ;;
	*)
		"$__ssoenv_exe" "$@"
		\builtin return
		;;
	esac

	# Secrets stay out of a trace: no -x, no -v, and no -T, which shows each
	# statement to a DEBUG trap. "local -" (bash 4.4) gives the options back
	# after an interrupt too; the last lines do so in every bash.
	\builtin local __ssoenv_flags=$- __ssoenv_status=0
	\builtin local - 2>/dev/null || \builtin true
	{ \builtin set +xvT; } 2>/dev/null
	__ssoenv_switch "$@" || __ssoenv_status=$?
	case $__ssoenv_flags in *T*) \builtin set -T ;; esac
	case $__ssoenv_flags in *v*) \builtin set -v ;; esac
	case $__ssoenv_flags in *x*) \builtin set -x ;; esac
	\builtin return "$__ssoenv_status"
}

# __ssoenv_switch evaluates the program's statements, each as a builtin, up to
# one that fails (a readonly variable); its status is then 1. It is a function
# of its own because "set +T" counts from the next call on.
function __ssoenv_switch {
	\builtin local __ssoenv_code __ssoenv_rest __ssoenv_line __ssoenv_status=0
	__ssoenv_code=$(
		if [[ $1 == --debug ]]; then
			\builtin exec "$__ssoenv_exe" "$1" "$2" --shell bash "${@:3}"
		else
			\builtin exec "$__ssoenv_exe" "$1" --shell bash "${@:2}"
		fi
	) || __ssoenv_status=$?

	if [[ $__ssoenv_status == 0 ]]; then
		__ssoenv_rest=$__ssoenv_code
		while [[ -n $__ssoenv_rest ]]; do
			__ssoenv_line=${__ssoenv_rest%%$'\n'*}
			__ssoenv_rest=${__ssoenv_rest#"$__ssoenv_line"}
			__ssoenv_rest=${__ssoenv_rest#$'\n'}
			\builtin eval "\\builtin $__ssoenv_line" || {
				__ssoenv_status=1
				\builtin break
			}
		done
	fi

	# A subshell takes the switch with it, and the shell around it may be
	# waiting to evaluate what is written here: eval "$(ssoenv use dev)". No
	# secret goes that way. It gets the same call, to make for itself, or false.
	if [[ ${BASH_SUBSHELL-0} != 0 && ! -t 1 ]]; then
		if [[ $__ssoenv_status != 0 ]]; then
			\builtin echo false
		elif [[ -n $__ssoenv_code ]]; then
			# A profile picked from the list need not be picked again.
			[[ $# != 1 || $1 != use ]] || \builtin set -- use -- "${SSOENV_PROFILE-}"
			\builtin printf -v __ssoenv_line ' %q' "$@"
			\builtin printf '\\ssoenv%s\n' "$__ssoenv_line"
		fi
	fi
	\builtin return "$__ssoenv_status"
}
