"""How Slack says no: `ok: false` with a code, and now and then a header or a hint."""

from bot.playground.wire import Json


class Refusal(Exception):
    """A call that Slack refuses with `code`; `details` stand beside the code in the answer."""

    def __init__(
        self,
        code: str,
        *messages: str,
        status: int = 200,
        retry_after: int | None = None,
        **details: object,
    ) -> None:
        super().__init__(code, *messages)
        self.code = code
        self.messages = messages
        self.status = status
        self.retry_after = retry_after
        self.details = details

    def answer(self) -> Json:
        """The JSON that the caller reads."""
        answer: Json = {"ok": False, "error": self.code, **self.details}
        if self.messages:
            answer["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return answer
