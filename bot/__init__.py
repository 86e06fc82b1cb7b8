"""Footnote: answers questions in Slack from a company's own documents, with footnotes."""
