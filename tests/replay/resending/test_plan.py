"""The plan keeps the recorded times; a request waits for what it depends on, and for nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from replay import binding
from replay.forms import is_random
from replay.resending.plan import After, Step, needed, over_at, steps
from tests.replay.resending.build import exchange, put_together

SESSION = "0b2f6c0e-5a53-4c3e-9a44-0f3e7d1c2b3a"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
AUTH = (b"Authorization", f"Bearer {TOKEN}".encode())
LOGIN = exchange(1, 0, "POST /login", answer=f'{{"token":"{TOKEN}"}}'.encode())
CREATE = exchange(2, 50_000, "POST /sessions", fields=[AUTH], answer=f'{{"id":"{SESSION}"}}'.encode())
SLOW = exchange(3, 100_000, f"POST /sessions/{SESSION}/run", fields=[AUTH], takes=60_000)
OTHER = exchange(4, 120_000, "GET /models", fields=[AUTH])
UPDATE = exchange(5, 200_000, f"POST /sessions/{SESSION}/save", fields=[AUTH])


def planned(*only: int, speed: float | None = 1.0) -> dict[int, Step]:
    recorded = put_together(LOGIN, CREATE, SLOW, OTHER, UPDATE)
    found = steps(
        recorded,
        binding.find(recorded.values()),
        only or list(recorded),
        speed=speed,
        is_random=is_random,
    )
    return {step.exchange: step for step in found}


def test_every_request_has_its_recorded_start_at_any_speed() -> None:
    assert [step.start for step in planned().values()] == [0, 50_000, 100_000, 120_000, 200_000]
    assert [step.start for step in planned(speed=2.0).values()] == [0, 25_000, 50_000, 60_000, 100_000]


def test_a_request_waits_for_the_values_that_it_carries() -> None:
    values = {number: {key.value for key in step.values} for number, step in planned().items()}
    assert values == {1: set(), 2: {TOKEN}, 3: {TOKEN, SESSION}, 4: {TOKEN}, 5: {TOKEN, SESSION}}


def test_who_acts_on_one_thing_keeps_the_pause_after_the_last_one_that_did() -> None:
    found = planned()
    assert found[5].after == (After(3, 40_000),)
    assert found[3].after == (After(2, 40_000),)
    assert planned(speed=2.0)[5].after == (After(3, 20_000),)


def test_who_only_shares_credentials_waits_for_nobody() -> None:
    assert planned()[4].after == ()


def test_at_full_speed_what_followed_follows_and_what_overlapped_overlaps() -> None:
    found = planned(speed=None)
    assert all(step.start == 0 for step in found.values())
    before = {number: {after.exchange for after in step.after} for number, step in found.items()}
    assert before == {1: set(), 2: {1}, 3: {2}, 4: {2}, 5: {3, 4}}


def test_what_is_asked_for_brings_along_what_it_depends_on() -> None:
    found = planned(5)
    assert {number: step.needed_by for number, step in found.items()} == {1: (2, 5), 2: (5,), 5: ()}
    assert found[5].start == 200_000


exchanges = st.lists(
    st.tuples(st.integers(0, 400_000), st.integers(1, 200_000), st.integers(0, 3)), min_size=1, max_size=12
)


@given(exchanges, st.sampled_from([None, 0.5, 1.0, 3.0]))
def test_dependencies_go_back_in_time_only_and_hold_in_the_recording(
    times: list[tuple[int, int, int]], speed: float | None
) -> None:
    ids = [f"{number:08x}-5a53-4c3e-9a44-0f3e7d1c2b3a" for number in range(4)]
    made = []
    for number, (at, takes, which) in enumerate(times, 1):
        line = f"POST /things/{ids[which]}" if number % 2 else "POST /things"
        made.append(exchange(number, at, line, answer=f'{{"id":"{ids[which]}"}}'.encode(), takes=takes))
    recorded = put_together(*made)
    bindings = binding.find(recorded.values())
    for step in steps(recorded, bindings, list(recorded), speed=speed, is_random=is_random):
        began = recorded[step.exchange].request.at
        first = min(each.request.at for each in recorded.values())
        assert step.start == (0 if speed is None else round((began - first) / speed))
        for key in step.values:
            assert key.issued.at <= began
            assert key.issued.exchange in recorded
        for after in step.after:
            end = over_at(recorded[after.exchange])
            assert end is not None
            assert end <= began
            assert after.pause == (0 if speed is None else round((began - end) / speed))


@given(exchanges)
def test_at_full_speed_whoever_was_over_is_waited_for(times: list[tuple[int, int, int]]) -> None:
    made = [exchange(n, at, "GET /x", takes=takes) for n, (at, takes, _) in enumerate(times, 1)]
    recorded = put_together(*made)
    found = steps(recorded, binding.find([]), list(recorded), speed=None, is_random=is_random)
    direct = {step.exchange: {after.exchange for after in step.after} for step in found}

    def all_before(number: int) -> set[int]:
        return set().union(direct[number], *(all_before(each) for each in direct[number]))

    for each in recorded.values():
        over = {n for n, other in recorded.items() if (over_at(other) or 0) <= each.request.at}
        assert all_before(each.exchange) == over - {each.exchange}


def test_nothing_is_needed_where_nothing_is_issued() -> None:
    assert needed(binding.find([]), [1, 2]) == {}
