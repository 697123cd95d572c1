export const SENSE_ERRORS = {} as const;
