# ssoenv's completions in zsh, 5.0 or later.
#
# "emulate zsh -c" evaluates these lines: the user's options and aliases affect
# neither them nor the functions. "builtin" bypasses functions. All names defined
# here begin with __ssoenv_complete.

# __ssoenv_complete adds the program's candidates. zsh matches and quotes them.
function __ssoenv_complete {
	# The functions of the completion system expect its own options.
	builtin setopt local_options "${_comp_options[@]}"

	local answer heading
	local -a line candidates
	integer result=0
	line=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
	answer=$(
		builtin command "${__ssoenv_exe:-ssoenv}" complete zsh -- "${line[@]}" </dev/null 2>/dev/null
	) || result=$?

	if [[ $result == 1 ]]; then
		# zsh completes the word. If it is another command's, the answer is the
		# number of words before that command.
		if ((answer)); then
			builtin shift $answer words
			((CURRENT -= answer))
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

# __ssoenv_complete_register registers it if compdef exists. compinit may run after these
# lines: then the hook of "ssoenv init" calls this once it has, and without that hook the
# first prompt does.
function __ssoenv_complete_register {
	precmd_functions=("${(@)precmd_functions:#__ssoenv_complete_register}")
	if builtin typeset -f compdef >/dev/null; then
		__ssoenv_complete_late=
		compdef __ssoenv_complete ssoenv
	fi
}

builtin typeset -ga precmd_functions
builtin typeset -g __ssoenv_complete_late=1
__ssoenv_complete_register
if [[ -n $__ssoenv_complete_late && -z ${(M)precmd_functions:#__ssoenv_prompt} ]]; then
	precmd_functions+=(__ssoenv_complete_register)
fi

# A file in fpath is read at the first completion, which it has to answer.
((! ${+compstate})) || __ssoenv_complete
