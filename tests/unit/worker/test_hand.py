"""Which leased job runs next, and how many more are leased: answers, gestures, deletions each by themselves."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from bot.jobs import AnswerQuestion, Click, Job, ShowHome, WithdrawQuestion
from bot.ports.queue import Claim
from bot.worker.hand import Hand, Held
from bot.worker.limits import Limits
from tests.redis_fixtures import a_job
from tests.unit.worker.desk import a_job_of

FENCES = count(1)


def held(job: Job, *, queued: float = 0.0) -> Held:
    fence = next(FENCES)
    return Held(Claim(f"{fence}-0", job, 1, fence), since=queued, queued=queued)


def an_orphan(job: Job, *, deliveries: int = 2) -> Held:
    """A job whose holder vanished with it, once or more often."""
    one = held(job)
    return Held(replace(one.claim, deliveries=deliveries, orphaned=True), since=0.0, queued=-1.0)


def a_click(person: str) -> Job:
    return ShowHome(Click(f"click of {person}", "T0ACME", person))


def a_deletion(job: AnswerQuestion) -> Job:
    return WithdrawQuestion(job.question.id, job.question.conversation)


def begun(hand: Hand, *jobs: Held, now: float = 0.0) -> list[Held]:
    for job in jobs:
        hand.add(job)
    return hand.begin(now=now)


def a_full_hand(limits: Limits) -> Hand:
    """As many answers run as may, each of another person."""
    hand = Hand(limits, now=0.0)
    assert len(begun(hand, *(held(a_job_of(f"U{n}", n)) for n in range(limits.answers)))) == limits.answers
    return hand


def test_answers_hold_up_no_click_and_no_deletion() -> None:
    """With every place for answers taken, a Home tab is shown and an answer is taken back at once."""
    hand = a_full_hand(Limits(answers=2))
    question, click, deletion = held(a_job(7)), held(a_click("U0ANN")), held(a_deletion(a_job(8)))
    assert begun(hand, question, click, deletion) == [click, deletion]


def test_clicks_hold_up_no_answer() -> None:
    """With every place for gestures taken, a question is answered, and a further click waits."""
    hand = Hand(Limits(gestures=2), now=0.0)
    clicks = [held(a_click(person)) for person in ("U1", "U2", "U3")]
    question = held(a_job(1))
    assert begun(hand, *clicks, question) == [*clicks[:2], question]


def test_a_deletion_takes_along_the_question_that_did_not_begin() -> None:
    """A question that waits for a place is over with when its deletion comes: in order, and without a place."""
    hand = a_full_hand(Limits(answers=1))
    question, deletion = held(a_job(7)), held(a_deletion(a_job(7)))
    assert begun(hand, question) == []
    assert begun(hand, deletion) == [question]
    hand.over(question, now=1.0)
    assert hand.begin(now=1.0) == [deletion]


def test_a_deletion_comes_after_the_answer_that_is_being_made() -> None:
    """What is taken back is known only when nobody writes it any more."""
    hand = Hand(Limits(), now=0.0)
    question, deletion = held(a_job(7)), held(a_deletion(a_job(7)))
    assert begun(hand, question) == [question]
    assert begun(hand, deletion) == []
    hand.over(question, now=1.0)
    assert hand.begin(now=1.0) == [deletion]


@pytest.mark.parametrize(("answers", "most"), [(1, 1), (2, 1), (3, 2), (8, 4)])
def test_one_person_has_half_of_the_places(answers: int, most: int) -> None:
    """However much one person asks, the next person's question begins at once."""
    hand = Hand(Limits(answers=answers), now=0.0)
    flood = [held(a_job_of("U0FLOOD", n), queued=n) for n in range(20)]
    other = held(a_job_of("U0OTHER", 99), queued=99)
    running = begun(hand, *flood, other)
    assert running == [*flood[:most], *([other] if answers > 1 else [])]


def test_the_oldest_begins_first() -> None:
    """What was queued first begins first, also when it is leased later: a job that is tried again, say."""
    hand = a_full_hand(Limits(answers=1))
    late, early = held(a_job(7), queued=9.0), held(a_job(8), queued=3.0)
    assert begun(hand, late, early) == []
    hand.over(next(iter(hand.running)), now=10.0)
    assert hand.begin(now=10.0) == [early]


def test_no_more_is_leased_than_is_of_use() -> None:
    """As much as there are places for; when they are taken a handful at a time, up to the surplus, and no further."""
    limits = Limits(answers=2, surplus=5, handful=3)
    hand = Hand(limits, now=0.0)
    assert hand.room(now=0.0) == 2
    hand = a_full_hand(limits)
    assert hand.room(now=0.0) == 3
    assert begun(hand, *(held(a_job_of(f"U{n}", n)) for n in range(10, 13))) == []
    assert hand.room(now=0.0) == 2
    assert begun(hand, *(held(a_job_of(f"U{n}", n)) for n in range(13, 15))) == []
    assert hand.room(now=0.0) == 0


def test_a_long_conversation_uses_up_no_surplus() -> None:
    """What waits only for its turn in a conversation leaves room for others behind it, up to what is held at all."""
    hand = Hand(Limits(answers=2, surplus=2, held=30), now=0.0)
    thread = [held(a_job_of(f"U{n}", n, thread="one"), queued=n) for n in range(20)]
    assert begun(hand, *thread) == [thread[0]]
    assert hand.room(now=0.0) == 1
    others = [held(a_job_of(f"U{n}", n), queued=n) for n in range(30, 41)]
    assert begun(hand, *others) == others[:1]
    assert hand.room(now=0.0) == 0


def test_what_waits_while_no_place_becomes_free_is_for_others() -> None:
    """After two seconds without an end the surplus goes back, for others to take, and for a moment none is leased."""
    hand = a_full_hand(Limits(answers=1, keep=2.0, rest=1.5))
    [running] = hand.running
    surplus, behind = held(a_job(7)), held(replace(a_job(0), question=a_job(0, thread="0.000100").question))
    begun(hand, surplus, behind, now=0.0)
    assert hand.stuck(now=1.9) == []
    assert hand.stuck(now=2.0) == [surplus]
    assert hand.room(now=3.4) == 0
    assert hand.room(now=3.5) > 0
    assert hand.stuck(now=9.0) == []
    assert set(hand.leased) == {running, behind}


def test_a_place_that_becomes_free_ends_the_rest() -> None:
    """Who has room takes what there is at once."""
    hand = a_full_hand(Limits(answers=1))
    begun(hand, held(a_job(7)))
    assert hand.stuck(now=5.0)
    hand.over(next(iter(hand.running)), now=5.1)
    assert hand.room(now=5.1) == 1


def test_a_lost_job_keeps_its_place_until_it_lets_go() -> None:
    """Nothing begins in the place, or in the conversation, of a job that still runs, whoever's it is by now."""
    hand = a_full_hand(Limits(answers=1))
    [running] = hand.running
    waiting = held(a_job(7))
    begun(hand, waiting)
    hand.lose(running)
    assert hand.begin(now=1.0) == []
    assert hand.leased == [waiting]
    hand.over(running, now=2.0)
    assert hand.begin(now=2.0) == [waiting]


def test_at_the_end_others_get_all_but_what_runs_and_what_follows_it() -> None:
    """A conversation that is being answered here is not begun elsewhere at the same time."""
    hand = Hand(Limits(answers=1), now=0.0)
    running, next_, other = (
        held(job) for job in (a_job_of("U1", 1, thread="a"), a_job_of("U2", 2, thread="a"), a_job(3))
    )
    begun(hand, running, next_, other)
    assert hand.idle() == [other]
    assert set(hand.close()) == {running, next_}
    hand.over(running, now=1.0)
    assert hand.begin(now=1.0) == []


def test_what_a_worker_may_have_died_of_runs_apart_from_the_rest() -> None:
    """Orphans run together, after all else in hand, though they are older; nothing more is leased until they end."""
    hand = Hand(Limits(), now=0.0)
    first, second, fresh = an_orphan(a_job(1)), an_orphan(a_job(2)), held(a_job(3))
    for job in (fresh, first, second):
        hand.add(job)
    assert hand.aside() == []
    assert hand.begin(now=0.0) == [fresh]
    assert hand.room(now=0.0) == 0
    hand.over(fresh, now=0.0)
    assert hand.begin(now=0.0) == [first, second]
    assert hand.room(now=0.0) == 0
    late = held(a_job(4))
    assert begun(hand, late) == []
    assert hand.aside() == [late]  # it would die with them though it did not run
    hand.over(first, now=0.0)
    hand.over(second, now=0.0)
    assert hand.room(now=0.0) > 0
    assert hand.aside() == []


def test_what_waits_for_a_place_runs_before_a_suspect() -> None:
    """All that is in hand is answered before this worker dares what others may have died of."""
    hand = Hand(Limits(answers=1), now=0.0)
    suspect, one, another = an_orphan(a_job(1)), held(a_job(2), queued=2.0), held(a_job(3), queued=3.0)
    for job in (suspect, one, another):
        hand.add(job)
    assert hand.aside() == []
    for job in (one, another, suspect):
        assert hand.begin(now=0.0) == [job]
        assert hand.begin(now=0.0) == []
        hand.over(job, now=0.0)


def test_what_comes_after_a_suspect_waits_elsewhere() -> None:
    """A follow-up never overtakes what was asked before it, and does not die with it either."""
    hand = Hand(Limits(), now=0.0)
    suspect, follow_up = an_orphan(a_job(1, thread="a")), held(a_job(2, thread="a"), queued=2.0)
    assert begun(hand, suspect, follow_up) == [suspect]
    assert hand.aside() == [follow_up]
    hand = Hand(Limits(), now=0.0)
    hand.add(suspect)
    hand.add(follow_up)
    assert hand.aside() == [follow_up]
    assert hand.begin(now=0.0) == [suspect]


def test_what_several_workers_may_have_died_of_runs_alone() -> None:
    """One after the other, and after all that is in hand already; then things go on as ever."""
    hand = Hand(Limits(), now=0.0)
    running = held(a_job(1))
    assert begun(hand, running) == [running]
    first, second, third = (an_orphan(a_job(n), deliveries=n) for n in (3, 5, 2))
    for job in (first, second, third, fresh := held(a_job(6))):
        hand.add(job)
    assert hand.aside() == [second, third]  # they would die with the first though they did not run
    assert hand.begin(now=0.0) == [fresh]
    hand.over(fresh, now=0.0)
    assert hand.begin(now=0.0) == []
    hand.over(running, now=0.0)
    assert hand.begin(now=0.0) == [first]
    assert begun(hand, second) == []
    assert hand.aside() == [second]
    hand.over(first, now=0.0)
    assert begun(hand, second) == [second]
    hand.over(second, now=0.0)
    fresh = held(a_job(4))
    assert begun(hand, fresh) == [fresh]


def test_a_job_that_was_given_back_is_no_suspect() -> None:
    """However often: it failed, or somebody asked to wait."""
    hand = Hand(Limits(), now=0.0)
    again = held(a_job(1))
    again = Held(replace(again.claim, deliveries=4), since=0.0, queued=0.0)
    assert begun(hand, again, fresh := held(a_job(2))) == [again, fresh]


def test_what_this_process_outlived_is_given_back_once_it_has_let_go() -> None:
    """So that nobody takes it for something that kills: the queue was silent for longer than a lease."""
    hand = Hand(Limits(), now=0.0)
    waiting, taken = held(a_job(1)), held(a_job(2))
    for job in (waiting, taken):
        hand.add(job)
    hand.lose(waiting, outlived=True)
    hand.lose(taken)
    assert hand.outlived() == [waiting]
    assert hand.outlived() == []
    assert hand.leased == []
