"""`/search`: passages that match some words, page by page, for the person alone."""

from dataclasses import dataclass

from bot.answering.cite import citation
from bot.answering.pipeline import Found, Pipeline
from bot.answering.respond import MEMBERS_ONLY
from bot.desk.clickers import belongs
from bot.desk.quotes import telling
from bot.errors import NothingIndexed
from bot.jobs import ShowPassages
from bot.ports.slack import Directory, Notices
from bot.screens import PassagePage

PAGE = 5
"""Passages on a page."""
PAGES = 10
NO_WORDS = "Give me words to look for, for instance: /search VPN password"


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds as for an answer, and shows what was found instead of answering."""

    pipeline: Pipeline
    directory: Directory
    notices: Notices

    async def find(self, job: ShowPassages) -> None:
        """Show one page, which may be empty, or tell the person why there is none. Raises as the index does."""
        if not await belongs(job.click, directory=self.directory):
            await self.notices.whisper(job.click, MEMBERS_ONLY)
        elif not job.words.strip():
            await self.notices.whisper(job.click, NO_WORDS)
        else:
            await self._shown(job)

    async def _shown(self, job: ShowPassages) -> None:
        reader = await self.directory.reader(job.click.person)
        try:
            found = await self.pipeline.find(job.words, (), audience=reader, limit=PAGE * PAGES)
        except NothingIndexed as error:
            await self.notices.whisper(job.click, error.user_message)
        else:
            await self.notices.passages(job.click, page_of(found, words=job.words, page=job.page))


def page_of(found: Found, *, words: str, page: int) -> PassagePage:
    """The page with this number; the last that may be shown for one beyond."""
    page = min(max(page, 0), PAGES - 1)
    hits = found.ranking.hits[: PAGE * PAGES]
    here = enumerate(hits[page * PAGE : (page + 1) * PAGE], page * PAGE + 1)
    return PassagePage(
        words=words,
        page=page,
        passages=tuple(citation(n, hit.chunk, telling(hit, found.query)) for n, hit in here),
        more=len(hits) > (page + 1) * PAGE,
    )
