/** Work for which a page would stand still. A worker has no import map: what it works with comes by its address. */

onmessage = async ({ data: { work, library, input } }) => {
  try {
    const [{ default: act }, { default: tool }] = await Promise.all([import(work), import(library)]);
    postMessage(act(tool, ...input));
  } catch {
    postMessage(null);
  }
};
