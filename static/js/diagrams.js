/* In a frame without an origin: draws what it is sent, one diagram at a time, and sends back its SVG. */
{
  const FONT = "system-ui, sans-serif";
  const settings = {
    startOnLoad: false,
    securityLevel: "strict",
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    suppressErrorRendering: true,
    maxTextSize: 20_000,
    maxEdges: 300,
    fontFamily: FONT,
  };

  const draw = async ({ source, dark }) => {
    mermaid.initialize({ ...settings, theme: dark ? "dark" : "neutral" });
    try {
      return (await mermaid.render("diagram", source)).svg;
    } catch {
      return null;
    }
  };

  addEventListener("message", async ({ data, source }) => {
    if (source === parent) parent.postMessage({ svg: await draw(data) }, "*");
  });
  parent.postMessage({ ready: true }, "*");
}
