"""Agora: one screen for the wall, alive every two seconds, that answers in one look."""

from grafana.board import Page, coverage_gaps, of_customer
from grafana.language import Language, Text
from grafana.pages.agora_numbers import first_line, second_line
from grafana.pages.agora_tables import tables

UID = "cc-now"


def page(language: Language) -> Page:
    """The page in one language."""
    return Page(
        uid=UID,
        title=Text("Agora", "Now"),
        description=Text(
            "O que acontece neste instante e hoje, desde a meia-noite no fuso do cliente.",
            "This moment, and today since midnight of the customer's zone.",
        ),
        panels=[*first_line(language), *second_line(language), *tables(language)],
        refresh="2s",
        is_live=True,
        variables=of_customer(language),
        annotations=[coverage_gaps(language)],
    )
