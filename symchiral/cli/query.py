"""``symchiral query``: rows of a catalog."""

from __future__ import annotations

import argparse

from symchiral.cli.files import add_overwrite, wrote
from symchiral.cli.printing import write, write_table
from symchiral.errors import InputError

SUMMARY = "select rows of a catalog that screen has written"
EXAMPLES = (
    'query catalog "flips > 0 AND ir_pump AND raman_probe AND space_group IN (152, 154)"',
    'query catalog --sql "SELECT symbol, count(*) FROM catalog GROUP BY symbol"',
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("catalog", metavar="CATALOG", help="the folder of the catalog")
    parser.add_argument(
        "where",
        metavar="CONDITION",
        nargs="?",
        default="",
        help="a condition in SQL on the columns (default: all rows)",
    )
    parser.add_argument(
        "--list-columns", action="store_true", help="print all columns and what they mean"
    )
    parser.add_argument(
        "--columns", metavar="A,B,...", help="columns to give (default: the main ones, with -o all)"
    )
    parser.add_argument(
        "--sql", metavar="QUERY", help="a query of your own, of the table called catalog"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the rows: .csv, .parquet, .md or .json"
    )
    add_overwrite(parser)
    parser.add_argument("--quiet", action="store_true", help="do not say what is written")
    parser.add_argument(
        "--json", action="store_true", help='print {"columns": [...], "rows": [[...]]}'
    )


def run(options: argparse.Namespace) -> None:
    """Print the rows, or write them."""
    from symchiral.catalog.collection import Catalog
    from symchiral.text.catalog import columns_table, selection_table

    if options.list_columns:
        write_table(columns_table())
        return

    if options.sql is not None and (options.where or options.columns):
        raise InputError(
            "a query and a condition contradict each other",
            why="the query says which rows and which columns",
            fix="write both into the query, or leave --sql out",
        )
    catalog = Catalog(options.catalog)
    names = None
    if options.columns is not None:
        names = [word.strip() for word in options.columns.split(",") if word.strip()]
    if options.output is not None:
        catalog.save(
            options.output,
            options.where,
            columns=names,
            sql=options.sql,
            overwrite=options.overwrite,
        )
        wrote(options, options.output)
        return
    if options.sql is not None:
        found = catalog.sql(options.sql)
    else:
        found = catalog.query(options.where, columns=names)
    if options.json:
        write(found.to_json())
    else:
        write_table(selection_table(found))
