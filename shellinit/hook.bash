# shellcheck shell=bash
# shellcheck disable=SC2154 # "ssoenv init" assigns __ssoenv_exe and __ssoenv_mark above these lines.
# shellcheck disable=SC2016 # PS0 and PROMPT_COMMAND are expanded later.
# shellcheck disable=SC2178 # PROMPT_COMMAND is a string or an array.

# ssoenv in bash, 3.2 or later.
#
# A leading backslash keeps the user's aliases off a word, "builtin" keeps
# functions off it; what "builtin local" assigns is split like any word. No name
# is left behind but ssoenv, __ssoenv_* and SSOENV_PROMPT.

\builtin unalias ssoenv 2>/dev/null || \builtin true

# ssoenv runs the program. The commands that change a shell are captured and
# evaluated here; all others have the terminal to themselves. "doctor" is told
# which version of these lines the shell has read, and what its prompt is.
function ssoenv {
	case ${1-}/${2-} in
	use/* | clear/* | logout/* | --debug/use | --debug/clear | --debug/logout)
		__ssoenv_untraced __ssoenv_switch "$@"
		;;
	doctor/* | --debug/doctor) "$__ssoenv_exe" "$@" --hook "$__ssoenv_mark" "--hook-prompt=${PS1-}" ;;
	*) "$__ssoenv_exe" "$@" ;;
	esac
}

# __ssoenv_untraced calls a function out of sight of -x, of -v, and of -T, which
# shows each statement to a DEBUG trap: secrets stay out of a trace. "local -"
# (bash 4.4) gives the options back after an interrupt too; the last lines do so
# in every bash.
function __ssoenv_untraced {
	\builtin local "__ssoenv_flags=$-" __ssoenv_status=0
	\builtin local - 2>/dev/null || \builtin true
	{ \builtin set +xvT; } 2>/dev/null
	"$@" || __ssoenv_status=$?
	case $__ssoenv_flags in *T*) \builtin set -T ;; esac
	case $__ssoenv_flags in *v*) \builtin set -v ;; esac
	case $__ssoenv_flags in *x*) \builtin set -x ;; esac
	\builtin return "$__ssoenv_status"
}

# __ssoenv_switch makes the program's changes in this shell. It is a function
# of its own because "set +T" counts from the next call on.
function __ssoenv_switch {
	\builtin local __ssoenv_code __ssoenv_line __ssoenv_status=0
	__ssoenv_code=$(
		if [[ $1 == --debug ]]; then
			\builtin exec "$__ssoenv_exe" "$1" "$2" --shell bash "${@:3}"
		else
			\builtin exec "$__ssoenv_exe" "$1" --shell bash "${@:2}"
		fi
	) && __ssoenv_evaluate || __ssoenv_status=$?

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

# __ssoenv_evaluate runs the statements in its caller's __ssoenv_code, which are
# a line each, as one list of builtins: the first to fail (a readonly variable)
# is the last. A subshell tries them before, and says why, so that half a switch
# is never made here.
function __ssoenv_evaluate {
	\builtin local __ssoenv_line __ssoenv_end=$';\n' __ssoenv_and=' && \builtin '
	if [[ -n $__ssoenv_code ]]; then
		__ssoenv_line=${__ssoenv_code//"$__ssoenv_end"/"$__ssoenv_and"}
		(\builtin eval "\\builtin $__ssoenv_line") && \builtin eval "\\builtin $__ssoenv_line" || \builtin return 1
	fi
}

# From here on: the hook of an interactive shell. Before each prompt it fills
# SSOENV_PROMPT and sees to it that the credentials are renewed in time. While
# they are good it starts no process, and a prompt never waits for the network.
# Every expansion has its "-", for "set -u".

# What the hook knows. All of it is set here, because it gets into arithmetic,
# where bash would run a command that the environment has hidden in a number.
__ssoenv_now=0     # the time
__ssoenv_left=0    # of the credentials, in seconds
__ssoenv_known=    # the credentials that the rest is about
__ssoenv_margin=0  # they are due when less than this is left
__ssoenv_soon=0    # they are yellow then
__ssoenv_pause=0   # between two attempts to renew them
__ssoenv_begun=0   # when the first one was started
__ssoenv_asked=0   # when the last one was started
__ssoenv_waited=0  # when the last one was started that a command waited for
__ssoenv_offered=  # the newer expiration whose keys were to be adopted last
__ssoenv_told=0    # the person knows that they are not renewed
__ssoenv_dead=0    # when PS0 is to warn of them
__ssoenv_warning=  # an array: nothing, and the warning
__ssoenv_name=     # the profile, printable
__ssoenv_typed=    # the profile, as one would type it
__ssoenv_guarded=0 # something of ours runs before each command
__ssoenv_segment=  # what "ssoenv init --prompt" wants in PS1

# __ssoenv_prompt is the hook. The hooks after this one want the status of the
# user's command too.
function __ssoenv_prompt {
	\builtin local "__ssoenv_status=$?"
	__ssoenv_watch || SSOENV_PROMPT=
	if [[ -n $__ssoenv_segment && ${PS1-} != *SSOENV_PROMPT* ]] && \builtin shopt -q promptvars; then
		PS1=$__ssoenv_segment${PS1-}
	fi
	\builtin return "$__ssoenv_status"
}

# __ssoenv_watch fails where no credentials are in use.
function __ssoenv_watch {
	__ssoenv_look || \builtin return 1
	if ((__ssoenv_left < __ssoenv_margin)); then
		if [[ -z ${SSOENV_NO_REFRESH-} ]]; then
			if __ssoenv_adopt; then
				__ssoenv_look || \builtin return 1
			elif ((__ssoenv_now - __ssoenv_asked >= __ssoenv_pause || __ssoenv_now < __ssoenv_asked)); then
				__ssoenv_asked=$__ssoenv_now
				((__ssoenv_begun)) || __ssoenv_begun=$__ssoenv_now
				__ssoenv_offered=
				# The subshell takes the job, and the messages about it, away.
				("$__ssoenv_exe" refresh </dev/null >/dev/null 2>&1 &)
			fi
		fi
		# What has just been asked for may yet come, where a command will not
		# start without another look.
		if ((__ssoenv_left > 0 || __ssoenv_now - __ssoenv_begun >= 3 || ! __ssoenv_guarded)); then
			__ssoenv_tell
		fi
	fi
	__ssoenv_dead=$((__ssoenv_told ? 1 << 60 : __ssoenv_expires))
	__ssoenv_show
}

# __ssoenv_before runs before a command. It does not let one start with
# credentials that are dead or dying without an attempt to renew them, or a
# word. $1 is the typed line, where it is known.
function __ssoenv_before {
	case ${1-} in ssoenv | ssoenv[[:blank:]]*) \builtin return 0 ;; esac
	__ssoenv_look || \builtin return 0
	((__ssoenv_left <= 10 && __ssoenv_left < __ssoenv_margin)) || \builtin return 0
	if [[ -z ${SSOENV_NO_REFRESH-} ]]; then
		if ! __ssoenv_adopt && ((__ssoenv_now - __ssoenv_waited >= __ssoenv_pause || __ssoenv_now < __ssoenv_waited)); then
			__ssoenv_waited=$__ssoenv_now
			__ssoenv_offered=
			"$__ssoenv_exe" refresh --within 3s </dev/null >/dev/null 2>&1 || \builtin true
			__ssoenv_adopt || \builtin true
		fi
		__ssoenv_look || \builtin return 0
	fi
	((__ssoenv_left > 0)) || __ssoenv_tell
	\builtin return 0
}

# __ssoenv_look finds out how long the credentials last. It fails where none
# are in use.
function __ssoenv_look {
	case ${SSOENV_PROFILE:+${SSOENV_EXPIRES-}} in
	'' | *[!0123456789]* | ?????????????*)
		__ssoenv_known=
		__ssoenv_dead=$((1 << 60))
		\builtin return 1
		;;
	esac
	__ssoenv_expires=$((10#$SSOENV_EXPIRES))
	__ssoenv_clock
	__ssoenv_left=$((__ssoenv_expires - __ssoenv_now))
	[[ $__ssoenv_known != "$__ssoenv_expires $SSOENV_PROFILE" ]] || \builtin return 0

	# The first sight of these credentials. They are due 15 minutes before the
	# end, or after three quarters of a shorter life: not a moment before the
	# program thinks so too, which counts the fractions of a second.
	__ssoenv_known="$__ssoenv_expires $SSOENV_PROFILE"
	__ssoenv_margin=$(((__ssoenv_left - 1) / 4))
	if ((__ssoenv_left <= 0 || __ssoenv_margin > 900)); then
		__ssoenv_margin=900
	elif ((__ssoenv_margin < 1)); then
		__ssoenv_margin=1
	fi
	__ssoenv_soon=$((__ssoenv_left > 900 ? 900 : __ssoenv_margin))
	__ssoenv_pause=$((__ssoenv_margin < 15 ? 3 : __ssoenv_margin > 150 ? 30 : __ssoenv_margin / 5))
	__ssoenv_begun=0 __ssoenv_asked=0 __ssoenv_waited=0 __ssoenv_offered='' __ssoenv_told=0

	__ssoenv_name=${SSOENV_PROFILE//[[:cntrl:]]/?}
	__ssoenv_typed=$__ssoenv_name
	case $__ssoenv_name in
	-* | *[!A-Za-z0-9_.@%/+=:,-]*) \builtin printf -v __ssoenv_typed %q "$__ssoenv_name" ;;
	esac
	__ssoenv_warning=('' "ssoenv: the credentials of \"$__ssoenv_name\" have expired; renew them with: ssoenv use $__ssoenv_typed"$'\n')
}

# __ssoenv_clock sets __ssoenv_now without a process.
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)); then
	function __ssoenv_clock { \builtin printf -v __ssoenv_now '%(%s)T' -1; }
else
	# SECONDS is all the clock that there is. It stays with the system's clock,
	# but counts from whatever is assigned to it.
	__ssoenv_seconds=$((SECONDS + 1))
	function __ssoenv_clock {
		if ((SECONDS < __ssoenv_seconds)); then
			__ssoenv_epoch=$(($(\command date +%s) - SECONDS))
		fi
		__ssoenv_seconds=$SECONDS
		__ssoenv_now=$((__ssoenv_epoch + __ssoenv_seconds))
	}
fi

# __ssoenv_read sets __ssoenv_text to the first bytes of a file. It reads none
# but regular files: a pipe would hang, and /dev/tcp/… connects.
function __ssoenv_read {
	__ssoenv_text=
	if [[ -f $1 ]]; then
		{ IFS='' \builtin read -r -n 80 __ssoenv_text <"$1"; } 2>/dev/null || \builtin true
	fi
}

# __ssoenv_adopt takes newer keys from the cache, where the expiry file tells
# of any.
function __ssoenv_adopt {
	__ssoenv_read "${SSOENV_EXPIRY_FILE-}"
	case $__ssoenv_text in '' | *[!0123456789]* | ?????????????*) \builtin return 1 ;; esac
	[[ $__ssoenv_text != "$__ssoenv_offered" ]] && ((10#$__ssoenv_text > __ssoenv_expires)) || \builtin return 1
	__ssoenv_offered=$__ssoenv_text
	__ssoenv_text=$SSOENV_EXPIRES
	__ssoenv_untraced __ssoenv_take || \builtin true
	[[ ${SSOENV_EXPIRES-} != "$__ssoenv_text" ]]
}

function __ssoenv_take {
	\builtin local __ssoenv_code
	__ssoenv_code=$(\builtin exec "$__ssoenv_exe" adopt --shell bash </dev/null 2>/dev/null) && __ssoenv_evaluate
}

# __ssoenv_tell says, once for the same credentials, that they are not renewed.
function __ssoenv_tell {
	((! __ssoenv_told)) || \builtin return 0

	# Beside the expiry file stands the news of the last failure, {"at":…,
	# "login":…}. What is older than the last attempt, and than the 15 seconds
	# in which nobody makes another, is no news.
	__ssoenv_text=
	if [[ ${SSOENV_EXPIRY_FILE-} == *.expires ]] && ((__ssoenv_asked || __ssoenv_waited)); then
		\builtin local __ssoenv_at __ssoenv_last
		__ssoenv_last=$((__ssoenv_asked > __ssoenv_waited ? __ssoenv_asked : __ssoenv_waited))
		__ssoenv_read "${SSOENV_EXPIRY_FILE%.expires}.failed"
		__ssoenv_at=${__ssoenv_text#*'"at":'}
		__ssoenv_at=${__ssoenv_at%%[!0123456789]*}
		case $__ssoenv_at in
		'' | ?????????????*) __ssoenv_text= ;;
		*) ((10#$__ssoenv_at + 15 >= __ssoenv_last)) || __ssoenv_text= ;;
		esac
	fi

	case $__ssoenv_text in
	*'"login":true'*)
		__ssoenv_text="the session of \"$__ssoenv_name\" has ended; log in again with: ssoenv use $__ssoenv_typed"
		;;
	?*)
		((__ssoenv_left < 60 || __ssoenv_left < __ssoenv_margin / 3)) || \builtin return 0
		__ssoenv_text="the credentials of \"$__ssoenv_name\" cannot be renewed; try: ssoenv use $__ssoenv_typed"
		;;
	*)
		((__ssoenv_left <= 0)) || \builtin return 0
		__ssoenv_text="the credentials of \"$__ssoenv_name\" have expired; renew them with: ssoenv use $__ssoenv_typed"
		;;
	esac
	__ssoenv_told=1
	\builtin printf 'ssoenv: %s\n' "$__ssoenv_text" >&2
}

# __ssoenv_show fills SSOENV_PROMPT. It is data to PS1: bash does not look into
# what "${SSOENV_PROMPT}" expands to.
function __ssoenv_show {
	\builtin local __ssoenv_time __ssoenv_color __ssoenv_rest
	if ((__ssoenv_left <= 0)); then
		__ssoenv_time=expired
	elif ((__ssoenv_left < 60)); then
		__ssoenv_time=${__ssoenv_left}s
	elif ((__ssoenv_left < 3600)); then
		__ssoenv_time=$((__ssoenv_left / 60))m
	elif ((__ssoenv_left < 172800)); then
		__ssoenv_time=$((100 + __ssoenv_left % 3600 / 60)) # two digits behind a 1
		__ssoenv_time=$((__ssoenv_left / 3600))h${__ssoenv_time#1}m
	else
		__ssoenv_time=$((__ssoenv_left / 86400))d
	fi

	SSOENV_PROMPT=
	__ssoenv_rest=${SSOENV_PROMPT_FORMAT:-%p %t}
	while [[ $__ssoenv_rest == *%* ]]; do
		SSOENV_PROMPT+=${__ssoenv_rest%%\%*}
		__ssoenv_rest=${__ssoenv_rest#*%}
		case $__ssoenv_rest in
		p*) SSOENV_PROMPT+=$SSOENV_PROFILE ;;
		t*) SSOENV_PROMPT+=$__ssoenv_time ;;
		a*) SSOENV_PROMPT+=${AWS_ACCOUNT_ID-} ;;
		r*) SSOENV_PROMPT+=${AWS_REGION:-${AWS_DEFAULT_REGION-}} ;;
		%*) SSOENV_PROMPT+=% ;;
		*) SSOENV_PROMPT+=%${__ssoenv_rest:0:1} ;;
		esac
		__ssoenv_rest=${__ssoenv_rest#?}
	done
	SSOENV_PROMPT+=$__ssoenv_rest
	case $SSOENV_PROMPT in *[[:cntrl:]]*) SSOENV_PROMPT=${SSOENV_PROMPT//[[:cntrl:]]/?} ;; esac

	[[ -z ${NO_COLOR-} && ${TERM:-dumb} != dumb ]] || \builtin return 0
	if ((__ssoenv_left <= 0)); then
		__ssoenv_color=31
	elif ((__ssoenv_left < __ssoenv_soon)); then
		__ssoenv_color=33
	else
		case ${SSOENV_COLOR-} in
		black) __ssoenv_color=30 ;;
		red) __ssoenv_color=31 ;;
		green) __ssoenv_color=32 ;;
		yellow) __ssoenv_color=33 ;;
		blue) __ssoenv_color=34 ;;
		magenta) __ssoenv_color=35 ;;
		cyan) __ssoenv_color=36 ;;
		white) __ssoenv_color=37 ;;
		[0-9] | [1-9][0-9] | 1[0-9][0-9] | 2[0-4][0-9] | 25[0-5]) __ssoenv_color="38;5;$SSOENV_COLOR" ;;
		*) \builtin return 0 ;;
		esac
	fi
	if [[ -o emacs || -o vi ]]; then
		# Between \001 and \002 stands what takes no room: readline's own
		# marks, since \[ and \] mean nothing in an expanded value.
		SSOENV_PROMPT=$'\001\e['${__ssoenv_color}$'m\002'${SSOENV_PROMPT}$'\001\e[39m\002'
	else
		SSOENV_PROMPT=$'\e['${__ssoenv_color}m${SSOENV_PROMPT}$'\e[39m'
	fi
}

# __ssoenv_install makes the hook run, once, after the hooks that are there.
function __ssoenv_install {
	\builtin export -n SSOENV_PROMPT= # whatever the environment says it is
	\builtin local IFS=' ' __ssoenv_version
	__ssoenv_version=$((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))
	if \builtin declare -F blehook >/dev/null; then
		__ssoenv_guarded=1
		blehook 'PRECMD!=__ssoenv_prompt' 'PREEXEC!=__ssoenv_before'
		\builtin return
	fi
	if \builtin declare -F __bp_install >/dev/null; then
		__ssoenv_guarded=1
		case " ${precmd_functions[*]-} " in *' __ssoenv_prompt '*) ;; *) precmd_functions+=(__ssoenv_prompt) ;; esac
		case " ${preexec_functions[*]-} " in *' __ssoenv_before '*) ;; *) preexec_functions+=(__ssoenv_before) ;; esac
		\builtin return
	fi

	# Before each command PS0 is expanded, by this very shell. From bash 5.3 on
	# it can call a function; before that it can at least compare two numbers
	# and choose a text. Elsewhere, as in a child that got PS0 through the
	# environment, both are nothing.
	if ((__ssoenv_version >= 404)) && \builtin shopt -q promptvars; then
		__ssoenv_guarded=1
		case ${PS0-} in
		*__ssoenv_*) ;;
		*)
			if ((__ssoenv_version >= 503)); then
				PS0=${PS0-}'${ ${__ssoenv_exe:+__ssoenv_before}; }'
			else
				PS0=${PS0-}'${__ssoenv_warning[__ssoenv_dead && \D{%s} >= __ssoenv_dead ? __ssoenv_told = 1 : 0]-}'
			fi
			;;
		esac
	fi

	# Some tools put the others' hooks away in a variable of their own.
	case "${PROMPT_COMMAND[*]-} ${STARSHIP_PROMPT_COMMAND[*]-} ${__vsc_original_prompt_command[*]-}" in
	*__ssoenv_prompt*) \builtin return ;;
	esac
	# It stays the string or the array that it is: other tools know it as that.
	\builtin local __ssoenv_type __ssoenv_hook=__ssoenv_prompt
	__ssoenv_type=$(\builtin declare -p PROMPT_COMMAND 2>/dev/null) || \builtin true
	__ssoenv_type=${__ssoenv_type#declare -}
	__ssoenv_type=${__ssoenv_type%% *}
	case $__ssoenv_type in
	*r*) ;; # there is no hook, then
	*a*) ((__ssoenv_version < 501)) || PROMPT_COMMAND+=("$__ssoenv_hook") ;;
	*)
		# A child gets an exported one, and does not have the function.
		case $__ssoenv_type in *x*) __ssoenv_hook='${__ssoenv_exe:+"__ssoenv_prompt"}' ;; esac
		__ssoenv_type=${PROMPT_COMMAND-}
		__ssoenv_type=${__ssoenv_type%"${__ssoenv_type##*[![:space:];]}"} # ";;" is an error
		case $__ssoenv_type in
		*'#'* | *'&') __ssoenv_type+=$'\n' ;; # so is "&;", and a comment would go on
		?*) __ssoenv_type+=';' ;;             # which other tools look for
		esac
		PROMPT_COMMAND=$__ssoenv_type$__ssoenv_hook
		;;
	esac
}

case $- in *i*) __ssoenv_install || \builtin true ;; esac
