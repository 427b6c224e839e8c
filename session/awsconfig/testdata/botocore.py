"""Reads config files with the AWS CLI's own parser, for comparison.

Reads every file in the directory argv[1] and prints a JSON object: the file's
name, and null when the AWS CLI rejects the file, else what it reads for every
kind of section: a list of names, each with a list of keys and values.
"""
import json
import os
import sys

import awscli  # makes the botocore inside it importable
from botocore import configloader
from botocore.exceptions import ConfigParseError


def pairs(sections):
    return [[name, list(map(list, keys.items()))] for name, keys in sections.items()]


def services(raw):
    # botocore before 1.31 has no [services NAME]; later ones read the header
    # by the same rule as that of a profile.
    renamed = {
        "profile" + header[len("services"):]: keys
        for header, keys in raw.items()
        if header.startswith("services")
    }
    return configloader.build_profile_map(renamed)["profiles"]


def read(path):
    try:
        configloader.load_config(path)
    except ConfigParseError:
        return None
    # Nested blocks as text, as the Go package has them.
    raw = configloader.raw_config_parse(path, parse_subsections=False)
    by_kind = configloader.build_profile_map(raw)
    return {
        "": pairs(raw),
        "profile": pairs(by_kind["profiles"]),
        "sso-session": pairs(by_kind["sso_sessions"]),
        "services": pairs(services(raw)),
    }


root = sys.argv[1]
json.dump({name: read(os.path.join(root, name)) for name in sorted(os.listdir(root))}, sys.stdout)
