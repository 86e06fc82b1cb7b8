"""The job worker: leases jobs, runs them in order and within limits, and brings each to an end, whatever fails."""

from bot.worker.greeter import Greeter
from bot.worker.limits import Limits
from bot.worker.sweeper import Sweeper
from bot.worker.worker import Worker

__all__ = ["Greeter", "Limits", "Sweeper", "Worker"]
