# ssoenv in zsh, 5.0 or later, after hook.common.bash. doc.go describes the function
# and the hook.
#
# "emulate zsh -c" evaluates these lines: the user's options and aliases affect
# neither them nor the functions. "builtin" bypasses functions. All names defined
# here are ssoenv, __ssoenv_* and SSOENV_PROMPT.

builtin unalias ssoenv 2>/dev/null || builtin true

function ssoenv {
	case ${1-}/${2-} in
	use/* | clear/* | logout/* | --debug/use | --debug/clear | --debug/logout)
		__ssoenv_untraced __ssoenv_switch "$@"
		;;
	doctor/* | --debug/doctor)
		local __ssoenv_drawn=${PROMPT-}${RPROMPT-}
		"$__ssoenv_exe" "$@" --hook "$__ssoenv_mark" ${__ssoenv_segment:+--hook-segment} "--hook-prompt=${__ssoenv_drawn//\%97v/SSOENV_PROMPT}"
		;;
	*) "$__ssoenv_exe" "$@" ;;
	esac
	builtin return # with that status: after "case" alone, "set -e" ignores it
}

# __ssoenv_untraced calls a function with xtrace and the DEBUG trap off, so that
# neither shows secrets. zsh restores both at the end, even after an interrupt.
function __ssoenv_untraced {
	{
		builtin setopt local_options local_traps no_xtrace
		builtin trap - DEBUG
	} 2>/dev/null
	"$@"
}

# __ssoenv_switch runs the program and evaluates its output.
function __ssoenv_switch {
	local __ssoenv_code __ssoenv_status=0

	# In eval "$(ssoenv use dev)" the outer shell switches: print the call for it. Other
	# commands of the subshell would run without the switch, so it ends.
	if __ssoenv_captured; then
		builtin print -r -- "\\ssoenv ${(j: :)${(@qq)@}}"
		builtin exit 0
	fi

	__ssoenv_code=$(
		if [[ $1 == --debug ]]; then
			exec "$__ssoenv_exe" "$1" "$2" --shell zsh "${@:3}"
		else
			exec "$__ssoenv_exe" "$1" --shell zsh "${@:2}"
		fi
	) || __ssoenv_status=$?
	if ((__ssoenv_status == 0)); then
		case $1/${2-} in
		use/* | --debug/use)
			if ! __ssoenv_evaluate; then
				__ssoenv_status=1
				builtin printf 'ssoenv: nothing was changed in this shell\n' >&2
			fi
			;;
		*) __ssoenv_undo || __ssoenv_status=$? ;;
		esac
	fi
	__ssoenv_mirror
	builtin return $__ssoenv_status
}

# __ssoenv_captured reports whether another shell may evaluate what this one prints:
# it is in $(…) or <(…), with the stdout of that, or in =(…), whose stdout is a file.
# zsh calls <(…) outsubst.
function __ssoenv_captured {
	[[ $ZSH_EVAL_CONTEXT == *equalsubst* ||
		$ZSH_EVAL_CONTEXT == *(cmd|in|out)subst* && ! -t 1 && ! -c /dev/stdout && ! -f /dev/stdout ]]
}

# __ssoenv_is_private reports whether AWS_PROFILE is a plain variable of this shell, or
# not set.
function __ssoenv_is_private { [[ ${(t)AWS_PROFILE} == (|scalar) ]]; }

# __ssoenv_set_private sets AWS_PROFILE. With the option ALL_EXPORT, an assignment by
# "typeset +x" exports too.
function __ssoenv_set_private {
	builtin typeset -g AWS_PROFILE=$1
	builtin typeset -g +x AWS_PROFILE
}

# __ssoenv_set sets the variable $1 to $2. It fails silently if $1 is readonly.
function __ssoenv_set { [[ ${(tP)1} != *readonly* ]] && builtin typeset -g "$1=$2"; }

# __ssoenv_find_odd sets __ssoenv_unsets to statements that remove those of the variables
# whose attribute changes a value or keeps it from children.
function __ssoenv_find_odd {
	local __ssoenv_name_of
	for __ssoenv_name_of; do
		case ${(tP)__ssoenv_name_of} in
		'' | scalar | scalar-export | scalar-local | scalar-local-export) ;;
		*readonly*) ;;
		*) __ssoenv_unsets+="\\builtin unset -v $__ssoenv_name_of && " ;;
		esac
	done
}

# __ssoenv_prompt runs before each prompt.
function __ssoenv_prompt {
	__ssoenv_watch
	if [[ -n $__ssoenv_segment && $PROMPT != *SSOENV_PROMPT* && ($PROMPT != $__ssoenv_placed || ${psvar[97]-} != $__ssoenv_place_text) ]]; then
		__ssoenv_place
	fi
	# compinit can run long after the start-up file.
	[[ -z ${__ssoenv_complete_late-} || -z ${_comps+set} ]] || __ssoenv_complete_register
}

function __ssoenv_before { __ssoenv_command "$@"; }

# __ssoenv_place adds the segment at the beginning of PROMPT, or replaces the one that
# is in it. Its text is in psvar: zsh shows that as it is, with the option PROMPT_SUBST
# or without. 97 is an index that no theme uses.
__ssoenv_placed='' __ssoenv_place_text=''
function __ssoenv_place {
	local __ssoenv_color=${__ssoenv_shown%%/*}
	local __ssoenv_text="%(97V.${__ssoenv_color:+%F{$__ssoenv_color\}}%97v${__ssoenv_color:+%f} .)"
	__ssoenv_place_text=${__ssoenv_drawn:+${__ssoenv_shown#*/}}
	[[ ${(t)psvar} == *readonly* ]] || psvar[97]=$__ssoenv_place_text
	case ${(t)PROMPT}:$PROMPT in
	*readonly*:*) ;;
	*'%(97V.'*'.)'*) PROMPT=${PROMPT%%'%(97V.'*}$__ssoenv_text${PROMPT#*'%(97V.'*'.)'} ;;
	*) PROMPT=$__ssoenv_text$PROMPT ;;
	esac
	__ssoenv_placed=$PROMPT
}

# __ssoenv_clock sets __ssoenv_now without a process or a module.
__ssoenv_seconds='%D{%s}'
function __ssoenv_clock { __ssoenv_now=${(%)__ssoenv_seconds}; }

function __ssoenv_quote { __ssoenv_word=${(q-)1}; }

function __ssoenv_read_file {
	{ builtin read -r -u 0 -k $2 __ssoenv_text <$1; } 2>/dev/null || builtin true
}

# __ssoenv_bytewise calls a function for which a character is a byte.
function __ssoenv_bytewise {
	builtin setopt local_options no_multibyte
	"$@"
}

function __ssoenv_get_byte {
	local __ssoenv_one=$1
	builtin let '__ssoenv_byte = #__ssoenv_one' || builtin true # it fails for 0
}

function __ssoenv_split {
	local IFS=' ' __ssoenv_word
	for __ssoenv_word in ${=__ssoenv_visible}; do
		__ssoenv_table+=($((__ssoenv_code += __ssoenv_word)))
	done
}

# __ssoenv_paint colors __ssoenv_drawn, and sets __ssoenv_shown to the color, "/" and the
# text. With the option PROMPT_SUBST zsh expands PROMPT, but not the value of
# "${SSOENV_PROMPT}" again; only a "%" in it has a meaning.
function __ssoenv_paint {
	__ssoenv_shown=$1/$__ssoenv_drawn
	__ssoenv_drawn=${__ssoenv_drawn//\%/%%}
	[[ -z $1 ]] || __ssoenv_drawn="%F{$1}$__ssoenv_drawn%f"
}

# After the other prompt hooks, and before the other command hooks, which then get
# the new credentials. Reading this again does not add another one.
if [[ -o interactive ]]; then
	[[ ${(t)SSOENV_PROMPT} == *readonly* ]] || builtin typeset -g +x SSOENV_PROMPT=
	__ssoenv_preexec=2
	precmd_functions=(${precmd_functions:#__ssoenv_prompt} __ssoenv_prompt)
	preexec_functions=(__ssoenv_before ${preexec_functions:#__ssoenv_before})
fi
