/** Tells listeners, in order of subscription. A listener that throws is dropped and reported; the others go on. */
export class EventBus<E extends { readonly type: string }> {
  readonly #listeners = new Map<(event: E) => void, ReadonlySet<string> | undefined>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** @param types only events of these types; left out: all */
  subscribe(listener: (event: E) => void, types?: readonly E['type'][]): () => void {
    this.#listeners.set(listener, types === undefined ? undefined : new Set(types));
    return () => this.#listeners.delete(listener);
  }

  /** Whether anybody wants events of a type: spares making them where they are frequent. */
  wants(type: E['type']): boolean {
    for (const types of this.#listeners.values()) if (types?.has(type) ?? true) return true;
    return false;
  }

  emit(event: E): void {
    for (const [listener, types] of this.#listeners) {
      if (types !== undefined && !types.has(event.type)) continue;
      try {
        listener(event);
      } catch (error) {
        this.#listeners.delete(listener);
        this.#onError(error);
      }
    }
  }
}
