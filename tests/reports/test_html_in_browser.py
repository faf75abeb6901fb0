"""The html report in a browser, from a file. Skipped where no chromium is installed."""

import shutil
from dataclasses import replace

import pytest
from playwright.sync_api import expect, sync_playwright

from driftcheck.judging.findings import Remedy
from driftcheck.judging.report import Report
from driftcheck.reports import render
from driftcheck.schema import Address

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason=f"needs one of {', '.join(PROGRAMS)} on the PATH"
)
ARGUMENTS = (
    "--disable-background-networking --disable-component-update --disable-gpu --disable-quic "
    "--disable-sync --no-first-run"
).split()
EVIL = (
    "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">'\"</style>"
)
VISIBLE = "(all) => all.filter((one) => one.checkVisibility()).map((one) => one.id)"


@pytest.fixture(scope="module")  # until it is closed, no other test can run a loop of asyncio
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, tmp_path):
    """Open a report; at the end, there was no error and no request but for the file."""
    errors, requests, contexts = [], [], []

    def opened(report, width=1280, **options):
        file = tmp_path / "report.html"
        file.write_text(render(report, "html"), encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
    assert {url.rpartition("/")[2] for url in requests} == {"report.html"}


def shown(page):
    return page.locator("details.finding").evaluate_all(VISIBLE)


def choice(page, value):
    return page.locator(f".choice input[value={value}]")


@pytest.mark.parametrize("name", ["several-verdicts", "nasty", "hostile", "gate", "hostile-play"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(width, name, opened, samples):
    page = opened(samples[name], width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    outside = page.locator("main *").evaluate_all(
        "(all, width) => all.filter((one) => one.getBoundingClientRect().right > width + 1)"
        ".map((one) => one.outerHTML)",
        width,
    )
    assert outside == []


def test_search_and_filters(opened, samples):
    page = opened(samples["several-verdicts"])
    ids = shown(page)
    assert len(ids) == 7
    page.get_by_label("Search").fill("last_name CONFLICT")
    expect(page.locator("#shown")).to_have_text("1 of 7 findings")
    assert shown(page) == [ids[1]]
    assert page.locator(".cause:visible h3").all_text_contents() == ["conflict 1 column"]
    page.get_by_role("button", name="Clear filters").click()
    assert shown(page) == ids
    choice(page, "drift").check()
    assert len(shown(page)) == 4
    choice(page, "enum").check()
    assert len(shown(page)) == 1
    choice(page, "note").check()
    assert shown(page) == []
    assert page.get_by_text("No finding matches these filters.").is_visible()


def test_the_chain_and_the_matrix_lead_to_their_findings(opened, samples):
    page = opened(samples["several-verdicts"])
    page.get_by_role("link", name="4 findings").first.click()
    assert page.locator("#shown").inner_text() == "4 of 7 findings"
    assert choice(page, "pending").is_checked()
    page.get_by_role("link", name="enum public.mood").click()
    assert page.locator("#shown").inner_text() == "1 of 7 findings"


def test_the_keyboard_reaches_everything(opened, samples):
    page = opened(samples["several-verdicts"])
    wanted = page.locator("a, summary, input, select, button:not(:disabled)").count()
    reached = set()
    for _ in range(wanted + 2):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)")
        )
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width != "0px"
    names = page.evaluate(
        "(all) => all.map((n) => document.querySelectorAll('*')[n].tagName)", [*reached]
    )
    assert sum(name not in ("BODY", "HTML") for name in names) == wanted
    card = page.locator("details.finding").nth(2)
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    assert card.get_attribute("open") is None


def test_a_remedy_is_copied_as_it_is(opened, samples):
    code = "ALTER TABLE a\n\tADD COLUMN b text DEFAULT '  <b>&amp;';"
    finding = replace(
        samples["tutorial"].findings[0], remedies=(Remedy("repair", "So.", "", code),)
    )
    database = replace(samples["tutorial"].databases[0], findings=(finding,))
    page = opened(Report("school", (database,)))
    page.evaluate("addEventListener('copy', () => { window.copied = getSelection().toString(); })")
    page.evaluate("void (navigator.clipboard.writeText = (text) => { window.written = text; })")
    page.get_by_role("button", name="Copy").click()
    assert page.get_by_role("button", name="Copied").is_visible()
    assert page.evaluate("window.written") == code
    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject())")
    page.get_by_role("button", name="Copied").click()
    assert page.evaluate("window.copied") == code


def test_without_scripts_everything_is_there_to_read(opened, samples):
    page = opened(samples["several-verdicts"], java_script_enabled=False)
    assert page.locator("details.finding").count() == 7
    assert page.get_by_text("ALTER TABLE public.students ADD COLUMN").is_visible()
    assert not page.get_by_role("button").all()


def test_markup_in_names_is_inert(opened, samples):
    (tutorial,) = samples["tutorial"].databases
    table = Address("table", EVIL, (EVIL,))
    finding = replace(
        tutorial.findings[0],
        address=Address("column", EVIL, (EVIL, EVIL)),
        part_of=table,
        message=EVIL,
        details=EVIL,
        why=EVIL,
        remedies=(Remedy(EVIL, EVIL, "sql", EVIL),),
    )
    facts = dict.fromkeys(("name", "location", "server_version", "replay"), EVIL)
    database = replace(tutorial, findings=(finding, *tutorial.findings), notes=(EVIL,), **facts)
    page = opened(Report(EVIL, (database, database), command=EVIL))
    assert page.title() == f"{EVIL}: {EVIL}"
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    page.get_by_label("Object", exact=True).select_option(str(table))
    assert page.locator("#shown").inner_text() == "2 of 4 findings"


CONTRAST = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if ((numbers(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const low = new Set();
  for (const one of document.querySelectorAll("body *")) {
    const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !one.checkVisibility() || one.closest("button:disabled, option")) continue;
    const both = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => b - a);
    const ratio = (both[0] + 0.05) / (both[1] + 0.05);
    if (ratio < 4.5) low.add(`${one.className || one.tagName}: ${ratio.toFixed(2)}`);
  }
  return [...low];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_enough_contrast(scheme, opened, samples):
    """4.5 to 1: https://www.w3.org/TR/WCAG22/#contrast-minimum."""
    for name in ("several-verdicts", "unapplied", "gate", "colleague-from-everywhere"):
        page = opened(samples[name], color_scheme=scheme)
        assert page.evaluate(CONTRAST) == []
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(13, 17, 23)")


def test_paper_shows_every_finding_on_white(opened, samples):
    page = opened(samples["many"], color_scheme="dark")
    card = page.locator("#finding-1")
    assert card.get_attribute("open") is None
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    assert card.get_attribute("open") == ""
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"
    assert not page.locator(".filters").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert card.get_attribute("open") is None


def test_a_link_to_a_finding_opens_it(opened, samples):
    page = opened(samples["many"])
    page.evaluate("location.hash = '#finding-400'")
    page.wait_for_selector("#finding-400[open]")
    assert page.locator("#finding-400").is_visible()
