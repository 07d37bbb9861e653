"""The page of commands, from the command line's own parser."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from placement.cli import _parser


def commands_page() -> str:
    """Return the page, a section per command."""
    parser = _parser()
    named = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    helps = {choice.dest: choice.help for choice in named._choices_actions}
    lines = ["# Commands", "", "Made from the command line's own parser; `placement COMMAND --help` prints the same.", ""]
    lines += ["| command | what it does |", "|---|---|", *(f"| [`placement {name}`](#placement-{name}) | {_text(helps[name])} |" for name in named.choices)]
    lines += ["", f"{_text(str(parser.epilog)).capitalize()}. [More on exit codes](/howto/batch.md)."]
    for name, command in named.choices.items():
        lines += ["", f"## placement {name}", "", f"{_sentence(helps[name])}", "", "```text", *_usage(command), "```", ""]
        rows = list(_rows(command))
        lines += ["| argument | meaning |", "|---|---|", *rows] if rows else []
    return "\n".join(lines) + "\n"


def _usage(command: argparse.ArgumentParser) -> list[str]:
    formatter = argparse.HelpFormatter(command.prog, width=96)
    formatter.add_usage(command.usage, [a for a in command._actions if a.dest != "help"], command._mutually_exclusive_groups, prefix="")
    return formatter.format_help().strip().splitlines()


def _rows(command: argparse.ArgumentParser) -> Iterator[str]:
    for action in command._actions:
        if action.dest != "help" and action.help:  # the usage above names the others
            code = " ".join(filter(None, [", ".join(action.option_strings), _value(action)])).replace("|", r"\|")
            required = " *required*" if action.required and action.option_strings else ""
            yield f"| `{code}`{required} | {_text(action.help)} |"


def _value(action: argparse.Action) -> str:
    """Return what follows an option, or the name of an argument."""
    if action.nargs == 0:
        return ""
    words = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    value = words if isinstance(words, str) else " ".join(words)
    return f"{value}..." if action.nargs in ("*", "+") else value


def _text(words: str | None) -> str:
    """Return a help text as Markdown: options in code, nothing taken for a table's border."""
    quoted = re.sub(r"(?<![\w`-])(--[a-z][\w-]*)", r"`\1`", (words or "").replace("%%", "%"))
    return quoted.replace("|", r"\|")


def _sentence(words: str | None) -> str:
    text = _text(words)
    return f"{text[:1].upper()}{text[1:]}."
