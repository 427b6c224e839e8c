# shellcheck shell=sh
# shellcheck disable=SC3013,SC3041 # the shells for this have the test -ef, and those that know -k have "set -k".
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
	# No trace shows secrets. With -k, which takes "NAME=value" from the arguments of any
	# command, "export" prints all variables. After an interrupt both remain off.
	{
		__ssoenv_flags=$-
		\set +xv
		case $- in *k*) \set +k ;; esac
	} 2>/dev/null

	# In eval "$(ssoenv use dev)" the outer shell switches: print the call for it. Other
	# commands of the subshell would run without the switch, so it ends.
	if __ssoenv_captured; then
		__ssoenv_repeat "$@"
		\exit 0
	fi

	__ssoenv_status=0
	__ssoenv_code=$(__ssoenv_run "$@") || __ssoenv_status=$?
	case $__ssoenv_status$__ssoenv_code in
	0?*)
		case ${KSH_VERSION-}/$1/${2-} in [!/]*/use/* | [!/]*/--debug/use) __ssoenv_drop ;; esac
		if __ssoenv_try; then
			\eval "$__ssoenv_code"
		else
			case $1/${2-} in
			use/* | --debug/use)
				\echo "$__ssoenv_word" >&2
				\echo 'ssoenv: nothing was changed in this shell' >&2
				;;
			*) __ssoenv_undo ;;
			esac
			__ssoenv_status=1
		fi
		;;
	esac

	\set -- "$__ssoenv_status" "$__ssoenv_flags"
	\unset -v __ssoenv_status __ssoenv_flags __ssoenv_code __ssoenv_word __ssoenv_rest
	case $2 in *k*) \set -k ;; esac
	case $2 in *v*) \set -v ;; esac
	case $2 in *x*) \set -x ;; esac
	\return "$1"
}

# __ssoenv_try reports whether the statements in __ssoenv_code work. At a readonly
# variable some of these shells exit, others print an error and continue. A subshell
# tries the statements, so that no switch is made in part. If they work, they print
# nothing.
__ssoenv_try() {
	__ssoenv_word=$(\eval "$__ssoenv_code" 2>&1) && [ -z "$__ssoenv_word" ]
}

# __ssoenv_undo evaluates the statements of clear or logout in __ssoenv_code one by one.
# If a variable is readonly, the others are changed all the same, so that no
# credentials remain, and a line names it.
__ssoenv_undo() {
	__ssoenv_rest=$__ssoenv_code
	while __ssoenv_next; do
		if __ssoenv_try; then
			\eval "$__ssoenv_code"
			\continue
		fi
		__ssoenv_word=${__ssoenv_code%%=*}
		__ssoenv_word=${__ssoenv_word##* }
		case $__ssoenv_code in
		unset*) \echo "ssoenv: $__ssoenv_word is readonly in this shell and was not removed" >&2 ;;
		*) \echo "ssoenv: $__ssoenv_word is readonly in this shell and was not restored" >&2 ;;
		esac
	done
}

# __ssoenv_drop has __ssoenv_code unset in advance what it sets: in ksh a variable can
# have an attribute that changes its values, such as that of "typeset -u".
__ssoenv_drop() {
	__ssoenv_rest=$__ssoenv_code
	__ssoenv_all=$__ssoenv_code
	while __ssoenv_next; do
		case $__ssoenv_code in
		'export '*=*)
			__ssoenv_code=${__ssoenv_code%%=*}
			__ssoenv_all="\\unset -v ${__ssoenv_code##* } 2>/dev/null;
$__ssoenv_all"
			;;
		esac
	done
	__ssoenv_code=$__ssoenv_all
	\unset -v __ssoenv_all
}

# __ssoenv_next moves a statement from __ssoenv_rest to __ssoenv_code. It ends with a
# semicolon outside of quotes, and there is a backslash only outside of them. It fails
# if there is none.
__ssoenv_next() {
	__ssoenv_code=
	while :; do
		case $__ssoenv_rest in
		'') \return 1 ;;
		\'*)
			__ssoenv_rest=${__ssoenv_rest#?}
			__ssoenv_code=$__ssoenv_code\'${__ssoenv_rest%%\'*}\'
			__ssoenv_rest=${__ssoenv_rest#*\'}
			;;
		\\\'*)
			__ssoenv_code=$__ssoenv_code\\\'
			__ssoenv_rest=${__ssoenv_rest#??}
			;;
		\\*)
			__ssoenv_code=$__ssoenv_code\\\\
			__ssoenv_rest=${__ssoenv_rest#??}
			;;
		\;*)
			__ssoenv_rest=${__ssoenv_rest#?}
			__ssoenv_rest=${__ssoenv_rest#?}
			\return 0
			;;
		*)
			__ssoenv_word=${__ssoenv_rest%%[\\\'\;]*}
			__ssoenv_code=$__ssoenv_code$__ssoenv_word
			__ssoenv_rest=${__ssoenv_rest#"$__ssoenv_word"}
			;;
		esac
	done
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

# __ssoenv_captured reports whether another shell may evaluate what this one prints:
# it is a subshell, and its stdout is no terminal, device or file, and not the main
# shell's. ksh93 captures without a file descriptor, and knows that it is a subshell; in
# the others, a child compares process ids. While mksh forks a subshell, its own stdout
# is the subshell's, so the two cannot be compared.
__ssoenv_captured() {
	if [ -t 1 ] || [ /dev/stdout -ef /dev/null ]; then \return 1; fi
	case ${KSH_VERSION-} in
	Version*) \eval '[ "${.sh.subshell}" != 0 ]' ;;
	*)
		if [ -c /dev/stdout ] || [ -f /dev/stdout ]; then \return 1; fi
		if [ -z "${KSH_VERSION-}" ] && [ /dev/stdout -ef "/proc/$$/fd/1" ]; then \return 1; fi
		case $(\exec /bin/sh -c 'echo "$PPID"' 2>/dev/null) in '' | "$$") \return 1 ;; esac
		;;
	esac
}

# __ssoenv_repeat prints a call of ssoenv with these words, each in quotes.
__ssoenv_repeat() {
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
}
