"""The bundler of the page's modules: order, scopes, and what it refuses."""

import shutil
import subprocess
from pathlib import Path

import pytest

from coverage_analyzer.maps import page, scripts
from coverage_analyzer.schema.content_policy import content_policy, inline, with_policy

MODULES = {
    "first.js": "// A comment.\n\nexport const NAME = 'first';\nconst hidden = 1;\n",
    "second.js": 'import {\n  NAME,\n} from "./first.js";\n\nconst hidden = 2;\n'
    "export function words() { return `${NAME} ${hidden}`; }\n",
    "third.js": 'import { NAME } from "./first.js";\nimport { words } from "./second.js";\n\n'
    "/** Docs. */\nexport async function both() { return [NAME, words()]; }\n",
}


def test_modules_have_scopes_of_their_own_and_come_in_order() -> None:
    """Each module once, after those that it imports, and comments of lines gone."""
    text = scripts.bundled("third.js", "both", MODULES)
    assert text.startswith('const both = (() => {\n"use strict";\n')
    assert text.count("$first = ") == text.count("$second = ") == 1
    assert text.index("$first = ") < text.index("$second = ") < text.index("$third = ")
    assert "const { NAME } = $first;" in text
    assert "import" not in text
    assert "Docs" not in text
    assert "A comment" not in text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"first.js": 'import { words } from "./second.js";\nexport const NAME = 1;\n'}, "circle"),
        ({"first.js": "export const OTHER = 1;\n"}, "second.js imports NAME, which first.js"),
        ({"first.js": "export let NAME = 1;\n"}, "not understood: export let"),
        ({"first.js": "export const NAME = 1;\nexport default NAME;\n"}, "export default NAME"),
        ({"third.js": 'import * as all from "./first.js";\n'}, "is not understood: import \\*"),
        ({"third.js": 'export const both = () => import("./first.js");\n'}, "not understood"),
    ],
    ids=["circle", "not exported", "export let", "default", "namespace", "dynamic"],
)
def test_what_the_bundler_does_not_understand_is_refused(
    changed: dict[str, str], message: str
) -> None:
    """A module that the browser could not run never reaches a page."""
    with pytest.raises(ValueError, match=message):
        scripts.bundled("third.js", "both", MODULES | changed)


def test_every_script_is_used_and_parses(tmp_path: Path) -> None:
    """All modules are in the bundle of a page; node reads both bundles, where it is at hand."""
    themed = {"theme.js": page.theme_script()}
    plan = scripts.bundled("plan.js", "showPlan", themed)
    compare = scripts.bundled("compare.js", "showComparison", themed)
    folder = Path(scripts.__file__).parent / "assets"
    for path in folder.glob("*.js"):
        assert f"${path.stem.replace('-', '_')} = " in page.script() + plan + compare, path.name
    node = shutil.which("node")
    for name, text in (("map.js", page.script()), ("plan.js", plan), ("compare.js", compare)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        if node:
            subprocess.run([node, "--check", str(tmp_path / name)], check=True)


def test_the_policy_allows_what_the_page_has_and_nothing_else() -> None:
    """Hashes of each script and style; no blanket permission."""
    html = '<meta charset="utf-8"><script>a()</script><style>b {}</style>'
    result, styles = inline(html + '<script type="application/octet-stream">data</script>')
    assert (result, styles) == (["a()"], ["b {}"])
    policy = content_policy(scripts=result, styles=styles, images="https://tiles.example")
    assert "unsafe" not in policy
    assert "img-src data: https://tiles.example;" in policy
    sealed = with_policy(html, policy)
    assert sealed.index("Content-Security-Policy") < sealed.index("<script>")
    assert content_policy(scripts=["a\r\nb"]) == content_policy(scripts=["a\nb"])
    with pytest.raises(ValueError, match="encoding"):
        with_policy("<html>", policy)
