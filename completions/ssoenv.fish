# ssoenv's completions in fish, 3.1 or later.

# __ssoenv_complete prints the program's candidates. fish matches and quotes them.
function __ssoenv_complete
    set --local program ssoenv
    set --query __ssoenv_exe; and set program $__ssoenv_exe
    set --local words (commandline --current-process --tokenize --cut-at-cursor)
    set --local word (commandline --current-token --cut-at-cursor)
    command $program complete fish -- $words "$word" </dev/null 2>/dev/null

    # fish completes the word. After "--" it is another command's.
    if test $status -eq 1
        set --local at (contains --index -- -- $words)
        or return
        set --local line (string escape -- $words[$at..-1]) $word
        complete --do-complete (string join -- ' ' $line[2..-1])
    end
end

complete --command ssoenv --no-files --arguments '(__ssoenv_complete)'
