type Paint = (text: string) => string;

/** Colours by meaning; each the identity where colours are off. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly warn: Paint;
  readonly bad: Paint;
  readonly accent: Paint;
  readonly model: Paint;
}

export function styleOf(colour: boolean): Style {
  const paint = (open: number, close: number) => (text: string) =>
    colour ? `\u001B[${open}m${text}\u001B[${close}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    good: paint(32, 39),
    warn: paint(33, 39),
    bad: paint(31, 39),
    accent: paint(36, 39),
    model: paint(35, 39),
  };
}

/** ok, confirmed → good; unconfirmed, stale → warn; failed, refused → bad. */
export function statusStyle(style: Style, status: string): Paint {
  if (['ok', 'confirmed', 'known'].includes(status)) return style.good;
  if (['fail', 'failed', 'refused'].includes(status)) return style.bad;
  if (status === 'pending' || status === 'sent') return style.dim;
  return style.warn;
}

export function rungStyle(style: Style, rung: string): Paint {
  if (rung === 'rule' || rung === 'link') return style.good;
  if (rung === 'llm' || rung === 'onnx' || rung === 'remote') return style.model;
  return rung === 'abstain' ? style.dim : style.accent;
}
