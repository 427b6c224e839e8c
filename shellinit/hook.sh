# shellcheck shell=sh
# shellcheck disable=SC2154 # "ssoenv init" assigns __ssoenv_exe and __ssoenv_mark above these lines.

# ssoenv in a POSIX shell: dash, ksh93, mksh, busybox and their like.
#
# A leading backslash keeps the user's aliases off a word. There is no "local":
# helpers are named __ssoenv_* and unset after use.

\unalias ssoenv 2>/dev/null || \true

# ssoenv runs the program. The commands that change a shell are captured and
# evaluated here; all others have the terminal to themselves. "doctor" is told
# which version of these lines the shell has read.
ssoenv() {
	case ${1-}/${2-} in
	use/* | clear/* | logout/* | --debug/use | --debug/clear | --debug/logout) __ssoenv_switch "$@" ;;
	doctor/* | --debug/doctor) "$__ssoenv_exe" "$@" --hook "$__ssoenv_mark" ;;
	*) "$__ssoenv_exe" "$@" ;;
	esac
}

# __ssoenv_switch captures the program's statements and evaluates them.
__ssoenv_switch() {
	# Secrets stay out of a trace. Only an interrupt leaves it off for good.
	{
		__ssoenv_flags=$-
		\set +xv
	} 2>/dev/null

	__ssoenv_status=0
	__ssoenv_code=$(__ssoenv_ask "$@") || __ssoenv_status=$?
	case $__ssoenv_status$__ssoenv_code in
	0?*)
		# A readonly variable ends some of these shells, and others go on with
		# a word. A subshell tries the statements before, so that half a switch
		# is never made here: what works says nothing.
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

	# A subshell takes the switch with it, and the shell around it may be
	# waiting to evaluate what is written here: eval "$(ssoenv use dev)". No
	# secret goes that way. It gets the same call, to make for itself, or false.
	# Nothing tells a POSIX shell that it is a subshell; having a stdout that is
	# no terminal has to do.
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

# __ssoenv_ask becomes the program. It is called in a subshell.
__ssoenv_ask() {
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
	# A profile picked from the list need not be picked again.
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
