# shellcheck shell=bash

# ssoenv's completions in bash, 3.2 or later, with bash-completion or without.
#
# A leading backslash bypasses the user's aliases, "builtin" bypasses functions. The
# only name defined here is __ssoenv_complete.

# __ssoenv_complete sets COMPREPLY. The program parses the line and quotes its
# candidates, so that neither is evaluated here.
function __ssoenv_complete {
	\builtin local answer status=0 offset

	# COMP_POINT counts characters; before bash 4.3, bytes.
	answer=$(
		if [[ $BASH_VERSION == [123].* || $BASH_VERSION == 4.[012].* ]]; then
			LC_ALL=C
		fi
		\builtin command "${__ssoenv_exe:-ssoenv}" complete bash -- \
			"${COMP_LINE:0:COMP_POINT}" "${COMP_WORDBREAKS-}" "${COMP_TYPE-}" </dev/null 2>/dev/null
	) || status=$?

	COMPREPLY=()
	if [[ $status == 0 ]]; then
		# A word for each line, without pathname expansion.
		\builtin local IFS=$'\n'
		# shellcheck disable=SC2206 # the lines above are for this splitting
		case $- in
		*f*) COMPREPLY=($answer) ;;
		*)
			\builtin set -f
			COMPREPLY=($answer)
			\builtin set +f
			;;
		esac
	elif [[ $status == 1 ]]; then
		# The shell completes the word. If it is another command's, the answer is the
		# index of that command in COMP_WORDS. bash-completion has a function for it,
		# under one of two names, in which bash writes warnings about compgen.
		if [[ -n $answer ]]; then
			for offset in _comp_command_offset _command_offset; do
				if \builtin declare -F "$offset" >/dev/null; then
					"$offset" "$answer" 2>/dev/null
					\builtin return
				fi
			done
			if ((COMP_CWORD == answer)) && [[ ${COMP_WORDS[answer]} != */* ]]; then
				\builtin local IFS=$'\n'
				# shellcheck disable=SC2207 # a name for each line
				COMPREPLY=($(\builtin compgen -A command -- "${COMP_WORDS[answer]}" 2>/dev/null))
				((${#COMPREPLY[@]} == 0)) || \builtin return 0
			fi
		fi
		\builtin compopt -o bashdefault -o default 2>/dev/null || \builtin true
	fi
}

# bash can be built without "complete".
\builtin complete -F __ssoenv_complete ssoenv 2>/dev/null || \builtin true
