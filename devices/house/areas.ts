import type { Area } from '../../runtime/contract/house.ts';
import { slugify } from '../../runtime/contract/ids.ts';

/** The areas of house.yaml, and those that hubs suggest for their devices. */
export class Areas {
  readonly #areas: Map<string, Area>;
  readonly #limit: number;

  constructor(own: ReadonlyMap<string, Area>, limit: number) {
    this.#areas = new Map(own);
    this.#limit = limit;
  }

  get(id: string): Area | undefined {
    return this.#areas.get(id);
  }

  all(): Iterable<Area> {
    return this.#areas.values();
  }

  /**
   * The area a hub suggests by id or name (a new one where there is room), else the one that the first part of a name
   * such as `kitchen/lamp` names.
   */
  find(suggested: string | undefined, deviceName: string): Area | undefined {
    if (suggested !== undefined && suggested.trim() !== '') {
      const id = slugify(suggested).slice(0, 64);
      const known = this.#byName(id);
      if (known !== undefined || this.#areas.size >= this.#limit) return known;
      const area: Area = { id, name: suggested.slice(0, 80), aliases: [] };
      this.#areas.set(id, area);
      return area;
    }
    const cut = deviceName.indexOf('/');
    return cut <= 0 ? undefined : this.#byName(slugify(deviceName.slice(0, cut)));
  }

  #byName(slug: string): Area | undefined {
    const exact = this.#areas.get(slug);
    if (exact !== undefined) return exact;
    for (const area of this.#areas.values()) if (slugify(area.name) === slug) return area;
    return undefined;
  }
}
