"""HiGHS, the linear and integer optimiser: the one place where it is called."""

from typing import Any, Final, NamedTuple

import numpy as np

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.errors import require
from coverage_analyzer.siting.clock import Clock

RANDOM_SEED: Final = 1
"""Of the optimiser's own choices, which are the same in every run."""


WAIT_S: Final = 0.1
"""Seconds between two looks at an interrupt."""


class Outcome(NamedTuple):
    """What the optimiser returned.

    Attributes
    ----------
    status
        ``optimal``, ``infeasible`` or ``limit``.
    values
        Of the columns, shape (columns,); None without a solution.
    duals
        Of the rows of a linear program, shape (rows,); None without one.
    bound
        Least possible objective that the optimiser proved for an integer program.
    objective
        Of the solution, as the optimiser reports it.
    is_consistent
        Whether that is the sum of the costs of the values.
    """

    status: str
    values: Floats | None
    duals: Floats | None
    bound: float
    objective: float = np.inf
    is_consistent: bool = True


class Model:
    """A minimisation that grows by rows and keeps its basis between runs.

    Parameters
    ----------
    cost
        Of each column, shape (columns,).
    lower, upper
        Bounds of each column, of that shape.

    Raises
    ------
    MissingExtraError
        If the extra ``siting`` is not installed.
    """

    def __init__(self, cost: Floats, lower: Floats, upper: Floats) -> None:
        require("siting", "highspy", "scipy")
        self._highs: Any = _silent_highs()
        self._cost = cost
        options = {
            "threads": 1,
            "random_seed": RANDOM_SEED,
            "mip_feasibility_tolerance": 1e-9,
        }
        for name, value in options.items():
            self._highs.setOptionValue(name, value)
        self._highs.addVars(len(cost), lower, upper)
        columns = np.arange(len(cost), dtype=np.int32)
        self._highs.changeColsCost(len(cost), columns, cost)

    def set_options(self, **values: float) -> None:
        """Set options of the optimiser by their names."""
        for name, value in values.items():
            self._highs.setOptionValue(name, value)

    def add_rows(self, matrix: Any, lower: Floats, upper: Floats) -> None:
        """Add rows ``lower <= matrix @ columns <= upper``; the matrix is SciPy's CSR."""
        rows = matrix.shape[0]
        if rows:
            start = matrix.indptr[:-1].astype(np.int32)
            index, value = matrix.indices.astype(np.int32), matrix.data.astype(np.float64)
            self._highs.addRows(rows, lower, upper, matrix.nnz, start, index, value)

    def delete_rows(self, rows: Ints) -> None:
        """Delete rows that hold nothing back: the next run goes on from the same basis."""
        basis = self._highs.getBasis()
        deleted = set(rows.tolist())
        kept = [state for row, state in enumerate(basis.row_status) if row not in deleted]
        self._highs.deleteRows(len(rows), rows.astype(np.int32))
        basis.row_status = kept
        self._highs.setBasis(basis)

    def set_row_bounds(self, row: int, lower: float, upper: float) -> None:
        """Change the bounds of a row."""
        self._highs.changeRowBounds(row, lower, upper)

    def set_column_bounds(self, first: int, lower: Floats, upper: Floats) -> None:
        """Change the bounds of all columns from one on."""
        n = len(lower)
        columns = np.arange(first, first + n, dtype=np.int32)
        self._highs.changeColsBounds(n, columns, lower, upper)

    def set_integer(self, columns: Any) -> None:
        """Let some columns take whole values only."""
        import highspy

        kinds = np.full(len(columns), int(highspy.HighsVarType.kInteger), np.uint8)
        self._highs.changeColsIntegrality(len(columns), np.asarray(columns, np.int32), kinds)

    def start_from(self, values: Floats) -> None:
        """Give a feasible solution to begin with."""
        import highspy

        solution = highspy.HighsSolution()
        solution.col_value = values.tolist()
        self._highs.setSolution(solution)

    def run(self, clock: Clock) -> Outcome:
        """Optimise, and return the outcome."""
        import highspy

        if np.isfinite(clock.limit_s):  # the optimiser's own clock goes on over all runs
            self._highs.setOptionValue("time_limit", self._highs.getRunTime() + clock.left_s)
        self._run()
        status, info = self._highs.getModelStatus(), self._highs.getInfo()
        kind = highspy.HighsModelStatus
        if status in {kind.kInfeasible, kind.kUnboundedOrInfeasible}:
            return Outcome("infeasible", None, None, np.inf)
        solution = self._highs.getSolution()
        feasible = info.primal_solution_status == int(
            highspy.SolutionStatus.kSolutionStatusFeasible
        )
        values = np.asarray(solution.col_value, np.float64) if feasible else None
        duals = np.asarray(solution.row_dual, np.float64) if solution.dual_valid else None
        name = "optimal" if status == kind.kOptimal else "limit"
        bound, objective = float(info.mip_dual_bound), float(info.objective_function_value)
        counted = objective if values is None else float(self._cost @ values)
        agrees = abs(counted - objective) <= 1e-6 * max(1.0, abs(counted))
        return Outcome(name, values, duals, bound, objective, agrees)

    def _run(self) -> None:
        """Run in a thread, so that an interrupt stops the optimiser at once.

        Raises
        ------
        KeyboardInterrupt
            If the user interrupts, once the optimiser has stopped.
        """
        self._highs.startSolve()
        try:
            while not self._highs.wait(WAIT_S)[0]:
                pass
        except KeyboardInterrupt:
            self._highs.cancelSolve()
            while not self._highs.wait(WAIT_S)[0]:
                pass
            raise


def _silent_highs() -> Any:
    """Return an optimiser that prints nothing: its own constructor prints a banner to stdout."""
    import highspy

    class Silent(highspy.Highs):
        def __init__(self) -> None:
            super(highspy.Highs, self).__init__()
            self.setOptionValue("output_flag", False)
            kinds = highspy.cb.HighsCallbackType
            self.callbacks = [
                highspy.HighsCallback(kinds(n), self) for n in range(int(kinds.kCallbackMax) + 1)
            ]
            silent: Any = self  # its methods have no types
            silent.enableCallbacks()
            silent.HandleUserInterrupt = True

    return Silent()
