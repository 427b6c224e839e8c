# ssoenv in xonsh, 0.13 or later.
#
# "ssoenv init" assigns __ssoenv_exe and __ssoenv_mark above these lines. Names
# that begin with __ssoenv are ssoenv's own.

def __ssoenv_install():
    import json
    import re
    import shlex
    import subprocess
    import sys
    import time
    from xonsh.tools import unthreadable

    program, mark, env, null = __ssoenv_exe, __ssoenv_mark, __xonsh__.env, subprocess.DEVNULL

    # take carries out the program's answer: a JSON array of strings in order,
    # NAME=value to set a variable and NAME to unset it.
    def take(text):
        for entry in json.loads(text or "[]"):
            name, is_set, value = entry.partition("=")
            if is_set:
                env[name] = value
            elif name in env:
                del env[name]

    # switch is for the commands that change the shell: their output is
    # captured. They ask on the terminal, so they have it to themselves.
    @unthreadable
    def switch(args, stdin=None):
        at = 2 if args[:1] == ["--debug"] else 1
        command = [program, *args[:at], "--shell", "xonsh", *args[at:]]
        done = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE, env=env.detype())
        if done.returncode == 0:
            take(done.stdout)
        return done.returncode

    # Those commands go to switch, and all others to the program itself: behind
    # a function of Python's a command has no job control, and before a pipe it
    # hangs. What a line says in quotes is at worst spelt otherwise.
    words = re.compile(r"(^|&&|\|\||;|\band|\bor|\n)(\s*)ssoenv(?=\s+(--debug\s+)?(use|clear|logout)(\s|;|$))")

    # "doctor" is told which version of these lines the shell has read. The
    # command is transformed until that changes nothing.
    doctor = re.compile(r"((^|&&|\|\||;|\band|\bor|\n)\s*ssoenv\s+(--debug\s+)?doctor)(?! --hook)(?=\s|;|$)")

    def on_transform_command(cmd, **_):
        return doctor.sub(rf"\1 --hook {mark}", words.sub(r"\1\2__ssoenv_switch", cmd))

    seen = {}

    def now():
        return int(time.time())

    def left_text(left):
        if left <= 0:
            return "expired"
        if left < 60:
            return f"{left}s"
        if left < 3600:
            return f"{left // 60}m"
        if left < 48 * 3600:
            return f"{left // 3600}h{left % 3600 // 60:02}m"
        return f"{left // 86400}d"

    def label(profile, left):
        values = {
            "%p": profile, "%t": left_text(left), "%%": "%",
            "%a": env.get("AWS_ACCOUNT_ID", ""),
            "%r": env.get("AWS_REGION", env.get("AWS_DEFAULT_REGION", "")),
        }
        form = str(env.get("SSOENV_PROMPT_FORMAT", "")) or "%p %t"
        text = re.sub("%[ptar%]", lambda code: str(values[code[0]]), form)
        return "".join(c if c.isprintable() else "?" for c in text)

    # renew takes newer credentials over from the cache if there are any, else
    # has the program look for some, in the background, once in a while. The
    # file that tells is read without starting a process.
    def renew(left):
        margin = seen["margin"]
        file = env.get("SSOENV_EXPIRY_FILE", "")
        try:
            with open(file) as known:
                newest = int(known.read(20))
        except (OSError, ValueError):
            newest = 0
        if newest > seen["expires"] and newest != seen["adopted"]:
            seen["adopted"] = newest
            done = subprocess.run([program, "adopt", "--shell", "xonsh"], stdin=null, stdout=subprocess.PIPE, stderr=null, env=env.detype())
            if done.returncode == 0:
                take(done.stdout)
            return
        if now() >= seen["next"]:
            seen["next"] = now() + min(max(margin // 5, 3), 30)
            seen["refresh"] = subprocess.Popen([program, "refresh"], stdin=null, stdout=null, stderr=null, env=env.detype(), start_new_session=True)

    # warn says once for each set of credentials what a person has to do.
    def warn(profile, left):
        if seen["said"]:
            return
        login, file = None, str(env.get("SSOENV_EXPIRY_FILE", ""))
        if file.endswith(".expires"):
            try:
                with open(file.removesuffix(".expires") + ".failed") as failed:
                    login = json.loads(failed.read(200)).get("login")
            except (OSError, ValueError, AttributeError):
                pass
        command = "ssoenv use " + shlex.quote(profile)
        if login:
            text = f'the session of "{profile}" has ended; log in again with: {command}'
        elif left <= 0:
            text = f'the credentials of "{profile}" have expired; renew them with: {command}'
        elif login is False and left < max(seen["margin"] // 3, 60):
            text = f'the credentials of "{profile}" cannot be renewed; try: {command}'
        else:
            return
        seen["said"] = True
        print("ssoenv: " + text, file=sys.stderr)

    def on_pre_prompt_format(**_):
        profile, expires = str(env.get("SSOENV_PROFILE", "")), str(env.get("SSOENV_EXPIRES", ""))
        if not profile or not re.fullmatch("[0-9]{1,12}", expires):
            env["SSOENV_PROMPT"] = ""
            return
        profile = "".join(c if c.isprintable() else "?" for c in profile)
        left = int(expires) - now()
        if seen.get("expires") != int(expires):
            seen.update(expires=int(expires), margin=max(1, min(900, left // 4)), said=False, next=0, adopted=0)
        if left < seen["margin"] and not env.get("SSOENV_NO_REFRESH"):
            renew(left)
            left = int(env.get("SSOENV_EXPIRES", expires)) - now()
        if left < seen["margin"]:
            warn(profile, left)
        env["SSOENV_PROMPT"] = label(profile, left)

    # A second time replaces what the first has installed.
    for event, handler in [("on_transform_command", on_transform_command), ("on_pre_prompt_format", on_pre_prompt_format)]:
        handlers = getattr(events, event)
        for old in [h for h in handlers if getattr(h, "ssoenv", False)]:
            handlers.discard(old)
        handler.ssoenv = True
        handlers(handler)

    aliases["ssoenv"] = [program]
    aliases["__ssoenv_switch"] = switch

    # What detypes to nothing is not exported.
    env.register("SSOENV_PROMPT", detype=lambda _: None)

    # {ssoenv} in $PROMPT, where braces are the prompt's own.
    env["PROMPT_FIELDS"]["ssoenv"] = lambda: env.get("SSOENV_PROMPT", "").replace("{", "{{").replace("}", "}}")


__ssoenv_install()
del __ssoenv_install
