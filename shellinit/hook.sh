# shellcheck shell=sh
# shellcheck disable=SC2154 # "ssoenv init" assigns __ssoenv_exe and __ssoenv_mark above these lines.

# ssoenv in a POSIX shell, for example dash, ksh93, mksh and busybox. doc.go
# describes the function.
#
# A leading backslash bypasses the user's aliases. There is no "local": variables
# are named __ssoenv_* and unset after use.

\unalias ssoenv 2>/dev/null || \true

ssoenv() {
	case ${1-}/${2-} in
	use/* | clear/* | logout/* | --debug/use | --debug/clear | --debug/logout) __ssoenv_switch "$@" ;;
	doctor/* | --debug/doctor) "$__ssoenv_exe" "$@" --hook "$__ssoenv_mark" ;;
	*) "$__ssoenv_exe" "$@" ;;
	esac
}

# __ssoenv_switch runs the program and evaluates its output.
__ssoenv_switch() {
	# No trace shows secrets. After an interrupt it remains off.
	{
		__ssoenv_flags=$-
		\set +xv
	} 2>/dev/null

	__ssoenv_status=0
	__ssoenv_code=$(__ssoenv_run "$@") || __ssoenv_status=$?
	case $__ssoenv_status$__ssoenv_code in
	0?*)
		# At a readonly variable some of these shells exit, others print an error
		# and continue. A subshell tries the statements before, so that no switch
		# is made in part. If they work, they print nothing.
		__ssoenv_word=$(\eval "$__ssoenv_code" 2>&1) || __ssoenv_status=1
		case $__ssoenv_status$__ssoenv_word in
		0) \eval "$__ssoenv_code" ;;
		*)
			__ssoenv_status=1
			\echo "$__ssoenv_word" >&2
			;;
		esac
		;;
	esac

	# In eval "$(ssoenv use dev)", print the call for the outer shell, or false. A
	# POSIX shell cannot find out that it is a subshell: any stdout but a terminal
	# counts.
	if ! [ -t 1 ]; then
		case $__ssoenv_status/$__ssoenv_code in
		0/) ;;
		0/*) __ssoenv_repeat "$@" ;;
		*) \echo false ;;
		esac
	fi

	\set -- "$__ssoenv_status" "$__ssoenv_flags"
	\unset -v __ssoenv_status __ssoenv_flags __ssoenv_code __ssoenv_word
	case $2 in *v*) \set -v ;; esac
	case $2 in *x*) \set -x ;; esac
	\return "$1"
}

# __ssoenv_run executes the program. It is called in a subshell.
__ssoenv_run() {
	__ssoenv_word=$1
	\shift
	case $__ssoenv_word in
	--debug)
		__ssoenv_word=$1
		\shift
		\exec "$__ssoenv_exe" --debug "$__ssoenv_word" --shell sh "$@"
		;;
	*) \exec "$__ssoenv_exe" "$__ssoenv_word" --shell sh "$@" ;;
	esac
}

# __ssoenv_repeat prints a call of ssoenv with these words, each in quotes.
__ssoenv_repeat() {
	# Repeat the call with the profile that the user picked.
	case $#/$1 in 1/use) \set -- use -- "${SSOENV_PROFILE-}" ;; esac
	__ssoenv_line=
	for __ssoenv_word; do
		__ssoenv_line="$__ssoenv_line '"
		while :; do
			case $__ssoenv_word in
			*\'*)
				__ssoenv_line=$__ssoenv_line${__ssoenv_word%%\'*}"'\\''"
				__ssoenv_word=${__ssoenv_word#*\'}
				;;
			*) \break ;;
			esac
		done
		__ssoenv_line=$__ssoenv_line$__ssoenv_word"'"
	done
	case ${KSH_VERSION-} in
	'') \printf '%s\n' "\\ssoenv$__ssoenv_line" ;;
	*) \print -r -- "\\ssoenv$__ssoenv_line" ;; # mksh's printf is a program
	esac
	\unset -v __ssoenv_line __ssoenv_word
}
