"""What ends a search early: the plan so far stays valid, and so does its bound."""

import numpy as np
import pytest
from planning import Case
from scipy.sparse import csr_matrix

from coverage_analyzer.arrays import Floats
from coverage_analyzer.siting import bounds, optimise, solver
from coverage_analyzer.siting.bounds import Master, Relaxation
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.question import Question


def hard() -> Case:
    """Return a problem in which one center cannot gain everything."""
    cases = map(Case, range(2, 3000, 3))
    return next(c for c in cases if len(c.ids) > 5 and len(c.weight) > 20)


def test_an_interrupt_returns_the_plan_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bound that holds, and the reason why it ended."""

    def interrupted(*_: object) -> Relaxation:
        raise KeyboardInterrupt

    monkeypatch.setattr(Master, "run", interrupted)
    monkeypatch.setattr(optimise, "SMALL_PAIRS", -1)
    case = hard()
    setting, solution = case.solve(Question(new=1))
    best = max(map(case.value, case.plans(Question(new=1))))
    assert solution.stopped_by == "interrupt"
    assert solution.plan is not None
    assert solution.objective / setting.scale <= best <= solution.bound / setting.scale


def test_a_time_limit_returns_the_plan_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """However short it is: greedy choice always ends."""
    monkeypatch.setattr(optimise, "SMALL_PAIRS", -1)
    case = hard()
    setting = case.setting(Question(new=2, time_limit_s=1e-9))
    solution = optimise.optimise(
        setting.program(), setting.rules(), effort=optimise.Effort(), clock=Clock.of(1e-9)
    )
    best = max(map(case.value, case.plans(Question(new=2))))
    assert solution.plan is not None
    assert solution.stopped_by in {"time_limit", "proved"}
    assert solution.objective / setting.scale <= best <= solution.bound / setting.scale + 1e-9


def test_without_branching_the_bound_still_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nearly all candidates are left, a long search and the linear program are the answer."""
    monkeypatch.setattr(optimise, "SMALL_PAIRS", -1)
    monkeypatch.setattr(optimise, "MANY_PAIRS", -1)
    monkeypatch.setattr(optimise, "FIXED", 1.0)
    run = Master.run

    def weak(self: Master, inner: Floats, enough: float, clock: Clock) -> Relaxation:
        result = run(self, inner, enough, clock)
        result.bound *= 1.1
        return result

    monkeypatch.setattr(Master, "run", weak)
    open_ends = 0
    for seed in range(2, 100, 3):
        case = Case(seed)
        setting = case.setting(Question(new=1))
        solution = optimise.optimise(
            setting.program(), setting.rules(), effort=optimise.Effort(rounds=5), clock=Clock()
        )
        best = max(map(case.value, case.plans(Question(new=1))))
        assert solution.plan is not None
        assert solution.objective / setting.scale <= best + 1e-9
        assert best <= solution.bound / setting.scale + 1e-9
        open_ends += solution.stopped_by == "search_limit"
    assert open_ends


def test_bounds_hold_whatever_ends_the_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """They come from the dual values of the very program that was solved last."""
    for rounds in (1, 2, 3):
        monkeypatch.setattr(bounds, "ROUNDS", rounds)
        for seed in range(30):
            case = Case(seed)
            setting = case.setting(Question(new=2))
            master = Master(setting.program())
            inner = np.full(len(case.ids), 0.3)
            relaxation = master.run(inner, -np.inf, Clock())
            best = max(map(case.value, case.plans(Question(new=2))))
            assert relaxation.bound / setting.scale >= best - 1e-9


def test_an_interrupt_stops_the_optimiser_within_an_integer_program(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """HiGHS is told to stop, and prints nothing, neither then nor before."""
    from coverage_analyzer.siting.solver import Model

    random = np.random.default_rng(1)
    n = 60
    model = Model(-random.integers(50, 100, n).astype(float), np.zeros(n), np.ones(n))
    weights = csr_matrix(random.integers(50, 100, (20, n)).astype(float))
    half = np.asarray(weights.sum(axis=1)).ravel() / 2
    model.add_rows(weights, np.full(20, -np.inf), half)
    model.set_integer(np.arange(n))
    wait, looks = model._highs.wait, []

    def interrupted(seconds: float) -> object:
        looks.append(seconds)
        if len(looks) == 2:
            raise KeyboardInterrupt
        return wait(seconds)

    monkeypatch.setattr(model._highs, "wait", interrupted)
    monkeypatch.setattr(solver, "WAIT_S", 0.01)
    with pytest.raises(KeyboardInterrupt):
        model.run(Clock())
    assert capfd.readouterr() == ("", "")


def test_a_plan_that_no_search_finds_is_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three centers two must stay, one of which serves nobody; exchanges stop at what gains."""
    monkeypatch.setattr(optimise, "SMALL_PAIRS", -1)
    case = Case(502, existing=3)
    case.reach, case.country = case.reach[:, :3], case.country[:3]
    case.cost, case.existing = case.cost[:3], case.existing[:3]
    question = Question(close=1)
    setting, solution = case.solve(question)
    assert solution.plan is not None
    assert len(solution.plan) == 2
    best = max(map(case.value, case.plans(question)))
    assert solution.objective / setting.scale == solution.bound / setting.scale == best


def test_forgotten_cuts_change_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """However soon they are deleted, and whatever the limits were when they were made."""
    setting = hard().setting(Question(new=2))
    program, none = setting.program(), np.zeros(setting.cover.n_candidates)
    kept = Master(program, 4).run(none, -np.inf, Clock()).bound
    monkeypatch.setattr(bounds, "IDLE", 1)
    monkeypatch.setattr(bounds, "KEPT", 1.0)
    master = Master(program, 4)
    for most in (1.0, 3.0, 2.0):
        master.set_side(0, -np.inf, most)
        result = master.run(none, -np.inf, Clock())
    assert result.bound == pytest.approx(kept)


def test_an_answer_bounds_other_numbers_of_centers() -> None:
    """By the worth of each candidate, without another linear program."""
    for seed in range(20):
        case = Case(seed)
        program = case.setting(Question(new=2)).program()
        result = Master(program).run(program.high / 2, -np.inf, Clock())
        setting = case.setting(Question(new=3))
        bounds = result.for_sizes(program, 0, np.array([1, 2, 3])) / setting.scale
        assert bounds[1] == pytest.approx(result.bound / setting.scale)
        for size, bound in zip((1, 3), bounds[[0, 2]].tolist(), strict=True):
            best = max(map(case.value, case.plans(Question(new=size))))
            assert best <= bound + 1e-6 * max(1.0, best)
