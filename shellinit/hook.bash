# shellcheck shell=bash
# shellcheck disable=SC2154 # "ssoenv init" and hook.common.bash assign variables above these lines.
# shellcheck disable=SC2034 # AWS_PROFILE is for prompts.
# shellcheck disable=SC2016 # PS0 and PROMPT_COMMAND are expanded later.
# shellcheck disable=SC2178 # PROMPT_COMMAND is a string or an array.
# shellcheck disable=SC2050 # a == A is true with nocasematch.

# ssoenv in bash, 3.2 or later, after hook.common.bash. doc.go describes the function
# and the hook.
#
# A leading backslash bypasses the user's aliases, "builtin" bypasses functions.
# An argument of "builtin local" undergoes word splitting. All names defined here
# are ssoenv, __ssoenv_* and SSOENV_PROMPT.

\builtin unalias ssoenv 2>/dev/null || \builtin true

function ssoenv {
	case ${1-}/${2-} in
	use/* | clear/* | logout/* | --debug/use | --debug/clear | --debug/logout)
		__ssoenv_untraced __ssoenv_switch "$@"
		;;
	doctor/* | --debug/doctor) "$__ssoenv_exe" "$@" --hook "$__ssoenv_mark" ${__ssoenv_segment:+"--hook-segment"} "--hook-prompt=${PS1-}" ;;
	*) "$__ssoenv_exe" "$@" ;;
	esac
}

# __ssoenv_untraced calls a function with -x, -v and -T off, so that neither a
# trace nor a DEBUG trap shows secrets, and with -a and -k off: with -k, which takes
# "NAME=value" from the arguments of any command, "export" prints all variables. (What
# runs with -k has quotes.) "local -" (bash 4.4) restores these after an interrupt too,
# the last lines restore them in every bash. nocasematch is off as well: with it, %P
# would be %p.
function __ssoenv_untraced {
	\builtin local "__ssoenv_flags=$-" "__ssoenv_status=0" "__ssoenv_nocase="
	if [[ a == A ]]; then
		__ssoenv_nocase=1
		\builtin shopt -u nocasematch
	fi
	\builtin local - 2>/dev/null || \builtin true
	{ \builtin set +xvTak; } 2>/dev/null
	"$@" || __ssoenv_status=$?
	[[ -z $__ssoenv_nocase ]] || \builtin shopt -s nocasematch
	case $__ssoenv_flags in *T*) \builtin set -T ;; esac
	case $__ssoenv_flags in *a*) \builtin set -a ;; esac
	case $__ssoenv_flags in *k*) \builtin set -k ;; esac
	case $__ssoenv_flags in *v*) \builtin set -v ;; esac
	case $__ssoenv_flags in *x*) \builtin set -x ;; esac
	\builtin return "$__ssoenv_status"
}

# __ssoenv_switch runs the program and evaluates its output. It is a function of
# its own because "set +T" takes effect from the next call on.
function __ssoenv_switch {
	\builtin local __ssoenv_code __ssoenv_line __ssoenv_status=0

	# In eval "$(ssoenv use dev)" the outer shell switches: print the call for it. Other
	# commands of the subshell would run without the switch, so it ends.
	if __ssoenv_captured; then
		\builtin printf -v __ssoenv_line ' %q' "$@"
		\builtin printf '\\ssoenv%s\n' "$__ssoenv_line"
		\builtin exit 0
	fi

	__ssoenv_code=$(
		if [[ $1 == --debug ]]; then
			\builtin exec "$__ssoenv_exe" "$1" "$2" --shell bash "${@:3}"
		else
			\builtin exec "$__ssoenv_exe" "$1" --shell bash "${@:2}"
		fi
	) || __ssoenv_status=$?
	if ((__ssoenv_status == 0)); then
		case $1/${2-} in
		use/* | --debug/use)
			if ! __ssoenv_evaluate; then
				__ssoenv_status=1
				\builtin printf 'ssoenv: nothing was changed in this shell\n' >&2
			fi
			;;
		*) __ssoenv_undo || __ssoenv_status=$? ;;
		esac
	fi
	__ssoenv_mirror
	\builtin return "$__ssoenv_status"
}

# __ssoenv_captured reports whether another shell may evaluate what this one prints:
# it is a subshell, and its stdout is no terminal, device or file, and not the main
# shell's.
function __ssoenv_captured {
	[[ ${BASH_SUBSHELL-0} != 0 && ! -t 1 && ! -c /dev/stdout && ! -f /dev/stdout && ! /dev/stdout -ef /proc/$$/fd/1 ]]
}

# __ssoenv_prompt runs before each prompt. It returns the status of the user's
# command, for the commands after it in PROMPT_COMMAND. With "&&:" behind the call, an
# ERR trap does not run for that.
function __ssoenv_prompt {
	\builtin local "__ssoenv_status=$?"
	__ssoenv_precmd
	\builtin return "$__ssoenv_status"
}

function __ssoenv_precmd {
	if [[ $- == *[ak]* || a == A ]]; then
		__ssoenv_untraced __ssoenv_watch
	else
		__ssoenv_watch
	fi
	if [[ -n $__ssoenv_segment && ${PS1-} != *SSOENV_PROMPT* ]] && \builtin shopt -q promptvars; then
		__ssoenv_set PS1 "$__ssoenv_segment${PS1-}" || \builtin true
	fi
}

# __ssoenv_before runs before each command, where bash can call a function then.
function __ssoenv_before {
	if [[ $- == *[ak]* || a == A ]]; then
		__ssoenv_untraced __ssoenv_command "$@"
	else
		__ssoenv_command "$@"
	fi
}

# __ssoenv_is_private reports whether AWS_PROFILE is a plain variable of this shell, or
# not set.
function __ssoenv_is_private {
	case $(\builtin declare -p AWS_PROFILE 2>/dev/null) in '' | 'declare -- '*) ;; *) \builtin return 1 ;; esac
}

# __ssoenv_set_private sets AWS_PROFILE. -a, which would export it, is off here.
function __ssoenv_set_private { __ssoenv_set AWS_PROFILE "$1"; }

# __ssoenv_set sets the variable $1 to $2. It fails silently if $1 is readonly; an
# assignment would end everything that bash is doing.
function __ssoenv_set { \builtin printf -v "$1" %s "$2" 2>/dev/null; }

# __ssoenv_find_odd sets __ssoenv_unsets to statements that remove those of the variables
# whose attribute changes a value or keeps it from children: -a, -A, -c, -i, -l, -n, -u.
# A value can have the text of a declaration; then a variable is removed before it is set,
# which changes nothing.
function __ssoenv_find_odd {
	\builtin local __ssoenv_flags __ssoenv_name_of __ssoenv_all
	__ssoenv_all=$'\n'$(\builtin declare -p "$@" 2>/dev/null)$'\n'
	for __ssoenv_name_of in "$@"; do
		case $__ssoenv_all in *" $__ssoenv_name_of"[=$'\n']*) ;; *) \builtin continue ;; esac
		__ssoenv_flags=${__ssoenv_all%%" $__ssoenv_name_of"[=$'\n']*}
		__ssoenv_flags=${__ssoenv_flags##*$'\n'declare -}
		case $__ssoenv_flags in
		n*) __ssoenv_unsets+="\\builtin unset -n $__ssoenv_name_of && " ;;
		*[aAcilnu]*) __ssoenv_unsets+="\\builtin unset -v $__ssoenv_name_of && " ;;
		esac
	done
}

# __ssoenv_clock sets __ssoenv_now without starting a process.
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)); then
	function __ssoenv_clock { \builtin printf -v __ssoenv_now '%(%s)T' -1; }
else
	# SECONDS advances with the system's clock, but its start can be assigned:
	# "date" is run once, and again if SECONDS has gone back.
	__ssoenv_seconds=$((SECONDS + 1))
	function __ssoenv_clock {
		if ((SECONDS < __ssoenv_seconds)); then
			__ssoenv_epoch=$(($(\command date +%s) - SECONDS))
		fi
		__ssoenv_seconds=$SECONDS
		__ssoenv_now=$((__ssoenv_epoch + __ssoenv_seconds))
	}
fi

function __ssoenv_quote { \builtin printf -v __ssoenv_word %q "$1"; }

# With a NUL byte as the delimiter, "read" stops there. Otherwise it would skip NUL
# bytes without counting them, to the end of a file of any size.
function __ssoenv_read_file {
	{ IFS='' \builtin read -r -d '' -n "$2" __ssoenv_text <"$1"; } 2>/dev/null || \builtin true
}

# __ssoenv_bytewise calls a function for which a character is a byte. If LC_ALL is
# readonly, it only removes what is not ASCII.
function __ssoenv_bytewise {
	if \builtin local "LC_ALL=C" 2>/dev/null; then
		"$@"
	else
		__ssoenv_text=${__ssoenv_text//[![:ascii:]]/?}
	fi
}

function __ssoenv_get_byte {
	\builtin printf -v __ssoenv_byte %d "'$1"
	__ssoenv_byte=$((__ssoenv_byte & 255))
}

function __ssoenv_split {
	\builtin local "IFS= " __ssoenv_word
	__ssoenv_table=(0)
	for __ssoenv_word in $__ssoenv_visible; do
		__ssoenv_code=$((__ssoenv_code + __ssoenv_word))
		__ssoenv_table+=("$__ssoenv_code")
	done
}

# __ssoenv_paint colors __ssoenv_drawn. bash does not expand the value of
# "${SSOENV_PROMPT}" in PS1 again.
function __ssoenv_paint {
	\builtin local __ssoenv_color
	case $1 in
	black) __ssoenv_color=30 ;;
	red) __ssoenv_color=31 ;;
	green) __ssoenv_color=32 ;;
	yellow) __ssoenv_color=33 ;;
	blue) __ssoenv_color=34 ;;
	magenta) __ssoenv_color=35 ;;
	cyan) __ssoenv_color=36 ;;
	white) __ssoenv_color=37 ;;
	?*) __ssoenv_color="38;5;$1" ;;
	esac
	if [[ -z $1 || ${TERM:-dumb} == dumb ]]; then
		\builtin true
	elif [[ -o emacs || -o vi ]]; then
		# \001 and \002 enclose what has no width for readline: \[ and \] mean
		# nothing in an expanded value.
		__ssoenv_drawn=$'\001\e['${__ssoenv_color}$'m\002'${__ssoenv_drawn}$'\001\e[39m\002'
	else
		__ssoenv_drawn=$'\e['${__ssoenv_color}m${__ssoenv_drawn}$'\e[39m'
	fi
}

# __ssoenv_install adds the hook once, after the hooks that exist.
function __ssoenv_install {
	\builtin export -n "SSOENV_PROMPT=" 2>/dev/null || \builtin true
	\builtin local "IFS= " __ssoenv_version
	__ssoenv_version=$((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))
	if \builtin declare -F blehook >/dev/null; then
		__ssoenv_preexec=2
		blehook 'PRECMD!=__ssoenv_precmd' 'PREEXEC!=__ssoenv_before'
		\builtin return
	fi
	if \builtin declare -F __bp_install >/dev/null; then
		__ssoenv_preexec=2
		case " ${precmd_functions[*]-} " in *' __ssoenv_precmd '*) ;; *) precmd_functions+=(__ssoenv_precmd) ;; esac
		case " ${preexec_functions[*]-} " in *' __ssoenv_before '*) ;; *) preexec_functions+=(__ssoenv_before) ;; esac
		\builtin return
	fi

	# bash expands PS0 before each command, in this shell. From bash 5.3 on it
	# can call a function; before that it can compare two numbers and select a
	# text. In a child that got PS0 through the environment both are empty.
	if ((__ssoenv_version >= 404)) && \builtin shopt -q promptvars; then
		__ssoenv_preexec=$((__ssoenv_version >= 503 ? 2 : 1))
		case ${PS0-} in
		*__ssoenv_*) ;;
		*)
			if ((__ssoenv_preexec == 2)); then
				__ssoenv_set PS0 "${PS0-}"'${ ${__ssoenv_exe:+__ssoenv_before}; }'
			else
				__ssoenv_set PS0 "${PS0-}"'${__ssoenv_warning[__ssoenv_warn_at && \D{%s} >= __ssoenv_warn_at ? (__ssoenv_reported = 1) - 1 : 1]-}'
			fi || __ssoenv_preexec=0
			;;
		esac
	fi

	# Some tools move other hooks to a variable of their own.
	case "${PROMPT_COMMAND[*]-} ${STARSHIP_PROMPT_COMMAND[*]-} ${__vsc_original_prompt_command[*]-}" in
	*__ssoenv_prompt*) \builtin return ;;
	esac
	# PROMPT_COMMAND remains a string or an array, as other tools expect it.
	\builtin local __ssoenv_type "__ssoenv_hook=__ssoenv_prompt&&:"
	__ssoenv_type=$(\builtin declare -p PROMPT_COMMAND 2>/dev/null) || \builtin true
	__ssoenv_type=${__ssoenv_type#declare -}
	__ssoenv_type=${__ssoenv_type%% *}
	case $__ssoenv_type in
	*r*) ;; # readonly: no hook
	*a*) ((__ssoenv_version < 501)) || PROMPT_COMMAND+=("$__ssoenv_hook") ;;
	*)
		# If it is exported, a child gets it without the function.
		case $__ssoenv_type in *x*) __ssoenv_hook='${__ssoenv_exe:+"__ssoenv_prompt"}&&:' ;; esac
		__ssoenv_type=${PROMPT_COMMAND-}
		__ssoenv_type=${__ssoenv_type%"${__ssoenv_type##*[![:space:];]}"} # ";;" is a syntax error
		case $__ssoenv_type in
		*'#'* | *'&') __ssoenv_type+=$'\n' ;; # so is "&;", and a comment would continue
		?*) __ssoenv_type+=';' ;;             # other tools look for it
		esac
		PROMPT_COMMAND=$__ssoenv_type$__ssoenv_hook
		;;
	esac
}

case $- in *i*) __ssoenv_install || \builtin true ;; esac
