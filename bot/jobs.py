"""Durable jobs as plain values: what a queue carries between the Slack edge and the worker."""

from dataclasses import dataclass

from bot.models import Question


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """Answer one question, once."""

    question: Question


Job = AnswerQuestion
