# shellcheck shell=bash

# ssoenv's completions in bash, 3.2 or later, with bash-completion or without.
#
# A leading backslash keeps the user's aliases off a word, "builtin" keeps
# functions off it. No name is left behind but __ssoenv_complete.

# __ssoenv_complete asks the program what could stand at the cursor. The program
# takes the line apart and spells its answers for the quotes that are open, so
# nothing of either is ever evaluated here.
function __ssoenv_complete {
	\builtin local answer status=0 at offset

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
		# A word for each line, and no name is taken for a pattern.
		\builtin local IFS=$'\n'
		# shellcheck disable=SC2206 # the splitting is what the lines above are for
		case $- in
		*f*) COMPREPLY=($answer) ;;
		*)
			\builtin set -f
			COMPREPLY=($answer)
			\builtin set +f
			;;
		esac
	elif [[ $status == 1 ]]; then
		# The word is the shell's own affair. Behind "--" it is another command's,
		# for which bash-completion has a function, under one of two names.
		for ((at = 1; at < COMP_CWORD; at++)); do
			[[ ${COMP_WORDS[at]} == -- ]] || \builtin continue
			for offset in _comp_command_offset _command_offset; do
				if \builtin declare -F "$offset" >/dev/null; then
					"$offset" $((at + 1))
					\builtin return
				fi
			done
		done
		\builtin compopt -o bashdefault -o default 2>/dev/null || \builtin true
	fi
}

# A bash may be built without "complete".
\builtin complete -F __ssoenv_complete ssoenv 2>/dev/null || \builtin true
