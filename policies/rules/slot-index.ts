/** Which policies read which slot. */
export interface SlotIndex {
  /** Policies that read any of the slots, each once, ascending. The array is reused by the next call. */
  touched(slots: readonly number[]): Touched;
}

export interface Touched {
  readonly policies: Int32Array;
  readonly count: number;
}

/** One ascending list per slot; a mark per policy keeps those that read several of the slots from coming twice. */
export function buildSlotIndex(slotsOf: readonly (readonly number[])[]): SlotIndex {
  const lists: number[][] = [];
  for (const [policy, slots] of slotsOf.entries()) {
    for (const slot of new Set(slots)) (lists[slot] ??= []).push(policy);
  }
  const bySlot = lists.map((list) => Int32Array.from(list));
  const marks = new Uint32Array(slotsOf.length);
  const found = { policies: new Int32Array(slotsOf.length), count: 0 };
  let round = 0;
  return {
    touched(slots) {
      found.count = 0;
      round = (round + 1) >>> 0;
      if (round === 0) {
        marks.fill(0);
        round = 1;
      }
      for (let i = 0; i < slots.length; i++) {
        const list = bySlot[slots[i]!];
        if (list === undefined) continue;
        for (let j = 0; j < list.length; j++) {
          const policy = list[j]!;
          if (marks[policy] === round) continue;
          marks[policy] = round;
          found.policies[found.count++] = policy;
        }
      }
      if (slots.length > 1) found.policies.subarray(0, found.count).sort();
      return found;
    },
  };
}
