"""A document for people to read: headings, texts, facts and tables, written once and shown as page and as PDF."""

from referral.core.documents.model import Block, Document, Facts, Paragraph, Section, Table
from referral.core.documents.pdf import to_pdf

__all__ = ["Block", "Document", "Facts", "Paragraph", "Section", "Table", "to_pdf"]
