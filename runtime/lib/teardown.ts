/** One step may take so long, ms; the others are not kept waiting for it. */
const LIMIT_MS = 1000;

interface Step {
  readonly name: string;
  readonly undo: () => unknown;
  readonly limitMs: number;
}

/** Steps to undo, run in reverse order of starting; one that fails or hangs does not keep the others from running. */
export class Teardown {
  readonly #steps: Step[] = [];

  /** @param limitMs after this the step is reported and left behind */
  add(name: string, undo: () => unknown, limitMs = LIMIT_MS): void {
    this.#steps.push({ name, undo, limitMs });
  }

  /** Idempotent: each step runs once. */
  async run(onError: (name: string, error: unknown) => void): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        const done = step.undo();
        if (!(done instanceof Promise)) continue;
        if (!(await within(done, step.limitMs)))
          onError(step.name, `it takes longer than ${step.limitMs} ms`);
      } catch (error) {
        onError(step.name, error);
      }
    }
  }
}

/** False if it took longer; whatever it comes to then is of no interest any more. */
export async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  // Not a timer of the injected clock: that may stand still, and keeps no process alive until the rest is undone.
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
