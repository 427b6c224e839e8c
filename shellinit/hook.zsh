# ssoenv in zsh, 5.0 or later.
#
# These lines run inside "emulate zsh -c", and so does the function ever
# after: neither the user's options nor aliases reach it. "builtin" keeps
# functions off a word. No name is left behind but ssoenv, __ssoenv_* and
# SSOENV_PROMPT.

builtin unalias ssoenv 2>/dev/null || builtin true

# ssoenv runs the program. The commands that change a shell are captured and
# evaluated here; all others have the terminal to themselves. "doctor" is told
# which version of these lines the shell has read, and what its prompt is.
function ssoenv {
	case ${1-}/${2-} in
	use/* | clear/* | logout/* | --debug/use | --debug/clear | --debug/logout) ;;
	doctor/* | --debug/doctor)
		"$__ssoenv_exe" "$@" --hook "$__ssoenv_mark" "--hook-prompt=${PROMPT-}${RPROMPT-}"
		builtin return
		;;
	*)
		"$__ssoenv_exe" "$@"
		builtin return
		;;
	esac

	# Secrets stay out of a trace and away from a DEBUG trap. zsh gives both
	# back when the function ends, however it ends.
	{
		builtin setopt local_options local_traps no_xtrace
		builtin trap - DEBUG
	} 2>/dev/null

	local __ssoenv_code __ssoenv_status=0
	__ssoenv_code=$(
		if [[ $1 == --debug ]]; then
			exec "$__ssoenv_exe" "$1" "$2" --shell zsh "${@:3}"
		else
			exec "$__ssoenv_exe" "$1" --shell zsh "${@:2}"
		fi
	) && __ssoenv_evaluate || __ssoenv_status=$?

	# A subshell takes the switch with it, and the shell around it may be
	# waiting to evaluate what is written here: eval "$(ssoenv use dev)". No
	# secret goes that way. It gets the same call, to make for itself, or false.
	if [[ ${ZSH_SUBSHELL-0} != 0 && ! -t 1 ]]; then
		if [[ $__ssoenv_status != 0 ]]; then
			builtin print -r -- false
		elif [[ -n $__ssoenv_code ]]; then
			# A profile picked from the list need not be picked again.
			[[ $# != 1 || $1 != use ]] || builtin set -- use -- "${SSOENV_PROFILE-}"
			builtin print -r -- "\\ssoenv ${(j: :)${(@qq)@}}"
		fi
	fi
	builtin return $__ssoenv_status
}

# __ssoenv_evaluate runs the statements in its caller's __ssoenv_code, which are
# a line each, as one list of builtins: the first to fail (a readonly variable)
# is the last. A subshell tries them before, and says why, so that half a switch
# is never made here.
function __ssoenv_evaluate {
	if [[ -n $__ssoenv_code ]]; then
		local __ssoenv_line="builtin ${__ssoenv_code//$';\n'/ && builtin }"
		(builtin eval $__ssoenv_line) && builtin eval $__ssoenv_line || builtin return 1
	fi
}

# From here on: the hook of an interactive shell. Before each prompt it fills
# SSOENV_PROMPT and sees to it that the credentials are renewed in time. While
# they are good it starts no process, and a prompt never waits for the network.
# Nor may it fail on an unset variable: that would stop the hooks after it.

# What the hook knows. All of it is set here, whatever the environment says.
__ssoenv_now=0    # the time
__ssoenv_left=0   # of the credentials, in seconds
__ssoenv_known=   # the credentials that the rest is about
__ssoenv_margin=0 # they are due when less than this is left
__ssoenv_soon=0   # they are yellow then
__ssoenv_pause=0  # between two attempts to renew them
__ssoenv_begun=0  # when the first one was started
__ssoenv_asked=0  # when the last one was started
__ssoenv_waited=0 # when the last one was started that a command waited for
__ssoenv_offered= # the newer expiration whose keys were to be adopted last
__ssoenv_told=0   # the person knows that they are not renewed
__ssoenv_name=    # the profile, printable
__ssoenv_typed=   # the profile, as one would type it
__ssoenv_segment= # what "ssoenv init --prompt" wants in PROMPT

# __ssoenv_prompt is the hook.
function __ssoenv_prompt {
	__ssoenv_watch || SSOENV_PROMPT=
	if [[ -n $__ssoenv_segment && $PROMPT != *SSOENV_PROMPT* ]]; then
		PROMPT=$__ssoenv_segment$PROMPT
	fi
}

# __ssoenv_watch fails where no credentials are in use.
function __ssoenv_watch {
	__ssoenv_look || builtin return 1
	if ((__ssoenv_left < __ssoenv_margin)); then
		if [[ -z ${SSOENV_NO_REFRESH-} ]]; then
			if __ssoenv_adopt; then
				__ssoenv_look || builtin return 1
			elif ((__ssoenv_now - __ssoenv_asked >= __ssoenv_pause || __ssoenv_now < __ssoenv_asked)); then
				__ssoenv_asked=$__ssoenv_now
				((__ssoenv_begun)) || __ssoenv_begun=$__ssoenv_now
				__ssoenv_offered=
				# The subshell takes the job, and the messages about it, away.
				(
					builtin setopt no_bg_nice
					"$__ssoenv_exe" refresh </dev/null >/dev/null 2>&1 &
				)
			fi
		fi
		# What has just been asked for may yet come: no command starts without
		# another look.
		if ((__ssoenv_left > 0 || __ssoenv_now - __ssoenv_begun >= 3)); then
			__ssoenv_tell
		fi
	fi
	__ssoenv_show
}

# __ssoenv_before runs before a command. It does not let one start with
# credentials that are dead or dying without an attempt to renew them, or a
# word. $2 is the command line, as short as zsh makes it.
function __ssoenv_before {
	[[ $2 != ssoenv && $2 != ssoenv[[:blank:]]* ]] || builtin return 0
	__ssoenv_look || builtin return 0
	((__ssoenv_left <= 10 && __ssoenv_left < __ssoenv_margin)) || builtin return 0
	if [[ -z ${SSOENV_NO_REFRESH-} ]]; then
		if ! __ssoenv_adopt && ((__ssoenv_now - __ssoenv_waited >= __ssoenv_pause || __ssoenv_now < __ssoenv_waited)); then
			__ssoenv_waited=$__ssoenv_now
			__ssoenv_offered=
			"$__ssoenv_exe" refresh --within 3s </dev/null >/dev/null 2>&1
			__ssoenv_adopt
		fi
		__ssoenv_look || builtin return 0
	fi
	((__ssoenv_left > 0)) || __ssoenv_tell
}

# __ssoenv_look finds out how long the credentials last. It fails where none
# are in use.
function __ssoenv_look {
	case ${SSOENV_PROFILE:+${SSOENV_EXPIRES-}} in
	'' | *[!0123456789]* | ?????????????*)
		__ssoenv_known=
		builtin return 1
		;;
	esac
	# A clock that needs neither a process nor a module.
	local __ssoenv_clock='%D{%s}'
	__ssoenv_now=${(%)__ssoenv_clock}
	__ssoenv_left=$((10#$SSOENV_EXPIRES - __ssoenv_now))
	[[ $__ssoenv_known != "$SSOENV_EXPIRES $SSOENV_PROFILE" ]] || builtin return 0

	# The first sight of these credentials. They are due 15 minutes before the
	# end, or after three quarters of a shorter life: not a moment before the
	# program thinks so too, which counts the fractions of a second.
	__ssoenv_known="$SSOENV_EXPIRES $SSOENV_PROFILE"
	__ssoenv_margin=$(((__ssoenv_left - 1) / 4))
	if ((__ssoenv_left <= 0 || __ssoenv_margin > 900)); then
		__ssoenv_margin=900
	elif ((__ssoenv_margin < 1)); then
		__ssoenv_margin=1
	fi
	__ssoenv_soon=$((__ssoenv_left > 900 ? 900 : __ssoenv_margin))
	__ssoenv_pause=$((__ssoenv_margin < 15 ? 3 : __ssoenv_margin > 150 ? 30 : __ssoenv_margin / 5))
	__ssoenv_begun=0 __ssoenv_asked=0 __ssoenv_waited=0 __ssoenv_offered= __ssoenv_told=0

	__ssoenv_name=${SSOENV_PROFILE//[[:cntrl:]]/?}
	__ssoenv_typed=$__ssoenv_name
	case $__ssoenv_name in
	-* | '='* | *[!A-Za-z0-9_.@%/+=:,-]*) __ssoenv_typed=${(qq)__ssoenv_name} ;;
	esac
}

# __ssoenv_read sets __ssoenv_text to the first line of a file. It reads none
# but regular files: a pipe would hang.
function __ssoenv_read {
	__ssoenv_text=
	if [[ -f $1 ]]; then
		{ IFS= builtin read -r __ssoenv_text <$1; } 2>/dev/null
	fi
}

# __ssoenv_adopt takes newer keys from the cache, where the expiry file tells
# of any.
function __ssoenv_adopt {
	__ssoenv_read "${SSOENV_EXPIRY_FILE-}"
	case $__ssoenv_text in '' | *[!0123456789]* | ?????????????*) builtin return 1 ;; esac
	[[ $__ssoenv_text != $__ssoenv_offered ]] && ((10#$__ssoenv_text > 10#$SSOENV_EXPIRES)) || builtin return 1
	__ssoenv_offered=$__ssoenv_text

	# No trace, as in ssoenv.
	{
		builtin setopt local_options local_traps no_xtrace
		builtin trap - DEBUG
	} 2>/dev/null
	local __ssoenv_code __ssoenv_had=$SSOENV_EXPIRES
	__ssoenv_code=$(exec "$__ssoenv_exe" adopt --shell zsh </dev/null 2>/dev/null) && __ssoenv_evaluate
	[[ ${SSOENV_EXPIRES-} != $__ssoenv_had ]]
}

# __ssoenv_tell says, once for the same credentials, that they are not renewed.
function __ssoenv_tell {
	((! __ssoenv_told)) || builtin return 0

	# Beside the expiry file stands the news of the last failure, {"at":…,
	# "login":…}. What is older than the last attempt, and than the 15 seconds
	# in which nobody makes another, is no news.
	__ssoenv_text=
	if [[ ${SSOENV_EXPIRY_FILE-} == *.expires ]] && ((__ssoenv_asked || __ssoenv_waited)); then
		local __ssoenv_at __ssoenv_last=$((__ssoenv_asked > __ssoenv_waited ? __ssoenv_asked : __ssoenv_waited))
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
		((__ssoenv_left < 60 || __ssoenv_left < __ssoenv_margin / 3)) || builtin return 0
		__ssoenv_text="the credentials of \"$__ssoenv_name\" cannot be renewed; try: ssoenv use $__ssoenv_typed"
		;;
	*)
		((__ssoenv_left <= 0)) || builtin return 0
		__ssoenv_text="the credentials of \"$__ssoenv_name\" have expired; renew them with: ssoenv use $__ssoenv_typed"
		;;
	esac
	__ssoenv_told=1
	builtin print -ru2 -- "ssoenv: $__ssoenv_text"
}

# __ssoenv_show fills SSOENV_PROMPT. With the option PROMPT_SUBST zsh expands
# what stands in PROMPT, but not once more what "${SSOENV_PROMPT}" expands to;
# only a "%" in there means something.
function __ssoenv_show {
	local __ssoenv_time __ssoenv_color= __ssoenv_rest=${SSOENV_PROMPT_FORMAT:-%p %t}
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
	while [[ $__ssoenv_rest == *%* ]]; do
		SSOENV_PROMPT+=${__ssoenv_rest%%\%*}
		__ssoenv_rest=${__ssoenv_rest#*%}
		case $__ssoenv_rest in
		p*) SSOENV_PROMPT+=$SSOENV_PROFILE ;;
		t*) SSOENV_PROMPT+=$__ssoenv_time ;;
		a*) SSOENV_PROMPT+=${AWS_ACCOUNT_ID-} ;;
		r*) SSOENV_PROMPT+=${AWS_REGION:-${AWS_DEFAULT_REGION-}} ;;
		%*) SSOENV_PROMPT+=% ;;
		*) SSOENV_PROMPT+=%${__ssoenv_rest[1]} ;;
		esac
		__ssoenv_rest=${__ssoenv_rest#?}
	done
	SSOENV_PROMPT+=$__ssoenv_rest
	SSOENV_PROMPT=${${SSOENV_PROMPT//[[:cntrl:]]/?}//\%/%%}

	[[ -z ${NO_COLOR-} ]] || builtin return 0
	if ((__ssoenv_left <= 0)); then
		__ssoenv_color=red
	elif ((__ssoenv_left < __ssoenv_soon)); then
		__ssoenv_color=yellow
	else
		case ${SSOENV_COLOR-} in
		black | red | green | yellow | blue | magenta | cyan | white) ;;
		[0-9] | [1-9][0-9] | 1[0-9][0-9] | 2[0-4][0-9] | 25[0-5]) ;;
		*) builtin return 0 ;;
		esac
		__ssoenv_color=$SSOENV_COLOR
	fi
	SSOENV_PROMPT="%F{$__ssoenv_color}$SSOENV_PROMPT%f"
}

# After the hooks that are there, and before those that look at a command: they
# see what is. However often this is read, there is one of each.
if [[ -o interactive ]]; then
	builtin typeset -g +x SSOENV_PROMPT= # whatever the environment says it is
	precmd_functions=(${precmd_functions:#__ssoenv_prompt} __ssoenv_prompt)
	preexec_functions=(__ssoenv_before ${preexec_functions:#__ssoenv_before})
fi
