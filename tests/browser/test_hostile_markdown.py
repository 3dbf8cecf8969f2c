"""Nothing a model writes runs, loads or leads anywhere by itself; however it is cut into tokens."""

from playwright.async_api import expect

from tests.live.server import LiveServer

from .chat_page import ChatPage
from .conftest import OpenPage
from .hostile import corpus
from .long_conversation import add_titles

ELEMENTS = {"A", "BLOCKQUOTE", "BR", "CODE", "DEL", "EM", "H1", "H2", "H3", "H4", "H5", "H6", "HR", "LI", "OL", "P"}
# What a formula is drawn with.
ELEMENTS |= {"math", "menclose", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mrow", "mspace", "msqrt", "mstyle"}
ELEMENTS |= {"msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "semantics"}
ELEMENTS |= {"PRE", "S", "SPAN", "STRONG", "SUB", "SUP", "TABLE", "TBODY", "TD", "TH", "THEAD", "TR", "UL"}
ATTRIBUTES = {"columnalign", "columnspacing", "display", "displaystyle", "fence", "mathcolor", "mathvariant"}
ATTRIBUTES |= {"rowspacing", "scriptlevel", "separator", "stretchy"}
ATTRIBUTES |= {"href", "title", "class", "start", "rel", "target"}
# Except what the page itself puts around code and tables.
INSPECT = """
  const found = { elements: new Set(), attributes: new Set(), links: new Set() };
  const inspect = (body) => {
    for (const one of body.querySelectorAll("*")) {
      if (one.matches(".code__head, .code__head *, .code, .table-frame, [class^=footnote] > button")) continue;
      if (one.matches(".diagram, .diagram :not(pre, pre *)")) continue;
      found.elements.add(one.tagName);
      for (const { name } of one.attributes) found.attributes.add(name);
      if (one.href) found.links.add([one.getAttribute("href"), one.rel, one.target].join(" | "));
    }
  };
  const report = () => Object.fromEntries(Object.entries(found).map(([name, set]) => [name, [...set]]));
"""
INSPECT_PAGE = "(bodies) => {" + INSPECT + "bodies.forEach(inspect); return report(); }"
STREAM_EACH = (
    "async (texts) => {"
    + INSPECT
    + """
  const { MarkdownStream } = await import("#lib/markdown_stream");
  const { decorate } = await import("#lib/decorate");
  const stage = document.body.appendChild(document.createElement("div"));
  for (const text of texts) {
    const stream = new MarkdownStream(stage, { decorate, now: () => 0 });
    for (const character of text) {
      stream.push(character);
      stream.render();
      inspect(stage);
    }
    stream.finish();
    inspect(stage);
    const whole = new MarkdownStream(document.createElement("div"), { decorate });
    whole.push(text);
    whole.finish();
    if (whole.element.innerHTML !== stage.innerHTML) throw new Error(`not the same: ${JSON.stringify(text)}`);
  }
  stage.remove();
  return report();
}"""
)


def _assert_inert(found: dict[str, list[str]]) -> None:
    assert set(found["elements"]) <= ELEMENTS
    assert set(found["attributes"]) <= ATTRIBUTES
    for link in found["links"]:
        assert link.startswith(("http://", "https://", "mailto:")), link
        assert link.endswith("| noopener noreferrer nofollow | _blank"), link


async def test_the_corpus_as_one_answer_is_inert(page: ChatPage) -> None:
    texts = corpus()
    assert len(texts) >= 300
    page.provider.script(tokens=tuple(f"{text}\n\n---\n\n" for text in texts))
    await page.ask("Hello")
    coloured = page.answer.locator("code.language-html .hljs-tag").first
    await expect(coloured).to_be_attached()
    _assert_inert(await page.one("message-body").evaluate_all(INSPECT_PAGE))
    before = await page.html()
    await page.page.reload()
    await expect(coloured).to_be_attached()
    assert await page.html() == before


async def test_the_corpus_streamed_character_by_character_is_inert_all_the_way(page: ChatPage) -> None:
    """Every prefix of every text is shown: the page renders after each character instead of once a frame."""
    texts = [text for text in corpus() if len(text) < 200]
    result = await page.page.evaluate(STREAM_EACH, texts)
    _assert_inert(result)


async def test_an_image_of_another_host_is_a_link_that_names_it(page: ChatPage) -> None:
    page.provider.script(tokens=("![a chart](https://images.example.org/chart.png)",))
    await page.ask("Hello")
    await expect(page.body(page.answer).locator("a")).to_have_text("a chart (images.example.org)")
    await expect(page.body(page.answer).locator("img")).to_have_count(0)


async def test_a_hostile_prompt_and_title_are_text(page: ChatPage) -> None:
    words = "<img src=x onerror=alert(1)> **not bold**"
    page.provider.script(tokens=("Hi.",))
    await page.ask(words)
    await expect(page.body(page.prompts.first)).to_have_text(words)
    await expect(page.one("conversation-item").first).to_have_text(words)
    await page.page.reload()
    await expect(page.body(page.prompts.first)).to_have_text(words)
    await expect(page.page.locator(".thread__title")).to_have_text(words)


WHOLE_LIST = """async () => {
  const { default: htmx } = await import("#vendor/htmx");
  const list = document.querySelector("conversation-list");
  await htmx.ajax("GET", "/conversations/?count=400", { source: list, target: list, swap: "innerHTML" });
  return [...list.querySelectorAll(".sidebar__title")].map((one) => [one.textContent, one.children.length]);
}"""


async def test_the_corpus_as_titles_is_text_in_the_list_and_among_what_is_found(
    site: LiveServer, tab: OpenPage
) -> None:
    titles = [" ".join(text.replace("\0", "").split())[:200] for text in corpus()]
    add_titles(site, "grace", titles)
    page = await tab(who="grace")
    shown = await page.page.evaluate(WHOLE_LIST)
    assert {" ".join(words.split()) for words, _ in shown} >= set(titles)
    assert not any(children for _, children in shown)
    await page.one("search").fill("alert")
    await expect(page.one("search-result").first).to_be_visible()
    tags = await page.page.locator(".search__results").evaluate(
        "(one) => [...one.querySelectorAll('*')].map((each) => each.tagName)"
    )
    assert set(tags) <= {"P", "SECTION", "A", "MARK", "SPAN"}
