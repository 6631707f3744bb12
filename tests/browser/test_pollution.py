"""Can what comes as data change every object of a page, and what is a browser given to keep?"""

from playwright.async_api import BrowserContext, Page
from tests.browser.conftest import Watch
from tests.browser.test_town import SILENT_ABOUT
from tests.fakes.preview import Preview

PAGES = ["/", "/map", "/services/flood", "/services/flood?view=officer", "/data", "/about", "/docs", "/sign-in"]
POISON = "__proto__[polluted]=1&constructor.prototype.polluted=1&__proto__.polluted=1"
TRY = """() => {
  for (const kind of [Object, Array, Function, String]) {
    try { kind.prototype.polluted = "yes"; } catch { /* sealed: in strict code it is an error */ }
    try { Object.defineProperty(kind.prototype, "polluted", { value: "yes" }); } catch { /* sealed */ }
  }
  const merge = (into, from) => {
    for (const key of Object.keys(from)) {
      if (typeof from[key] === "object") merge(into[key] ??= {}, from[key]); else into[key] = from[key];
    }
  };
  merge({}, JSON.parse('{"__proto__": {"polluted": "yes"}, "constructor": {"prototype": {"polluted": "yes"}}}'));
  return [({}).polluted, [].polluted, (() => 0).polluted, "".polluted].filter((one) => one !== undefined);
}"""


async def opened(desk: BrowserContext, preview: Preview) -> tuple[Page, Watch]:
    """A page that is watched."""
    page = await desk.new_page()
    return page, Watch(page, preview.url)


async def test_no_page_can_have_its_objects_polluted(desk: BrowserContext, preview: Preview) -> None:
    page, watch = await opened(desk, preview)
    for address in PAGES:
        await page.goto(f"{address}{'&' if '?' in address else '?'}{POISON}#{POISON}")
        assert await page.evaluate("() => ({}).polluted === undefined"), address
        assert await page.evaluate(TRY) == [], address
    assert [text for text in watch.complaints if not any(known in text for known in SILENT_ABOUT)] == []


async def test_the_browser_is_given_nothing_to_keep_but_its_session(desk: BrowserContext, preview: Preview) -> None:
    page, _ = await opened(desk, preview)
    await page.goto("/services/flood?view=officer&lang=en")
    for field in await page.locator("input[name=who], input[name=role]").all():
        if await field.is_visible():
            await field.fill("Tanaka Hanako")
            await field.blur()
    for address in PAGES:
        await page.goto(address)
        kept = await page.evaluate("() => [Object.entries(localStorage), Object.entries(sessionStorage)]")
        databases = await page.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)")
        assert (kept[0], databases) == ([], []), address
        assert {name for name, _ in kept[1]} <= {"htmx-current-path-for-history"}, address  # which page this is
        assert "Tanaka" not in str(kept)
    assert {cookie["name"] for cookie in await desk.cookies()} <= {"lang", "machinami-form", "machinami"}
