# ssoenv's completions in zsh, 5.0 or later.
#
# These lines run inside "emulate zsh -c", and so do the functions ever after:
# neither the user's options nor aliases reach them. "builtin" keeps functions
# off a word. No name is left behind but __ssoenv_complete*.

# __ssoenv_complete asks the program what could stand at the cursor. zsh itself
# matches and quotes what it is told.
function __ssoenv_complete {
	# The completion system's functions count on options of its own.
	builtin setopt local_options "${_comp_options[@]}"

	local answer heading
	local -a line candidates
	integer result=0 at
	line=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
	answer=$(
		builtin command "${__ssoenv_exe:-ssoenv}" complete zsh -- "${line[@]}" </dev/null 2>/dev/null
	) || result=$?

	if [[ $result == 1 ]]; then
		# The word is the shell's own affair; behind "--", another command's.
		at=${words[(ie)--]}
		if ((at < CURRENT)); then
			builtin shift $at words
			((CURRENT -= at))
			_normal -p ssoenv
		else
			_default
		fi
		builtin return
	fi

	# The heading, then a line for each candidate, as _describe takes them.
	candidates=("${(@f)answer}")
	heading=${candidates[1]}
	candidates[1]=()
	((${#candidates})) && _describe -t values "$heading" candidates
}

# __ssoenv_complete_register is called at each prompt until there is a compdef:
# compinit may come after these lines.
function __ssoenv_complete_register {
	if builtin typeset -f compdef >/dev/null; then
		compdef __ssoenv_complete ssoenv
		precmd_functions=("${(@)precmd_functions:#__ssoenv_complete_register}")
	fi
}

builtin typeset -ga precmd_functions
precmd_functions=("${(@)precmd_functions:#__ssoenv_complete_register}" __ssoenv_complete_register)
__ssoenv_complete_register

# As a file in fpath, all this is read when it is first needed.
((! ${+compstate})) || __ssoenv_complete
