/** What the benchmark of the page asks of the browser: long tasks, and how long a typed letter takes. */
window.bench = {
  tasks: [],
  slow: [],
  handled: [],
  painted: [],

  watch() {
    const into = (list, describe) => (entries) => list.push(...entries.getEntries().map(describe));
    new PerformanceObserver(into(this.tasks, ({ duration }) => duration)).observe({ type: "longtask" });
    const scripts = (frame) => frame.scripts.map((one) => [one.duration, one.sourceFunctionName, one.sourceURL]);
    const frame = (one) => ({
      duration: one.duration,
      layout: one.startTime + one.duration - one.styleAndLayoutStart,
      scripts: scripts(one),
    });
    new PerformanceObserver(into(this.slow, frame)).observe({ type: "long-animation-frame", buffered: false });
    document.addEventListener("input", ({ timeStamp }) => this.typed(timeStamp));
  },

  take() {
    const { tasks, slow, handled, painted } = this;
    const taken = { tasks: [...tasks], slow: [...slow], handled: [...handled], painted: [...painted] };
    for (const list of [tasks, slow, handled, painted]) list.length = 0;
    return taken;
  },

  /** Since the navigation began: when the last answer and the open line were first seen, and the longest task. */
  loaded() {
    const { shown = 0, connected, tasks } = this.opening;
    return { shown, connected, longest: Math.max(0, ...tasks) };
  },

  /** Bytes of all that was loaded, and of the scripts among it. */
  weight() {
    const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const size = (some) => some.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
    return { all: size(loaded), scripts: size(loaded.filter(({ name }) => name.split("?")[0].endsWith(".js"))) };
  },

  /** From a click to the frame that shows the last answer of what was chosen. */
  chosen(item) {
    const began = performance.now();
    item.click();
    return new Promise((done) => {
      const look = () => {
        if (!document.querySelector("chat-message:last-of-type[data-rendered]")) return requestAnimationFrame(look);
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
      };
      look();
    });
  },

  opening: { tasks: [] },

  open() {
    const { opening } = this;
    const look = () => {
      if (document.querySelector("chat-message:last-of-type[data-rendered]")) opening.shown ??= performance.now();
      if (document.querySelector("[data-testid=connection-status][data-state=connected]")) {
        opening.connected ??= performance.now();
      }
      if (performance.now() < 2000) requestAnimationFrame(look);
    };
    look();
    const note = (list) => opening.tasks.push(...list.getEntries().map(({ duration }) => duration));
    new PerformanceObserver(note).observe({ type: "longtask", buffered: true });
  },

  /** Until all listeners have had it, and until the frame that shows it has been handed on. */
  typed(at) {
    this.handled.push(performance.now() - at);
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => this.painted.push(performance.now() - at);
      port2.postMessage(null);
    });
  },
};
window.bench.open();
