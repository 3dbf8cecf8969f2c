/** The page's proof that a request comes from it; HTMX finds it in the same place. */
export function csrfToken() {
  return JSON.parse(document.body.getAttribute("hx-headers:inherited"))["X-CSRFToken"];
}
