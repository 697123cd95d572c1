import { tempered } from '../../../runtime/modelhost/decode/walk.ts';

/** One held-out decision, as the model made it at temperature 1. */
export interface CalibrationSample {
  /** Of each choice between tokens, the shares of all that were allowed; the likeliest was taken. (branches)(allowed) */
  readonly branches: readonly Float64Array[];
  /** It came to what was meant. */
  readonly right: boolean;
  /** It would do something. */
  readonly acts: boolean;
  /** Nothing was to be done. */
  readonly refusal: boolean;
}

export interface Samples {
  readonly decisions: readonly CalibrationSample[];
  /** Cases in which nothing was to be done, those that words alone decide among them. */
  readonly refusals: number;
  /** Of these, how many the linker acts on, certain as it is; default none. */
  readonly actedAnyway?: number;
}

/** Bins of the expected calibration error, as in the paper. */
const BINS = 10;
/** No decision is so sure that one mistake outweighs all others. */
const LEAST = 1e-6;
const LOWEST = 0.1;
const HIGHEST = 10;
/** Halvings of the search interval by the golden ratio: 10^-6 of it is left. */
const STEPS = 30;

/** How sure a decision is at a temperature: the product of the shares that were taken. 0–1 */
export function sureness({ branches }: CalibrationSample, temperature: number): number {
  return branches.reduce((product, shares) => product * Math.max(...tempered(shares, temperature)), 1);
}

/** Mean negative log likelihood of being right or wrong, nats. */
export function nllAt(samples: readonly CalibrationSample[], temperature: number): number {
  const sum = samples.reduce((total, sample) => {
    const sure = Math.min(1 - LEAST, Math.max(LEAST, sureness(sample, temperature)));
    return total - Math.log(sample.right ? sure : 1 - sure);
  }, 0);
  return sum / Math.max(1, samples.length);
}

/**
 * The temperature at which held-out decisions are likeliest to be right as often as they are sure: one number for the whole
 * model, found by golden-section search over its logarithm.
 * Source: Guo et al., On Calibration of Modern Neural Networks (2017), section 4.2; the likelihood is that of the decision,
 * a product of choices, because that is what is compared with the threshold.
 */
export function fitTemperature(samples: readonly CalibrationSample[]): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  const at = (log: number): number => nllAt(samples, Math.exp(log));
  let [low, high] = [Math.log(LOWEST), Math.log(HIGHEST)];
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [lossLeft, lossRight] = [at(left), at(right)];
  for (let i = 0; i < STEPS; i++) {
    if (lossLeft <= lossRight) {
      [high, right, lossRight] = [right, left, lossLeft];
      left = high - golden * (high - low);
      lossLeft = at(left);
    } else {
      [low, left, lossLeft] = [left, right, lossRight];
      right = low + golden * (high - low);
      lossRight = at(right);
    }
  }
  return Math.round(Math.exp((low + high) / 2) * 1000) / 1000;
}

/**
 * Expected calibration error: how far apart sureness and correctness are, over ten bins of equal width, weighted by how many
 * decisions fall into each. Source: Guo et al. (2017), equation 3. 0–1
 */
export function calibrationError(samples: readonly CalibrationSample[], temperature: number): number {
  const bins = Array.from({ length: BINS }, () => ({ sure: 0, right: 0 }));
  for (const sample of samples) {
    const sure = sureness(sample, temperature);
    const bin = bins[Math.min(BINS - 1, Math.floor(sure * BINS))]!;
    bin.sure += sure;
    bin.right += Number(sample.right);
  }
  const apart = bins.reduce((sum, { sure, right }) => sum + Math.abs(sure - right), 0);
  return apart / Math.max(1, samples.length);
}

/** Of the decisions where nothing was to be done, the share that does something all the same. */
export function actedShare(
  { decisions, refusals, actedAnyway = 0 }: Samples,
  temperature: number,
  threshold: number,
): number {
  const acted = decisions.filter(
    (sample) => sample.refusal && sample.acts && sureness(sample, temperature) >= threshold,
  );
  return (acted.length + actedAnyway) / Math.max(1, refusals);
}

/** Less sure than that, an act is likelier wrong than right. */
const LEAST_THRESHOLD = 0.5;

/** The lowest threshold, in hundredths, at which at most `share` of the refusals act; 1 where none is high enough. */
export function thresholdFor(samples: Samples, temperature: number, share: number): number {
  for (let hundredths = LEAST_THRESHOLD * 100; hundredths < 100; hundredths++) {
    if (actedShare(samples, temperature, hundredths / 100) <= share) return hundredths / 100;
  }
  return 1;
}
