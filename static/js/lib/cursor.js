/** A viewer's place in the log of one generation: the wire protocol's one rule, nothing else. */
export class Cursor {
  seq = 0;
  epoch = null;

  /**
   * Judges a frame that carries log events and moves when it is to be used.
   * @param {{type: string, after: number, seq: number, epoch?: number}} frame
   * @returns {"apply" | "reset" | "duplicate" | "gap"} reset: forget what there is, then apply
   */
  take(frame) {
    if (frame.type === "ai:start" && frame.after === 0) {
      this.seq = frame.seq;
      this.epoch = frame.epoch;
      return "reset";
    }
    if (frame.after === this.seq) {
      this.seq = frame.seq;
      return "apply";
    }
    return frame.seq <= this.seq ? "duplicate" : "gap";
  }
}
