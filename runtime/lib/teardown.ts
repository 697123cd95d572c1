/** Steps to undo, run in reverse order of starting; one that fails does not keep the others from running. */
export class Teardown {
  readonly #steps: { readonly name: string; readonly undo: () => unknown }[] = [];

  add(name: string, undo: () => unknown): void {
    this.#steps.push({ name, undo });
  }

  /** Idempotent: each step runs once. */
  async run(onError: (name: string, error: unknown) => void): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        onError(step.name, error);
      }
    }
  }
}
