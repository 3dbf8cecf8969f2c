/** The menu of the prompt library: opens over the composer while what is written there begins with a slash. */

const GAP_PX = 6;
const MOST = 8;

let text = null;
let prompts = null;
let shown = [];
let chosen = 0;

const menu = document.createElement("div");
menu.className = "menu slash-menu";
menu.id = "slash-menu";
menu.popover = "manual";
menu.role = "listbox";
menu.dataset.testid = "slash-menu";
menu.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  const option = event.target.closest("[role=option]");
  if (option) use(shown[[...menu.children].indexOf(option)]);
});
document.body.append(menu);

async function load() {
  const answer = await fetch("/prompts/").catch(() => null);
  return answer?.ok ? (await answer.json()).prompts : null;
}

/** What is written in the composer has changed. */
export async function show(field) {
  text = field;
  prompts ??= await load();
  const wanted = /^\/([\p{L}\p{N}_-]*)$/u.exec(text.value)?.[1].toLowerCase();
  shown = wanted === undefined ? [] : (prompts ?? []).filter(({ name }) => name.toLowerCase().includes(wanted)).slice(0, MOST);
  if (!shown.length) return hide();
  menu.replaceChildren(...shown.map(option));
  menu.showPopover();
  choose(0);
  place();
}

function option({ name, text: words }, number) {
  const one = document.createElement("div");
  one.className = "menu__item slash-menu__item";
  one.role = "option";
  one.id = `slash-${number}`;
  const label = document.createElement("b");
  label.textContent = `/${name}`;
  const start = document.createElement("span");
  start.textContent = words.slice(0, 80);
  one.append(label, start);
  return one;
}

function choose(number) {
  chosen = (number + shown.length) % shown.length;
  [...menu.children].forEach((one, n) => (one.ariaSelected = String(n === chosen)));
  menu.children[chosen].scrollIntoView({ block: "nearest" });
  text.setAttribute("aria-controls", menu.id);
  text.setAttribute("aria-activedescendant", `slash-${chosen}`);
}

function place() {
  const box = text.closest("form").getBoundingClientRect();
  menu.style.left = `${box.left}px`;
  menu.style.width = `${Math.min(box.width, innerWidth - 2 * GAP_PX)}px`;
  menu.style.bottom = `${innerHeight - box.top + GAP_PX}px`;
}

function hide() {
  if (menu.matches(":popover-open")) menu.hidePopover();
  text.removeAttribute("aria-activedescendant");
}

function use(prompt) {
  hide();
  text.closest("chat-composer").write(prompt.text);
}

const keys = {
  ArrowDown: () => choose(chosen + 1),
  ArrowUp: () => choose(chosen - 1),
  Enter: () => use(shown[chosen]),
  Tab: () => use(shown[chosen]),
  Escape: hide,
};

// Before the composer hears of the key: Enter would send, Escape would stop.
addEventListener(
  "keydown",
  (event) => {
    const open = menu.matches(":popover-open") && event.target === text;
    if (!open || event.isComposing || !keys[event.key] || event.shiftKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    keys[event.key]();
  },
  true,
);
document.addEventListener("focusout", ({ target }) => target === text && hide());
