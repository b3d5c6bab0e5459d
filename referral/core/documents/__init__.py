"""A document for people to read: headings, texts, facts and tables, written once and shown as page and as PDF; and
tables for spreadsheets."""

from referral.core.documents.model import Block, Document, Facts, Paragraph, Picture, Section, Table
from referral.core.documents.page import to_html
from referral.core.documents.pdf import to_pdf
from referral.core.documents.sheets import Sheet, Value, in_csv, safe_text, to_csv, to_xlsx

__all__ = [
    "Block",
    "Document",
    "Facts",
    "Paragraph",
    "Picture",
    "Section",
    "Sheet",
    "Table",
    "Value",
    "in_csv",
    "safe_text",
    "to_csv",
    "to_html",
    "to_pdf",
    "to_xlsx",
]
