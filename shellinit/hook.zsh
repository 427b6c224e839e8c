# ssoenv in zsh, 5.0 or later.
#
# These lines run inside "emulate zsh -c", and so does the function ever
# after: neither the user's options nor aliases reach it. "builtin" keeps
# functions off a word. No name is left behind but ssoenv and __ssoenv_exe.

builtin unalias ssoenv 2>/dev/null || builtin true

# ssoenv runs the program. The commands that change a shell are captured and
# evaluated here; all others have the terminal to themselves.
function ssoenv {
	case ${1-}/${2-} in
	use/* | clear/* | logout/* | --debug/use | --debug/clear | --debug/logout) ;;
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

	local __ssoenv_code __ssoenv_line __ssoenv_status=0
	__ssoenv_code=$(
		if [[ $1 == --debug ]]; then
			exec "$__ssoenv_exe" "$1" "$2" --shell zsh "${@:3}"
		else
			exec "$__ssoenv_exe" "$1" --shell zsh "${@:2}"
		fi
	) || __ssoenv_status=$?

	# Each statement as a builtin, up to one that fails (a readonly variable).
	if [[ $__ssoenv_status == 0 && -n $__ssoenv_code ]]; then
		for __ssoenv_line in "${(@f)__ssoenv_code}"; do
			builtin eval "builtin $__ssoenv_line" || {
				__ssoenv_status=1
				builtin break
			}
		done
	fi

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
