# ssoenv's completions in PowerShell, 5.1 or later.
#
# The program gets the line in Base64 and prints ASCII, so that neither a code page
# nor the quoting of arguments, which differs between versions, changes them.

Register-ArgumentCompleter -Native -CommandName ssoenv -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    Set-StrictMode -Off
    $PSNativeCommandUseErrorActionPreference = $false

    # The values of the words before the cursor, and the word at it up to the cursor.
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

    # The program of the function, or the first in PATH.
    $program = $global:__ssoenv_exe
    if (-not $program) {
        $program = Get-Command -Name ssoenv -CommandType Application -ErrorAction Ignore | Select-Object -First 1
        if (-not $program) { return }
    }
    $before = $global:LASTEXITCODE
    $output = & $program complete powershell $line 2>$null
    $status = $global:LASTEXITCODE
    $global:LASTEXITCODE = $before

    # 1: PowerShell completes the word, as the name of a file. If there are no
    # candidates, an empty string keeps it from offering files.
    if ($status -eq 1) { return }
    if ($status -ne 0 -or -not $output) { return '' }

    foreach ($candidate in ($output | ConvertFrom-Json)) {
        # Only plain words remain unquoted: a bare 1e3 would become a number, and a
        # function does not get a bare --.
        $text = $candidate.text
        if ($text -cnotmatch '^(--)?[A-Za-z_][A-Za-z0-9_./+=-]*$') {
            $text = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($text) + "'"
        }
        $about = $candidate.about
        if (-not $about) { $about = $candidate.text }
        [System.Management.Automation.CompletionResult]::new($text, $candidate.text, 'ParameterValue', $about)
    }
}
