# shellcheck shell=bash
# shellcheck disable=SC2154 # "ssoenv init" assigns __ssoenv_exe, __ssoenv_mark, __ssoenv_dirs and __ssoenv_visible above these lines.
# shellcheck disable=SC2034 # hook.bash and hook.zsh use these variables.

# What bash and zsh have in common, before hook.bash and hook.zsh. doc.go describes
# the function, the hook and the variables above these lines.
#
# Arithmetic would run a command that the environment has hidden in a variable, so
# the hook's variables are all set here. For "set -u", expansions of others have a
# "-". No function fails for "set -e".

__ssoenv_now=0 __ssoenv_expires=0 __ssoenv_left=0 __ssoenv_known='' __ssoenv_due=0 __ssoenv_pause=0
__ssoenv_first=0 __ssoenv_last=0 __ssoenv_waited=0 __ssoenv_offered='' __ssoenv_reported=0
__ssoenv_table=() __ssoenv_given='' __ssoenv_cleaned=''
__ssoenv_warn_at=0 __ssoenv_warning='' __ssoenv_promised=0 __ssoenv_name='' __ssoenv_expired='' __ssoenv_segment='' __ssoenv_shown=''
__ssoenv_timed=0 __ssoenv_drawn='' __ssoenv_label='' __ssoenv_label_of=''

# What SSOENV_PROMPT was drawn of, and from when and until when it is right.
__ssoenv_drawn_of='' __ssoenv_seen='' __ssoenv_from=0 __ssoenv_until=0

# The value that AWS_PROFILE was given last, and SSOENV_PROFILE then.
__ssoenv_mirrored='' __ssoenv_mirrored_of=''

# What the hook can do before a command: 0 nothing, 1 report, 2 renew.
__ssoenv_preexec=0

# __ssoenv_evaluate runs __ssoenv_code, one statement per line, as one && list of
# builtins. It stops at the first failure (a readonly variable). A subshell tries
# the list before and prints the error, so that no switch is made in part.
#
# No ${…//…/…} joins the list: in bash 5.2 with BASH_COMPAT=4.2, a "&" in the replacement
# is the match. A variable with an attribute that changes values, such as those of
# "declare -u", is removed before it is set.
function __ssoenv_evaluate {
	[[ -n $__ssoenv_code ]] || \builtin return 0
	\builtin local "__ssoenv_rest=${__ssoenv_code%;};"$'\n' "__ssoenv_end=;"$'\n' "__ssoenv_line=" __ssoenv_word "__ssoenv_unsets="
	\builtin local -a __ssoenv_names
	__ssoenv_names=()
	while [[ -n $__ssoenv_rest ]]; do
		__ssoenv_word=${__ssoenv_rest%%"$__ssoenv_end"*}
		__ssoenv_rest=${__ssoenv_rest#*"$__ssoenv_end"}
		__ssoenv_line+="\\builtin $__ssoenv_word && "
		case $__ssoenv_word in
		export\ *=*)
			__ssoenv_word=${__ssoenv_word%%=*}
			__ssoenv_names+=("${__ssoenv_word#export }")
			;;
		esac
	done
	((${#__ssoenv_names[@]} == 0)) || __ssoenv_find_odd "${__ssoenv_names[@]}"
	__ssoenv_line="$__ssoenv_unsets$__ssoenv_line\\builtin true"
	(\builtin eval "$__ssoenv_line") && \builtin eval "$__ssoenv_line" || \builtin return 1
}

# __ssoenv_undo is __ssoenv_evaluate for clear and logout. If a variable is readonly,
# the others are changed all the same, so that no credentials remain, and a line names
# it.
function __ssoenv_undo {
	\builtin local "__ssoenv_rest=${__ssoenv_code%;};"$'\n' "__ssoenv_failed=0" "__ssoenv_stop=;"$'\n' __ssoenv_word
	! __ssoenv_evaluate 2>/dev/null || \builtin return 0
	while [[ -n $__ssoenv_rest ]]; do
		__ssoenv_code=${__ssoenv_rest%%"$__ssoenv_stop"*}
		__ssoenv_rest=${__ssoenv_rest#*"$__ssoenv_stop"}
		__ssoenv_evaluate 2>/dev/null && \builtin continue
		__ssoenv_failed=1 __ssoenv_word=${__ssoenv_code%%=*}
		case $__ssoenv_code in
		unset*) \builtin printf 'ssoenv: %s is readonly in this shell and was not removed\n' "${__ssoenv_word##* }" >&2 ;;
		*) \builtin printf 'ssoenv: %s is readonly in this shell and was not restored\n' "${__ssoenv_word##* }" >&2 ;;
		esac
	done
	\builtin return "$__ssoenv_failed"
}

# __ssoenv_watch sets SSOENV_PROMPT before a prompt. While that would be the same and
# no renewal is due, it only looks at the clock and the variables, in one function:
# for zsh, a call is the most expensive part.
function __ssoenv_watch {
	[[ -n ${SSOENV_PROFILE-}$__ssoenv_known$__ssoenv_mirrored_of${SSOENV_PROMPT-} ]] || \builtin return 0
	__ssoenv_clock
	__ssoenv_seen="$__ssoenv_mirrored_of/${SSOENV_PROFILE-}/${SSOENV_EXPIRES-}/${SSOENV_RENEW_AT-}/${SSOENV_NO_REFRESH-}/${SSOENV_EXPORT-}/$__ssoenv_mirrored/${AWS_PROFILE+set}/${SSOENV_PROMPT_FORMAT-}/${AWS_ACCOUNT_ID-}/${SSOENV_ACCOUNT_NAME-}/${AWS_REGION-}/${AWS_DEFAULT_REGION-}/${SSOENV_COLOR-}/${NO_COLOR-}/${TERM-}/${LC_ALL-}/${LC_CTYPE-}/${LANG-}/${SHELLOPTS-}"
	if ((__ssoenv_from <= __ssoenv_now && __ssoenv_now < __ssoenv_until)) && [[ $__ssoenv_seen == "$__ssoenv_drawn_of" && ${SSOENV_PROMPT-} == "$__ssoenv_drawn" ]]; then
		\builtin return 0
	fi
	__ssoenv_drawn='' __ssoenv_placed='' __ssoenv_from=$__ssoenv_now __ssoenv_until=$((1 << 60))
	__ssoenv_update
	__ssoenv_drawn_of=$__ssoenv_seen
	[[ ${SSOENV_PROMPT-} == "$__ssoenv_drawn" ]] || __ssoenv_set SSOENV_PROMPT "$__ssoenv_drawn" || \builtin true
}

# __ssoenv_update sets __ssoenv_drawn to what SSOENV_PROMPT becomes.
function __ssoenv_update {
	if [[ ${SSOENV_PROFILE-} != "$__ssoenv_mirrored_of" ]] || [[ -n $__ssoenv_mirrored && -z ${AWS_PROFILE+set} ]]; then
		__ssoenv_mirror
	fi
	__ssoenv_look || \builtin return 0
	if ((__ssoenv_now >= __ssoenv_due)); then
		if [[ -z ${SSOENV_NO_REFRESH-} ]]; then
			if __ssoenv_adopt; then
				__ssoenv_look || \builtin return 0
			elif ((__ssoenv_preexec < 2 && __ssoenv_left <= 0 && ! __ssoenv_waited)); then
				((! __ssoenv_promised)) || __ssoenv_reported=0
				__ssoenv_renew 1s
				__ssoenv_look || \builtin return 0
			fi
			if ((__ssoenv_now >= __ssoenv_due && (__ssoenv_now - __ssoenv_last >= __ssoenv_pause || __ssoenv_now < __ssoenv_last))); then
				__ssoenv_last=$__ssoenv_now __ssoenv_offered=''
				((__ssoenv_first)) || __ssoenv_first=$__ssoenv_now
				# In a subshell there are no job messages.
				("$__ssoenv_exe" refresh </dev/null >/dev/null 2>&1 &)
			fi
		fi
		# If they can be reported before a command, expired credentials get 3 s.
		__ssoenv_report $((__ssoenv_now - __ssoenv_first >= 3 || ! __ssoenv_preexec))
	fi
	((__ssoenv_preexec == 2)) || __ssoenv_warn
	__ssoenv_show
}

# __ssoenv_warn sets __ssoenv_warn_at, from when on __ssoenv_warning is printed before a
# command where the hook cannot renew there.
function __ssoenv_warn {
	__ssoenv_warn_at=$((__ssoenv_reported ? 1 << 60 : __ssoenv_expires))
	__ssoenv_promised=$((__ssoenv_first || __ssoenv_waited ? 0 : 1))
	[[ -z ${SSOENV_NO_REFRESH-} ]] || __ssoenv_promised=0
	__ssoenv_warning=$__ssoenv_expired
	if ((! __ssoenv_promised)); then
		\builtin return 0
	elif [[ ${SSOENV_EXPORT-} == profile ]]; then
		__ssoenv_warning='' # AWS tools renew an expired token, too
	else
		__ssoenv_warning=${__ssoenv_expired%renew them with: *}$'they will be renewed at the next prompt\n'
	fi
}

# __ssoenv_command runs before a command. The last argument is the command line, if
# it is known.
function __ssoenv_command {
	if [[ -z ${SSOENV_PROFILE-} ]]; then
		\builtin return 0
	elif [[ $__ssoenv_known == "${SSOENV_EXPIRES-} ${SSOENV_RENEW_AT-} $SSOENV_PROFILE" ]]; then
		__ssoenv_clock
		((__ssoenv_now >= __ssoenv_due)) || \builtin return 0
	fi
	__ssoenv_look || \builtin return 0
	((__ssoenv_left <= 10 && __ssoenv_now >= __ssoenv_due)) || \builtin return 0
	! __ssoenv_exempt "${2-${1-}}" || \builtin return 0
	if [[ -z ${SSOENV_NO_REFRESH-} ]]; then
		if ! __ssoenv_adopt && ((__ssoenv_now - __ssoenv_waited >= __ssoenv_pause || __ssoenv_now < __ssoenv_waited)); then
			__ssoenv_renew 3s
		fi
		__ssoenv_look || \builtin return 0
	fi
	((__ssoenv_left > 0)) || __ssoenv_report 1
	\builtin return 0
}

# __ssoenv_renew waits up to the time $1 for newer credentials, and adopts them.
function __ssoenv_renew {
	__ssoenv_waited=$__ssoenv_now __ssoenv_offered=''
	"$__ssoenv_exe" refresh --within "$1" </dev/null >/dev/null 2>&1 || \builtin true
	__ssoenv_adopt || \builtin true
}

# __ssoenv_exempt reports whether a command line begins with a command of ssoenv that
# renews the credentials itself or does without them. status, doctor and version must
# be the only command of the line.
function __ssoenv_exempt {
	\builtin local "__ssoenv_line=$1" __ssoenv_word
	for __ssoenv_word in ssoenv --debug; do
		__ssoenv_line=${__ssoenv_line#"${__ssoenv_line%%[![:space:]]*}"}
		__ssoenv_line=${__ssoenv_line#\\}
		case $__ssoenv_line in
		"$__ssoenv_word"[[:space:]]*) __ssoenv_line=${__ssoenv_line#"$__ssoenv_word"} ;;
		*) [[ $__ssoenv_word != ssoenv ]] || \builtin return 1 ;;
		esac
	done
	__ssoenv_line=${__ssoenv_line#"${__ssoenv_line%%[![:space:]]*}"}
	case ${__ssoenv_line%%[[:space:];&|]*}/$__ssoenv_line in
	use/* | clear/* | login/* | logout/*) ;;
	status/*[$';&|\n']* | doctor/*[$';&|\n']* | version/*[$';&|\n']*) \builtin return 1 ;;
	status/* | doctor/* | version/*) ;;
	*) \builtin return 1 ;;
	esac
}

# __ssoenv_mirror keeps AWS_PROFILE, not exported, at the name of the profile in use, for
# prompts that show it. ACCOUNT/ROLE is no name for AWS's tools, but a profile can have a
# name like it. A variable that is the user's, exported or readonly is left alone, and so is
# the one that "use --export profile" exports.
function __ssoenv_mirror {
	\builtin local "__ssoenv_wanted=${SSOENV_PROFILE-}"
	__ssoenv_mirrored_of=$__ssoenv_wanted __ssoenv_seen=''
	((${#__ssoenv_wanted} <= 500)) || __ssoenv_wanted=
	if [[ ${SSOENV_EXPORT-} == profile ]]; then
		__ssoenv_wanted= # AWS_PROFILE is exported
	elif [[ $__ssoenv_wanted == */* && $'\n'$("$__ssoenv_exe" list --names </dev/null 2>/dev/null)$'\n' != *$'\n'"$__ssoenv_wanted"$'\n'* ]]; then
		__ssoenv_wanted=
	fi
	if [[ -n ${AWS_PROFILE+set} && (-z $__ssoenv_mirrored || $AWS_PROFILE != "$__ssoenv_mirrored") ]] || ! __ssoenv_is_private; then
		\builtin return 0
	fi
	__ssoenv_mirrored=$__ssoenv_wanted
	if [[ -n $__ssoenv_wanted ]]; then
		__ssoenv_set_private "$__ssoenv_wanted"
	elif [[ -n ${AWS_PROFILE+set} ]]; then
		\builtin unset -v AWS_PROFILE
	fi
	\builtin return 0
}

# __ssoenv_is_time reports whether $1 is a time in Unix seconds.
function __ssoenv_is_time {
	case $1 in '' | *[!0123456789]* | ?????????????*) \builtin return 1 ;; esac
}

# __ssoenv_look reads the clock and the environment. It fails if no profile is in
# use. Credentials without a time of expiration are never due. Here and elsewhere, no
# more is read of a variable than a true value has: patterns are slow on long texts.
function __ssoenv_look {
	if [[ -z ${SSOENV_PROFILE-} ]]; then
		__ssoenv_known='' __ssoenv_warn_at=$((1 << 60))
		\builtin return 1
	fi
	if [[ $__ssoenv_known == "${SSOENV_EXPIRES-} ${SSOENV_RENEW_AT-} $SSOENV_PROFILE" ]]; then
		if ((__ssoenv_timed)); then
			__ssoenv_clock
			__ssoenv_left=$((__ssoenv_expires - __ssoenv_now))
		fi
		\builtin return 0
	fi

	__ssoenv_known="${SSOENV_EXPIRES-} ${SSOENV_RENEW_AT-} $SSOENV_PROFILE"
	__ssoenv_clock
	__ssoenv_text=${SSOENV_EXPIRES-}
	if __ssoenv_is_time "${__ssoenv_text:0:20}"; then
		__ssoenv_timed=1 __ssoenv_expires=$((10#$SSOENV_EXPIRES))
	else
		__ssoenv_timed=0 __ssoenv_expires=$((1 << 60))
	fi
	__ssoenv_left=$((__ssoenv_expires - __ssoenv_now))
	__ssoenv_due=$((__ssoenv_expires - 900))
	__ssoenv_text=${SSOENV_RENEW_AT-}
	if ((__ssoenv_timed)) && __ssoenv_is_time "${__ssoenv_text:0:20}" && ((10#$SSOENV_RENEW_AT < __ssoenv_expires)); then
		__ssoenv_due=$((10#$SSOENV_RENEW_AT))
	fi
	__ssoenv_pause=$(((__ssoenv_expires - __ssoenv_due) / 5))
	__ssoenv_pause=$((__ssoenv_pause < 3 ? 3 : __ssoenv_pause > 30 ? 30 : __ssoenv_pause))
	__ssoenv_first=0 __ssoenv_last=0 __ssoenv_waited=0 __ssoenv_offered='' __ssoenv_reported=0

	\builtin local __ssoenv_word
	__ssoenv_text=${SSOENV_PROFILE:0:500}
	__ssoenv_clean
	__ssoenv_name=$__ssoenv_text
	__ssoenv_quote "$__ssoenv_name"
	__ssoenv_expired="ssoenv: the credentials of \"$__ssoenv_name\" have expired; renew them with: ssoenv use $__ssoenv_word"$'\n'
	[[ ${SSOENV_EXPORT-} != profile ]] ||
		__ssoenv_expired="ssoenv: the session of \"$__ssoenv_name\" has ended; log in again with: ssoenv login $__ssoenv_word"$'\n'
}

# __ssoenv_clean replaces the characters of __ssoenv_text that are not visible by
# "?": see __ssoenv_visible. Where the locale's encoding is not UTF-8, only ASCII is
# visible. A text that is not ASCII is cut to 120 characters. The last one and its
# result are in __ssoenv_given and __ssoenv_cleaned.
function __ssoenv_clean {
	case $__ssoenv_text in
	*[![:ascii:]]*)
		__ssoenv_text=${__ssoenv_text:0:120}
		\builtin local __ssoenv_euro=$'\342\202\254'
		if ((${#__ssoenv_euro} != 1)); then
			__ssoenv_text=${__ssoenv_text//[![:ascii:]]/?}
		elif [[ $__ssoenv_text == "$__ssoenv_given" ]]; then
			__ssoenv_text=$__ssoenv_cleaned
		else
			__ssoenv_given=$__ssoenv_text
			__ssoenv_bytewise __ssoenv_clean_utf8
			__ssoenv_cleaned=$__ssoenv_text
		fi
		;;
	esac
	case $__ssoenv_text in *[[:cntrl:]]*) __ssoenv_text=${__ssoenv_text//[[:cntrl:]]/?} ;; esac
}

# __ssoenv_clean_utf8 decodes __ssoenv_text, in which a character is a byte, and
# replaces what is not visible or not UTF-8.
function __ssoenv_clean_utf8 {
	\builtin local __ssoenv_char __ssoenv_byte __ssoenv_code=0 __ssoenv_least __ssoenv_more __ssoenv_at=0 __ssoenv_out=''
	((${#__ssoenv_table[@]})) || __ssoenv_split
	while ((__ssoenv_at < ${#__ssoenv_text})); do
		__ssoenv_char=${__ssoenv_text:__ssoenv_at:1}
		__ssoenv_at=$((__ssoenv_at + 1))
		case $__ssoenv_char in
		[![:ascii:]])
			__ssoenv_get_byte "$__ssoenv_char"
			__ssoenv_code=0 __ssoenv_least=1 __ssoenv_more=0
			if ((__ssoenv_byte >= 240)); then
				__ssoenv_code=$((__ssoenv_byte - 240)) __ssoenv_least=65536 __ssoenv_more=3
			elif ((__ssoenv_byte >= 224)); then
				__ssoenv_code=$((__ssoenv_byte - 224)) __ssoenv_least=2048 __ssoenv_more=2
			elif ((__ssoenv_byte >= 192)); then
				__ssoenv_code=$((__ssoenv_byte - 192)) __ssoenv_least=128 __ssoenv_more=1
			fi
			for (( ; __ssoenv_more; __ssoenv_more--)); do
				__ssoenv_get_byte "${__ssoenv_text:__ssoenv_at:1}"
				if ((__ssoenv_byte < 128 || __ssoenv_byte > 191)); then
					__ssoenv_code=0
					\builtin break
				fi
				__ssoenv_code=$((__ssoenv_code * 64 + __ssoenv_byte - 128))
				__ssoenv_char+=${__ssoenv_text:__ssoenv_at:1}
				__ssoenv_at=$((__ssoenv_at + 1))
			done
			((__ssoenv_code >= __ssoenv_least)) && __ssoenv_is_visible "$__ssoenv_code" || __ssoenv_char='?'
			;;
		esac
		__ssoenv_out+=$__ssoenv_char
	done
	__ssoenv_text=$__ssoenv_out
}

# __ssoenv_is_visible searches the ranges of __ssoenv_table, which begin at its index
# 1, for the code point $1.
function __ssoenv_is_visible {
	\builtin local __ssoenv_low=0 __ssoenv_high=$((${#__ssoenv_table[@]} / 2)) __ssoenv_middle
	while ((__ssoenv_low < __ssoenv_high)); do
		__ssoenv_middle=$(((__ssoenv_low + __ssoenv_high) / 2))
		if (($1 < __ssoenv_table[2 * __ssoenv_middle + 1])); then
			__ssoenv_high=$__ssoenv_middle
		elif (($1 > __ssoenv_table[2 * __ssoenv_middle + 2])); then
			__ssoenv_low=$((__ssoenv_middle + 1))
		else
			\builtin return 0
		fi
	done
	\builtin return 1
}

# __ssoenv_read sets __ssoenv_text to the first line of the first $2 characters of
# the file $1, or to nothing if that is not a regular file of the user's: a pipe would
# block. It follows no link. It fails if $1 is not directly in a directory of
# __ssoenv_dirs.
function __ssoenv_read {
	__ssoenv_text=
	((${#1} <= 4096)) && [[ $1 != *$'\n'* && $'\n'$__ssoenv_dirs$'\n' == *$'\n'"${1%/*}"$'\n'* ]] || \builtin return 1
	if [[ ! -L $1 && -f $1 && -O $1 ]]; then
		__ssoenv_read_file "$1" "$2"
		__ssoenv_text=${__ssoenv_text%%$'\n'*}
	fi
}

# __ssoenv_adopt loads newer credentials from the cache. It fails if there are
# none.
function __ssoenv_adopt {
	if __ssoenv_read "${SSOENV_EXPIRY_FILE-}" 80; then
		__ssoenv_is_time "$__ssoenv_text" && ((10#$__ssoenv_text > __ssoenv_expires)) || \builtin return 1
	else
		# Of a session there is no file.
		__ssoenv_text=${SSOENV_EXPIRY_FILE-}${SSOENV_EXPORT-}
		__ssoenv_text=${__ssoenv_text:+$((__ssoenv_now / __ssoenv_pause))}
	fi
	[[ $__ssoenv_text != "$__ssoenv_offered" ]] || \builtin return 1
	__ssoenv_offered=$__ssoenv_text
	__ssoenv_text=$SSOENV_EXPIRES
	__ssoenv_untraced __ssoenv_load || \builtin true
	__ssoenv_seen=''
	[[ ${SSOENV_EXPIRES-} != "$__ssoenv_text" ]]
}

# __ssoenv_load evaluates what "adopt" prints for this shell, whose name begins
# __ssoenv_mark.
function __ssoenv_load {
	\builtin local __ssoenv_code
	__ssoenv_code=$(\builtin exec "$__ssoenv_exe" adopt --shell "${__ssoenv_mark%%:*}" </dev/null 2>/dev/null) && __ssoenv_evaluate
}

# __ssoenv_report prints, once for the same credentials, why they are not renewed
# or, unless $1 is 0, that they have expired.
function __ssoenv_report {
	((! __ssoenv_reported)) || \builtin return 0
	\builtin local __ssoenv_at __ssoenv_tried
	__ssoenv_tried=$((__ssoenv_last > __ssoenv_waited ? __ssoenv_last : __ssoenv_waited))
	__ssoenv_text=
	if ((__ssoenv_tried)) && [[ ${SSOENV_EXPIRY_FILE-} == *.expires ]] && __ssoenv_read "${SSOENV_EXPIRY_FILE%.expires}.failed" 120; then
		__ssoenv_at=${__ssoenv_text%%' '*}
		__ssoenv_text=${__ssoenv_text#"$__ssoenv_at"}
		case $__ssoenv_text in *[![:ascii:]]* | *[[:cntrl:]]*) __ssoenv_text= ;; esac
		__ssoenv_is_time "$__ssoenv_at" && ((10#$__ssoenv_at + 15 >= __ssoenv_tried)) || __ssoenv_text=
		case $__ssoenv_text in *' with: ssoenv use') __ssoenv_text+=" ${__ssoenv_expired##*' with: ssoenv use '}" ;; esac
		__ssoenv_text=${__ssoenv_text%$'\n'}
	fi
	if [[ -n ${__ssoenv_text# } ]]; then
		\builtin printf 'ssoenv: "%s":%s\n' "$__ssoenv_name" "$__ssoenv_text" >&2
	elif ((__ssoenv_left <= 0 && $1)); then
		\builtin printf %s "$__ssoenv_expired" >&2
	else
		\builtin return 0
	fi
	__ssoenv_reported=1
}

# __ssoenv_show sets __ssoenv_drawn, and __ssoenv_until to when that changes, which it may
# at any time once renewal is due. It calls __ssoenv_paint with a color.
function __ssoenv_show {
	\builtin local "__ssoenv_time=" "__ssoenv_color=" "__ssoenv_step=1"
	if ((! __ssoenv_timed)); then
		\builtin true
	elif ((__ssoenv_left <= 0)); then
		__ssoenv_time=expired __ssoenv_color=red
	elif ((__ssoenv_left < 60)); then
		__ssoenv_time=${__ssoenv_left}s
	elif ((__ssoenv_left < 3600)); then
		__ssoenv_time=$((__ssoenv_left / 60))m __ssoenv_step=60
	elif ((__ssoenv_left < 172800)); then
		__ssoenv_time=$((100 + __ssoenv_left % 3600 / 60)) # the 1 keeps a leading zero
		__ssoenv_time=$((__ssoenv_left / 3600))h${__ssoenv_time#1}m __ssoenv_step=60
	else
		__ssoenv_time=$((__ssoenv_left / 86400))d __ssoenv_step=86400
	fi
	((! __ssoenv_timed)) || __ssoenv_until=$((__ssoenv_now + __ssoenv_left % __ssoenv_step + 1))
	__ssoenv_until=$((__ssoenv_now >= __ssoenv_due ? 0 : __ssoenv_until < __ssoenv_due ? __ssoenv_until : __ssoenv_due))

	__ssoenv_text="$__ssoenv_time/$SSOENV_PROFILE/${SSOENV_PROMPT_FORMAT-}/${AWS_ACCOUNT_ID-}/${SSOENV_ACCOUNT_NAME-}/${AWS_REGION-}/${AWS_DEFAULT_REGION-}/${LC_ALL-}/${LC_CTYPE-}/${LANG-}"
	if [[ $__ssoenv_text != "$__ssoenv_label_of" ]]; then
		__ssoenv_label_of=$__ssoenv_text
		__ssoenv_format
		__ssoenv_clean
		__ssoenv_label=$__ssoenv_text
	fi
	__ssoenv_drawn=$__ssoenv_label

	if ((__ssoenv_left > 0 && __ssoenv_now >= __ssoenv_due)); then
		__ssoenv_color=yellow
	elif [[ -z $__ssoenv_color ]]; then
		case ${SSOENV_COLOR-} in
		black | red | green | yellow | blue | magenta | cyan | white | [0-9] | [1-9][0-9] | 1[0-9][0-9] | 2[0-4][0-9] | 25[0-5])
			__ssoenv_color=$SSOENV_COLOR
			;;
		esac
	fi
	[[ -z ${NO_COLOR-} ]] || __ssoenv_color=
	__ssoenv_paint "$__ssoenv_color"
}

# __ssoenv_format sets __ssoenv_text to SSOENV_PROMPT_FORMAT with the values for its
# codes. With a value that is empty, the brackets around it go, and the blanks before
# it, or at the beginning those after it.
function __ssoenv_format {
	\builtin local "__ssoenv_rest=${SSOENV_PROMPT_FORMAT:-%p %t}" __ssoenv_value __ssoenv_done=
	__ssoenv_text='' __ssoenv_rest=${__ssoenv_rest:0:500}
	while [[ $__ssoenv_rest == *%* ]]; do
		__ssoenv_text+=${__ssoenv_rest%%\%*}
		__ssoenv_rest=${__ssoenv_rest#*%}
		case $__ssoenv_rest in
		p*) __ssoenv_value=$SSOENV_PROFILE ;;
		t*) __ssoenv_value=$__ssoenv_time ;;
		a*) __ssoenv_value=${AWS_ACCOUNT_ID-} ;;
		n*) __ssoenv_value=${SSOENV_ACCOUNT_NAME-} ;;
		r*) __ssoenv_value=${AWS_REGION:-${AWS_DEFAULT_REGION-}} ;;
		%*) __ssoenv_value=% ;;
		*) __ssoenv_value=%${__ssoenv_rest:0:1} ;;
		esac
		__ssoenv_rest=${__ssoenv_rest#?} __ssoenv_value=${__ssoenv_value:0:500}
		if [[ -n $__ssoenv_value ]]; then
			__ssoenv_done+=$__ssoenv_text$__ssoenv_value __ssoenv_text=
		else
			__ssoenv_omit
		fi
	done
	__ssoenv_text=$__ssoenv_done$__ssoenv_text$__ssoenv_rest
}

# __ssoenv_omit removes what belongs to an empty value, which is between __ssoenv_text,
# the part of the format after the last value, and __ssoenv_rest.
function __ssoenv_omit {
	__ssoenv_text=${__ssoenv_text%"${__ssoenv_text##*[! ]}"}
	case ${__ssoenv_text#"${__ssoenv_text%?}"}${__ssoenv_rest:0:1} in
	'()' | '[]' | '{}' | '<>')
		__ssoenv_text=${__ssoenv_text%?} __ssoenv_rest=${__ssoenv_rest#?}
		__ssoenv_text=${__ssoenv_text%"${__ssoenv_text##*[! ]}"}
		;;
	esac
	[[ -n $__ssoenv_done$__ssoenv_text ]] || __ssoenv_rest=${__ssoenv_rest#"${__ssoenv_rest%%[! ]*}"}
}
