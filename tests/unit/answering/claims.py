"""Sentences that a model could write from a passage, and whether the passage says them; made by hand."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from bot.models import Hit
from bot.words.sentences import sentences
from tests.nouns import a_chunk

Kind = Literal["same", "reworded", "number", "name", "negation", "contrary", "relation", "invented"]


class Claim(NamedTuple):
    """A sentence about the passage `page`; `kind` says what is right or wrong about it."""

    text: str
    page: str
    true: bool
    kind: Kind


_PAGES: Final = """
leave: Parental leave
  Parents get sixteen weeks of paid leave. Leave may be split into two parts. Tell your manager eight
  weeks before the leave begins. Leave that is not taken within a year of the birth is lost. Adoptive
  parents have the same rights. Ask Maria Lopez in Human Resources for the form.
sick: Sick days
  Call your manager before 10 a.m. on the first day. A doctor's note is needed from the fourth day.
  Send it to Jonas Weber in Payroll. Sick days are not taken from your vacation. After six weeks the
  health insurance pays 70 percent of your salary.
vpn: VPN access
  Reset your VPN password on the access page. A new password works after fifteen minutes. Passwords
  need at least twelve characters. Do not share your password with anybody, not even with IT. The VPN
  is open to staff and contractors, but guests cannot use it. Run `vpn login --sso` in a terminal.
  Version 4.2 of the client supports Linux; version 3.9 does not.
expenses: Travel expenses
  Flights of less than six hours are booked in economy class. Hotels cost at most 140 euros a night in
  Berlin and 180 euros in Zurich. Hand in receipts within 30 days of the trip. Alcohol is never
  reimbursed. Taxis are reimbursed only when no public transport runs. Erika Braun approves trips
  outside Europe.
office: Office in Oslo
  The office opens at seven and closes at nine in the evening. Dogs are welcome on Fridays. Bicycles
  are locked to the rack in the yard. Visitors sign in at the front desk and wear a badge. The canteen
  serves lunch from noon to two. Meeting room Fjord seats twelve people, meeting room Skog seats six.
deploy: Deployments
  Deploy to staging before production. Never deploy on a Friday. Every deployment needs two approvals.
  Roll back with `make rollback` when the error rate exceeds 2 percent. The pipeline keeps the last
  five releases. Backups of the Postgres database run daily at 03:00 and are kept for 35 days.
security: Reporting a security incident
  Report a lost laptop to security@example.com within two hours. The security team locks the device
  remotely. Do not try to find it yourself. A replacement laptop is handed out by the helpdesk in
  Hamburg on the next working day. Phishing mails are forwarded as an attachment, never inline. Ines
  Roth leads the response team, and Paul Adler writes the report. Reports are kept for ten years.
billing: Billing API
  The billing API returns at most 100 invoices per page. Use the `cursor` parameter to fetch the next
  page. Requests are limited to 600 per minute for each key; above that the API answers with status
  429. Test keys begin with `tk_` and live keys with `lk_`. Invoices cannot be deleted, only voided.
  Webhooks are retried for three days. Sandbox data is erased every Sunday.
learning: Learning budget
  Every employee has a learning budget of 1,500 euros a year. Unused budget does not carry over to the
  next year. Courses over 800 euros need the approval of your lead. Books are free of charge and do
  not count towards the budget. Interns have no budget, but they may join internal courses. Conference
  tickets are booked by Lena Vogt.
"""

_CLAIMS: Final = """
+ same     leave    Parents get 16 weeks of paid leave.
+ same     leave    Parental leave may be split into two parts.
+ reworded leave    You can split your parental leave into 2 parts.
+ reworded leave    You have to tell your manager eight weeks before your leave begins.
+ reworded leave    Adoptive parents have the same rights to leave.
+ reworded leave    For the form, ask Maria Lopez in Human Resources.
+ reworded leave    Paid parental leave is 16 weeks, and it may be split into two parts.
+ reworded leave    Leave not taken within one year of the birth is lost.
- number   leave    Parents get 18 weeks of paid leave.
- number   leave    Parents get 8 weeks of paid leave.
- number   leave    Parental leave may be split into three parts.
- number   leave    Tell your manager sixteen weeks before the leave begins.
- name     leave    Ask Jonas Weber in Human Resources for the form.
- negation leave    Parental leave may not be split into two parts.
- negation leave    Adoptive parents do not have the same rights.
- contrary leave    Parents get sixteen weeks of unpaid leave.
- contrary leave    Tell your manager eight weeks after the leave begins.
- invented leave    Parents who work part time get half of the leave.
- invented leave    Leave is granted by the board of directors.
+ same     sick     A doctor's note is needed from the fourth day.
+ reworded sick     You need a doctor's note from day 4.
+ reworded sick     Call your manager before 10 a.m. on your first sick day.
+ reworded sick     Send the doctor's note to Jonas Weber in Payroll.
+ reworded sick     Sick days do not count as vacation taken from you.
+ reworded sick     After 6 weeks, health insurance pays 70 percent of the salary.
- number   sick     A doctor's note is needed from the third day.
- number   sick     After six weeks the health insurance pays 80 percent of your salary.
- number   sick     Call your manager before 11 a.m. on the first day.
- name     sick     Send the note to Maria Lopez in Payroll.
- negation sick     Sick days are taken from your vacation.
- negation sick     A doctor's note is not needed from the fourth day.
- contrary sick     Call your manager after 10 a.m. on the first day.
- invented sick     Sick days are paid in full for one year.
+ same     vpn      Reset your VPN password on the access page.
+ reworded vpn      Your new password works after 15 minutes.
+ reworded vpn      Passwords must have at least 12 characters.
+ reworded vpn      Run `vpn login --sso` in your terminal.
+ reworded vpn      Guests cannot use the VPN.
+ reworded vpn      Do not share your VPN password with anybody.
+ reworded vpn      Version 4.2 of the client supports Linux.
- number   vpn      Passwords need at least ten characters.
- number   vpn      A new password works after fifty minutes.
- number   vpn      Version 3.9 of the client supports Linux.
- name     vpn      Run `vpn login --okta` in a terminal.
- negation vpn      You may share your password with anybody.
- negation vpn      Guests can use the VPN.
- negation vpn      Staff and contractors cannot use the VPN.
- contrary vpn      Passwords need at most twelve characters.
- invented vpn      The VPN logs you out every evening.
+ same     expenses Hand in receipts within 30 days of the trip.
+ reworded expenses You must hand in your receipts within thirty days of a trip.
+ reworded expenses In Berlin, hotels may cost at most 140 euros a night.
+ reworded expenses Flights under six hours are in economy class.
+ reworded expenses Alcohol is never reimbursed.
+ reworded expenses Alcohol is not reimbursed.
+ reworded expenses Trips outside Europe are approved by Erika Braun.
- number   expenses Hotels cost at most 180 euros a night in Berlin.
- number   expenses Hand in receipts within 60 days of the trip.
- name     expenses Hotels cost at most 140 euros a night in Vienna.
- name     expenses Maria Lopez approves trips outside Europe.
- negation expenses Alcohol is reimbursed.
- contrary expenses Erika Braun approves trips inside Europe.
- relation expenses Flights of less than six hours are reimbursed only when no public transport runs.
- invented expenses Business class is booked for directors.
+ same     office   Dogs are welcome on Fridays.
+ reworded office   The office opens at 7 and closes at 9 in the evening.
+ reworded office   Lunch is served in the canteen from noon to two.
+ reworded office   Lock your bicycle to the rack in the yard.
+ reworded office   Meeting room Fjord seats 12 people.
+ reworded office   Visitors sign in at the front desk and get a badge to wear.
- number   office   The office opens at eight and closes at nine in the evening.
- number   office   Meeting room Fjord seats six people.
- name     office   Dogs are welcome on Mondays.
- name     office   Meeting room Dal seats twelve people.
- negation office   Dogs are not welcome on Fridays.
- invented office   The office has a gym in the basement.
+ same     deploy   Never deploy on a Friday.
+ reworded deploy   Do not deploy on a Friday.
+ reworded deploy   Each deployment needs 2 approvals.
+ reworded deploy   Roll back with `make rollback` if the error rate exceeds 2 percent.
+ reworded deploy   Postgres backups run daily at 03:00 and are kept for 35 days.
+ reworded deploy   The last 5 releases are kept by the pipeline.
- number   deploy   Every deployment needs three approvals.
- number   deploy   Roll back with `make rollback` when the error rate exceeds 5 percent.
- number   deploy   Backups of the Postgres database are kept for 30 days.
- name     deploy   Backups of the Oracle database run daily at 03:00.
- negation deploy   Deploy on a Friday.
- contrary deploy   Deploy to staging after production.
- contrary deploy   Backups of the Postgres database run weekly at 03:00.
- invented deploy   Deployments are announced in the release channel.
"""

_UNSEEN: Final = """
+ same     security Report a lost laptop to security@example.com within two hours.
+ reworded security A lost laptop must be reported to security@example.com within 2 hours.
+ reworded security The security team will lock the device remotely.
+ reworded security You get a replacement laptop from the helpdesk in Hamburg on the next working day.
+ reworded security Forward phishing mails as an attachment, not inline.
+ reworded security The response team is led by Ines Roth.
+ reworded security Reports are kept for 10 years.
- number   security Report a lost laptop within four hours.
- number   security Reports are kept for two years.
- name     security The response team is led by Paul Adler.
- name     security A replacement laptop is handed out by the helpdesk in Munich.
- negation security Try to find the laptop yourself.
- negation security Phishing mails are not forwarded as an attachment.
- contrary security Forward phishing mails inline.
- relation security Paul Adler locks the device remotely.
- invented security The thief is reported to the police.
+ same     billing  Invoices cannot be deleted, only voided.
+ reworded billing  A page holds at most 100 invoices.
+ reworded billing  Fetch the next page with the `cursor` parameter.
+ reworded billing  Each key is limited to 600 requests per minute.
+ reworded billing  Above 600 requests a minute, the API answers with status 429.
+ reworded billing  Live keys begin with `lk_`.
+ reworded billing  Sandbox data is erased each Sunday.
- number   billing  The billing API returns at most 500 invoices per page.
- number   billing  Webhooks are retried for five days.
- number   billing  Above the limit the API answers with status 503.
- name     billing  Live keys begin with `tk_`.
- name     billing  Sandbox data is erased every Monday.
- negation billing  Invoices can be deleted.
- contrary billing  The billing API returns at least 100 invoices per page.
- relation billing  Webhooks are retried for each key.
- invented billing  Invoices are sent as PDF files.
+ same     learning Books are free of charge and do not count towards the budget.
+ reworded learning Each employee has 1500 euros a year for learning.
+ reworded learning Budget that you do not use does not carry over to the next year.
+ reworded learning Your lead has to approve courses over 800 euros.
+ reworded learning Interns do not have a budget, but may join internal courses.
+ reworded learning Lena Vogt books conference tickets.
- number   learning Courses over 1,500 euros need the approval of your lead.
- number   learning Every employee has a learning budget of 2,500 euros a year.
- name     learning Conference tickets are booked by Lena Braun.
- negation learning Unused budget carries over to the next year.
- negation learning Books count towards the budget.
- contrary learning Interns may join external courses.
- contrary learning Courses under 800 euros need the approval of your lead.
- invented learning Language courses are paid in full.
"""
"""Written after the thresholds were chosen, and not looked at since but to count."""

_PARAPHRASES: Final = """
+ reworded leave Employees with a newborn receive sixteen weeks off with full salary.
+ reworded leave You lose the leave if you do not use it within a year of the birth.
+ reworded sick Phone your boss prior to 10 a.m. on day one.
+ reworded sick Six weeks later, health insurance covers 70 percent of your pay.
+ reworded vpn Choose passwords of no fewer than 12 characters.
+ reworded vpn Keep your password to yourself, even from IT.
+ reworded expenses Submit receipts no later than 30 days after travelling.
+ reworded expenses Drinks with alcohol are not refunded.
+ reworded expenses A taxi is only paid if there is no public transport.
+ reworded office You may bring your dog on Fridays.
+ reworded office Guests register at the front desk and wear a badge.
+ reworded deploy Two people have to approve each deployment.
+ reworded deploy Use `make rollback` once more than 2 percent of requests fail.
+ reworded learning Books do not cost you any budget.
- invented leave Employees may take unpaid holidays after parental leave.
- invented sick Payroll staff visit you at home when you are sick.
- invented vpn Guests of the company receive temporary accounts from IT.
- invented expenses Hotel breakfasts are refunded on every trip.
- invented office Cats are welcome at the office as well.
- invented deploy Deployments happen automatically every night.
- invented learning Interns choose conference tickets for the team.
"""
"""In words of their own: for what vectors are worth."""

_KINDS: Final[dict[str, Kind]] = {
    kind: kind for kind in ("same", "reworded", "number", "name", "negation", "contrary", "relation", "invented")
}


def seen() -> list[Claim]:
    """Those that the rules and thresholds were chosen on."""
    return _read(_CLAIMS)


def unseen() -> list[Claim]:
    """Those that they were not chosen on."""
    return _read(_UNSEEN)


def paraphrases() -> list[Claim]:
    """Sentences that share few words with their passage."""
    return _read(_PARAPHRASES)


def _read(table: str) -> list[Claim]:
    found: list[Claim] = []
    for line in table.strip().splitlines():
        sign, kind, page, text = line.split(maxsplit=3)
        found.append(Claim(text, page, sign == "+", _KINDS[kind]))
    return found


def passages() -> dict[str, Hit]:
    """The pages as hits, with their sentences as units."""
    found: dict[str, Hit] = {}
    for page in re.split(r"\n(?=\w)", _PAGES.strip()):
        head, _, body = page.partition("\n")
        name, _, title = head.partition(": ")
        text = " ".join(body.split())
        units = tuple(sentences(text))
        found[name] = Hit(a_chunk(text, path=f"{name}.md", title=title, heading_path=(), units=units), 1.0)
    return found
