# ssoenv's completions in PowerShell, 5.1 or later.
#
# The line goes to the program in one word of plain letters, and the answer
# comes back in ASCII: no version's quoting of arguments and no code page can
# change either.

Register-ArgumentCompleter -Native -CommandName ssoenv -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    Set-StrictMode -Off
    $PSNativeCommandUseErrorActionPreference = $false

    # The values of the words before the cursor, and what there is of the one at it.
    $words = @()
    $word = ''
    foreach ($element in $commandAst.CommandElements) {
        $extent = $element.Extent
        if ($extent.StartOffset -ge $cursorPosition) { break }
        if ($extent.EndOffset -ge $cursorPosition) {
            $word = $extent.Text.Substring(0, $cursorPosition - $extent.StartOffset)
            if ($word -match '^[\u0027\u2018-\u201b]') {
                $word = $word.Substring(1).Replace("''", "'")
            } elseif ($word -match '^[\u0022\u201c-\u201e]') {
                $word = $word.Substring(1)
            }
            break
        }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst] -or
            $element -is [System.Management.Automation.Language.ExpandableStringExpressionAst]) {
            $words += $element.Value
        } else {
            $words += $extent.Text
        }
    }
    $line = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes(($words + $word) -join "`0"))

    # The function's program, else the first in PATH, never a function.
    $program = $global:__ssoenv_exe
    if (-not $program) {
        $program = Get-Command -Name ssoenv -CommandType Application -ErrorAction Ignore | Select-Object -First 1
        if (-not $program) { return }
    }
    $before = $global:LASTEXITCODE
    $answer = & $program complete powershell $line 2>$null
    $status = $global:LASTEXITCODE
    $global:LASTEXITCODE = $before

    # 1: the word is the shell's own affair, that is, the name of a file. An empty
    # string keeps PowerShell from offering files where the answer is nothing.
    if ($status -eq 1) { return }
    if ($status -ne 0 -or -not $answer) { return '' }

    foreach ($candidate in ($answer | ConvertFrom-Json)) {
        # Quoted, all but plain words: a bare 1e3 becomes a number, and a bare --
        # does not reach a function.
        $text = $candidate.text
        if ($text -cnotmatch '^(--)?[A-Za-z_][A-Za-z0-9_./+=-]*$') {
            $text = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($text) + "'"
        }
        $about = $candidate.about
        if (-not $about) { $about = $candidate.text }
        [System.Management.Automation.CompletionResult]::new($text, $candidate.text, 'ParameterValue', $about)
    }
}
