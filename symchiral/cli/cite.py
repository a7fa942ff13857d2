"""``symchiral cite``: what to cite for an answer."""

from __future__ import annotations

import argparse

from symchiral.cli.files import add_overwrite, check_output, wrote
from symchiral.cli.printing import write

SUMMARY = "print in BibTeX what to cite for an answer"
EXAMPLES = (
    "cite",
    "cite answer.json -o answer.bib",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "document",
        metavar="DOCUMENT",
        nargs="?",
        help="what a command printed with --json or wrote to -o FILE.json (default: what every "
        "result rests on)",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the entries to a file, .bib")
    parser.add_argument("--quiet", action="store_true", help="do not say what is written")
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Print the entries, or write them."""
    from symchiral.disk import write_text
    from symchiral.plain import parse_json
    from symchiral.reading.files import load, locate, unpack
    from symchiral.write.citations import KIND, MARK, cite

    document = None
    if options.document is not None:
        data = load(locate(options.document), name=options.document)
        document = parse_json(unpack(data, name=options.document), name=options.document)
    check_output(options, options.output, KIND, (".bib",), known=MARK)
    text = cite(document)
    if options.output is None:
        write(text)
        return
    write_text(options.output, text, KIND, known=MARK, overwrite=options.overwrite)
    wrote(options, options.output)
