"""The four workplaces, by name."""

from tests.benchmarks.learning.workplaces.oncall import OnCall
from tests.benchmarks.learning.workplaces.repository import Repository
from tests.benchmarks.learning.workplaces.shop import Shop
from tests.benchmarks.learning.workplaces.weekly import Weekly

WORKPLACES = {each.name: each for each in (Shop, Repository, Weekly, OnCall)}
