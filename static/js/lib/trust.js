/** The page's one Trusted Types policy: HTML becomes DOM here and nowhere else. */

import { readWith } from "#lib/entities";
import htmx from "#vendor/htmx";
import "#vendor/dompurify";

const TAGS =
  "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre s span strong sub sup table tbody td th thead tr ul";
const LINK = /^(?:https?:\/\/|mailto:)/i;
const CLASS = /^(?:language-[\w+#.-]{1,32}|hljs(?:-[\w-]+)?|[\w]+_|align-(?:left|center|right)|remote-image|math(?:-display)?|footnote(?:-mark|-label)?)$/;

const refuse = () => {
  throw new TypeError("This page runs no script from text.");
};
// The page's own worker, and no other script from an address.
const WORKER = import.meta.resolve("#workers/aside");
const createScriptURL = (url) => (url === WORKER ? url : refuse());
// Passes HTML through: what comes from the server was escaped there, what a model wrote goes through DOMPurify below.
const rules = { createHTML: (html) => html, createScript: refuse, createScriptURL };
const policy = globalThis.trustedTypes?.createPolicy("parley", rules) ?? rules;

/** @returns {Document} of a page of our own server; nothing in it runs */
export const page = (html) => new DOMParser().parseFromString(policy.createHTML(html), "text/html");

const purify = globalThis.DOMPurify;
const settings = { RETURN_DOM_FRAGMENT: true, TRUSTED_TYPES_POLICY: policy, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false };
purify.setConfig({
  ...settings,
  ALLOWED_TAGS: TAGS.split(" "),
  ALLOWED_ATTR: ["href", "title", "class", "start"],
  ALLOWED_URI_REGEXP: LINK,
});
purify.addHook("uponSanitizeAttribute", (element, attribute) => {
  if (attribute.attrName !== "class") return;
  attribute.attrValue = attribute.attrValue.split(/\s+/).filter((name) => CLASS.test(name)).join(" ");
  attribute.keepAttr = attribute.attrValue !== "";
});
purify.addHook("afterSanitizeAttributes", (element) => {
  if (element.nodeName !== "A" || !element.hasAttribute("href")) return;
  element.setAttribute("rel", "noopener noreferrer nofollow");
  element.setAttribute("target", "_blank");
});

/** @returns {(html: string) => DocumentFragment} with nothing in it but what is allowed: no links, no classes */
export function sanitizer(allowed) {
  const other = purify(window);
  other.setConfig({ ...settings, ...allowed });
  return (html) => other.sanitize(html);
}

/** @returns {TrustedScriptURL} of what may run beside the page */
export function workerAddress(url) {
  return policy.createScriptURL(url);
}

/** @returns {DocumentFragment} of rendered Markdown, with nothing in it that runs, loads or styles */
export function safeFragment(html) {
  return purify.sanitize(html);
}

// In a text field there are characters and no tags.
const field = document.createElement("textarea");
readWith((entity) => {
  field.innerHTML = policy.createHTML(entity);
  return field.textContent;
});

// htmx parses what our own server answers; it gets no way to run text as a script.
htmx.registerExtension("parley", { init: (api) => api.initSecurity(policy, refuse, refuse) });
