// The part of the page that says what runs now, fetched again every two seconds while somebody looks at it.
const part = document.querySelector("#live");

async function refresh() {
  // Whoever has a button in hand keeps it.
  if (document.hidden || part.contains(document.activeElement)) return;
  const response = await fetch(part.dataset.part, { headers: { Accept: "text/html" } });
  if (response.ok && !response.redirected) part.innerHTML = await response.text();
}

setInterval(() => refresh().catch(() => {}), 2000);
