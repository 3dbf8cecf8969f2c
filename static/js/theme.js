/* The chosen theme and the collapsed sidebar, before the first pixel: a page must not flash in the wrong colours. */
{
  const root = document.documentElement;
  // Who is signed in has chosen on the server, or is just telling it; the copy is for the pages before a sign-in.
  if (root.dataset.user) {
    localStorage.setItem("theme", localStorage.getItem("theme-unsaved") ?? root.dataset.theme ?? "");
  }
  const theme = localStorage.getItem("theme");
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  if (localStorage.getItem("sidebar") === "closed") root.dataset.sidebar = "closed";
}
