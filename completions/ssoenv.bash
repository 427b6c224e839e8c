# shellcheck shell=bash

# ssoenv's completions in bash, 3.2 or later, with bash-completion or without.
#
# A leading backslash bypasses the user's aliases, "builtin" bypasses functions. All
# names defined here begin with __ssoenv_complete.

# __ssoenv_complete sets COMPREPLY. The program parses the line and quotes its
# candidates, so that neither is evaluated here.
function __ssoenv_complete {
	\builtin local answer status=0

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
		# index of that command in COMP_WORDS, and its line.
		if [[ -n $answer ]] && __ssoenv_complete_inner "${answer%%$'\n'*}" "${answer#*$'\n'}"; then
			\builtin return
		fi
		\builtin compopt -o bashdefault -o default 2>/dev/null || \builtin true
	fi
}

# __ssoenv_complete_inner completes another command, which has that index in COMP_WORDS
# and that line up to the cursor. It returns 1 if it does not know how.
function __ssoenv_complete_inner {
	\builtin local index="$1" line="$2" spec with
	spec=$(\builtin complete -p -- "${COMP_WORDS[index]}" 2>/dev/null) || spec=
	if [[ $COMP_CWORD != "$index" && $spec == *' -C '* ]]; then
		# A program that gets the line in variables, such as aws_completer. From
		# "compgen -C" it would get the whole line, and bash a warning. "complete -p"
		# quotes what it prints.
		\builtin eval "\\builtin set -- $spec"
		while (($# > 1)) && [[ $1 != -C ]]; do \builtin shift; done
		with=$2
		\builtin local IFS=$'\n'
		# shellcheck disable=SC2207 # a candidate for each line
		COMPREPLY=($(
			\builtin export COMP_LINE=$line COMP_POINT=${#line} COMP_TYPE COMP_KEY
			\builtin eval "$with" '"${COMP_WORDS[index]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"' </dev/null 2>/dev/null
		))
		\builtin return 0
	fi
	# bash-completion has a function for it, under one of two names, in which bash
	# writes warnings about compgen.
	for with in _comp_command_offset _command_offset; do
		if \builtin declare -F "$with" >/dev/null; then
			"$with" "$index" 2>/dev/null
			\builtin return 0
		fi
	done
	[[ $COMP_CWORD == "$index" && ${COMP_WORDS[index]} != */* ]] || \builtin return 1
	\builtin local IFS=$'\n'
	# shellcheck disable=SC2207 # a name for each line
	COMPREPLY=($(\builtin compgen -A command -- "${COMP_WORDS[index]}" 2>/dev/null))
	((${#COMPREPLY[@]} > 0))
}

# bash can be built without "complete".
\builtin complete -F __ssoenv_complete ssoenv 2>/dev/null || \builtin true
