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
